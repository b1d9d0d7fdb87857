"""All jitted code of lutsr, made of the vectors of ``lutsr._eclut.vectors``.

Kernels never see user input: they take arrays that the engine has laid out, write into the output
they are given, allocate and return nothing and never raise. They do not run under
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

import numpy as np

from .._numba.jit import entry_point, part
from .borders import KINDS
from .vectors import (
    AHEAD,
    add_border,
    add_horizontal,
    add_vertical,
    move_up,
    no_cells,
    place_of_pair,
    store_border_cell,
    store_pixels,
)
from .vectors_deep import (
    add_horizontal_weighted,
    add_vertical_weighted,
    move_up_deep,
    no_deep_cells,
    store_deep_cell,
    store_deep_sums,
)


@entry_point
def fuse_pairs(lut, r, s, places, first, last, tables, scratch, fits):
    """Fuse the four rotations of the pairs first <= 256 * p + q < last.

    Rotations 0 and 180 look at the same vertical pairs, 90 and 270 at the same horizontal ones,
    so one entry holds all that a pair p above q (or left of it) adds to the pixels around it, its
    window. In p's own cell p is left out, and in q's own cell q, so that a trained entry fits 8
    bits.

    Parameters
    ----------
    lut : int8 (65536, 9 * r * r)
    r, s : int
        Scale and ``expand_shift``.
    places : two of two arrays
        For vertical and for horizontal pairs, where each value of the window goes, and what
        flips it (``lutsr._eclut.layout``).
    first, last : int
    tables : two of int8 or int16 (65537, entry length)
        Zeros. Pair 65536 stands for those that add nothing.
    scratch : int64 (4, 9 * r * r) and two of int32 (values of a window,)
    fits : uint8 (1,)
        Set to 0 where a value does not fit the type: then the rest is left out.
    """
    vertical, horizontal = tables
    goals, v_sums, h_sums = scratch
    lowest = -(1 << (8 * vertical.itemsize - 1))
    v_shape, h_shape = (2 * r + 2 * s, r + 2 * s), (r + 2 * s, 2 * r + 2 * s)
    (v_at, v_flips), (h_at, h_flips) = places
    # Where rotations 0 at p and 180 at q put a value of a table entry; then 270 at p, 90 at q.
    for k in range(9 * r * r):
        tap, u, v = k // (r * r), k // r % r, k % r
        y, x = u + (tap // 3 - 1) * s, v + (tap % 3 - 1) * s
        goals[0, k] = (s + y) * v_shape[1] + s + x
        goals[1, k] = (s + 2 * r - 1 - y) * v_shape[1] + s + r - 1 - x
        goals[2, k] = (s + r - 1 - x) * h_shape[1] + s + y
        goals[3, k] = (s + x) * h_shape[1] + s + 2 * r - 1 - y
    for pair in range(first, last):
        v_sums[:] = 0
        h_sums[:] = 0
        if pair < 65536:
            p, q = pair // 256, pair % 256
            there, back = lut[pair], lut[256 * q + p]
            for k in range(9 * r * r):
                v_sums[goals[0, k]] += there[k]
                v_sums[goals[1, k]] += back[k]
                h_sums[goals[2, k]] += there[k]
                h_sums[goals[3, k]] += back[k]
            for u in range(s, s + r):
                for v in range(s, s + r):
                    v_sums[u * v_shape[1] + v] -= p
                    v_sums[(u + r) * v_shape[1] + v] -= q
                    h_sums[u * h_shape[1] + v] -= p
                    h_sums[u * h_shape[1] + v + r] -= q
        for sums, table, at, flips in (
            (v_sums, vertical, v_at, v_flips),
            (h_sums, horizontal, h_at, h_flips),
        ):
            least = most = 0
            for k in range(len(sums)):
                least, most = min(least, sums[k]), max(most, sums[k])
            if least < lowest or most >= -lowest:
                fits[0] = 0
                return
            entry = table[pair]
            for k in range(len(at)):
                entry[at[k]] = sums[k] ^ flips[k]


@part
def _find_pairs(image, flat, row, di, dj, x0, x1, length, offsets):
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
    at, other = (row * W + first) * C, ((row + di) * W + first + dj) * C
    ones, others = flat[at : at + count], flat[other : other + count]
    places = offsets[(first - x0) * C : (first - x0) * C + count]
    for k in range(count):
        places[k] = place_of_pair(ones[k], others[k], length)


@part
def _kind(index, size):
    """Say what kind of row or column this is: of the first two, between, of the last two."""
    return index if index < 2 or size <= KINDS else max(2, index - (size - KINDS))


@part
def _border_cells(image, lut, g, h0, first, last, tables, places, length, scratch, out, tags):
    """Enlarge the cells first <= h < last of row g, some of them near a border."""
    H, W, C = image.shape
    r, origin = len(tags[1]), len(tags[2])
    lead = 1 - origin
    lanes, stride = scratch.shape[0] // C, W * r * C
    top, bottom = max(origin - g * r, 0), min(r, H * r + origin - g * r)
    cells = no_cells(tags, tables[0])
    for j in range(first - 2, last + lead):
        cells = add_vertical(cells, tables[0], places[0], g + lead, length, (j - h0 + 2) * C)
        cells = add_horizontal(cells, tables[1], places[1], g + lead, length, (j - h0 + 2) * C)
        h = j - lead
        if h >= first:
            kind = KINDS * _kind(g, H + origin) + _kind(h, W + origin)
            # The next ones to the right, or else the next one below.
            if g < 2 or g >= H + origin - 2:
                ahead = AHEAD * C if 2 <= h < W + origin - 2 - AHEAD else 0
            else:
                ahead = W * C if g < H + origin - 3 else 0
            for c in range(C):
                at = (g * W + h) * C + c
                add_border(
                    tags[1], tags[2], kind, image, at, W * C, C, ahead, lut, scratch, c * lanes
                )
            left, right = max(origin - h * r, 0), min(r, W * r + origin - h * r)
            at = (g * r - origin) * stride + (h * r - origin) * C
            store_border_cell(cells, scratch, out, at, stride, top, bottom, left, right)
        cells = move_up(cells)


@part
def _inner_cells(image, g, h0, first, last, tables, places, length, out, tags):
    """Enlarge the cells first <= h < last of row g, all two cells or more from the borders."""
    W, C = image.shape[1], image.shape[2]
    r, origin = len(tags[1]), len(tags[2])
    lead = 1 - origin
    stride = out.shape[1] * C
    cells = no_cells(tags, tables[0])
    for j in range(first - 2, last + lead):
        cells = add_vertical(cells, tables[0], places[0], g + lead, length, (j - h0 + 2) * C)
        cells = add_horizontal(cells, tables[1], places[1], g + lead, length, (j - h0 + 2) * C)
        h = j - lead
        if h >= first:
            at = (g * r - origin) * stride + (h * r - origin) * C
            store_pixels(cells, image, (g * W + h) * C, W * C, out, at, stride)
        cells = move_up(cells)


@entry_point
def upscale_band(image, flat, tables, lut, g0, g1, tile, length, places, scratch, out, tags):
    """Enlarge the rows of cells g0 <= g < g1 of an image into their place in the output.

    Parameters
    ----------
    image, flat : uint8 (H, W, C) and the same (H * W * C,)
        Large enough to have every kind of cell both ways.
    tables : two of int8 or int16 (65537, entry length)
        Of vertical and horizontal pairs, from `fuse_pairs`.
    lut : int8, flat
    g0, g1 : int
        Rows of cells.
    tile : int
        Columns of cells done at a time, so that the entries of a few rows stay in the cache.
    length : int
        Pairs in a row of a tile, (tile + 3) * C.
    places : int32 (4 * length + spare,) and int32 (3 * length + spare,)
        Scratch: where the entries of the last rows of pairs are, as rings; `AHEAD` pairs are
        spare.
    scratch : int16 (C * lanes,)
        For one border cell.
    out : uint8 (H * r, W * r, C)
    tags : three tuples
        Of the lengths C, r and origin, which the compiler must know; their values do not matter.
    """
    origin = len(tags[2])
    rows, columns = image.shape[0] + origin, image.shape[1] + origin
    lead = 1 - origin
    for h0 in range(0, columns, tile):
        h1 = min(h0 + tile, columns)
        for row in range(g0 - 2, g1 + lead):
            v_ring, h_ring = row % 4 * length, row % 3 * length
            v_row, h_row = places[0][v_ring : v_ring + length], places[1][h_ring : h_ring + length]
            _find_pairs(image, flat, row, 1, 0, h0 - 2, h1 + 1, tables[0].shape[1], v_row)
            _find_pairs(image, flat, row, 0, 1, h0 - 2, h1 + 1, tables[1].shape[1], h_row)
            g = row - lead
            if g < g0:
                continue
            left, right = max(h0, 2), min(h1, columns - 2)
            if g < 2 or g >= rows - 2 or left >= right:
                left = right = h1
            # The border after the inside, whose last cell writes a little too far.
            if left < right:
                _inner_cells(image, g, h0, left, right, tables, places, length, out, tags)
            for first, last in ((h0, left), (right, h1)):
                if first < last:
                    _border_cells(
                        image,
                        lut,
                        g,
                        h0,
                        first,
                        last,
                        tables,
                        places,
                        length,
                        scratch,
                        out,
                        tags,
                    )


@part
def _weigh(one, other, a, b, steps, length, places, weights, k):
    """Note pair k's three entries and the weights of the steps between them.

    `a` and `b` are the levels of the pair's two values. A step of no weight leads nowhere: there
    may be no entry beyond level 255.
    """
    x, y = one - a * steps, other - b * steps
    entry = (np.int64(256) * a + b) * length
    second = entry + (256 if x > y else 1) * length if x > 0 or y > 0 else entry
    places[3 * k], places[3 * k + 1] = entry, second
    places[3 * k + 2] = entry + 257 * length if x > 0 and y > 0 else second
    weights[2 * k], weights[2 * k + 1] = max(x, y), min(x, y)


@part
def _find_deep_pairs(values, levels, steps, row, di, dj, x0, x1, length, places, weights):
    """Note the entries and weights of a row's pairs, as `_find_pairs` notes their one entry."""
    H, W = values.shape
    for j in range(x0, x1):
        k = j - x0
        if 0 <= row < H - di and 0 <= j < W - dj:
            one, other = values[row, j], values[row + di, j + dj]
            a, b = levels[row, j], levels[row + di, j + dj]
            _weigh(one, other, a, b, steps, length, places, weights, k)
        else:
            places[3 * k : 3 * k + 3] = 65536 * length
            weights[2 * k : 2 * k + 2] = 0


@part
def _deep_border_cell(values, levels, steps, lut, g, h, program, scratch, sums, tags):
    """Complete the sums of a cell that may be near a border, in an image of any size."""
    r, origin = len(tags[0]), len(tags[1])
    H, W = values.shape
    pair_starts, pairs, value_starts, numbers, sources = program
    kind = _kind(g, H + origin) * min(W + origin, KINDS) + _kind(h, W + origin)
    cell, places, weights = scratch
    for k in range(pair_starts[kind], pair_starts[kind + 1]):
        i, j = g + pairs[k, 0], h + pairs[k, 1]
        m, n = g + pairs[k, 2], h + pairs[k, 3]
        at = k - pair_starts[kind]
        one, other, a, b = values[i, j], values[m, n], levels[i, j], levels[m, n]
        _weigh(one, other, a, b, steps, 9 * r * r, places, weights, at)
    for Y in range(max(g * r - origin, 0), min((g + 1) * r - origin, H * r)):
        for X in range(max(h * r - origin, 0), min((h + 1) * r - origin, W * r)):
            y, x = Y // r, X // r
            lane = (Y - g * r + origin) * r + X - h * r + origin
            times = (y > 0) + (y < H - 1) + (x > 0) + (x < W - 1)
            total = cell[lane] + np.int32(times) * values[y, x]
            at = kind * r * r + lane
            for k in range(value_starts[at], value_starts[at + 1]):
                n = np.int64(numbers[k])
                t0 = np.int32(lut[places[3 * n] + sources[k]])
                t1 = np.int32(lut[places[3 * n + 1] + sources[k]])
                t2 = np.int32(lut[places[3 * n + 2] + sources[k]])
                total += steps * t0 + weights[2 * n] * (t1 - t0) + weights[2 * n + 1] * (t2 - t1)
            sums[Y, X] = total


@entry_point
def sum_deep_band(
    values, levels, steps, tables, lut, program, g0, g1, tile, places, weights, scratch, sums, tags
):
    """Sum up the rows of cells g0 <= g < g1 of one channel of a deep image.

    Parameters
    ----------
    values, levels : int32 (H, W)
        Pixels in steps, and the table's levels below them.
    steps : int
        Steps to the level.
    tables, lut, g0, g1, tile
        As in `upscale_band`.
    program : tuple of arrays
        What `lut` adds near the borders, from ``lutsr._eclut.borders``.
    places : int32 (12 * (tile + 3) + spare,) and (9 * (tile + 3) + spare,)
    weights : int16 (8 * (tile + 3),) and (6 * (tile + 3),)
        Scratch: entries and weights of the last rows of pairs, as rings; `AHEAD` pairs are spare.
    scratch : int32 (16,), int64 (96,) and int16 (64,)
        For one border cell: its sums, and entries and weights of its pairs, fewer than 32.
    sums : int32 (H * r, W * r)
        The output in quarter steps, before rounding and clipping.
    tags : two tuples
        Of the lengths r and origin.
    """
    r, origin = len(tags[0]), len(tags[1])
    H, W = values.shape
    rows, columns, lead, length = H + origin, W + origin, 1 - origin, tile + 3
    for h0 in range(0, columns, tile):
        h1 = min(h0 + tile, columns)
        for row in range(g0 - 2, g1 + lead):
            for k, ring in ((0, 4), (1, 3)):
                start, stop = row % ring * length, (row % ring + 1) * length
                notes = places[k][3 * start : 3 * stop], weights[k][2 * start : 2 * stop]
                entry = tables[k].shape[1]
                _find_deep_pairs(
                    values, levels, steps, row, 1 - k, k, h0 - 2, h1 + 1, entry, *notes
                )
            g = row - lead
            if g < g0:
                continue
            cells = no_deep_cells(tags[0], tags[1], tables[0])
            for j in range(h0 - 2, h1 + lead):
                at = j - h0 + 2
                for_v = tables[0], places[0], weights[0]
                cells = add_vertical_weighted(cells, *for_v, g + lead, length, at)
                for_h = tables[1], places[1], weights[1]
                cells = add_horizontal_weighted(cells, *for_h, g + lead, length, at)
                h = j - lead
                if h >= h0:
                    if 2 <= g < rows - 2 and 2 <= h < columns - 2:
                        place = (g * r - origin) * W * r + h * r - origin
                        store_deep_cell(cells, steps, values, g * W + h, W, sums, place, W * r)
                    else:
                        store_deep_sums(cells, steps, scratch[0])
                        _deep_border_cell(
                            values, levels, steps, lut, g, h, program, scratch, sums, tags
                        )
                cells = move_up_deep(cells)
