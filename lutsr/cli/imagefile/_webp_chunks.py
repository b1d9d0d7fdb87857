"""Chunks of a WebP that Pillow does not return."""

from __future__ import annotations

from typing import BinaryIO

from ._picture import Picture

_READ = (b"VP8 ", b"VP8L", b"VP8X", b"ALPH", b"ANIM", b"ANMF", b"ICCP", b"EXIF", b"XMP ")


def note_others(file: BinaryIO, picture: Picture) -> None:
    """Add notes about chunks that nothing here reads, and about what follows the image."""
    file.seek(0)
    data = file.read()
    end = 8 + int.from_bytes(data[4:8], "little")
    place, others = 12, []
    while place + 8 <= min(end, len(data)):
        name = data[place : place + 4]
        if name not in _READ:
            others.append(name.decode("ascii", "backslashreplace").rstrip())
        length = int.from_bytes(data[place + 4 : place + 8], "little")
        place += 8 + length + length % 2
    if others:
        picture.note(f"its chunks {', '.join(dict.fromkeys(others))} were left out")
    picture.note_rest(data[end + end % 2 :])
