"""The blocks of a GIF: whether the file goes on to its end, which no decoder checks."""

from __future__ import annotations

_TRAILER, _EXTENSION, _IMAGE = 0x3B, 0x21, 0x2C
_HEADER, _DESCRIPTOR = 13, 10


def is_whole(data: bytes) -> bool:
    """Return whether a GIF has a trailer after its last block; a cut one has fewer frames."""
    if len(data) < _HEADER:
        return False
    place = _HEADER + _colours(data[10])
    while place < len(data):
        kind = data[place]
        if kind == _TRAILER:
            return True
        if kind == _EXTENSION:
            place += 2
        elif kind == _IMAGE and place + _DESCRIPTOR <= len(data):
            place += _DESCRIPTOR + _colours(data[place + 9]) + 1
        else:
            return False
        while place < len(data) and data[place]:  # sub-blocks, up to an empty one
            place += 1 + data[place]
        place += 1
    return False


def _colours(flags: int) -> int:
    """Return the bytes of a table of colours."""
    return 3 << ((flags & 7) + 1) if flags & 0x80 else 0
