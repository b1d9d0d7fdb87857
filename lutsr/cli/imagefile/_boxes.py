"""Boxes, of which AVIF, HEIC and JPEG XL files consist (ISO/IEC 14496-12 and 23008-12)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

#: An entry of `iinf` for EXIF data, of version 2 or 3, whose numbers have 16 or 32 bits.
_EXIF_ITEM = re.compile(rb"infe(?:\x02.{7}|\x03.{9})Exif", re.DOTALL)
#: A type of items that no decoder knows.
_HIDDEN = b"skip"


class Box(NamedTuple):
    """Name and place of a box."""

    name: bytes
    start: int  # of its content
    end: int


def boxes(data: bytes, start: int = 0, end: int | None = None) -> Iterator[Box]:
    """Yield the boxes that are whole. What follows the last one is cut, or no box."""
    end = len(data) if end is None else end
    while start + 8 <= end:
        length, head = int.from_bytes(data[start : start + 4]), 8
        if length == 1:
            length, head = int.from_bytes(data[start + 8 : start + 16]), 16
        elif length == 0:
            length = end - start
        name = data[start + 4 : start + 8]
        if length < head or start + length > end or not name.strip(b"\0"):
            return
        yield Box(name, start + head, start + length)
        start += length


def own_boxes(data: bytes) -> Iterator[Box]:
    """Yield the boxes of a file without those of another one behind it, such as a video."""
    for index, box in enumerate(boxes(data)):
        if index > 1 and box.name == b"ftyp":
            return
        yield box


def pictures(data: bytes) -> dict[bytes, Box]:
    """Return the parts of the box that describes the pictures of an AVIF or HEIC, by name."""
    found = next((box for box in boxes(data) if box.name == b"meta"), None)
    return {box.name: box for box in boxes(data, found.start + 4, found.end)} if found else {}


def exif_of(data: bytes) -> bytes | None:
    """Return the EXIF data of an AVIF or HEIC, as they are in the file."""
    parts = pictures(data)
    entry = _entry(data, parts)
    if entry is None or b"iloc" not in parts:
        return None
    item = int.from_bytes(data[entry[0] + 8 : entry[1] - 6])
    content = b""
    for start, length in _extents(data, parts, item):
        content += data[start : start + length]
        if len(content) > len(data) or start + length > len(data):
            return b"?"  # extents that share bytes could fill the memory
    return content[4 + int.from_bytes(content[:4]) :]


def without_exif(data: bytes) -> bytes:
    """Return an AVIF or HEIC with its EXIF data hidden from decoders."""
    entry = _entry(data, pictures(data))
    return data if entry is None else data[: entry[1] - 4] + _HIDDEN + data[entry[1] :]


def _entry(data: bytes, parts: dict[bytes, Box]) -> tuple[int, int] | None:
    """Return the place of the entry that states the type of the EXIF data."""
    if b"iinf" not in parts:
        return None
    found = _EXIF_ITEM.search(data, *parts[b"iinf"][1:])
    return found.span() if found else None


def _extents(data: bytes, parts: dict[bytes, Box], wanted: int) -> list[tuple[int, int]]:
    """Return offset and length of each part of an item."""
    _, place, end = parts[b"iloc"]

    def take(length: int) -> int:
        nonlocal place
        place += length
        return int.from_bytes(data[place - length : place])

    version, sizes = take(4) >> 24, take(2)
    offset_size, length_size, base_size, index_size = (sizes >> n & 15 for n in (12, 8, 4, 0))
    count = take(4 if version == 2 else 2)
    while count and place < end:
        count -= 1
        item = take(4 if version == 2 else 2)
        method = take(2) & 15 if version else 0
        take(2)
        base = take(base_size)
        extents = []
        for _ in range(take(2)):
            take(index_size if version else 0)
            start = base + take(offset_size)
            extents.append((start, take(length_size)))
            if place > end:
                return []
        if item == wanted and method == 0:
            return extents
        if item == wanted and method == 1 and b"idat" in parts:
            return [(parts[b"idat"].start + start, length) for start, length in extents]
    return []
