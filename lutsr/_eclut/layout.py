"""Where the values of a pair's window lie in its fused entry, and what a kernel loads of it.

A vertical pair (p above q) adds to a window of 2r + 2s rows and r + 2s columns, a horizontal one
(p left of q) to one of r + 2s rows and 2r + 2s columns, s being ``expand_shift``. Windows start
where a cell does, and are cut into *slots*: rows of cells, from the top. A kernel loads one slot
at a time and spreads it over the registers of four cells.

Fused tables of 8 bits are *packed* where a cell takes 16 lanes: two lanes share a 16-bit word, so
that a slot is added without widening it first. The low byte is stored with 128 more than its
value so that it is never negative. Words are summed whole, and high bytes once more by
themselves; at the end the low ones are the difference.
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

#: Bytes that come into the caches together; entries start with one.
LINE = 64

#: Lanes that a cell takes in a register, by scale: r * r, rounded up for r = 3.
LANES = {2: 4, 3: 16, 4: 16}

#: Cells that are summed at a time, as wide as a horizontal pair's window and one more.
CELLS = 4

#: A packed cell's words: the row and column of its low byte; its high byte is one row below. So
#: what a window has of its last cells is a run of words, or nearly.
WORDS = ((0, 0), (0, 1), (2, 0), (2, 1), (0, 2), (0, 3), (2, 2), (2, 3))


class Piece(NamedTuple):
    """What one register gets of a slot, by elements: words if packed, else lanes."""

    #: Elements loaded: the first one's place in the entry, and how many.
    start: int
    width: int
    #: For every element of the register its place among those, or -1 for none.
    places: tuple[int, ...]


class Slot(NamedTuple):
    """A row of cells of a window."""

    #: A piece for each register.
    pieces: tuple[Piece, ...]
    #: Values from the entry's start to each cache line that no slot before lies in.
    lines: tuple[int, ...]


class Layout(NamedTuple):
    """An entry of one direction."""

    slots: tuple[Slot, ...]
    #: Values in an entry.
    length: int
    #: For each value of the window, its place in an entry, and what flips it: -128, or 0.
    at: NDArray[np.int64]
    flips: NDArray[np.int32]


def is_packed(r: int, bits: int) -> bool:
    """Say whether fused tables of so many bits are packed."""
    return bits == 8 and LANES[r] == 16


def cell_elements(r: int, packed: bool) -> list[list[tuple[int, int]]]:
    """List the elements of a cell, and in each the rows and columns of its values, none to two."""
    if packed:
        every = [[(u, v), (u + 1, v)] for u, v in WORDS]
    else:
        every = [[divmod(lane, r)] for lane in range(LANES[r])]
    return [[(u, v) for u, v in element if u < r and v < r] for element in every]


def lane_values(r: int, packed: bool) -> list[int]:
    """Say which of a cell's r * r values each of its lanes is; any, where it is none.

    Lanes of packed cells are all low bytes, then all high ones.
    """
    elements = cell_elements(r, packed)
    return [
        element[k][0] * r + element[k][1] if k < len(element) else 0
        for k in range(2 if packed else 1)
        for element in elements
    ]


def cell_origin(r: int, expand_shift: int) -> int:
    """Say how far before the image's corner the grid of cells starts, in output pixels."""
    return 0 if expand_shift == r else 1


@lru_cache(maxsize=64)
def layout(
    r: int, origin: int, bits: int, vertical: bool, registers: tuple[int, ...] = (CELLS,)
) -> Layout:
    """Lay out the entries of the vertical or of the horizontal pairs.

    Parameters
    ----------
    r, origin : int
    bits : int
        Of a value.
    vertical : bool
    registers : tuple of int
        Cells in each register; what lies where does not depend on it.
    """
    packed = is_packed(r, bits)
    unit = 2 if packed else 1
    s = 1 if origin else r
    rows, columns = (2 * r + 2 * s, r + 2 * s) if vertical else (r + 2 * s, 2 * r + 2 * s)
    line = LINE * 8 // (bits * unit)
    # For every slot and element of four cells the values in it, as places in the window.
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
    # As they lie in the registers, unless closing up saves cache lines.
    loose, close = (_place(window, closing, line) for closing in (False, True))
    found, end = close if close[1] < loose[1] else loose
    at, flips = np.empty(rows * columns, np.int64), np.zeros(rows * columns, np.int32)
    for slot, places in zip(window, found, strict=True):
        for values, place in zip(slot, places, strict=True):
            for k, value in enumerate(values):
                at[value], flips[value] = place * unit + k, -128 if packed and k == 0 else 0
    free = set(range(end)) - {place for places in found for place in places}
    slots: list[Slot] = []
    for places in found:
        pieces, first = [], 0
        for cells in registers:
            last = first + cells * len(places) // CELLS
            pieces.append(_piece(places[first:last], free, line))
            first = last
        touched = {place // line * line * unit for place in places if place >= 0}
        known = {place for slot in slots for place in slot.lines}
        slots.append(Slot(tuple(pieces), tuple(sorted(touched - known))))
    return Layout(tuple(slots), end * unit, at, flips)


def _place(window: list[list[list[int]]], closing: bool, line: int) -> tuple[list[list[int]], int]:
    """Place the elements of all slots, -1 for those without values; and say how many that takes."""
    found, end = [], 0
    full = sum(map(bool, window[0]))
    for slot in window:
        used = [k for k, values in enumerate(slot) if values]
        if not closing:  # as much as a load takes
            places, width = used, 1 << used[-1].bit_length()
        elif len(used) == full:
            places, width = used, used[-1] + 1
        else:
            places, width = list(range(len(used))), len(used)
        if end % line + width > line >= width:
            end += -end % line  # a slot that fits into a line lies in one
        found.append([-1] * len(slot))
        for k, place in zip(used, places, strict=True):
            found[-1][k] = end + place
        end += width
    # An entry takes whole lines, or a line whole entries.
    return found, end + -end % line if end > line else 1 << (end - 1).bit_length()


def _piece(places: list[int], free: set[int], line: int) -> Piece:
    """Choose what to load for elements at these places."""
    used = [place for place in places if place >= 0]
    if not used:
        return Piece(0, 0, tuple(places))
    count = used[-1] + 1 - used[0]
    width = 1 << (count - 1).bit_length()
    # What is loaded besides lies in the same line, too.
    start = min(used[0], used[-1] // line * line + line - width)
    shift = used[0] - places.index(used[0])
    # Zeros in memory are as good as none.
    placed = [
        place if place >= 0 else shift + k if shift + k in free else -1
        for k, place in enumerate(places)
    ]
    return Piece(
        start, width, tuple(p - start if start <= p < start + width else -1 for p in placed)
    )
