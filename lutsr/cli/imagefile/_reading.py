"""Reading of image files: the format is recognised by content, and each has its module."""

from __future__ import annotations

import contextlib
import io
import os
import warnings
from collections.abc import Iterator
from typing import Any, BinaryIO, NoReturn

from . import _jpeg_webp, _png
from ._libraries import library_warnings
from ._picture import ImageFileError, Picture, damaged
from ._tiff import _bands, _pages
from ._tiff._bands import LargePicture


def read(source: str | BinaryIO) -> Picture:
    """Read all frames of a PNG, JPEG, WebP or TIFF image, turned upright.

    The format is recognised by the file's content, not by its extension.

    Raises
    ------
    ImageFileError
        If the file cannot be read, or has content that a `Picture` could not hold faithfully.
    """
    with warnings.catch_warnings(record=True) as caught, library_warnings() as logged:
        warnings.simplefilter("always")
        for category in (DeprecationWarning, PendingDeprecationWarning):  # for developers
            warnings.simplefilter("ignore", category)
        picture: Picture = _with_file(source, "read")
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
def read_large(source: str, scale: int) -> Iterator[LargePicture | None]:
    """Open a TIFF to be read in bands, if its upscaled picture would be too large for memory.

    Yields None if it is to be read by `read`, with its limit on the number of pixels.
    """
    with contextlib.ExitStack() as stack:
        large = None
        with _reading():
            # Only regular files can be opened twice; pipes cannot.
            if os.path.isfile(source):
                file = stack.enter_context(_opened(source))
                if file.read(4) in _pages.SIGNATURES:
                    large = stack.enter_context(_bands.opened(file, scale))
        yield large


def size(source: str) -> tuple[int, int, int]:
    """Return width, height and number of frames, from the header of a file."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found: tuple[int, int, int] = _with_file(source, "size")
    return found


def _with_file(source: str | BinaryIO, action: str) -> Any:
    """Open a source and call a function of its format's module."""
    with _reading(), _opened(source) as file:
        module = _module(file)
        file.seek(0)
        return getattr(module, action)(file)


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


def _module(file: BinaryIO) -> Any:
    """Return the module of a file's format."""
    head = file.read(16)
    if head.startswith(_png.SIGNATURE):
        return _png
    if head.startswith(_pages.SIGNATURES):
        return _pages
    if head.startswith(b"\xff\xd8\xff") or (head.startswith(b"RIFF") and head[8:12] == b"WEBP"):
        return _jpeg_webp
    _refuse_format(file, head)


def _refuse_format(file: BinaryIO, head: bytes) -> NoReturn:
    """Raise the error for a file of another format, with the format's name if Pillow knows it."""
    from PIL import Image

    if not head:
        raise ImageFileError("is empty; get an intact copy")
    file.seek(0)
    try:
        with Image.open(file) as image:
            format = image.format
    except Exception as error:  # Pillow's decoders, too, raise exceptions of many types
        raise ImageFileError("is not an image that lutsr reads: PNG, JPEG, WebP or TIFF") from error
    raise ImageFileError(f"is a {format} file, not PNG, JPEG, WebP or TIFF; convert it first")
