"""Entries hold every value once, and the kernels' loads give the values that they expect."""

import numpy as np
import pytest

from lutsr._eclut.layout import (
    CELLS,
    LANES,
    LINE,
    cell_elements,
    is_packed,
    lane_values,
    layout,
)

ENTRIES = [
    (r, origin, bits, vertical)
    for r in (2, 3, 4)
    for origin in (0, 1)
    for bits in (8, 16)
    for vertical in (True, False)
]


def window_shape(r, origin, vertical):
    s = 1 if origin else r
    return (2 * r + 2 * s, r + 2 * s) if vertical else (r + 2 * s, 2 * r + 2 * s)


# For windows of three cells the register of the fourth may be left out.
@pytest.mark.parametrize(
    ("r", "origin", "bits", "vertical", "registers", "first"),
    [
        (*entry, registers, first)
        for entry in ENTRIES
        for registers, first in [
            ((4,), 0),
            ((2, 2), 0),
            ((2, 1), 0),
            ((2, 2, 2), 0),
            ((2, 2, 2), 1),
        ]
        if entry[1] or sum(registers) >= CELLS
    ],
)
def test_registers_get_their_values_and_zeros(r, origin, bits, vertical, registers, first):
    entry = layout(r, origin, bits, vertical, registers, first)
    shape = window_shape(r, origin, vertical)
    memory = np.zeros(entry.length, np.int64)
    memory[entry.at] = np.arange(1, entry.at.size + 1)  # all different, none zero
    window = np.zeros((len(entry.slots) * r, 6 * r), np.int64)
    window[: shape[0], first * r : first * r + shape[1]] = memory[entry.at].reshape(shape)

    packed = is_packed(r, bits)
    elements = cell_elements(r, packed)
    unit = 2 if packed else 1
    for number, slot in enumerate(entry.slots):
        cell = 0
        for piece, cells in zip(slot.pieces, registers, strict=True):
            assert len(piece.places) == cells * len(elements)
            loaded = memory[piece.start * unit : (piece.start + piece.width) * unit]
            assert len(loaded) == piece.width * unit, "beyond the entry"
            for k, place in enumerate(piece.places):
                values = loaded[place * unit : (place + 1) * unit] if place >= 0 else [0, 0]
                column = (cell + k // len(elements)) * r
                for n, (u, v) in enumerate(elements[k % len(elements)]):
                    assert values[n] == window[number * r + u, column + v]
            cell += cells


@pytest.mark.parametrize(("r", "origin", "bits", "vertical"), ENTRIES)
def test_entries_hold_every_value_once(r, origin, bits, vertical):
    entry = layout(r, origin, bits, vertical)
    shape = window_shape(r, origin, vertical)
    assert entry.at.size == entry.flips.size == shape[0] * shape[1]
    assert len(set(entry.at.tolist())) == entry.at.size
    size = entry.length * bits // 8
    assert size % LINE == 0 or LINE % size == 0
    # The bytes of packed entries are stored with a bias.
    assert set(entry.flips.tolist()) == {-128 if bits == 8 and r > 2 else 0}
    rows = entry.at.reshape(shape)
    for number, slot in enumerate(entry.slots):
        used = {int(at) * bits // 8 // LINE for at in rows[number * r : (number + 1) * r].flat}
        assert [line * bits // 8 // LINE for line in slot.lines] == sorted(used)


def test_entries_of_one_line():
    for r in (2, 3, 4):
        for vertical in (True, False):
            assert layout(r, 1, 8, vertical).length == (LINE if r > 2 else LINE // 2)


@pytest.mark.parametrize("r", LANES)
@pytest.mark.parametrize("packed", [True, False])
def test_lanes_have_every_value(r, packed):
    values = lane_values(r, packed)
    assert len(values) >= LANES[r]
    assert set(values) == set(range(r * r))
