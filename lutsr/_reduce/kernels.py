"""The compiled kernel of reduction; ``lutsr._reduce.reference`` computes the same values.

Rows are filtered first. Each filtered value is a sum of products in the order of the taps, in the
type of the weights, so it depends neither on the machine nor on how the work is divided.

Then columns are filtered, several rows at a time: pixel p of a few rows lies in `LANES`
neighbouring elements, ``lanes[p * LANES + row * group + channel]``. A `group` is four channels (of
which some may be unused) of four rows, or the one channel of sixteen.
"""

from __future__ import annotations

from .._numba.jit import entry_point, part
from .vectors import LANES, add_weighted, copy_four, no_sums, store_sums


@entry_point
def reduce_band(rows, vertical, horizontal, limits, scratch, out):
    """Filter both axes of an image, or of a part of it.

    Parameters
    ----------
    rows : uint8, uint16, float32 or float64 (B, W * C)
    vertical : intp (n, taps) and float (n, taps)
        Rows and weights of the rows that each row of the result is a sum of.
    horizontal : intp (P,), intp (m,) and float (m, taps)
        Column of each of P pixels, first of these pixels for each column of the result, and
        weights of it and the following ones.
    limits : two floats
        Least and largest value of the result.
    scratch : float (R, W * C), float (LANES, W * C + 4), float (P * LANES,), (m * LANES,)
        Converted rows, of which R are kept; filtered rows; lanes, all of the type of weights.
        Results, of the type of `out`.
    out : the type of `rows` (n, m * C)
    """
    indices, row_weights = vertical
    sources, starts, column_weights = horizontal
    ring, lines, lanes, results = scratch
    channels = out.shape[1] // len(starts)
    group = 1 if channels == 1 else 4
    together = LANES // group
    kept = len(ring)
    converted = indices[0, 0]
    for row in indices[0]:
        converted = min(converted, row)
    for start in range(0, len(out), together):
        count = min(together, len(out) - start)
        for r in range(count):
            wanted = indices[start + r]
            for row in wanted:
                while converted <= row:
                    _convert(rows[converted], ring[converted % kept])
                    converted += 1
            _filter_rows(ring, wanted, row_weights[start + r], lines[r])
        for channel in range(0, channels, group):
            _gather(lines, sources, channel, channels, group, lanes)
            for x in range(len(starts)):
                sums = no_sums(lanes)
                at = starts[x] * LANES
                for tap in range(column_weights.shape[1]):
                    sums = add_weighted(sums, lanes, at + tap * LANES, column_weights[x, tap])
                store_sums(sums, limits[0], limits[1], results, x * LANES)
            for r in range(count):
                _scatter(results, r * group, channel, channels, group, out[start + r])


@part
def _convert(row, converted):
    for k in range(len(row)):
        converted[k] = row[k]


@part
def _filter_rows(ring, wanted, weights, line):
    """Sum up rows, up to four at a time."""
    kept, width, taps = len(ring), ring.shape[1], len(weights)
    a, wa = ring[wanted[0] % kept], weights[0]
    for k in range(width):
        line[k] = wa * a[k]
    tap = 1
    while tap + 3 < taps:
        a, wa = ring[wanted[tap] % kept], weights[tap]
        b, wb = ring[wanted[tap + 1] % kept], weights[tap + 1]
        c, wc = ring[wanted[tap + 2] % kept], weights[tap + 2]
        d, wd = ring[wanted[tap + 3] % kept], weights[tap + 3]
        for k in range(width):
            line[k] = line[k] + wa * a[k] + wb * b[k] + wc * c[k] + wd * d[k]
        tap += 4
    while tap < taps:
        a, wa = ring[wanted[tap] % kept], weights[tap]
        for k in range(width):
            line[k] = line[k] + wa * a[k]
        tap += 1


@part
def _gather(lines, sources, channel, channels, group, lanes):
    """Put the pixels of several rows side by side."""
    length = lines.shape[1]
    flat = lines.reshape(-1)
    if group == 1:
        for p in range(len(sources)):
            for r in range(LANES):
                lanes[p * LANES + r] = flat[r * length + sources[p]]
        return
    for p in range(len(sources)):
        column = sources[p] * channels + channel
        for r in range(LANES // 4):
            copy_four(flat, r * length + column, lanes, p * LANES + 4 * r)


@part
def _scatter(results, first, channel, channels, group, row):
    """Write one row of the result, some channels of it."""
    columns = len(row) // channels
    if group == 1:
        for x in range(columns):
            row[x] = results[x * LANES + first]
        return
    some = min(4, channels - channel)
    if some < 4 < channels:
        for x in range(columns):
            for k in range(some):
                row[x * channels + channel + k] = results[x * LANES + first + k]
        return
    for x in range(columns - 1):
        # Of two or three channels, what is too much is overwritten by the next pixel.
        copy_four(results, x * LANES + first, row, x * channels + channel)
    for k in range(some):
        row[(columns - 1) * channels + channel + k] = results[(columns - 1) * LANES + first + k]
