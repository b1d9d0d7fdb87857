"""The engine of eclut: its properties, and the models that it refuses."""

import numpy as np
import pytest

import lutsr
from lutsr._eclut.engine import receptive_field
from lutsr._eclut.fusion import HUGE_PAGE
from lutsr._eclut.reference import upscale_reference


@pytest.mark.parametrize(("scale", "shift"), [(2, 2), (2, 1), (3, 1), (4, 1), (4, 4)])
def test_receptive_field_is_the_one_that_pixels_have(random_lut, scale, shift):
    # Count the outputs of one cell that each input pixel can change, in the middle of an image.
    lut, size = random_lut(scale, "middle"), 7
    base = np.random.default_rng(scale).integers(0, 256, (size, size), np.uint8)
    cell = (slice(3 * scale, 4 * scale),) * 2
    before = upscale_reference(base, lut, expand_shift=shift)[cell]
    seen = np.zeros((scale, scale), int)
    for row in range(size):
        for column in range(size):
            changed = np.zeros((scale, scale), bool)
            for step in (1, 60, 128, 200):
                image = base.copy()
                image[row, column] = (int(image[row, column]) + step) % 256
                changed |= upscale_reference(image, lut, expand_shift=shift)[cell] != before
            seen += changed
    low, high = seen.min(), seen.max()
    expected = f"{low} input pixels" if low == high else f"{low} to {high} input pixels"
    assert receptive_field(scale, shift) == expected


@pytest.mark.parametrize("name", ["eclut", "eclut-fast"])
def test_fused_tables_start_with_a_huge_page(name):
    fused = lutsr.load(name, 4)._engine.fused
    for table in (fused.vertical, fused.horizontal):
        assert table.ctypes.data % HUGE_PAGE == 0
