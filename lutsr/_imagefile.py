"""Image files in and out, for the command line only: faithfully, or a refusal that says why.

Pillow is imported inside the functions, so that the library itself never needs it.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import struct
import warnings
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, BinaryIO, NoReturn

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from PIL import Image

FORMATS = {".png": "PNG", ".jpg": "JPEG", ".jpeg": "JPEG"}

# What these PNG chunks say is true of the enlarged picture too. With these values they only say
# sRGB, which is what viewers assume without them.
_SRGB_CHUNKS = {
    b"sRGB": None,
    b"gAMA": struct.pack(">I", 45455),
    b"cHRM": struct.pack(">8I", 31270, 32900, 64000, 33000, 30000, 60000, 15000, 6000),
    b"cICP": bytes((1, 13, 0, 1)),
}
_PNG_REFUSED_TYPES = {3: "a palette", 4: "an alpha channel", 6: "an alpha channel"}


class ImageFileError(Exception):
    """A file that cannot be read or written faithfully; the text says why and what to do."""


@dataclass
class Picture:
    """Pixels of an image file, upright, and what must survive beside them."""

    pixels: NDArray[np.uint8]
    icc_profile: bytes | None = None
    exif: bytes | None = None
    dpi: tuple[float, float] | None = None
    colours: dict[bytes, bytes] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)


def read(path: str) -> Picture:
    """Read an 8-bit grey or RGB image from a PNG or JPEG file, turned upright.

    The content decides what the file is, not its extension. `ImageFileError` is raised when it
    cannot be read, or when it holds what 8-bit grey or RGB would not hold faithfully.
    """
    try:
        with open(path, "rb") as file, warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            picture = _read(file)
    except OSError as error:
        raise ImageFileError(f"cannot be opened: {error.strerror or error}") from error
    # Pillow's warning about large images is meant for servers; its limit on huge ones stays.
    said = {str(w.message) for w in caught if w.category.__name__ != "DecompressionBombWarning"}
    picture.notes.extend(sorted(said))
    return picture


def write(path: str, pixels: NDArray[np.uint8], source: Picture) -> None:
    """Write an image as PNG or JPEG, by the extension of `path`, whole or not at all.

    The bytes go to a temporary file beside `path`, which takes its name once complete; when
    anything fails it is removed, and `ImageFileError` says what it was. Colour profile, EXIF and
    resolution come from `source`, whose `notes` gain a line for what the format cannot hold.
    """
    from PIL import Image, PngImagePlugin

    kind = FORMATS[os.path.splitext(path)[1].lower()]
    options: dict[str, Any] = {"icc_profile": source.icc_profile, "dpi": source.dpi}
    if source.exif:
        options["exif"] = _resized_exif(source.exif, pixels.shape[1], pixels.shape[0])
    if kind == "JPEG":
        options |= {"quality": 95, "subsampling": 0}
        lost = [n.decode() for n, data in source.colours.items() if data != _SRGB_CHUNKS[n]]
        if lost and not source.icc_profile and b"sRGB" not in source.colours:
            source.notes.append(f"a JPEG cannot hold its {', '.join(lost)}: colours may differ")
    else:
        options["pnginfo"] = info = PngImagePlugin.PngInfo()
        for name, data in source.colours.items():
            info.add(name, data)
    options = {key: value for key, value in options.items() if value is not None}

    target = os.path.realpath(path)  # a link keeps pointing at the file it points at
    temporary = os.path.join(os.path.dirname(target), f".lutsr-{secrets.token_hex(8)}.part")
    try:
        with open(temporary, "xb") as file:
            Image.fromarray(pixels).save(file, format=kind, **options)
        os.replace(temporary, target)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise ImageFileError(f"cannot be written: {reason}") from error
    finally:  # Ctrl-C included; after the move there is nothing of that name
        with contextlib.suppress(OSError):
            os.unlink(temporary)


def _read(file: BinaryIO) -> Picture:
    from PIL import Image, UnidentifiedImageError

    chunks = dict(_png_chunks(file))
    _refuse_png(chunks)
    file.seek(0)
    notes: list[str] = []
    try:
        with Image.open(file) as image:
            _refuse(image, notes)
            image.load()
            exif = _turn_upright(image, notes)
            icc, dpi = image.info.get("icc_profile"), image.info.get("dpi")
            if icc is None and "icc_profile" in image.info:
                notes.append("its colour profile is damaged and was left out")
            dpi = dpi if dpi and all(0 < float(value) < 65536 for value in dpi) else None
            colours = {name: chunks[name] for name in _SRGB_CHUNKS if name in chunks}
            return Picture(np.asarray(image), icc or None, exif, dpi, colours, notes)
    except (ImageFileError, MemoryError):
        raise
    except UnidentifiedImageError as error:
        raise ImageFileError("is damaged or not an image; lutsr reads PNG and JPEG") from error
    except Image.DecompressionBombError as error:
        raise ImageFileError(f"is too large ({error}); cut it into parts first") from error
    except Exception as error:  # Pillow's decoders raise almost anything on damaged files
        raise ImageFileError(f"is damaged ({error}); get an intact copy") from error


def _png_chunks(file: BinaryIO) -> Iterator[tuple[bytes, bytes]]:
    if file.read(8) != b"\x89PNG\r\n\x1a\n":
        return
    # All that matters here stands before the pixels, and is short.
    while len(head := file.read(8)) == 8 and head[4:] != b"IDAT":
        length, name = struct.unpack(">I4s", head)
        data = file.read(min(length, 64))
        yield name, data
        file.seek(length - len(data) + 4, os.SEEK_CUR)


def _cannot_keep(what: str, advice: str = "convert it to 8-bit grey or RGB first") -> NoReturn:
    raise ImageFileError(f"has {what}, which lutsr cannot keep yet; {advice}")


def _refuse_png(chunks: dict[bytes, bytes]) -> None:
    # The header itself is what counts: Pillow reads 16-bit RGB as 8 bit without a word.
    depth, colour_type = chunks.get(b"IHDR", b"").ljust(10, b"\0")[8:10]
    if depth == 16:
        _cannot_keep("16 bits per channel")
    if colour_type in _PNG_REFUSED_TYPES or b"tRNS" in chunks:
        _cannot_keep(_PNG_REFUSED_TYPES.get(colour_type, "a transparent colour (tRNS)"))
    if depth == 1:
        _cannot_keep("1 bit per pixel")
    if chunks.get(b"acTL", b"")[:4] > struct.pack(">I", 1):
        _cannot_keep("several frames (an animation)", "extract one first")


def _refuse(image: Image.Image, notes: list[str]) -> None:
    if image.format == "MPO":  # what many cameras write: a JPEG followed by previews
        notes.append("holds several pictures; only the first, the main one, was enlarged")
    elif image.format not in FORMATS.values():
        raise ImageFileError(f"is a {image.format} file, not PNG or JPEG; convert it first")
    if image.mode not in ("L", "RGB"):
        _cannot_keep(f"{image.mode} colours")


def _turn_upright(image: Image.Image, notes: list[str]) -> bytes | None:
    """Apply the EXIF orientation to the pixels and return the tags without it."""
    from PIL import ExifTags, ImageOps

    try:
        if image.info.get("exif") and not image.getexif():
            raise ValueError  # Pillow takes some damaged blocks for empty ones
        ImageOps.exif_transpose(image, in_place=True)
        tags = image.getexif()
        tags.pop(ExifTags.Base.Orientation, None)
        return tags.tobytes() if len(tags) else None
    except Exception:  # as above
        notes.append("its EXIF data are damaged and were left out")
        return None


def _resized_exif(exif: bytes, width: int, height: int) -> bytes:
    """Make the tags that state the image's size true again."""
    from PIL import Image

    tags = Image.Exif()
    tags.load(exif)
    for ifd in (tags, tags.get_ifd(0x8769)):
        for tag, value in ((0x0100, width), (0x0101, height), (0xA002, width), (0xA003, height)):
            if tag in ifd:
                ifd[tag] = value
    return tags.tobytes()
