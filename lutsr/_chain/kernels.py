"""The compiled kernels of chains that take every kind of layer.

Kernels never see user input. They take arrays that `lutsr._chain.plan` has prepared from a checked
description, add to a given output, allocate nothing, return nothing and never raise. Maps are
stored channel by channel: (channels, rows, columns). ``lutsr._chain.reference`` computes the same
integers in plain NumPy.
"""

from __future__ import annotations

import numpy as np

from .._numba.jit import entry_point, part


@part
def _key(value, low, step, shift, stride):
    """Return the offset of a value's level in the table, and its sort key.

    The key has the fraction of the value in its upper half and the stride of its index in the
    lower half. Sorted falling, the keys give the walk through the corners of the simplex.
    """
    value = np.int64(value) - low
    level = value >> shift if shift >= 0 else value // step
    return level * stride, ((value - level * step) << 32) | stride


@part
def _exchange(one, other):
    return max(one, other), min(one, other)


@part
def _walk(k0, k1, k2, k3, faulty):
    """Sort four keys in falling order; `faulty` walks one simplex as SR-LUT's program does.

    Where the fractions fall in the order c, d, a, b, that program turns at a before d.
    """
    a, b, c, d = k0 >> 32, k1 >> 32, k2 >> 32, k3 >> 32
    if faulty and c > d and d > a and a > b:
        return k2, k0, k3, k1
    k0, k1 = _exchange(k0, k1)
    k2, k3 = _exchange(k2, k3)
    k0, k2 = _exchange(k0, k2)
    k1, k3 = _exchange(k1, k3)
    k1, k2 = _exchange(k1, k2)
    return k0, k1, k2, k3


@entry_point
def add_look_up(source, rows, columns, table, taps, levels, low, steps, weights, walk, total):
    """Add the entries of a look-up to `total`.

    Parameters
    ----------
    source : int32 (channels, source rows, source columns)
    rows, columns : int64
        Index in `source` of each row and column that a tap may reach, borders included: tap
        (dy, dx) of the output pixel (y, x) is at ``rows[y + dy], columns[x + dx]``.
    table : int8 or int16 (T, levels ** d, n)
    taps : int64 (T, groups, d, 3)
        dy, dx, none negative, and the channel. Either one group for all n outputs, or n groups.
    levels, low : int
    steps, weights : int64 (T, groups)
        Distance between two levels, and the factor of an entry after interpolation.
    walk : int
        0 for simplices, 1 for SR-LUT's walk, 2 for no interpolation.
    total : int32 (n, output rows, output columns)
    """
    T, groups, d = taps.shape[:3]
    length, n = table.shape[1:]
    mask = (np.int64(1) << 32) - 1
    for t in range(T):
        entries = table[t]
        for g in range(groups):
            first, last = (0, n) if groups == 1 else (g, g + 1)
            step, weight = steps[t, g], weights[t, g]
            shift = -1
            for k in range(31):
                if step == np.int64(1) << k:
                    shift = k
            s3 = np.int64(1)
            s2 = s3 * levels
            s1 = s2 * levels
            s0 = s1 * levels
            # The strides of fewer indices are the last ones.
            if d == 1:
                s0 = s3
            elif d == 2:
                s0, s1 = s2, s3
            elif d == 3:
                s0, s1, s2 = s1, s2, s3
            one = taps[t, g]
            for y in range(total.shape[1]):
                for x in range(total.shape[2]):
                    v = source[one[0, 2], rows[y + one[0, 0]], columns[x + one[0, 1]]]
                    entry, k0 = _key(v, low, step, shift, s0)
                    k1 = k2 = k3 = np.int64(0)
                    if d > 1:
                        v = source[one[1, 2], rows[y + one[1, 0]], columns[x + one[1, 1]]]
                        more, k1 = _key(v, low, step, shift, s1)
                        entry += more
                    if d > 2:
                        v = source[one[2, 2], rows[y + one[2, 0]], columns[x + one[2, 1]]]
                        more, k2 = _key(v, low, step, shift, s2)
                        entry += more
                    if d > 3:
                        v = source[one[3, 2], rows[y + one[3, 0]], columns[x + one[3, 1]]]
                        more, k3 = _key(v, low, step, shift, s3)
                        entry += more
                    if walk == 2 or step == 1:
                        for o in range(first, last):
                            total[o, y, x] += np.int32(weight * entries[entry, o])
                        continue
                    k0, k1, k2, k3 = _walk(k0, k1, k2, k3, walk == 1)
                    # Corners of weight 0 may lie beyond the table.
                    e1 = min(entry + (k0 & mask), length - 1)
                    e2 = min(e1 + (k1 & mask), length - 1)
                    e3 = min(e2 + (k2 & mask), length - 1)
                    e4 = min(e3 + (k3 & mask), length - 1)
                    k0, k1, k2, k3 = k0 >> 32, k1 >> 32, k2 >> 32, k3 >> 32
                    for o in range(first, last):
                        value = (
                            (step - k0) * entries[entry, o]
                            + (k0 - k1) * entries[e1, o]
                            + (k1 - k2) * entries[e2, o]
                            + (k2 - k3) * entries[e3, o]
                            + k3 * entries[e4, o]
                        )
                        total[o, y, x] += np.int32(weight * value)


@entry_point
def round_maps(maps, bias, inverse, divisor, even):
    """Add the bias, divide and round to the nearest integer, in place.

    Parameters
    ----------
    maps : int32 (n, rows, columns)
    bias : int64 (n,)
    inverse : float
        1 / divisor. A product with it, half a unit away from every integer, is on the right side
        of it for all int32 and divisors up to 2**20.
    divisor : int
    even : bool
        Whether ties go to the even integer, else up.
    """
    n, rows, columns = maps.shape
    for o in range(n):
        for y in range(rows):
            row = maps[o, y]
            for x in range(columns):
                value = np.int64(row[x]) + bias[o]
                quotient = np.int64(np.floor((value + 0.5) * inverse))
                rest = 2 * (value - quotient * divisor)
                up = rest > divisor or (rest == divisor and (not even or quotient & 1 == 1))
                row[x] = np.int32(quotient + up)


@entry_point
def write_rounded(sums, inverse, divisor, even, out, channel):
    """Divide sums, round, clip to 0..255 and write them to one channel of an image.

    Parameters
    ----------
    sums : int32 (rows, columns)
        Overwritten.
    inverse, divisor, even
        As in `round_maps`.
    out : uint8 (rows, columns, channels)
    channel : int
    """
    rows, columns = sums.shape
    for y in range(rows):
        row = sums[y]
        for x in range(columns):
            value = row[x]
            quotient = np.int32(np.floor((value + 0.5) * inverse))
            rest = np.int32(2 * (value - quotient * divisor))
            up = rest > divisor or (rest == divisor and (not even or quotient & 1 == 1))
            row[x] = min(max(np.int32(quotient + up), 0), 255)
        target = out[y]
        for x in range(columns):
            target[x, channel] = row[x]
