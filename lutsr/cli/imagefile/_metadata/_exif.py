"""EXIF blocks: the orientation is reset, and sizes are corrected for the upscaled picture.

A block is changed in place, because a maker note in it may hold offsets.
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
# Tags of a TIFF page that describe the picture, not how the file stores it.
TIFF_TAGS = {269, DESCRIPTION, 271, 272, 285, 305, 306, 315, 316, 18246, 18249, 33432}
TIFF_TAGS |= {*range(40091, 40096), _ifd.EXIF, _ifd.GPS}
_ORIENTATION, _X_RESOLUTION, _Y_RESOLUTION, _UNIT = 0x0112, 0x011A, 0x011B, 0x0128
_WIDTHS, _HEIGHTS = (0x0100, 0xA002), (0x0101, 0xA003)
_THUMBNAIL, _THUMBNAIL_LENGTH = 0x0201, 0x0202
_HEADER = b"II*\0\x08\0\0\0"
_DAMAGED = "its EXIF data are damaged and were left out"


class _Block:
    """An EXIF block whose tags can be changed in place."""

    def __init__(self, exif: bytes) -> None:
        self.data = bytearray(exif)
        self.layout = _ifd.Layout(_ifd.byte_order(exif))
        (offset,) = self.layout.offset_field.unpack_from(exif, 4)
        self.directory = _ifd.locate(io.BytesIO(exif), offset, self.layout)
        self.tags = self.read(offset)

    def read(self, offset: int) -> dict[int, _ifd.Tag]:
        """Return the tags of the directory at an offset."""
        file = io.BytesIO(self.data)
        return _ifd.tags(file, _ifd.locate(file, offset, self.layout), self.layout)

    def set(self, tag: _ifd.Tag, kind: int, value: int) -> None:
        """Replace type and value of a tag by a single number."""
        field = f"{self.layout.order}HI" + ("Hxx" if kind == _ifd.SHORT else "I")
        struct.pack_into(field, self.data, tag.position + 2, kind, 1, value)

    def swap(self, one: _ifd.Tag, other: _ifd.Tag) -> None:
        """Exchange types and values of two tags."""
        a, b = (slice(tag.position + 2, tag.position + 12) for tag in (one, other))
        self.data[a], self.data[b] = self.data[b], self.data[a]

    def drop_thumbnail(self) -> None:
        """Unlink the second directory, which describes a thumbnail, and erase the thumbnail."""
        self.layout.offset_field.pack_into(self.data, self.directory.link, 0)
        try:
            tags = self.read(self.directory.next)
            start, length = tags[_THUMBNAIL].value(), tags[_THUMBNAIL_LENGTH].value()
        except (KeyError, ValueError):
            return  # there is no thumbnail that could be found
        if start + length == len(self.data):
            del self.data[start:]
        elif 8 <= start < start + length < len(self.data):
            self.data[start : start + length] = bytes(length)


def read(exif: bytes | None, notes: list[str]) -> tuple[bytes | None, int]:
    """Return the block for the upright picture, and the orientation that it had."""
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
            block.set(tags[_ORIENTATION], _ifd.SHORT, 1)
        if orientation > 4 and _X_RESOLUTION in tags and _Y_RESOLUTION in tags:
            block.swap(tags[_X_RESOLUTION], tags[_Y_RESOLUTION])
        tree(exif)  # a block with an unreadable group is refused now, not when it is written
        if block.directory.next:
            block.drop_thumbnail()
            notes.append("the thumbnail in its EXIF data was left out")
        return bytes(block.data), orientation
    except (KeyError, ValueError, IndexError, struct.error):
        notes.append(_DAMAGED)
        return None, 1


def read_tiff(
    file: BinaryIO, page: TiffPage, wanted: set[int], notes: list[str]
) -> tuple[bytes | None, int]:
    """Return the same as `read`, from some tags of a TIFF page."""
    layout = _ifd.Layout(page.parent.byteorder, page.parent.is_bigtiff)
    try:
        tags = _ifd.tree(file, page.offset, layout)
    except (ValueError, struct.error):
        notes.append(_DAMAGED)
        return None, 1
    kept = {code: tag for code, tag in tags.items() if code in wanted | {_ORIENTATION}}
    return read(_HEADER + _ifd.encode(kept, len(_HEADER)), notes) if kept else (None, 1)


def resized(exif: bytes, width: int, height: int) -> bytes:
    """Return the block with another image size."""
    block = _Block(exif)
    lists = [block.tags]
    if _ifd.EXIF in block.tags:
        lists.append(block.read(block.tags[_ifd.EXIF].value()))
    for tags in lists:
        for codes, value in ((_WIDTHS, width), (_HEIGHTS, height)):
            for code in tags.keys() & set(codes):
                block.set(tags[code], _ifd.LONG, value)
    return bytes(block.data)


def tree(exif: bytes) -> _ifd.Tree:
    """Return the tags of a block."""
    block = _Block(exif)
    return _ifd.tree(io.BytesIO(exif), block.directory.offset, block.layout)


def with_resolution(exif: bytes | None, x: float, y: float) -> bytes:
    """Add a resolution in pixels per inch, for formats that hold it nowhere else."""
    tags = tree(exif) if exif else {}
    for code, value in ((_X_RESOLUTION, x), (_Y_RESOLUTION, y)):
        ratio = Fraction(value).limit_denominator(10_000)
        data = struct.pack("<II", ratio.numerator, ratio.denominator)
        tags[code] = _ifd.Tag(_ifd.RATIONAL, 1, data, 0)
    tags[_UNIT] = _ifd.Tag(_ifd.SHORT, 1, struct.pack("<H", 2), 0)
    return _HEADER + _ifd.encode(tags, len(_HEADER))


def resolution(exif: bytes | None) -> tuple[float, float, str] | None:
    """Return the resolution stated by a block, with its unit."""
    tags = _Block(exif).tags if exif else {}
    if not {_X_RESOLUTION, _Y_RESOLUTION} <= tags.keys():
        return None
    x, y = (tags[code].data.ljust(8, b"\0") for code in (_X_RESOLUTION, _Y_RESOLUTION))
    (x1, x2), (y1, y2) = struct.unpack("<II", x[:8]), struct.unpack("<II", y[:8])
    if not (x1 and x2 and y1 and y2):
        return None
    unit = tags[_UNIT].value() if _UNIT in tags else 2
    return x1 / x2, y1 / y2, "cm" if unit == 3 else "inch"
