"""TIFF too large for memory: read a band of rows at a time, and written tile by tile."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from . import _tiff, _tiff_tags
from ._exif import resized, tree
from ._picture import MAX_PIXELS, ImageFileError, Metadata, Picture, damaged

if TYPE_CHECKING:
    from tifffile import TiffPage

#: Results of more bytes are made in bands.
STREAMED_BYTES = 1 << 30

#: Rows and columns of a tile in what is written.
TILE = 256

#: Bytes of output that are enlarged, and then compressed, at a time; more or less.
BLOCK_BYTES = 4 << 20

# Deflate and LZW reach some 1000 to 1. A header that claims more is not worth believing.
_MOST_COMPRESSED = 2000


class InputError(ImageFileError):
    """What is wrong with the input, found when the output was begun already."""


class LargePicture:
    """A TIFF of one page whose pixels come a band of rows at a time.

    Attributes
    ----------
    picture : Picture
        Without frames: alpha, metadata and notes.
    shape : tuple of int
        (H, W), or (H, W, C) with channels.
    dtype : numpy.dtype
    """

    def __init__(self, file: BinaryIO, page: TiffPage, picture: Picture) -> None:
        channels = page.samplesperpixel
        self.picture = picture
        self.shape = _shape(page)
        self.dtype = np.dtype(page.dtype)
        self._file, self._page = file, page
        self._planes = channels if page.axes == "SYX" else 1
        self._plane_shape = self.shape[0], self.shape[1], channels // self._planes
        # Rows of strips or tiles that were needed last: the next band may begin in them.
        self._decoded: dict[int, NDArray[Any]] = {}

    def close(self) -> None:
        """Close the file; no rows can be read any more."""
        self._file.close()

    def rows(self, start: int, stop: int) -> NDArray[Any]:
        """Return a band of rows, start included, stop not."""
        try:
            band = (self._raw if _is_raw(self._page) else self._unpacked)(start, stop)
        except MemoryError:
            raise
        except Exception as error:  # decoders raise almost anything on damaged files
            reason = getattr(error, "strerror", None)
            raise InputError(
                f"cannot be read: {reason}" if reason else str(damaged(error))
            ) from error
        # NaN fails both comparisons.
        if band.dtype.kind == "f" and not (band.min() >= 0 and band.max() <= 1):
            raise InputError("has values outside [0, 1]; scale them into it first")
        return band.reshape(len(band), *self.shape[1:])

    def _raw(self, start: int, stop: int) -> NDArray[Any]:
        """Read rows that lie in the file as they are."""
        height, width, samples = self._plane_shape
        length = width * samples * self.dtype.itemsize
        planes = []
        for plane in range(self._planes):
            self._file.seek(self._page.dataoffsets[0] + (plane * height + start) * length)
            data = self._file.read((stop - start) * length)
            stored = self.dtype.newbyteorder(self._page.parent.byteorder)
            planes.append(np.frombuffer(data, stored).reshape(stop - start, width, samples))
        return np.concatenate(planes, axis=-1).astype(self.dtype, copy=False)

    def _unpacked(self, start: int, stop: int) -> NDArray[Any]:
        length = _segment_rows(self._page)
        wanted = range(start // length, (stop - 1) // length + 1)
        kept = {k: self._decoded[k] for k in wanted if k in self._decoded}
        self._decoded = kept  # the others are let go before more are made
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
def opened(file: BinaryIO, scale: int) -> Iterator[LargePicture | None]:
    """Open a TIFF whose enlarged picture is too large for memory; None if it is not such a one."""
    picture = Picture([], pages=[])
    with _tiff.opened(file, picture) as pages:
        if len(pages) > 1 or not _is_large(pages[0], scale):
            yield None
            return
        (page,) = pages
        _tiff.refuse(page)
        if not _is_plain(page):
            yield None
            return
        _tiff.check_segments(page)
        # Only its shape and type are looked at.
        pixels = np.broadcast_to(np.zeros((), page.dtype), _shape(page))
        metadata, orientation = _tiff.metadata_of(file, page, pixels, page.iccprofile, picture)
        if orientation != 1 or not _is_believable(page, file):
            yield None
            return
        picture.pages.append(metadata)
        picture.alpha = page.samplesperpixel in (2, 4)
        yield LargePicture(file, page, picture)


def _shape(page: TiffPage) -> tuple[int, ...]:
    shape = page.imagelength, page.imagewidth
    return shape if page.samplesperpixel == 1 else (*shape, page.samplesperpixel)


def _is_large(page: TiffPage, scale: int) -> bool:
    size = math.prod(_shape(page)) * scale * scale * page.bitspersample // 8
    return size > STREAMED_BYTES


def _is_plain(page: TiffPage) -> bool:
    """Whether the samples are what is enlarged: no palette, nothing to convert."""
    dtype = np.dtype(page.dtype)
    return (
        _tiff.photometric(page) in ("MINISBLACK", "RGB", "YCBCR")
        and dtype.name in ("uint8", "uint16", "float32")
        and page.bitspersample == 8 * dtype.itemsize
        and page.extrasamples[:1] != (1,)  # colours multiplied by alpha
        and page.jpegheader is None
    )


def _is_believable(page: TiffPage, file: BinaryIO) -> bool:
    """Whether there are data for so many pixels, and no part of them is huge."""
    stored = min(sum(page.databytecounts), page.parent.filehandle.size)
    if math.prod(_shape(page)) * page.bitspersample // 8 > _MOST_COMPRESSED * stored:
        return False
    return _is_raw(page) or _segment_rows(page) * page.imagewidth <= MAX_PIXELS


def _is_raw(page: TiffPage) -> bool:
    return bool(page.is_contiguous and page.fillorder == 1 and page.predictor == 1)


def _segment_rows(page: TiffPage) -> int:
    return int(page.tilelength if page.is_tiled else min(page.rowsperstrip, page.imagelength))


def tiles(
    source: LargePicture,
    scale: int,
    halo: int,
    enlarge: Callable[[NDArray[Any]], NDArray[Any]],
    advance: Callable[[float], Any],
) -> Iterator[NDArray[Any]]:
    """Enlarge a picture and yield the tiles of the result, row by row.

    Parameters
    ----------
    source : LargePicture
    scale : int
    halo : int
        So many pixels around a part decide on its result.
    enlarge : callable
        Enlarges a part of the picture.
    advance : callable
        Told the number of output pixels as they are made.
    """
    height, width = source.shape[0] * scale, source.shape[1] * scale
    values = TILE * math.prod(source.shape[2:]) * source.dtype.itemsize
    columns = max(1, BLOCK_BYTES // values // TILE) * TILE
    for top in range(0, height, TILE):
        bottom = min(top + TILE, height)
        first, last = _reach(top, bottom, scale, halo, source.shape[0])
        band = source.rows(first, last)
        down = slice(top - first * scale, bottom - first * scale)
        for left in range(0, width, columns):
            right = min(left + columns, width)
            first, last = _reach(left, right, scale, halo, source.shape[1])
            along = slice(left - first * scale, right - first * scale)
            block = enlarge(band[:, first:last])[down, along]
            block = block.reshape(*block.shape[:2], -1)
            advance((bottom - top) * (right - left))
            for x in range(0, right - left, TILE):
                yield block[:, x : x + TILE]


def _reach(start: int, stop: int, scale: int, halo: int, length: int) -> tuple[int, int]:
    """Return the range of input pixels that decides on a range of output pixels."""
    return max(start // scale - halo, 0), min(-(-stop // scale) + halo, length)


def encode(
    file: BinaryIO,
    source: LargePicture,
    tiles: Iterator[NDArray[Any]],
    frame: NDArray[Any],
    metadata: Metadata,
    workers: int,
) -> None:
    """Write tiles as the one page of a BigTIFF.

    Of `frame` only the shape and type are looked at.
    """
    import tifffile

    with tifffile.TiffWriter(file, bigtiff=True, byteorder="<") as writer:
        writer.write(
            tiles,
            shape=frame.shape,
            dtype=frame.dtype,
            tile=(TILE, TILE),
            maxworkers=workers,
            buffersize=BLOCK_BYTES,
            **_tiff_tags.options_of(frame, metadata),
        )
    if metadata.exif:
        height, width = frame.shape[:2]
        ((pointer, offset),) = _tiff_tags.chain(file)
        tags = tree(resized(metadata.exif, width, height))
        _tiff_tags.add_tags(file, pointer, offset, True, tags)
    source.close()  # it may be replaced by what was written, and Windows replaces no open file
