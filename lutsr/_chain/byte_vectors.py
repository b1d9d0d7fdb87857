"""Vector operations for `lutsr._chain.byte_kernels`: 64 bytes are looked up at once.

A table of 64 bytes fits into vector registers. With AVX-512 VBMI one instruction looks 64 indices
up, with AVX2 a few, elsewhere it is done byte by byte. The results are the same.
"""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from .._numba.llvm import at_pointer, call, cpu_features, data_of, for_range, pick, splat, variable

#: Pixels that are computed at once.
LANES = 64

_I8, _I16, _I32, _I64 = (ir.IntType(bits) for bits in (8, 16, 32, 64))
_BYTES, _WORDS = ir.VectorType(_I8, LANES), ir.VectorType(_I16, LANES // 2)


def _all(builder: Any, kind: Any, value: int) -> Any:
    return ir.Constant(kind, [ir.Constant(kind.element, value)] * kind.count)


def _splat(builder: Any, kind: Any, value: Any) -> Any:
    return splat(builder, builder.trunc(value, kind.element), kind)


def _look_up(context: Any, builder: Any, table: Any, indices: Any) -> Any:
    """Return table[index] for 64 indices of 0..63; any byte for others."""
    features = cpu_features(context)
    if "avx512vbmi" in features:
        entries = builder.load(builder.bitcast(table, _BYTES.as_pointer()), align=1)
        return call(builder, "llvm.x86.avx512.permvar.qi.512", _BYTES, [entries, indices])
    if "avx2" in features:
        return _look_up_by_16(builder, table, indices)
    found = variable(builder, ir.Constant(ir.ArrayType(_I8, LANES), None))
    whole = builder.bitcast(found, _BYTES.as_pointer())
    # Beyond the image's columns, maps hold anything.
    builder.store(builder.and_(indices, _all(builder, _BYTES, 63)), whole, align=1)
    place = builder.bitcast(found, _I8.as_pointer())
    with for_range(builder, ir.Constant(_I64, LANES)) as loop:
        byte = builder.gep(place, [loop.index])
        index = builder.zext(builder.load(byte), _I64)
        builder.store(builder.load(builder.gep(table, [index])), byte)
    return builder.load(whole, align=1)


def _look_up_by_16(builder: Any, table: Any, indices: Any) -> Any:
    """Look up with AVX2, which has an instruction for tables of 16 bytes.

    It gives zero where the highest bit of an index is set.
    """
    half = ir.VectorType(_I8, 32)
    quarter = ir.VectorType(_I8, 16)
    results = []
    for first in (0, 32):
        some = pick(builder, indices, range(first, first + 32))
        total = None
        for part in range(4):
            at = at_pointer(builder, table, ir.Constant(_I64, 16 * part), quarter)
            entries = pick(builder, builder.load(at, align=1), [*range(16), *range(16)])
            inside = builder.xor(some, _all(builder, half, 16 * part))
            inside = builder.add(inside, _all(builder, half, 0x70))
            found = call(builder, "llvm.x86.avx2.pshuf.b", half, [entries, inside])
            total = found if total is None else builder.or_(total, found)
        results.append(total)
    return pick(builder, results[0], range(LANES), results[1])


def _look_up_wide(context: Any, builder: Any, table: Any, indices: Any) -> Any:
    """Return table[index] for indices of 0..255."""
    total = None
    inner = builder.and_(indices, _all(builder, _BYTES, 63))
    for part in range(4):
        at = builder.gep(table, [ir.Constant(_I64, LANES * part)])
        found = _look_up(context, builder, at, inner)
        block = builder.lshr(indices, _all(builder, _BYTES, 6))
        inside = builder.icmp_unsigned("==", block, _all(builder, _BYTES, part))
        found = builder.select(inside, found, _all(builder, _BYTES, 0))
        total = found if total is None else builder.or_(total, found)
    return total


def _even_and_odd(builder: Any, values: Any) -> tuple[Any, Any]:
    """Return the bytes at even and at odd places as words."""
    words = builder.bitcast(values, _WORDS)
    low = builder.and_(words, _all(builder, _WORDS, 255))
    return low, builder.lshr(words, _all(builder, _WORDS, 8))


def _accumulate(builder: Any, place: Any, value: Any) -> None:
    builder.store(builder.add(builder.load(place), value), place)


@intrinsic
def compute_block(
    typing_context, maps, starts, tables, first, first_table, count, residuals, first_residual,
    residual_count, residual_row, rounding, constants, first_constant, x, out
):  # fmt: skip
    """Compute 64 pixels of one channel of a layer; see `lutsr._chain.byte_kernels.run_layer`."""

    def generate(context, builder, signature, arguments):
        data, at, entries, residual_at, numbers, own = (
            data_of(context, builder, signature, arguments, k) for k in (0, 1, 2, 6, 10, 11)
        )
        place, table, number, residual, residual_number = (arguments[k] for k in (3, 4, 5, 7, 8))
        own = builder.gep(own, [arguments[12]])
        x_value, target = arguments[13:]

        def number_of(k: int) -> Any:
            return builder.load(builder.gep(numbers, [ir.Constant(_I64, k)]))

        length, wide, fine, unit_bits, magic, exact, shift, divisor, ties, high = map(
            number_of, range(10)
        )
        wide = builder.icmp_unsigned("!=", wide, ir.Constant(_I64, 0))
        fine = builder.icmp_unsigned("!=", fine, ir.Constant(_I64, 0))
        raw, odd = (variable(builder, ir.Constant(_WORDS, None)) for _ in range(2))
        rests = variable(builder, ir.Constant(_BYTES, None))
        found = variable(builder, ir.Constant(_BYTES, None))
        with for_range(builder, number) as loop:
            start = builder.load(builder.gep(at, [builder.add(place, loop.index)]))
            where = builder.add(start, x_value)
            indices = builder.load(at_pointer(builder, data, where, _BYTES), align=1)
            one = builder.gep(entries, [builder.add(table, builder.mul(loop.index, length))])
            with builder.if_else(wide) as (then, otherwise):
                with then:
                    builder.store(_look_up_wide(context, builder, one, indices), found)
                with otherwise:
                    builder.store(_look_up(context, builder, one, indices), found)
            # The sum of bytes as words is the sum at even places, and 256 times that at odd ones.
            words = builder.bitcast(builder.load(found), _WORDS)
            _accumulate(builder, raw, words)
            _accumulate(builder, odd, builder.lshr(words, _all(builder, _WORDS, 8)))
            with builder.if_then(fine):
                second = builder.gep(one, [builder.udiv(length, ir.Constant(_I64, 2))])
                _accumulate(builder, rests, _look_up(context, builder, second, indices))
        high_sums = builder.load(odd)
        low_sums = builder.sub(builder.load(raw), builder.shl(high_sums, _all(builder, _WORDS, 8)))
        added = [variable(builder, ir.Constant(_WORDS, None)) for _ in range(2)]
        with for_range(builder, residual_number) as loop:
            start = builder.load(builder.gep(residual_at, [builder.add(residual, loop.index)]))
            where = builder.add(builder.add(start, arguments[9]), x_value)
            values = builder.load(at_pointer(builder, data, where, _BYTES), align=1)
            for each, words in zip(added, _even_and_odd(builder, values), strict=True):
                _accumulate(builder, each, words)

        def constant(k: int) -> Any:
            value = builder.load(builder.gep(own, [ir.Constant(_I64, k)]))
            return _splat(builder, _WORDS, value)

        double = ir.VectorType(_I32, LANES // 2)
        results = []
        for sums, rest, extra in zip(
            (low_sums, high_sums), _even_and_odd(builder, builder.load(rests)), added, strict=True
        ):
            total = builder.add(builder.shl(sums, _splat(builder, _WORDS, unit_bits)), rest)
            total = builder.add(total, constant(0))
            product = builder.mul(
                builder.zext(total, double),
                builder.zext(_splat(builder, _WORDS, magic), double),
            )
            product = builder.trunc(builder.lshr(product, _all(builder, double, 16)), _WORDS)
            quotient = builder.lshr(product, _splat(builder, _WORDS, shift))
            whole = builder.and_(total, _splat(builder, _WORDS, exact))
            quotient = builder.add(quotient, whole)
            back = builder.mul(quotient, _splat(builder, _WORDS, divisor))
            tie = builder.zext(builder.icmp_unsigned("==", back, total), _WORDS)
            uneven = builder.add(quotient, constant(1))
            uneven = builder.and_(builder.and_(uneven, tie), _splat(builder, _WORDS, ties))
            value = builder.add(builder.sub(quotient, uneven), constant(2))
            value = builder.add(value, builder.load(extra))
            zero, top = ir.Constant(_WORDS, None), _splat(builder, _WORDS, high)
            value = builder.select(builder.icmp_signed(">", value, zero), value, zero)
            value = builder.select(builder.icmp_signed("<", value, top), value, top)
            results.append(value)
        words = builder.or_(results[0], builder.shl(results[1], _all(builder, _WORDS, 8)))
        where = builder.add(target, x_value)
        builder.store(words, at_pointer(builder, data, where, _WORDS), align=1)
        return context.get_dummy_value()

    arguments = (
        maps, starts, tables, first, first_table, count, residuals, first_residual,
        residual_count, residual_row, rounding, constants, first_constant, x, out,
    )  # fmt: skip
    return types.void(*arguments), generate
