"""Filter both axes of an image: by the kernel, or in plain NumPy where nothing is compiled."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from .._numba.loading import load_numba
from . import reference
from .filters import Filter, mirrored


def filter_image(
    rows: NDArray[Any],
    start: int,
    filters: tuple[Filter, Filter],
    limits: tuple[float, float],
    out: NDArray[Any],
) -> None:
    """Filter both axes, rows first.

    Parameters
    ----------
    rows : ndarray of uint8, uint16, float32 or float64, shape (B, W, C)
        The rows of an image that the result depends on, at least.
    start : int
        Number of the first one in the image.
    filters : two Filters
        Of rows and of columns. Weights and sums are float64 for float64, else float32.
    limits : tuple of float
        Least and largest value of the result.
    out : ndarray of the same dtype, shape (n, m, C), C-contiguous
        Integers are rounded, halves to even.
    """
    work = np.dtype(np.float64 if rows.dtype == np.float64 else np.float32)
    vertical, horizontal = filters
    indices = vertical.indices - start
    if not load_numba():
        sums = reference.filter_axes(rows, indices, filters, work)
        out[...] = reference.as_values(sums, limits, out.dtype)
        return
    from .kernels import reduce_band
    from .vectors import LANES

    channels = rows.shape[2]
    lines = np.ascontiguousarray(rows).reshape(len(rows), -1)
    starts, taps = horizontal.starts, horizontal.weights.shape[1]
    first, last = int(starts.min()), int(starts.max()) + taps
    sources = mirrored(np.arange(first, last), horizontal.length)
    reached = np.maximum.accumulate(indices.max(axis=1))
    kept = int((reached - indices.min(axis=1)).max()) + 1
    scratch = (
        np.empty((kept, lines.shape[1]), work),
        np.empty((LANES if channels == 1 else LANES // 4, lines.shape[1] + 4), work),
        np.empty(len(sources) * LANES, work),
        np.empty(len(starts) * LANES, out.dtype),
    )
    lines = lines.view()
    lines.flags.writeable = False  # read-only arrays are another type for numba: compile once
    reduce_band(
        lines,
        (indices, vertical.weights.astype(work)),
        (sources, starts - first, horizontal.weights.astype(work)),
        (work.type(limits[0]), work.type(limits[1])),
        scratch,
        out.reshape(len(out), -1),
    )
