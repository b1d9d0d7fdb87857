"""The compiled kernel of the eclut family for deep images: entries are interpolated.

See ``lutsr._eclut.kernels`` for the grid of cells and the order of the sums.
"""

from __future__ import annotations

import numpy as np

from .._numba.jit import entry_point, part
from .borders import KINDS
from .kernels import kind_of
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
def _deep_border_cell(values, levels, steps, lut, relative, g, h, program, scratch, sums, tags):
    """Complete the sums of a cell that may be near a border, for an image of any size."""
    r, origin = len(tags[0]), len(tags[1])
    H, W = values.shape
    pair_starts, pairs, value_starts, numbers, sources = program
    kind = kind_of(g, H + origin) * min(W + origin, KINDS) + kind_of(h, W + origin)
    cell, offsets, weights = scratch
    for k in range(pair_starts[kind], pair_starts[kind + 1]):
        i, j = g + pairs[k, 0], h + pairs[k, 1]
        m, n = g + pairs[k, 2], h + pairs[k, 3]
        at = k - pair_starts[kind]
        one, other, a, b = values[i, j], values[m, n], levels[i, j], levels[m, n]
        _weigh(one, other, a, b, steps, 9 * r * r, offsets, weights, at)
    for Y in range(max(g * r - origin, 0), min((g + 1) * r - origin, H * r)):
        for X in range(max(h * r - origin, 0), min((h + 1) * r - origin, W * r)):
            y, x = Y // r, X // r
            lane = (Y - g * r + origin) * r + X - h * r + origin
            times = 4 if relative else (y > 0) + (y < H - 1) + (x > 0) + (x < W - 1)
            total = cell[lane] + np.int32(times) * values[y, x]
            at = kind * r * r + lane
            for k in range(value_starts[at], value_starts[at + 1]):
                n = np.int64(numbers[k])
                t0 = np.int32(lut[offsets[3 * n] + sources[k]])
                t1 = np.int32(lut[offsets[3 * n + 1] + sources[k]])
                t2 = np.int32(lut[offsets[3 * n + 2] + sources[k]])
                total += steps * t0 + weights[2 * n] * (t1 - t0) + weights[2 * n + 1] * (t2 - t1)
            sums[Y, X] = total


@entry_point
def sum_deep_band(
    values,
    levels,
    steps,
    tables,
    lut,
    relative,
    program,
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
    tables, lut, relative, g0, g1, tile
        As in `lutsr._eclut.kernels.upscale_band`.
    program : BorderProgram
        What `lut` adds near the borders, from ``lutsr._eclut.borders``.
    offsets : int32 (12 * (tile + 3) + spare,) and (9 * (tile + 3) + spare,)
    weights : int16 (8 * (tile + 3),) and (6 * (tile + 3),)
        Scratch: ring buffers with the entry offsets and weights of the last rows of pairs.
        `AHEAD` more pairs are allocated, as in `upscale_band`.
    scratch : int32 (16,), int64 (96,) and int16 (64,)
        For one border cell: its sums, and the entry offsets and weights of its pairs (at most 31).
    sums : int32 (H * r, W * r)
        The output in quarter steps, before rounding and clipping.
    tags : two tuples
        Of lengths r and origin, as in `upscale_band`.
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
                        _deep_border_cell(
                            values, levels, steps, lut, relative, g, h, program, scratch, sums, tags
                        )
                cells = move_up_deep(cells)
