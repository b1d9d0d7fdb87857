"""The compiled kernels of the eclut family, built from the vectors of ``lutsr._eclut.vectors``.

Kernels never see user input. They take arrays that the engine has prepared, write into a given
output, allocate nothing, return nothing and never raise. They cannot run under
``NUMBA_DISABLE_JIT``, because the vectors are LLVM values. ``lutsr.reference`` computes the same
integers in plain NumPy.

A row of cells is the sum of the contributions of a few rows of vertical and of horizontal pairs.
The kernel moves along the row from left to right and keeps the sums of four neighbouring cells in
registers. Each pair adds one *slot* of its fused entry: one row of cells, one load. The leftmost
cell is then complete. It is rounded, clipped and written.

For ``expand_shift`` r the grid of cells starts at the image's top left corner (``origin`` 0). For
``expand_shift`` 1 it starts one output pixel above and left of the corner (``origin`` 1). Every
pair's window starts there too, so a pair overlaps fewer cells. The first output pixel of cell
(g, h) is in row ``g * r - origin`` and column ``h * r - origin``. There are ``H + origin`` rows of
cells.
"""

from __future__ import annotations

from .._numba.jit import entry_point, part
from .borders import KINDS
from .reference import TAPS
from .vectors import AHEAD, add_horizontal, add_vertical, entry_offset, move_up, no_cells
from .vectors_border import add_border
from .vectors_store import store_border_cell, store_pixels


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


@part
def _find_pairs(image, flat, row, di, dj, x0, x1, length, offsets):
    """Compute the entry offsets of the pairs (row, j), (row + di, j + dj), x0 <= j < x1.

    Pairs that extend beyond the image get the offset of the empty entry.
    """
    H, W, C = image.shape
    empty = 65536 * length
    if row < 0 or row + di >= H:
        offsets[: (x1 - x0) * C] = empty
        return
    first, last = max(x0, 0), min(x1, W - dj)
    offsets[: (first - x0) * C] = empty
    offsets[max(last - x0, 0) * C : (x1 - x0) * C] = empty
    # The slices start at index 0, because LLVM vectorises the loop only then.
    count = max(last - first, 0) * C
    at, other = (row * W + first) * C, ((row + di) * W + first + dj) * C
    ones, others = flat[at : at + count], flat[other : other + count]
    found = offsets[(first - x0) * C : (first - x0) * C + count]
    for k in range(count):
        found[k] = entry_offset(ones[k], others[k], length)


@part
def kind_of(index, size):
    """Return the kind of a row or column: the first two, any between, or the last two."""
    return index if index < 2 or size <= KINDS else max(2, index - (size - KINDS))


@part
def _border_cells(
    image, lut, relative, g, h0, first, last, tables, offsets, length, scratch, out, tags
):
    """Compute the cells first <= h < last of row g, some of them near a border."""
    H, W, C = image.shape
    r, origin = len(tags[1]), len(tags[2])
    lead = 1 - origin
    lanes, stride = scratch.shape[0] // C, W * r * C
    top, bottom = max(origin - g * r, 0), min(r, H * r + origin - g * r)
    cells = no_cells(tags, tables[0])
    for j in range(first - 2, last + lead):
        cells = add_vertical(cells, tables[0], offsets[0], g + lead, length, (j - h0 + 2) * C)
        cells = add_horizontal(cells, tables[1], offsets[1], g + lead, length, (j - h0 + 2) * C)
        h = j - lead
        if h >= first:
            kind = KINDS * kind_of(g, H + origin) + kind_of(h, W + origin)
            # Distance to the cell to prefetch for: further right in rows near the top and bottom
            # border, the cell below in columns near the left and right border.
            if g < 2 or g >= H + origin - 2:
                ahead = AHEAD * C if 2 <= h < W + origin - 2 - AHEAD else 0
            else:
                ahead = W * C if g < H + origin - 3 else 0
            for c in range(C):
                at = (g * W + h) * C + c
                add_border(
                    tags[1],
                    tags[2],
                    kind,
                    image,
                    at,
                    W * C,
                    C,
                    ahead,
                    lut,
                    relative,
                    scratch,
                    c * lanes,
                )
            left, right = max(origin - h * r, 0), min(r, W * r + origin - h * r)
            at = (g * r - origin) * stride + (h * r - origin) * C
            store_border_cell(cells, scratch, out, at, stride, top, bottom, left, right)
        cells = move_up(cells)


@part
def _inner_cells(image, g, h0, first, last, tables, offsets, length, out, tags):
    """Compute the cells first <= h < last of row g, all at least two cells from the borders."""
    W, C = image.shape[1], image.shape[2]
    r, origin = len(tags[1]), len(tags[2])
    lead = 1 - origin
    stride = out.shape[1] * C
    cells = no_cells(tags, tables[0])
    for j in range(first - 2, last + lead):
        cells = add_vertical(cells, tables[0], offsets[0], g + lead, length, (j - h0 + 2) * C)
        cells = add_horizontal(cells, tables[1], offsets[1], g + lead, length, (j - h0 + 2) * C)
        h = j - lead
        if h >= first:
            at = (g * r - origin) * stride + (h * r - origin) * C
            store_pixels(cells, image, (g * W + h) * C, W * C, out, at, stride)
        cells = move_up(cells)


@entry_point
def upscale_band(
    image, flat, tables, lut, relative, g0, g1, tile, length, offsets, scratch, out, tags
):
    """Upscale the rows of cells g0 <= g < g1 of an image and write them to the output.

    Parameters
    ----------
    image, flat : uint8 (H, W, C) and the same (H * W * C,)
        At least `KINDS` cells high and wide.
    tables : two of int8 or int16 (65537, entry length)
        Fused tables of vertical and horizontal pairs, from `fuse_pairs`.
    lut : int8, flat
        The unfused table.
    relative : bool
        Whether `lut` leaves out the pixels' own levels.
    g0, g1 : int
        First row of cells, and the one after the last.
    tile : int
        Columns of cells processed at a time, so that the entries of a few rows stay in the cache.
    length : int
        Pairs in one row of a tile, (tile + 3) * C.
    offsets : int32 (4 * length + spare,) and int32 (3 * length + spare,)
        Scratch: ring buffers with the entry offsets of the last rows of pairs. `AHEAD` more pairs
        are allocated, because prefetching reads beyond the last row.
    scratch : int16 (C * lanes,)
        For one border cell.
    out : uint8 (H * r, W * r, C)
    tags : three tuples
        Of lengths C, r and origin. They make these numbers part of the types, so that the compiler
        knows them. The tuples' contents are not used.
    """
    origin = len(tags[2])
    rows, columns = image.shape[0] + origin, image.shape[1] + origin
    lead = 1 - origin
    for h0 in range(0, columns, tile):
        h1 = min(h0 + tile, columns)
        for row in range(g0 - 2, g1 + lead):
            v_ring, h_ring = row % 4 * length, row % 3 * length
            v_row = offsets[0][v_ring : v_ring + length]
            h_row = offsets[1][h_ring : h_ring + length]
            _find_pairs(image, flat, row, 1, 0, h0 - 2, h1 + 1, tables[0].shape[1], v_row)
            _find_pairs(image, flat, row, 0, 1, h0 - 2, h1 + 1, tables[1].shape[1], h_row)
            g = row - lead
            if g < g0:
                continue
            left, right = max(h0, 2), min(h1, columns - 2)
            if g < 2 or g >= rows - 2 or left >= right:
                left = right = h1
            # Border cells come last: the last inner cell writes a few bytes beyond its right edge.
            if left < right:
                _inner_cells(image, g, h0, left, right, tables, offsets, length, out, tags)
            for first, last in ((h0, left), (right, h1)):
                if first < last:
                    _border_cells(
                        image,
                        lut,
                        relative,
                        g,
                        h0,
                        first,
                        last,
                        tables,
                        offsets,
                        length,
                        scratch,
                        out,
                        tags,
                    )
