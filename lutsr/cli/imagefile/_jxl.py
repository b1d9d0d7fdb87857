"""JPEG XL: pixels by imagecodecs, and the boxes of its container, which hold EXIF and XMP."""

from __future__ import annotations

from typing import Any, BinaryIO, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ._boxes import Box, boxes, own_boxes
from ._colour import to_srgb
from ._jxl_end import end_of_codestream
from ._metadata import _exif, _xmp
from ._metadata._change import Change
from ._picture import ImageFileError, Metadata, Picture, Resolution, check_pixels, damaged

_CODESTREAM = b"\xff\x0a"
_SIGNATURE = b"\0\0\0\x0cJXL \r\n\x87\n"
SIGNATURES = (_CODESTREAM, _SIGNATURE)
_HEADER = _SIGNATURE + b"\0\0\0\x14ftypjxl \0\0\0\0jxl "
# Boxes about pixels and their coding.
_PIXELS = {b"JXL ", b"ftyp", b"jxll", b"jxli", b"jxlc", b"jxlp", b"jbrd"}
#: Boxes about metadata: EXIF, XMP, JUMBF, and any of these compressed.
METADATA = {b"Exif", b"xml ", b"jumb", b"brob"}
MAX_SIDE = 1 << 20
_RGB, _GREY, _D65, _SRGB_PRIMARIES, _SRGB_CURVE, _LINEAR_CURVE = 0, 1, 1, 1, 13, 8
# Widths as multiples of heights, by the field `ratio` of the header.
_RATIOS = {1: (1, 1), 2: (12, 10), 3: (4, 3), 4: (3, 2), 5: (16, 9), 6: (5, 4), 7: (2, 1)}


def size(file: BinaryIO) -> tuple[int, int, int]:
    """Return width and height; animations are refused when they are read."""
    header = _header(file.read())
    return header.width, header.height, 1


def read(file: BinaryIO) -> Picture:
    """Read a JPEG XL file."""
    import imagecodecs

    picture = Picture([])
    data = file.read()
    header = _header(data)
    check_pixels(header.width, header.height)
    pixels = imagecodecs.jpegxl_decode(data)  # upright
    if pixels.ndim > 3 or (pixels.ndim == 3 and pixels.shape[2] > 4):
        raise ImageFileError("is a JPEG XL animation, or has more channels than RGBA; convert it")
    if sorted(pixels.shape[:2]) != sorted(header[:2]):
        raise damaged("its pixels are not those of its header")
    if not header.is_srgb:
        picture.note("its colour profile cannot be read and was left out: colours may differ")
    if pixels.dtype.name not in ("uint8", "uint16"):
        raise ImageFileError(f"has {pixels.dtype.name} samples; convert it to 8 or 16 bits first")
    exif = xmp = None
    end = 0
    for name, start, end in () if data.startswith(_CODESTREAM) else own_boxes(data):
        content = data[start:end]
        if name == b"Exif":
            exif = content[4 + int.from_bytes(content[:4]) :]
        elif name == b"xml ":
            xmp = content
        elif name not in _PIXELS:
            shown = name.decode("ascii", "backslashreplace").strip()
            picture.note(f"its boxes {shown} were left out")
    if end and data[end + 4 : end + 8] in (_PIXELS | METADATA) - {b"ftyp"}:
        raise damaged("it ends too early")
    picture.note_rest(data[end or end_of_codestream(data, header.width, header.height) :])
    stored = header.width, header.height
    kept, _ = _exif.read(exif, stored, picture.notes, header.orientation)
    turned = Change.turned(stored, header.orientation)
    picture.frames = [pixels]
    picture.alpha = pixels.ndim == 3 and pixels.shape[2] in (2, 4)
    picture.pages = [Metadata(exif=kept, xmp=_xmp.read(xmp, turned, picture.notes))]
    found = _exif.resolution(kept)
    if found and min(found[:2]) > 0:
        picture.pages[0].resolution = Resolution(*found)
    return picture


def encode(
    pixels: NDArray[Any], metadata: Metadata, picture: Picture, quality: int | str | None
) -> bytes:
    """Return the bytes of a JPEG XL file, without loss unless a quality is given."""
    import imagecodecs

    if metadata.icc:
        space = {b"GRAY": "gray", b"RGB ": "rgb"}[metadata.icc[16:20]]
        picture.note("a JPEG XL cannot hold its colour profile here: converted to sRGB")
        colours = pixels if pixels.ndim == 2 else pixels[..., : pixels.shape[2] - picture.alpha]
        converted = to_srgb(colours.squeeze(), metadata.icc, space)
        if picture.alpha:
            converted = np.concatenate((converted, pixels[..., -1:]), axis=-1)
        pixels = converted
    lossless = quality in (None, "lossless")
    options: dict[str, Any] = {"lossless": True} if lossless else {"level": quality}
    data = bytes(imagecodecs.jpegxl_encode(np.ascontiguousarray(pixels), **options))
    data = _as_srgb(data)
    if data.startswith(_CODESTREAM):
        data = _HEADER + _box(b"jxlc", data)
    density = metadata.resolution.per("inch") if metadata.resolution else None
    exif = metadata.exif
    if density and _exif.resolution(exif) is None:
        exif = _exif.with_resolution(exif, *density)
    if exif:
        data += _box(b"Exif", bytes(4) + exif)
    if metadata.xmp:
        data += _box(b"xml ", metadata.xmp)
    return data


def _as_srgb(data: bytes) -> bytes:
    """Return a file without loss whose header states sRGB.

    imagecodecs states linear colours for 16 bits, and takes the values as they are.
    """
    header = _header(data)
    if header.is_srgb or header.curve is None:
        return data
    start = data.index(_CODESTREAM) + 2
    stream = int.from_bytes(data[start : start + 62], "little")
    # Both values are written as the two bits 2, and four bits of the rest.
    stream ^= ((_LINEAR_CURVE - 2) ^ (_SRGB_CURVE - 2)) << (header.curve + 2)
    changed = stream.to_bytes(len(data[start : start + 62]), "little")
    return data[:start] + changed + data[start + 62 :]


def _box(name: bytes, content: bytes) -> bytes:
    return (len(content) + 8).to_bytes(4) + name + content


class _Header(NamedTuple):
    width: int
    height: int
    orientation: int  # that the decoder has undone; the one in EXIF data does not count
    is_srgb: bool  # False, too, if that is not known
    curve: int | None  # bit at which the tone curve is stated, in sRGB except for that


def _header(data: bytes) -> _Header:
    """Read the beginning of the codestream."""
    stream = data[:64]
    if not stream.startswith(_CODESTREAM):
        parts = (b for b in boxes(data) if b.name in (b"jxlc", b"jxlp"))
        first = next(parts, Box(b"", 0, 0))
        stream = data[first.start + 4 * (first.name == b"jxlp") : first.end][:64]
    if not stream.startswith(_CODESTREAM):
        raise damaged("it has no pixels")
    bits = _Bits(stream[2:].ljust(62, b"\0"))
    small = bits.read(1)
    height = _length(bits, small)
    ratio = bits.read(3)
    if ratio:
        across, down = _RATIOS[ratio]
        width = height * across // down
    else:
        width = _length(bits, small)
    is_srgb = _is_srgb(bits)
    return _Header(width, height, bits.orientation, is_srgb, bits.curve)


def _length(bits: _Bits, small: int) -> int:
    if small:
        return (bits.read(5) + 1) * 8
    return bits.read((9, 13, 18, 30)[bits.read(2)]) + 1


def _is_srgb(bits: _Bits) -> bool:
    """Return whether the metadata of an image state the default colours; False if in doubt."""
    if bits.read(1):  # all fields are default
        return True
    if bits.read(1):
        bits.orientation = 1 + bits.read(3)
        if any(bits.read(1) for _ in range(3)):
            return False  # a preview, an animation or another size: the rest is not looked at
    if bits.read(1):  # floats
        return False
    bits.read((0, 0, 0, 6)[bits.read(2)])  # bits per sample: 8, 10, 12 or any
    bits.read(1)  # whether 16 bits suffice for buffers
    extra = bits.read(2)
    if extra > 1 or (extra == 1 and not _is_plain_alpha(bits)):
        return False
    bits.read(1)  # whether colours are XYB
    if bits.read(1):
        return True
    if bits.read(1):  # a profile
        return False
    space, white = bits.enum(), bits.enum()
    if space not in (_RGB, _GREY) or white != _D65:
        return False
    if space == _RGB and bits.enum() != _SRGB_PRIMARIES:
        return False
    if bits.read(1):  # a gamma
        return False
    bits.curve = bits.place
    return bits.enum() == _SRGB_CURVE


def _is_plain_alpha(bits: _Bits) -> bool:
    if bits.read(1):
        return True
    if bits.read(2) != 0 or bits.read(1):  # another kind, or floats
        return False
    bits.read((0, 0, 0, 6)[bits.read(2)])
    return bits.read(2) == 0 and bits.read(2) == 0 and not bits.read(1)


class _Bits:
    """Reads bits, the lowest of each byte first."""

    def __init__(self, data: bytes) -> None:
        self._value = int.from_bytes(data, "little")
        self.place = 0
        self.curve: int | None = None
        self.orientation = 1

    def read(self, count: int) -> int:
        value = self._value & ((1 << count) - 1)
        self._value >>= count
        self.place += count
        return value

    def enum(self) -> int:
        choice = self.read(2)
        return choice if choice < 2 else (2 + self.read(4) if choice == 2 else 18 + self.read(6))
