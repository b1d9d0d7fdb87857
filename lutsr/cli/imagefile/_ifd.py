"""Lists of tags, as a TIFF page and a block of EXIF have them: read, and laid out elsewhere.

Pillow changes the types of tags and replaces letters beyond ASCII when it writes them; here every
value stays as it is, byte for byte.
"""

from __future__ import annotations

import os
import struct
from typing import BinaryIO, NamedTuple, TypeAlias

import numpy as np

EXIF, GPS, INTEROPERABILITY = 0x8769, 0x8825, 0xA005
_GROUPS = (EXIF, GPS, INTEROPERABILITY)
_LONG, _LONG8 = 4, 16
# By type: how many bytes belong to one number, and to one item.
_NUMBER = {1: 1, 2: 1, 3: 2, 4: 4, 5: 4, 6: 1, 7: 1, 8: 2, 9: 4, 10: 4, 11: 4, 12: 8, 13: 4}
_NUMBER |= {16: 8, 17: 8, 18: 8}
_ITEM = _NUMBER | {5: 8, 10: 8}
# Of an ordinary TIFF and a BigTIFF: codes of a count and an offset, bytes of an entry.
FORMS = {False: ("H", "I", 12), True: ("Q", "Q", 20)}


class Tag(NamedTuple):
    """A tag's type, number of items, data with the low byte first, and where its entry stands."""

    kind: int
    items: int
    data: bytes
    place: int

    def value(self) -> int:
        """Return the first number of a tag that has whole ones."""
        return int.from_bytes(self.data[: _NUMBER[self.kind]], "little")


Tree: TypeAlias = "dict[int, Tag | Tree]"


def read(
    file: BinaryIO, offset: int, order: str, big: bool = False
) -> tuple[dict[int, Tag], int, int]:
    """Return the tags, where the offset of the next list is written, and that offset.

    `ValueError` says that the list is not there. A tag of an unknown type, or whose data are not
    there, is skipped: the others are still good, and the orientation matters.
    """
    count_code, offset_code, size = FORMS[big]
    width = struct.calcsize(offset_code)
    end = file.seek(0, os.SEEK_END)

    def part(start: int, length: int) -> bytes:
        if start + length > end:  # asked before that much room is made
            raise ValueError("tags end too early")
        file.seek(start)
        return file.read(length)

    first = offset + struct.calcsize(count_code)
    (number,) = struct.unpack(order + count_code, part(offset, first - offset))
    block = part(first, number * size + width)
    tags = {}
    for start in range(0, number * size, size):
        code, kind, count = struct.unpack_from(f"{order}HH{offset_code}", block, start)
        if kind not in _ITEM:
            continue
        length = count * _ITEM[kind]
        data = block[start + 4 + width : start + size][:length]
        if length > width:
            (place,) = struct.unpack(order + offset_code, data)
            if place + length > end:
                continue
            data = part(place, length)
        if order == ">":
            data = np.frombuffer(data, f"u{_NUMBER[kind]}").byteswap().tobytes()
        tags[code] = Tag(kind, count, data, first + start)
    return tags, first + number * size, struct.unpack(order + offset_code, block[-width:])[0]


def tree(file: BinaryIO, offset: int, order: str, big: bool = False, depth: int = 0) -> Tree:
    """Return the tags, with the groups that they point to as further dictionaries."""
    tags: Tree = {}
    for code, tag in read(file, offset, order, big)[0].items():
        if code not in _GROUPS:
            tags[code] = tag
        elif depth < 2:  # none has more, unless it is damaged
            tags[code] = tree(file, tag.value(), order, big, depth + 1)
    return tags


def layout(tags: Tree, at: int, big: bool = False) -> bytes:
    """Return the bytes of a list that is to stand at an offset, the low byte first."""
    count_code, offset_code, size = FORMS[big]
    width = struct.calcsize(offset_code)
    beyond = at + struct.calcsize(count_code) + len(tags) * size + width
    entries, rest = [struct.pack("<" + count_code, len(tags))], b""
    for code in sorted(tags):
        tag = tags[code]
        place = struct.pack("<" + offset_code, beyond + len(rest))
        if isinstance(tag, Tag):
            kind, count, data = tag[:3]
        else:
            kind, count, data = (_LONG8 if big else _LONG), 1, layout(tag, beyond + len(rest), big)
        if isinstance(tag, Tag) and len(data) <= width:
            place = data.ljust(width, b"\0")
        else:
            rest += data + bytes(len(data) % 2)
        entries.append(struct.pack("<HH" + offset_code, code, kind, count) + place)
    return b"".join((*entries, bytes(width), rest))
