import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("PIL")

from lutsr._eclut.fusion import fuse as fused_tables  # noqa: E402
from lutsr._eclut.reference import upscale_reference  # noqa: E402
from training.eclut.grid import full_windows  # noqa: E402
from training.eclut.split import better_borders, moved, round_moves  # noqa: E402
from training.evaluation.pictures import load_pictures  # noqa: E402

CASES = [(2, 1), (2, 2), (3, 1), (3, 3), (4, 1), (4, 4)]


def assert_same_windows(one, other, shift):
    before, after = fused_tables(one, shift), fused_tables(other, shift)
    assert np.array_equal(before.vertical, after.vertical)
    assert np.array_equal(before.horizontal, after.horizontal)


@pytest.mark.parametrize(("scale", "shift"), CASES)
def test_moved_values_do_not_show_in_windows(scale, shift):
    # Pairs (3, 9), (9, 3) and (5, 5): the indices of their swapped pairs.
    swapped = torch.tensor([1, 0, 2])
    entries = torch.randn(3, 9, scale, scale, generator=torch.Generator().manual_seed(0))
    change = moved(entries, swapped, shift)
    assert change.abs().max() > 0.1
    assert full_windows(change, swapped, shift).abs().max() < 1e-5
    # A change without effect on windows is returned as it is.
    torch.testing.assert_close(moved(change, swapped, shift), change, atol=1e-5, rtol=0)


@pytest.mark.parametrize(("scale", "shift"), CASES)
def test_rounded_moves_keep_the_windows(scale, shift, random_lut):
    table = random_lut(scale)  # uses all of int8, so that there is often no room
    rng = np.random.default_rng(scale)
    wish = torch.from_numpy(rng.normal(0, 20, (65536, 9, scale, scale)).astype(np.float32))
    swapped = torch.arange(65536).reshape(256, 256).T.reshape(-1)
    change = moved(wish, swapped, shift).reshape(table.shape).numpy()
    result = round_moves(table, change, shift)
    assert result.dtype == np.int8
    assert (result != table).mean() > 0.1
    assert_same_windows(table, result, shift)
    image = rng.integers(0, 256, (9, 8), dtype=np.uint8)
    before, after = (upscale_reference(image, t, expand_shift=shift) for t in (table, result))
    inside = slice(2 * scale, -2 * scale)
    assert np.array_equal(before[inside, inside], after[inside, inside])
    assert not np.array_equal(before, after)


def test_borders_become_better(pictures):
    # All of a value in one tap: right inside, wrong at borders, where that tap is reflected.
    level = np.arange(256)
    table = np.zeros((256, 256, 9, 2, 2), np.int8)
    table[:, :, 4, 0, 0] = np.minimum(level // 2, 127)[:, None]
    table[:, :, 4, 1, 1] = np.minimum(level // 2, 127)[:, None]
    table[:, :, 7, 0, 1] = np.minimum(level // 2, 127)[:, None]
    table[:, :, 7, 1, 0] = np.minimum(level // 2, 127)[:, None]
    loaded = load_pictures(pictures, 2)
    better = better_borders(table, 2, loaded, steps=15)
    assert_same_windows(table, better, 2)

    def error(lut):
        plane = loaded[0].lr[:12, :12, 0]
        big = upscale_reference(plane, lut, expand_shift=2)
        return np.square(big - loaded[0].hr[:24, :24, 0].astype(float)).mean()

    assert error(better) < error(table)
    again = better_borders(table, 2, loaded, steps=15)
    assert np.array_equal(better, again)
    assert better_borders(table, 2, loaded, steps=0) is table
