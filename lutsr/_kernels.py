"""All jitted code of lutsr; nothing else may be jitted anywhere.

Kernels never see user input: they take arrays that ``lutsr._core`` has checked and laid out, write
into the output they are given, return nothing and never raise.

numba stamps its cache by the content of this one file, so a jitted helper in another file could
go stale after an upgrade. ``KERNELS_VERSION`` is raised with every change of meaning.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numba import njit

KERNELS_VERSION = 1


def _jit(function: Callable[..., Any]) -> Callable[..., Any]:
    """Compile without the GIL, cached on disk where some cache folder is writable."""
    try:
        return njit(nogil=True, cache=True)(function)
    except RuntimeError:  # numba found no place for a cache
        return njit(nogil=True)(function)


@_jit
def _reflect(index, size):
    """Mirror an index into 0..size-1 without repeating the edge, as np.pad's reflect does."""
    if size == 1:
        return 0
    period = 2 * (size - 1)
    index %= period
    return period - index if index >= size else index


@_jit
def _edge_sum(image, channel, lut, shift, Y, X):
    """Sum what the fused look-ups leave out of one output pixel.

    That is, over rotations and taps: sources that reflection brings back from beyond the
    border, and sources whose pixel is the last one of its line, where the pair is with the
    reflected neighbour.
    """
    H, W = image.shape[0], image.shape[1]
    r = lut.shape[3]
    rows, columns = H * r, W * r
    total = 0
    for tap in range(9):
        dy, dx = (tap // 3 - 1) * shift, (tap % 3 - 1) * shift
        for turns in range(4):
            # The tap's source in the unturned image.
            if turns == 0:
                y, x = Y - dy, X - dx
            elif turns == 1:
                y, x = Y - dx, X + dy
            elif turns == 2:
                y, x = Y + dy, X + dx
            else:
                y, x = Y + dx, X - dy
            outside = y < 0 or y >= rows or x < 0 or x >= columns
            y, x = _reflect(y, rows), _reflect(x, columns)
            i, j = y // r, x // r
            # The neighbour that this rotation sees below, and the place inside the cell.
            if turns == 0:
                last, ni, nj, u, v = i == H - 1, i + 1, j, y % r, x % r
            elif turns == 1:
                last, ni, nj, u, v = j == 0, i, j - 1, r - 1 - x % r, y % r
            elif turns == 2:
                last, ni, nj, u, v = i == 0, i - 1, j, r - 1 - y % r, r - 1 - x % r
            else:
                last, ni, nj, u, v = j == W - 1, i, j + 1, x % r, r - 1 - y % r
            if outside or last:
                below = image[_reflect(ni, H), _reflect(nj, W), channel]
                total += lut[image[i, j, channel], below, tap, u, v]
    return total


@_jit
def _add_runs(image, channel, i, di, dj, j0, j1, table, acc, start, step):
    """Add the windows of one row's pairs (i, j), (i + di, j + dj), j0 <= j < j1."""
    length = table.shape[1]
    for j in range(j0, j1):
        pair = np.int64(image[i, j, channel]) * 256 + image[i + di, j + dj, channel]
        run = table[pair]
        first = start + j * step
        target = acc[first : first + length]
        for k in range(length):
            target[k] += run[k]


@_jit
def _gather_cells(vertical, horizontal, i, x0, x1, r, sums):
    """Sum one row of cells out of the accumulators, s = r: `sums` is (r, columns) of output."""
    area = r * r
    v0, v1, v2, v3 = (
        vertical[(i + 1) % 4],
        vertical[i % 4],
        vertical[(i - 1) % 4],
        vertical[(i - 2) % 4],
    )
    h0, h1, h2 = horizontal[(i + 1) % 3], horizontal[i % 3], horizontal[(i - 1) % 3]
    for j in range(x0, x1):
        v = (j - x0 + 2) * 4 * area
        h = (j - x0 + 3) * 3 * area
        for u in range(r):
            for w in range(r):
                k = u * r + w
                sums[u, (j - x0) * r + w] = (
                    v0[v + k]
                    + v1[v + area + k]
                    + v2[v + 2 * area + k]
                    + v3[v + 3 * area + k]
                    + h0[h + k]
                    + h1[h + area + k]
                    + h2[h + 2 * area + k]
                )


@_jit
def _gather_columns(vertical, horizontal, i, x0, x1, r, sums):
    """Sum one row of cells out of the accumulators, s = 1: `sums` is (r, columns) of output."""
    tall, low = 2 * r + 2, r + 2
    v0, v1, v2, v3 = (
        vertical[(i + 1) % 4],
        vertical[i % 4],
        vertical[(i - 1) % 4],
        vertical[(i - 2) % 4],
    )
    h0, h1, h2 = horizontal[(i + 1) % 3], horizontal[i % 3], horizontal[(i - 1) % 3]
    for x in range((x1 - x0) * r):
        v = (x + r + 1) * tall
        h = (x + 2 * r + 1) * low
        for u in range(r):
            sums[u, x] = v1[v + u + 1] + v2[v + r + u + 1] + h1[h + u + 1]
        sums[0, x] += v3[v + 2 * r + 1] + h2[h + r + 1]
        sums[r - 1, x] += v0[v] + h0[h]


@_jit
def _finish(image, channel, lut, shift, i, x0, x1, sums, out):
    """Complete one row of cells at the borders; round, shift, clip and write it."""
    H, W, r = image.shape[0], image.shape[1], lut.shape[3]
    rows, columns = H * r, W * r
    # The reflected pair's window reaches this far into the image.
    margin = r + shift
    for u in range(r):
        Y = i * r + u
        line = sums[u]
        if margin <= Y < rows - margin:
            for X in range(x0 * r, min(margin, x1 * r)):
                line[X - x0 * r] += _edge_sum(image, channel, lut, shift, Y, X)
            for X in range(max(margin, columns - margin, x0 * r), x1 * r):
                line[X - x0 * r] += _edge_sum(image, channel, lut, shift, Y, X)
        else:
            for X in range(x0 * r, x1 * r):
                line[X - x0 * r] += _edge_sum(image, channel, lut, shift, Y, X)
        target = out[Y, x0 * r : x1 * r, channel]
        for x in range(target.shape[0]):
            target[x] = min(max((line[x] + 2) >> 2, 0), 255)


@_jit
def upscale_band(
    image,
    vertical_table,
    horizontal_table,
    lut,
    shift,
    y0,
    y1,
    tile,
    vertical,
    horizontal,
    sums,
    out,
):
    """Enlarge the pixel rows y0 <= i < y1 of an image into their place in the output.

    Rows of pairs are added into rolling accumulators, one per row of pairs: a row of cells is
    the sum over the four rows of vertical and three rows of horizontal pairs that reach it. The
    image is done in tiles of columns, so that the accumulators stay in the cache.

    Parameters
    ----------
    image : uint8 (H, W, C)
    vertical_table, horizontal_table : int16 (65536, window length)
        From ``lutsr._fusion``.
    lut : int8 (256, 256, 9, r, r)
        For the borders, where the fused windows do not hold.
    shift : int
        ``expand_shift``.
    y0, y1 : int
        Rows of pixels.
    tile : int
        Columns of pixels in a tile.
    vertical : int16 (C, 4, ...)
    horizontal : int16 (C, 3, ...)
    sums : int16 (r, tile * r)
        Scratch, see ``lutsr._core.scratch``.
    out : uint8 (H * r, W * r, C)
    """
    H, W, C = image.shape
    r = lut.shape[3]
    v_step = r * (2 * r + 2 * shift)
    h_step = r * (r + 2 * shift)
    for x0 in range(0, W, tile):
        x1 = min(x0 + tile, W)
        for row in range(y0 - 2, y1 + 1):
            for c in range(C):
                v_row, h_row = vertical[c, row % 4], horizontal[c, row % 3]
                v_row[:] = 0
                h_row[:] = 0
                if 0 <= row < H - 1:
                    first, last = max(x0 - 1, 0), min(x1 + 1, W)
                    _add_runs(
                        image, c, row, 1, 0, first, last, vertical_table,
                        v_row, (1 - x0) * v_step, v_step,
                    )  # fmt: skip
                if 0 <= row < H:
                    first, last = max(x0 - 2, 0), min(x1 + 1, W - 1)
                    _add_runs(
                        image, c, row, 0, 1, first, last, horizontal_table,
                        h_row, (2 - x0) * h_step, h_step,
                    )  # fmt: skip
                i = row - 1
                if i >= y0:
                    if shift == r:
                        _gather_cells(vertical[c], horizontal[c], i, x0, x1, r, sums)
                    else:
                        _gather_columns(vertical[c], horizontal[c], i, x0, x1, r, sums)
                    _finish(image, c, lut, shift, i, x0, x1, sums, out)
