"""All jitted code of stacks for 8-bit images; `lutsr._stack.walk` has the order of work.

Kernels do not run under ``NUMBA_DISABLE_JIT``; their plain twin is ``lutsr._chain.reference``.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from .._numba.channels import split_channels
from .._numba.jit import entry_point, part
from .._numba.memory import load, store
from .._numba.record import member
from .layout import LUMA
from .vectors import LUMA_AT_ONCE, add_luma, body_row, detail_row, first_row, pixel_row
from .walk import reflected, walk_by


class Tables(NamedTuple):
    """Tables of a stack, as `lutsr._stack.plan` lays them out; all arrays are flat.

    Attributes
    ----------
    first_table, body_table, last_table : ndarray of int8
        Of the first layer, of all hidden ones, and of the last one.
    first_start, body_start, last_start, base_start : ndarray of int16
        What slots start with. In the body, the gains of the layer's channels come after it.
    flat, base : ndarray of int16
    shifts : ndarray of int64, shape (layers,)
        Binary logarithms of the divisors of the first and the hidden layers.
    body_bytes, start_bytes : int
        Sizes of the tables, and of what slots start with, of one hidden layer.
    """

    first_table: Any
    body_table: Any
    last_table: Any
    first_start: Any
    body_start: Any
    last_start: Any
    base_start: Any
    flat: Any
    base: Any
    shifts: Any
    body_bytes: int
    start_bytes: int


class Scratch(NamedTuple):
    """Scratch arrays of one call, all flat, and what is known of the image.

    Attributes
    ----------
    planes : ndarray of uint8
        A ring of rows of the padded image for each channel, and one more for the luma.
    detail_plane : int
        The first of them that has a detail.
    maps : ndarray of uint16
        A ring of rows for each layer but the last one, and for each channel that has a detail.
    detail : ndarray of int16
        `Steps.step` rows for each channel that has a detail.
    luma : int
        Whether the detail of all three channels is that of the luma.
    shift : int
        Binary logarithm of the last divisor; 0 if sums are wanted.
    """

    planes: Any
    detail_plane: int
    maps: Any
    detail: Any
    luma: int
    shift: int


@part
def _pad_row(task, y, x0, count):
    """Copy a row into the ring of each plane, and add the luma."""
    # Fields are read before loops: for LLVM, what is stored might change them.
    image, width, C, halo = task.image, task.width, task.channels, task.halo
    size, begin, length = task.rows * task.length, x0 - halo, count + 2 * halo
    planes = task.planes + y % task.rows * task.length
    row = image + reflected(y - halo, task.height) * width * C
    first, last = max(begin, 0), min(begin + length, width)
    split_channels(row + first * C, last - first, C, size, planes + first - begin)
    for some, end in ((0, first - begin), (last - begin, length)):  # beyond the image
        for k in range(some, end):
            pixel = reflected(begin + k, width) * C
            for c in range(C):
                store(planes, c * size + k, np.uint8, load(row, pixel + c, np.uint8))
    if not task.luma:
        return
    if length >= LUMA_AT_ONCE:
        for k in range(0, length, LUMA_AT_ONCE):
            add_luma(planes + min(k, length - LUMA_AT_ONCE), size)
        return
    for k in range(length):
        sums = LUMA[0] * np.int32(load(planes, k, np.uint8))
        sums += LUMA[1] * np.int32(load(planes, k + size, np.uint8))
        sums += LUMA[2] * np.int32(load(planes, k + 2 * size, np.uint8))
        store(planes, k + 3 * size, np.uint8, (sums + 128) >> 8)


@part
def _map_row(task, tags, plane, layer, y, count):
    """Compute a row of a layer's maps."""
    size = task.map_rows * task.map_length
    mine = (plane * task.layers + layer) * size
    at = mine + y % task.map_rows * task.map_length
    shift = load(task.shifts, layer, np.int64)
    if layer == 0:
        start = (plane + task.detail_plane) * task.rows * task.length
        first_row(
            tags,
            task.first_table,
            task.first_start,
            task.planes,
            (task.rows, task.length, start, y - task.reach),
            shift,
            task.top,
            task.maps,
            at,
            count,
        )
    else:
        body_row(
            tags,
            task.body_table + (layer - 1) * task.body_bytes,
            task.body_start + (layer - 1) * task.start_bytes,
            (task.map_rows, task.map_length, mine - size, y - 1),
            shift,
            task.top,
            task.maps,
            at,
            count,
        )


@part
def _detail_row(task, tags, plane, y, count):
    """Compute a row of details."""
    last = ((plane + 1) * task.layers - 1) * task.map_rows * task.map_length
    own = (plane + task.detail_plane) * task.rows + y % task.rows
    detail_row(
        tags,
        task.last_table,
        task.last_start,
        task.maps,
        (task.map_rows, task.map_length, last, y - 1),
        task.flat,
        task.planes,
        own * task.length + task.halo,
        task.detail,
        (plane * task.step + y % task.step) * task.detail_length,
        count,
    )


@part
def _pixel_row(task, tags, y, x0, count):
    """Write the cells of a row of pixels."""
    r, line = task.scale, task.width * task.scale * task.channels
    pixel_row(
        tags,
        task.base,
        task.base_start,
        task.planes,
        (task.rows, task.length, task.halo - 1, y - 1),
        task.rows * task.length,
        task.detail,
        y % task.step * task.detail_length,
        0 if task.luma else task.step * task.detail_length,
        task.shift,
        task.out,
        (y - task.halo) * r * line + x0 * r * task.channels,
        line,
        count,
    )


class Cells(NamedTuple):
    """Tags of the cells of images of one channel, and of several.

    So one kernel serves grey images, RGB images, and both parts of RGBA images.
    """

    one: Any
    several: Any


_one_of, _several_of = (member(name) for name in Cells._fields)


@part
def _pixel_row_of_any(task, cells, y, x0, count):
    """Write the cells of a row of pixels of an image of one or of several channels."""
    if task.channels == 1:
        _pixel_row(task, _one_of(cells), y, x0, count)
    else:
        _pixel_row(task, _several_of(cells), y, x0, count)


_walk = walk_by(_pad_row, _map_row, _detail_row, _pixel_row_of_any)


@entry_point
def fill_band(task, known):
    """Enlarge some rows of an image into their place in the output.

    Parameters
    ----------
    task : record
        With the fields of `Steps` and `Rings` of `lutsr._stack.walk`, `Tables` and `Scratch`. The
        image is uint8; the output is uint8, or int32 for sums.
    known : Constants
        `lutsr._stack.walk.Known`, with `Cells`.
    """
    _walk(task, known)
