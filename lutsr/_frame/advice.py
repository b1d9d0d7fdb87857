"""The texts of errors about images: what came, what was wanted, and the remedy that fits."""

from __future__ import annotations

import reprlib
from typing import Any

import numpy as np

_COUNTS = {2: "two", 3: "three", 4: "four"}

#: Most channels that an axis is taken to hold: those of grey, RGB or CMYK, with or without alpha.
_FEW = 5

_SHORT = reprlib.Repr()
_SHORT.maxstring = _SHORT.maxother = 80


def shown(value: Any) -> str:
    """Return the `repr` of an argument, or a short description of one that would fill pages."""
    if shape := getattr(value, "shape", ()):
        return f"an array of shape {shape}"
    try:
        return _SHORT.repr(value)
    except ValueError:  # an integer of more than 4300 digits
        return f"{type(value).__name__} too large to show"


def counted(number: int) -> str:
    """Return a small number as a word."""
    return _COUNTS.get(number, str(number))


def dtype_advice(dtype: np.dtype[Any], image: str = "image") -> str:
    """Suggest how to convert an image of a dtype that is not accepted.

    `image` is how to write the array, such as ``numpy.asarray(image)`` for what is none.
    """
    if dtype.kind == "f":
        return f"convert it first: {image}.astype(numpy.float64)"
    if dtype.kind == "b":
        return (
            "convert it first: skimage.util.img_as_ubyte(image) or skimage.util.img_as_float(image)"
        )
    if dtype.kind in "iu":
        return (
            f"convert it first: {image}.astype(numpy.uint8) if it holds 0..255, "
            f"{image}.astype(numpy.uint16) if it holds 0..65535; for any other values "
            f"{image}.astype(numpy.float64) with preserve_range=True"
        )
    if dtype.kind == "c":
        return "upscale image.real and image.imag by themselves, with preserve_range=True"
    if dtype.kind == "O":
        return f"convert it first, if all its items are numbers: {image}.astype(numpy.float64)"
    if dtype.names:
        return "convert it first: numpy.lib.recfunctions.structured_to_unstructured(image)"
    if dtype.kind in "US":
        return "text is no image; to read files, call skimage.io.imread"
    return "such values have no grey levels"


def range_advice(low: float, high: float, image: str = "image") -> str:
    """Suggest what to do about floats outside [0, 1]; `image` is how to write the array."""
    keep = "to keep any other values as they are, pass preserve_range=True"
    if low >= -0.5 and high <= 1.5:
        return f"if a filter has overshot, call numpy.clip(image, 0, 1); {keep}"
    if low >= 0:
        white = next((w for w in (255, 65535) if high <= w), None)
        if white:
            return f"if they are grey levels, pass {image} / {white}; {keep}"
    return f"{keep.replace('any other', 'the')}: they are scaled into it, and back"


def axes_advice(shape: tuple[int, ...]) -> str:
    """Suggest a `channel_axis` for an image of three axes or more."""
    if len(shape) < 3:
        return f"shape {shape}, wanted (H, W)"
    last, first = shape[-1] <= _FEW, shape[0] <= _FEW
    if len(shape) == 3:
        found = f"shape {shape} has three axes"
        if last:
            return f"{found}; if the last one holds channels, pass channel_axis=-1"
        if first:
            return (
                f"{found}; if the first one holds channels or numbers the images of a stack, pass "
                "channel_axis=0"
            )
        return (
            f"{found}, and none has the length of grey, RGB or RGBA; pass channel_axis=0 if the "
            "first one numbers the images of a stack, or channel_axis=-1 if the last one holds "
            "channels: the axis that is named is kept, the other two are enlarged"
        )
    named = ", ".join(map(str, range(len(shape) - 3)))
    named = f"({named}, {-1 if last else len(shape) - 3})"
    return (
        f"shape {shape}, wanted (H, W) without channel_axis; name the axes that are kept, all but "
        f"rows and columns, as in channel_axis={named}"
    )
