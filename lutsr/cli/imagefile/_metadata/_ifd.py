"""Image file directories (IFDs), the lists of tags in TIFF files and EXIF blocks.

This is the only reader and the only writer of directories. Pillow changes the types of tags and
replaces characters outside ASCII when it writes them. Here every value stays the same, byte for
byte. All lengths and offsets are compared with the size of the file before anything is read.
Where a tag or a directory points outside it, `tree` leaves out that part and lists it as `Lost`.
"""

from __future__ import annotations

import contextlib
import os
import struct
from collections.abc import Iterator
from typing import BinaryIO, NamedTuple, TypeAlias

import numpy as np

EXIF, GPS, INTEROPERABILITY = 0x8769, 0x8825, 0xA005
#: Tags whose value is the offset of another directory.
_GROUPS = (EXIF, GPS, INTEROPERABILITY)
#: Their names in messages; that of the first directory is empty.
GROUP_NAMES = {0: "", EXIF: "Exif", GPS: "GPS", INTEROPERABILITY: "Interop"}
#: EXIF data have at most two levels of directories below the first one.
_MAX_DEPTH = 2

#: Most data of a directory's tags, as a multiple of the file's size. Thousands of tags that point
#: to the same large block must not be able to fill the memory.
_MAX_OVERLAP = 4

SHORT, LONG, RATIONAL, LONG8 = 3, 4, 5, 16
#: Bytes of one number, by type of tag. A rational item consists of two numbers.
NUMBER_BYTES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 4, 6: 1, 7: 1, 8: 2, 9: 4, 10: 4, 11: 4, 12: 8, 13: 4}
NUMBER_BYTES |= {16: 8, 17: 8, 18: 8, 129: 1}  # BigTIFF's, and UTF-8 of EXIF 3
_ITEM_BYTES = NUMBER_BYTES | {5: 8, 10: 8}

_BYTE_ORDERS = {b"II": "<", b"MM": ">"}
_BIGTIFF_VERSION = 43


class Layout(NamedTuple):
    """Byte order and field sizes of a file: those of classic TIFF or of BigTIFF."""

    order: str = "<"
    big: bool = False

    @property
    def count_field(self) -> struct.Struct:
        """Field that holds the number of entries of a directory."""
        return struct.Struct(self.order + ("Q" if self.big else "H"))

    @property
    def offset_field(self) -> struct.Struct:
        """Field that holds an offset in the file."""
        return struct.Struct(self.order + ("Q" if self.big else "I"))

    @property
    def entry_bytes(self) -> int:
        """Length of an entry."""
        return 20 if self.big else 12


class Directory(NamedTuple):
    """Offsets of the parts of a directory in a file."""

    offset: int
    entries: int  # number of them
    first: int  # offset of the first entry
    link: int  # offset of the field `next`
    next: int | None  # offset of the next directory; 0 after the last one; None if it is missing


class Tag(NamedTuple):
    """Type, number of items, data in little-endian byte order, offsets of the entry and data."""

    kind: int
    items: int
    data: bytes
    position: int
    place: int = 0

    def value(self) -> int:
        """Return the first number of a tag of integers."""
        return int.from_bytes(self.data[: NUMBER_BYTES[self.kind]], "little")


Tree: TypeAlias = "dict[int, Tag | Tree]"


class Lost(NamedTuple):
    """A part of a directory that cannot be read: an entry, or all that lies outside the file."""

    group: int  # the tag that points to the directory; 0 for the first one
    directory: Directory
    code: int | None
    position: int | None


def byte_order(head: bytes) -> str:
    """Return the byte order, as `struct` writes it, from the first bytes of a file or block."""
    if head[:2] not in _BYTE_ORDERS:
        raise ValueError("it does not state its byte order")
    return _BYTE_ORDERS[head[:2]]


def chain(file: BinaryIO) -> tuple[Layout, list[tuple[int, Directory]]]:
    """Follow the chain of pages of a TIFF file, without reading their entries.

    Returns
    -------
    layout : Layout
    pages : list of (int, Directory)
        For each page, the offset of the field that holds the directory's offset, and the
        directory.
    """
    layout = Layout(byte_order(_bytes_at(file, 0, 2)))
    (version,) = struct.unpack(layout.order + "H", _bytes_at(file, 2, 2))
    layout = layout._replace(big=version == _BIGTIFF_VERSION)
    link = 8 if layout.big else 4
    offset = _number_at(file, link, layout.offset_field)
    pages: dict[int, tuple[int, Directory]] = {}
    while offset:
        if offset in pages:
            raise ValueError("its pages go in a circle")
        directory = locate(file, offset, layout)
        pages[offset] = link, directory
        if directory.next is None:
            raise ValueError("it ends too early")
        link, offset = directory.link, directory.next
    if not pages:
        raise ValueError("it has no pages")
    return layout, list(pages.values())


def locate(file: BinaryIO, offset: int, layout: Layout) -> Directory:
    """Find the parts of the directory at an offset, without reading its entries."""
    count = _number_at(file, offset, layout.count_field)
    first = offset + layout.count_field.size
    link = first + count * layout.entry_bytes
    missing = link + layout.offset_field.size > _size(file)
    following = None if missing else _number_at(file, link, layout.offset_field)
    return Directory(offset, count, first, link, following)


def entries(file: BinaryIO, directory: Directory, layout: Layout) -> Iterator[tuple[int, bytes]]:
    """Yield the offset and the bytes of each entry of a directory that is in the file."""
    size = layout.entry_bytes
    count = min(directory.entries, (_size(file) - directory.first) // size)
    block = _bytes_at(file, directory.first, count * size)
    for start in range(0, len(block), size):
        yield directory.first + start, block[start : start + size]


def tags(
    file: BinaryIO,
    directory: Directory,
    layout: Layout,
    lost: list[Lost] | None = None,
    group: int = 0,
) -> dict[int, Tag]:
    """Read the tags of a directory.

    A tag of an unknown type, or whose data lie outside the file, is skipped and added to `lost`,
    so that the other tags, such as the orientation, can still be used.
    """
    end = _size(file)
    remaining = _MAX_OVERLAP * end
    width = layout.offset_field.size
    found: dict[int, Tag] = {}
    damaged = []
    position = directory.first - layout.entry_bytes
    for position, entry in entries(file, directory, layout):
        code, kind = struct.unpack_from(layout.order + "HH", entry)
        (items,) = layout.offset_field.unpack_from(entry, 4)
        length = items * _ITEM_BYTES.get(kind, 0)
        place = position + 4 + width
        if length > width:
            (place,) = layout.offset_field.unpack_from(entry, 4 + width)
        if kind not in _ITEM_BYTES or place + length > end or length > remaining:
            damaged.append(Lost(group, directory, code, position))
            continue
        remaining -= length if length > width else 0
        data = _bytes_at(file, place, length)
        if layout.order == ">":
            data = np.frombuffer(data, f"u{NUMBER_BYTES[kind]}").byteswap().tobytes()
        found[code] = Tag(kind, items, data, position, place)
    if position + layout.entry_bytes < directory.link:
        damaged.append(Lost(group, directory, None, None))
    if lost is not None:
        lost += damaged
    return found


def tree(
    file: BinaryIO,
    offset: int,
    layout: Layout,
    lost: list[Lost] | None = None,
    group: int = 0,
    above: tuple[int, ...] = (),
) -> Tree:
    """Read the tags of a directory, with the directories that they point to as further trees.

    Parameters
    ----------
    file : file
    offset : int
        Offset of the directory.
    layout : Layout
    lost : list of Lost, optional
        Gains what could not be read.
    group : int
        The tag that points to the directory.
    above : tuple of int
        Offsets of the directories above this one.

    Raises
    ------
    ValueError
        If there is no directory at the offset.
    """
    lost = [] if lost is None else lost
    directory = locate(file, offset, layout)
    found: Tree = {}
    for code, tag in tags(file, directory, layout, lost, group).items():
        if code not in _GROUPS:
            found[code] = tag
            continue
        inner, inside = None, list[Lost]()
        if tag.value() not in (*above, offset) and len(above) < _MAX_DEPTH:
            with contextlib.suppress(ValueError):
                inner = tree(file, tag.value(), layout, inside, code, (*above, offset))
        if inner is None or (inside and not inner):
            lost.append(Lost(group, directory, code, tag.position))
        else:
            found[code] = inner
            lost += inside
    return found


def encode(tree: Tree, offset: int, big: bool = False) -> bytes:
    """Return a little-endian directory and its data, to be written at an offset."""
    layout = Layout(big=big)
    width = layout.offset_field.size
    data_start = offset + layout.count_field.size + len(tree) * layout.entry_bytes + width
    listed, rest = [], b""
    for code in sorted(tree):
        tag = tree[code]
        field = layout.offset_field.pack(data_start + len(rest))
        if isinstance(tag, Tag):
            kind, items, data = tag[:3]
        else:
            kind, items = (LONG8 if big else LONG), 1
            data = encode(tag, data_start + len(rest), big)
        if isinstance(tag, Tag) and len(data) <= width:
            field = data.ljust(width, b"\0")
        else:
            rest += data + bytes(len(data) % 2)
        listed.append(struct.pack("<HH", code, kind) + layout.offset_field.pack(items) + field)
    return join(listed, 0, layout) + rest


def join(entries: list[bytes], next_offset: int, layout: Layout) -> bytes:
    """Return a directory of finished entries."""
    return b"".join(
        (layout.count_field.pack(len(entries)), *entries, layout.offset_field.pack(next_offset))
    )


def _size(file: BinaryIO) -> int:
    return file.seek(0, os.SEEK_END)


def _bytes_at(file: BinaryIO, start: int, length: int) -> bytes:
    if start + length > _size(file):  # checked before memory is allocated
        raise ValueError("it ends too early")
    file.seek(start)
    return file.read(length)


def _number_at(file: BinaryIO, start: int, field: struct.Struct) -> int:
    return int(field.unpack(_bytes_at(file, start, field.size))[0])
