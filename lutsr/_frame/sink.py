"""Outputs that are not NumPy arrays, such as zarr's: computed and assigned in bands of rows."""

from __future__ import annotations

from collections.abc import Callable
from math import gcd
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .axes import from_planes, planes_at, spatial_axes, stack_places
from .mapped import let_go

#: Approximate size of a band of output in bytes.
BAND_BYTES = 32 << 20


def check_sink(out: Any, shape: tuple[int, ...], dtype: np.dtype[Any]) -> None:
    """Check the shape and dtype of an output that takes assignments to slices."""
    if not all(hasattr(out, name) for name in ("shape", "dtype", "__setitem__")):
        raise TypeError(
            f"out: got {type(out).__name__}, wanted a numpy array, or one that has a shape and a "
            "dtype and takes assignments to slices, as zarr's"
        )
    if tuple(out.shape) != shape or np.dtype(out.dtype) != dtype:
        raise ValueError(
            f"out: got {out.dtype} of shape {tuple(out.shape)}, wanted {dtype} of {shape}"
        )


def upscale_into(
    out: Any,
    pixels: NDArray[Any],
    axes: tuple[int, ...],
    scale: int,
    halo: int,
    upscale: Callable[[NDArray[Any], NDArray[Any]], None],
) -> None:
    """Upscale an image, or a stack of them, into any output, a band of rows at a time.

    Parameters
    ----------
    out : array-like
        Of the result's shape; only assigned to, from the calling thread, from the top down.
    pixels : ndarray
        With two spatial axes and those in `axes`.
    axes : tuple of int
        As in `lutsr._frame.axes`.
    scale : int
    halo : int
        Number of input rows above and below a band that its result depends on.
    upscale : callable
        Upscales planes (H, W, C) into an array (r * H, r * W, C).
    """
    dtype = np.dtype(out.dtype)
    row_axis = spatial_axes(pixels.ndim, axes)[0]
    chunks = getattr(out, "chunks", None)
    for place in stack_places(pixels.shape, axes):
        planes = planes_at(pixels, axes, place)
        height, width, channels = planes.shape
        rows = max(1, BAND_BYTES // (scale * scale * width * channels * dtype.itemsize))
        if chunks:  # whole chunks, so that none is written twice
            unit = int(chunks[row_axis]) // gcd(int(chunks[row_axis]), scale)
            rows = -(-rows // unit) * unit
        for start in range(0, height, rows):
            stop = min(start + rows, height)
            top, bottom = max(start - halo, 0), min(stop + halo, height)
            band = np.empty(((bottom - top) * scale, width * scale, channels), dtype)
            upscale(planes[top:bottom], band)
            inside = band[(start - top) * scale : (stop - top) * scale]
            where = list(place)
            where[row_axis] = slice(start * scale, stop * scale)
            out[tuple(where)] = from_planes(inside, axes)
            let_go(planes)
