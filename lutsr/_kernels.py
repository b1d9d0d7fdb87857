"""All jitted code of lutsr, made of the vectors of ``lutsr._vectors``.

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

import contextlib
import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numba import njit

from ._borders import KINDS
from ._vectors import (
    H_CELLS,
    H_SLOTS,
    V_CELLS,
    V_SLOTS,
    add_border,
    add_horizontal,
    add_vertical,
    move_up,
    no_cells,
    store_border_cell,
    store_pixels,
    store_sums,
)
from ._version import __version__

#: What the compiled code depends on; numba itself looks at this file alone.
SOURCES = (
    "_borders.py",
    "_depth.py",
    "_fusion.py",
    "_kernels.py",
    "_vectors.py",
    "_version.py",
    "reference.py",
)


def _stamp() -> str:
    digest = hashlib.sha256(__version__.encode())
    for name in SOURCES:
        with contextlib.suppress(OSError):  # frozen programs come without sources
            digest.update((Path(__file__).parent / name).read_bytes())
    return digest.hexdigest()[:16]


STAMP = _stamp()


def _entry_point(function: Callable[..., Any]) -> Callable[..., Any]:
    """Compile a function that Python calls, cached on disk where some cache folder is writable.

    The cache goes by the function's name: with the stamp in it, no version of lutsr ever meets
    what another one has compiled.
    """
    function.__qualname__ += f"_{STAMP}"
    try:
        return njit(nogil=True, cache=True)(function)
    except RuntimeError:  # numba found no place for a cache
        return njit(nogil=True)(function)


def _part(function: Callable[..., Any]) -> Callable[..., Any]:
    """Compile a function that kernels call, as part of them: it has no cache that could be old."""
    return njit(nogil=True)(function)


@_entry_point
def fuse_pairs(lut, s, lanes, packed, first, last, vertical, horizontal, fits):
    """Fuse the four rotations of the pairs first <= 256 * p + q < last.

    Rotations 0 and 180 look at the same vertical pairs, 90 and 270 at the same horizontal ones,
    so one entry holds all that a pair p above q (or left of it) adds to the cells around it, from
    the first cell that it reaches: slots are rows of cells, from the top, and a slot has the
    cells of that row from the left, with empty ones at the end to make `V_CELLS` or `H_CELLS`.

    In p's own cell p is left out, and in q's own cell q, so that a trained entry fits 8 bits.

    The tables, int8 or int16 (65537, entry length), come as zeros. Pair 65536 stands for those
    that add nothing. A cell takes `lanes` values: r * r, then zeros; ``lutsr._vectors`` says what
    `packed` ones look like. `s` is ``expand_shift``. Stops and sets `fits[0]` to 0 where a value
    does not fit the type.
    """
    r = lut.shape[3]
    origin = 0 if s == r else 1
    lowest = -(1 << (8 * vertical.itemsize - 1))
    v_sums = np.empty((2 * r + 2 * s, r + 2 * s), np.int32)
    h_sums = np.empty((r + 2 * s, 2 * r + 2 * s), np.int32)
    for pair in range(first, last):
        p, q = min(pair // 256, 255), pair % 256
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
            # Whole cells, so that what the window leaves of them is packed as well.
            for y in range(-(-sums.shape[0] // r) * r):
                for x in range(-(-sums.shape[1] // r) * r):
                    value = np.int32(0)
                    if pair < 65536 and y < sums.shape[0] and x < sums.shape[1]:
                        value = sums[y, x]
                    if value < lowest or value >= -lowest:
                        fits[0] = 0
                        return
                    lane = (y % r) * r + x % r
                    if packed:
                        value ^= -128 * (lane < lanes // 2)
                        lane = 2 * lane if lane < lanes // 2 else 2 * lane - lanes + 1
                    table[pair, (cells * (y // r) + x // r) * lanes + lane] = value


@_part
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


@_part
def _kind(index, size):
    """Say what kind of row or column this is: of the first two, between, of the last two."""
    return index if index < 2 or size <= KINDS else max(2, index - (size - KINDS))


@_part
def _add_pairs(cells, tables, places, length, g, at, origin):
    """Add what the pairs of one column give to row g of cells, from all rows that reach it."""
    for slot in range(V_SLOTS[origin]):
        ring = (g + 1 - origin - slot) % 4 * length
        cells = add_vertical(cells, tables[0], places[0], ring + at, slot)
    for slot in range(H_SLOTS[origin]):
        ring = (g + 1 - origin - slot) % 3 * length
        cells = add_horizontal(cells, tables[1], places[1], ring + at, slot)
    return cells


@_part
def _border_cells(
    image, lut, g, h0, first, last, tables, places, length, program, scratch, out, tags
):
    """Enlarge the cells first <= h < last of row g, some of them near a border."""
    H, W, C = image.shape
    r, origin = len(tags[1]), len(tags[2])
    lead = 1 - origin
    sums, pixels = scratch
    lanes = sums.shape[0] // C
    top, bottom = max(origin - g * r, 0), min(r, H * r + origin - g * r)
    cells = no_cells(tags, tables[0])
    for j in range(first - 2, last + lead):
        cells = _add_pairs(cells, tables, places, length, g, (j - h0 + 2) * C, origin)
        h = j - lead
        if h < first:
            pass
        elif min(H, W) + origin < KINDS:
            store_sums(cells, sums, 0)
            _finish_cell(image, lut, g, h, program, sums, out, r, origin)
        else:
            kind = KINDS * _kind(g, H + origin) + _kind(h, W + origin)
            for c in range(C):
                at = (g * W + h) * C + c
                add_border(tags[1], tags[2], kind, image, at, W * C, C, lut, sums, c * lanes)
            store_border_cell(cells, sums, pixels)
            left, right = max(origin - h * r, 0), min(r, W * r + origin - h * r)
            for u in range(top, bottom):
                row = out[g * r - origin + u]
                for v in range(left, right):
                    for c in range(C):
                        row[h * r - origin + v, c] = pixels[(u * r + v) * C + c]
        cells = move_up(cells)


@_part
def _finish_cell(image, lut, g, h, program, sums, out, r, origin):
    """Complete a cell's sums and write it, in an image too small to have every kind of cell."""
    H, W, C = image.shape
    lanes = sums.shape[0] // C
    pair_starts, pairs, value_starts, numbers, sources = program
    entries = np.empty(32, np.uint64)  # a kind looks up 21 at most
    kind = _kind(g, H + origin) * min(W + origin, KINDS) + _kind(h, W + origin)
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


@_part
def _inner_cells(image, g, h0, first, last, tables, places, length, out, tags):
    """Enlarge the cells first <= h < last of row g, all two cells or more from the borders."""
    W, C = image.shape[1], image.shape[2]
    r, origin = len(tags[1]), len(tags[2])
    lead = 1 - origin
    stride = out.shape[1] * C
    cells = no_cells(tags, tables[0])
    for j in range(first - 2, last + lead):
        cells = _add_pairs(cells, tables, places, length, g, (j - h0 + 2) * C, origin)
        h = j - lead
        if h >= first:
            at = (g * r - origin) * stride + (h * r - origin) * C
            store_pixels(cells, image, (g * W + h) * C, W * C, out, at, stride)
        cells = move_up(cells)


@_entry_point
def upscale_band(image, tables, lut, program, g0, g1, tile, length, places, scratch, out, tags):
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
    length : int
        Pairs in a row of a tile, (tile + 3) * C.
    places : int32 (4 * length + spare,) and int32 (3 * length + spare,)
        Scratch: where the entries of the last rows of pairs are, as rings; `AHEAD` pairs are
        spare.
    scratch : int16 (C * lanes,) and uint8 (r * r * C,)
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
                        image,
                        lut,
                        g,
                        h0,
                        first,
                        last,
                        tables,
                        places,
                        length,
                        program,
                        scratch,
                        out,
                        tags,
                    )
            if left < right:
                _inner_cells(image, g, h0, left, right, tables, places, length, out, tags)
