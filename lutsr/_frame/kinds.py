"""What is passed as an image: converted to an array, unless NumPy would drop a part of it."""

from __future__ import annotations

import os
import sys
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .advice import shown

#: Modes of Pillow images whose values are not levels of their colours, and the remedy.
_MODES = {
    "1": ("bits", "image.convert('L')"),
    "P": ("indices into a palette", "image.convert('RGB'), or 'RGBA'"),
    "PA": ("indices into a palette", "image.convert('RGBA')"),
    "La": ("colours multiplied by alpha", "image.convert('LA')"),
    "RGBa": ("colours multiplied by alpha", "image.convert('RGBA')"),
    "HSV": ("hues, which are angles", "image.convert('RGB')"),
    "LAB": ("signed values in unsigned bytes", "RGB by PIL.ImageCms"),
}


def as_array(image: Any) -> NDArray[Any]:
    """Return what was passed as an image as an array.

    Raises
    ------
    TypeError
        If it is no image, or has a part that the array would not have: a mask, a palette or a
        transparent colour.
    ValueError
        If it is nested lists of different lengths.
    """
    if type(image) is np.ndarray:
        return image
    if image is None:
        raise TypeError(
            "image: got None, wanted an array; some readers return None for a file that they "
            "cannot read"
        )
    if isinstance(image, (str, bytes, os.PathLike)):
        raise TypeError(
            f"image: got {shown(image)}, wanted an array; read the file first, as with "
            "skimage.io.imread, or use the command lutsr"
        )
    for part in image if isinstance(image, (list, tuple)) else [image]:
        _refuse_hidden(part)
    lazy = hasattr(image, "__dask_graph__")
    try:
        # What comes from another library may still be masked; dask's own conversion drops masks.
        converted = np.asanyarray(image.compute() if lazy else image)
    except (ValueError, TypeError, RuntimeError) as error:  # of NumPy, or of another library
        wanted = "rows of one length" if isinstance(image, (list, tuple)) else "a numpy array"
        kind = ValueError if isinstance(error, ValueError) else TypeError
        raise kind(f"image: got {type(image).__name__}, wanted {wanted}: {error}") from error
    _refuse_hidden(converted, lazy)
    array = np.asarray(converted)
    if array.dtype == object and not hasattr(image, "dtype"):
        raise TypeError(f"image: got {shown(image)}, wanted an array of numbers")
    return array


def is_masked(array: Any) -> bool:
    """Return whether this is a masked array, of NumPy or of a library that follows it."""
    meta = getattr(array, "_meta", None)  # of an array of dask: an empty chunk
    if isinstance(array, np.ma.MaskedArray) or isinstance(meta, np.ma.MaskedArray):
        return True
    # The attribute `mask` of a pandas object is a method.
    mask = None if type(array) is np.ndarray else getattr(array, "mask", None)
    return bool(getattr(mask, "dtype", None) == np.dtype(bool))


def _refuse_hidden(image: Any, lazy: bool = False) -> None:
    """Refuse what has more than levels; with `lazy` the caller has an array of dask."""
    if is_masked(image):
        lazy = lazy or hasattr(image, "__dask_graph__")
        filled = "dask.array.ma.filled(image, 0)" if lazy else "image.filled(0)"
        raise TypeError(
            "image: got a masked array, and a mask cannot be upscaled; fill what is masked, as in "
            f"{filled}, or ignore the mask: {'dask.array' if lazy else 'numpy'}.ma.getdata(image)"
        )
    pillow = sys.modules.get("PIL.Image")
    if pillow is None or not isinstance(image, pillow.Image):
        return
    if image.mode in _MODES:
        what, remedy = _MODES[image.mode]
        raise TypeError(
            f"image: got a Pillow image of mode {image.mode}, which holds {what}, not levels; "
            f"convert it first: {remedy}"
        )
    if image.mode in ("L", "RGB", "I", "I;16") and "transparency" in image.info:
        raise TypeError(
            "image: got a Pillow image with a transparent colour, which is lost in an array; "
            "convert it first: image.convert('RGBA'), or numpy.asarray(image) to ignore it"
        )
