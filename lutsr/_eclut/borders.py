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

from .layout import cell_origin
from .reference import TAPS

#: Number of kinds of rows (or columns) of cells: first, second, between, last but one, last.
KINDS = 5


class BorderProgram(NamedTuple):
    """Additions by kind of cell, as flat arrays for the kernel.

    A cell of kind k = (kind of row) * (columns of cells) + (kind of column) reads the entries of
    ``pairs[pair_starts[k] : pair_starts[k + 1]]``. To value t of its r * r values is added, for
    each n in ``value_starts[k * r * r + t] : value_starts[k * r * r + t + 1]``, the value
    ``sources[n]`` of the entry of pair ``numbers[n]``, counted from ``pair_starts[k]``.
    """

    pair_starts: NDArray[np.int32]
    pairs: NDArray[np.int32]  # (pairs, 4): rows and columns from the cell to pixel and neighbour
    value_starts: NDArray[np.int32]
    numbers: NDArray[np.uint32]
    sources: NDArray[np.uint32]


@lru_cache(maxsize=64)
def border_program(r: int, expand_shift: int, height: int, width: int) -> BorderProgram:
    """Compute the additions for images of a scale, shift and size.

    Parameters
    ----------
    r, expand_shift : int
    height, width : int
        Size of the image in cells, at most `KINDS`: larger images have the same additions.
    """
    origin = cell_origin(r, expand_shift)
    columns = width - origin
    found = [_left_out(r, expand_shift, height - origin, columns, turns) for turns in range(4)]
    Y, X, pixel, neighbour, source = np.concatenate(found, axis=1)
    i, j = (Y + origin) // r, (X + origin) // r
    kind = i * width + j
    value = kind * r * r + (Y + origin) % r * r + (X + origin) % r
    moves = np.stack([kind, *np.divmod(pixel, columns), *np.divmod(neighbour, columns)])
    moves[1::2] -= i
    moves[2::2] -= j
    moves, number = np.unique(moves, axis=1, return_inverse=True)
    pair_starts = np.searchsorted(moves[0], np.arange(height * width + 1))
    order = np.argsort(value, kind="stable")
    return BorderProgram(
        pair_starts=pair_starts.astype(np.int32),
        pairs=np.ascontiguousarray(moves[1:].T, np.int32),
        value_starts=np.searchsorted(value[order], np.arange(height * width * r * r + 1)).astype(
            np.int32
        ),
        numbers=(number.reshape(-1) - pair_starts[kind])[order].astype(np.uint32),
        sources=source[order].astype(np.uint32),
    )


def own_levels(r: int, expand_shift: int, kind: int) -> dict[tuple[int, int], list[int]]:
    """Return how often the levels of its pixels are added to each value of a cell.

    Fused entries leave these levels out: one for each pair of neighbours that a pixel belongs to.
    The additions of the other pairs contain theirs, unless the table is relative. The keys are rows
    and columns of pixels, relative to the cell's. The cell is of the given kind, in an image that
    has all `KINDS`.
    """
    origin = cell_origin(r, expand_shift)
    size = KINDS - origin
    times: dict[tuple[int, int], list[int]] = {}
    for value in range(r * r):
        y = kind // KINDS * r + value // r - origin
        x = kind % KINDS * r + value % r - origin
        if 0 <= y < size * r and 0 <= x < size * r:
            y, x = y // r, x // r
            neighbours = (y > 0) + (y < size - 1) + (x > 0) + (x < size - 1)
            move = y - kind // KINDS, x - kind % KINDS
            times.setdefault(move, [0] * (r * r))[value] = neighbours
    return times


def additions(
    r: int, expand_shift: int, kind: int
) -> dict[tuple[int, ...], list[tuple[int, list[int]]]]:
    """Return a cell's additions by pair and tap, in an image that has all `KINDS`.

    The keys are pairs as in `BorderProgram.pairs`. The values are taps of the pair's entry, each
    with a list: for each of the cell's r * r values, the index of the tap's value that is added to
    it, or r * r for none.
    """
    program = border_program(r, expand_shift, KINDS, KINDS)
    first = program.pair_starts[kind]
    found: dict[tuple[int, ...], list[tuple[int, list[int]]]] = {}
    for value in range(r * r):
        at = kind * r * r + value
        for k in range(program.value_starts[at], program.value_starts[at + 1]):
            taps = found.setdefault(tuple(program.pairs[first + program.numbers[k]].tolist()), [])
            tap, source = divmod(int(program.sources[k]), r * r)
            for known, sources in taps:
                if known == tap and sources[value] == r * r:
                    sources[value] = source
                    break
            else:
                taps.append((tap, [r * r] * value + [source] + [r * r] * (r * r - 1 - value)))
    return found


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
