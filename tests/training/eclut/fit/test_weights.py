import numpy as np
import pytest

torch = pytest.importorskip("torch")

from training.eclut.fit.weights import pixel_weights, ranges, weights_by_range  # noqa: E402
from training.eclut.pairs import count_pairs  # noqa: E402


def test_weights_fall_from_that_of_constant_places_to_one():
    weights = weights_by_range(16)
    assert weights[0] == 16
    assert (np.diff(weights) < 0).all()
    assert 1 < weights[255] < 1.01
    assert (weights_by_range(1) == 1).all()


def test_ranges_are_those_of_nine_pixels():
    image = np.random.default_rng(0).integers(0, 256, (6, 7), np.uint8)
    found = ranges(torch.from_numpy(image)).numpy()
    for i, j in np.ndindex(4, 5):
        around = image[i : i + 3, j : j + 3].astype(int)
        assert found[i, j] == around.max() - around.min()
    weights = pixel_weights(image, weights_by_range(9))
    assert weights.shape == image.shape
    assert weights[2, 3] == weights_by_range(9)[found[1, 2]]
    assert weights[0, 0] == weights[1, 1]


def test_a_pair_counts_as_much_as_its_pixels():
    image = np.array([[3, 5]], np.uint8)
    counts = count_pairs(image, np.array([[1, 4]], np.float32))
    assert counts[3, 5] == counts.sum() == 2.5
