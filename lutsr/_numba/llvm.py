"""Building LLVM instructions, for kernels that need what numba cannot express.

``numba.core.cgutils`` and what code generators get as `context` and `builder` are numba's
low-level extension API; only `magic_tuple` is outside it.
"""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba.core import cgutils

_I32 = ir.IntType(32)


def array_data(context: Any, builder: Any, array_type: Any, value: Any) -> Any:
    """Return a pointer to the first element of an array."""
    return cgutils.create_struct_proxy(array_type)(context, builder, value=value).data


def data_of(context: Any, builder: Any, signature: Any, arguments: Any, k: int) -> Any:
    """Return a pointer to the first element of the array that is argument k."""
    return array_data(context, builder, signature.args[k], arguments[k])


def pointer(builder: Any, address: Any, kind: Any) -> Any:
    """Return an address, an integer of 64 bits, as a pointer to LLVM's type `kind`."""
    return builder.inttoptr(address, kind.as_pointer())


def at_pointer(builder: Any, pointer: Any, index: Any, as_type: Any) -> Any:
    """Return a pointer to an element, as a pointer to `as_type`."""
    return builder.bitcast(builder.gep(pointer, [index]), as_type.as_pointer())


def plus(builder: Any, value: Any, number: int) -> Any:
    return builder.add(value, ir.Constant(value.type, number)) if number else value


def constants(kind: Any, values: list[int]) -> Any:
    return ir.Constant(ir.VectorType(kind, len(values)), [ir.Constant(kind, v) for v in values])


def pick(builder: Any, vector: Any, lanes: Any, other: Any = None) -> Any:
    """Select lanes of a vector, or of two vectors one after the other."""
    other = ir.Constant(vector.type, ir.Undefined) if other is None else other
    return builder.shuffle_vector(vector, other, constants(_I32, list(lanes)))


def splat(builder: Any, number: Any, kind: Any) -> Any:
    """Return a vector of LLVM's type `kind` with one number in all lanes."""
    vector = builder.insert_element(ir.Constant(kind, ir.Undefined), number, ir.Constant(_I32, 0))
    return pick(builder, vector, [0] * kind.count)


def clip(builder: Any, values: Any, low: Any, high: Any) -> Any:
    """Clip the values of a vector."""
    values = builder.select(builder.icmp_signed("<", values, low), low, values)
    return builder.select(builder.icmp_signed(">", values, high), high, values)


def on_x86(context: Any) -> bool:
    """Return whether code is generated for x86-64; False where numba does not say."""
    return _target(context)[0].startswith("x86_64")


def cpu_features(context: Any) -> set[str]:
    """Return the CPU features that code is generated for, such as "avx2", where numba says so."""
    return {name[1:] for name in _target(context)[1].split(",") if name.startswith("+")}


def x86_features(context: Any) -> set[str]:
    """Return what `cpu_features` does, for an x86-64 CPU; no features elsewhere."""
    return cpu_features(context) if on_x86(context) else set()


def _target(context: Any) -> tuple[str, str]:
    """Return LLVM's triple and features of the code that is generated.

    If this numba does not have them, two empty strings: instructions for any CPU are generated.
    """
    try:
        triple, _, features = context.codegen().magic_tuple()
        return str(triple), str(features)
    except (AttributeError, TypeError, ValueError):
        return "", ""


def call(builder: Any, name: str, returns: Any, arguments: list[Any]) -> Any:
    """Call an LLVM intrinsic by its name."""
    kind = ir.FunctionType(returns, [argument.type for argument in arguments])
    function = cgutils.get_or_insert_function(builder.module, kind, name)
    return builder.call(function, arguments)


def prefetch(builder: Any, pointer: Any, write: bool = False) -> None:
    """Load a cache line into the second-level cache, to read it or to write it.

    The first level has too few places for what was asked for and has not arrived yet.
    """
    access, keep, data = (ir.Constant(_I32, k) for k in (int(write), 2, 1))
    call(builder, "llvm.prefetch.p0i8", ir.VoidType(), [pointer, access, keep, data])


def ring_place(builder: Any, row: Any, slot: int, rows: int, length: Any, column: Any) -> Any:
    """Return the index of a column in a ring, in the row `slot` rows before `row` (-2 or more)."""
    # Adding a multiple of the ring's rows keeps the dividend positive.
    ring = plus(builder, row, 4 * rows - slot)
    ring = builder.urem(ring, ir.Constant(ring.type, rows))
    return builder.add(builder.mul(ring, length), column)


def for_range(builder: Any, count: Any) -> Any:
    """Return a context whose body is a loop; the value that it gives has the index as `index`."""
    return cgutils.for_range(builder, count)


def variable(builder: Any, value: Any) -> Any:
    """Return a pointer to a local variable; LLVM keeps those in registers."""
    return cgutils.alloca_once_value(builder, value)


def freeze(builder: Any, value: Any) -> Any:
    """Return a sum that LLVM does not take apart, to add its addends in an order of its own.

    That is a side effect of LLVM's instruction ``freeze``. Where llvmlite does not let it through,
    the sum is returned as it is: results are the same.
    """
    insert = getattr(builder, "_insert", None)
    if insert is None:
        return value
    instruction = ir.instructions.Instruction(builder.block, value.type, "freeze", [value])
    insert(instruction)
    return instruction


def host_features() -> set[str]:
    """Return what `x86_features` does before code is generated.

    Some types of values depend on it.
    """
    return x86_features(_host())


def host_is_x86() -> bool:
    """Return what `on_x86` does before code is generated."""
    return on_x86(_host())


def _host() -> Any:
    try:
        from numba.core.registry import cpu_target
    except ImportError:
        return None
    return getattr(cpu_target, "target_context", None)


def vector_bytes() -> int:
    """Return the size of the vector registers that code is generated for, 32 or 64 bytes.

    On processors with smaller ones LLVM splits vectors of 32 bytes.
    """
    return 64 if "avx512bw" in host_features() else 32
