"""Fusing the four rotations into two tables: one of vertical pairs, one of horizontal pairs.

Rotations 0 and 180 look at the same vertical pairs of pixels, 90 and 270 at the same horizontal
ones, and everything before the clip is a sum. So one entry of a fused table holds all that a
pair of neighbours adds to the output, and two look-ups per pixel replace four.
``lutsr._kernels.fuse_pairs`` says how an entry is laid out.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

#: Entries start on cache lines.
LINE = 64


@dataclass(frozen=True)
class FusedTables:
    """The two fused tables, read-only, of shape (65537, entry length).

    Entry ``256 * p + q`` is the pair with p above (or left of) q; the last one adds nothing. int8
    if every entry fits, as those of our trained tables do, else int16.
    """

    vertical: NDArray[Any]
    horizontal: NDArray[Any]


def fuse(lut: NDArray[np.int8], expand_shift: int) -> FusedTables | None:
    """Fuse a table.

    Parameters
    ----------
    lut : ndarray of int8, shape (256, 256, 9, r, r)
    expand_shift : int
        r or 1.

    Returns
    -------
    FusedTables or None
        None where numba is told not to compile (``NUMBA_DISABLE_JIT``): the kernels are of no
        use then.
    """
    # numba takes a third of a second to import: only those who enlarge pay for it.
    import numba

    if getattr(numba.config, "DISABLE_JIT", False):
        return None

    from . import _kernels, _vectors

    lanes = _vectors.LANES[lut.shape[-1]]
    origin = cell_origin(lut.shape[-1], expand_shift)
    v_length = _vectors.V_SLOTS[origin] * _vectors.V_CELLS[origin] * lanes
    h_length = _vectors.H_SLOTS[origin] * _vectors.H_CELLS[origin] * lanes
    for dtype in (np.int8, np.int16):
        vertical = _aligned_zeros(v_length, dtype)
        horizontal = _aligned_zeros(h_length, dtype)
        fits = np.ones(1, np.uint8)
        packed = _vectors.is_packed(lut.shape[-1], 8 * np.dtype(dtype).itemsize)
        _kernels.fuse_pairs(lut, expand_shift, lanes, packed, 0, 65537, vertical, horizontal, fits)
        if fits[0]:
            break
    vertical.flags.writeable = False
    horizontal.flags.writeable = False
    return FusedTables(vertical, horizontal)


def cell_origin(r: int, expand_shift: int) -> int:
    """Say how far before the image's corner the grid of cells starts, in output pixels."""
    return 0 if expand_shift == r else 1


def _aligned_zeros(length: int, dtype: type) -> NDArray[Any]:
    """Allocate 65537 entries of at least `length` values, each on a cache line."""
    per_line = LINE // np.dtype(dtype).itemsize
    length = -(-length // per_line) * per_line
    buffer: NDArray[Any] = np.zeros(65537 * length + per_line, dtype)
    skip = -buffer.ctypes.data % LINE // buffer.itemsize
    return buffer[skip : skip + 65537 * length].reshape(65537, length)
