"""The compiled kernel of the eclut family for 8-bit images.

Kernels never see user input. They take arrays that the engine has prepared, write into a given
output, allocate nothing, return nothing and never raise. They cannot run under
``NUMBA_DISABLE_JIT``, because the vectors are LLVM values. ``lutsr.reference`` computes the same
integers in plain NumPy.

A row of cells is the sum of the contributions of a few rows of vertical and of horizontal pairs.
The kernel takes one channel of a row of a tile at a time, or of two rows. It moves along the row
from left to right and keeps the sums of neighbouring cells in registers. Each pair adds one *slot*
of its fused entry: one row of cells, one load. The leftmost cell is then complete, and its sums are
written to a line of scratch memory. Meanwhile the part of the output that will be written is loaded
into the cache, or writing would wait for it. What borders add to the sums follows from a table,
``lutsr._eclut.borders``. Then the line is rounded and clipped to rows of bytes, and those of all
channels are interleaved into the output. So nothing but the sums depends much on the model, and
nothing on the number of channels.

For ``expand_shift`` r the grid of cells starts at the image's top left corner (``origin`` 0). For
``expand_shift`` 1 it starts one output pixel above and left of the corner (``origin`` 1). Every
pair's window starts there too, so a pair overlaps fewer cells. The first output pixel of cell
(g, h) is in row ``g * r - origin`` and column ``h * r - origin``. There are ``H + origin`` rows of
cells.
"""

from __future__ import annotations

import numpy as np

from .._numba.channels import join_channels, split_channels
from .._numba.jit import entry_point, inlined_part, part
from .._numba.memory import address_of, load, prefetch_to_write, store
from .borders import KINDS
from .vectors import (
    AHEAD,
    add_horizontal,
    add_horizontal_below,
    add_vertical,
    add_vertical_below,
    columns_of,
    entry_offset,
    move_up,
    no_cells,
    rows_of,
    store_sums,
)
from .vectors_border import add_bytes, add_level, add_to_sums, edge_words, no_words
from .vectors_store import CELLS_AT_ONCE, finish_cells

#: Columns of pixels before a tile whose pairs and levels are kept.
MARGIN = 4


@part
def _split_row(task, source, width, y, x0, x1, levels):
    """Copy the columns x0 <= x < x1 of a row into a ring of rows for each channel."""
    channels = task.channels
    first, last = max(x0, 0), min(x1, width)
    size, count = 4 * task.level_length, last - first
    source += (y * width + first) * channels
    levels += y % 4 * task.level_length + first - x0
    split_channels(source, count, channels, size, levels)


@part
def _find_pairs(one, other, first, last, count, length, offsets):
    """Store the entry offsets of a row of pairs.

    Pairs that extend beyond the image, those before `first` and from `last` on, get the offset of
    the empty entry.
    """
    empty = 65536 * length
    first = max(first, 0)
    last = max(min(last, count), first)
    for k in range(first):
        store(offsets, k, np.int32, empty)
    for k in range(first, last):
        a, b = load(one, k, np.uint8), load(other, k, np.uint8)
        store(offsets, k, np.int32, entry_offset(a, b, length))
    for k in range(last, count):
        store(offsets, k, np.int32, empty)


@part
def _find_row(task, levels, row, height, width, x0, offsets):
    """Store the entry offsets of a row of vertical and of horizontal pairs, from column x0 on."""
    length = task.length
    one, other = levels + row % 4 * task.level_length, levels + (row + 1) % 4 * task.level_length
    vertical, horizontal = offsets + 4 * (row % 4) * length, offsets + 4 * (4 + row % 3) * length
    first = -x0 if 0 <= row < height - 1 else length
    _find_pairs(one, other, first, width - x0, length, task.vertical_entry, vertical)
    first = -x0 if 0 <= row < height else length
    _find_pairs(one, one + 1, first, width - 1 - x0, length, task.horizontal_entry, horizontal)


@part
def kind_of(index, size):
    """Return the kind of a row or column: the first two, any between, or the last two."""
    return index if index < 2 or size <= KINDS else max(2, index - (size - KINDS))


@part
def _sum_row(task, tags, offsets, row, places, lines, sums):
    """Sum a row of cells and write the sums; load the `lines` of the output meanwhile.

    `places` are the columns of pairs before the first cell that reach into it, the column of the
    first cell, and the one after the last. What is written for the cells before is not used.
    """
    # Fields are read before loops: for LLVM, what is stored might change them.
    vertical, horizontal, length, half = task.vertical, task.horizontal, task.length, task.half
    start, first, last = places
    line, parts, stride, step = lines
    cells = no_cells(tags)
    for k in range(1, parts + 1):
        stop = last if k == parts else first + (last - first) // (2 * parts) * 2 * k
        for j in range(start, stop, columns_of(cells)):
            cells = add_vertical(cells, vertical, offsets, row, length, j)
            cells = add_horizontal(cells, horizontal, offsets + 16 * length, row, length, j)
            store_sums(cells, sums, half, j - first)
            cells = move_up(cells)
            prefetch_to_write(line + step * (j - start))
        start, line = stop, line + stride


@part
def _sum_two_rows(task, tags, offsets, row, places, lines, sums):
    """Do that for a row of cells and the one below it."""
    vertical, horizontal, length, half = task.vertical, task.horizontal, task.length, task.half
    start, first, last = places
    line, parts, stride, step = lines
    below, beside = sums + task.line, offsets + 16 * length
    one, other = no_cells(tags), no_cells(tags)
    for k in range(1, parts + 1):
        stop = last if k == parts else first + (last - first) // (2 * parts) * 2 * k
        for j in range(start, stop):
            one = add_vertical(one, vertical, offsets, row, length, j)
            other = add_vertical_below(other, vertical, offsets, row + 1, length, j)
            one = add_horizontal(one, horizontal, beside, row, length, j)
            other = add_horizontal_below(other, horizontal, beside, row + 1, length, j)
            store_sums(one, sums, half, j - first)
            store_sums(other, below, half, j - first)
            one, other = move_up(one), move_up(other)
            prefetch_to_write(line + step * (j - start))
        start, line = stop, line + stride


@part
def _sum_rows(task, tags, origin, offsets, row, places, lines, sums):
    """Sum the rows of cells that are taken at once: `rows_of`, which `origin` decides."""
    if len(origin) == 1:  # numba compiles only one of the two
        _sum_two_rows(task, tags, offsets, row, places, lines, sums)
    else:
        _sum_row(task, tags, offsets, row, places, lines, sums)


@part
def _corner_words(task, image, at, kind, moves):
    """Return what is added to any cell near a border, for an image of any size."""
    entries, entry, lut = moves + task.entries, task.entry, task.lut
    first = load(task.pair_starts, kind, np.int32)
    count = load(task.pair_starts, kind + 1, np.int32) - first
    mine = moves + 8 * first
    for p in range(count):
        one = load(image, at + load(mine, 2 * p, np.int32), np.uint8)
        other = load(image, at + load(mine, 2 * p + 1, np.int32), np.uint8)
        store(entries, p, np.int64, lut + entry_offset(one, other, entry))
    words = no_words()
    places, lanes = task.places, task.lanes
    for k in range(load(task.starts, kind, np.int32), load(task.starts, kind + 1, np.int32)):
        source = load(entries, load(places, 2 * k, np.int32), np.int64)
        source += load(places, 2 * k + 1, np.int32)
        words = add_bytes(words, source, lanes + 32 * k)
    first = load(task.level_starts, kind, np.int32)
    for k in range(first, load(task.level_starts, kind + 1, np.int32)):
        level = load(image, at + load(moves, task.level_moves_at + k, np.int32), np.uint8)
        words = add_level(words, level, task.level_factors + 32 * k)
    return words


@inlined_part
def _add_borders(task, tags, image, height, width, g, h0, h1, moves, sums):
    """Add what borders add to the cells h0 <= h < h1 of a row."""
    channels, origin = task.channels, len(tags[1])
    rows, columns = height + origin, width + origin
    left, right = max(h0, 2), min(h1, columns - 2)
    if g < 2 or g >= rows - 2 or left >= right:
        left = right = h1
    large = rows >= KINDS and columns >= KINDS
    row = kind_of(g, rows)
    lut, relative, half, size = task.lut, task.relative, task.half, task.words
    for first, last in ((h0, left), (right, h1)):
        for h in range(first, last):
            at = (g * width + h) * channels
            kind = row * min(columns, KINDS) + kind_of(h, columns)
            if large and (row == 2) != (2 <= h < columns - 2):
                # The next cell of the same kind: further right, or the one below.
                if row != 2:
                    ahead = AHEAD * channels if h < columns - 2 - AHEAD else 0
                else:
                    ahead = width * channels if g < rows - 3 else 0
                words = edge_words(
                    tags, kind, image, at, width * channels, channels, ahead, lut, relative
                )
            else:
                words = _corner_words(task, image, at, kind, moves)
            add_to_sums(words, sums, half, (h - h0) * size)


@part
def _finish_cells(task, tags, levels, g, count, sums, rows):
    """Write cells as bytes, r rows of them."""
    r = len(tags[0])
    half, words, stride, length = task.half, task.words, task.stride, task.level_length
    above, level = levels + (g - 1) % 4 * length, levels + g % 4 * length
    for h in range(0, count, CELLS_AT_ONCE):
        finish_cells(tags, sums + 2 * h * words, half, above + h, level + h, rows + h * r, stride)


@part
def lines_of(tags, channels, size, target, width, g, count, h0, h1, c):
    """Return which part of the output is loaded while a channel is summed, so that all of it is.

    It is a few of the rows that will be written: the address of the first, how many, the distance
    of one from the next, and the bytes for each column of cells. `size` is that of a value.
    """
    r, origin = len(tags[0]), len(tags[1])
    first, last = count * r * c // channels, count * r * (c + 1) // channels
    rows, stride = max(last - first, 1), width * r * channels * size
    start = target + (g * r - origin + first) * stride + (h0 * r - origin) * channels * size
    return start, rows, stride, r * channels * size * rows


@inlined_part
def _fill_rows(task, tags, source, target, memory, height, width, g, count, h0, h1):
    """Compute the cells h0 <= h < h1 of a few rows and write them to the output."""
    r, origin, channels = len(tags[0]), len(tags[1]), task.channels
    moves, size = memory + task.moves, rows_of(tags) * r * task.stride
    # Column 0 of the offsets is that of pixel h0 - MARGIN.
    row, first = g + 1 - origin, MARGIN + 1 - origin
    places = first - 4 + 2 * origin, first, first + h1 - h0
    for c in range(channels):
        sums, offsets = memory + task.sums, memory + task.offsets + c * 28 * task.length
        lines = lines_of(tags, channels, 1, target, width, g, count, h0, h1, c)
        _sum_rows(task, tags, tags[1], offsets, row, places, lines, sums)
        levels = memory + task.levels + c * 4 * task.level_length + MARGIN
        planes = memory + task.planes + c * size
        for k in range(count):
            _add_borders(task, tags, source + c, height, width, g + k, h0, h1, moves, sums)
            _finish_cells(task, tags, levels, g + k, h1 - h0, sums, planes)
            sums, planes = sums + task.line, planes + r * task.stride
    left, right = max(h0 * r - origin, 0), min(h1 * r - origin, width * r)
    planes = memory + task.planes + left + origin - h0 * r
    for u in range(count * r):
        y = g * r - origin + u
        if 0 <= y < height * r:
            line = target + (y * width * r + left) * channels
            join_channels(planes + u * task.stride, size, channels, right - left, line)


@part
def place_moves(task, width, moves):
    """Store the moves of `Borders` as distances between values of an image."""
    channels = task.channels
    for k in range(task.move_count):
        dy, dx = load(task.all_moves, 2 * k, np.int32), load(task.all_moves, 2 * k + 1, np.int32)
        store(moves, k, np.int32, (np.int64(dy) * width + dx) * channels)


@entry_point
def upscale_band(image, out, scratch, task, g0, g1, tile, tags):
    """Upscale the rows of cells g0 <= g < g1 of an image and write them to the output.

    Parameters
    ----------
    image : uint8 (H, W, C)
    out : uint8 (H * r, W * r, C)
    scratch : uint8, flat
        As `lutsr._eclut.task.EightBit` describes it.
    task : record
        With the fields of `lutsr._eclut.task.EightBit`.
    g0, g1 : int
        First row of cells, and the one after the last.
    tile : int
        Columns of cells processed at a time, so that the entries of a few rows stay in the cache.
    tags : three tuples
        Of lengths r, origin, and bytes of a value of an entry. They make these numbers part of the
        types, so that the compiler knows them. The tuples' contents are not used.
    """
    shape = image.shape
    origin, channels, rows = len(tags[1]), task.channels, rows_of(tags)
    source, target, memory = address_of(image), address_of(out), address_of(scratch)
    height, width = shape[0], shape[1]
    place_moves(task, width, memory + task.moves)
    for h0 in range(0, width + origin, tile):
        h1 = min(h0 + tile, width + origin)
        # The rows of pairs above the first row of cells are found first. A row of cells beyond the
        # last one may be summed, of pairs beyond the image, and is not written.
        for row in range(g0 - 3, g1 + rows - origin):
            if 0 <= row + 1 < height:
                _split_row(task, source, width, row + 1, h0 - MARGIN, h1 + 3, memory + task.levels)
            for c in range(channels):
                if row >= g0 - 2:
                    levels = memory + task.levels + c * 4 * task.level_length
                    offsets = memory + task.offsets + c * 28 * task.length
                    _find_row(task, levels, row, height, width, h0 - MARGIN, offsets)
            g = row - rows + origin
            if g >= g0 and (g - g0) % rows == 0:
                count = min(rows, g1 - g)
                _fill_rows(task, tags, source, target, memory, height, width, g, count, h0, h1)
