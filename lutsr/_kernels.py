"""All jitted code of lutsr; nothing else may be jitted anywhere.

Kernels never see user input: they take arrays that ``lutsr._core`` has checked and laid out, write
into the output they are given, return nothing and never raise. They do not run under
``NUMBA_DISABLE_JIT`` (vectors are LLVM values); their plain twin is ``lutsr.reference``.

numba stamps its cache by the content of this one file, so a jitted helper in another file could
go stale after an upgrade. ``KERNELS_VERSION`` is raised with every change of meaning.

How it works. A row of cells is the sum over four rows of vertical and three rows of horizontal
pairs. Going along the row, the sums of four neighbouring cells are kept in registers: each pair
adds one *slot* of its fused entry (four cells, one load), the leftmost cell is then complete, is
rounded, clipped and written, and the others move up. Nothing is accumulated in memory.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from llvmlite import ir
from numba import njit, types
from numba.core import cgutils
from numba.extending import intrinsic, models, register_model

KERNELS_VERSION = 1

#: Lanes that a cell takes in an entry and in a register, by scale: r * r, rounded up for r = 3.
LANES = {2: 4, 3: 16, 4: 16}

_I16 = ir.IntType(16)
_I8 = ir.IntType(8)


def _jit(function: Callable[..., Any]) -> Callable[..., Any]:
    """Compile without the GIL, cached on disk where some cache folder is writable."""
    try:
        return njit(nogil=True, cache=True)(function)
    except RuntimeError:  # numba found no place for a cache
        return njit(nogil=True)(function)


# ---------------------------------------------------------------------------------------------
# Four cells of C channels as one value, so that LLVM keeps them in vector registers.


class _Cells(types.Type):
    """Sums of four neighbouring cells, of `channels` channels, at scale `r`."""

    def __init__(self, channels: int, r: int) -> None:
        self.channels = channels
        self.r = r
        self.lanes = LANES[r]
        super().__init__(name=f"lutsr_cells({channels}, {r})")


@register_model(_Cells)
class _CellsModel(models.PrimitiveModel):
    def __init__(self, manager: Any, cells: _Cells) -> None:
        vector = ir.VectorType(_I16, 4 * cells.lanes)
        super().__init__(manager, cells, ir.ArrayType(vector, cells.channels))


def _data(context: Any, builder: Any, array_type: Any, value: Any) -> Any:
    """Give the pointer to an array's first element."""
    return cgutils.create_struct_proxy(array_type)(context, builder, value=value).data


def _at(builder: Any, pointer: Any, index: Any, as_type: Any) -> Any:
    """Point at an element, as a pointer to `as_type`."""
    return builder.bitcast(builder.gep(pointer, [index]), as_type.as_pointer())


def _constants(kind: Any, values: Any) -> Any:
    values = list(values)
    return ir.Constant(ir.VectorType(kind, len(values)), [ir.Constant(kind, v) for v in values])


def _pick(builder: Any, vector: Any, lanes: Any, other: Any = None) -> Any:
    """Take lanes out of a vector, or of two vectors one behind the other."""
    other = ir.Constant(vector.type, ir.Undefined) if other is None else other
    return builder.shuffle_vector(vector, other, _constants(ir.IntType(32), lanes))


@intrinsic
def _no_cells(typing_context, channels, scale):
    """Start with zero sums; the arguments are tuples whose lengths are C and r."""
    cells = _Cells(len(channels), len(scale))

    def generate(context, builder, signature, arguments):
        return ir.Constant(context.get_value_type(signature.return_type), None)

    return cells(channels, scale), generate


@intrinsic
def _add_slot(typing_context, cells, table, offsets, position, slot):
    """Add a slot of the pairs at offsets[position : position + C] of a flat fused table."""

    def generate(context, builder, signature, arguments):
        _, table_type, offsets_type, _, _ = signature.args
        sums, table_value, offsets_value, first, slot_value = arguments
        entries = _data(context, builder, table_type, table_value)
        where = _data(context, builder, offsets_type, offsets_value)
        kind = context.get_value_type(table_type.dtype)
        width = 4 * cells.lanes
        skip = builder.mul(slot_value, ir.Constant(slot_value.type, width))
        for channel in range(cells.channels):
            at = builder.add(first, ir.Constant(first.type, channel))
            offset = builder.sext(builder.load(builder.gep(where, [at])), skip.type)
            pointer = _at(builder, entries, builder.add(offset, skip), ir.VectorType(kind, width))
            values = builder.load(pointer, align=kind.width // 8)
            if kind.width < 16:
                values = builder.sext(values, ir.VectorType(_I16, width))
            total = builder.add(builder.extract_value(sums, channel), values)
            sums = builder.insert_value(sums, total, channel)
        return sums

    return cells(cells, table, offsets, position, slot), generate


@intrinsic
def _move_up(typing_context, cells):
    """Drop the leftmost cell; an empty one comes in at the right."""

    def generate(context, builder, signature, arguments):
        (sums,) = arguments
        lanes = range(cells.lanes, 5 * cells.lanes)
        for channel in range(cells.channels):
            vector = builder.extract_value(sums, channel)
            moved = _pick(builder, vector, lanes, ir.Constant(vector.type, None))
            sums = builder.insert_value(sums, moved, channel)
        return sums

    return cells(cells), generate


@intrinsic
def _store_sums(typing_context, cells, sums, position):
    """Write the leftmost cell's sums of all channels to sums[position : position + C * lanes]."""

    def generate(context, builder, signature, arguments):
        value, array, first = arguments
        data = _data(context, builder, signature.args[1], array)
        for channel in range(cells.channels):
            cell = _pick(builder, builder.extract_value(value, channel), range(cells.lanes))
            at = builder.add(first, ir.Constant(first.type, channel * cells.lanes))
            builder.store(cell, _at(builder, data, at, cell.type), align=2)
        return context.get_dummy_value()

    return types.void(cells, sums, position), generate


@intrinsic
def _store_pixels(typing_context, cells, image, pixel, out, position, stride):
    """Round, shift, clip and write the leftmost cell of an inner pixel, channels interleaved.

    The pixel's own grey level, which the fused entries leave out, comes in here: four times,
    once for each pair that it is part of.
    """

    def generate(context, builder, signature, arguments):
        sums, image_value, pixel_value, out_value, first, step = arguments
        pixels = _data(context, builder, signature.args[1], image_value)
        target = _data(context, builder, signature.args[3], out_value)
        lanes, r, C = cells.lanes, cells.r, cells.channels
        planes = []
        for channel in range(C):
            cell = _pick(builder, builder.extract_value(sums, channel), range(lanes))
            at = builder.add(pixel_value, ir.Constant(pixel_value.type, channel))
            own = builder.zext(builder.load(builder.gep(pixels, [at])), _I16)
            own = builder.add(builder.shl(own, ir.Constant(_I16, 2)), ir.Constant(_I16, 2))
            one = builder.insert_element(
                ir.Constant(cell.type, ir.Undefined), own, ir.Constant(ir.IntType(32), 0)
            )
            cell = builder.add(cell, _pick(builder, one, [0] * lanes))
            cell = builder.ashr(cell, _constants(_I16, [2] * lanes))
            for bound, worse in ((0, "<"), (255, ">")):
                limit = _constants(_I16, [bound] * lanes)
                cell = builder.select(builder.icmp_signed(worse, cell, limit), limit, cell)
            planes.append(builder.trunc(cell, ir.VectorType(_I8, lanes)))
        # One vector of all channels, [channel][lane].
        every = planes[0]
        for count, plane in enumerate(planes[1:], 1):
            plane = _pick(builder, plane, [*range(lanes), *[0] * (lanes * (count - 1))])
            every = _pick(builder, every, range(lanes * (count + 1)), plane)
        for u in range(r):
            row = _pick(builder, every, [c * lanes + u * r + v for v in range(r) for c in range(C)])
            at = builder.add(first, builder.mul(step, ir.Constant(step.type, u)))
            builder.store(row, _at(builder, target, at, row.type), align=1)
        return context.get_dummy_value()

    return types.void(cells, image, pixel, out, position, stride), generate


# ---------------------------------------------------------------------------------------------
# Fusing


@_jit
def fuse_pairs(lut, shift, lanes, first, last, vertical, horizontal, fits):
    """Fuse the four rotations of the pairs first <= 256 * p + q < last.

    Rotations 0 and 180 look at the same vertical pairs, 90 and 270 at the same horizontal ones,
    so one entry holds all that a pair p above q (or left of it) adds to the cells around it:

    - vertical: four slots, the rows of cells from above p to below q, of four cells each: left of
      the pair, its own column, right of it, and an empty one;
    - horizontal: three slots, the rows of cells above, at and below the pair, of four cells each,
      from left of p to right of q.

    In p's own cell p is left out, and in q's own cell q, so that a trained entry fits 8 bits.

    Parameters
    ----------
    lut : int8 (256, 256, 9, r, r)
    shift : int
        ``expand_shift``.
    lanes : int
        Values of a cell in an entry: r * r of them, then zeros.
    first, last : int
    vertical, horizontal : int8 or int16 (65537, entry length), zeros
        The last entry stays zero: a pair that adds nothing.
    fits : uint8 (1,)
        Set to 0 if a value does not fit the tables' type.
    """
    r = lut.shape[3]
    lowest = -(1 << (8 * vertical.itemsize - 1))
    v_sums = np.empty((4 * r, 3 * r), np.int32)
    h_sums = np.empty((3 * r, 4 * r), np.int32)
    for pair in range(first, last):
        p, q = pair // 256, pair % 256
        v_sums[:] = 0
        h_sums[:] = 0
        for tap in range(9):
            dy, dx = (tap // 3 - 1) * shift, (tap % 3 - 1) * shift
            for u in range(r):
                for v in range(r):
                    y, x = u + dy, v + dx
                    # Rotation 0 at p, 180 at q; then 270 at p, 90 at q.
                    v_sums[r + y, r + x] += lut[p, q, tap, u, v]
                    v_sums[3 * r - 1 - y, 2 * r - 1 - x] += lut[q, p, tap, u, v]
                    h_sums[2 * r - 1 - x, r + y] += lut[p, q, tap, u, v]
                    h_sums[r + x, 3 * r - 1 - y] += lut[q, p, tap, u, v]
        for u in range(r):
            for v in range(r):
                v_sums[r + u, r + v] -= p
                v_sums[2 * r + u, r + v] -= q
                h_sums[r + u, r + v] -= p
                h_sums[r + u, 2 * r + v] -= q
        for sums, table in ((v_sums, vertical), (h_sums, horizontal)):
            for y in range(sums.shape[0]):
                for x in range(sums.shape[1]):
                    value = sums[y, x]
                    if value < lowest or value >= -lowest:
                        fits[0] = 0
                    cell = 4 * (y // r) + x // r
                    table[pair, cell * lanes + (y % r) * r + x % r] = value


# ---------------------------------------------------------------------------------------------
# Enlarging


@_jit
def _find_pairs(image, row, di, dj, x0, x1, length, offsets):
    """Note where the entries of a row's pairs (row, j), (row + di, j + dj) are, x0 <= j < x1.

    Pairs that reach beyond the image get the empty entry.
    """
    H, W, C = image.shape
    nothing = 65536 * length
    if row < 0 or row + di >= H:
        offsets[: (x1 - x0) * C] = nothing
        return
    first, last = max(x0, 0), min(x1, W - dj)
    offsets[: (first - x0) * C] = nothing
    offsets[max(last - x0, 0) * C : (x1 - x0) * C] = nothing
    # Slices that are indexed from zero: only so does LLVM vectorise the loop.
    count = max(last - first, 0) * C
    ones = image[row].ravel()[first * C : first * C + count]
    others = image[row + di].ravel()[(first + dj) * C : (first + dj) * C + count]
    places = offsets[(first - x0) * C : (first - x0) * C + count]
    for k in range(count):
        places[k] = (np.int32(ones[k]) * np.int32(256) + np.int32(others[k])) * np.int32(length)


@_jit
def _kind(index, size):
    """Say what kind of row or column this is: of the first two, between, of the last two."""
    return index if index < 2 or size <= 5 else max(2, index - (size - 5))


@_jit
def _border_cells(image, lut, i, x0, first, last, tables, pairs, program, sums, out, tags):
    """Enlarge the pixels first <= j < last of row i, some of them near a border."""
    H, W, C = image.shape
    r = len(tags[1])
    lanes = sums.shape[0] // C
    cell_starts, places, term_starts, sources, targets = program
    cells = _no_cells(tags[0], tags[1])
    for j in range(first - 2, last + 1):
        at = (j - x0 + 2) * C
        for slot in range(4):
            cells = _add_slot(cells, tables[0], pairs[0][(i + 1 - slot) % 4], at, slot)
        for slot in range(3):
            cells = _add_slot(cells, tables[1], pairs[1][(i + 1 - slot) % 3], at, slot)
        if j > first:
            _store_sums(cells, sums, 0)
            x = j - 1
            kind = _kind(i, H) * min(W, 5) + _kind(x, W)
            fused_pairs = (i > 0) + (i < H - 1) + (x > 0) + (x < W - 1)
            for c in range(C):
                cell = sums[c * lanes : (c + 1) * lanes]
                for term in range(cell_starts[kind], cell_starts[kind + 1]):
                    one = image[i + places[term, 0], x + places[term, 1], c]
                    other = image[i + places[term, 2], x + places[term, 3], c]
                    entry = lut[one, other]
                    for k in range(term_starts[term], term_starts[term + 1]):
                        cell[targets[k]] += entry[sources[k]]
                own = fused_pairs * np.int64(image[i, x, c])
                for u in range(r):
                    for v in range(r):
                        total = (cell[u * r + v] + own + 2) >> 2
                        out[i * r + u, x * r + v, c] = min(max(total, 0), 255)
        cells = _move_up(cells)


@_jit
def _inner_cells(image, i, x0, first, last, tables, pairs, out, tags):
    """Enlarge the pixels first <= j < last of row i, all two pixels or more from the borders."""
    C, r = len(tags[0]), len(tags[1])
    stride = out.shape[1] * C
    vertical, horizontal = tables
    v0, v1 = pairs[0][(i + 1) % 4], pairs[0][i % 4]
    v2, v3 = pairs[0][(i - 1) % 4], pairs[0][(i - 2) % 4]
    h0, h1, h2 = pairs[1][(i + 1) % 3], pairs[1][i % 3], pairs[1][(i - 1) % 3]
    cells = _no_cells(tags[0], tags[1])
    for j in range(first - 2, last + 1):
        at = (j - x0 + 2) * C
        cells = _add_slot(cells, vertical, v0, at, 0)
        cells = _add_slot(cells, vertical, v1, at, 1)
        cells = _add_slot(cells, vertical, v2, at, 2)
        cells = _add_slot(cells, vertical, v3, at, 3)
        cells = _add_slot(cells, horizontal, h0, at, 0)
        cells = _add_slot(cells, horizontal, h1, at, 1)
        cells = _add_slot(cells, horizontal, h2, at, 2)
        if j > first:
            pixel = (i * image.shape[1] + j - 1) * C
            _store_pixels(cells, image, pixel, out, i * r * stride + (j - 1) * r * C, stride)
        cells = _move_up(cells)


@_jit
def upscale_band(image, tables, lut, program, y0, y1, tile, pairs, sums, out, tags):
    """Enlarge the pixel rows y0 <= i < y1 of an image into their place in the output.

    Parameters
    ----------
    image : uint8 (H, W, C)
    tables : two of int8 or int16 (65537, entry length)
        Of vertical and horizontal pairs, from `fuse_pairs`.
    lut : int8 (256, 256, 9 * r * r)
    program : tuple of arrays
        What `lut` adds near the borders, from ``lutsr._borders``.
    y0, y1 : int
        Rows of pixels.
    tile : int
        Columns of pixels done at a time, so that the entries of a few rows stay in the cache.
    pairs : int32 (4, (tile + 3) * C) and int32 (3, (tile + 3) * C)
    sums : int16 (C * lanes,)
        Scratch.
    out : uint8 (H * r, W * r, C)
    tags : two tuples
        Of the lengths C and r, which the compiler must know; the values do not matter.
    """
    H, W = image.shape[0], image.shape[1]
    for x0 in range(0, W, tile):
        x1 = min(x0 + tile, W)
        for row in range(y0 - 2, y1 + 1):
            entry_v, entry_h = tables[0].shape[1], tables[1].shape[1]
            _find_pairs(image, row, 1, 0, x0 - 2, x1 + 1, entry_v, pairs[0][row % 4])
            _find_pairs(image, row, 0, 1, x0 - 2, x1 + 1, entry_h, pairs[1][row % 3])
            i = row - 1
            if i < y0:
                continue
            left, right = max(x0, 2), min(x1, W - 2)
            if i < 2 or i >= H - 2 or left >= right:
                left = right = x1
            for first, last in ((x0, left), (right, x1)):
                if first < last:
                    _border_cells(
                        image, lut, i, x0, first, last, tables, pairs, program, sums, out, tags
                    )
            if left < right:
                _inner_cells(image, i, x0, left, right, tables, pairs, out, tags)
