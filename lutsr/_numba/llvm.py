"""Building LLVM instructions: what both kinds of vectors share."""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba.core import cgutils

_I32 = ir.IntType(32)


def data_of(context: Any, builder: Any, signature: Any, arguments: Any, k: int) -> Any:
    """Give the pointer to the first element of the array that is argument k."""
    array = cgutils.create_struct_proxy(signature.args[k])
    return array(context, builder, value=arguments[k]).data


def at_pointer(builder: Any, pointer: Any, index: Any, as_type: Any) -> Any:
    """Point at an element, as a pointer to `as_type`."""
    return builder.bitcast(builder.gep(pointer, [index]), as_type.as_pointer())


def plus(builder: Any, value: Any, number: int) -> Any:
    return builder.add(value, ir.Constant(value.type, number)) if number else value


def constants(kind: Any, values: list[int]) -> Any:
    return ir.Constant(ir.VectorType(kind, len(values)), [ir.Constant(kind, v) for v in values])


def pick(builder: Any, vector: Any, lanes: Any, other: Any = None) -> Any:
    """Take lanes out of a vector, or of two vectors one behind the other."""
    other = ir.Constant(vector.type, ir.Undefined) if other is None else other
    return builder.shuffle_vector(vector, other, constants(_I32, list(lanes)))


def on_x86(context: Any) -> bool:
    triple: str = context.codegen().magic_tuple()[0]
    return triple.startswith("x86_64")


def prefetch(builder: Any, pointer: Any) -> None:
    kind = ir.FunctionType(ir.VoidType(), [pointer.type, _I32, _I32, _I32])
    function = cgutils.get_or_insert_function(builder.module, kind, "llvm.prefetch.p0i8")
    read, keep, data = (ir.Constant(_I32, k) for k in (0, 3, 1))
    builder.call(function, [pointer, read, keep, data])


def ring_place(builder: Any, row: Any, slot: int, rows: int, length: Any, column: Any) -> Any:
    """Find a column in the row of a ring that is `slot` rows before `row`, which is -2 or more."""
    # Some rows more keep the remainder positive.
    ring = plus(builder, row, 4 * rows - slot)
    ring = builder.urem(ring, ir.Constant(ring.type, rows))
    return builder.add(builder.mul(ring, length), column)
