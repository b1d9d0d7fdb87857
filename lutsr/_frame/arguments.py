"""What the public functions accept, and the errors for everything else."""

from __future__ import annotations

import operator
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from . import bands
from .advice import axes_advice, counted, dtype_advice, shown
from .kinds import as_array, is_masked
from .ranges import Span, check_span, find_span


class Image(NamedTuple):
    """A checked image.

    Attributes
    ----------
    pixels : ndarray
        The image itself, not converted.
    dtype : numpy.dtype
        The result's: uint8, uint16, float32 or float64, in native byte order.
    axes : tuple of int
        The axes that ``channel_axis`` names, as in `lutsr._frame.axes`.
    overshoots : bool
        Whether floats lie outside [0, 1] by rounding alone, to be clipped.
    span : Span or None
        The range of floats that are to be scaled into [0, 1], and back afterwards.
    """

    pixels: NDArray[Any]
    dtype: np.dtype[Any]
    axes: tuple[int, ...]
    overshoots: bool = False
    span: Span | None = None


def check_image(
    image: ArrayLike,
    channel_axis: int | tuple[int, ...] | None,
    alpha: bool = False,
    rgb: bool = False,
    preserve_range: bool = False,
) -> Image:
    """Check an image.

    Parameters
    ----------
    image : array_like
        What the caller passed.
    channel_axis : int, tuple of int or None
        What the caller passed.
    alpha : bool
        Whether the last channel is alpha.
    rgb : bool
        Whether the other channels are red, green and blue.
    preserve_range : bool
        Whether floats may lie beyond [0, 1].
    """
    pixels = as_array(image)
    # How to write the array in advice: lists and images of Pillow have no arithmetic.
    written = "image" if hasattr(image, "astype") else "numpy.asarray(image)"
    dtype = _result_dtype(pixels.dtype, written)
    axes = _check_channel_axis(channel_axis, pixels)
    for name, value in (("alpha", alpha), ("rgb", rgb), ("preserve_range", preserve_range)):
        if not isinstance(value, (bool, np.bool_)):
            raise TypeError(f"{name}: got {shown(value)}, wanted True or False")
    _check_kind(pixels.shape[axes[-1]] if axes else None, alpha, rgb)
    if 0 in pixels.shape:
        raise ValueError(f"image: shape {pixels.shape} has an empty axis; nothing to upscale")
    if dtype.kind != "f":
        return Image(pixels, dtype, axes)
    span = find_span(pixels)
    check_span(span, preserve_range, written)
    if span.is_unit:
        return Image(pixels, dtype, axes, span.overshoots)
    if alpha:
        raise ValueError(
            f"preserve_range: floats are within [{span.low:.9g}, {span.high:.9g}], and alpha is "
            "within [0, 1]; upscale colours and alpha in two calls"
        )
    return Image(pixels, dtype, axes, span=span)


def check_workers(workers: int | None) -> int:
    """Return the number of threads to use."""
    if workers is None:
        return bands.available_workers()
    count = check_int("workers", workers)
    if count < 1:
        raise ValueError(f"workers: got {count}, wanted at least 1, or None for all cores")
    return count


def check_out(out: Any, shape: tuple[int, ...], dtype: np.dtype[Any], pixels: NDArray[Any]) -> None:
    """Check an output array, which must not overlap the image."""
    if not isinstance(out, np.ndarray):
        raise TypeError(f"out: got {type(out).__name__}, wanted a numpy array")
    if is_masked(out):
        raise TypeError(
            "out: got a masked array, whose mask would not be that of the result; pass "
            "numpy.ma.getdata(out)"
        )
    if out.dtype != dtype or not out.dtype.isnative or out.shape != shape:
        order = "" if out.dtype.isnative else "byte-swapped "
        raise ValueError(
            f"out: got {order}{out.dtype.name} of shape {out.shape}, wanted {dtype} of {shape}"
        )
    if not out.flags.writeable:
        raise ValueError("out: the array is read-only, wanted a writable one")
    if np.may_share_memory(out, pixels):
        raise ValueError("out: shares memory with the image, which is never written to")


def check_int(name: str, value: Any) -> int:
    """Check an argument that must be an integer."""
    if isinstance(value, (bool, np.bool_)):
        raise TypeError(f"{name}: got {value!r}, wanted an integer")
    try:
        return operator.index(value)
    except TypeError:
        raise TypeError(f"{name}: got {shown(value)}, wanted an integer") from None


def _result_dtype(dtype: np.dtype[Any], written: str) -> np.dtype[Any]:
    if dtype.kind == "f" and dtype.itemsize <= 8:
        # Half precision is widened, as in scikit-image; long double may be the same as double.
        return np.dtype(np.float64 if dtype.itemsize == 8 else np.float32)
    if dtype.kind == "u" and dtype.itemsize <= 2:
        return dtype.newbyteorder("=")
    advice = dtype_advice(dtype, written)
    raise TypeError(f"image: got dtype {dtype}, wanted uint8, uint16 or float; {advice}")


def _check_kind(channels: int | None, alpha: bool, rgb: bool) -> None:
    """Check that an image has the channels that ``alpha`` and ``rgb`` want; None if it has none."""
    if alpha and channels is None:
        raise ValueError("alpha: a 2-D image has no alpha; pass channel_axis, too, or alpha=False")
    if alpha and channels not in (2, 4):
        raise ValueError(
            f"alpha: the image has {channels} channels, wanted 2 (grey and "
            "alpha) or 4 (RGB and alpha)"
        )
    if rgb and channels is None:
        raise ValueError("rgb: a 2-D image has no colours; pass channel_axis, too, or rgb=False")
    wanted = 4 if alpha else 3
    if rgb and channels != wanted:
        advice = "; if the last one is alpha, pass alpha=True, too" if channels == 4 else ""
        raise ValueError(
            f"rgb: the image has {channels} channels, wanted "
            f"{'4 (RGB and alpha)' if alpha else '3 (RGB)'}{advice}; for channels of any other "
            "kind pass rgb=False"
        )


def _check_channel_axis(
    channel_axis: int | tuple[int, ...] | None, pixels: NDArray[Any]
) -> tuple[int, ...]:
    ndim, shape = pixels.ndim, pixels.shape
    if channel_axis is None:
        if ndim == 2:
            return ()
        raise ValueError(f"image: {axes_advice(shape)}")
    if isinstance(channel_axis, tuple):
        given = tuple(check_int("channel_axis", axis) for axis in channel_axis)
    else:
        given = (check_int("channel_axis", channel_axis),)
    if ndim != 2 + len(given):
        raise ValueError(
            f"image: shape {shape}, wanted {counted(2 + len(given))} axes with "
            f"channel_axis={shown(channel_axis)}: all but the two of rows and columns are "
            "named, as in channel_axis=(0, -1)"
        )
    for axis in given:
        if not -ndim <= axis < ndim:
            raise ValueError(
                f"channel_axis: got {axis}, wanted {-ndim}..{ndim - 1} for an image of "
                f"{counted(ndim)} axes"
            )
    axes = tuple(axis % ndim for axis in given)
    if len(set(axes)) < len(axes):
        raise ValueError(f"channel_axis: got {channel_axis}, which names an axis twice")
    return axes
