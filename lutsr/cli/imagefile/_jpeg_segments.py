"""Parts of a JPEG beside its pixels: comments, segments that nothing here reads, what follows."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from typing import Any, BinaryIO

from . import _pillow
from ._picture import ImageFileError, Picture

# A marker among coded pixels: neither a stuffed byte nor a restart marker nor a fill byte.
_MARKER = re.compile(rb"\xff[\x01-\xcf\xd8-\xfe]")
_START, _END, _SCAN, _COMMENT = 0xD8, 0xD9, 0xDA, 0xFE
#: Segments that are read elsewhere, or describe how the pixels are stored.
_READ = (
    ("APP0", b"JFIF"),
    ("APP1", b"Exif\0\0"),
    ("APP1", b"http://ns.adobe.com/xap/1.0/\0"),
    ("APP2", b"ICC_PROFILE\0"),
    ("APP2", b"MPF\0"),  # a list of the pictures that follow
    ("APP8", b"SPIFF\0"),
    ("APP8", b"\0\0\0\1"),  # the end of the entries behind it
    ("APP8", b"mrfx"),  # of a JPEG-LS: its transform of colours
    ("APP13", b"Photoshop 3.0\0"),
    ("APP14", b"Adobe"),
)
_EXIF, _XMP, _MORE_XMP = _READ[1][1], _READ[2][1], b"http://ns.adobe.com/xmp/extension/\0"
_TIFF_HEADERS = (b"II*\0", b"MM\0*")
_PURPOSES = {b"JP": "JUMBF, as of C2PA"}
_MOST_BYTES = 65533


def opened(file: BinaryIO, picture: Picture) -> Any:
    """Open a JPEG by Pillow, without the segments of applications that it cannot read.

    Such a segment says nothing about the pixels that a decoder needs: libjpeg ignores it.
    """
    try:
        return _pillow.opened(file, "JPEG")
    except ImageFileError:
        file.seek(0)
        data = file.read()
        segments = list(_header_segments(data))
        if not segments or not _is_readable(_without(data, segments)):
            raise
    damaged = [one for one in segments if not _is_readable(_only(data, one, segments))]
    names = [_name(f"APP{data[start + 1] & 15}", data[start + 4 : end]) for start, end in damaged]
    picture.note(f"its segments {', '.join(dict.fromkeys(names))} are damaged and were left out")
    return _pillow.opened(io.BytesIO(_without(data, damaged)), "JPEG")


def comments(image: Any) -> list[bytes]:
    """Return all comments of a JPEG that Pillow has opened."""
    return [data for name, data in image.applist if name == "COM"]


def exif(image: Any, picture: Picture) -> bytes | None:
    """Return the EXIF data: those of the first block, of which further segments continue it."""
    parts = [d[len(_EXIF) :] for n, d in image.applist if n == "APP1" and d.startswith(_EXIF)]
    starts = [k for k, part in enumerate(parts) if part.startswith(_TIFF_HEADERS)]
    if len(starts) > 1:
        picture.note("of several blocks of EXIF data only the first one was kept")
        parts = parts[: starts[1]]
    return b"".join(parts) or None


def encoded_comments(comments: list[bytes], picture: Picture) -> bytes:
    """Return the segments of comments."""
    short = [text for text in comments if len(text) <= _MOST_BYTES]
    if len(short) < len(comments):
        picture.note("a JPEG cannot hold a comment as long as one of these; it was left out")
    return b"".join(b"\xff\xfe" + (len(text) + 2).to_bytes(2) + text for text in short)


def note_others(image: Any, file: BinaryIO, picture: Picture) -> None:
    """Add notes about what is in a JPEG and is not read: segments, further pictures, other data.

    Parameters
    ----------
    image : PIL.Image.Image
        The file opened by Pillow.
    file : file
    picture : Picture
        Its `notes` are added to.
    """
    file.seek(0)
    data = file.read()
    end, late = _picture_end(data, 0)
    segments = [item for item in image.applist if item[0] != "COM"]
    names = [_name(*item) for item in segments if not _is_read(*item)] + late
    if sum(data.startswith(_XMP) for _, data in segments) > 1:
        picture.note("of several blocks of XMP data only the last one was kept")
    if any(d[:5] == b"JFIF\0" and len(d) > 14 for _, d in segments):
        names.append("thumbnail of APP0 JFIF")
    if names:
        picture.note(f"its segments {', '.join(dict.fromkeys(names))} were left out")
    several = image.format == "MPO"
    while (start := _next_picture(data, end)) is not None:
        several = True
        end = _picture_end(data, start)[0]
    if several:
        picture.note("holds several pictures; only the first, the main one, was upscaled")
    picture.note_rest(data[end:])


def _header_segments(data: bytes) -> Iterator[tuple[int, int]]:
    """Yield the places of the segments of applications in front of the pixels."""
    place = 2
    while (match := _MARKER.search(data, place)) is not None:
        code, place = data[match.start() + 1], match.end()
        if code in (_SCAN, _END):
            return
        if code not in (1, _START):
            place += max(2, int.from_bytes(data[place : place + 2]))
        if 0xE0 <= code < 0xF0:
            yield match.start(), place


def _without(data: bytes, segments: list[tuple[int, int]]) -> bytes:
    kept, place = [], 0
    for start, end in segments:
        kept.append(data[place:start])
        place = end
    return b"".join((*kept, data[place:]))


def _only(data: bytes, segment: tuple[int, int], segments: list[tuple[int, int]]) -> bytes:
    return _without(data, [other for other in segments if other != segment])


def _is_readable(data: bytes) -> bool:
    try:
        _pillow.opened(io.BytesIO(data), "JPEG").close()
    except ImageFileError:
        return False
    return True


def _is_read(name: str, data: bytes) -> bool:
    return any(name == known and data.startswith(start) for known, start in _READ)


def _name(name: str, data: bytes) -> str:
    """Return the name of a segment and what its content calls itself."""
    if data.startswith(_MORE_XMP):
        return "APP1 (more XMP)"
    own = re.match(rb"[\x21-\x7e]{2,40}", data)
    if own is None:
        return name
    return f"{name} ({_PURPOSES.get(own[0], own[0].decode())})"


def _picture_end(data: bytes, start: int) -> tuple[int, list[str]]:
    """Return the offset behind a picture, and the names of segments among its coded pixels."""
    late: list[str] = []
    place, scans = start + 2, 0
    while (match := _MARKER.search(data, place)) is not None:
        code, place = data[match.start() + 1], match.end()
        if code == _END:
            return place, late
        if code in (1, _START):  # markers without a length
            continue
        length = max(2, int.from_bytes(data[place : place + 2]))
        if scans and code == _COMMENT:
            late.append("comment between scans")
        elif scans and 0xE0 <= code < 0xF0:
            late.append(_name(f"APP{code - 0xE0}", data[place + 2 : place + length]))
        scans += code == _SCAN
        place += length
    return len(data), late


def _next_picture(data: bytes, end: int) -> int | None:
    """Return the offset of a JPEG that follows, after padding."""
    match = re.compile(rb"\0*(?=\xff\xd8\xff)").match(data, end)
    return match.end() if match else None
