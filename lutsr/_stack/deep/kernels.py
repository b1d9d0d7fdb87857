"""All jitted code of stacks for images deeper than 8 bits; the order of work is that of 8 bits.

Maps hold positions, and beside each its two weights. Kernels do not run under
``NUMBA_DISABLE_JIT``; their plain twin is `lutsr._stack.deep.reference`.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from ..._numba.depth import read_value
from ..._numba.jit import entry_point, part
from ..._numba.memory import load, store
from ..walk import reflected, walk_by
from .vectors import deep_body_row, deep_detail_row, deep_first_row
from .vectors_store import deep_pixel_row


class DeepTables(NamedTuple):
    """Tables of a stack, as `lutsr._stack.deep.plan` lays them out; all arrays are flat.

    Attributes
    ----------
    first_table, body_table, last_table, base : ndarray of int8
        Of the first layer, of all hidden ones, of the last one, and of the base.
    first_start, body_start : ndarray of int32
        What sums start with. In the body, the gains of the layer's channels come after it.
    constant : ndarray of int32
        Minus the details of constant images, by position.
    shifts : ndarray of int64, shape (layers,)
        Binary logarithms of the divisors of the first and the hidden layers.
    body_bytes, start_bytes : int
        Sizes of the tables, and of what sums start with, of one hidden layer.
    entry : int
        Bytes of an entry of the base.
    """

    first_table: Any
    body_table: Any
    last_table: Any
    base: Any
    first_start: Any
    body_start: Any
    constant: Any
    shifts: Any
    body_bytes: int
    start_bytes: int
    entry: int


class DeepNumbers(NamedTuple):
    """How values become steps, and sums become values.

    Attributes
    ----------
    kind : int
        The index of the image's type, and of the output's, in `lutsr._frame.depth.DEEP_KINDS`.
    factor, steps : float and int
        Steps per unit of the image's values, and per level.
    least, times : int
        What details are reduced by, and then multiplied by.
    base_shift, half, shift, own, bias, last_half, last_shift, white : int
        See `deep_pixel_row`, in this order.
    """

    kind: int
    factor: float
    steps: int
    least: int
    times: int
    base_shift: int
    half: int
    shift: int
    own: int
    bias: int
    last_half: int
    last_shift: int
    white: int


class DeepScratch(NamedTuple):
    """Scratch arrays of one call, all flat, and what is known of the image.

    Attributes
    ----------
    values, offsets, weights : ndarray of int32
        Rings of rows of the padded image, for each channel: values in steps, and where their
        entries of the base are, and the weights of these.
    positions, position_weights : ndarray of uint16 and uint32
        The same for each channel that has a detail: positions, and their weights.
    maps, map_weights : ndarray of uint16 and uint32
        A ring of rows for each layer but the last one, and for each channel that has a detail.
    detail : ndarray of int32
        `Steps.step` rows for each channel that has a detail.
    luma : int
        Whether the detail of all three channels is that of the luma.
    """

    values: Any
    offsets: Any
    weights: Any
    positions: Any
    position_weights: Any
    maps: Any
    map_weights: Any
    detail: Any
    luma: int


@part
def _store_values(task, row, x0, count, c, at):
    """Convert a row of a channel to steps, and find their places in the base."""
    # Fields are read before loops: for LLVM, what is stored might change them.
    values, offsets, weights = task.values, task.offsets, task.weights
    image, kind, factor, entry = task.image, task.kind, task.factor, np.int32(task.entry)
    width, C, halo = task.width, task.channels, task.halo
    white = np.float64(255 * task.steps)
    for k in range(count):
        pixel = (row + reflected(x0 + k - halo, width)) * C + c
        value = np.rint(read_value(image, kind, pixel) * factor)
        store(values, at + k, np.int32, min(max(value, 0.0), white))
    if task.steps == 257:
        for k in range(at, at + count):
            value = load(values, k, np.int32)
            level = np.int32(value // np.int32(1028))
            rest = np.int32(value - np.int32(1028) * level)
            store(offsets, k, np.int32, level * entry)
            store(weights, k, np.int32, rest << np.int32(16) | (np.int32(1028) - rest))
    else:
        for k in range(at, at + count):
            value = np.int32(load(values, k, np.int32) + np.int32(2)) >> np.int32(2)
            level = np.int32(value >> np.int32(14))
            rest = np.int32(value & np.int32(16383))
            store(offsets, k, np.int32, level * entry)
            store(weights, k, np.int32, rest << np.int32(16) | (np.int32(16384) - rest))


@part
def _store_position(value, steps, positions, weights, at):
    """Store the position of a value in steps: quarters of a level, rounded."""
    if steps == 257:
        position = (np.int32(8) * value + np.int32(257)) // np.int32(514)
    else:
        position = (np.int32(8) * value + np.int32(16384)) >> np.int32(15)
    rest = np.uint32(position & 15)
    store(positions, at, np.uint16, position)
    store(weights, at, np.uint32, np.uint32(0x10001) * (rest << np.uint32(8) | (16 - rest)))


@part
def _pad_row(task, y, x0, count):
    """Copy a row into the rings of each channel."""
    values, positions, weights = task.values, task.positions, task.position_weights
    C, size, steps = task.channels, task.rows * task.length, task.steps
    row = reflected(y - task.halo, task.height) * task.width
    at, count = y % task.rows * task.length, count + 2 * task.halo
    for c in range(C):
        _store_values(task, row, x0, count, c, at + c * size)
    if task.luma:
        for k in range(at, at + count):
            sums = np.int32(77) * load(values, k, np.int32)
            sums += np.int32(150) * load(values, k + size, np.int32)
            sums += np.int32(29) * load(values, k + 2 * size, np.int32) + np.int32(128)
            _store_position(sums >> np.int32(8), steps, positions, weights, k)
    else:
        for c in range(C):
            for k in range(at + c * size, at + c * size + count):
                value = np.int64(load(values, k, np.int32))
                _store_position(value, steps, positions, weights, k)


@part
def _map_row(task, tags, plane, layer, y, count):
    """Compute a row of a layer's maps."""
    size = task.map_rows * task.map_length
    mine = (plane * task.layers + layer) * size + task.map_front
    at = mine + y % task.map_rows * task.map_length
    bounds = (load(task.shifts, layer, np.int64), task.top)
    if layer == 0:
        deep_first_row(
            tags,
            task.first_table,
            task.first_start,
            task.positions,
            task.position_weights,
            (task.rows, task.length, plane * task.rows * task.length, y - task.reach),
            bounds,
            task.maps,
            task.map_weights,
            at,
            count,
        )
    else:
        deep_body_row(
            tags,
            task.body_table + (layer - 1) * task.body_bytes,
            task.body_start + (layer - 1) * task.start_bytes,
            task.maps,
            task.map_weights,
            (task.map_rows, task.map_length, mine - size, y - 1),
            bounds,
            at,
            count,
        )


@part
def _detail_row(task, tags, plane, y, count):
    """Compute a row of details."""
    last = ((plane + 1) * task.layers - 1) * task.map_rows * task.map_length
    deep_detail_row(
        tags,
        task.last_table,
        task.maps,
        task.map_weights,
        (task.map_rows, task.map_length, last + task.map_front, y - 1),
        task.constant,
        task.positions,
        (plane * task.rows + y % task.rows) * task.length + task.halo,
        (task.least, task.times),
        task.detail,
        (plane * task.step + y % task.step) * task.detail_length + task.detail_front,
        count,
    )


@part
def _pixel_row(task, tags, y, x0, count):
    """Write the cells of a row of pixels, channel by channel."""
    r, C = task.scale, task.channels
    line, size = task.width * r * C, task.rows * task.length
    numbers = (
        task.base_shift,
        task.half,
        task.shift,
        task.own,
        task.bias,
        task.last_half,
        task.last_shift,
        task.white,
    )
    for c in range(C):
        plane = 0 if task.luma else c
        deep_pixel_row(
            tags,
            task.base,
            task.offsets,
            task.weights,
            (task.rows, task.length, c * size + task.halo - 1, y - 1),
            task.values,
            task.detail,
            (plane * task.step + y % task.step) * task.detail_length + task.detail_front,
            numbers,
            task.out,
            task.kind,
            (y - task.halo) * r * line + x0 * r * C + c,
            (line, C),
            count,
        )


_walk = walk_by(_pad_row, _map_row, _detail_row, _pixel_row)


@entry_point
def fill_deep_band(task, known):
    """Enlarge some rows of an image into their place in the output.

    Parameters
    ----------
    task : record
        With the fields of `Steps` and `Rings` of `lutsr._stack.walk`, `DeepTables`, `DeepNumbers`
        and `DeepScratch`. The output has the image's type.
    known : Constants
        `lutsr._stack.walk.Known`.
    """
    _walk(task, known)
