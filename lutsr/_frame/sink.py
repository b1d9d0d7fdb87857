"""Outputs that are not NumPy arrays, such as zarr's: computed and assigned in bands of rows."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from math import lcm
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .axes import Place, from_planes, planes_at, spatial_axes, stack_places
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
    for place in stack_places(pixels.shape, axes):
        planes = planes_at(pixels, axes, place)
        height, width, channels = planes.shape

        def compute(start: int, stop: int, planes: NDArray[Any] = planes) -> NDArray[Any]:
            first, last = start // scale, stop // scale
            top, bottom = max(first - halo, 0), min(last + halo, len(planes))
            shape = (bottom - top) * scale, planes.shape[1] * scale, planes.shape[2]
            band = np.empty(shape, out.dtype)
            upscale(planes[top:bottom], band)
            return band[start - top * scale : stop - top * scale]

        for _ in assign(
            out, place, axes, (height * scale, width * scale, channels), scale, compute
        ):
            let_go(planes)


def assign(
    out: Any,
    place: Place,
    axes: tuple[int, ...],
    shape: tuple[int, int, int],
    unit: int,
    compute: Callable[[int, int], NDArray[Any]],
) -> Iterator[None]:
    """Assign an image to its place in an output, a band of rows at a time.

    Parameters
    ----------
    out : array-like
    place, axes
        As in `lutsr._frame.axes`.
    shape : tuple of int
        Height, width and channels of the image.
    unit : int
        Bands start at multiples of it.
    compute : callable
        Returns the rows from a first one up to the one before the last, shape (rows, W, C).

    Yields
    ------
    None
        After each band.
    """
    height, width, channels = shape
    row_axis = spatial_axes(len(place), axes)[0]
    rows = max(1, BAND_BYTES // (unit * width * channels * np.dtype(out.dtype).itemsize)) * unit
    if chunks := getattr(out, "chunks", None):  # whole chunks, so that none is written twice
        unit = lcm(unit, int(chunks[row_axis]))
        rows = -(-rows // unit) * unit
    for start in range(0, height, rows):
        stop = min(start + rows, height)
        where = list(place)
        where[row_axis] = slice(start, stop)
        out[tuple(where)] = from_planes(compute(start, stop), axes)
        yield
