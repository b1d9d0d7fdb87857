"""Helpers of the tests of image files: files made by hand and by other libraries."""

from __future__ import annotations

import io
import struct
import zlib

import numpy as np
import pytest
import tifffile
from PIL import Image

from lutsr.cli.imagefile import ImageFileError, Picture, read, write

ORIENTATION = 0x0112
EXIF_IFD = 0x8769
#: The formats that messages name.
READ = "PNG, JPEG, WebP, TIFF, AVIF, JPEG XL, GIF, BMP or HEIC"
TOPS = {"uint8": 255, "uint16": 65535, "float32": 1}


def times(scale):
    """Return height and width of a picture upscaled by a scale, as a function of its shape."""
    return lambda shape: (shape[0] * scale, shape[1] * scale)


def noise(shape, dtype="uint8", seed=1):
    """Return random pixels over the whole range of a type."""
    rng = np.random.default_rng(seed)
    if dtype == "float32":
        return rng.random(shape, np.float32)
    return rng.integers(0, TOPS[dtype] + 1, shape, dtype)


def smooth(shape):
    """Return smooth pixels, which JPEG hardly changes."""
    rows, columns = np.mgrid[: shape[0], : shape[1]]
    plane = (3 * rows + 2 * columns).astype(np.uint8)
    return plane if len(shape) == 2 else np.stack([plane, 200 - plane, plane // 2], axis=-1)


def chunk(name, data):
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def png(depth, colour_type, row, *before_pixels, height=2, width=4, after_pixels=()):
    """Make a PNG file of any depth and colour type, by hand."""
    header = struct.pack(">IIBBBBB", width, height, depth, colour_type, 0, 0, 0)
    body = [chunk(b"IHDR", header), *before_pixels]
    body += [chunk(b"IDAT", zlib.compress((b"\0" + row) * height)), *after_pixels]
    return b"\x89PNG\r\n\x1a\n" + b"".join((*body, chunk(b"IEND", b"")))


def chunks(data):
    """Return the names and contents of the chunks of a PNG, in order."""
    found, place = [], 8
    while place < len(data):
        length, name = struct.unpack_from(">I4s", data, place)
        found.append((name, data[place + 8 : place + 8 + length]))
        place += length + 12
    return found


def saved(pixels, kind, **options):
    """Return the file that Pillow makes of pixels."""
    image = pixels if isinstance(pixels, Image.Image) else Image.fromarray(pixels)
    file = io.BytesIO()
    image.save(file, format=kind, **options)
    return file.getvalue()


def tiff(pixels, **options):
    """Return the file that tifffile makes of one page, or of a list of pages."""
    file = io.BytesIO()
    options.setdefault("metadata", None)
    with tifffile.TiffWriter(
        file, **{k: options.pop(k) for k in ("bigtiff", "byteorder") & options.keys()}
    ) as out:
        for page in pixels if isinstance(pixels, list) else [pixels]:
            out.write(page, **options)
    return file.getvalue()


def parse(data):
    return read(io.BytesIO(data))


def made(frames, kind, source=None, **options):
    """Return the file that is written for frames."""
    file = io.BytesIO()
    frames = frames if isinstance(frames, list) else [frames]
    write(file, frames, source or Picture(frames), format=kind, **options)
    return file.getvalue()


def pillow(data):
    return Image.open(io.BytesIO(data))


def refusal(source):
    """Return the message with which a file, given as content or path, is refused."""
    with pytest.raises(ImageFileError) as caught:
        parse(source) if isinstance(source, bytes) else read(str(source))
    return str(caught.value)
