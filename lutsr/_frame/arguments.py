"""What the public functions accept, and what they say to everything else."""

from __future__ import annotations

import operator
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from . import bands
from .mapped import let_go

#: Floats are checked so many at a time.
CHECKED_VALUES = 1 << 22


def check_image(
    image: ArrayLike, channel_axis: int | None, alpha: bool
) -> tuple[NDArray[Any], np.dtype[Any], int | None]:
    """Check an image.

    Parameters
    ----------
    image : array_like
        What the caller passed.
    channel_axis : int or None
        What the caller passed.
    alpha : bool
        Whether the last channel is alpha.

    Returns
    -------
    pixels : ndarray
        The image itself, not converted.
    dtype : numpy.dtype
        The result's: uint8, uint16, float32 or float64, in native byte order.
    axis : int or None
        The axis of channels, not negative.
    """
    pixels: NDArray[Any] = np.asarray(image)
    dtype = _result_dtype(pixels.dtype)
    axis = _check_channel_axis(channel_axis, pixels)
    if not isinstance(alpha, (bool, np.bool_)):
        raise TypeError(f"alpha: got {alpha!r}, wanted True or False")
    if alpha and axis is None:
        raise ValueError("alpha: a 2-D image has no alpha; pass channel_axis, too, or alpha=False")
    if alpha and pixels.shape[axis or 0] not in (2, 4):
        raise ValueError(
            f"alpha: the image has {pixels.shape[axis or 0]} channels, wanted 2 (grey and alpha) "
            "or 4 (RGB and alpha)"
        )
    if 0 in pixels.shape:
        raise ValueError(f"image: shape {pixels.shape} has an empty axis; nothing to enlarge")
    if dtype.kind == "f":
        _check_range(pixels)
    return pixels, dtype, axis


def as_planes(pixels: NDArray[Any], axis: int | None) -> NDArray[Any]:
    """View an image as (H, W, C)."""
    if axis is None:
        return pixels[..., np.newaxis]
    return pixels if axis == 2 else np.moveaxis(pixels, axis, -1)


def check_workers(workers: int | None) -> int:
    """Give the number of threads to use."""
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
        # Half precision is widened, as in scikit-image; long double may be double by another name.
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


def _check_range(pixels: NDArray[Any]) -> None:
    """Check that floats are within [0, 1], a few rows at a time and without a copy."""
    low, high = np.inf, -np.inf
    rows = max(1, CHECKED_VALUES * len(pixels) // pixels.size)
    with np.errstate(invalid="ignore"):
        for start in range(0, len(pixels), rows):
            part = pixels[start : start + rows]
            # NaN, if there is one; so not Python's min and max.
            low, high = np.minimum(low, part.min()), np.maximum(high, part.max())
            let_go(pixels)
    if not (np.isfinite(low) and np.isfinite(high)):
        raise ValueError(
            "image: has NaN or infinite values, wanted floats in [0, 1]; "
            "replace them first, as with numpy.nan_to_num"
        )
    if low >= 0 and high <= 1:
        return
    if low >= 0 and high > 2:
        # Nobody's rounding error reaches 2: these are grey levels in a float array.
        white = next((w for w in (255, 65535) if high <= w), high)
        advice = f"divide by the value of white, as in image / {white:.6g}"
    else:
        advice = "numpy.clip(image, 0, 1), or skimage.exposure.rescale_intensity(image)"
    raise ValueError(
        f"image: floats are within [{low:.6g}, {high:.6g}], wanted [0, 1]; "
        f"bring them there first: {advice}"
    )


def _check_channel_axis(channel_axis: int | None, pixels: NDArray[Any]) -> int | None:
    if channel_axis is None:
        if pixels.ndim == 3:
            raise ValueError(
                f"image: shape {pixels.shape} has three axes; if the last one holds channels, "
                "pass channel_axis=-1"
            )
        if pixels.ndim != 2:
            raise ValueError(f"image: shape {pixels.shape}, wanted (H, W) without channel_axis")
        return None
    axis = check_int("channel_axis", channel_axis)
    if pixels.ndim != 3:
        raise ValueError(f"image: shape {pixels.shape}, wanted three axes with channel_axis={axis}")
    if not -3 <= axis < 3:
        raise ValueError(f"channel_axis: got {axis}, wanted -3..2 for an image of three axes")
    return axis % 3
