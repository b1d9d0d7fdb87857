"""TIFF read a band of rows at a time, where the picture or the result is too large for memory."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from ...._frame.ranges import CHECKED_VALUES, Span, find_span, to_unit
from .._picture import MAX_PIXELS, ImageFileError, Picture, check_range, damaged
from . import _pages, _tags
from ._checks import (
    channels_left_out,
    check_content,
    check_segments,
    extra_channel,
    photometric,
)

if TYPE_CHECKING:
    from tifffile import TiffPage

#: Pictures of more bytes, before or after, are read and computed in bands.
STREAMED_BYTES = 1 << 30

# Deflate and LZW compress at most about 1000 to 1. A header that claims more is not trusted.
_MAX_COMPRESSION = 2000


class InputError(ImageFileError):
    """An error of the input that is found after writing of the output has begun."""


class LargePicture:
    """A TIFF of one page whose pixels are read a band of rows at a time.

    Attributes
    ----------
    picture : Picture
        Alpha, metadata and notes; it has no frames.
    shape : tuple of int
        (H, W), or (H, W, C) with channels.
    dtype : numpy.dtype
    """

    def __init__(
        self, file: BinaryIO, page: TiffPage, picture: Picture, any_range: bool = False
    ) -> None:
        channels = page.samplesperpixel
        self.picture = picture
        self.shape = _shape(page)
        self.dtype = np.dtype(page.dtype)
        self._file, self._page, self._any_range = file, page, any_range
        self._span: Span | None = None
        self._planes = channels if page.axes == "SYX" else 1
        self._plane_shape = self.shape[0], self.shape[1], channels // self._planes
        # Strips, or rows of tiles, of the last band: the next band may begin in them.
        self._decoded: dict[int, NDArray[Any]] = {}

    def close(self) -> None:
        """Close the file; no rows can be read afterwards."""
        self._file.close()

    def rows(self, start: int, stop: int) -> NDArray[Any]:
        """Return the rows ``start <= row < stop``."""
        try:
            read = self._read_raw if _is_raw(self._page) else self._read_decoded
            band = read(start, stop)
        except MemoryError:
            raise
        except Exception as error:  # decoders raise exceptions of many types on damaged files
            reason = getattr(error, "strerror", None)
            raise InputError(
                f"cannot be read: {reason}" if reason else str(damaged(error))
            ) from error
        try:
            check_range(band, self._any_range)
        except ImageFileError as error:
            raise InputError(str(error)) from error
        if self._span is not None:
            band = to_unit(band, self._span, self.dtype)
        return band.reshape(len(band), *self.shape[1:])

    def scale_into_unit(self) -> Span | None:
        """Scale floats beyond [0, 1] into it whenever they are read, and return their range.

        All rows are read to find it. None is returned if there is nothing to scale.
        """
        if self.dtype.kind != "f":
            return None
        rows = max(1, CHECKED_VALUES // math.prod(self.shape[1:]))
        starts = range(0, self.shape[0], rows)
        spans = [find_span(self.rows(y, min(y + rows, self.shape[0]))) for y in starts]
        span = Span(min(span.low for span in spans), max(span.high for span in spans))
        if span.is_unit:
            return None
        if self.picture.alpha:
            raise InputError(
                "has alpha, and floats beyond [0, 1]; save colours and alpha in two files first"
            )
        self._span = span
        return span

    def _read_raw(self, start: int, stop: int) -> NDArray[Any]:
        """Read rows that are stored without compression, one after another."""
        height, width, samples = self._plane_shape
        length = width * samples * self.dtype.itemsize
        planes = []
        for plane in range(self._planes):
            self._file.seek(self._page.dataoffsets[0] + (plane * height + start) * length)
            data = self._file.read((stop - start) * length)
            stored = self.dtype.newbyteorder(self._page.parent.byteorder)
            planes.append(np.frombuffer(data, stored).reshape(stop - start, width, samples))
        return np.concatenate(planes, axis=-1).astype(self.dtype, copy=False)

    def _read_decoded(self, start: int, stop: int) -> NDArray[Any]:
        """Read rows of strips or tiles, each of which is decoded once."""
        length = _segment_rows(self._page)
        wanted = range(start // length, (stop - 1) // length + 1)
        kept = {k: self._decoded[k] for k in wanted if k in self._decoded}
        self._decoded = kept  # memory of the others is freed before more are decoded
        for k in wanted:
            if k not in kept:
                kept[k] = self._decode(k)
        parts = [kept[k][max(start - k * length, 0) : stop - k * length] for k in wanted]
        return parts[0] if len(parts) == 1 else np.concatenate(parts)

    def _decode(self, row: int) -> NDArray[Any]:
        """Decode a strip, or a row of tiles, of all planes."""
        page = self._page
        height, width, samples = self._plane_shape
        length = _segment_rows(page)
        down = math.ceil(height / length)
        across = math.ceil(width / page.tilewidth) if page.is_tiled else 1
        rows = min(length, height - row * length)
        result = np.empty((rows, width, samples * self._planes), self.dtype)
        for plane in range(self._planes):
            for column in range(across):
                index = (plane * down + row) * across + column
                self._file.seek(page.dataoffsets[index])
                data = self._file.read(page.databytecounts[index])
                segment, (_, _, _, left, _), _ = page.decode(
                    data, index, jpegtables=page.jpegtables
                )
                if segment is None:
                    raise damaged("some of its pixels are missing")
                part = segment[0, :rows, : width - left]
                channels = slice(plane * samples, (plane + 1) * samples)
                result[:, left : left + part.shape[1], channels] = part
        return result


@contextlib.contextmanager
def opened(
    file: BinaryIO, lengths: Callable[[tuple[int, ...]], tuple[int, int]], any_range: bool = False
) -> Iterator[LargePicture | None]:
    """Open a TIFF to be read in bands; yield None if it is to be read as a whole.

    `lengths` returns height and width of the result for the shape of the picture.
    """
    picture = Picture([], pages=[])
    with _pages.opened(file, picture) as pages:
        if len(pages) > 1 or not _is_large(pages[0], lengths):
            yield None
            return
        (page,) = pages
        check_content(page)
        if not _is_plain(page):
            yield None
            return
        check_segments(page)
        # An array without memory: only its shape and type are used.
        pixels = np.broadcast_to(np.zeros((), page.dtype), _shape(page))
        metadata, orientation = _tags.read(file, page, pixels, _tags.profile(page), picture)
        if orientation != 1 or not _is_plausible(page):
            yield None
            return
        metadata.size = page.imagewidth, page.imagelength
        picture.pages.append(metadata)
        picture.alpha = page.samplesperpixel in (2, 4)
        yield LargePicture(file, page, picture, any_range)


def _shape(page: TiffPage) -> tuple[int, ...]:
    shape = page.imagelength, page.imagewidth
    return shape if page.samplesperpixel == 1 else (*shape, page.samplesperpixel)


def _is_large(page: TiffPage, lengths: Callable[[tuple[int, ...]], tuple[int, int]]) -> bool:
    shape = _shape(page)
    pixels, results = math.prod(shape[:2]), math.prod(lengths(shape))
    size = max(pixels, results) * page.samplesperpixel * page.bitspersample // 8
    return size > STREAMED_BYTES or pixels > MAX_PIXELS


def _is_plain(page: TiffPage) -> bool:
    """Return whether the samples can be upscaled as they are, without any conversion."""
    dtype = np.dtype(page.dtype)
    return (
        photometric(page) in ("MINISBLACK", "RGB", "YCBCR")
        and dtype.name in ("uint8", "uint16", "int8", "int16", "float32", "float64")
        and page.bitspersample == 8 * dtype.itemsize
        and extra_channel(page) in (None, "alpha")
        and not channels_left_out(page)
        and page.jpegheader is None
    )


def _is_plausible(page: TiffPage) -> bool:
    """Return whether the file has data for so many pixels, and no huge strips or tiles."""
    stored = min(sum(page.databytecounts), page.parent.filehandle.size)
    if math.prod(_shape(page)) * page.bitspersample // 8 > _MAX_COMPRESSION * stored:
        return False
    return _is_raw(page) or _segment_rows(page) * page.imagewidth <= MAX_PIXELS


def _is_raw(page: TiffPage) -> bool:
    return bool(page.is_contiguous and page.fillorder == 1 and page.predictor == 1)


def _segment_rows(page: TiffPage) -> int:
    return int(page.tilelength if page.is_tiled else min(page.rowsperstrip, page.imagelength))
