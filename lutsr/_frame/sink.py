"""Outputs that are not NumPy arrays, such as zarr's: enlarged and handed over band by band."""

from __future__ import annotations

from collections.abc import Callable
from math import gcd
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .mapped import let_go

#: Bytes of output in a band, more or less.
BAND_BYTES = 32 << 20

#: Rows read above and below a band: colours under alpha 0 are filled from six rows away.
HALO = 8


def check_sink(out: Any, shape: tuple[int, ...], dtype: np.dtype[Any]) -> None:
    """Check an output that is assigned to as arrays are: its shape, its type."""
    if not all(hasattr(out, name) for name in ("shape", "dtype", "__setitem__")):
        raise TypeError(
            f"out: got {type(out).__name__}, wanted a numpy array, or one that has a shape and a "
            "dtype and takes assignments to slices, as zarr's"
        )
    if tuple(out.shape) != shape or np.dtype(out.dtype) != dtype:
        raise ValueError(
            f"out: got {out.dtype} of shape {tuple(out.shape)}, wanted {dtype} of {shape}"
        )


def enlarge_into(
    out: Any,
    planes: NDArray[Any],
    axis: int | None,
    scale: int,
    enlarge: Callable[[NDArray[Any], NDArray[Any]], None],
) -> None:
    """Enlarge an image into any output, a band of rows at a time.

    Parameters
    ----------
    out : array-like
        Of the result's shape; only assigned to, from the calling thread, from the top down.
    planes : ndarray, shape (H, W, C)
    axis : int or None
        The output's axis of channels.
    scale : int
    enlarge : callable
        Enlarges planes into an array (r * H, r * W, C).
    """
    height, width, channels = planes.shape
    dtype = np.dtype(out.dtype)
    rows = max(1, BAND_BYTES // (scale * scale * width * channels * dtype.itemsize))
    row_axis = 1 if axis == 0 else 0
    chunks = getattr(out, "chunks", None)
    if chunks:  # whole chunks, so that none is written twice
        unit = int(chunks[row_axis]) // gcd(int(chunks[row_axis]), scale)
        rows = -(-rows // unit) * unit
    for start in range(0, height, rows):
        stop = min(start + rows, height)
        top, bottom = max(start - HALO, 0), min(stop + HALO, height)
        band = np.empty(((bottom - top) * scale, width * scale, channels), dtype)
        enlarge(planes[top:bottom], band)
        inside = band[(start - top) * scale : (stop - top) * scale]
        where = [slice(None)] * (2 if axis is None else 3)
        where[row_axis] = slice(start * scale, stop * scale)
        out[tuple(where)] = inside[..., 0] if axis is None else np.moveaxis(inside, -1, axis)
        let_go(planes)
