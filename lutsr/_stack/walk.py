"""The order in which the rows of a stack's layers are computed, for all depths.

The image is padded by the halo while it is copied into a ring of rows, and the maps of each layer
are smaller than what they are computed from, so no layer has a border. Maps are kept in rings,
too, each of the rows that the next layer still needs, so nothing is computed twice in a tile.

The *margin* of a layer is the number of rows and columns by which its maps go beyond those whose
output is wanted.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from .._numba.jit import inlined_part, part
from .._numba.record import member


class Steps(NamedTuple):
    """What is to be computed, and in which steps.

    Attributes
    ----------
    image, out : ndarray
        C-contiguous, (H, W, C) and (r * H, r * W, C).
    height, width, channels : int
        Of the image.
    first, last : int
        Rows of the image.
    details : int
        How many channels have a detail: one where it is that of the luma, or else all.
    layers : int
        All but the last one.
    halo : int
        Rows and columns by which the image is padded.
    scale, reach, top : int
        Scale; columns of the first layer's window on each side of a pixel; what maps are clipped
        to.
    tile : int
        Columns that are computed at a time.
    step : int
        Rows of a layer that are computed before it is the next layer's turn: meanwhile the
        layer's tables stay in the cache.
    """

    image: Any
    out: Any
    height: int
    width: int
    channels: int
    first: int
    last: int
    details: int
    layers: int
    halo: int
    scale: int
    reach: int
    top: int
    tile: int
    step: int


class Rings(NamedTuple):
    """The sizes of scratch arrays, in elements: see the scratch of each depth.

    Attributes
    ----------
    rows, length : int
        Rows of the padded image that a ring has, and elements in a row.
    map_rows, map_length, map_front : int
        The same for maps, and elements before the first pixel of a row.
    detail_length, detail_front : int
        Elements of a row of details, and those before its first pixel.
    """

    rows: int
    length: int
    map_rows: int
    map_length: int
    map_front: int
    detail_length: int
    detail_front: int


class Known(NamedTuple):
    """What a kernel is compiled for: `Tags` for each function of `walk_by`.

    All models with the same channels share the function for maps, for example.
    """

    maps: Any
    details: Any
    cells: Any


_maps_of, _details_of, _cells_of = (member(name) for name in Known._fields)


@part
def reflected(index, size):
    """Return the index of the pixel that continues an image of this size at `index`."""
    if 0 <= index < size:
        return index
    period = max(2 * size - 2, 1)
    index %= period
    return index if index < size else period - index


def walk_by(pad_row: Any, map_row: Any, detail_row: Any, pixel_row: Any) -> Any:
    """Return a part of a kernel that computes a band, tile by tile, by rows of a tile.

    Parameters
    ----------
    pad_row(task, y, x0, count)
        Copies row y of the padded image: `count` pixels from pixel x0 on, and the halo.
    map_row(task, tags, plane, layer, y, count)
        Computes row y of the maps of a layer, for the detail number `plane`.
    detail_row(task, tags, plane, y, count)
    pixel_row(task, tags, y, x0, count)
        Writes the cells of a row of pixels.

    Returns
    -------
    function
        Of a record with the fields of `Steps` and what the functions need, and `Known`.
    """

    @inlined_part
    def walk(task, known):
        maps, details, cells = _maps_of(known), _details_of(known), _cells_of(known)
        halo, layers, step = task.halo, task.layers, task.step
        # From here on rows are counted from the first one of the padded image.
        begin, end = task.first + halo, task.last + halo
        for x0 in range(0, task.width, task.tile):
            count = min(task.tile, task.width - x0)
            # The front of the output starts so early that each layer's first rows are computed
            # before the next layer needs them.
            for front in range(begin - 2 * halo, end, step):
                stop = min(front + step, end)
                for y in range(max(front, begin - 2 * halo) + halo, stop + halo):
                    pad_row(task, y, x0, count)
                for plane in range(task.details):
                    for layer in range(layers):
                        margin = layers - layer
                        for y in range(max(front + margin, begin - margin), stop + margin):
                            map_row(task, maps, plane, layer, y, count + 2 * margin)
                    for y in range(max(front, begin), stop):
                        detail_row(task, details, plane, y, count)
                for y in range(max(front, begin), stop):
                    pixel_row(task, cells, y, x0, count)

    return walk
