"""Crops of ECNN: every picture as often, targets up to the borders, inputs reflected there."""

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("PIL")

from training.ecnn.crops import LumaCrops, Planes  # noqa: E402
from training.ecnn.gathered import GatheredCrops, to_device  # noqa: E402
from training.ecnn.tables import pad  # noqa: E402

SIZES = [(20, 31), (90, 16), (16, 16)]
CROP, MARGIN, SCALE = 16, 5, 2


def random_planes(scale):
    rng = np.random.default_rng(0)
    return [
        Planes(
            rng.integers(0, 256, (h, w), dtype=np.uint8),
            rng.integers(0, 65281, (scale * h, scale * w), dtype=np.uint16),
        )
        for h, w in SIZES
    ]


@pytest.fixture(scope="module")
def crops():
    return LumaCrops(random_planes(SCALE), CROP, MARGIN, 1, seed=5)


def test_every_picture_has_the_same_chance_and_every_place_in_it(crops):
    rng = np.random.default_rng(1)
    places = [crops.place(rng) for _ in range(6000)]
    counts = np.bincount([which for which, _, _ in places])
    assert abs(counts - 2000).max() < 200  # over five standard deviations
    inner = CROP - 2 * MARGIN
    assert {y for which, y, _ in places if which == 0} == set(range(20 - inner + 1))
    assert {x for which, _, x in places if which == 1} == set(range(16 - inner + 1))


@pytest.mark.parametrize("which", range(len(SIZES)))
def test_beyond_the_borders_a_crop_is_what_the_library_sees_there(crops, which):
    lr, hr = crops.planes[which]
    padded, inner = pad(torch.from_numpy(lr), MARGIN).numpy(), CROP - 2 * MARGIN
    assert crops.inner == inner
    for y in (0, 1, SIZES[which][0] - inner):
        for x in (0, 3, SIZES[which][1] - inner):
            low, high = crops.cut(which, y, x, np.random.default_rng(0))
            np.testing.assert_array_equal(low, padded[y : y + CROP, x : x + CROP])
            rows, columns = (slice(SCALE * k, SCALE * (k + inner)) for k in (y, x))
            np.testing.assert_array_equal(high, hr[rows, columns])


@pytest.mark.parametrize("scale", [2, 3])
def test_crops_cut_on_a_device_are_the_same(scale):
    crops, device = LumaCrops(random_planes(scale), CROP, MARGIN, 4, seed=3), torch.device("cpu")
    gathered, orientations = GatheredCrops(crops, device), set()
    for step in range(20):
        orientations.update(orientation for *_, orientation in crops.choose(step))
        wanted = crops(step)
        sent = to_device(wanted, device)
        for found, moved, array in zip(gathered(step), sent, wanted, strict=True):
            assert torch.equal(found, moved)
            assert found.dtype == moved.dtype
            np.testing.assert_array_equal(found.numpy(), array)
    assert orientations == set(range(8))
