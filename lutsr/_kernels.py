"""All jitted code of lutsr; numba stamps its cache by this file, so none may live elsewhere.

Kernels never see user input: they take arrays that ``lutsr._core`` has laid out, write into the
output they are given, return nothing and never raise. They do not run under
``NUMBA_DISABLE_JIT`` (vectors are LLVM values); their plain twin is ``lutsr.reference``.

A row of cells is the sum over a few rows of vertical and of horizontal pairs. Going along it, the
sums of four neighbouring cells are kept in registers: each pair adds one *slot* of its fused entry
(a row of cells, one load), the leftmost cell is then complete, is rounded, clipped and written.

The grid of cells starts at the image's corner for ``expand_shift`` r. For ``expand_shift`` 1 it
starts one output pixel above and left of it (``origin`` 1), because there every pair's window
starts so: then a pair reaches fewer cells. Cell (g, h) holds the output pixels from row
``g * r - origin`` and column ``h * r - origin`` on, and there are ``H + origin`` rows of cells.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from llvmlite import ir
from numba import njit, types
from numba.core import cgutils
from numba.extending import intrinsic, models, register_model

KERNELS_VERSION = 1  # to be raised with every change of what a kernel means

#: Lanes that a cell takes in an entry and in a register, by scale: r * r, rounded up for r = 3.
LANES = {2: 4, 3: 16, 4: 16}

#: Slots in an entry of a vertical and a horizontal pair, and cells in a slot, by origin.
V_SLOTS, V_CELLS = (4, 3), (4, 2)
H_SLOTS, H_CELLS = (3, 2), (4, 4)

_I8, _I16 = ir.IntType(8), ir.IntType(16)


def _jit(function: Callable[..., Any]) -> Callable[..., Any]:
    """Compile without the GIL, cached on disk where some cache folder is writable."""
    try:
        return njit(nogil=True, cache=True)(function)
    except RuntimeError:  # numba found no place for a cache
        return njit(nogil=True)(function)


class _Cells(types.Type):
    """Sums of four neighbouring cells as one value, which LLVM keeps in vector registers."""

    def __init__(self, channels: int, r: int, origin: int) -> None:
        self.channels, self.r, self.origin, self.lanes = channels, r, origin, LANES[r]
        super().__init__(name=f"lutsr_cells({channels}, {r}, {origin})")


@register_model(_Cells)
class _CellsModel(models.PrimitiveModel):
    def __init__(self, manager: Any, cells: _Cells) -> None:
        vector = ir.VectorType(_I16, 4 * cells.lanes)
        super().__init__(manager, cells, ir.ArrayType(vector, cells.channels))


def _data(context: Any, builder: Any, signature: Any, arguments: Any, k: int) -> Any:
    """Give the pointer to the first element of the array that is argument k."""
    array = cgutils.create_struct_proxy(signature.args[k])
    return array(context, builder, value=arguments[k]).data


def _at(builder: Any, pointer: Any, index: Any, as_type: Any) -> Any:
    """Point at an element, as a pointer to `as_type`."""
    return builder.bitcast(builder.gep(pointer, [index]), as_type.as_pointer())


def _constants(kind: Any, values: list[int]) -> Any:
    return ir.Constant(ir.VectorType(kind, len(values)), [ir.Constant(kind, v) for v in values])


def _pick(builder: Any, vector: Any, lanes: Any, other: Any = None) -> Any:
    """Take lanes out of a vector, or of two vectors one behind the other."""
    other = ir.Constant(vector.type, ir.Undefined) if other is None else other
    return builder.shuffle_vector(vector, other, _constants(ir.IntType(32), list(lanes)))


@intrinsic
def _no_cells(typing_context, channels, scale, origin):
    """Start with zero sums; the arguments are tuples whose lengths are C, r and the origin."""
    cells = _Cells(len(channels), len(scale), len(origin))

    def generate(context, builder, signature, arguments):
        return ir.Constant(context.get_value_type(signature.return_type), None)

    return cells(channels, scale, origin), generate


def _slot_adder(cells_in_slot: tuple[int, int]) -> Any:
    @intrinsic
    def add_slot(typing_context, cells, table, offsets, position, slot):
        """Add a slot of the pairs at offsets[position : position + C] of a flat fused table."""

        def generate(context, builder, signature, arguments):
            sums, _, _, first, slot_value = arguments
            entries = _data(context, builder, signature, arguments, 1)
            where = _data(context, builder, signature, arguments, 2)
            kind = context.get_value_type(signature.args[1].dtype)
            width = cells_in_slot[cells.origin] * cells.lanes
            skip = builder.mul(slot_value, ir.Constant(slot_value.type, width))
            for channel in range(cells.channels):
                at = builder.add(first, ir.Constant(first.type, channel))
                offset = builder.sext(builder.load(builder.gep(where, [at])), skip.type)
                vector = ir.VectorType(kind, width)
                pointer = _at(builder, entries, builder.add(offset, skip), vector)
                values = builder.load(pointer, align=kind.width // 8)
                if kind.width < 16:
                    values = builder.sext(values, ir.VectorType(_I16, width))
                if width < 4 * cells.lanes:  # two cells out of four
                    every = range(4 * cells.lanes)
                    values = _pick(builder, values, every, ir.Constant(values.type, None))
                total = builder.add(builder.extract_value(sums, channel), values)
                sums = builder.insert_value(sums, total, channel)
            return sums

        return cells(cells, table, offsets, position, slot), generate

    return add_slot


_add_vertical = _slot_adder(V_CELLS)
_add_horizontal = _slot_adder(H_CELLS)


@intrinsic
def _move_up(typing_context, cells):
    """Drop the leftmost cell; an empty one comes in at the right."""

    def generate(context, builder, signature, arguments):
        sums, lanes = arguments[0], range(cells.lanes, 5 * cells.lanes)
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
        data = _data(context, builder, signature, arguments, 1)
        for channel in range(cells.channels):
            cell = builder.extract_value(arguments[0], channel)
            cell = _pick(builder, cell, range(cells.lanes))
            at = builder.add(arguments[2], ir.Constant(arguments[2].type, channel * cells.lanes))
            builder.store(cell, _at(builder, data, at, cell.type), align=2)
        return context.get_dummy_value()

    return types.void(cells, sums, position), generate


@intrinsic
def _store_pixels(typing_context, cells, image, pixel, above, out, position, stride):
    """Round, shift, clip and write the leftmost cell of inner pixels, channels interleaved.

    The pixels' own grey levels, which the fused entries leave out, come in here: four times,
    once for each pair that a pixel is part of. `above` is the distance to the pixel above.
    """

    def generate(context, builder, signature, arguments):
        sums, _, pixel_value, above_value, _, first, step = arguments
        pixels = _data(context, builder, signature, arguments, 1)
        target = _data(context, builder, signature, arguments, 4)
        lanes, r, C, origin = cells.lanes, cells.r, cells.channels, cells.origin
        # The pixels under the cell: one, or four where the grid starts before the image.
        corners = [(dy, dx) for dy in range(-origin, 1) for dx in range(-origin, 1)]
        owner = [
            len(corners) - 1 - 2 * origin * (lane < r) - origin * (lane % r == 0)
            for lane in range(lanes)
        ]
        planes = []
        for channel in range(C):
            levels = ir.Constant(ir.VectorType(_I16, len(corners)), ir.Undefined)
            for k, (dy, dx) in enumerate(corners):
                at = builder.add(pixel_value, ir.Constant(pixel_value.type, channel + dx * C))
                at = builder.sub(at, above_value) if dy else at
                level = builder.zext(builder.load(builder.gep(pixels, [at])), _I16)
                levels = builder.insert_element(levels, level, ir.Constant(ir.IntType(32), k))
            two = _constants(_I16, [2] * lanes)
            own = builder.add(builder.shl(_pick(builder, levels, owner), two), two)
            cell = _pick(builder, builder.extract_value(sums, channel), range(lanes))
            cell = builder.ashr(builder.add(cell, own), two)
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

    return types.void(cells, image, pixel, above, out, position, stride), generate


@_jit
def fuse_pairs(lut, s, lanes, first, last, vertical, horizontal, fits):
    """Fuse the four rotations of the pairs first <= 256 * p + q < last.

    Rotations 0 and 180 look at the same vertical pairs, 90 and 270 at the same horizontal ones,
    so one entry holds all that a pair p above q (or left of it) adds to the cells around it, from
    the first cell that it reaches: slots are rows of cells, from the top, and a slot has the
    cells of that row from the left, with empty ones at the end to make `V_CELLS` or `H_CELLS`.

    In p's own cell p is left out, and in q's own cell q, so that a trained entry fits 8 bits.

    The tables, int8 or int16 (65537, entry length), come as zeros; the last entry stays so, for
    pairs that add nothing. A cell takes `lanes` values: r * r, then zeros. `s` is
    ``expand_shift``. Stops and sets `fits[0]` to 0 where a value does not fit the type.
    """
    r = lut.shape[3]
    origin = 0 if s == r else 1
    lowest = -(1 << (8 * vertical.itemsize - 1))
    v_sums = np.empty((2 * r + 2 * s, r + 2 * s), np.int32)
    h_sums = np.empty((r + 2 * s, 2 * r + 2 * s), np.int32)
    for pair in range(first, last):
        p, q = pair // 256, pair % 256
        v_sums[:] = 0
        h_sums[:] = 0
        for tap in range(9):
            for u in range(r):
                for v in range(r):
                    y, x = u + (tap // 3 - 1) * s, v + (tap % 3 - 1) * s
                    # Rotation 0 at p, 180 at q; then 270 at p, 90 at q.
                    v_sums[s + y, s + x] += lut[p, q, tap, u, v]
                    v_sums[s + 2 * r - 1 - y, s + r - 1 - x] += lut[q, p, tap, u, v]
                    h_sums[s + r - 1 - x, s + y] += lut[p, q, tap, u, v]
                    h_sums[s + x, s + 2 * r - 1 - y] += lut[q, p, tap, u, v]
        for u in range(s, s + r):
            for v in range(s, s + r):
                v_sums[u, v] -= p
                v_sums[u + r, v] -= q
                h_sums[u, v] -= p
                h_sums[u, v + r] -= q
        v_cells, h_cells = V_CELLS[origin], H_CELLS[origin]
        for sums, table, cells in ((v_sums, vertical, v_cells), (h_sums, horizontal, h_cells)):
            for y in range(sums.shape[0]):
                for x in range(sums.shape[1]):
                    value = sums[y, x]
                    if value < lowest or value >= -lowest:
                        fits[0] = 0
                        return
                    cell = cells * (y // r) + x // r
                    table[pair, cell * lanes + (y % r) * r + x % r] = value


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
    # Indexed from zero: only so does LLVM vectorise the loop.
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
def _add_pairs(cells, tables, places, g, at, origin):
    """Add what the pairs of one column give to row g of cells, from all rows that reach it."""
    length = places[0].shape[0] // 4
    for slot in range(V_SLOTS[origin]):
        ring = (g + 1 - origin - slot) % 4 * length
        cells = _add_vertical(cells, tables[0], places[0], ring + at, slot)
    for slot in range(H_SLOTS[origin]):
        ring = (g + 1 - origin - slot) % 3 * length
        cells = _add_horizontal(cells, tables[1], places[1], ring + at, slot)
    return cells


@_jit
def _border_cells(image, lut, g, h0, first, last, tables, places, program, sums, out, tags):
    """Enlarge the cells first <= h < last of row g, some of them near a border."""
    H, W, C = image.shape
    r, origin = len(tags[1]), len(tags[2])
    lead = 1 - origin
    lanes = sums.shape[0] // C
    pair_starts, pairs, value_starts, numbers, sources = program
    entries = np.empty(32, np.uint64)  # a kind looks up 21 at most
    cells = _no_cells(tags[0], tags[1], tags[2])
    for j in range(first - 2, last + lead):
        cells = _add_pairs(cells, tables, places, g, (j - h0 + 2) * C, origin)
        h = j - lead
        if h >= first:
            _store_sums(cells, sums, 0)
            kind = _kind(g, H + origin) * min(W + origin, 5) + _kind(h, W + origin)
            for c in range(C):
                for k in range(pair_starts[kind], pair_starts[kind + 1]):
                    one = image[g + pairs[k, 0], h + pairs[k, 1], c]
                    other = image[g + pairs[k, 2], h + pairs[k, 3], c]
                    entries[k - pair_starts[kind]] = (np.int64(one) * 256 + other) * (9 * r * r)
                for Y in range(max(g * r - origin, 0), min((g + 1) * r - origin, H * r)):
                    for X in range(max(h * r - origin, 0), min((h + 1) * r - origin, W * r)):
                        y, x = Y // r, X // r
                        lane = (Y - g * r + origin) * r + X - h * r + origin
                        times = (y > 0) + (y < H - 1) + (x > 0) + (x < W - 1)
                        total = sums[c * lanes + lane] + times * np.int64(image[y, x, c])
                        at = kind * r * r + lane
                        for k in range(value_starts[at], value_starts[at + 1]):
                            total += lut[entries[numbers[k]] + sources[k]]
                        out[Y, X, c] = min(max((total + 2) >> 2, 0), 255)
        cells = _move_up(cells)


@_jit
def _inner_cells(image, g, h0, first, last, tables, places, out, tags):
    """Enlarge the cells first <= h < last of row g, all two cells or more from the borders."""
    W, C = image.shape[1], image.shape[2]
    r, origin = len(tags[1]), len(tags[2])
    lead = 1 - origin
    stride = out.shape[1] * C
    cells = _no_cells(tags[0], tags[1], tags[2])
    for j in range(first - 2, last + lead):
        cells = _add_pairs(cells, tables, places, g, (j - h0 + 2) * C, origin)
        h = j - lead
        if h >= first:
            at = (g * r - origin) * stride + (h * r - origin) * C
            _store_pixels(cells, image, (g * W + h) * C, W * C, out, at, stride)
        cells = _move_up(cells)


@_jit
def upscale_band(image, tables, lut, program, g0, g1, tile, places, sums, out, tags):
    """Enlarge the rows of cells g0 <= g < g1 of an image into their place in the output.

    Parameters
    ----------
    image : uint8 (H, W, C)
    tables : two of int8 or int16 (65537, entry length)
        Of vertical and horizontal pairs, from `fuse_pairs`.
    lut : int8, flat
    program : tuple of arrays
        What `lut` adds near the borders, from ``lutsr._borders``.
    g0, g1 : int
        Rows of cells.
    tile : int
        Columns of cells done at a time, so that the entries of a few rows stay in the cache.
    places : int32 (4 * (tile + 3) * C,) and int32 (3 * (tile + 3) * C,)
        Scratch: where the entries of the last rows of pairs are, as rings.
    sums : int16 (C * lanes,), scratch
    out : uint8 (H * r, W * r, C)
    tags : three tuples
        Of the lengths C, r and origin, which the compiler must know; their values do not matter.
    """
    origin = len(tags[2])
    rows, columns = image.shape[0] + origin, image.shape[1] + origin
    lead, length = 1 - origin, places[0].shape[0] // 4
    for h0 in range(0, columns, tile):
        h1 = min(h0 + tile, columns)
        for row in range(g0 - 2, g1 + lead):
            v_ring, h_ring = row % 4 * length, row % 3 * length
            v_row, h_row = places[0][v_ring : v_ring + length], places[1][h_ring : h_ring + length]
            _find_pairs(image, row, 1, 0, h0 - 2, h1 + 1, tables[0].shape[1], v_row)
            _find_pairs(image, row, 0, 1, h0 - 2, h1 + 1, tables[1].shape[1], h_row)
            g = row - lead
            if g < g0:
                continue
            left, right = max(h0, 2), min(h1, columns - 2)
            if g < 2 or g >= rows - 2 or left >= right:
                left = right = h1
            for first, last in ((h0, left), (right, h1)):
                if first < last:
                    _border_cells(
                        image, lut, g, h0, first, last, tables, places, program, sums, out, tags
                    )
            if left < right:
                _inner_cells(image, g, h0, left, right, tables, places, out, tags)
