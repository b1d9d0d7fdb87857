"""Reading of image files: the format is recognised by content, and each has its module."""

from __future__ import annotations

import contextlib
import io
import os
import warnings
from collections.abc import Callable, Iterator
from typing import Any, BinaryIO, NoReturn

from . import _avif, _bmp, _gif, _jpeg, _jxl, _png, _salvage, _webp
from ._libraries import library_warnings
from ._picture import EXTENSIONS, READ, ImageFileError, Picture, check_range, damaged
from ._tiff import _bands, _pages
from ._tiff._bands import LargePicture

# Brands of files of boxes that pillow-heif reads.
_HEIC = (b"heic", b"heix", b"hevc", b"hevx", b"heim", b"heis", b"mif1", b"msf1")

#: Beginnings of names of formats, as Pillow has them, that are spoken with a vowel first: most are
#: spelled out, as F-L-I, and others such as FITS and SPIDER are words.
_WITH_AN = ("A", "E", "FLI", "FTEX", "HDF", "I", "MP", "MSP", "SGI", "X")


def read(source: str | BinaryIO, *, any_range: bool = False, salvage: bool = False) -> Picture:
    """Read all frames of an image file, turned upright.

    The format is recognised by the file's content, not by its extension.

    Parameters
    ----------
    source : str or file
    any_range : bool
        Whether floats may lie beyond [0, 1].
    salvage : bool
        Whether a file is repaired whose pixels are all there and whose end is missing, or whose
        checksums are wrong.

    Raises
    ------
    ImageFileError
        If the file cannot be read, or has content that a `Picture` could not hold faithfully.
    """
    with warnings.catch_warnings(record=True) as caught, library_warnings() as logged:
        warnings.simplefilter("always")
        for category in (DeprecationWarning, PendingDeprecationWarning):  # for developers
            warnings.simplefilter("ignore", category)
        picture, format = _salvaged(source) if salvage else _with_file(source, "read")
    picture.source = format
    if format in EXTENSIONS.values():
        picture.format = format
    for frame in picture.frames:
        check_range(frame, any_range)
    for page, frame in zip(picture.pages, picture.frames, strict=False):
        page.size = frame.shape[1], frame.shape[0]
    # Pillow's warning about large images is left out, since larger ones are refused anyway;
    # those of its TIFF module are about EXIF data, which are read here, with notes of their own.
    for warning in caught:
        own = os.path.basename(warning.filename) == "TiffImagePlugin.py"
        if "Bomb" not in warning.category.__name__ and not own:
            picture.note(str(warning.message))
    for text in logged:
        picture.note(text)
    picture.notes = list(dict.fromkeys(picture.notes))  # those of several pages, once
    return picture


@contextlib.contextmanager
def read_large(
    source: str, lengths: Callable[[tuple[int, ...]], tuple[int, int]], any_range: bool = False
) -> Iterator[LargePicture | None]:
    """Open a TIFF to be read in bands, if it or its result would be too large for memory.

    `lengths` returns height and width of the result for the shape of the picture. Yields None if
    the file is to be read by `read`, with its limit on the number of pixels.
    """
    with contextlib.ExitStack() as stack:
        large = None
        with _reading():
            # Only regular files can be opened twice; pipes cannot.
            if os.path.isfile(source):
                file = stack.enter_context(_opened(source))
                if file.read(4) in _pages.SIGNATURES:
                    large = stack.enter_context(_bands.opened(file, lengths, any_range))
        yield large


def size(source: str) -> tuple[int, int, int]:
    """Return width, height and number of frames, from the header of a file."""
    with warnings.catch_warnings(), library_warnings():
        warnings.simplefilter("ignore")
        found: tuple[int, int, int] = _with_file(source, "size")[0]
    return found


def _salvaged(source: str | BinaryIO) -> tuple[Picture, str]:
    """Read a file; if it is damaged, read it again, repaired."""
    with _reading(), _opened(source) as file:
        data = file.read()
    try:
        picture, format = _with_file(io.BytesIO(data), "read")
    except ImageFileError:
        with _reading():
            found = _salvage.repaired(data)
        if found is None:
            raise
        picture, format = _with_file(io.BytesIO(found[0]), "read")
        picture.note(f"is damaged and was salvaged: {found[1]}")
    return picture, format


def _with_file(source: str | BinaryIO, action: str) -> tuple[Any, str]:
    """Open a source and call a function of its format's module; return the format, too."""
    with _reading(), _opened(source) as file:
        module, format = _module(file)
        file.seek(0)
        return getattr(module, action)(file), format


@contextlib.contextmanager
def _reading() -> Iterator[None]:
    """Turn the errors of reading and decoding into `ImageFileError`."""
    try:
        yield
    except (ImageFileError, MemoryError):
        raise
    except OSError as error:
        if error.errno is not None:
            raise ImageFileError(f"cannot be read: {error.strerror or error}") from error
        raise damaged(error) from error  # raised by a decoder
    except Exception as error:  # decoders raise exceptions of many types on damaged files
        raise damaged(error) from error


@contextlib.contextmanager
def _opened(source: str | BinaryIO) -> Iterator[BinaryIO]:
    """Yield a source as a file that can be read from any position."""
    if not isinstance(source, str):
        yield io.BytesIO(source.read())
        return
    try:
        file = open(source, "rb")  # noqa: SIM115  (only the opening is inside this `try`)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise ImageFileError(f"cannot be opened: {reason}") from error
    with file:
        yield file if file.seekable() else io.BytesIO(file.read())


def _module(file: BinaryIO) -> tuple[Any, str]:
    """Return the module and the name of a file's format."""
    head = file.read(32)
    if head.startswith(_png.SIGNATURE):
        return _png, "PNG"
    if head.startswith(_pages.SIGNATURES):
        return _pages, "TIFF"
    if head.startswith(b"\xff\xd8\xff"):
        return _jpeg, "JPEG"
    if head.startswith(b"RIFF") and head[8:12] == b"WEBP":
        return _webp, "WEBP"
    if head.startswith(_jxl.SIGNATURES):
        return _jxl, "JXL"
    if head.startswith((b"GIF87a", b"GIF89a")):
        return _gif, "GIF"
    if head.startswith(b"BM"):
        return _bmp, "BMP"
    if head[4:8] == b"ftyp" and _avif.is_avif(head):
        return _avif, "AVIF"
    if head[4:8] == b"ftyp" and head[8:12] in _HEIC:
        return _avif, "HEIC"
    _refuse_format(file, head)


def _refuse_format(file: BinaryIO, head: bytes) -> NoReturn:
    """Raise the error for a file of another format, with the format's name if Pillow knows it."""
    from PIL import Image

    if not head:
        raise ImageFileError("is empty; get an intact copy")
    file.seek(0)
    try:
        with Image.open(file) as image:
            format = str(image.format)
    except Exception as error:  # Pillow's decoders, too, raise exceptions of many types
        raise ImageFileError(f"is not an image that lutsr reads: {READ}") from error
    article = "an" if format.startswith(_WITH_AN) else "a"
    raise ImageFileError(f"is {article} {format} file, not {READ}; convert it first")
