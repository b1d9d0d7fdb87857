"""Fusing the four rotations into two tables: one of vertical pairs, one of horizontal pairs.

Rotations 0 and 180 read the same vertical pairs of pixels, rotations 90 and 270 the same
horizontal pairs, and everything before the clip is a sum. So one entry of a fused table can hold
everything that a pair of neighbours adds to the output. Two look-ups per pixel replace four.
``lutsr._eclut.layout`` defines the layout of an entry.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .layout import cell_origin, layout

#: Entries from a pair's to that of one level more of both pixels; as many follow the last one.
BEYOND = 257

#: Size of a huge page in bytes, on x86 and on most Arm machines.
HUGE_PAGE = 1 << 21


@dataclass(frozen=True)
class FusedTables:
    """The two fused tables, read-only, of shape (65537, entry length).

    Entry ``256 * p + q`` is that of the pair with p above (or left of) q. The last entry is empty:
    it adds nothing. The type is int8 if all values fit into it, as for the shipped tables, else
    int16. After it is memory for `BEYOND` more entries, which deep images may load with weight 0.
    """

    vertical: NDArray[Any]
    horizontal: NDArray[Any]


def fuse(lut: NDArray[np.int8], expand_shift: int, relative: bool = False) -> FusedTables:
    """Fuse a table.

    Parameters
    ----------
    lut : ndarray of int8, shape (256, 256, 9, r, r)
    expand_shift : int
        r or 1.
    relative : bool
        Whether the entries of `lut` leave out the pixel's own level, as fused ones do.

    Returns
    -------
    FusedTables
    """
    from . import kernels_fusion  # imports numba

    r = lut.shape[-1]
    for dtype in (np.int8, np.int16):
        layouts = [
            layout(r, cell_origin(r, expand_shift), 8 * np.dtype(dtype).itemsize, vertical)
            for vertical in (True, False)
        ]
        tables = tuple(_aligned_zeros(each.length, dtype) for each in layouts)
        places = tuple((each.at, each.flips) for each in layouts)
        scratch = (
            np.empty((4, 9 * r * r), np.int64),
            *(np.empty(each.at.size, np.int32) for each in layouts),
        )
        fits = np.ones(1, np.uint8)
        pairs = lut.reshape(65536, -1)
        kernels_fusion.fuse_pairs(
            pairs, r, expand_shift, relative, places, 0, 65537, tables, scratch, fits
        )
        if fits[0]:
            break
    for table in tables:
        table.flags.writeable = False
    return FusedTables(*tables)


def _aligned_zeros(length: int, dtype: type) -> NDArray[Any]:
    """Allocate 65537 entries of `length` values, and `BEYOND` more, aligned to a huge page.

    NumPy asks for huge pages where an array is so large; else nearly every entry would be in
    another small page, whose address the processor looks up first.
    """
    buffer: NDArray[Any] = np.zeros(
        (65537 + BEYOND) * length + HUGE_PAGE // np.dtype(dtype).itemsize, dtype
    )
    skip = -buffer.ctypes.data % HUGE_PAGE // buffer.itemsize
    return buffer[skip : skip + 65537 * length].reshape(65537, length)
