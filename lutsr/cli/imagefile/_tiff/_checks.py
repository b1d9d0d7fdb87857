"""What is refused of a TIFF page before its pixels are decoded."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING

import numpy as np

from .._metadata._ifd import RATIONAL
from .._picture import ImageFileError, damaged

if TYPE_CHECKING:
    from tifffile import TiffPage

#: Number of channels that hold colour.
_COLOURS = {"MINISBLACK": 1, "MINISWHITE": 1, "PALETTE": 1}
_COLOURS |= {"RGB": 3, "YCBCR": 3, "SEPARATED": 4}
_GREY, _RGB = ("MINISBLACK", "MINISWHITE"), ("RGB", "YCBCR")
_UIC2 = 33629
_DTYPES = {"bool", "uint8", "uint16", "int8", "int16", "float16", "float32", "float64"}


def photometric(page: TiffPage) -> str:
    """Return the name of the page's colour space."""
    import tifffile

    return tifffile.PHOTOMETRIC(page.photometric).name


def extra_channel(page: TiffPage) -> str | None:
    """Return what the channel behind the colours is, as libtiff and Pillow understand it.

    Returns
    -------
    str or None
        "alpha", "premultiplied alpha", or "unknown" for one that is to be left out. None if there
        is none, or nothing tells what it is.
    """
    colours = photometric(page)
    extra = page.samplesperpixel - _COLOURS[colours]
    if extra < 1 or (extra > 1 and colours in _GREY):
        return None
    kinds = {int(kind) for kind in page.extrasamples or ()}
    kind = int(page.extrasamples[0]) if kinds else None
    # OpenCV writes RGBA without saying so, and CorelDRAW with a number of its own.
    if kind == 2 or (colours in _RGB and extra == 1 and kind in (None, 999)):
        return "alpha"
    if kind == 1 and colours != "PALETTE":
        return "premultiplied alpha"
    # Beside grey it may be another picture, as of a microscope.
    return "unknown" if kinds == {0} and colours not in _GREY else None


def channels_left_out(page: TiffPage) -> int:
    """Return how many of the last channels are neither colours nor alpha."""
    extra = int(page.samplesperpixel) - _COLOURS[photometric(page)]
    return extra - (extra_channel(page) in ("alpha", "premultiplied alpha"))


def check_content(page: TiffPage) -> None:
    """Refuse a page that the frames of a picture could not hold faithfully."""
    found = None
    listed = re.search(r"^images=(\d+)", page.description, re.MULTILINE)
    images = int(listed[1]) if page.is_imagej and listed else 1
    truncated = page.is_shaped and '"truncated": true' in page.description
    if page.imagedepth > 1 or _has_planes(page) or truncated or images > len(page.parent.pages):
        found = "several images in one page"
    elif photometric(page) not in _COLOURS:
        found = f"{photometric(page)} colours"
    elif photometric(page) == "YCBCR" and page.compression not in (6, 7, 34892):
        found = "YCbCr colours that are not compressed as JPEG"
    elif page.axes not in ("YX", "YXS", "SYX"):
        found = f"axes {page.axes}"
    if found:
        raise ImageFileError(f"has {found}, which lutsr cannot keep; convert it to RGB pages first")
    dtype = np.dtype(page.dtype or "V")
    if dtype.name not in _DTYPES:
        raise ImageFileError(
            f"has {dtype.name} samples; convert them to 8 or 16 bits, or to floats, and give"
            " --preserve-range unless they lie in [0, 1]"
        )
    plain = photometric(page) in (*_GREY, "RGB") and not extra_channel(page)
    if dtype.kind == "i" and not plain:
        raise ImageFileError(
            f"has {dtype.name} samples that are not plain grey or RGB; convert it to RGB first"
        )
    colours = _COLOURS[photometric(page)]
    if page.samplesperpixel > colours and extra_channel(page) is None:
        raise ImageFileError(
            f"has {page.samplesperpixel} channels: {colours} of colours, and others that are not"
            " plain alpha; save it as grey, RGB or RGBA, or each channel by itself"
        )


def _has_planes(page: TiffPage) -> bool:
    """Return whether MetaMorph's tags state several planes: UIC2tag has a ratio for each."""
    tag = page.tags.get(_UIC2) if page.is_stk else None
    return tag is not None and int(tag.dtype) == RATIONAL and tag.count > 1


def check_segments(page: TiffPage) -> None:
    """Check that the data of all strips or tiles are in the file.

    tifffile would replace missing ones by zeros.
    """
    end = page.parent.filehandle.size
    if len(page.dataoffsets) != len(page.databytecounts) or (
        len(page.dataoffsets) < math.prod(page.chunked)
    ):
        raise damaged("it has fewer pixels than it states")
    for offset, count in zip(page.dataoffsets, page.databytecounts, strict=True):
        if not (offset and count):
            raise damaged("some of its pixels are missing")
        if offset + count > end:
            raise damaged("it ends too early")
    if page.compression == 1 and sum(page.databytecounts) < math.prod(page.shape) * (
        page.bitspersample / 8
    ):
        raise damaged("it has fewer pixels than it states")
