"""All jitted code of stacks for images deeper than 8 bits.

The same order of work as in `lutsr._stack.kernels`, in which rings and margins are explained. Maps
hold positions, and beside each its two weights. Kernels do not run under ``NUMBA_DISABLE_JIT``;
their plain twin is `lutsr._stack.deep.reference`.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from ..._numba.jit import entry_point, part
from .vectors import deep_body_row, deep_detail_row, deep_first_row
from .vectors_store import deep_pixel_row


class DeepTables(NamedTuple):
    """Tables of a stack, as `lutsr._stack.deep.plan` lays them out; all arrays are flat.

    Attributes
    ----------
    first, body, last, base : ndarray of int8
        Of the first layer, of all hidden ones, of the last one, and of the base.
    first_start, body_start : ndarray of int32
        What sums start with. In the body, the gains of the layer's channels come after it.
    constant : ndarray of int32
        Minus the details of constant images, by position.
    shifts : ndarray of int64, shape (layers,)
        Binary logarithms of the divisors of the first and the hidden layers.
    """

    first: Any
    body: Any
    last: Any
    base: Any
    first_start: Any
    body_start: Any
    constant: Any
    shifts: Any


class DeepTask(NamedTuple):
    """What is to be computed, and in which steps.

    Attributes
    ----------
    rows, columns, first, last, luma, tile, step
        As in `lutsr._stack.kernels.Task`.
    factor, steps : float and int
        Steps per unit of the image's values, and per level.
    entry : int
        Bytes of an entry of the base.
    scaling, numbers : tuple of int
        See `deep_detail_row` and `deep_pixel_row`.
    """

    rows: Any
    columns: Any
    first: int
    last: int
    luma: bool
    tile: int
    step: int
    factor: float
    steps: int
    entry: int
    scaling: Any
    numbers: Any


class DeepScratch(NamedTuple):
    """Scratch arrays of one call, all flat.

    Attributes
    ----------
    values, offsets, weights : ndarray of int32
        Rings of rows of the padded image, for each channel: values in steps, and where their
        entries of the base are, and the weights of these.
    positions, position_weights : ndarray of uint16 and uint32
        The same for each channel that has a detail: positions, and their weights.
    ring, length : int
        Rows in such a ring, and elements in a row.
    maps, map_weights : ndarray of uint16 and uint32
        A ring of rows for each layer but the last one, and for each channel that has a detail.
    map_ring, map_length, map_front : int
        The same for these, and elements before the first pixel of a row.
    details : ndarray of int32
        `DeepTask.step` rows for each channel that has a detail.
    detail_length, detail_front : int
    """

    values: Any
    offsets: Any
    weights: Any
    positions: Any
    position_weights: Any
    ring: int
    length: int
    maps: Any
    map_weights: Any
    map_ring: int
    map_length: int
    map_front: int
    details: Any
    detail_length: int
    detail_front: int


@part
def _store_values(image, row, columns, c, at, task, scratch):
    """Convert some columns of a channel to steps, and find their places in the base."""
    values, offsets, weights = scratch.values, scratch.offsets, scratch.weights
    white = np.float64(255 * task.steps)
    for k in range(len(columns)):
        value = np.rint(np.float64(image[row, columns[k], c]) * task.factor)
        values[at + k] = np.int32(min(max(value, 0.0), white))
    if task.steps == 257:
        for k in range(at, at + len(columns)):
            level = values[k] // np.int32(1028)
            rest = values[k] - np.int32(1028) * level
            offsets[k] = level * np.int32(task.entry)
            weights[k] = rest << np.int32(16) | (np.int32(1028) - rest)
    else:
        for k in range(at, at + len(columns)):
            value = (values[k] + np.int32(2)) >> np.int32(2)
            level = value >> np.int32(14)
            rest = value & np.int32(16383)
            offsets[k] = level * np.int32(task.entry)
            weights[k] = rest << np.int32(16) | (np.int32(16384) - rest)


@part
def _store_position(value, at, task, scratch):
    """Store the position of a value in steps: quarters of a level, rounded."""
    if task.steps == 257:
        position = (np.int32(8) * value + np.int32(257)) // np.int32(514)
    else:
        position = (np.int32(8) * value + np.int32(16384)) >> np.int32(15)
    rest = np.uint32(position & 15)
    scratch.positions[at] = position
    scratch.position_weights[at] = np.uint32(0x10001) * (rest << np.uint32(8) | (16 - rest))


@part
def _pad_row(image, row, columns, at, size, task, scratch):
    """Copy some columns of a row into the rings of each channel, `size` apart."""
    C, values = image.shape[2], scratch.values
    for c in range(C):
        _store_values(image, row, columns, c, at + c * size, task, scratch)
    if task.luma:
        for k in range(at, at + len(columns)):
            sums = np.int32(77) * values[k] + np.int32(150) * values[k + size]
            sums += np.int32(29) * values[k + 2 * size] + np.int32(128)
            _store_position(sums >> np.int32(8), k, task, scratch)
    else:
        for c in range(C):
            for k in range(at + c * size, at + c * size + len(columns)):
                _store_position(values[k], k, task, scratch)


@part
def _map_rows(tables, layer, front, begin, end, count, plane, mine, top, task, scratch, tags):
    """Compute the next rows of a layer's maps; see `lutsr._stack.kernels._map_rows`."""
    map_ring, map_length = scratch.map_ring, scratch.map_length
    layers, front_size = len(tables.shifts), scratch.map_front
    margin = layers - layer
    for y in range(max(front + margin, begin - margin), min(front + task.step, end) + margin):
        at = mine + front_size + y % map_ring * map_length
        bounds = (tables.shifts[layer], top)
        if layer == 0:
            deep_first_row(
                tags,
                tables.first,
                tables.first_start,
                scratch.positions,
                scratch.position_weights,
                (scratch.ring, scratch.length, plane, y - len(tags[1]) // 2),
                bounds,
                scratch.maps,
                scratch.map_weights,
                at,
                count + 2 * margin,
            )
        else:
            deep_body_row(
                tags,
                tables.body,
                (layer - 1) * (len(tables.body) // (layers - 1)),
                tables.body_start,
                (layer - 1) * (len(tables.body_start) // (layers - 1)),
                scratch.maps,
                scratch.map_weights,
                (map_ring, map_length, mine + front_size - map_ring * map_length, y - 1),
                bounds,
                at,
                count + 2 * margin,
            )


@entry_point
def fill_deep_band(image, tables, task, scratch, out, tags):
    """Enlarge some rows of an image into their place in the output.

    Parameters
    ----------
    image : int32, uint16, float32 or float64 (H, W, C)
        Values in steps, or of an image.
    tables : DeepTables
    task : DeepTask
    scratch : DeepScratch
    out : of the same type (H * r, W * r, C)
        Sums, or the enlarged image.
    tags : tuple of tuples
        See `lutsr._stack.layout.Tags`.
    """
    C, r, step = image.shape[2], len(tags[4]), task.step
    halo, layers = (len(task.rows) - image.shape[0]) // 2, len(tables.shifts)
    ring, length, detail_length = scratch.ring, scratch.length, scratch.detail_length
    size, map_size = ring * length, scratch.map_ring * scratch.map_length
    top = 16 * (len(tags[3]) - 1)
    line = out.shape[1] * C
    pixels = out.reshape(-1)
    sources = 1 if task.luma else C
    # From here on rows are counted from the first one of the padded image.
    begin, end = task.first + halo, task.last + halo
    for x0 in range(0, image.shape[1], task.tile):
        count = min(task.tile, image.shape[1] - x0)
        columns = task.columns[x0 : x0 + count + 2 * halo]
        # The front of the output starts so early that each layer's first rows are computed before
        # the next layer needs them.
        for front in range(begin - 2 * halo, end, step):
            for y in range(max(front, begin - 2 * halo) + halo, min(front + step, end) + halo):
                _pad_row(image, task.rows[y], columns, y % ring * length, size, task, scratch)
            for plane in range(sources):
                mine = plane * layers * map_size
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
                        top,
                        task,
                        scratch,
                        tags,
                    )
                for y in range(max(front, begin), min(front + step, end)):
                    deep_detail_row(
                        tags,
                        tables.last,
                        scratch.maps,
                        scratch.map_weights,
                        (
                            scratch.map_ring,
                            scratch.map_length,
                            mine + (layers - 1) * map_size + scratch.map_front,
                            y - 1,
                        ),
                        tables.constant,
                        scratch.positions,
                        plane * size + y % ring * length + halo,
                        task.scaling,
                        scratch.details,
                        (plane * step + y % step) * detail_length + scratch.detail_front,
                        count,
                    )
            for y in range(max(front, begin), min(front + step, end)):
                for c in range(C):
                    deep_pixel_row(
                        tags,
                        tables.base,
                        scratch.offsets,
                        scratch.weights,
                        (ring, length, c * size + halo - 1, y - 1),
                        scratch.values,
                        scratch.details,
                        ((0 if task.luma else c) * step + y % step) * detail_length
                        + scratch.detail_front,
                        task.numbers,
                        pixels,
                        (y - halo) * r * line + x0 * r * C + c,
                        (line, C),
                        count,
                    )
