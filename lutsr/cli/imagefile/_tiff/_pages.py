"""TIFF read and written by tifffile: all pages, and never with pixels missing."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from .._colour import from_cmyk, upright
from .._depth import widened
from .._metadata import _exif, _ifd
from .._picture import ImageFileError, Metadata, Picture, check_pixels, check_range, damaged
from . import _tags
from ._checks import (
    channels_left_out,
    check_content,
    check_segments,
    extra_channel,
    photometric,
)
from ._main_pages import main_pages
from ._opening import load

if TYPE_CHECKING:
    from tifffile import TiffPage

SIGNATURES = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
CLASSIC_LIMIT = 4_000_000_000  # offsets have 32 bits; larger files are written as BigTIFF


def size(file: BinaryIO) -> tuple[int, int, int]:
    """Return width and height of the first page, and the number of pages."""
    with opened(file) as pages:
        return pages[0].imagewidth, pages[0].imagelength, len(pages)


def read(file: BinaryIO) -> Picture:
    """Read all pages of a TIFF file."""
    picture = Picture([], pages=[])
    with opened(file, picture) as pages:
        for page in pages:
            check_pixels(page.imagewidth, page.imagelength, len(pages))
            check_content(page)
            check_segments(page)
        alphas = set()
        for page in pages:
            pixels, icc, alpha = _pixels(page, picture)
            metadata, orientation = _tags.read(file, page, pixels, icc, picture)
            picture.pages.append(metadata)
            picture.frames.append(upright(pixels, orientation))
            alphas.add(alpha)
    if len(alphas) > 1:
        raise ImageFileError("has pages with and without alpha; split it into a file per page")
    picture.alpha = alphas.pop()
    return picture


def encode(file: BinaryIO, frames: list[NDArray[Any]], pages: list[Metadata]) -> None:
    """Write the frames as pages, compressed without loss."""
    import tifffile

    big = sum(frame.nbytes for frame in frames) > CLASSIC_LIMIT
    with tifffile.TiffWriter(file, bigtiff=big, byteorder="<") as writer:
        for frame, metadata in zip(frames, pages, strict=True):
            writer.write(np.ascontiguousarray(frame), **_tags.options(frame, metadata))
    _tags.add(file, pages)


@contextlib.contextmanager
def opened(file: BinaryIO, picture: Picture | None = None) -> Iterator[list[TiffPage]]:
    """Open a TIFF and yield its pages; errors that tifffile logs become a note."""
    try:
        _ifd.chain(file)  # where the chain is broken, tifffile drops the rest of the pages
    except ValueError as error:
        raise damaged(error) from error
    errors = _ErrorCounter()
    logger = logging.getLogger("tifffile")
    propagate, logger.propagate = logger.propagate, False
    logger.addHandler(errors)
    try:
        tif, pages = load(file, picture)
        with tif:
            yield main_pages(pages, picture)
    finally:
        logger.removeHandler(errors)
        logger.propagate = propagate
    if picture is None or not errors.count:
        return
    if not any(note.startswith(_exif.DAMAGED_TAGS) for note in picture.notes):
        picture.note(_exif.DAMAGED_TAGS)


class _ErrorCounter(logging.Handler):
    """Count the errors that a library logs instead of raising them."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.count = 0

    def emit(self, record: logging.LogRecord) -> None:
        self.count += 1


def _pixels(page: TiffPage, picture: Picture) -> tuple[NDArray[Any], bytes | None, bool]:
    """Return grey or RGB pixels, their profile, and whether the last channel is alpha."""
    try:
        pixels = page.asarray()
    except (ValueError, NotImplementedError) as error:
        if "not supported" not in str(error):
            raise
        raise ImageFileError(
            f"is stored in a way that cannot be read ({error}); convert it first"
        ) from error
    if page.axes == "SYX":
        pixels = np.moveaxis(pixels, 0, -1)
    if pixels.dtype == np.float16:
        pixels = pixels.astype(np.float32)
        picture.note("16-bit floats became 32-bit ones")
    icc = _tags.profile(page)
    kind = photometric(page)
    if pixels.dtype == bool:
        pixels = pixels.astype(np.uint8)
    extra = extra_channel(page)
    if left := channels_left_out(page):
        pixels = pixels[..., :-left]
        which, were = (
            ("channel, which is", "was") if left == 1 else (f"{left} channels, which are", "were")
        )
        picture.note(f"its last {which} not stated to be alpha, {were} left out")
        pixels = pixels[..., 0] if pixels.shape[-1] == 1 else pixels
    if kind == "PALETTE":
        return _looked_up(pixels, page.colormap, extra == "alpha"), icc, extra == "alpha"
    if pixels.dtype.kind == "u":
        pixels = widened(pixels, page.bitspersample, picture)
    alpha = extra in ("alpha", "premultiplied alpha")
    if extra == "premultiplied alpha":
        check_range(pixels)
        pixels = _divided(pixels)
        picture.note("colours multiplied by alpha were divided by it")
    if kind == "MINISWHITE":
        check_range(pixels)
        pixels = pixels.copy()
        grey = pixels[..., 0] if alpha else pixels
        if pixels.dtype.kind == "f":
            np.subtract(1, grey, out=grey)
        else:
            np.invert(grey, out=grey)  # of signed numbers, too: -1 - grey
    if kind == "SEPARATED":
        colours = from_cmyk(pixels[..., :4], icc, picture.notes)
        pixels = np.concatenate((colours, pixels[..., 4:]), axis=-1)
        icc = None
    return pixels, icc, alpha


def _looked_up(pixels: NDArray[Any], colours: NDArray[Any] | None, alpha: bool) -> NDArray[Any]:
    """Replace indices by the colours of the palette; with `alpha` they are the first channel."""
    indices = pixels[..., 0] if alpha else pixels
    if colours is None or indices.max() >= colours.shape[1]:
        raise damaged("its palette is missing or too short")
    # They are stored in 16 bits. 8-bit ones are v * 257, v * 256 or, of some programs, v itself.
    if colours.max() < 256:
        colours = colours.astype(np.uint8)
    elif not (colours % 257).any() or not (colours % 256).any():
        colours = (colours >> 8).astype(np.uint8)
    found = np.moveaxis(colours[:, indices], 0, -1)
    if not alpha:
        return np.ascontiguousarray(found)
    both = [found, pixels[..., 1:]]
    deep = max(part.dtype.itemsize for part in both) == 2
    both = [part * np.uint16(257) if deep and part.itemsize == 1 else part for part in both]
    return np.concatenate(both, axis=-1)


def _divided(pixels: NDArray[Any]) -> NDArray[Any]:
    """Undo the multiplication of colours by alpha."""
    alpha = pixels[..., -1:].astype(np.float64)
    top = 1 if pixels.dtype.kind == "f" else np.iinfo(pixels.dtype).max
    colours = np.minimum(pixels[..., :-1] * (top / np.where(alpha > 0, alpha, np.inf)), top)
    if pixels.dtype.kind != "f":
        colours = np.rint(colours)
    return np.concatenate((colours.astype(pixels.dtype), pixels[..., -1:]), axis=-1)
