"""Vector operations that find the entries and weights of pairs of deep images.

A pixel's *place* is an integer of 32 bits: its level, times `FRACTIONS`, and its steps above the
level. Arrays are passed as addresses.
"""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from .._numba.llvm import at_pointer, constants, pick, pointer, splat
from .vectors import kind_of_tags
from .vectors_deep import PAIR_NUMBERS, in_bytes

#: Number of pairs that `find_deep_pairs` takes.
PAIRS_AT_ONCE = 8

#: Places from one level to the next.
FRACTIONS = 1 << 16

_I8, _I16, _I32, _I64 = (ir.IntType(bits) for bits in (8, 16, 32, 64))


@intrinsic
def way_of_weights(typing_context, tags):
    """Return a tuple of length 1 where entries are multiplied as bytes, else 0.

    That is all that finding pairs has to know of a model: it is compiled once for several.
    """
    r, _, bits = kind_of_tags(tags)
    way = types.Tuple((types.int64,) * in_bytes(r, bits))

    def generate(context, builder, signature, arguments):
        return ir.Constant(context.get_value_type(way), None)

    return way(tags), generate


@intrinsic
def find_deep_pairs(typing_context, way, entry, one, other, steps, target):
    """Store where the entries of a few pairs are, and their weights: `PAIR_NUMBERS` each.

    `way` is that of `way_of_weights`, `entry` the size of an entry of the fused table in bytes, and
    `one` and `other` are places of pixels. The numbers of a pair are the offsets in bytes of T0 and
    T1 of `lutsr._eclut.vectors_deep` (T2 is `lutsr._eclut.fusion.BEYOND` entries after T0), then
    the high and the low bytes of the three weights, or, where words are multiplied, the two weights
    in one number.
    A weight is 0 where there is no entry beyond level 255.
    """

    def generate(context, builder, signature, arguments):
        addresses, steps_value, out = arguments[2:4], arguments[4], arguments[5]
        n = PAIRS_AT_ONCE
        many = ir.VectorType(_I32, n)

        def every(number: int) -> Any:
            return constants(_I32, [number] * n)

        places = [builder.load(pointer(builder, each, many), align=4) for each in addresses]
        (a, b), (x, y) = (
            [builder.lshr(place, every(16)) for place in places],
            [builder.and_(place, every(FRACTIONS - 1)) for place in places],
        )
        pair = builder.add(builder.shl(a, every(8)), b)
        size = splat(builder, builder.trunc(arguments[1], _I32), many)
        first = builder.mul(pair, size)
        greater = builder.icmp_signed(">", x, y)
        most, least = builder.select(greater, x, y), builder.select(greater, y, x)
        second = builder.add(first, builder.select(greater, builder.shl(size, every(8)), size))
        if len(way):
            total = splat(builder, builder.trunc(steps_value, _I32), many)
            weights = [builder.sub(total, most), builder.sub(most, least), least]
            high, low = every(0), every(0)
            for k, weight in enumerate(weights):
                # 256 * high + low, from -128 to 127 each.
                weight = builder.add(weight, every(128))
                part = builder.lshr(weight, every(8))
                rest = builder.xor(builder.and_(weight, every(255)), every(128))
                high = builder.or_(high, builder.shl(part, every(8 * k)))
                low = builder.or_(low, builder.shl(rest, every(8 * k)))
        else:
            high, low = builder.or_(most, builder.shl(least, every(16))), every(0)
        pairs = [
            pick(builder, builder_pair[0], range(2 * n), builder_pair[1])
            for builder_pair in ((first, second), (high, low))
        ]
        numbers = pick(
            builder,
            pairs[0],
            [n * k + p for p in range(n) for k in range(PAIR_NUMBERS)],
            pairs[1],
        )
        builder.store(numbers, pointer(builder, out, numbers.type), align=4)
        return context.get_dummy_value()

    return types.void(way, entry, one, other, steps, target), generate


@intrinsic
def empty_pair(typing_context, way, entry, steps, target):
    """Store the numbers of the empty entry."""

    def generate(context, builder, signature, arguments):
        entry_value, steps_value = (builder.trunc(arguments[k], _I32) for k in (1, 2))
        out = arguments[3]
        numbers = constants(_I32, [0] * PAIR_NUMBERS)
        place = builder.shl(entry_value, ir.Constant(_I32, 16))
        for k in (0, 1):
            numbers = builder.insert_element(numbers, place, ir.Constant(_I32, k))
        if len(way):
            weight = builder.add(steps_value, ir.Constant(_I32, 128))
            high = builder.lshr(weight, ir.Constant(_I32, 8))
            low = builder.and_(weight, ir.Constant(_I32, 255))
            low = builder.xor(low, ir.Constant(_I32, 0x80))
            for k, number in ((2, high), (3, low)):
                numbers = builder.insert_element(numbers, number, ir.Constant(_I32, k))
        target = at_pointer(builder, pointer(builder, out, _I8), ir.Constant(_I64, 0), numbers.type)
        builder.store(numbers, target, align=4)
        return context.get_dummy_value()

    return types.void(way, entry, steps, target), generate
