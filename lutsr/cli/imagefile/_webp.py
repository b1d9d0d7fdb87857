"""WebP: frames read and written by Pillow, and the chunks that it does not return."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any, BinaryIO

from numpy.typing import NDArray

from . import _pillow
from ._colour import upright
from ._picture import Metadata, Picture, check_pixels

MAX_SIDE = 16383
_QUALITY = 90
# Pillow's default method takes six times as long and saves a tenth of the bytes.
_LOSSLESS = {"lossless": True, "exact": True, "quality": 20, "method": 2}
_READ = (b"VP8 ", b"VP8L", b"VP8X", b"ALPH", b"ANIM", b"ANMF", b"ICCP", b"EXIF", b"XMP ")


def size(file: BinaryIO) -> tuple[int, int, int]:
    """Return width, height and number of frames, from the header."""
    with _opened(file) as image:
        return _pillow.size(image)


def read(file: BinaryIO) -> Picture:
    """Read a WebP file."""
    picture = Picture([])
    with _opened(file) as image:
        _pillow.read_frames(image, picture, lambda image: int(image.info.get("loop", 0)))
        metadata, orientation = _pillow.read_metadata(
            image, image.info.get("icc_profile"), picture.frames[0], picture
        )
    picture.frames = [upright(frame, orientation) for frame in picture.frames]
    picture.pages = [metadata]
    _read_chunks(file, picture)
    return picture


def encode(
    file: BinaryIO,
    frames: list[NDArray[Any]],
    metadata: Metadata,
    picture: Picture,
    quality: int | str | None = None,
) -> None:
    """Write a WebP. The format has no grey; it is written as RGB."""
    from PIL import Image

    animation = picture.animation
    options = _pillow.options_with_density(metadata)
    if quality == "lossless" or (quality is None and not picture.lossy):
        options |= _LOSSLESS
    else:
        options |= {"quality": quality or _QUALITY, "method": 4}
    durations = animation.durations if animation is not None else []
    if animation is not None and animation.still_first and len(frames) > 1:
        picture.note("a WebP cannot hold the still image before an animation: it was left out")
        frames, durations = frames[1:], durations[1:]
    images = [
        Image.fromarray(_pillow.coloured(frame, metadata, options, picture, "a WebP"))
        for frame in frames
    ]
    if animation is not None and len(images) > 1:
        options |= {"save_all": True, "append_images": images[1:]}
        options |= {"duration": durations, "loop": animation.loop}
    images[0].save(file, format="WEBP", **options)


def _opened(file: BinaryIO) -> Any:
    head = file.read(30)
    file.seek(0)
    if head[12:16] == b"VP8X" and len(head) == 30:  # before Pillow allocates memory
        width, height = (1 + int.from_bytes(head[i : i + 3], "little") for i in (24, 27))
        check_pixels(width, height)
    return _pillow.opened(file, "WEBP")


def _read_chunks(file: BinaryIO, picture: Picture) -> None:
    """Find out whether a frame is coded with loss, and add notes about what is not read."""
    others = []
    for name in _chunks(file):
        picture.lossy |= name == b"VP8 "
        if name not in _READ:
            others.append(name.decode("ascii", "backslashreplace").rstrip())
    if others:
        picture.note(f"its chunks {', '.join(dict.fromkeys(others))} were left out")
    picture.note_rest(file.read())


def _chunks(file: BinaryIO) -> Iterator[bytes]:
    """Yield the names of the chunks, and of those in frames; end behind the last one."""
    file.seek(4)
    end = 8 + int.from_bytes(file.read(4), "little")
    end = min(end + end % 2, file.seek(0, os.SEEK_END))
    place = 12
    while place + 8 <= end:
        file.seek(place)
        name = file.read(4)
        yield name
        length = int.from_bytes(file.read(4), "little")
        # A frame has 16 bytes of its own, and chunks.
        place += 8 + (16 if name == b"ANMF" else length + length % 2)
    file.seek(end)
