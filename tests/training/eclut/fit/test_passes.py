"""The memory of a fit does not grow with the number of pictures."""

import tracemalloc

import numpy as np
import pytest

torch = pytest.importorskip("torch")
Image = pytest.importorskip("PIL.Image")
pytest.importorskip("tqdm")

from training.eclut.constants import LEVELS, WINDOW  # noqa: E402
from training.eclut.fit.passes import Passes, planes_of  # noqa: E402
from training.evaluation.pictures import load_pictures  # noqa: E402

from ...conftest import write_pictures  # noqa: E402

SIDE = 320


def test_planes_are_views_of_mapped_files(pictures, tmp_path):
    (picture, *_) = load_pictures(pictures, 2, cache=tmp_path / "cache")
    for channel, plane in enumerate(planes_of(picture)):
        np.testing.assert_array_equal(plane.image, picture.lr[:, :, channel])
        base = plane.target
        np.testing.assert_array_equal(base, picture.hr[:, :, channel])
        while not isinstance(base, np.memmap):  # a copy would be in memory
            base = base.base


def peak_of_a_pass(pictures) -> int:
    """Measure the peak memory of loading the planes and of one pass, in bytes."""
    tracemalloc.start()
    try:
        passes = Passes(pictures, 2)
        passes.counts()
        passes(torch.zeros(LEVELS, LEVELS, *WINDOW, 2, 2))
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_more_pictures_take_no_more_memory(tmp_path):
    folder = write_pictures(tmp_path / "many", count=16, side=SIDE)
    pictures = load_pictures(folder, 2, cache=tmp_path / "cache")
    Passes(pictures[:1], 2)(torch.zeros(LEVELS, LEVELS, *WINDOW, 2, 2))  # compiled, imported
    few, many = peak_of_a_pass(pictures[:2]), peak_of_a_pass(pictures)
    held = 14 * 3 * SIDE * SIDE  # the memory of the planes of 14 more pictures
    assert many - few < held / 10
