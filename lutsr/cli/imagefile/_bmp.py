"""BMP, read by Pillow."""

from __future__ import annotations

import struct
from typing import BinaryIO

from . import _pillow
from ._picture import Picture, Resolution

_METRES_PER_INCH = 0.0254
#: Offset of the longer header, its length with a profile, and in it the places of fields.
_HEADER, _LONG_HEADER, _COLOURS, _PROFILE = 14, 124, 56, 112
_EMBEDDED, _LINKED = b"DEBM", b"KNIL"


def size(file: BinaryIO) -> tuple[int, int, int]:
    """Return width, height and the number of frames, 1."""
    with _pillow.opened(file, "BMP") as image:
        return _pillow.size(image)


def read(file: BinaryIO) -> Picture:
    """Read a BMP file."""
    picture = Picture([])
    data = file.read()
    file.seek(0)
    with _pillow.opened(file, "BMP") as image:
        _pillow.read_frames(image, picture, lambda _: 0)
        profile = _profile(data, picture)
        metadata, _ = _pillow.read_metadata(image, profile, picture.frames[0], picture)
        if dpi := image.info.get("dpi"):
            x, y = (value / _METRES_PER_INCH for value in dpi)
            if min(x, y) > 0:
                metadata.resolution = Resolution(round(x), round(y), "metre")
    picture.pages = [metadata]
    stated = int.from_bytes(data[2:6], "little")
    if stated > _HEADER:  # some programs write 0
        picture.note_rest(data[stated:])
    return picture


def _profile(data: bytes, picture: Picture) -> bytes | None:
    """Return the colour profile, or add a note if there is one that cannot be read."""
    header = data[_HEADER : _HEADER + _LONG_HEADER]
    if len(header) < _LONG_HEADER or int.from_bytes(header[:4], "little") < _LONG_HEADER:
        return None
    if header[_COLOURS : _COLOURS + 4] == _LINKED:
        picture.note("its colour profile is in another file and was left out")
    if header[_COLOURS : _COLOURS + 4] != _EMBEDDED:
        return None
    start, length = struct.unpack_from("<II", header, _PROFILE)
    return data[_HEADER + start :][:length] or b"?"
