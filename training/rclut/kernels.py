"""Compiled look-ups of RC-LUT, forward and backward, for the CPU.

Codes are uint8 (B, H, W), tables and sums float32. Kernels allocate nothing: ``lutsr._numba.jit``
compiles them without reference counts.
"""

from __future__ import annotations

import numpy as np

from lutsr._numba.jit import entry_point, part

#: Axes of a table with four indices, and how it is sampled: every 16th of the 256 codes.
SIDE = 17
STRIDES = (SIDE**3, SIDE**2, SIDE, 1)


@entry_point
def sum_windows(codes, tables, sums):
    """Sum one entry of each table (n, n, 256, N) over the n x n pixels below and right.

    Parameters
    ----------
    codes : uint8 (B, h + n - 1, w + n - 1)
    tables : float32 (n, n, 256, N)
    sums : float32 (B, h, w, N)
        The output.
    """
    B, h, w, N = sums.shape
    n = tables.shape[0]
    for b in range(B):
        for y in range(h):
            for x in range(w):
                for o in range(N):
                    total = np.float32(0)
                    for i in range(n):
                        for j in range(n):
                            total += tables[i, j, codes[b, y + i, x + j], o]
                    sums[b, y, x, o] = total


@entry_point
def look_up_backward(codes, grads, slopes, table_grads, code_grads):
    """Add up the gradients of tables and codes, for windows of one pixel; see `sum_windows`.

    Parameters
    ----------
    codes : uint8 (B, h, w)
    grads : float32 (B, h, w, N)
    slopes : float32 (1, 1, 256, N)
        Derivatives of the tables by the code.
    table_grads : float32 (1, 1, 256, N)
        Zero at first.
    code_grads : float32 (B, h, w)
        The output.
    """
    B, h, w, N = grads.shape
    for b in range(B):
        for y in range(h):
            for x in range(w):
                code = codes[b, y, x]
                total = np.float32(0)
                for o in range(N):
                    grad = grads[b, y, x, o]
                    table_grads[0, 0, code, o] += grad
                    total += grad * slopes[0, 0, code, o]
                code_grads[b, y, x] = total


@entry_point
def sum_windows_backward(codes, grads, slopes, table_grads, code_grads):
    """Add up the gradients of tables with one output, 8 places of a row at once.

    A code is in n x n windows, and each of them looks it up in another table. The gradients of
    these windows are n rows of neighbours, and so are the entries of one code if tables are
    turned by half a turn and their places come last.

    Parameters
    ----------
    codes : uint8 (B, H, W)
    grads : float32 (B, H + n - 1, W + 7)
        With zeros around: n - 1 of them above, below and on the left.
    slopes : float32 (256, n, 8)
        Derivatives of the tables by the code, turned; zeros from place n on.
    table_grads : float32 (256, n, 8)
        Zero at first. What is added from place n on has no meaning.
    code_grads : float32 (B, H, W)
        The output.
    """
    B, H, W = codes.shape
    n = slopes.shape[1]
    for b in range(B):
        for y in range(H):
            for x in range(W):
                code = codes[b, y, x]
                total = np.float32(0)
                for i in range(n):
                    row, slope = grads[b, y + i], slopes[code, i]
                    found = table_grads[code, i]
                    g0, g1, g2, g3 = row[x], row[x + 1], row[x + 2], row[x + 3]
                    g4, g5, g6, g7 = row[x + 4], row[x + 5], row[x + 6], row[x + 7]
                    total += (g0 * slope[0] + g1 * slope[1] + (g2 * slope[2] + g3 * slope[3])) + (
                        g4 * slope[4] + g5 * slope[5] + (g6 * slope[6] + g7 * slope[7])
                    )
                    f0, f1, f2, f3 = found[0] + g0, found[1] + g1, found[2] + g2, found[3] + g3
                    f4, f5, f6, f7 = found[4] + g4, found[5] + g5, found[6] + g6, found[7] + g7
                    found[0], found[1], found[2], found[3] = f0, f1, f2, f3
                    found[4], found[5], found[6], found[7] = f4, f5, f6, f7
                code_grads[b, y, x] = total


@part
def _key(code, axis):
    """Pack a code's fraction, axis and stride, so that keys sort by the fraction."""
    return ((np.int64(code) & 15) << 20) | (axis << 16) | STRIDES[axis]


@part
def _walk(codes, b, y, x):
    """Return the lowest corner of the cell of four codes, and the keys by falling fraction."""
    a, c = codes[b, y, x], codes[b, y, x + 1]
    d, e = codes[b, y + 1, x], codes[b, y + 1, x + 1]
    corner = (
        (np.int64(a) >> 4) * STRIDES[0]
        + (np.int64(c) >> 4) * STRIDES[1]
        + (np.int64(d) >> 4) * STRIDES[2]
        + (np.int64(e) >> 4)
    )
    k0, k1, k2, k3 = _key(a, 0), _key(c, 1), _key(d, 2), _key(e, 3)
    k0, k1 = max(k0, k1), min(k0, k1)
    k2, k3 = max(k2, k3), min(k2, k3)
    k0, k2 = max(k0, k2), min(k0, k2)
    k1, k3 = max(k1, k3), min(k1, k3)
    k1, k2 = max(k1, k2), min(k1, k2)
    return corner, (k0, k1, k2, k3)


@entry_point
def mark_cells(codes, used):
    """Set the flags of all entries that `sum_cells` and its backward pass read.

    Parameters
    ----------
    codes : uint8 (B, h + 1, w + 1)
    used : bool (17 ** 4,)
    """
    B, H, W = codes.shape
    for b in range(B):
        for y in range(H - 1):
            for x in range(W - 1):
                entry, keys = _walk(codes, b, y, x)
                used[entry] = True
                for key in keys:
                    entry += key & 0xFFFF
                    used[entry] = True


@entry_point
def sum_cells(codes, table, sums):
    """Interpolate a table at 2 x 2 codes, on the simplex that they lie in; times 16.

    Parameters
    ----------
    codes : uint8 (B, h + 1, w + 1)
    table : float32 (17 ** 4, N)
    sums : float32 (B, h, w, N)
        The output.
    """
    B, h, w, N = sums.shape
    for b in range(B):
        for y in range(h):
            for x in range(w):
                entry, keys = _walk(codes, b, y, x)
                weight = np.float32(16 - (keys[0] >> 20))
                for o in range(N):
                    sums[b, y, x, o] = weight * table[entry, o]
                for k in range(4):
                    entry += keys[k] & 0xFFFF
                    below = keys[k + 1] >> 20 if k < 3 else 0
                    weight = np.float32((keys[k] >> 20) - below)
                    for o in range(N):
                        sums[b, y, x, o] += weight * table[entry, o]


@entry_point
def sum_cells_backward(codes, grads, table, table_grads, code_grads):
    """Add up the gradients of the table and the codes; see `sum_cells`.

    Parameters
    ----------
    codes : uint8 (B, h + 1, w + 1)
    grads : float32 (B, h, w, N)
    table : float32 (17 ** 4, N)
    table_grads : float32 (17 ** 4, N)
        Zero at first.
    code_grads : float32 (B, h + 1, w + 1)
        Zero at first.
    """
    B, h, w, N = grads.shape
    for b in range(B):
        for y in range(h):
            for x in range(w):
                entry, keys = _walk(codes, b, y, x)
                weight = np.float32(16 - (keys[0] >> 20))
                for o in range(N):
                    table_grads[entry, o] += weight * grads[b, y, x, o]
                for k in range(4):
                    before = entry
                    entry += keys[k] & 0xFFFF
                    axis = (keys[k] >> 16) & 15
                    below = keys[k + 1] >> 20 if k < 3 else 0
                    weight = np.float32((keys[k] >> 20) - below)
                    total = np.float32(0)
                    for o in range(N):
                        grad = grads[b, y, x, o]
                        table_grads[entry, o] += weight * grad
                        total += grad * (table[entry, o] - table[before, o])
                    code_grads[b, y + (axis >> 1), x + (axis & 1)] += total
