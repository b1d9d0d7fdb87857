"""Vector operations that complete the cells of deep images and write them."""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from .._frame.depth import DEEP_KINDS
from .._numba.depth import finished
from .._numba.llvm import at_pointer, constants, pick, pointer, splat
from .layout import LANES, element_values, is_packed, sum_starts
from .reference import DIVISOR
from .vectors import kind_of_tags
from .vectors_deep_pairs import FRACTIONS
from .vectors_store import CELLS_AT_ONCE, owners

#: Number of pixels that `interleave_deep_words` and `interleave_deep_longs` take.
DEEP_PIXELS_AT_ONCE = 8

_I8, _I16, _I32, _I64 = (ir.IntType(bits) for bits in (8, 16, 32, 64))


@intrinsic
def finish_deep_cells(typing_context, tags, sums, steps, kind, above, places, rows, stride):
    """Complete four cells, and write them as r rows of values, `stride` bytes apart.

    Biases of bytes are subtracted, and the pixels' own levels, which fused entries leave out, are
    added, once for each of a pixel's four pairs. `places` are those of the cells' pixels, `above`
    those of the row above. `kind` is the index of the values' type in `DEEP_KINDS`; values of int32
    are sums. A few more values after the cells are written, too.
    """
    r, origin, bits = kind_of_tags(tags)
    packed, lanes, n = is_packed(r, bits), LANES[r], CELLS_AT_ONCE
    values = element_values(r, packed)

    def generate(context, builder, signature, arguments):
        _, address, steps_value, kind, above_row, place_row, target, step = arguments
        number = builder.trunc(steps_value, _I32)
        # One load per row reads the places of all pixels that the cells cover.
        width = 8 if origin else n
        line = ir.VectorType(_I32, width)
        first = ir.Constant(_I64, -origin)
        seen = [
            builder.load(at_pointer(builder, pointer(builder, row, _I32), first, line), align=4)
            for row in (above_row, place_row)
        ]
        both = pick(builder, seen[0], range(2 * width), seen[1])
        count = both.type.count
        level = builder.lshr(both, constants(_I32, [FRACTIONS.bit_length() - 1] * count))
        rest = builder.and_(both, constants(_I32, [FRACTIONS - 1] * count))
        level = builder.mul(level, splat(builder, number, both.type))
        own = builder.mul(builder.add(level, rest), constants(_I32, [DIVISOR] * count))
        corners, owner = owners(r, origin, values)
        start = sum_starts(r, origin, bits)
        bias = constants(_I32, [start[value] for value in values])
        bias = builder.mul(bias, splat(builder, number, bias.type))
        cell_type = ir.VectorType(_I32, lanes)
        cells = []
        for k in range(n):
            place = ir.Constant(_I64, k * lanes)
            source = at_pointer(builder, pointer(builder, address, _I32), place, cell_type)
            cell = builder.add(builder.load(source, align=4), bias)
            which = [(corners[o][0] + 1) * width + k + corners[o][1] + origin for o in owner]
            cells.append(builder.add(cell, pick(builder, own, which)))
        size = 1 << (n * r - 1).bit_length()
        while len(cells) > 1:
            cells = [
                pick(builder, one, range(2 * one.type.count), other)
                for one, other in zip(cells[::2], cells[1::2], strict=True)
            ]
        found = []
        for u in range(r):
            order = [k * lanes + values.index(u * r + v) for k in range(n) for v in range(r)]
            found.append(pick(builder, cells[0], order + order[:1] * (size - len(order))))
        half, right = (
            constants(_I32, [k] * size) for k in (DIVISOR // 2, DIVISOR.bit_length() - 1)
        )
        for index, name in enumerate(DEEP_KINDS):
            with builder.if_then(builder.icmp_signed("==", kind, ir.Constant(_I64, index))):
                times = 255 * (DIVISOR if name.startswith("float") else 1)
                white = builder.mul(number, ir.Constant(_I32, times))
                white = splat(builder, white, found[0].type)
                for u, total in enumerate(found):
                    row = finished(builder, total, name, half, right, white)
                    at = builder.mul(step, ir.Constant(_I64, u))
                    out = at_pointer(builder, pointer(builder, target, _I8), at, row.type)
                    builder.store(row, out, align=2)
        return context.get_dummy_value()

    return types.void(tags, sums, steps, kind, above, places, rows, stride), generate


def _interleaver(element: Any) -> Any:
    @intrinsic
    def interleave(typing_context, source, size, target):
        """Copy a few pixels from three planes, `size` bytes apart, to interleaved channels."""

        def generate(context, builder, signature, arguments):
            address, distance, out = arguments
            n = DEEP_PIXELS_AT_ONCE
            line = ir.VectorType(element, n)
            planes = []
            for c in range(3):
                place = builder.add(address, builder.mul(distance, ir.Constant(_I64, c)))
                planes.append(builder.load(pointer(builder, place, line), align=2))
            pairs = [
                pick(builder, planes[0], range(2 * n), planes[1]),
                pick(builder, planes[2], range(2 * n), planes[2]),
            ]
            order = [c * n + k for k in range(n) for c in range(3)]
            for k in range(3):
                part = pick(builder, pairs[0], order[k * n : (k + 1) * n], pairs[1])
                place = builder.add(out, ir.Constant(_I64, k * n * element.width // 8))
                builder.store(part, pointer(builder, place, part.type), align=2)
            return context.get_dummy_value()

        return types.void(source, size, target), generate

    return interleave


interleave_deep_words, interleave_deep_longs = map(_interleaver, (_I16, _I32))
