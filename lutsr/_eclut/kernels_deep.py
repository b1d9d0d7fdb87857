"""The compiled kernel of the eclut family for deep images: entries are interpolated.

See ``lutsr._eclut.kernels`` for the grid of cells and the order of the sums.
"""

from __future__ import annotations

import numpy as np

from .._numba.jit import entry_point, part
from .._numba.memory import address_of, load
from .borders import KINDS
from .kernels import kind_of
from .vectors_border import add_deep_words, add_weighted_bytes, no_deep_words
from .vectors_deep import (
    add_horizontal_weighted,
    add_vertical_weighted,
    move_up_deep,
    no_deep_cells,
    store_deep_cell,
    store_deep_sums,
)


@part
def _weigh(one, other, a, b, steps, length, offsets, weights, k):
    """Store the offsets of pair k's three entries, and its two interpolation weights.

    `a` and `b` are the levels of the pair's two values. If a weight is zero, the next entry is the
    same as the one before it, because there may be no entry beyond level 255.
    """
    x, y = one - a * steps, other - b * steps
    entry = (np.int64(256) * a + b) * length
    second = entry + (256 if x > y else 1) * length if x > 0 or y > 0 else entry
    offsets[3 * k], offsets[3 * k + 1] = entry, second
    offsets[3 * k + 2] = entry + 257 * length if x > 0 and y > 0 else second
    weights[2 * k], weights[2 * k + 1] = max(x, y), min(x, y)


@part
def _find_deep_pairs(values, levels, steps, row, di, dj, x0, x1, length, offsets, weights):
    """Store the entry offsets and weights of a row's pairs; see `_find_pairs` of `kernels`."""
    H, W = values.shape
    for j in range(x0, x1):
        k = j - x0
        if 0 <= row < H - di and 0 <= j < W - dj:
            one, other = values[row, j], values[row + di, j + dj]
            a, b = levels[row, j], levels[row + di, j + dj]
            _weigh(one, other, a, b, steps, length, offsets, weights, k)
        else:
            offsets[3 * k : 3 * k + 3] = 65536 * length
            weights[2 * k : 2 * k + 2] = 0


@part
def _add_deep_border(image, table, g, h, scratch, sums, tags):
    """Complete the sums of a cell that may be near a border, for an image of any size."""
    values, levels, steps = image
    lut, relative, borders = table
    r, origin = len(tags[0]), len(tags[1])
    H, W = values.shape
    kind = kind_of(g, H + origin) * min(W + origin, KINDS) + kind_of(h, W + origin)
    cell, offsets, weights = scratch
    first, moves = load(borders.pair_starts, kind, np.int32), borders.all_moves
    for n in range(load(borders.pair_starts, kind + 1, np.int32) - first):
        at = 4 * (first + n)
        i, j = g + load(moves, at, np.int32), h + load(moves, at + 1, np.int32)
        k, m = g + load(moves, at + 2, np.int32), h + load(moves, at + 3, np.int32)
        one, other, a, b = values[i, j], values[k, m], levels[i, j], levels[k, m]
        _weigh(one, other, a, b, steps, 9 * r * r, offsets, weights, n)
    added = no_deep_words()
    for k in range(load(borders.starts, kind, np.int32), load(borders.starts, kind + 1, np.int32)):
        n = load(borders.places, 2 * k, np.int32)
        entry = lut + load(borders.places, 2 * k + 1, np.int32)
        entries = entry + offsets[3 * n], entry + offsets[3 * n + 1], entry + offsets[3 * n + 2]
        weight, other = weights[2 * n], weights[2 * n + 1]
        added = add_weighted_bytes(added, *entries, borders.lanes + 32 * k, steps, weight, other)
    add_deep_words(added, cell)
    for Y in range(max(g * r - origin, 0), min((g + 1) * r - origin, H * r)):
        for X in range(max(h * r - origin, 0), min((h + 1) * r - origin, W * r)):
            y, x = Y // r, X // r
            lane = (Y - g * r + origin) * r + X - h * r + origin
            times = 4 if relative else (y > 0) + (y < H - 1) + (x > 0) + (x < W - 1)
            sums[Y, X] = cell[lane] + np.int32(times) * values[y, x]


@entry_point
def sum_deep_band(
    values,
    levels,
    steps,
    tables,
    lut,
    relative,
    borders,
    g0,
    g1,
    tile,
    offsets,
    weights,
    scratch,
    sums,
    tags,
):
    """Compute the sums of the rows of cells g0 <= g < g1 of one channel of a deep image.

    Parameters
    ----------
    values, levels : int32 (H, W)
        Pixels in steps (fractions of a level), and the same rounded down to whole levels.
    steps : int
        Steps in one level.
    tables : two of int8 or int16 (65537, entry length)
        Fused tables of vertical and of horizontal pairs.
    lut : int8, flat
        The unfused table.
    relative : bool
        Whether `lut` leaves out the pixels' own levels.
    g0, g1, tile
        As in `lutsr._eclut.kernels.upscale_band`.
    borders : record
        What `lut` adds near the borders: the fields of `lutsr._eclut.task.Borders`.
    offsets : int32 (12 * (tile + 3) + spare,) and (9 * (tile + 3) + spare,)
    weights : int16 (8 * (tile + 3),) and (6 * (tile + 3),)
        Scratch: ring buffers with the entry offsets and weights of the last rows of pairs.
        `AHEAD` more pairs are allocated, as in `upscale_band`.
    scratch : int32 (16,), int64 (3 * MOST_PAIRS,) and int16 (2 * MOST_PAIRS,)
        For one border cell: its sums, and the entry offsets and weights of its pairs.
    sums : int32 (H * r, W * r)
        The output in quarter steps, before rounding and clipping.
    tags : two tuples
        Of lengths r and origin. They make these numbers part of the types, so that the compiler
        knows them. The tuples' contents are not used.
    """
    r, origin = len(tags[0]), len(tags[1])
    H, W = values.shape
    rows, columns, lead, length = H + origin, W + origin, 1 - origin, tile + 3
    for h0 in range(0, columns, tile):
        h1 = min(h0 + tile, columns)
        for row in range(g0 - 2, g1 + lead):
            for k, ring in ((0, 4), (1, 3)):
                start, stop = row % ring * length, (row % ring + 1) * length
                found = offsets[k][3 * start : 3 * stop], weights[k][2 * start : 2 * stop]
                entry = tables[k].shape[1]
                _find_deep_pairs(
                    values, levels, steps, row, 1 - k, k, h0 - 2, h1 + 1, entry, *found
                )
            g = row - lead
            if g < g0:
                continue
            cells = no_deep_cells(tags[0], tags[1], tables[0])
            for j in range(h0 - 2, h1 + lead):
                at = j - h0 + 2
                for_v = tables[0], offsets[0], weights[0]
                cells = add_vertical_weighted(cells, *for_v, g + lead, length, at)
                for_h = tables[1], offsets[1], weights[1]
                cells = add_horizontal_weighted(cells, *for_h, g + lead, length, at)
                h = j - lead
                if h >= h0:
                    if 2 <= g < rows - 2 and 2 <= h < columns - 2:
                        place = (g * r - origin) * W * r + h * r - origin
                        store_deep_cell(cells, steps, values, g * W + h, W, sums, place, W * r)
                    else:
                        store_deep_sums(cells, steps, scratch[0])
                        image = values, levels, steps
                        table = address_of(lut), relative, borders
                        _add_deep_border(image, table, g, h, scratch, sums, tags)
                cells = move_up_deep(cells)
