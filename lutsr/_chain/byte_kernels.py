"""The compiled kernels of stages whose registers fit into bytes and whose tables have one index.

TinyLUT and ShiftLUT are such. A register of values low..high is kept as bytes, less low, channel
by channel, all in one array. See ``lutsr._chain.kernels`` for what kernels may do.
"""

from __future__ import annotations

from .._numba.jit import entry_point
from .byte_vectors import LANES, compute_block


@entry_point
def run_layer(maps, starts, tables, residuals, rounding, constants, outs, width):
    """Compute some rows of a layer.

    Parameters
    ----------
    maps : uint8, flat
        All registers. Each row has at least `LANES` bytes before and behind it.
    starts : int64 (rows, groups, T)
        Where in `maps` the indices of the pixels of a row start, for each table. There is one
        group for all channels, or one for each.
    tables : uint8, flat
        For each channel and table 64 or 256 bytes, and then as many for the rests, if any.
    residuals : int64 (rows, n, R)
        Where the rows of the registers start that are added after rounding.
    rounding : int64 (10,)
        Bytes from a table to the next; whether it has 256 entries; whether it has rests; log2 of
        the unit of entries that are no rests; factor for the division, and mask of what is added
        for divisor 1; bits to shift right by; divisor; whether ties go to even; largest result.
    constants : int64 (n, 3)
        For each channel: what is added before the division and is less than the divisor; what is
        added to a quotient to see whether it is even; what is added to it with the residuals.
    outs : int64 (rows, n)
        Where the rows of the output start.
    width : int
    """
    rows, n = outs.shape
    groups, count = starts.shape[1], starts.shape[2]
    extra = residuals.shape[2]
    every, others, own = starts.reshape(-1), residuals.reshape(-1), constants.reshape(-1)
    for y in range(rows):
        for o in range(n):
            group = o if groups > 1 else 0
            for x in range(0, width, LANES):
                compute_block(
                    maps,
                    every,
                    tables,
                    (y * groups + group) * count,
                    o * count * rounding[0],
                    count,
                    others,
                    (y * n + o) * extra,
                    extra,
                    rounding,
                    own,
                    3 * o,
                    x,
                    outs[y, o],
                )


@entry_point
def fill_margins(maps, starts, width, left, right):
    """Continue rows to the left and right.

    Parameters
    ----------
    maps : uint8, flat
    starts : int64 (rows,)
        Where each row starts.
    width : int
    left, right : int64
        Columns whose values the pixels to the left have, from the leftmost on, and those to the
        right.
    """
    for k in range(len(starts)):
        start = starts[k]
        for x in range(len(left)):
            maps[start - len(left) + x] = maps[start + left[x]]
        for x in range(len(right)):
            maps[start + width + x] = maps[start + right[x]]


@entry_point
def add_bytes(maps, starts, low, order, total):
    """Add a register to sums.

    Parameters
    ----------
    maps : uint8, flat
    starts : int64 (rows, n)
    low : int
        What a byte 0 stands for.
    order : int64 (n,)
        The map of `total` that each channel is added to.
    total : int32 (n, rows, columns)
    """
    for o in range(total.shape[0]):
        for y in range(total.shape[1]):
            sums = total[order[o], y]
            values = maps[starts[y, o] : starts[y, o] + len(sums)]
            for x in range(len(sums)):
                sums[x] += values[x] + low
