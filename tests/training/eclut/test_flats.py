import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("scipy")

from lutsr._eclut.reference import upscale_reference  # noqa: E402
from training.eclut.flats import exact_flats, flat_sums, mirrored, nearest  # noqa: E402
from training.errors import TrainingError  # noqa: E402

CASES = [(2, 1), (2, 2), (3, 1), (3, 3), (4, 1), (4, 4)]
LEVEL = np.arange(256)
#: Levels of the images that are looked at, and around that of the one of 16 bits.
LOOKED_AT = (0, 1, 77, 128, 254, 255, 155, 156)


def noisy_table(scale, noise, relative=False):
    """Make a table that nearly returns constant images: a ninth of each level, plus noise."""
    table = np.random.default_rng(scale).integers(-128, 128, (256, 256, 9, scale, scale), np.int8)
    off = np.random.default_rng(0).integers(-noise, noise + 1, (256, 9, scale, scale))
    own = 0 if relative else np.rint(LEVEL / 9)[:, None, None, None]
    table[LEVEL, LEVEL] = own + off
    return table


@pytest.mark.parametrize(("scale", "shift"), CASES)
def test_every_sum_takes_nine_values_in_four_rotations(scale, shift):
    sums = flat_sums(scale, shift)
    assert sums.shape[1] == 9 * scale * scale
    assert (sums.sum(axis=1) == 36).all()
    assert sums.min() >= 0


@pytest.mark.parametrize(
    ("scale", "shift", "relative"),
    [(2, 1, False), (3, 3, False), (4, 1, False), (4, 4, False), (2, 2, True)],
)
def test_constant_images_come_back(scale, shift, relative):
    table = noisy_table(scale, 3, relative)
    before = table.copy()
    # All levels where that is fast: of the largest tables, each takes 40 ms.
    levels = range(256) if (scale, shift) == (2, 2) else LOOKED_AT
    exact = exact_flats(table, shift, relative, levels)
    assert np.array_equal(table, before)
    assert exact.dtype == np.int8
    unequal = ~np.eye(256, dtype=bool)
    assert np.array_equal(exact[unequal], table[unequal])
    for shape in [(2, 2), (2, 4), (3, 2), (7, 9)]:
        for level in LOOKED_AT:
            flat = np.full(shape, level, np.uint8)
            big = upscale_reference(flat, exact, expand_shift=shift, relative=relative)
            assert (big == level).all(), (shape, level)
        # Of any depth: between levels, too.
        flat = np.full(shape, 40_001, np.uint16)
        big = upscale_reference(flat, exact, expand_shift=shift, relative=relative)
        assert (big == 40_001).all()
    # Inside, the contribution of equal pairs to a mirrored image is the mirrored contribution.
    equal = exact[levels, levels].reshape(len(levels), -1)
    assert not (mirrored(scale, shift) @ equal.T).any()
    assert np.array_equal(exact_flats(exact, shift, relative, levels), exact)


def test_what_is_nearly_exact_moves_little():
    table = noisy_table(4, 0)
    levels = np.arange(0, 256, 15)
    exact = exact_flats(table, 4, levels=levels)
    moved = np.abs(exact.astype(int) - table)[levels, levels]
    assert moved.max() == 1
    assert (moved.any(axis=(1, 2, 3)) == (levels % 9 != 0)).all()


def test_sums_that_no_entry_has():
    with pytest.raises(TrainingError, match="no entry of int8"):
        nearest(np.zeros(3, np.int64), np.array([[2, 2, 2]]), np.array([5]))
