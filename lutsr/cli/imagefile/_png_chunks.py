"""The chunks of a PNG that do not hold pixels: metadata read from them and written to them.

Neither Pillow nor imagecodecs returns all of them, so they are copied from the file unchanged.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from typing import Any

from numpy.typing import NDArray

from ._colour import fitting
from ._metadata import _exif, _xmp
from ._metadata._change import Change
from ._picture import Metadata, Picture, Resolution

# Chunks about colour, which apply to the upscaled picture too. With these values they state sRGB,
# which viewers assume without them.
_SRGB = {
    b"sRGB": None,
    b"gAMA": struct.pack(">I", 45455),
    b"cHRM": struct.pack(">8I", 31270, 32900, 64000, 33000, 30000, 60000, 15000, 6000),
    b"cICP": bytes((1, 13, 0, 1)),
}
_COLOURS = (*_SRGB, b"mDCV", b"cLLI")
#: Lengths of those that have one; a decoder may refuse a file for a chunk of another length.
_LENGTHS = {b"sRGB": 1, b"gAMA": 4, b"cHRM": 32, b"cICP": 4, b"mDCV": 24, b"cLLI": 8, b"pHYs": 9}
_READ = (*_COLOURS, b"iCCP", b"eXIf", b"pHYs")
TEXTS = (b"tEXt", b"zTXt", b"iTXt")
# They describe how or when the input was stored.
_STALE = (b"sBIT", b"hIST", b"tIME", b"bKGD", b"sPLT", b"vpAg", b"caNv")
_XMP_KEYWORD = b"XML:com.adobe.xmp"
_RAW_PROFILE = b"Raw profile type "
_INFLATED_LIMIT = 1 << 26


def shown(name: bytes) -> str:
    """Return the name of a chunk or text for a message."""
    return name.decode("ascii", "backslashreplace")


def decode(
    found: dict[bytes, bytes],
    texts: list[tuple[bytes, bytes]],
    pixels: NDArray[Any],
    picture: Picture,
) -> tuple[Metadata, int]:
    """Return the metadata in the chunks, and the orientation."""
    others = sorted(found.keys() - {*_READ})
    damaged = [n for n, data in found.items() if len(data) != _LENGTHS.get(n, len(data))]
    for name in damaged:
        picture.note(f"its chunk {shown(name)} is damaged and was left out")
    found = {name: data for name, data in found.items() if name not in damaged}
    if stale := [shown(name) for name in others if name in _STALE]:
        picture.note(f"its chunks {', '.join(stale)} do not apply to the output and were left out")
    if unknown := [shown(name) for name in others if name not in _STALE]:
        picture.note(f"its chunks {', '.join(unknown)} were left out")
    xmp, exif, kept = None, found.get(b"eXIf"), []
    for name, data in texts:
        keyword = data.split(b"\0", 1)[0]
        if name == b"iTXt" and keyword == _XMP_KEYWORD:
            if xmp is not None:
                picture.note("of several blocks of XMP data only the first one was kept")
                continue
            xmp = _itxt(data)
            if not xmp:
                picture.note("its XMP data are damaged and were left out")
        elif keyword.startswith(_RAW_PROFILE):  # of ImageMagick, before the chunk eXIf existed
            block = _raw_profile(name, data)
            if exif is None and block is not None and block[:4] in (b"Exif", b"II*\0", b"MM\0*"):
                exif = block
            else:
                picture.note(f"its text {shown(keyword)} was left out")
        else:
            kept.append((name, data))
    height, width = pixels.shape[:2]
    kept_exif, orientation = _exif.read(exif, (width, height), picture.notes)
    icc = None
    if b"iCCP" in found:
        icc = fitting(
            _inflate(found[b"iCCP"].split(b"\0", 1)[-1][1:]) or b"?", pixels, picture.notes
        )
    resolution = None
    if b"pHYs" in found:
        x, y, unit = struct.unpack(">IIB", found[b"pHYs"])
        if x and y:
            resolution = Resolution(x, y, "metre" if unit == 1 else None).turned(orientation)
    return Metadata(
        icc=icc,
        exif=kept_exif,
        xmp=_xmp.read(xmp, Change.turned((width, height), orientation), picture.notes),
        resolution=resolution,
        colours={name: found[name] for name in _COLOURS if name in found},
        texts=kept,
    ), orientation


def encode(metadata: Metadata) -> Iterator[bytes]:
    """Yield the chunks to be written between header and pixels."""
    if metadata.icc:
        yield _chunk(b"iCCP", b"ICC Profile\0\0", zlib.compress(metadata.icc))
    for name, data in metadata.colours.items():
        yield _chunk(name, data)
    resolution = metadata.resolution
    # Equal numbers without a unit state nothing; ImageJ's have theirs in its description.
    if resolution is not None and (resolution.unit or resolution.x != resolution.y):
        x, y = resolution.per("metre") or (resolution.x, resolution.y)
        whole = (round(x), round(y))
        if resolution.unit is None and (x, y) != whole:
            whole = (round(x * 1000), round(y * 1000))
        if all(0 < value < 1 << 31 for value in whole):
            yield _chunk(b"pHYs", struct.pack(">IIB", *whole, resolution.unit is not None))
    if metadata.exif:
        yield _chunk(b"eXIf", metadata.exif)
    if metadata.xmp:
        yield _chunk(b"iTXt", _XMP_KEYWORD, bytes(5), metadata.xmp)
    for comment in metadata.comments:
        yield _chunk(b"iTXt", b"Comment", bytes(5), _in_utf8(comment))
    for name, data in metadata.texts:
        yield _chunk(name, data)


def foreign_colours(metadata: Metadata) -> list[str]:
    """Return names of chunks that change colours and that no other format can hold."""
    odd = {n for n, data in metadata.colours.items() if data != _SRGB.get(n)}
    if metadata.icc or b"sRGB" in metadata.colours:
        odd -= {b"sRGB", b"gAMA", b"cHRM"}  # the profile or sRGB takes precedence
    return [name.decode() for name in metadata.colours if name in odd - {b"sRGB"}]


def text_names(metadata: Metadata) -> list[str]:
    """Return the keywords of texts, which no other format can hold."""
    names = {data.split(b"\0", 1)[0].decode("latin-1") for _, data in metadata.texts}
    return sorted(names)


def _in_utf8(text: bytes) -> bytes:
    try:
        text.decode()
    except UnicodeDecodeError:
        return text.decode("latin-1").encode()
    return text


def _inflate(data: bytes) -> bytes | None:
    try:
        inflater = zlib.decompressobj()
        inflated = inflater.decompress(data, _INFLATED_LIMIT)
    except zlib.error:
        return None
    return inflated if inflater.eof else None


def _itxt(data: bytes) -> bytes | None:
    parts = data.split(b"\0", 1)[1]
    compressed, text = parts[:1] == b"\1", parts[2:].split(b"\0", 2)[-1]
    return _inflate(text) if compressed else text


def _raw_profile(name: bytes, data: bytes) -> bytes | None:
    text: bytes | None = data.split(b"\0", 1)[1]
    if name == b"zTXt":
        text = _inflate(data.split(b"\0", 1)[1][1:])
    elif name == b"iTXt":
        text = _itxt(data)
    try:  # the content is a newline, the kind, the length, and hexadecimal digits
        return bytes.fromhex("".join((text or b"").decode("ascii").split("\n")[3:])) or None
    except ValueError:
        return None


def _chunk(name: bytes, *data: bytes) -> bytes:
    content = b"".join(data)
    return (
        struct.pack(">I", len(content))
        + name
        + content
        + struct.pack(">I", zlib.crc32(name + content))
    )
