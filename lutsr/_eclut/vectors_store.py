"""Vector operations that complete cells of 8-bit images and write them.

The pixels' own levels are added, and sums are rounded, shifted and clipped to bytes.
"""

from __future__ import annotations

from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from .._numba.llvm import at_pointer, constants, pick, pointer
from .layout import LANES, is_packed, lane_values
from .vectors import kind_of_tags

#: Number of cells that `finish_cells` takes.
CELLS_AT_ONCE = 4

_I8, _I16, _I64 = (ir.IntType(bits) for bits in (8, 16, 64))


def owners(r: int, origin: int, values: list[int]) -> tuple[list[tuple[int, int]], list[int]]:
    """Return the pixels that a cell covers, and for each of `values` the index of its pixel.

    A cell covers one pixel, or parts of four if `origin` is 1. Pixels are relative (row, column).
    """
    corners = [(dy, dx) for dy in range(-origin, 1) for dx in range(-origin, 1)]
    places = (divmod(value, r) for value in values)
    return corners, [corners.index((-origin * (u == 0), -origin * (v == 0))) for u, v in places]


@intrinsic
def finish_cells(typing_context, tags, sums, half, above, levels, rows, stride):
    """Shift and clip four cells, and write them as r rows of bytes, `stride` apart.

    The pixels' own levels, which fused entries leave out, are added, once for each of a pixel's
    four pairs. `levels` are those of the cells' pixels, `above` those of the row above. A few bytes
    after the cells are written, too.
    """
    kind = kind_of_tags(tags)
    r, origin, _ = kind
    packed = is_packed(r, kind.bits)
    n = CELLS_AT_ONCE
    words = LANES[r] // (2 if packed else 1)
    values = lane_values(r, packed)

    def generate(context, builder, signature, arguments):
        _, address, half_value, above_row, level_row, target, step = arguments
        # One load per row reads the levels of all pixels that the cells cover.
        width = 8 if origin else n
        line = ir.VectorType(_I8, width)
        first = ir.Constant(_I64, -origin)
        seen = [
            builder.load(at_pointer(builder, pointer(builder, row, _I8), first, line), align=1)
            for row in (above_row, level_row)
        ]
        both = pick(builder, seen[0], range(2 * width), seen[1])
        clipped = []
        for part in range(2 if packed else 1):
            lanes = [(cell, values[part * words + k]) for cell in range(n) for k in range(words)]
            vector = ir.VectorType(_I16, len(lanes))
            at = builder.mul(half_value, ir.Constant(_I64, part))
            source = at_pointer(builder, pointer(builder, address, _I16), at, vector)
            cells = builder.load(source, align=2)
            cells = builder.ashr(cells, constants(_I16, [2] * len(lanes)))
            corners, owner = owners(r, origin, [value for _, value in lanes])
            # Adding a level once after the shift equals adding it four times before the shift by 2.
            own = [
                (corners[k][0] + 1) * width + cell + corners[k][1] + origin
                for (cell, _), k in zip(lanes, owner, strict=True)
            ]
            cells = builder.add(cells, builder.zext(pick(builder, both, own), vector))
            for bound, worse in ((0, "<"), (255, ">")):
                limit = constants(_I16, [bound] * len(lanes))
                cells = builder.select(builder.icmp_signed(worse, cells, limit), limit, cells)
            clipped.append(builder.trunc(cells, ir.VectorType(_I8, len(lanes))))
        size = 1 << (n * r - 1).bit_length()
        for part, found in enumerate(clipped):
            own = values[part * words : (part + 1) * words]
            rows_here = [u for u in range(r) if {u * r + v for v in range(r)} <= set(own)]
            # All rows of a part by one shuffle, then each is stored.
            order = []
            for u in rows_here:
                row = [k * words + own.index(u * r + v) for k in range(n) for v in range(r)]
                order += row + row[:1] * (size - len(row))
            every = pick(builder, found, order)
            for k, u in enumerate(rows_here):
                row = pick(builder, every, range(k * size, (k + 1) * size))
                at = builder.mul(step, ir.Constant(_I64, u))
                out = at_pointer(builder, pointer(builder, target, _I8), at, row.type)
                builder.store(row, out, align=1)
        return context.get_dummy_value()

    return types.void(tags, sums, half, above, levels, rows, stride), generate
