"""Fusing the four rotations into two tables: one of vertical pairs, one of horizontal pairs.

Rotations 0 and 180 look at the same vertical pairs of pixels, 90 and 270 at the same horizontal
ones, and everything before the clip is a sum. So one entry of a fused table holds all that a
pair of neighbours adds to the output, and two look-ups per pixel replace four.
``lutsr._eclut.kernels.fuse_pairs`` says how an entry is laid out.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .layout import LINE, cell_origin, layout

#: Address space to load numba in, with LLVM and the BLAS that it looks for. On two cores 300 MB
#: have been enough, and with 256 it hung.
ROOM = 384 << 20


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
    _check_room()
    # numba takes a third of a second to import: only those who enlarge pay for it.
    import numba

    if getattr(numba.config, "DISABLE_JIT", False):
        return None

    from . import kernels

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
        kernels.fuse_pairs(pairs, r, expand_shift, places, 0, 65537, tables, scratch, fits)
        if fits[0]:
            break
    for table in tables:
        table.flags.writeable = False
    return FusedTables(*tables)


def _check_room() -> None:
    """Refuse to load numba into too little address space: it may hang where it should fail."""
    if "numba" in sys.modules:
        return
    try:
        import resource

        limit = resource.getrlimit(resource.RLIMIT_AS)[0]
        pages = int(Path("/proc/self/statm").read_text().split()[0])
    except (ImportError, OSError):  # systems that do not limit it so, or do not say
        return
    left = limit - pages * resource.getpagesize()
    if limit != resource.RLIM_INFINITY and left < ROOM:
        raise MemoryError(
            f"{left >> 20} MB of address space are left, and numba needs up to {ROOM >> 20} to "
            "load; raise the limit (ulimit -v), or call lutsr.warmup() before setting it"
        )


def _aligned_zeros(length: int, dtype: type) -> NDArray[Any]:
    """Allocate 65537 entries of `length` values, the first one on a cache line."""
    per_line = LINE // np.dtype(dtype).itemsize
    buffer: NDArray[Any] = np.zeros(65537 * length + per_line, dtype)
    skip = -buffer.ctypes.data % LINE // buffer.itemsize
    return buffer[skip : skip + 65537 * length].reshape(65537, length)
