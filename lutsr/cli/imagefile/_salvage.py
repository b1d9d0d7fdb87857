"""Files whose end is cut or whose checksums are wrong, but whose pixels are all there.

`repaired` returns a file that can be read, or None. What is decoded from it is never invented: the
number of pixels that the file holds is checked first.
"""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from . import _gif, _jpeg_kinds, _jxl, _png
from ._boxes import boxes
from ._metadata import _ifd
from ._tiff import _pages

_CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
# Of an interlaced PNG: first column and row, and steps, of each pass.
_PASSES = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2),
           (0, 1, 1, 2))  # fmt: skip
_CUT = "its end is missing; all its pixels are there"
_FRAMES = "its end is missing, and frames may be"
_CHECKSUM = "a checksum is wrong: some pixels may be wrong, too"


def repaired(data: bytes) -> tuple[bytes, str] | None:
    """Repair a file.

    Parameters
    ----------
    data : bytes
        A file that cannot be read.

    Returns
    -------
    data : bytes
        A file with the same pixels.
    note : str
        What was wrong.

    None is returned instead if some pixels are missing, or nothing is known to repair.
    """
    if data.startswith(_png.SIGNATURE):
        return _repair_png(data)
    if data.startswith(b"\xff\xd8\xff"):
        return _repair_jpeg(data)
    if data.startswith(b"RIFF") and data[8:12] == b"WEBP":
        return _repair_webp(data)
    if data.startswith(b"GIF8"):
        ended = (data + end for end in (b";", b"\0;"))
        return next(((e, _FRAMES) for e in ended if _gif.is_whole(e)), None)
    if data.startswith(_pages.SIGNATURES):
        return _repair_tiff(data)
    if data.startswith(_jxl.SIGNATURES):
        return _repair_jxl(data)
    return None


def _repair_png(data: bytes) -> tuple[bytes, str] | None:
    chunks = list(_png_chunks(data))
    if not chunks or chunks[0][0] != b"IHDR" or len(chunks[0][1]) != 13:
        return None
    *_, (last, _, whole) = chunks
    note = "" if last == b"IEND" and whole else _CUT
    if not whole and last not in (b"IDAT", b"IEND"):
        chunks.pop()  # it does not concern the pixels, or the file has fewer frames than it states
    compressed = b"".join(content for name, content, _ in chunks if name == b"IDAT")
    expected = _png_bytes(chunks[0][1])
    inflater = zlib.decompressobj(-15)  # without header and checksum
    try:
        pixels = inflater.decompress(compressed[2:], expected)
    except zlib.error:
        return None
    if len(pixels) < expected:
        return None
    try:
        whole_stream = zlib.decompressobj()
        whole_stream.decompress(compressed)
        if not whole_stream.eof:
            note = _CUT
    except zlib.error:
        note = _CHECKSUM
    result = [_png.SIGNATURE]
    written = False
    for name, content, _ in chunks:
        if name == b"IDAT" and not written:
            result.append(_chunk(b"IDAT", zlib.compress(pixels, 1)))
            written = True
        elif name not in (b"IDAT", b"IEND"):
            result.append(_chunk(name, content))
    return b"".join((*result, _chunk(b"IEND", b""))), note or _CHECKSUM


def _png_chunks(data: bytes) -> Iterator[tuple[bytes, bytes, bool]]:
    """Yield name, content and whether it is complete, of each chunk up to the end."""
    at = len(_png.SIGNATURE)
    while at + 8 <= len(data):
        length, name = struct.unpack_from(">I4s", data, at)
        content = data[at + 8 : at + 8 + length]
        at += length + 12
        yield name, content, at <= len(data)
        if name == b"IEND":
            return


def _png_bytes(header: bytes) -> int:
    """Return the number of bytes of all rows."""
    width, height, depth, colour_type = map(int, struct.unpack(">IIBB", header[:10]))
    bits = depth * _CHANNELS.get(colour_type, 0)
    if not header[12]:
        return height * (1 + -(-width * bits // 8))
    total = 0
    for x, y, across, down in _PASSES:
        columns, rows = -(-(width - x) // across), -(-(height - y) // down)
        if columns > 0:
            total += max(rows, 0) * (1 + -(-columns * bits // 8))
    return total


def _chunk(name: bytes, content: bytes) -> bytes:
    checksum = zlib.crc32(name + content)
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", checksum)


def _repair_jpeg(data: bytes) -> tuple[bytes, str] | None:
    if not _has_all_scans(data):
        return None
    ended = data.removesuffix(b"\xff") + _jpeg_kinds.END
    if not _jpeg_kinds.is_complete(ended, _jpeg_pixels(ended), _jpeg_pixels):
        return None
    return ended, _CUT


def _jpeg_pixels(data: bytes) -> NDArray[Any]:
    from PIL import Image

    with Image.open(io.BytesIO(data), formats=("JPEG",)) as image:
        return np.asarray(image)


def _has_all_scans(data: bytes) -> bool:
    """Return whether all scans of a JPEG without an end have at least begun.

    Of a progressive one, each coefficient of each component must have been sent to its last bit.
    """
    at, components = 2, 0
    progressive = False
    missing: set[tuple[int, int]] = set()
    while at + 4 <= len(data):
        if data[at] != 0xFF or data[at + 1] in (0, 0xFF, *range(0xD0, 0xD8)):
            at = data.find(b"\xff", at + 1)
            if at < 0:
                break
            continue
        marker, length = data[at + 1], int.from_bytes(data[at + 2 : at + 4])
        segment = data[at + 4 : at + 2 + length]
        if marker == 0xD9 or at + 2 + length > len(data):
            return False
        if marker in (0xC0, 0xC1, 0xC2) and len(segment) >= 6:
            progressive, components = marker == 0xC2, segment[5]
            names = segment[6 : 6 + 3 * components : 3]
            missing = {(name, k) for name in names for k in range(64 if progressive else 1)}
        elif marker == 0xDA and segment:
            first, last, bits = segment[-3:] if progressive else (0, 0, 0)
            if bits & 15 == 0:
                for name in segment[1 : 1 + 2 * segment[0] : 2]:
                    missing -= {(name, k) for k in range(first, last + 1)}
        at += 2 + length
    return components > 0 and not missing


def _repair_webp(data: bytes) -> tuple[bytes, str] | None:
    """Cut off what follows the last complete chunk, unless it is a part of the picture."""
    at = 12
    while at + 8 <= len(data):
        length = int.from_bytes(data[at + 4 : at + 8], "little")
        if at + 8 + length > len(data):
            if data[at : at + 4] in (b"VP8 ", b"VP8L", b"ALPH", b"ANMF"):
                return None
            break
        at += 8 + length + length % 2
    body = data[8:at].ljust(at - 8, b"\0")  # an odd chunk is followed by a zero
    result = b"RIFF" + len(body).to_bytes(4, "little") + body
    return (result, _CUT) if result != data else None


def _repair_jxl(data: bytes) -> tuple[bytes, str] | None:
    """Cut off an incomplete box of metadata."""
    end = max((box.end for box in boxes(data)), default=0)
    return (data[:end], _CUT) if data[end + 4 : end + 8] in _jxl.METADATA else None


def _repair_tiff(data: bytes) -> tuple[bytes, str] | None:
    """End the chain of pages where the file ends."""
    try:
        layout = _ifd.Layout(_ifd.byte_order(data), data[2:4] in (b"+\0", b"\0+"))
    except ValueError:
        return None
    offset_at, count = 8 if layout.big else 4, 0
    seen: set[int] = set()
    while True:
        offset = int.from_bytes(
            data[offset_at : offset_at + layout.offset_field.size],
            "little" if layout.order == "<" else "big",
        )
        if offset in seen or offset == 0:
            return None
        seen.add(offset)
        try:
            directory = _ifd.locate(io.BytesIO(data), offset, layout)
        except ValueError:
            break
        if directory.link > len(data):
            break
        count += 1
        offset_at = directory.link
        if directory.next is None:
            break
    if count == 0:
        return None
    size = layout.offset_field.size
    ended = data[:offset_at] + bytes(size) + data[offset_at + size :]
    return ended, f"its end is missing; what was read ends with page {count}"
