"""EXIF and XMP: turned upright, and made true of the enlarged picture.

Blocks of EXIF are changed where they stand: a camera maker's note in them may hold offsets.
"""

from __future__ import annotations

import io
import re
import struct
from fractions import Fraction
from typing import TYPE_CHECKING, BinaryIO

from . import _ifd

if TYPE_CHECKING:
    from tifffile import TiffPage

DESCRIPTION = 0x010E
# Tags of a TIFF page that describe the picture rather than how the file stores it.
TIFF_TAGS = {269, DESCRIPTION, 271, 272, 285, 305, 306, 315, 316, 18246, 18249, 33432}
TIFF_TAGS |= {*range(40091, 40096), _ifd.EXIF, _ifd.GPS}
_ORIENTATION, _X_RESOLUTION, _Y_RESOLUTION, _UNIT = 0x0112, 0x011A, 0x011B, 0x0128
_WIDTHS, _HEIGHTS = (0x0100, 0xA002), (0x0101, 0xA003)
_THUMBNAIL, _THUMBNAIL_LENGTH = 0x0201, 0x0202
_SHORT, _LONG, _RATIONAL = 3, 4, 5
_HEADER = b"II*\0\x08\0\0\0"


class _Block:
    """A block of EXIF whose tags are changed in place."""

    def __init__(self, exif: bytes) -> None:
        self.data = bytearray(exif)
        self.order = {b"II": "<", b"MM": ">"}[exif[:2]]
        (self.offset,) = struct.unpack_from(f"{self.order}I", exif, 4)
        self.tags, self.next_place, self.next = self.read(self.offset)

    def read(self, offset: int) -> tuple[dict[int, _ifd.Tag], int, int]:
        return _ifd.read(io.BytesIO(self.data), offset, self.order)

    def set(self, tag: _ifd.Tag, kind: int, value: int) -> None:
        field = f"{self.order}HI" + ("Hxx" if kind == _SHORT else "I")
        struct.pack_into(field, self.data, tag.place + 2, kind, 1, value)

    def swap(self, one: _ifd.Tag, other: _ifd.Tag) -> None:
        a, b = (slice(tag.place + 2, tag.place + 12) for tag in (one, other))
        self.data[a], self.data[b] = self.data[b], self.data[a]

    def drop_thumbnail(self) -> None:
        struct.pack_into(f"{self.order}I", self.data, self.next_place, 0)
        try:
            tags = self.read(self.next)[0]
            start, length = tags[_THUMBNAIL].value(), tags[_THUMBNAIL_LENGTH].value()
        except (KeyError, ValueError):
            return  # nothing that could be found
        if start + length == len(self.data):
            del self.data[start:]
        elif 8 <= start < start + length < len(self.data):
            self.data[start : start + length] = bytes(length)


def read(exif: bytes | None, notes: list[str]) -> tuple[bytes | None, int]:
    """Return the block as it is for the upright picture, and the orientation that it had."""
    if not exif:
        return None, 1
    try:
        exif = re.sub(b"^(Exif\0\0)+", b"", exif)
        block = _Block(exif)
        tags = block.tags
        orientation = tags[_ORIENTATION].value() if _ORIENTATION in tags else 1
        if orientation not in range(1, 9):
            orientation = 1
        if _ORIENTATION in tags:
            block.set(tags[_ORIENTATION], _SHORT, 1)
        if orientation > 4 and _X_RESOLUTION in tags and _Y_RESOLUTION in tags:
            block.swap(tags[_X_RESOLUTION], tags[_Y_RESOLUTION])
        tree(exif)  # that all groups can be read is to be known now
        if block.next:
            block.drop_thumbnail()
            notes.append("the thumbnail in its EXIF data was left out")
        return bytes(block.data), orientation
    except (KeyError, ValueError, IndexError, struct.error):
        notes.append("its EXIF data are damaged and were left out")
        return None, 1


def read_tiff(
    file: BinaryIO, page: TiffPage, wanted: set[int], notes: list[str]
) -> tuple[bytes | None, int]:
    """Return what `read` does, from some tags of a TIFF page."""
    order, big = page.parent.byteorder, page.parent.is_bigtiff
    try:
        tags = _ifd.tree(file, page.offset, order, big)
    except (ValueError, struct.error):
        notes.append("its EXIF data are damaged and were left out")
        return None, 1
    kept = {code: tag for code, tag in tags.items() if code in wanted | {_ORIENTATION}}
    return read(_HEADER + _ifd.layout(kept, len(_HEADER)), notes) if kept else (None, 1)


def resized(exif: bytes, width: int, height: int) -> bytes:
    """Make the tags that state the image's size true again."""
    block = _Block(exif)
    lists = [block.tags]
    if _ifd.EXIF in block.tags:
        lists.append(block.read(block.tags[_ifd.EXIF].value())[0])
    for tags in lists:
        for codes, value in ((_WIDTHS, width), (_HEIGHTS, height)):
            for code in tags.keys() & set(codes):
                block.set(tags[code], _LONG, value)
    return bytes(block.data)


def tree(exif: bytes) -> _ifd.Tree:
    """Return the tags of a block."""
    block = _Block(exif)
    return _ifd.tree(io.BytesIO(exif), block.offset, block.order)


def with_resolution(exif: bytes | None, x: float, y: float) -> bytes:
    """Add the resolution in pixels per inch, for formats that hold it nowhere else."""
    tags = tree(exif) if exif else {}
    for code, value in ((_X_RESOLUTION, x), (_Y_RESOLUTION, y)):
        ratio = Fraction(value).limit_denominator(10_000)
        data = struct.pack("<II", ratio.numerator, ratio.denominator)
        tags[code] = _ifd.Tag(_RATIONAL, 1, data, 0)
    tags[_UNIT] = _ifd.Tag(_SHORT, 1, struct.pack("<H", 2), 0)
    return _HEADER + _ifd.layout(tags, len(_HEADER))


def resolution(exif: bytes | None) -> tuple[float, float, str] | None:
    """Return the resolution that the EXIF data state, with its unit."""
    tags = _Block(exif).tags if exif else {}
    if not {_X_RESOLUTION, _Y_RESOLUTION} <= tags.keys():
        return None
    x, y = (tags[code].data.ljust(8, b"\0") for code in (_X_RESOLUTION, _Y_RESOLUTION))
    (x1, x2), (y1, y2) = struct.unpack("<II", x[:8]), struct.unpack("<II", y[:8])
    if not (x1 and x2 and y1 and y2):
        return None
    unit = tags[_UNIT].value() if _UNIT in tags else 2
    return x1 / x2, y1 / y2, "cm" if unit == 3 else "inch"


def upright_xmp(xmp: bytes | None, orientation: int) -> bytes | None:
    """Say in the XMP, too, that the picture was turned upright."""
    if xmp is None or orientation == 1:
        return xmp
    return _replace(xmp, b"tiff:Orientation", b"1")


def resized_xmp(xmp: bytes, width: int, height: int) -> bytes:
    """Make the size that the XMP states true again, and drop its thumbnails."""
    for names, value in (
        ((b"tiff:ImageWidth", b"exif:PixelXDimension"), width),
        ((b"tiff:ImageLength", b"exif:PixelYDimension"), height),
    ):
        for name in names:
            xmp = _replace(xmp, name, b"%d" % value)
    return re.sub(rb"<xmp:Thumbnails>.*?</xmp:Thumbnails>", b"", xmp, flags=re.DOTALL)


def _replace(xmp: bytes, name: bytes, value: bytes) -> bytes:
    # An XMP property stands as an attribute or as an element.
    attribute = rb"(\b" + name + rb"\s*=\s*[\"'])\d+([\"'])"
    element = rb"(<" + name + rb">)\s*\d+\s*(</)"
    for place in (attribute, element):
        xmp = re.sub(place, rb"\g<1>" + value + rb"\g<2>", xmp)
    return xmp
