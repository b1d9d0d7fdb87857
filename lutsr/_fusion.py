"""Fusing the four rotations into two tables: one of vertical pairs, one of horizontal pairs.

Rotations 0 and 180 look at the same vertical pairs of pixels, 90 and 270 at the same horizontal
ones, and everything before the clip is a sum. So one entry of a fused table holds all that a
pair of neighbours adds to the output, and two look-ups per pixel replace four.

A pair's contribution is a rectangle of output pixels, its *window*. Let ``reach = r + 2 * s``
be the side of what one rotation writes (s = ``expand_shift``): a vertical pair's window has
``r + reach`` rows and ``reach`` columns, a horizontal pair's is the same lying down. Windows are
laid out so that they are one contiguous run in the accumulator of ``lutsr._kernels``:

- s = r: columns of cells, rows of cells inside them, the r * r values of a cell innermost;
- s = 1: columns of output pixels, rows inside them.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .reference import TAPS


@dataclass(frozen=True)
class FusedTables:
    """The two fused tables, each of shape (65536, window length), int16, read-only."""

    vertical: NDArray[np.int16]
    horizontal: NDArray[np.int16]


def fuse(lut: NDArray[np.int8], expand_shift: int) -> FusedTables:
    """Fuse a table.

    Parameters
    ----------
    lut : ndarray of int8, shape (256, 256, 9, r, r)
    expand_shift : int
        r or 1.

    Returns
    -------
    FusedTables
        Row ``256 * p + q``: the pair with p above (or left of) q.
    """
    r = lut.shape[-1]
    one = _windows(lut, expand_shift)
    reach = one.shape[-1]
    # The half-turned table is read from the lower pixel of the pair, one cell further down.
    vertical = np.zeros((256, 256, r + reach, reach), np.int16)
    vertical[:, :, :reach] = one
    vertical[:, :, r:] += one.transpose(1, 0, 2, 3)[:, :, ::-1, ::-1]
    # A horizontal pair is a vertical one after a quarter turn counter-clockwise.
    horizontal = np.rot90(vertical, axes=(2, 3))
    cell = r if expand_shift == r else 1
    return FusedTables(_runs(vertical, cell), _runs(horizontal, cell))


def _windows(lut: NDArray[np.int8], expand_shift: int) -> NDArray[np.int16]:
    """Sum the nine taps of each entry into the window that one rotation writes."""
    r, s = lut.shape[-1], expand_shift
    windows = np.zeros((256, 256, r + 2 * s, r + 2 * s), np.int16)
    for tap, (dy, dx) in enumerate(TAPS):
        top, left = (1 + dy) * s, (1 + dx) * s
        windows[:, :, top : top + r, left : left + r] += lut[:, :, tap]
    return windows


def _runs(windows: NDArray[np.int16], cell: int) -> NDArray[np.int16]:
    """Lay each window out as one run: columns of cells, rows of cells, values row-major."""
    rows, columns = windows.shape[2:]
    grid = windows.reshape(256, 256, rows // cell, cell, columns // cell, cell)
    runs = np.ascontiguousarray(grid.transpose(0, 1, 4, 2, 3, 5)).reshape(65536, rows * columns)
    runs.flags.writeable = False
    return runs
