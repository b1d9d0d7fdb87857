"""The memory layout of fused entries, and the loads that a kernel makes from them.

A vertical pair (p above q) adds to a window of 2r + 2s rows and r + 2s columns. A horizontal pair
(p left of q) adds to a window of r + 2s rows and 2r + 2s columns. Here s is ``expand_shift``. A
window starts at a cell's corner and is divided into *slots*: rows of cells, from the top. A kernel
loads one slot at a time and distributes it over the registers of four cells.

8-bit fused tables are *packed* if a cell has 16 lanes: two lanes share a 16-bit word, so that a
slot can be added without widening it first. Bytes are stored with a bias of 128, so that they are
never negative. The kernel sums the whole words, and the high bytes separately. At the end the sums
of the low bytes follow by subtraction.
"""

from __future__ import annotations

from functools import lru_cache
from itertools import islice
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

#: Cache line size in bytes. Entries are aligned to it.
LINE = 64

#: Lanes of a cell in a register, by scale: r * r, rounded up to 16 for r = 3.
LANES = {2: 4, 3: 16, 4: 16}

#: Number of neighbouring cells whose sums are kept in registers.
CELLS = 4

#: The words of a packed cell, as row and column of the low byte. The high byte is one row below.
#: In this order the part of a cell that lies inside a window is nearly always a run of words.
WORDS = ((0, 0), (0, 1), (2, 0), (2, 1), (0, 2), (0, 3), (2, 2), (2, 3))


#: Rows of cells that a kernel for 8-bit images sums at a time, by the grid's origin. With origin 1
#: all slots of an entry are in one cache line. Two rows then take 3.5 lines for each of their
#: cells, instead of 5. With origin 0 nearly every slot has a line of its own.
ROWS_AT_ONCE = {0: 1, 1: 2}


class Piece(NamedTuple):
    """The load for one register from a slot. Its elements are words if packed, else lanes."""

    #: Index in the entry of the first element loaded.
    start: int
    #: Number of elements loaded.
    width: int
    #: For every element of the register, its index among the loaded ones, or -1 for none.
    places: tuple[int, ...]


class Slot(NamedTuple):
    """A row of cells of a window."""

    #: One piece per register.
    pieces: tuple[Piece, ...]
    #: Offsets in the entry, in values, of the cache lines that it is in.
    lines: tuple[int, ...]


class Layout(NamedTuple):
    """The layout of the entries of vertical or of horizontal pairs."""

    slots: tuple[Slot, ...]
    #: Number of values in an entry.
    length: int
    #: For each value of the window, its index in the entry.
    at: NDArray[np.int64]
    #: For each value of the window, its XOR mask, which adds the bias: -128, or 0 for none.
    flips: NDArray[np.int32]


def is_packed(r: int, bits: int) -> bool:
    """Return whether fused tables of `bits` bits are packed."""
    return bits == 8 and LANES[r] == 16


def cell_elements(r: int, packed: bool) -> list[list[tuple[int, int]]]:
    """Return for each element of a cell the rows and columns of its values, zero to two."""
    if packed:
        every = [[(u, v), (u + 1, v)] for u, v in WORDS]
    else:
        every = [[divmod(lane, r)] for lane in range(LANES[r])]
    return [[(u, v) for u, v in element if u < r and v < r] for element in every]


def lane_values(r: int, packed: bool) -> list[int]:
    """Return for each lane of a cell the index of its value among the cell's r * r values.

    The index is arbitrary for lanes without a value. The lanes of a packed cell are all low bytes,
    then all high bytes.
    """
    elements = cell_elements(r, packed)
    return [
        element[k][0] * r + element[k][1] if k < len(element) else 0
        for k in range(2 if packed else 1)
        for element in elements
    ]


def element_values(r: int, packed: bool) -> list[int]:
    """Return the same as `lane_values` in the order of memory: low and high bytes alternate."""
    values = lane_values(r, packed)
    half = len(values) // 2
    if not packed:
        return values
    return [
        values[k] for both in zip(range(half), range(half, 2 * half), strict=True) for k in both
    ]


def cell_origin(r: int, expand_shift: int) -> int:
    """Return how far above and left of the image the grid of cells starts, in output pixels."""
    return 0 if expand_shift == r else 1


@lru_cache(maxsize=64)
def layout(
    r: int,
    origin: int,
    bits: int,
    vertical: bool,
    registers: tuple[int, ...] = (CELLS,),
    first: int = 0,
) -> Layout:
    """Compute the layout of the entries of the vertical or of the horizontal pairs.

    Parameters
    ----------
    r, origin : int
    bits : int
        Bits of a value.
    vertical : bool
    registers : tuple of int
        Number of cells in each register. The memory layout does not depend on it.
    first : int
        The cell of the registers that the window starts at. Nor does it depend on this.
    """
    packed = is_packed(r, bits)
    unit = 2 if packed else 1
    s = 1 if origin else r
    rows, columns = (2 * r + 2 * s, r + 2 * s) if vertical else (r + 2 * s, 2 * r + 2 * s)
    line = LINE * 8 // (bits * unit)
    # For every slot and element of four cells, the indices in the window of its values.
    window = [
        [
            [
                (top + u) * columns + left + v
                for u, v in element
                if top + u < rows and left + v < columns
            ]
            for left in range(0, CELLS * r, r)
            for element in cell_elements(r, packed)
        ]
        for top in range(0, rows, r)
    ]
    # In register order, unless closing the gaps saves cache lines.
    with_gaps, compact = (_place(window, closing, line) for closing in (False, True))
    found, end = compact if compact[1] < with_gaps[1] else with_gaps
    at, flips = np.empty(rows * columns, np.int64), np.zeros(rows * columns, np.int32)
    for slot, places in zip(window, found, strict=True):
        for values, place in zip(slot, places, strict=True):
            for k, value in enumerate(values):
                at[value], flips[value] = place * unit + k, -128 if packed else 0
    free = set(range(end)) - {place for places in found for place in places}
    slots: list[Slot] = []
    for places in found:
        size = len(places) // CELLS
        around = [-1] * (first * size), [-1] * (sum(registers) * size)
        wanted = iter([*around[0], *places, *around[1]])
        pieces = [_piece(list(islice(wanted, n * size)), free, line) for n in registers]
        touched = {place // line * line * unit for place in places if place >= 0}
        slots.append(Slot(tuple(pieces), tuple(sorted(touched))))
    return Layout(tuple(slots), end * unit, at, flips)


def sum_starts(r: int, origin: int, bits: int) -> list[int]:
    """Return what the sum of each of a cell's r * r values starts with: minus the added biases."""
    s = 1 if origin else r
    starts = [0] * (r * r)
    for vertical in (True, False):
        columns = r + 2 * s if vertical else 2 * r + 2 * s
        for at, flip in enumerate(layout(r, origin, bits, vertical).flips.tolist()):
            y, x = divmod(at, columns)
            starts[y % r * r + x % r] += flip
    return starts


def _place(window: list[list[list[int]]], closing: bool, line: int) -> tuple[list[list[int]], int]:
    """Return each slot's elements as indices in the entry, -1 for none, and the entry's length."""
    found, end = [], 0
    full = sum(map(bool, window[0]))
    for slot in window:
        used = [k for k, values in enumerate(slot) if values]
        if not closing:  # padded to the size of a load
            places, width = used, 1 << used[-1].bit_length()
        elif len(used) == full:
            places, width = used, used[-1] + 1
        else:
            places, width = list(range(len(used))), len(used)
        if end % line + width > line >= width:
            end += -end % line  # a slot that fits into one cache line does not cross two
        found.append([-1] * len(slot))
        for k, place in zip(used, places, strict=True):
            found[-1][k] = end + place
        end += width
    # An entry fills whole cache lines, or a cache line holds a whole number of entries.
    return found, end + -end % line if end > line else 1 << (end - 1).bit_length()


def _piece(places: list[int], free: set[int], line: int) -> Piece:
    """Choose the load for the elements at these indices."""
    used = [place for place in places if place >= 0]
    if not used:
        return Piece(0, 0, tuple(places))
    count = used[-1] + 1 - used[0]
    width = 1 << (count - 1).bit_length()
    # The surplus elements of the load are in the same cache line.
    start = min(used[0], used[-1] // line * line + line - width)
    shift = used[0] - places.index(used[0])
    # Unused elements of the entry are zero, so loading one equals having none.
    placed = [
        place if place >= 0 else shift + k if shift + k in free else -1
        for k, place in enumerate(places)
    ]
    return Piece(
        start, width, tuple(p - start if start <= p < start + width else -1 for p in placed)
    )
