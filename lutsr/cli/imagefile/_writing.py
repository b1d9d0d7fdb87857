"""Writing of image files: complete or not at all, and only what the format can hold."""

from __future__ import annotations

import contextlib
import io
import struct
from collections.abc import Callable, Iterator, Sequence
from typing import Any, BinaryIO, TypeAlias

import numpy as np
from numpy.typing import DTypeLike, NDArray

from ..._replace import replacing
from . import _avif, _jpeg, _jxl, _png, _png_chunks, _webp
from ._metadata._enlarged import enlarged
from ._picture import ImageFileError, Metadata, Picture
from ._tiff import _pages, _tags, _tiles
from ._tiff._bands import LargePicture

_DTYPES = {
    "PNG": ("uint8", "uint16"),
    "JPEG": ("uint8",),
    "WEBP": ("uint8",),
    "TIFF": ("uint8", "uint16", "int8", "int16", "float32", "float64"),
    "AVIF": ("uint8",),
    "JXL": ("uint8", "uint16"),
}
_MAX_SIDES = {
    "PNG": _png.MAX_SIDE,
    "JPEG": _jpeg.MAX_SIDE,
    "WEBP": _webp.MAX_SIDE,
    "TIFF": (1 << 31) - 1,
    "AVIF": _avif.MAX_SIDE,
    "JXL": _jxl.MAX_SIDE,
}
_NAMES = {"PNG": "a PNG", "JPEG": "a JPEG", "WEBP": "a WebP", "TIFF": "a TIFF"}
_NAMES |= {"AVIF": "an AVIF", "JXL": "a JPEG XL"}
#: Formats that have a quality, and those of them that can be lossless.
LOSSY = ("JPEG", "WEBP", "AVIF", "JXL")
_LOSSLESS = ("WEBP", "JXL")
#: 1 to 100, "lossless", or None for the default of the format.
Quality: TypeAlias = "int | str | None"
#: Formats that hold several frames, as an animation.
_ANIMATED = ("PNG", "WEBP", "AVIF")


def check_quality(format: str, quality: Quality, dtype: DTypeLike = np.uint8) -> None:
    """Refuse a quality that a format cannot have; PNG and TIFF have none."""
    if quality is None or format not in LOSSY:
        return
    if quality == "lossless" and format not in _LOSSLESS:
        raise ImageFileError(
            f"{_NAMES[format]} is never lossless here; write a .png, .webp, .jxl or .tif"
        )
    if format == "JXL" and quality != "lossless" and np.dtype(dtype) != np.uint8:
        raise ImageFileError("a JPEG XL of 16 bits is always lossless here; leave out --quality")


def check_target(
    format: str, frames: Sequence[tuple[tuple[int, ...], DTypeLike]], picture: Picture
) -> None:
    """Refuse a format that could not hold frames of such shapes and types faithfully.

    `picture` is the input: it states whether the frames are an animation or pages.
    """
    name = _NAMES[format]
    lossless = "a .tif" if any(np.dtype(d).kind in "if" for _, d in frames) else "a .png or .tif"
    for shape, dtype in frames:
        if np.dtype(dtype).name not in _DTYPES[format]:
            held = " or ".join(_DTYPES[format])
            raise ImageFileError(
                f"{name} is written with {held} samples here, not {np.dtype(dtype).name};"
                f" write {lossless}"
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
    if format not in _ANIMATED or picture.animation is None:
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
    quality: Quality = None,
) -> None:
    """Write frames in a format, one of the values of `EXTENSIONS`.

    A file is first written under a temporary name in the same folder, and renamed when it is
    complete. If anything fails, it is removed, and `ImageFileError` states the reason.

    Parameters
    ----------
    target : str or file
    frames : list of ndarray
    source : Picture
        The input, whose metadata are written. Its `notes` gain a line for everything that the
        format cannot hold.
    format : str
    strip : bool
        Whether to leave out all metadata except those that colours depend on.
    quality : int or str, optional
        Of formats that have one: 1 to 100, or "lossless"; see `check_quality`. By default 95 for
        JPEG and 90 for AVIF; WebP is lossless unless the input was a lossy one, and then 90; JPEG
        XL is lossless.
    """
    pages = _checked_pages(frames, source, format, strip)

    def encode(file: BinaryIO) -> None:
        if format == "PNG":
            file.write(_png.encode(frames, source.animation, pages[0]))
        elif format == "JPEG":
            _jpeg.encode(file, frames[0], pages[0], source, quality)
        elif format == "WEBP":
            _webp.encode(file, frames, pages[0], source, quality)
        elif format == "AVIF":
            _avif.encode(file, frames, pages[0], source, quality)
        elif format == "JXL":
            file.write(_jxl.encode(frames[0], pages[0], source, quality))
        else:
            if source.animation is not None and len(frames) > 1:
                source.note("a TIFF cannot hold the times of the frames")
            _pages.encode(file, frames, pages)

    with _writing():
        if isinstance(target, str):
            write_file(target, encode)
        else:
            buffer = io.BytesIO()
            encode(buffer)
            target.write(buffer.getbuffer())
            target.flush()


def write_large(
    target: str,
    large: LargePicture,
    scale: int,
    upscale: Callable[[NDArray[Any]], NDArray[Any]],
    advance: Callable[[float], Any],
    *,
    halo: int,
    workers: int,
    strip: bool = False,
) -> NDArray[Any]:
    """Upscale a picture, a band at a time, into a tiled BigTIFF; temporary names as in `write`.

    Parameters
    ----------
    target : str
    large : LargePicture
        Closed at the end. The notes of its picture gain a line for everything that the format
        cannot hold.
    scale : int
    upscale : callable
        Upscales a part of the picture.
    advance : callable
        Called with the number of output pixels computed since the last call.
    halo : int
        Number of input pixels around a part that its result depends on.
    workers : int
        Threads that compress.
    strip : bool
        Whether to leave out all metadata except those that colours depend on.

    Returns
    -------
    ndarray
        An array of the result's shape and type, without memory and without its pixels.
    """
    tiles = _tiles.tiles(large, scale, halo, upscale, advance)
    lengths = large.shape[0] * scale, large.shape[1] * scale
    return _write_tiles(target, large, tiles, lengths, workers, strip)


def write_resized(
    target: str,
    large: LargePicture,
    lengths: tuple[int, int],
    compute: Callable[[int, int], NDArray[Any]],
    advance: Callable[[float], Any],
    *,
    workers: int,
    strip: bool = False,
) -> NDArray[Any]:
    """Write a resized picture, some rows at a time, into a tiled BigTIFF.

    Parameters
    ----------
    target, large, advance, workers, strip
        As of `write_large`.
    lengths : tuple of int
        Height and width of the result.
    compute : callable
        Returns the rows of the result from a first one up to the one before the last.
    """
    tiles = _tiles.of_rows(lengths, compute, advance)
    return _write_tiles(target, large, tiles, lengths, workers, strip)


def _write_tiles(
    target: str,
    large: LargePicture,
    tiles: Iterator[NDArray[Any]],
    lengths: tuple[int, int],
    workers: int,
    strip: bool,
) -> NDArray[Any]:
    """Write tiles, and return an array of the result's shape and type."""
    frame = np.broadcast_to(np.zeros((), large.dtype), (*lengths, *large.shape[2:]))
    (page,) = _checked_pages([frame], large.picture, "TIFF", strip)
    with _writing():
        write_file(target, lambda f: _tiles.encode(f, large, tiles, frame, page, workers))
    return frame


def write_file(path: str, encode: Callable[[BinaryIO], None]) -> None:
    """Write a file under a temporary name, and rename it when it is complete."""
    with replacing(path) as file:
        encode(file)


def _checked_pages(
    frames: Sequence[NDArray[Any]], source: Picture, format: str, strip: bool
) -> list[Metadata]:
    """Check that a format can hold the frames, and return the metadata that are true of each."""
    check_target(format, [(frame.shape, frame.dtype) for frame in frames], source)
    pages = [source.metadata(index) for index in range(len(frames))]
    if strip:
        pages = [Metadata(icc=page.icc, colours=page.colours) for page in pages]
    pages = [
        enlarged(page, frame.shape, source.notes) for page, frame in zip(pages, frames, strict=True)
    ]
    for page in pages:
        _note_losses(page, source, format)
    return pages


def _note_losses(page: Metadata, source: Picture, format: str) -> None:
    """Add notes about metadata that a format cannot hold."""
    name = _NAMES[format]
    if format != "TIFF" and page.tags:
        source.note(f"{name} cannot hold its {', '.join(_tags.names(page.tags))}")
    if format == "PNG":
        return
    if names := _png_chunks.foreign_colours(page):
        source.note(f"{name} cannot hold its {', '.join(names)}: colours may differ")
    if names := _png_chunks.text_names(page):
        source.note(f"{name} cannot hold its texts: {', '.join(names)}")
    if page.comments and format != "JPEG":
        source.note(f"{name} cannot hold its comment{'s' * (len(page.comments) > 1)}")


@contextlib.contextmanager
def _writing() -> Iterator[None]:
    """Turn the errors of encoding and writing into `ImageFileError`."""
    try:
        yield
    except (OSError, ValueError, RuntimeError, struct.error) as error:
        reason = getattr(error, "strerror", None) or error
        raise ImageFileError(f"cannot be written: {reason}") from error
