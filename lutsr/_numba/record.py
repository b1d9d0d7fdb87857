"""Arguments of kernels that take little code to receive.

Compiled code that takes an array, or a number, out of a Python object is long: for twenty arrays it
takes longer to compile than many a kernel. A record is received as one pointer, and constants as
nothing.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
from llvmlite import ir
from numba import types
from numba.extending import NativeValue, intrinsic, models, register_model, typeof_impl, unbox
from numpy.typing import NDArray


def record(*groups: NamedTuple) -> Any:
    """Return a NumPy record with the fields of some tuples: numbers, and the addresses of arrays.

    Kernels read its fields as attributes, of type int64 or float64. The arrays have to be kept
    until the kernel returns.

    Raises
    ------
    ValueError
        If the elements of an array do not lie one after the other, or are byte-swapped: nothing
        else checks what lies at an address.
    """
    names = tuple(name for group in groups for name in group._fields)
    values = [
        _address(value) if isinstance(value, np.ndarray) else value
        for group in groups
        for value in group
    ]
    kinds = tuple("f8" if isinstance(value, float) else "i8" for value in values)
    return np.array(tuple(values), _dtype(names, kinds))[()]


def _address(array: NDArray[Any]) -> int:
    if not (array.flags.c_contiguous and array.dtype.isnative):
        raise ValueError(f"array of {array.dtype.str}, strides {array.strides}: no flat memory")
    return array.ctypes.data


@lru_cache
def _dtype(names: tuple[str, ...], kinds: tuple[str, ...]) -> np.dtype[Any]:
    return np.dtype([*zip(names, kinds, strict=True)])


class Constants:
    """Numbers that kernels are compiled for.

    Generators of LLVM instructions find them as the `values` of the argument's type.
    """

    def __init__(self, values: NamedTuple) -> None:
        self.type = ConstantsType(values)


class ConstantsType(types.Opaque):
    """The type of constants: their values are part of it, and there is nothing else to them."""

    def __init__(self, values: NamedTuple) -> None:
        super().__init__(f"{type(values).__name__}{tuple(values)}")
        self.values = values


def member(name: str) -> Any:
    """Return a function of kernels that returns a field of constants, which is constants itself.

    A call by Python finds the type of one argument much faster than that of a tuple of several.
    """

    @intrinsic
    def get(typing_context: Any, constants: Any) -> Any:
        kind = ConstantsType(getattr(constants.values, name))

        def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            return _nothing()

        return kind(constants), generate

    return get


@typeof_impl.register(Constants)
def _type_of_constants(constants: Constants, _: Any) -> ConstantsType:
    return constants.type


@register_model(ConstantsType)
class _ConstantsModel(models.OpaqueModel):
    pass


@unbox(ConstantsType)  # type: ignore[untyped-decorator]
def _unbox_constants(kind: Any, value: Any, context: Any) -> Any:
    return NativeValue(_nothing())


def _nothing() -> Any:
    """Return what constants are when a kernel runs."""
    return ir.Constant(ir.IntType(8).as_pointer(), None)
