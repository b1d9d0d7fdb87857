"""All jitted code of stacks: the layers of a band of rows, a few rows and columns at a time.

The image is padded by the halo while it is copied into a ring of rows, and the maps of each layer
are smaller than what they are computed from, so no layer has a border. Maps are kept in rings,
too, each of the rows that the next layer still needs, so nothing is computed twice in a tile.

The *margin* of a layer is the number of rows and columns by which its maps go beyond those whose
output is wanted. Kernels do not run under ``NUMBA_DISABLE_JIT``; their plain twin is
``lutsr._chain.reference``.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from .._numba.jit import entry_point, part
from .vectors import body_row, detail_row, first_row, pixel_row


class Tables(NamedTuple):
    """Tables of a stack, as `lutsr._stack.plan` lays them out; all arrays are flat.

    Attributes
    ----------
    first, body, last : ndarray of int8
        Of the first layer, of all hidden ones, and of the last one.
    first_start, body_start, last_start, base_start : ndarray of int16
        What slots start with. In the body, the gains of the layer's channels come after it.
    flat, base : ndarray of int16
    shifts : ndarray of int64, shape (layers,)
        Binary logarithms of the divisors of the first and the hidden layers.
    """

    first: Any
    body: Any
    last: Any
    first_start: Any
    body_start: Any
    last_start: Any
    base_start: Any
    flat: Any
    base: Any
    shifts: Any


class Task(NamedTuple):
    """What is to be computed, and in which steps.

    Attributes
    ----------
    rows, columns : ndarray of int64
        The image's rows and columns, continued by the halo.
    first, last : int
        Rows of the image.
    luma : bool
        Whether the detail of all three channels is that of the luma.
    tile : int
        Columns that are computed at a time.
    step : int
        Rows of a layer that are computed before it is the next layer's turn: meanwhile the
        layer's tables stay in the cache.
    shift : int
        Binary logarithm of the last divisor; 0 if sums are wanted.
    """

    rows: Any
    columns: Any
    first: int
    last: int
    luma: bool
    tile: int
    step: int
    shift: int


class Scratch(NamedTuple):
    """Scratch arrays of one call, all flat.

    Attributes
    ----------
    planes : ndarray of uint8
        A ring of rows of the padded image for each channel, and one more for the luma.
    ring, length : int
        Rows in such a ring, and elements in a row.
    maps : ndarray of uint16
        A ring of rows for each layer but the last one, and for each channel that has a detail.
    map_ring, map_length : int
        The same for these.
    details : ndarray of int16
        `Task.step` rows for each channel that has a detail.
    detail_length : int
    """

    planes: Any
    ring: int
    length: int
    maps: Any
    map_ring: int
    map_length: int
    details: Any
    detail_length: int


@part
def _pad_row(image, luma, row, columns, planes, at, size):
    """Copy some columns of a row into the ring of each plane, `size` apart, and add the luma."""
    C, count = image.shape[2], len(columns)
    for c in range(C):
        for k in range(count):
            planes[at + c * size + k] = image[row, columns[k], c]
    if luma:
        for k in range(at, at + count):
            sums = 77 * planes[k] + 150 * planes[k + size] + 29 * planes[k + 2 * size]
            planes[k + 3 * size] = (sums + 128) >> 8


@part
def _map_rows(tables, layer, front, begin, end, count, plane, mine, task, scratch, tags):
    """Compute the next rows of a layer's maps.

    Parameters
    ----------
    layer : int
        0 for the first one.
    front : int
        How far the output has come.
    begin, end : int
        First row of the output, and the one after its last row.
    count : int
        Pixels in a row of the output.
    plane, mine : int
        Where the rings of the plane and of these maps start.
    """
    ring, length = scratch.ring, scratch.length
    map_ring, map_length = scratch.map_ring, scratch.map_length
    top, reach = len(tags[3]) - 1, len(tags[1]) // 2
    layers = len(tables.shifts)
    margin = layers - layer
    for y in range(max(front + margin, begin - margin), min(front + task.step, end) + margin):
        at = mine + y % map_ring * map_length
        if layer == 0:
            first_row(
                tags,
                tables.first,
                tables.first_start,
                scratch.planes,
                (ring, length, plane, y - reach),
                tables.shifts[0],
                top,
                scratch.maps,
                at,
                count + 2 * margin,
            )
        else:
            body_row(
                tags,
                tables.body,
                (layer - 1) * (len(tables.body) // (layers - 1)),
                tables.body_start,
                (layer - 1) * (len(tables.body_start) // (layers - 1)),
                (map_ring, map_length, mine - map_ring * map_length, y - 1),
                tables.shifts[layer],
                top,
                scratch.maps,
                at,
                count + 2 * margin,
            )


@part
def _pixels(tables, y, out, at, line, first, count, halo, task, scratch, tags, whole):
    """Write the cells of a part of a row: `count` pixels of a tile from pixel `first` on."""
    ring, length, cell = scratch.ring, scratch.length, len(tables.base_start)
    pixel_row(
        tags,
        tables.base,
        tables.base_start,
        scratch.planes,
        (ring, length, halo - 1 + first, y - 1),
        ring * length,
        scratch.details,
        y % task.step * scratch.detail_length + first * cell,
        0 if task.luma else task.step * scratch.detail_length,
        task.shift,
        out,
        at + first * len(tags[4]) * len(tags[5]),
        line,
        count,
        whole,
    )


@entry_point
def fill_band(image, tables, task, scratch, out, tags):
    """Enlarge some rows of an image into their place in the output.

    Parameters
    ----------
    image : uint8 (H, W, C)
    tables : Tables
    task : Task
    scratch : Scratch
    out : uint8 or int32 (H * r, W * r, C)
        The enlarged image, or its sums.
    tags : tuple of tuples
        See `lutsr._stack.layout.Tags`.
    """
    C, r, step = image.shape[2], len(tags[4]), task.step
    halo, layers = (len(task.rows) - image.shape[0]) // 2, len(tables.shifts)
    ring, length, detail_length = scratch.ring, scratch.length, scratch.detail_length
    size, map_size = ring * length, scratch.map_ring * scratch.map_length
    line = out.shape[1] * C
    pixels = out.reshape(-1)
    sources = range(C, C + 1) if task.luma else range(C)
    # From here on rows are counted from the first one of the padded image.
    begin, end = task.first + halo, task.last + halo
    for x0 in range(0, image.shape[1], task.tile):
        count = min(task.tile, image.shape[1] - x0)
        columns = task.columns[x0 : x0 + count + 2 * halo]
        # The front of the output starts so early that each layer's first rows are computed before
        # the next layer needs them.
        for front in range(begin - 2 * halo, end, step):
            for y in range(max(front, begin - 2 * halo) + halo, min(front + step, end) + halo):
                at = y % ring * length
                _pad_row(image, task.luma, task.rows[y], columns, scratch.planes, at, size)
            for number, plane in enumerate(sources):
                mine = number * layers * map_size
                for layer in range(layers):
                    _map_rows(
                        tables,
                        layer,
                        front,
                        begin,
                        end,
                        count,
                        plane * size,
                        mine + layer * map_size,
                        task,
                        scratch,
                        tags,
                    )
                for y in range(max(front, begin), min(front + step, end)):
                    detail_row(
                        tags,
                        tables.last,
                        tables.last_start,
                        scratch.maps,
                        (
                            scratch.map_ring,
                            scratch.map_length,
                            mine + (layers - 1) * map_size,
                            y - 1,
                        ),
                        tables.flat,
                        scratch.planes,
                        plane * size + y % ring * length + halo,
                        scratch.details,
                        (number * step + y % step) * detail_length,
                        count,
                    )
            for y in range(max(front, begin), min(front + step, end)):
                at = (y - halo) * r * line + x0 * r * C
                # Cells are written a little beyond their end, all but the last one of a row.
                last = count - 1
                _pixels(tables, y, pixels, at, line, 0, last, halo, task, scratch, tags, (0,))
                _pixels(tables, y, pixels, at, line, last, 1, halo, task, scratch, tags, ())
