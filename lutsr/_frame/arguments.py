"""What the public functions accept, and the errors for everything else."""

from __future__ import annotations

import operator
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from . import bands
from .mapped import let_go

#: Number of floats that are checked at a time.
CHECKED_VALUES = 1 << 22

#: Floats may lie outside [0, 1] by this much, because of rounding; they are clipped.
TOLERANCE = 1e-6


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
        Whether floats lie outside [0, 1] by no more than `TOLERANCE`.
    """

    pixels: NDArray[Any]
    dtype: np.dtype[Any]
    axes: tuple[int, ...]
    overshoots: bool


def check_image(
    image: ArrayLike,
    channel_axis: int | tuple[int, ...] | None,
    alpha: bool = False,
    rgb: bool = False,
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
    """
    pixels: NDArray[Any] = np.asarray(image)
    if type(image) is not np.ndarray and isinstance(image, np.ma.MaskedArray):
        raise TypeError(
            "image: got a masked array, and a mask cannot be upscaled; fill what is masked, as in "
            "image.filled(0), or ignore the mask: numpy.ma.getdata(image)"
        )
    dtype = _result_dtype(pixels.dtype)
    axes = _check_channel_axis(channel_axis, pixels)
    for name, value in (("alpha", alpha), ("rgb", rgb)):
        if not isinstance(value, (bool, np.bool_)):
            raise TypeError(f"{name}: got {value!r}, wanted True or False")
    _check_kind(pixels.shape[axes[-1]] if axes else None, alpha, rgb)
    if 0 in pixels.shape:
        raise ValueError(f"image: shape {pixels.shape} has an empty axis; nothing to upscale")
    return Image(pixels, dtype, axes, dtype.kind == "f" and _overshoots(pixels))


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
        raise TypeError(f"{name}: got {value!r}, wanted an integer") from None


def _result_dtype(dtype: np.dtype[Any]) -> np.dtype[Any]:
    if dtype.kind == "f" and dtype.itemsize <= 8:
        # Half precision is widened, as in scikit-image; long double may be the same as double.
        return np.dtype(np.float64 if dtype.itemsize == 8 else np.float32)
    if dtype.kind == "u" and dtype.itemsize <= 2:
        return dtype.newbyteorder("=")
    if dtype.kind == "f":
        advice = "image.astype(numpy.float64)"
    elif dtype.kind == "b":
        advice = "skimage.util.img_as_ubyte(image) or skimage.util.img_as_float(image)"
    elif dtype.kind in "iu":
        advice = (
            "image.astype(numpy.uint8) if it holds 0..255, image.astype(numpy.uint16) if it holds "
            f"0..65535, skimage.util.img_as_float(image) if it uses all of {dtype.name}"
        )
    elif dtype.kind == "c":
        advice = "numpy.abs(image) scaled to [0, 1], or its real and imaginary parts by themselves"
    else:
        advice = "image.astype(numpy.uint8), or numpy.float64 for values in [0, 1]"
    raise TypeError(
        f"image: got dtype {dtype}, wanted uint8, uint16 or float; convert it first: {advice}"
    )


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


def _overshoots(pixels: NDArray[Any]) -> bool:
    """Check that floats are within [0, 1], a few rows at a time and without a copy.

    Returns
    -------
    bool
        Whether some of them are outside by no more than `TOLERANCE`.
    """
    low, high = np.inf, -np.inf
    rows = max(1, CHECKED_VALUES * len(pixels) // pixels.size)
    with np.errstate(invalid="ignore"):
        for start in range(0, len(pixels), rows):
            part = pixels[start : start + rows]
            # These give NaN if there is one; Python's min and max may not.
            low, high = np.minimum(low, part.min()), np.maximum(high, part.max())
            let_go(pixels)
    low, high = float(low), float(high)
    if low >= 0 and high <= 1:
        return False
    if not (np.isfinite(low) and np.isfinite(high)):
        raise ValueError(
            "image: has NaN or infinite values, wanted floats in [0, 1]; "
            "replace them first, as with numpy.nan_to_num"
        )
    if low >= -TOLERANCE and high <= 1 + TOLERANCE:
        return True
    raise ValueError(
        f"image: floats are within [{low:.9g}, {high:.9g}], wanted [0, 1]; "
        f"bring them there first: {_range_advice(low, high)}"
    )


def _range_advice(low: float, high: float) -> str:
    """Suggest how to bring floats into [0, 1]."""
    if high > 2:
        # No rounding error reaches 2: these are grey levels in a float array.
        white = next((w for w in (255, 65535) if high <= w), high)
        levels = f"image / {white:.6g}"
        return (
            f"divide by the value of white, as in {levels}"
            if low >= 0
            else (f"divide by the value of white and clip, as in numpy.clip({levels}, 0, 1)")
        )
    return "numpy.clip(image, 0, 1), or skimage.exposure.rescale_intensity(image)"


def _check_channel_axis(
    channel_axis: int | tuple[int, ...] | None, pixels: NDArray[Any]
) -> tuple[int, ...]:
    ndim, shape = pixels.ndim, pixels.shape
    if channel_axis is None:
        if ndim == 2:
            return ()
        if ndim == 3:
            raise ValueError(
                f"image: shape {shape} has three axes; if the last one holds channels, pass "
                "channel_axis=-1; if the first one numbers the images of a stack, channel_axis=0"
            )
        raise ValueError(
            f"image: shape {shape}, wanted (H, W) without channel_axis; to keep other axes, name "
            "them, as in channel_axis=(0, 1)"
        )
    if isinstance(channel_axis, tuple):
        given = tuple(check_int("channel_axis", axis) for axis in channel_axis)
    else:
        given = (check_int("channel_axis", channel_axis),)
    if ndim != 2 + len(given):
        raise ValueError(
            f"image: shape {shape}, wanted {_COUNTS.get(2 + len(given), 2 + len(given))} axes with "
            f"channel_axis={channel_axis}: all but the two of rows and columns are named, as in "
            "channel_axis=(0, -1)"
        )
    for axis in given:
        if not -ndim <= axis < ndim:
            raise ValueError(
                f"channel_axis: got {axis}, wanted {-ndim}..{ndim - 1} for an image of "
                f"{_COUNTS.get(ndim, ndim)} axes"
            )
    axes = tuple(axis % ndim for axis in given)
    if len(set(axes)) < len(axes):
        raise ValueError(f"channel_axis: got {channel_axis}, which names an axis twice")
    return axes


_COUNTS = {2: "two", 3: "three", 4: "four"}
