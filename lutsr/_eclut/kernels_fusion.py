"""How fused tables are computed; the compiled part of ``lutsr._eclut.fusion``."""

from __future__ import annotations

from .._numba.jit import entry_point
from .reference import TAPS


@entry_point
def fuse_pairs(lut, r, s, relative, mapping, first, last, tables, scratch, fits):
    """Compute the fused entries of the pairs first <= 256 * p + q < last.

    Rotations 0 and 180 read the same vertical pairs, rotations 90 and 270 the same horizontal
    pairs. So one fused entry holds everything that the pair (p, q), p above or left of q, adds to
    the output pixels around it: its window. The pixels' own levels are subtracted (p in p's cell,
    q in q's cell), so that the entries of a trained table fit into 8 bits. A `relative` table does
    not contain them.

    Parameters
    ----------
    lut : int8 (65536, 9 * r * r)
    r, s : int
        Scale and ``expand_shift``.
    relative : bool
    mapping : two of two arrays
        For vertical and for horizontal pairs: the index in the entry of each value of the window,
        and the XOR mask of each value (``lutsr._eclut.layout``).
    first, last : int
    tables : two of int8 or int16 (65537, entry length)
        The output, filled with zeros. Entry 65536 is the empty entry: it adds nothing.
    scratch : int64 (4, 9 * r * r) and two of int32 (values of a window,)
    fits : uint8 (1,)
        Set to 0 if a value does not fit into the type. The rest is then not computed.
    """
    vertical, horizontal = tables
    targets, v_sums, h_sums = scratch
    lowest = -(1 << (8 * vertical.itemsize - 1))
    v_shape, h_shape = (2 * r + 2 * s, r + 2 * s), (r + 2 * s, 2 * r + 2 * s)
    (v_indices, v_masks), (h_indices, h_masks) = mapping
    # Index in the window of each value of a table entry, in four rotations: 0 at pixel p and 180
    # at q (vertical pairs), then 270 at p and 90 at q (horizontal pairs).
    for k in range(9 * r * r):
        tap, u, v = k // (r * r), k // r % r, k % r
        y, x = u + TAPS[tap][0] * s, v + TAPS[tap][1] * s
        targets[0, k] = (s + y) * v_shape[1] + s + x
        targets[1, k] = (s + 2 * r - 1 - y) * v_shape[1] + s + r - 1 - x
        targets[2, k] = (s + r - 1 - x) * h_shape[1] + s + y
        targets[3, k] = (s + x) * h_shape[1] + s + 2 * r - 1 - y
    for pair in range(first, last):
        v_sums[:] = 0
        h_sums[:] = 0
        if pair < 65536:
            p, q = pair // 256, pair % 256
            forward, swapped = lut[pair], lut[256 * q + p]
            for k in range(9 * r * r):
                v_sums[targets[0, k]] += forward[k]
                v_sums[targets[1, k]] += swapped[k]
                h_sums[targets[2, k]] += forward[k]
                h_sums[targets[3, k]] += swapped[k]
            if relative:
                p = q = 0
            for u in range(s, s + r):
                for v in range(s, s + r):
                    v_sums[u * v_shape[1] + v] -= p
                    v_sums[(u + r) * v_shape[1] + v] -= q
                    h_sums[u * h_shape[1] + v] -= p
                    h_sums[u * h_shape[1] + v + r] -= q
        for sums, table, indices, masks in (
            (v_sums, vertical, v_indices, v_masks),
            (h_sums, horizontal, h_indices, h_masks),
        ):
            smallest = largest = 0
            for k in range(len(sums)):
                smallest, largest = min(smallest, sums[k]), max(largest, sums[k])
            if smallest < lowest or largest >= -lowest:
                fits[0] = 0
                return
            entry = table[pair]
            for k in range(len(indices)):
                entry[indices[k]] = sums[k] ^ masks[k]
