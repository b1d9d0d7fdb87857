"""Values of deep images in kernels: how they are read, and how sums become values.

Types are numbered by `DEEP_KINDS`. Arrays are passed as addresses.
"""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from .._frame.depth import DEEP_KINDS
from .llvm import clip, pointer, variable

_I16, _I32, _I64 = (ir.IntType(bits) for bits in (16, 32, 64))
_DOUBLE = ir.DoubleType()

#: LLVM's types of `DEEP_KINDS`.
ELEMENTS = dict(zip(DEEP_KINDS, (_I32, _I16, ir.FloatType(), _DOUBLE), strict=True))


@intrinsic
def read_value(typing_context, image, kind, index):
    """Return a value of an image as float64; `kind` is the index of its type in `DEEP_KINDS`."""

    def generate(context, builder, signature, arguments):
        address, kind, index = arguments
        value = variable(builder, ir.Constant(_DOUBLE, 0.0))
        for number, name in enumerate(DEEP_KINDS):
            with builder.if_then(builder.icmp_signed("==", kind, ir.Constant(_I64, number))):
                one = builder.load(builder.gep(pointer(builder, address, ELEMENTS[name]), [index]))
                if name != "float64":
                    convert = {"int32": builder.sitofp, "uint16": builder.uitofp}
                    one = convert.get(name, builder.fpext)(one, _DOUBLE)
                builder.store(one, value)
        return builder.load(value)

    return types.float64(image, kind, index), generate


def finished(builder: Any, total: Any, name: str, half: Any, right: Any, white: Any) -> Any:
    """Return sums as values of a type, as ``lutsr._frame.depth.from_sums`` does.

    Parameters
    ----------
    total : vector of int32
    name : str
        Of `DEEP_KINDS`; those of int32 stay sums.
    half, right : vector of int32
        Half the divisor of sums, and its binary logarithm. Values of floats do not need them.
    white : vector of int32
        The largest value; for floats, the largest sum.
    """
    zero = ir.Constant(total.type, None)
    many = ir.VectorType(ELEMENTS[name], total.type.count)
    if name.startswith("float"):
        total = clip(builder, total, zero, white)
        return builder.fdiv(builder.sitofp(total, many), builder.sitofp(white, many))
    if name == "int32":
        return total
    total = builder.ashr(builder.add(total, half), right)
    return builder.trunc(clip(builder, total, zero, white), many)
