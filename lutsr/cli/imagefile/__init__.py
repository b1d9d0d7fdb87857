"""Image files in and out, for the command line only: faithfully, or a refusal that says why.

Pillow, tifffile and imagecodecs are imported inside the functions, so that the library itself
never needs them.
"""

from __future__ import annotations

import contextlib
import io
import os
import secrets
import struct
import warnings
from collections.abc import Callable, Iterator, Sequence
from typing import Any, BinaryIO, NoReturn

import numpy as np
from numpy.typing import DTypeLike, NDArray

from . import _jpeg_webp, _png, _png_chunks, _stream, _tiff, _tiff_tags
from ._picture import (
    EXTENSIONS,
    Animation,
    ImageFileError,
    Metadata,
    Picture,
    Resolution,
    damaged,
)
from ._stream import InputError, LargePicture

__all__ = [
    "EXTENSIONS",
    "Animation",
    "ImageFileError",
    "InputError",
    "LargePicture",
    "Metadata",
    "Picture",
    "Resolution",
    "check_target",
    "read",
    "read_large",
    "size",
    "write",
    "write_large",
]

_DTYPES = {
    "PNG": ("uint8", "uint16"),
    "JPEG": ("uint8",),
    "WEBP": ("uint8",),
    "TIFF": ("uint8", "uint16", "float32"),
}
_MAX_SIDES = {
    "PNG": _png.MAX_SIDE,
    "JPEG": _jpeg_webp.JPEG_MAX_SIDE,
    "WEBP": _jpeg_webp.WEBP_MAX_SIDE,
    "TIFF": (1 << 31) - 1,
}
_NAMES = {"PNG": "a PNG", "JPEG": "a JPEG", "WEBP": "a WebP", "TIFF": "a TIFF"}


def read(source: str | BinaryIO) -> Picture:
    """Read all frames of a PNG, JPEG, WebP or TIFF image, turned upright.

    The content decides what the file is, not its extension. `ImageFileError` is raised when it
    cannot be read, or when it holds what a `Picture` would not hold faithfully.
    """
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        for category in (DeprecationWarning, PendingDeprecationWarning):  # for developers
            warnings.simplefilter("ignore", category)
        picture: Picture = _with_file(source, "read")
    # Pillow's warning about large images is meant for servers, our limit on huge ones stays; and
    # damaged EXIF data have their note already.
    for said in sorted({str(w.message) for w in caught if "Bomb" not in w.category.__name__}):
        if not said.startswith("Corrupt EXIF"):
            picture.note(said)
    return picture


@contextlib.contextmanager
def read_large(source: str, scale: int) -> Iterator[LargePicture | None]:
    """Open a TIFF to be read in bands, if its enlarged picture would be too large for memory.

    None says that it is to be read by `read`, whose limit on pixels then holds.
    """
    with contextlib.ExitStack() as stack:
        large = None
        with _reading():
            # What is no regular file, a pipe say, can be opened once only.
            if os.path.isfile(source):
                file = stack.enter_context(_opened(source))
                if file.read(4) in _tiff.SIGNATURES:
                    large = stack.enter_context(_stream.opened(file, scale))
        yield large


def size(source: str) -> tuple[int, int, int]:
    """Return width, height and number of frames as the header of a file states them."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found: tuple[int, int, int] = _with_file(source, "size")
    return found


def check_target(
    format: str, frames: Sequence[tuple[tuple[int, ...], DTypeLike]], picture: Picture
) -> None:
    """Refuse a format that could not hold frames of such shapes and types faithfully.

    `picture` is what the frames are made from: it says whether they are an animation or pages.
    """
    name = _NAMES[format]
    lossless = "a .tif" if any(np.dtype(d).kind == "f" for _, d in frames) else "a .png or .tif"
    for shape, dtype in frames:
        if np.dtype(dtype).name not in _DTYPES[format]:
            held = " or ".join(_DTYPES[format])
            raise ImageFileError(
                f"{name} holds {held} samples, not {np.dtype(dtype).name}; write {lossless}"
            )
        if format == "JPEG" and len(shape) == 3 and shape[2] in (2, 4):
            raise ImageFileError("a JPEG cannot hold alpha; write a .png, .webp or .tif")
        if max(shape[:2]) > _MAX_SIDES[format]:
            other = "a .tif" if max(shape[:2]) > _MAX_SIDES["PNG"] else "a .png or .tif"
            raise ImageFileError(
                f"{name} holds at most {_MAX_SIDES[format]} pixels a side,"
                f" not {shape[1]}x{shape[0]}; write {other}"
            )
    if len(frames) == 1 or format == "TIFF":
        return
    if format == "JPEG" or picture.animation is None:
        what = "frames" if picture.animation else "pages"
        raise ImageFileError(
            f"{name} cannot hold {len(frames)} {what}; write a .tif"
            + (", .png or .webp" if picture.animation else "")
        )
    if any(np.dtype(dtype) != np.uint8 for _, dtype in frames):
        raise ImageFileError("a PNG animation of 16 bits cannot be written; write a .tif")


def write(
    target: str | BinaryIO,
    frames: list[NDArray[Any]],
    source: Picture,
    *,
    format: str,
    strip: bool = False,
) -> None:
    """Write frames in a format, a key of `EXTENSIONS`' values, whole or not at all.

    For a path the bytes go to a temporary file beside it, which takes its name once complete; when
    anything fails it is removed, and `ImageFileError` says what it was. Metadata come from
    `source`, whose `notes` gain a line for what the format cannot hold; `strip` leaves all but
    those that colours depend on.
    """
    pages = _checked_pages(frames, source, format, strip)

    def encode(file: BinaryIO) -> None:
        if format == "PNG":
            file.write(_png.encode(frames, source.animation, pages[0]))
        elif format == "JPEG":
            _jpeg_webp.encode_jpeg(file, frames[0], pages[0], source)
        elif format == "WEBP":
            _jpeg_webp.encode_webp(file, frames, source.animation, pages[0], source)
        else:
            if source.animation is not None and len(frames) > 1:
                source.note("a TIFF cannot hold the times of the frames")
            _tiff_tags.encode(file, frames, pages)

    with _writing():
        if isinstance(target, str):
            _write_whole(target, encode)
        else:
            buffer = io.BytesIO()
            encode(buffer)
            target.write(buffer.getbuffer())
            target.flush()


def write_large(
    target: str,
    large: LargePicture,
    scale: int,
    enlarge: Callable[[NDArray[Any]], NDArray[Any]],
    advance: Callable[[float], Any],
    *,
    halo: int,
    workers: int,
    strip: bool = False,
) -> NDArray[Any]:
    """Enlarge a picture, a band at a time, into a tiled BigTIFF, whole or not at all.

    Parameters
    ----------
    target : str
    large : LargePicture
        Closed at the end; its picture's notes gain a line for what the format cannot hold.
    scale : int
    enlarge : callable
        Enlarges a part of the picture.
    advance : callable
        Told the number of output pixels as they are made.
    halo : int
        So many pixels around a part decide on its result.
    workers : int
        Threads that compress.
    strip : bool
        Leave all metadata but those that colours depend on.

    Returns
    -------
    ndarray
        Of the result's shape and type, in no memory, and without its pixels.
    """
    shape = (large.shape[0] * scale, large.shape[1] * scale, *large.shape[2:])
    frame = np.broadcast_to(np.zeros((), large.dtype), shape)
    (page,) = _checked_pages([frame], large.picture, "TIFF", strip)
    tiles = _stream.tiles(large, scale, halo, enlarge, advance)
    with _writing():
        _write_whole(target, lambda f: _stream.encode(f, large, tiles, frame, page, workers))
    return frame


def _checked_pages(
    frames: Sequence[NDArray[Any]], source: Picture, format: str, strip: bool
) -> list[Metadata]:
    """Check that a format can hold the frames, and return what is to be kept with each."""
    check_target(format, [(frame.shape, frame.dtype) for frame in frames], source)
    pages = [source.metadata(index) for index in range(len(frames))]
    if strip:
        pages = [Metadata(icc=page.icc, colours=page.colours) for page in pages]
    for page in pages:
        _note_losses(page, source, format)
    return pages


@contextlib.contextmanager
def _writing() -> Iterator[None]:
    try:
        yield
    except (OSError, ValueError, RuntimeError, struct.error) as error:
        reason = getattr(error, "strerror", None) or error
        raise ImageFileError(f"cannot be written: {reason}") from error


def _with_file(source: str | BinaryIO, action: str) -> Any:
    """Open a source, find out what it is, and have its format's module read it."""
    with _reading(), _opened(source) as file:
        module = _module(file)
        file.seek(0)
        return getattr(module, action)(file)


@contextlib.contextmanager
def _reading() -> Iterator[None]:
    try:
        yield
    except (ImageFileError, MemoryError):
        raise
    except OSError as error:
        if error.errno is not None:
            raise ImageFileError(f"cannot be read: {error.strerror or error}") from error
        raise damaged(error) from error  # a decoder's
    except Exception as error:  # decoders raise almost anything on damaged files
        raise damaged(error) from error


@contextlib.contextmanager
def _opened(source: str | BinaryIO) -> Iterator[BinaryIO]:
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
    head = file.read(16)
    if head.startswith(_png.SIGNATURE):
        return _png
    if head.startswith(_tiff.SIGNATURES):
        return _tiff
    if head.startswith(b"\xff\xd8\xff") or (head.startswith(b"RIFF") and head[8:12] == b"WEBP"):
        return _jpeg_webp
    _refuse_others(file, head)


def _refuse_others(file: BinaryIO, head: bytes) -> NoReturn:
    from PIL import Image

    if not head:
        raise ImageFileError("is empty; get an intact copy")
    file.seek(0)
    try:
        with Image.open(file) as image:
            format = image.format
    except Exception as error:  # Pillow's decoders do, too
        raise ImageFileError("is not an image that lutsr reads: PNG, JPEG, WebP or TIFF") from error
    raise ImageFileError(f"is a {format} file, not PNG, JPEG, WebP or TIFF; convert it first")


def _note_losses(page: Metadata, source: Picture, format: str) -> None:
    if format == "PNG":
        return
    name = _NAMES[format]
    if names := _png_chunks.foreign_colours(page):
        source.note(f"{name} cannot hold its {', '.join(names)}: colours may differ")
    if names := _png_chunks.text_names(page):
        source.note(f"{name} cannot hold its texts: {', '.join(names)}")
    if page.comment is not None and format != "JPEG":
        source.note(f"{name} cannot hold its comment")


def _write_whole(path: str, encode: Callable[[BinaryIO], None]) -> None:
    target = os.path.realpath(path)  # a link keeps pointing at the file it points at
    temporary = os.path.join(os.path.dirname(target), f".lutsr-{secrets.token_hex(8)}.part")
    try:
        with open(temporary, "x+b") as file:
            encode(file)
        os.replace(temporary, target)
    finally:  # Ctrl-C included; after the move there is nothing of that name
        with contextlib.suppress(OSError):
            os.unlink(temporary)
