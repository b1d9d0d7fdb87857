"""EXIF blocks whose tags are changed in place, because a maker note in them may hold offsets."""

from __future__ import annotations

import io
import re
import struct
from collections import defaultdict
from collections.abc import Iterator

import numpy as np

from . import _ifd

_VERSION = 42
_THUMBNAIL, _THUMBNAIL_LENGTH = 0x0201, 0x0202


class Block:
    """An EXIF block: a classic TIFF structure.

    Parts that cannot be read are removed when it is opened.

    Attributes
    ----------
    data : bytearray
    tree : dict
        The tags, with those of groups as further trees.
    lost : list of str
        Names of the parts that were removed.

    Raises
    ------
    ValueError
        If nothing can be read.
    """

    def __init__(self, exif: bytes) -> None:
        self.data = bytearray(re.sub(b"^(Exif\0\0)+", b"", exif))
        self._layout = _ifd.Layout(_ifd.byte_order(bytes(self.data[:2])))
        self.data[2:4] = struct.pack(self._layout.order + "H", _VERSION)  # if it is damaged, too
        lost: list[_ifd.Lost] = []
        self._read(lost)
        self.lost = [name_of(part) for part in lost]
        damaged = defaultdict(set)
        for part in lost:
            damaged[part.directory].add(part.position)
        for directory, positions in damaged.items():
            self._rewrite(directory, positions)
        if any(directory.next is None for directory in self._directories()):
            self.data += bytes(4)  # the field is behind the end of the block
        self._read()
        if not self.tree:
            raise ValueError("no tag can be read")

    def remove(self, code: int) -> None:
        """Remove a tag, wherever it is."""
        for directory in list(self._directories()):
            tags = _ifd.tags(io.BytesIO(self.data), directory, self._layout)
            if code in tags:
                self._rewrite(directory, {tags[code].position})
        self._read()

    def set_number(self, tag: _ifd.Tag, kind: int, value: int) -> None:
        """Replace type and value of a tag by a single number."""
        field = f"{self._layout.order}HI" + ("Hxx" if kind == _ifd.SHORT else "I")
        struct.pack_into(field, self.data, tag.position + 2, kind, 1, value)

    def put(self, tag: _ifd.Tag, numbers: list[int]) -> None:
        """Replace the value of a tag by as many numbers of its type as it has."""
        width = _ifd.NUMBER_BYTES[tag.kind]
        data = np.array(numbers, f"{self._layout.order}u{width}").tobytes()
        self.data[tag.place : tag.place + len(data)] = data

    def swap(self, one: _ifd.Tag, other: _ifd.Tag) -> None:
        """Exchange types and values of two tags."""
        a, b = (slice(tag.position + 2, tag.position + 12) for tag in (one, other))
        self.data[a], self.data[b] = self.data[b], self.data[a]

    def drop_thumbnail(self) -> str | None:
        """Unlink the second directory, which describes a thumbnail, and erase the thumbnail.

        Returns
        -------
        str or None
            What was removed, if there was something.
        """
        first = self._first()
        if not first.next:
            return None
        file = io.BytesIO(self.data)
        try:
            tags = _ifd.tree(file, first.next, self._layout)
        except ValueError:
            tags = {}
        if any(self._overlaps(tag, first.link) for tag in _leaves(self.tree)):
            # The field is missing, and what stands in its place are data.
            self.data += bytes(len(self.data) % 2)
            place = len(self.data)
            kept = [entry for _, entry in _ifd.entries(file, first, self._layout)]
            self.data += _ifd.join(kept, 0, self._layout)
            self._layout.offset_field.pack_into(self.data, 4, place)
            self._read()
            return None
        self._layout.offset_field.pack_into(self.data, first.link, 0)
        if not tags:
            return "the link to its thumbnail"
        pointer, length = tags.get(_THUMBNAIL), tags.get(_THUMBNAIL_LENGTH)
        if isinstance(pointer, _ifd.Tag) and isinstance(length, _ifd.Tag):
            start, end = pointer.value(), pointer.value() + length.value()
            if end == len(self.data):
                del self.data[start:]
            elif 8 <= start < end < len(self.data):
                self.data[start:end] = bytes(end - start)
        return "the thumbnail"

    def _first(self) -> _ifd.Directory:
        (offset,) = self._layout.offset_field.unpack_from(self.data.ljust(8, b"\0"), 4)
        return _ifd.locate(io.BytesIO(self.data), offset, self._layout)

    def _read(self, lost: list[_ifd.Lost] | None = None) -> None:
        file = io.BytesIO(self.data)
        self.tree = _ifd.tree(file, self._first().offset, self._layout, lost)

    def _directories(self) -> Iterator[_ifd.Directory]:
        """Yield the first directory and those of groups."""
        file = io.BytesIO(self.data)
        offsets = [self._first().offset]
        while offsets:
            yield (directory := _ifd.locate(file, offsets.pop(), self._layout))
            tags = _ifd.tags(file, directory, self._layout)
            offsets += [tags[code].value() for code in _ifd.GROUP_NAMES.keys() & tags.keys()]

    def _rewrite(self, directory: _ifd.Directory, without: set[int | None]) -> None:
        """Write a directory again in its place, without the entries at some positions."""
        file = io.BytesIO(self.data)
        entries = _ifd.entries(file, directory, self._layout)
        kept = [entry for position, entry in entries if position not in without]
        data = _ifd.join(kept, directory.next or 0, self._layout)
        end = min(directory.link + 4, len(self.data))
        self.data[directory.offset : end] = data.ljust(end - directory.offset, b"\0")

    def _overlaps(self, tag: _ifd.Tag, link: int) -> bool:
        return tag.place < link + 4 and link < tag.place + len(tag.data)


def _leaves(tree: _ifd.Tree) -> Iterator[_ifd.Tag]:
    for tag in tree.values():
        if isinstance(tag, _ifd.Tag):
            yield tag
        else:
            yield from _leaves(tag)


def name_of(part: _ifd.Lost) -> str:
    """Return the name of a part that cannot be read."""
    if part.code is None:
        return f"the end of the {_ifd.GROUP_NAMES[part.group] or 'first'} directory"
    if name := _ifd.GROUP_NAMES.get(part.code):
        return f"the {name} directory"
    return tag_name(part.code, part.group)


def tag_name(code: int, group: int = 0) -> str:
    """Return the name of a tag in a group."""
    from PIL import ExifTags

    names = ExifTags.GPSTAGS if group == _ifd.GPS else ExifTags.TAGS
    return str(names.get(code, f"tag {code}"))
