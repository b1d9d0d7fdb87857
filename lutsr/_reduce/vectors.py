"""Vector operations for the kernels of reduction, written as portable LLVM instructions.

A *vector* holds the sums of `LANES` pixels or samples. LLVM splits it into registers of the size
that the processor has.
"""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba import types
from numba.extending import intrinsic, models, register_model

from .._numba.llvm import at_pointer, data_of, splat

#: Values in a vector.
LANES = 16

_I32 = ir.IntType(32)


class Sums(types.Type):
    """Sums of `LANES` values of a float type, as one value."""

    def __init__(self, kind: types.Float) -> None:
        self.kind = kind
        super().__init__(name=f"lutsr_sums({kind})")


@register_model(Sums)
class _SumsModel(models.PrimitiveModel):
    def __init__(self, manager: Any, sums: Sums) -> None:
        super().__init__(manager, sums, ir.VectorType(_element(sums.kind), LANES))


def _element(kind: types.Float) -> Any:
    return ir.FloatType() if kind.bitwidth == 32 else ir.DoubleType()


def _splat(builder: Any, value: Any) -> Any:
    return splat(builder, value, ir.VectorType(value.type, LANES))


@intrinsic
def no_sums(typing_context, lanes):
    """Return zero sums, of the type of an array."""

    def generate(context, builder, signature, arguments):
        return ir.Constant(context.get_value_type(signature.return_type), None)

    return Sums(lanes.dtype)(lanes), generate


@intrinsic
def add_weighted(typing_context, sums, lanes, at, weight):
    """Add ``weight * lanes[at : at + LANES]``."""

    def generate(context, builder, signature, arguments):
        total, _, place, factor = arguments
        data = data_of(context, builder, signature, arguments, 1)
        values = builder.load(at_pointer(builder, data, place, total.type), align=4)
        return builder.fadd(total, builder.fmul(values, _splat(builder, factor)))

    return sums(sums, lanes, types.intp, sums.kind), generate


@intrinsic
def store_sums(typing_context, sums, low, high, out, at):
    """Clip sums and write them to ``out[at : at + LANES]``; integers are rounded, halves to even.

    Integers have at most 16 bits, and are computed from sums of 32 bits.
    """

    def generate(context, builder, signature, arguments):
        values, least, most, _, place = arguments
        data = data_of(context, builder, signature, arguments, 3)
        least, most = _splat(builder, least), _splat(builder, most)
        values = builder.select(builder.fcmp_ordered("<", values, least), least, values)
        values = builder.select(builder.fcmp_ordered(">", values, most), most, values)
        element = context.get_value_type(signature.args[3].dtype)
        if isinstance(element, ir.IntType):
            # The sum with this number has no bits after the binary point.
            shift = ir.Constant(values.type, [float(1 << 23)] * LANES)
            values = builder.fsub(builder.fadd(values, shift), shift)
            values = builder.fptosi(values, ir.VectorType(_I32, LANES))
            values = builder.trunc(values, ir.VectorType(element, LANES))
        builder.store(values, at_pointer(builder, data, place, values.type), align=1)
        return context.get_dummy_value()

    return types.void(sums, sums.kind, sums.kind, out, types.intp), generate


@intrinsic
def copy_four(typing_context, source, at, target, to):
    """Copy four elements of an array into another one of the same type."""

    def generate(context, builder, signature, arguments):
        four = ir.VectorType(context.get_value_type(signature.args[0].dtype), 4)
        read = data_of(context, builder, signature, arguments, 0)
        write = data_of(context, builder, signature, arguments, 2)
        values = builder.load(at_pointer(builder, read, arguments[1], four), align=1)
        builder.store(values, at_pointer(builder, write, arguments[3], four), align=1)
        return context.get_dummy_value()

    return types.void(source, types.intp, target, types.intp), generate
