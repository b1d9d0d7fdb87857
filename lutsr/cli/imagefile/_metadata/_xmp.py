"""XMP: properties that the upscaled picture changes, replaced in the XML text."""

from __future__ import annotations

import re


def upright(xmp: bytes | None, orientation: int) -> bytes | None:
    """Return the XMP of a picture that was turned upright from an orientation."""
    if xmp is None or orientation == 1:
        return xmp
    return _replace(xmp, b"tiff:Orientation", b"1")


def resized(xmp: bytes, width: int, height: int) -> bytes:
    """Return the XMP with another image size and without its thumbnails."""
    for names, value in (
        ((b"tiff:ImageWidth", b"exif:PixelXDimension"), width),
        ((b"tiff:ImageLength", b"exif:PixelYDimension"), height),
    ):
        for name in names:
            xmp = _replace(xmp, name, b"%d" % value)
    return re.sub(rb"<xmp:Thumbnails>.*?</xmp:Thumbnails>", b"", xmp, flags=re.DOTALL)


def _replace(xmp: bytes, name: bytes, value: bytes) -> bytes:
    # A property is written as an attribute or as an element.
    attribute = rb"(\b" + name + rb"\s*=\s*[\"'])\d+([\"'])"
    element = rb"(<" + name + rb">)\s*\d+\s*(</)"
    for pattern in (attribute, element):
        xmp = re.sub(pattern, rb"\g<1>" + value + rb"\g<2>", xmp)
    return xmp
