"""The reference, compared with cases computed by hand."""

import doctest

import numpy as np
import pytest

from lutsr._eclut import reference
from lutsr._eclut.reference import expand, look_up, pixel_shuffle, upscale_reference

P, Q = 10, 20
# The entry [[4, 8], [16, 32]] is [[1, 2], [4, 8]] in grey levels.
ENTRY = np.array([[4, 8], [16, 32]], np.int8)


def lut_with(tap, entry=ENTRY, pair=(P, Q)):
    lut = np.zeros((256, 256, 9, *entry.shape), np.int8)
    lut[pair][tap] = entry
    return lut


def test_doctests():
    assert doctest.testmod(reference).failed == 0


def test_look_up_reads_the_pixel_and_the_one_below_and_reflects_the_last_row():
    image = np.array([[1], [2], [3]], np.uint8)
    lut = np.arange(256 * 256 * 9 * 4).reshape(256, 256, 9, 2, 2) % 251
    assert np.array_equal(look_up(image, lut)[:, 0], [lut[1, 2], lut[2, 3], lut[3, 2]])


def test_look_up_repeats_a_single_row():
    lut = np.arange(256 * 256 * 9 * 4).reshape(256, 256, 9, 2, 2) % 251
    assert np.array_equal(look_up(np.array([[7]], np.uint8), lut)[0, 0], lut[7, 7])


def test_pixel_shuffle_lays_cells_side_by_side():
    entries = np.arange(2 * 9 * 4).reshape(1, 2, 9, 2, 2)
    assert pixel_shuffle(entries)[1].tolist() == [[4, 5, 40, 41], [6, 7, 42, 43]]


@pytest.mark.parametrize(
    ("tap", "moved"),
    [
        (4, [[1, 2, 3], [4, 5, 6], [7, 8, 9]]),
        (5, [[2, 1, 2], [5, 4, 5], [8, 7, 8]]),  # to the right; column 1 reflected at the left
        (1, [[4, 5, 6], [7, 8, 9], [4, 5, 6]]),  # upwards
        (8, [[5, 4, 5], [2, 1, 2], [5, 4, 5]]),  # down and to the right
    ],
)
def test_expand_moves_and_reflects(tap, moved):
    maps = np.zeros((9, 3, 3), np.int8)
    maps[tap] = np.arange(1, 10).reshape(3, 3)
    assert expand(maps, 1).tolist() == moved


def test_centre_tap_by_hand():
    # Only the entry of (P, Q) is not 0. Rotations 1 and 3 read it at the left pixel. Rotated back,
    # their cells are [[4, 1], [8, 2]] and [[2, 8], [1, 4]].
    big = upscale_reference(np.array([[P, Q]], np.uint8), lut_with(4), expand_shift=2)
    assert big.tolist() == [[6, 9, 0, 0], [9, 6, 0, 0]]


def test_moving_tap_by_hand():
    # Tap 1 moves upwards by one cell. In rotation 1 the pair lies in the lower cell, and the four
    # rows become rows 2, 3, 2, 1; in rotation 3 it lies in the upper one.
    big = upscale_reference(np.array([[P, Q]], np.uint8), lut_with(1), expand_shift=2)
    assert big.tolist() == [[0, 1, 4, 9], [0, 2, 8, 6]]


@pytest.mark.parametrize(("value", "grey"), [(1, 1), (5, 5), (-3, 0), (127, 127)])
def test_four_equal_entries_make_their_grey_level(value, grey):
    lut = lut_with(4, np.full((2, 2), value, np.int8), (P, P))
    assert (upscale_reference(np.full((1, 1), P, np.uint8), lut, expand_shift=2) == grey).all()


@pytest.mark.parametrize(("value", "grey"), [(0, 0), (1, 1), (2, 1), (3, 2), (-1, 0)])
def test_sum_is_rounded_half_up(value, grey):
    # P above Q: the entry of (P, Q) is read at P only, twice: in rotation 0, and in rotation 2,
    # where P is the last row and Q its reflected neighbour. So the sum is 2 * value.
    lut = lut_with(4, np.full((2, 2), value, np.int8))
    big = upscale_reference(np.array([[P], [Q]], np.uint8), lut, expand_shift=2)
    assert big.tolist() == [[grey] * 2] * 2 + [[0, 0]] * 2


@pytest.mark.parametrize(("value", "grey"), [(127, 255), (-128, 0)])
def test_sum_is_clipped(value, grey):
    lut = np.full((256, 256, 9, 2, 2), value, np.int8)
    assert (upscale_reference(np.zeros((2, 3), np.uint8), lut, expand_shift=1) == grey).all()


def test_channels_are_upscaled_one_by_one(random_lut):
    rng = np.random.default_rng(0)
    image = rng.integers(0, 256, (3, 5, 4), dtype=np.uint8)
    big = upscale_reference(image, random_lut(3), expand_shift=1, channel_axis=0)
    assert big.shape == (3, 15, 12)
    for plane, upscaled in zip(image, big, strict=True):
        assert np.array_equal(upscaled, upscale_reference(plane, random_lut(3), expand_shift=1))
