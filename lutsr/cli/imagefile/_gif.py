"""GIF: frames read by Pillow, and the blocks that it does not return."""

from __future__ import annotations

from typing import Any, BinaryIO, NamedTuple

from . import _pillow
from ._picture import Picture, damaged

_TRAILER, _EXTENSION, _IMAGE = 0x3B, 0x21, 0x2C
_COMMENT, _TEXT, _APPLICATION = 0xFE, 0x01, 0xFF
_HEADER, _DESCRIPTOR = 13, 10
#: Applications whose blocks state the number of repetitions, which Pillow reads.
_LOOPS = (b"NETSCAPE2.0", b"ANIMEXTS1.0")
_XMP, _PROFILE = b"XMP DataXMP", b"ICCRGBG1012"
#: Bytes behind the XMP that let a decoder skip it as if it were blocks.
_XMP_END = 258


def size(file: BinaryIO) -> tuple[int, int, int]:
    """Return width, height and number of frames."""
    with _pillow.opened(file, "GIF") as image:
        return _pillow.size(image)


def read(file: BinaryIO) -> Picture:
    """Read a GIF file."""
    picture = Picture([])
    blocks = _blocks(file.read())
    if not blocks.complete:
        raise damaged("it ends too early")
    file.seek(0)
    with _pillow.opened(file, "GIF") as image:
        _pillow.read_frames(image, picture, _plays)
        image.info["xmp"] = blocks.xmp
        metadata, _ = _pillow.read_metadata(image, blocks.profile, picture.frames[0], picture)
    metadata.comments = blocks.comments
    picture.pages = [metadata]
    if blocks.others:
        picture.note(f"its blocks {', '.join(dict.fromkeys(blocks.others))} were left out")
    picture.note_rest(blocks.rest)
    return picture


def is_whole(data: bytes) -> bool:
    """Return whether a GIF has a trailer after its last block; a cut one has fewer frames."""
    return _blocks(data).complete


class _Blocks(NamedTuple):
    complete: bool  # whether there is a trailer, which no decoder checks
    rest: bytes = b""  # what follows it
    comments: list[bytes] = []  # noqa: RUF012  (never written to)
    others: list[str] = []  # noqa: RUF012
    xmp: bytes | None = None
    profile: bytes | None = None


def _blocks(data: bytes) -> _Blocks:
    """Find the blocks of a file."""
    comments, others = list[bytes](), list[str]()
    xmp = profile = None
    place = _HEADER + _colours(data[10]) if len(data) > _HEADER else len(data)
    while place < len(data):
        kind = data[place]
        if kind == _TRAILER:
            return _Blocks(True, data[place + 1 :], comments, others, xmp, profile)
        purpose = None
        if kind == _EXTENSION and place + 1 < len(data):
            purpose = data[place + 1]
            place += 2
        elif kind == _IMAGE and place + _DESCRIPTOR <= len(data):
            place += _DESCRIPTOR + _colours(data[place + 9]) + 1
        else:
            break
        start, parts = place, list[bytes]()
        while place < len(data) and data[place]:  # sub-blocks, up to an empty one
            parts.append(data[place + 1 : place + 1 + data[place]])
            place += 1 + data[place]
        place += 1
        owner = parts[0] if parts else b""
        if purpose == _COMMENT:
            comments.append(b"".join(parts))
        elif purpose == _TEXT:
            others.append("plain text")
        elif purpose == _APPLICATION and owner == _XMP:
            xmp = data[start + 1 + len(owner) : place - _XMP_END]
        elif purpose == _APPLICATION and owner == _PROFILE:
            profile = b"".join(parts[1:])
        elif purpose == _APPLICATION and owner not in _LOOPS:
            others.append(owner[:8].decode("ascii", "backslashreplace").strip())
    return _Blocks(False)


def _colours(flags: int) -> int:
    """Return the bytes of a table of colours."""
    return 3 << ((flags & 7) + 1) if flags & 0x80 else 0


def _plays(image: Any) -> int:
    """Return how often an animation is shown; 0 is without end."""
    repeats = image.info.get("loop")  # after the first time; without it a GIF is shown once
    return 1 if repeats is None else int(repeats) and int(repeats) + 1
