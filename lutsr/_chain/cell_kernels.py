"""The compiled kernels of look-ups whose entries are cells, interpolated or not: SR-LUT, MuLUT.

They compute what ``lutsr._chain.kernels`` computes, about twenty times faster: the corners of a
row's simplices in loops that LLVM vectorises across pixels, then the entries of a cell as one
vector. See there for what kernels may do.
"""

from __future__ import annotations

import numpy as np

from .._numba.jit import entry_point, part
from .vectors import add_corners


@part
def _exchange(f, s, g, t):
    """Sort two fractions in falling order, each with its stride."""
    swap = g > f
    return max(f, g), t if swap else s, min(f, g), s if swap else t


@part
def _find_corners(levels, fractions, at, strides, step, last, faulty, columns, entries, weights):
    """Store the entries and weights of the corners of the simplices of a row.

    ``levels[at[k] :]`` and ``fractions[at[k] :]`` are those of index k of the row's pixels.
    """
    l0, l1 = levels[at[0] : at[0] + columns], levels[at[1] : at[1] + columns]
    l2, l3 = levels[at[2] : at[2] + columns], levels[at[3] : at[3] + columns]
    q0, q1 = fractions[at[0] : at[0] + columns], fractions[at[1] : at[1] + columns]
    q2, q3 = fractions[at[2] : at[2] + columns], fractions[at[3] : at[3] + columns]
    e0, e1 = entries[:columns], entries[columns : 2 * columns]
    e2, e3 = entries[2 * columns : 3 * columns], entries[3 * columns : 4 * columns]
    e4 = entries[4 * columns : 5 * columns]
    w0, w1 = weights[:columns], weights[columns : 2 * columns]
    w2, w3 = weights[2 * columns : 3 * columns], weights[3 * columns : 4 * columns]
    w4 = weights[4 * columns : 5 * columns]
    a, b, c, d = strides[0], strides[1], strides[2], strides[3]
    for x in range(columns):
        f0, f1, f2, f3 = q0[x], q1[x], q2[x], q3[x]
        wrong = faulty & (f2 > f3) & (f3 > f0) & (f0 > f1)
        f0, s0, f1, s1 = _exchange(f0, a, f1, b)
        f2, s2, f3, s3 = _exchange(f2, c, f3, d)
        f0, s0, f2, s2 = _exchange(f0, s0, f2, s2)
        f1, s1, f3, s3 = _exchange(f1, s1, f3, s3)
        f1, s1, f2, s2 = _exchange(f1, s1, f2, s2)
        f1, f2 = (f2 if wrong else f1), (f1 if wrong else f2)
        s1, s2 = (s2 if wrong else s1), (s1 if wrong else s2)
        entry = np.int32(l0[x] * a + l1[x] * b + l2[x] * c + l3[x] * d)
        e0[x] = entry
        # Corners of weight 0 may lie beyond the table.
        entry = min(np.int32(entry + s0), last)
        e1[x] = entry
        entry = min(np.int32(entry + s1), last)
        e2[x] = entry
        entry = min(np.int32(entry + s2), last)
        e3[x] = entry
        e4[x] = min(np.int32(entry + s3), last)
        w0[x] = step - f0
        w1[x] = f0 - f1
        w2[x] = f1 - f2
        w3[x] = f2 - f3
        w4[x] = f3


@entry_point
def add_cells(
    levels, fractions, at, stride, table, strides, step, last, faulty, scratch, turns, sums, tags
):
    """Add the interpolated cells of one table and one rotation to the sums of some rows.

    Parameters
    ----------
    levels, fractions : int32 (channels * padded rows * stride + columns,)
        Of the padded source; after it are so many zeros as an image row is wide.
    at : int64 (4, 2)
        Start of the first row in `levels` for each index, and 1, or 0 for an index that the table
        does not have, whose place is that of the zeros.
    stride : int
    table : int8, flat
    strides : int32 (4,)
    step, last : int32
        Distance of two levels; index of the table's last entry.
    faulty : bool
        Whether to walk one simplex as SR-LUT's program does.
    scratch : int32 (5 * columns,), and the same of the type of `sums`
        For entries and weights.
    turns : int
        Quarter turns by which the cells are turned, 0 to 3.
    sums : int16 or int32 (rows, columns * n)
        Cells of the pixels, added to.
    tags : two tuples
        Of lengths n and the number of corners: 5, or 1 without interpolation. They make these
        numbers part of the types. The tuples' contents are not used.
    """
    n = len(tags[0])
    entries, weights = scratch
    columns = sums.shape[1] // n
    starts = (at[0, 0], at[1, 0], at[2, 0], at[3, 0])
    moves = (at[0, 1] * stride, at[1, 1] * stride, at[2, 1] * stride, at[3, 1] * stride)
    for y in range(sums.shape[0]):
        places = (
            starts[0] + y * moves[0],
            starts[1] + y * moves[1],
            starts[2] + y * moves[2],
            starts[3] + y * moves[3],
        )
        _find_corners(
            levels, fractions, places, strides, step, last, faulty, columns, entries, weights
        )
        row = sums[y]
        for x in range(columns):
            add_corners(tags, table, entries, weights, turns, row, columns, x)


@entry_point
def spread_cells(sums, r, first, total):
    """Write cells to the pixels of an output.

    Parameters
    ----------
    sums : int16 or int32 (rows, columns * r * r)
    r, first : int
        Size of a cell, and the row of the first output row in the first row of cells.
    total : int32 (output rows, columns * r)
    """
    columns = total.shape[1] // r
    for k in range(total.shape[0]):
        row, u = (first + k) // r, (first + k) % r
        cells, out = sums[row], total[k]
        for x in range(columns):
            for v in range(r):
                out[x * r + v] = cells[(x * r + u) * r + v]
