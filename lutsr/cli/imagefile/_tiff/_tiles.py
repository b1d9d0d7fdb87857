"""TIFF written tile by tile, from a picture that is read and upscaled in bands."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Any, BinaryIO

from numpy.typing import NDArray

from .._picture import Metadata
from . import _tags
from ._bands import LargePicture

#: Rows and columns of a tile in the output.
TILE = 256

#: Approximate size, in bytes, of the part of the output that is upscaled and compressed at a time.
BLOCK_BYTES = 4 << 20


def tiles(
    source: LargePicture,
    scale: int,
    halo: int,
    upscale: Callable[[NDArray[Any]], NDArray[Any]],
    advance: Callable[[float], Any],
) -> Iterator[NDArray[Any]]:
    """Upscale a picture and yield the tiles of the result, row by row.

    Parameters
    ----------
    source : LargePicture
    scale : int
    halo : int
        Number of input pixels around a part that its result depends on.
    upscale : callable
        Upscales a part of the picture.
    advance : callable
        Called with the number of output pixels computed since the last call.
    """
    height, width = source.shape[0] * scale, source.shape[1] * scale
    values = TILE * math.prod(source.shape[2:]) * source.dtype.itemsize
    columns = max(1, BLOCK_BYTES // values // TILE) * TILE
    for top in range(0, height, TILE):
        bottom = min(top + TILE, height)
        first, last = _with_halo(top, bottom, scale, halo, source.shape[0])
        band = source.rows(first, last)
        down = slice(top - first * scale, bottom - first * scale)
        for left in range(0, width, columns):
            right = min(left + columns, width)
            first, last = _with_halo(left, right, scale, halo, source.shape[1])
            along = slice(left - first * scale, right - first * scale)
            block = upscale(band[:, first:last])[down, along]
            block = block.reshape(*block.shape[:2], -1)
            advance((bottom - top) * (right - left))
            for x in range(0, right - left, TILE):
                yield block[:, x : x + TILE]


def of_rows(
    lengths: tuple[int, int],
    compute: Callable[[int, int], NDArray[Any]],
    advance: Callable[[float], Any],
) -> Iterator[NDArray[Any]]:
    """Compute a picture, a row of tiles at a time, and yield its tiles.

    Parameters
    ----------
    lengths : tuple of int
        Height and width of the picture.
    compute : callable
        Returns the rows from a first one up to the one before the last.
    advance : callable
        Called with the number of pixels computed since the last call.
    """
    height, width = lengths
    for top in range(0, height, TILE):
        bottom = min(top + TILE, height)
        band = compute(top, bottom)
        band = band.reshape(*band.shape[:2], -1)
        advance((bottom - top) * width)
        for x in range(0, width, TILE):
            yield band[:, x : x + TILE]


def _with_halo(start: int, stop: int, scale: int, halo: int, length: int) -> tuple[int, int]:
    """Return the range of input pixels that a range of output pixels depends on."""
    return max(start // scale - halo, 0), min(-(-stop // scale) + halo, length)


def encode(
    file: BinaryIO,
    source: LargePicture,
    tiles: Iterator[NDArray[Any]],
    frame: NDArray[Any],
    metadata: Metadata,
    workers: int,
) -> None:
    """Write tiles as the one page of a BigTIFF; of `frame` only shape and type are used."""
    import tifffile

    with tifffile.TiffWriter(file, bigtiff=True, byteorder="<") as writer:
        writer.write(
            tiles,
            shape=frame.shape,
            dtype=frame.dtype,
            tile=(TILE, TILE),
            maxworkers=workers,
            buffersize=BLOCK_BYTES,
            **_tags.options(frame, metadata),
        )
    _tags.add(file, [metadata])
    # The output may replace the input, and Windows cannot replace an open file.
    source.close()
