"""Reading and writing arrays whose address is all that kernels have."""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from .llvm import data_of, pointer, prefetch


def _element(context: Any, builder: Any, kind: Any, address: Any, index: Any) -> Any:
    """Point at an element of an array of numba's type `kind`."""
    return builder.gep(pointer(builder, address, context.get_data_type(kind)), [index])


@intrinsic
def load(typing_context, address, index, dtype):
    """Return an element of an array of a NumPy type."""
    kind = dtype.dtype

    def generate(context, builder, signature, arguments):
        return builder.load(_element(context, builder, kind, *arguments[:2]))

    return kind(address, index, dtype), generate


@intrinsic
def store(typing_context, address, index, dtype, value):
    """Set an element of an array of a NumPy type: a value is converted as by ``astype``."""
    kind = dtype.dtype

    def generate(context, builder, signature, arguments):
        element = _element(context, builder, kind, *arguments[:2])
        builder.store(context.cast(builder, arguments[3], value, kind), element)
        return context.get_dummy_value()

    return types.void(address, index, dtype, value), generate


@intrinsic
def address_of(typing_context, array):
    """Return the address of an array's first element."""

    def generate(context, builder, signature, arguments):
        data = data_of(context, builder, signature, arguments, 0)
        return builder.ptrtoint(data, context.get_value_type(signature.return_type))

    return types.int64(array), generate


@intrinsic
def prefetch_to_write(typing_context, address):
    """Load the cache line of an address that will be written, which need not be an array's.

    A store into a line that is not in the cache waits for it, and few stores can wait at a time.
    """

    def generate(context, builder, signature, arguments):
        prefetch(builder, pointer(builder, arguments[0], ir.IntType(8)), write=True)
        return context.get_dummy_value()

    return types.void(address), generate
