"""Filter both axes of an image: by the kernel, or in plain NumPy where nothing is compiled."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from .._numba.loading import load_numba
from . import reference
from .filters import Filter, mirrored

#: Size in bytes of the converted rows that are kept, above which columns are divided: a strong
#: reduction depends on many rows.
KEPT_BYTES = 32 << 20


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
    reached = np.maximum.accumulate(indices.max(axis=1))
    kept = int((reached - indices.min(axis=1)).max()) + 1
    size = kept * rows.shape[1] * rows.shape[2] * work.itemsize
    parts = min(-(-size // KEPT_BYTES), out.shape[1])
    weights = vertical.weights.astype(work)
    if parts == 1:
        _filter_columns(rows, 0, (indices, weights), kept, horizontal, limits, out)
        return
    firsts, stops = horizontal.reach
    for part in range(parts):  # of the result's columns
        start, stop = (k * out.shape[1] // parts for k in (part, part + 1))
        left, right = int(firsts[start:stop].min()), int(stops[start:stop].max())
        columns = np.empty((len(out), stop - start, out.shape[2]), out.dtype)
        own = horizontal.part(start, stop)
        _filter_columns(rows[:, left:right], left, (indices, weights), kept, own, limits, columns)
        out[:, start:stop] = columns


def _filter_columns(
    rows: NDArray[Any],
    left: int,
    vertical: tuple[NDArray[np.intp], NDArray[Any]],
    kept: int,
    horizontal: Filter,
    limits: tuple[float, float],
    out: NDArray[Any],
) -> None:
    """Filter both axes by the kernel.

    Parameters
    ----------
    rows : ndarray
        Of these, only the columns from number `left` on that the result depends on.
    left : int
    vertical : two ndarrays
        Which of the rows each row of the result is a sum of, and their weights.
    kept : int
        Number of rows that a row of the result depends on.
    horizontal : Filter
    limits : tuple of float
    out : ndarray, C-contiguous
    """
    from .kernels import reduce_band
    from .vectors import LANES

    indices, weights = vertical
    work = weights.dtype
    channels = rows.shape[2]
    lines = np.ascontiguousarray(rows).reshape(len(rows), -1)
    starts, taps = horizontal.starts, horizontal.weights.shape[1]
    first, last = int(starts.min()), int(starts.max()) + taps
    sources = mirrored(np.arange(first, last), horizontal.length) - left
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
        (indices, weights),
        (sources, starts - first, horizontal.weights.astype(work)),
        (work.type(limits[0]), work.type(limits[1])),
        scratch,
        out.reshape(len(out), -1),
    )
