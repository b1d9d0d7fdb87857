"""The compiled kernels of stages whose registers fit into bytes and whose tables have one index.

TinyLUT and ShiftLUT are such. A register of values low..high is kept as bytes, less low, channel
by channel, all in one array. See ``lutsr._chain.kernels`` for what kernels may do.
"""

from __future__ import annotations

from .._numba.jit import entry_point, part
from .byte_vectors import LANES, compute_block


@part
def _continued(row, height, reflect):
    """Return the row that a row beyond the border repeats."""
    if 0 <= row < height:
        return row
    if reflect and height > 1:
        row = abs(row) % (2 * height - 2)
        return min(row, 2 * height - 2 - row)
    return min(max(row, 0), height - 1)


@entry_point
def run_layer(
    maps, stride, rows, height, width, taps, starts, tables, residuals, rounding, constants, outs
):
    """Compute some rows of a layer.

    Parameters
    ----------
    maps : uint8, flat
        All registers. Each row has at least `LANES` bytes before and behind it.
    stride : int
        Bytes from a row to the next.
    rows : two of int
        The first row, and the one after the last.
    height, width : int
        Of the whole registers.
    taps : int64 (groups, T, 3)
        For each table: where row 0 of its indices would be in `maps`, dy, and whether the border
        is "reflect". There is one group for all channels, or one for each.
    starts : int64 (groups * T,)
        Scratch.
    tables : uint8, flat
        For each channel and table 64 or 256 bytes, and then as many for the rests, if any.
    residuals : int64 (n, R)
        Where row 0 of the registers would be that are added after rounding.
    rounding : int64 (10,)
        Bytes from a table to the next; whether it has 256 entries; whether it has rests; log2 of
        the unit of entries that are no rests; factor for the division, and mask of what is added
        for divisor 1; bits to shift right by; divisor; whether ties go to even; largest result.
    constants : int64 (n, 3)
        For each channel: what is added before the division and is less than the divisor; what is
        added to a quotient to see whether it is even; what is added to it with the residuals.
    outs : int64 (n,)
        Where row 0 of the output would be.
    """
    n, extra = residuals.shape
    groups, count = taps.shape[:2]
    others, own = residuals.reshape(-1), constants.reshape(-1)
    for y in range(rows[0], rows[1]):
        for g in range(groups):
            for t in range(count):
                row = _continued(y + taps[g, t, 1], height, taps[g, t, 2] == 1)
                starts[g * count + t] = taps[g, t, 0] + row * stride
        for o in range(n):
            group = o if groups > 1 else 0
            for x in range(0, width, LANES):
                compute_block(
                    maps,
                    starts,
                    tables,
                    group * count,
                    o * count * rounding[0],
                    count,
                    others,
                    o * extra,
                    extra,
                    y * stride,
                    rounding,
                    own,
                    3 * o,
                    x,
                    outs[o] + y * stride,
                )


@entry_point
def fill_margins(maps, starts, rows, stride, width, left, right):
    """Continue rows to the left and right.

    Parameters
    ----------
    maps : uint8, flat
    starts : int64 (planes,)
        Where the first row of each plane starts.
    rows, stride, width : int
    left, right : int64
        Columns whose values the pixels to the left have, from the leftmost on, and those to the
        right.
    """
    for plane in starts:
        for y in range(rows):
            start = plane + y * stride
            for x in range(len(left)):
                maps[start - len(left) + x] = maps[start + left[x]]
            for x in range(len(right)):
                maps[start + width + x] = maps[start + right[x]]


@entry_point
def add_bytes(maps, starts, stride, low, order, total):
    """Add a register to sums.

    Parameters
    ----------
    maps : uint8, flat
    starts : int64 (n,)
        Where the first row of each channel starts.
    stride : int
    low : int
        What a byte 0 stands for.
    order : int64 (n,)
        The map of `total` that each channel is added to.
    total : int32 (n, rows, columns)
    """
    for o in range(total.shape[0]):
        for y in range(total.shape[1]):
            sums = total[order[o], y]
            start = starts[o] + y * stride
            values = maps[start : start + len(sums)]
            for x in range(len(sums)):
                sums[x] += values[x] + low
