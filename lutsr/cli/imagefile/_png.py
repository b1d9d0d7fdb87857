"""PNG, still and animated: pixels by libpng (in imagecodecs), animations written by Pillow.

Pillow reads 16 bits as 8, and composes animations with a palette incorrectly. libpng prints
warnings about other chunks to stderr, so only those that describe pixels are passed to it.
"""

from __future__ import annotations

import io
import os
import struct
import zlib
from collections.abc import Iterator
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from . import _png_chunks
from ._colour import upright
from ._picture import Animation, ImageFileError, Metadata, Picture, check_pixels, damaged

SIGNATURE = b"\x89PNG\r\n\x1a\n"
MAX_SIDE = 1_000_000  # libpng's limit
_ANIMATION = (b"acTL", b"fcTL", b"fdAT")
_PIXELS = (b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND", *_ANIMATION)

#: Number of samples that the setting of a PNG is chosen by, and rows of each.
SAMPLES, SAMPLE_ROWS = 8, 8

#: How much larger the samples may be with the faster setting. Of 16 bits, they exaggerate by 4 %.
SAMPLE_GROWTH = 1.05


def size(file: BinaryIO) -> tuple[int, int, int]:
    """Return width, height and number of frames, from the chunks before the pixels."""
    width = height = 0
    frames = 1
    for name, data, _ in _chunks(file):
        if name == b"IHDR":
            width, height = _header(data)[:2]
        elif name == b"acTL" and len(data) == 8:
            frames = max(1, int.from_bytes(data[:4]))
        elif name == b"IDAT" and width:
            return width, height, frames
    raise damaged("it has no pixels")


def read(file: BinaryIO) -> Picture:
    """Read a PNG file."""
    import imagecodecs

    picture = Picture([])
    pixels: list[tuple[bytes, bytes]] = []  # names and bytes of all chunks that describe pixels
    has_image = has_frames = is_control_damaged = False
    # Of each frame: content of its chunk, and whether a still image precedes it.
    controls: list[tuple[bytes, bool]] = []
    others: dict[bytes, bytes] = {}
    texts: list[tuple[bytes, bytes]] = []
    header = plays = None
    for name, data, whole in _chunks(file):
        if header is None:
            if name == b"CgBI":
                raise ImageFileError(
                    "is a PNG for Apple devices (CgBI), not a standard one; convert it first, as by"
                    " pngcrush -revert-iphone-optimizations"
                )
            if name != b"IHDR":
                raise damaged("it does not start with its header")
            header = _header(data)
            check_pixels(*header[:2])
        if name in _PIXELS:
            pixels.append((name, whole))
            if name == b"acTL" and (len(data) != 8 or not _is_intact(name, data, whole)):
                is_control_damaged = True
            elif name == b"acTL":
                plays = struct.unpack(">II", data)
            elif name == b"fcTL":
                controls.append((data, has_image))
            has_image = has_image or name == b"IDAT"
            has_frames = has_frames or name == b"fdAT"
        elif not _is_intact(name, data, whole):
            picture.note(f"its chunk {_png_chunks.shown(name)} is damaged and was left out")
        elif name in _png_chunks.TEXTS:
            texts.append((name, data))
        elif name in others:
            picture.note(f"of several chunks {_png_chunks.shown(name)} the first was kept")
        else:
            others[name] = data
    picture.note_rest(file.read())
    if header is None or not has_image:
        raise damaged("it has no pixels")

    width, height, depth, colour_type = header
    is_moving = has_frames or len(controls) > 1
    if is_control_damaged and is_moving:
        raise damaged("its chunk acTL, which states the number of frames, cannot be read")
    if plays and is_moving:
        frames, loop = plays
        if not controls or frames != len(controls) or any(len(data) != 26 for data, _ in controls):
            raise damaged(f"it states {frames} frames and has {len(controls)}")
        still_first = controls[0][1]
        check_pixels(width, height, frames + still_first)
        whole_file = SIGNATURE + b"".join(whole for _, whole in pixels)
        stored = list(imagecodecs.apng_decode(whole_file))
        if len(stored) != frames + still_first:
            raise damaged("it has fewer frames than it states")
        durations = [0.0] * still_first + [_duration(data) for data, _ in controls]
        picture.animation = Animation(durations, loop, still_first)
    else:
        _note_animation(picture, plays, controls, is_control_damaged, is_moving)
        still = (whole for name, whole in pixels if name not in _ANIMATION)
        stored = [imagecodecs.png_decode(SIGNATURE + b"".join(still))]
    if depth == 1 and colour_type == 0:
        picture.note("1 bit per pixel became 8")

    metadata, orientation = _png_chunks.decode(others, texts, stored[0], picture)
    picture.frames = [upright(frame, orientation) for frame in stored]
    picture.alpha = stored[0].ndim == 3 and stored[0].shape[2] in (2, 4)
    picture.pages = [metadata]
    return picture


def encode(frames: list[NDArray[Any]], animation: Animation | None, metadata: Metadata) -> bytes:
    """Return the bytes of a PNG file."""
    if animation is None or len(frames) == 1:
        data = encode_still(np.ascontiguousarray(frames[0]))
    else:
        data = _encode_animation(frames, animation)
    end = len(SIGNATURE) + 25  # of the header
    return b"".join((data[:end], *_png_chunks.encode(metadata), data[end:]))


def encode_still(pixels: NDArray[Any]) -> bytes:
    """Encode pixels by a fast setting, or by a slower one where that makes the file smaller.

    Photographs hardly repeat. If their differences from neighbouring pixels are only coded by
    Huffman, that takes a third of the time, and most files are smaller. Drawings and text repeat,
    and need a search for matches. Some rows tell which of the two it is.
    """
    starts = np.linspace(0, max(0, len(pixels) - SAMPLE_ROWS), SAMPLES).astype(int)
    rows = (starts[:, np.newaxis] + np.arange(min(SAMPLE_ROWS, len(pixels)))).reshape(-1)
    sample = pixels[rows]
    if len(_encode_differences(sample)) <= SAMPLE_GROWTH * len(_encode_matches(sample)):
        return _encode_differences(pixels)
    return _encode_matches(pixels)


def _encode_differences(pixels: NDArray[Any]) -> bytes:
    import imagecodecs

    png = imagecodecs.PNG
    strategy, filter = png.STRATEGY.HUFFMAN_ONLY, png.FILTER.PAETH
    return bytes(imagecodecs.png_encode(pixels, level=1, strategy=strategy, filter=filter))


def _encode_matches(pixels: NDArray[Any]) -> bytes:
    import imagecodecs

    return bytes(imagecodecs.png_encode(pixels, level=3))


def _chunks(file: BinaryIO) -> Iterator[tuple[bytes, bytes, bytes]]:
    """Yield name, content and all bytes of each chunk."""
    end = file.seek(0, os.SEEK_END)
    file.seek(len(SIGNATURE))
    while len(head := file.read(8)) == 8:
        length, name = struct.unpack(">I4s", head)
        if file.tell() + length + 4 > end:  # checked before memory is allocated
            break
        rest = file.read(length + 4)
        yield name, rest[:-4], head + rest
        if name == b"IEND":
            return
    raise damaged("it ends too early")


def _is_intact(name: bytes, data: bytes, whole: bytes) -> bool:
    return zlib.crc32(name + data) == int.from_bytes(whole[-4:])


def _note_animation(
    picture: Picture,
    plays: tuple[int, int] | None,
    controls: list[tuple[bytes, bool]],
    is_control_damaged: bool,
    is_moving: bool,
) -> None:
    """Add notes about what a still image has of an animation."""
    # An image may be the one frame of an animation.
    has_one = bool(controls) and not controls[0][1]
    if is_control_damaged:
        picture.note("its chunk acTL is damaged and was left out: read as a still image")
    elif plays and plays[0] != has_one:
        has = "1" if has_one else "none"
        picture.note(f"it states {plays[0]} frames and has {has}: read as a still image")
    elif is_moving and not plays:
        picture.note("it has frames without the chunk acTL; they were left out")
    if any(len(data) != 26 for data, _ in controls):
        picture.note("its chunk fcTL is damaged and was left out")


def _header(data: bytes) -> tuple[int, int, int, int]:
    if len(data) != 13:
        raise damaged("its header has a wrong length")
    return struct.unpack(">IIBB", data[:10])


def _duration(control: bytes) -> float:
    numerator, denominator = struct.unpack(">HH", control[20:24])
    return float(1000 * numerator / (denominator or 100))


def _encode_animation(frames: list[NDArray[Any]], animation: Animation) -> bytes:
    from PIL import Image

    images = [Image.fromarray(frame) for frame in frames]
    file = io.BytesIO()
    images[0].save(
        file,
        format="PNG",
        save_all=True,
        append_images=images[1:],
        duration=animation.durations[animation.still_first :],
        loop=animation.loop,
        default_image=animation.still_first,
    )
    return file.getvalue()
