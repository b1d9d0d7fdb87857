"""The compiled kernel of the eclut family for deep images: entries are interpolated.

The order of work is that of ``lutsr._eclut.kernels``: see there. A pair has three entries instead
of one, and sums have 32 bits.
"""

from __future__ import annotations

import numpy as np

from .._numba.depth import read_value
from .._numba.jit import entry_point, inlined_part, part
from .._numba.memory import address_of, load, prefetch_to_write, store
from .borders import KINDS
from .kernels import MARGIN, kind_of, lines_of, place_moves
from .vectors_border import add_deep_level, add_to_deep_sums, add_weighted_bytes, no_deep_words
from .vectors_deep import (
    add_horizontal_weighted,
    add_vertical_weighted,
    move_up_deep,
    no_cells_on_levels,
    no_deep_cells,
    store_deep_sums,
)
from .vectors_deep_pairs import (
    FRACTIONS,
    PAIRS_AT_ONCE,
    empty_pair,
    find_deep_pairs,
    way_of_weights,
)
from .vectors_deep_store import (
    DEEP_PIXELS_AT_ONCE,
    finish_deep_cells,
    interleave_deep_longs,
    interleave_deep_words,
)
from .vectors_store import CELLS_AT_ONCE


@part
def _steps_at(image, kind, factor, white, index):
    """Return a value of an image in steps, as ``lutsr._frame.depth.to_steps`` does."""
    value = np.rint(read_value(image, kind, index) * factor)
    return np.int32(min(max(value, 0.0), white))


@part
def _place_of(value, steps):
    """Return the place of a value in steps."""
    if steps == 1 << 14:
        return np.int32((value >> 14 << 16) | (value & 16383))
    if steps == 257:
        level = np.int32(value // np.int32(257))
        return np.int32((level << 16) + value - np.int32(257) * level)
    level = np.int32(value // steps)
    return np.int32((level << 16) + value - steps * level)


@part
def _read_row(task, image, width, y, x0, x1, levels):
    """Store the places of the columns x0 <= x < x1 of a row in a ring of rows for each channel.

    Return whether all pixels have levels of the table.
    """
    channels, kind, factor, steps = task.channels, task.kind, task.factor, task.steps
    white = 255.0 * steps
    first, last = max(x0, 0), min(x1, width)
    size = 16 * task.level_length
    levels += 4 * (y % 4 * task.level_length + first - x0)
    seen = np.int32(0)
    for c in range(channels):
        at = (y * width + first) * channels + c
        for k in range(last - first):
            value = _steps_at(image, kind, factor, white, at + k * channels)
            place = _place_of(value, steps)
            seen |= place
            store(levels, k, np.int32, place)
        levels += size
    return seen & (FRACTIONS - 1) == 0


@part
def _find_pairs(way, entry, steps, one, other, first, last, count, pairs):
    """Store the numbers of a row of pairs; those outside the image get the empty entry."""
    first = max(first, 0)
    last = max(min(last, count), first)
    if first < last:
        for k in range(0, count, PAIRS_AT_ONCE):
            # The last ones are found together with some of those before them.
            at = max(min(k, count - PAIRS_AT_ONCE), 0)
            find_deep_pairs(way, entry, one + 4 * at, other + 4 * at, steps, pairs + 16 * at)
    for k in range(first):
        empty_pair(way, entry, steps, pairs + 16 * k)
    for k in range(last, count):
        empty_pair(way, entry, steps, pairs + 16 * k)


@part
def _find_row(task, way, levels, row, height, width, x0, pairs):
    """Store the numbers of a row of vertical and of horizontal pairs, from column x0 on."""
    length, steps = task.length, task.steps
    one = levels + 4 * (row % 4 * task.level_length)
    other = levels + 4 * ((row + 1) % 4 * task.level_length)
    vertical, horizontal = pairs + 16 * (row % 4) * length, pairs + 16 * (4 + row % 3) * length
    first = -x0 if 0 <= row < height - 1 else length
    _find_pairs(way, task.vertical_entry, steps, one, other, first, width - x0, length, vertical)
    first = -x0 if 0 <= row < height else length
    _find_pairs(
        way, task.horizontal_entry, steps, one, one + 4, first, width - 1 - x0, length, horizontal
    )


@part
def _sum_row(task, cells, pairs, row, places, lines, sums):
    """Sum a row of cells, of the type of the zero sums `cells`; see `lutsr._eclut.kernels`."""
    # Fields are read before loops: for LLVM, what is stored might change them.
    vertical, horizontal, length, steps = task.vertical, task.horizontal, task.length, task.steps
    size = task.cell
    start, first, last = places
    line, parts, stride, step = lines
    for k in range(1, parts + 1):
        stop = last if k == parts else first + (last - first) // parts * k
        for j in range(start, stop):
            cells = add_vertical_weighted(cells, vertical, pairs, row, length, j)
            cells = add_horizontal_weighted(cells, horizontal, pairs + 64 * length, row, length, j)
            store_deep_sums(cells, steps, sums + (j - first) * size)
            cells = move_up_deep(cells)
            prefetch_to_write(line + step * (j - start))
        start, line = stop, line + stride


@part
def _border_words(task, image, at, kind, moves):
    """Return what is added to a cell near a border, for an image of any size."""
    entries, entry, lut = moves + task.entries, task.entry, task.lut
    value_kind, factor, steps = task.kind, task.factor, task.steps
    white = 255.0 * steps
    first = load(task.pair_starts, kind, np.int32)
    count = load(task.pair_starts, kind + 1, np.int32) - first
    mine = moves + 8 * first
    for p in range(count):
        where = at + load(mine, 2 * p, np.int32)
        one = np.int64(_steps_at(image, value_kind, factor, white, where))
        where = at + load(mine, 2 * p + 1, np.int32)
        other = np.int64(_steps_at(image, value_kind, factor, white, where))
        a, b = one // steps, other // steps
        x, y = one - a * steps, other - b * steps
        # If a weight is 0, there may be no entry beyond level 255.
        place = lut + (256 * a + b) * entry
        second = place + (256 if x > y else 1) * entry if x > 0 or y > 0 else place
        store(entries, 4 * p, np.int64, place)
        store(entries, 4 * p + 1, np.int64, second)
        third = place + 257 * entry if x > 0 and y > 0 else second
        store(entries, 4 * p + 2, np.int64, third)
        store(entries, 4 * p + 3, np.int64, max(x, y) << 32 | min(x, y))
    words = no_deep_words()
    places, lanes = task.places, task.lanes
    for k in range(load(task.starts, kind, np.int32), load(task.starts, kind + 1, np.int32)):
        p = 4 * np.int64(load(places, 2 * k, np.int32))
        place = load(places, 2 * k + 1, np.int32)
        t0 = load(entries, p, np.int64) + place
        t1 = load(entries, p + 1, np.int64) + place
        t2 = load(entries, p + 2, np.int64) + place
        weights = load(entries, p + 3, np.int64)
        words = add_weighted_bytes(
            words, t0, t1, t2, lanes + 32 * k, steps, weights >> 32, weights & 0xFFFFFFFF
        )
    first = load(task.level_starts, kind, np.int32)
    for k in range(first, load(task.level_starts, kind + 1, np.int32)):
        where = at + load(moves, task.level_moves_at + k, np.int32)
        value = np.int64(_steps_at(image, value_kind, factor, white, where))
        words = add_deep_level(words, value, task.level_factors + 32 * k)
    return words


@part
def _add_borders(task, tags, image, c, height, width, g, h0, h1, moves, sums):
    """Add what borders add to the cells h0 <= h < h1 of a row of channel c."""
    channels, origin = task.channels, len(tags[1])
    rows, columns = height + origin, width + origin
    left, right = max(h0, 2), min(h1, columns - 2)
    if g < 2 or g >= rows - 2 or left >= right:
        left = right = h1
    row = kind_of(g, rows) * min(columns, KINDS)
    for first, last in ((h0, left), (right, h1)):
        for h in range(first, last):
            at = (g * width + h) * channels + c
            words = _border_words(task, image, at, row + kind_of(h, columns), moves)
            add_to_deep_sums(tags, words, sums + (h - h0) * task.cell)


@part
def _write_row(planes, distance, size, channels, count, out):
    """Interleave a row of all channels, of values of `size` bytes, into the output."""
    step = DEEP_PIXELS_AT_ONCE
    if channels == 3 and count >= step and size < 8:
        for k in range(0, count, step):
            # The last pixels are written together with some of those before them.
            at = min(k, count - step) * size
            if size == 4:
                interleave_deep_longs(planes + at, distance, out + 3 * at)
            else:
                interleave_deep_words(planes + at, distance, out + 3 * at)
        return
    for c in range(channels):
        if size == 2:
            for k in range(count):
                store(out, k * channels + c, np.int16, load(planes, k, np.int16))
        elif size == 4:
            for k in range(count):
                store(out, k * channels + c, np.int32, load(planes, k, np.int32))
        else:
            for k in range(count):
                store(out, k * channels + c, np.int64, load(planes, k, np.int64))
        planes += distance


@inlined_part
def _fill_row(task, tags, source, target, memory, height, width, g, h0, h1, on_levels):
    """Compute the cells h0 <= h < h1 of a row and write them to the output.

    `on_levels` tells that all pixels that they depend on have levels of the table, as those of
    an image that once had 8 bits. Then one entry of three is enough.
    """
    r, origin, channels, size = len(tags[0]), len(tags[1]), task.channels, task.size
    row, count, length = g + 1 - origin, h1 - h0, task.level_length
    sums, moves, planes = memory + task.sums, memory + task.moves, memory + task.planes
    stride = task.stride
    # Column 0 of the pairs is that of pixel h0 - MARGIN.
    first = MARGIN + 1 - origin
    places = first - 4 + 2 * origin, first, first + count
    for c in range(channels):
        pairs = memory + task.pairs + c * 112 * task.length
        lines = lines_of(tags, channels, size, target, width, g, 1, h0, h1, c)
        if on_levels:
            _sum_row(task, no_cells_on_levels(tags), pairs, row, places, lines, sums)
        else:
            _sum_row(task, no_deep_cells(tags), pairs, row, places, lines, sums)
        _add_borders(task, tags, source, c, height, width, g, h0, h1, moves, sums)
        levels = memory + task.levels + 4 * (c * 4 * length + MARGIN)
        above, level = levels + 4 * ((g - 1) % 4 * length), levels + 4 * (g % 4 * length)
        rows = planes + c * r * stride
        for h in range(0, count, CELLS_AT_ONCE):
            finish_deep_cells(
                tags,
                sums + h * task.cell,
                task.steps,
                task.kind,
                above + 4 * h,
                level + 4 * h,
                rows + h * r * size,
                stride,
            )
    left, right = max(h0 * r - origin, 0), min(h1 * r - origin, width * r)
    for u in range(r):
        y = g * r - origin + u
        if 0 <= y < height * r:
            _write_row(
                planes + u * stride + (left + origin - h0 * r) * size,
                r * stride,
                size,
                channels,
                right - left,
                target + (y * width * r + left) * channels * size,
            )


@entry_point
def upscale_deep_band(task, scratch, height, width, image, out, g0, g1, tile, tags):
    """Upscale the rows of cells g0 <= g < g1 of a deep image and write them to the output.

    Parameters
    ----------
    task : record
        With the fields of `lutsr._eclut.task.Deep` and `lutsr._eclut.task.Borders`.
    scratch : uint8, flat
        As `lutsr._eclut.task.Deep` describes it, and 64 bytes more.
    height, width : int
    image, out : int
        Addresses of the image (H, W, C) and of the output (H * r, W * r, C), of the task's type.
    g0, g1, tile, tags
        As in `lutsr._eclut.kernels.upscale_band`.
    """
    origin, channels, way = len(tags[1]), task.channels, way_of_weights(tags)
    memory = (address_of(scratch) + 63) & -64
    place_moves(task, width, memory + task.moves)
    for h0 in range(0, width + origin, tile):
        h1 = min(h0 + tile, width + origin)
        between = g0 - 4  # the last row of pixels that are not all on levels
        for row in range(g0 - 3, g1 + 1 - origin):
            if 0 <= row + 1 < height:
                levels = memory + task.levels
                if not _read_row(task, image, width, row + 1, h0 - MARGIN, h1 + 3, levels):
                    between = row + 1
            for c in range(channels):
                if row >= g0 - 2:
                    levels = memory + task.levels + c * 16 * task.level_length
                    pairs = memory + task.pairs + c * 112 * task.length
                    _find_row(task, way, levels, row, height, width, h0 - MARGIN, pairs)
            g = row - 1 + origin
            if g >= g0:
                # The cells depend on the rows of pixels from `row - 3` to `row + 1`.
                on_levels = between < row - 3
                _fill_row(task, tags, image, out, memory, height, width, g, h0, h1, on_levels)
