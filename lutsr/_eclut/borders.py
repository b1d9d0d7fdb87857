"""The additions near the borders of an image that the fused tables do not contain.

The fused entries contain everything except two things: values that reflection moves back into the
image from beyond its border, and the pairs of a line's last pixel with its reflected neighbour.
Both depend only on the position of a cell: in the first two rows or columns, in the last two, or
between. So the additions of a small image, 5 x 5 cells or less, hold for every cell of a large
one. They are computed by running the steps of the reference on *indices* instead of values. The
grid of cells is that of ``lutsr._eclut.kernels``: it may start before the image's corner.
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from .layout import cell_origin, lane_values
from .reference import DIVISOR, TAPS

#: Number of kinds of rows (or columns) of cells: first, second, between, last but one, last.
KINDS = 5

#: Lanes of a cell in `BorderProgram`; a cell of a lower scale uses the first of them.
LANES = 16


class BorderProgram(NamedTuple):
    """Additions by kind of cell, as arrays for the kernels.

    A cell of kind k = (kind of row) * (columns of cells) + (kind of column) reads the entries of
    the pairs ``pair_starts[k] <= n < pair_starts[k + 1]``, and makes the additions
    ``starts[k] <= n < starts[k + 1]``. Each loads 16 bytes of the entry of pair ``places[n, 0]``,
    counted from ``pair_starts[k]``, from ``places[n, 1]`` on. To each lane of the cell one of them
    is added, or nothing.
    Fused entries leave out the levels of the pixels themselves, and four times the level is
    added to every value of a cell. Where there are less neighbours, the additions
    ``level_starts[k] <= n < level_starts[k + 1]`` correct that.
    """

    pair_starts: NDArray[np.int32]
    #: Rows and columns from the cell to pixel and neighbour: shape (pairs, 2, 2).
    moves: NDArray[np.int32]
    #: The first and the last byte of the entry that is loaded: shape (pairs, 2).
    pair_bytes: NDArray[np.int32]
    starts: NDArray[np.int32]
    #: Pair and place of each load: shape (additions, 2).
    places: NDArray[np.int32]
    #: Shape (additions, 2, 16): index among the 16 bytes, and 255, or 0 for lanes without any.
    lanes: NDArray[np.uint8]
    level_starts: NDArray[np.int32]
    #: Rows and columns from the cell to a pixel: shape (additions, 2).
    level_moves: NDArray[np.int32]
    #: By how much the level is multiplied: shape (additions, 16).
    level_factors: NDArray[np.int16]


@lru_cache(maxsize=64)
def border_program(
    r: int, expand_shift: int, packed: bool, relative: bool, height: int, width: int
) -> BorderProgram:
    """Compute the additions for images of a scale, shift and size.

    Parameters
    ----------
    r, expand_shift : int
    packed : bool
        Whether the lanes of a cell are in the order of packed tables.
    relative : bool
        Whether the entries leave out the pixel's own level.
    height, width : int
        Size of the image in cells, at most `KINDS`: larger images have the same additions.
    """
    origin = cell_origin(r, expand_shift)
    columns = width - origin
    found = [_left_out(r, expand_shift, height - origin, columns, turns) for turns in range(4)]
    Y, X, pixel, neighbour, source = np.concatenate(found, axis=1)
    i, j = (Y + origin) // r, (X + origin) // r
    kind = i * width + j
    lane = _lane_of(r, packed)[(Y + origin) % r * r + (X + origin) % r]
    moves = np.stack([kind, *np.divmod(pixel, columns), *np.divmod(neighbour, columns)])
    moves[1::2] -= i
    moves[2::2] -= j
    moves, number = np.unique(moves, axis=1, return_inverse=True)
    kinds = np.arange(height * width + 1)
    pair_starts = np.searchsorted(moves[0], kinds)
    # One load can contain several taps of a small scale, and ends within the entry.
    together = LANES // (r * r) * r * r
    place = np.minimum(source // together * together, len(TAPS) * r * r - LANES)
    # If a lane gets two values of one load, the load is made twice.
    keys = np.stack([kind, number.reshape(-1), place, lane])
    order = np.lexsort(keys[::-1])
    keys, source = keys[:, order], source[order]
    same = np.concatenate([[False], (keys[:, 1:] == keys[:, :-1]).all(axis=0)])
    first = np.maximum.accumulate(np.where(same, 0, np.arange(same.size)))
    times = np.arange(same.size) - first
    loads, load = np.unique(np.stack([*keys[:3], times]), axis=1, return_inverse=True)
    load = load.reshape(-1)
    lanes = np.zeros((loads.shape[1], 2, LANES), np.uint8)
    lanes[load, 0, keys[3]] = source - keys[2]
    lanes[load, 1, keys[3]] = 255
    pair = loads[1]
    start, stop = np.full(moves.shape[1], 9 * r * r), np.zeros(moves.shape[1], np.intp)
    np.minimum.at(start, pair, loads[2])
    np.maximum.at(stop, pair, loads[2] + LANES - 1)
    level_kinds, level_moves, level_factors = _levels(r, origin, packed, height, width)
    if relative:
        level_kinds = level_kinds[:0]
    return BorderProgram(
        pair_starts=pair_starts.astype(np.int32),
        moves=np.ascontiguousarray(moves[1:].T, np.int32).reshape(-1, 2, 2),
        pair_bytes=np.stack([start, stop], axis=1).astype(np.int32),
        starts=np.searchsorted(loads[0], kinds).astype(np.int32),
        places=np.stack([pair - pair_starts[loads[0]], loads[2]], axis=1).astype(np.int32),
        lanes=lanes,
        level_starts=np.searchsorted(level_kinds, kinds).astype(np.int32),
        level_moves=level_moves,
        level_factors=level_factors,
    )


def _lane_of(r: int, packed: bool) -> NDArray[np.intp]:
    """Return the lane of each of a cell's r * r values."""
    values = lane_values(r, packed)
    return np.array([values.index(value) for value in range(r * r)])


def _levels(
    r: int, origin: int, packed: bool, height: int, width: int
) -> tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.int16]]:
    """Return for pixels with less than four neighbours: kind of cell, move, and factors by lane."""
    rows, columns = height - origin, width - origin
    Y, X = np.mgrid[: rows * r, : columns * r].reshape(2, -1)
    y, x = Y // r, X // r
    i, j = (Y + origin) // r, (X + origin) // r
    factor = 0 + (y > 0) + (y < rows - 1) + (x > 0) + (x < columns - 1) - DIVISOR
    lane = _lane_of(r, packed)[(Y + origin) % r * r + (X + origin) % r]
    keys = np.stack([i * width + j, y - i, x - j])[:, factor != 0]
    found, which = np.unique(keys, axis=1, return_inverse=True)
    factors = np.zeros((found.shape[1], LANES), np.int16)
    factors[which.reshape(-1), lane[factor != 0]] = factor[factor != 0]
    moves = np.ascontiguousarray(found[1:].T, np.int32)
    return found[0].astype(np.int32), moves, factors


def _left_out(r: int, s: int, height: int, width: int, turns: int) -> NDArray[np.intp]:
    """List output row, output column, pixel, neighbour and index in the entry, for one rotation."""
    pixel = np.rot90(np.arange(height * width).reshape(height, width), turns)
    below = np.pad(pixel, ((0, 1), (0, 0)), mode="reflect")[1:]
    fused = np.ones(pixel.shape, bool)
    fused[-1] = False
    rows, columns = pixel.shape[0] * r, pixel.shape[1] * r
    y, x = np.mgrid[:rows, :columns]
    found = []
    for tap, (dy, dx) in enumerate(TAPS):
        place = (tap * r + y % r) * r + x % r
        window = np.s_[(1 - dy) * s : (1 - dy) * s + rows, (1 - dx) * s : (1 - dx) * s + columns]
        known = np.pad(fused.repeat(r, 0).repeat(r, 1), s, constant_values=False)[window]
        missing = np.nonzero(~np.rot90(known, -turns))
        maps = (pixel.repeat(r, 0).repeat(r, 1), below.repeat(r, 0).repeat(r, 1), place)
        moved = (np.rot90(np.pad(m, s, mode="reflect")[window], -turns)[missing] for m in maps)
        found.append(np.stack([*missing, *moved]))
    return np.concatenate(found, axis=1)
