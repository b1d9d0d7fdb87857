"""Sums of two products each: pairs of entries times pairs of weights, as LLVM instructions.

x86 multiplies and adds neighbouring bytes, or neighbouring words, in one instruction. Elsewhere the
same is written with multiplications of whole lanes.
"""

from __future__ import annotations

from typing import Any

from llvmlite import ir

from ..._numba.llvm import call, constants, x86_features

I16, I32 = ir.IntType(16), ir.IntType(32)


def split_words(builder: Any, words: Any) -> tuple[Any, Any]:
    """Return the even and the odd lanes of 16-bit words, in 32 bits with their sign."""
    n = words.type.count // 2
    sixteen = constants(I32, [16] * n)
    wide = builder.bitcast(words, ir.VectorType(I32, n))
    return builder.ashr(builder.shl(wide, sixteen), sixteen), builder.ashr(wide, sixteen)


def join_words(builder: Any, even: Any, odd: Any) -> Any:
    """Return words of 16 bits from even and odd lanes that fit them and are not negative."""
    n = even.type.count
    words = builder.or_(even, builder.shl(odd, constants(I32, [16] * n)))
    return builder.bitcast(words, ir.VectorType(I16, 2 * n))


def dot_bytes(context: Any, builder: Any, weights: Any, pairs: Any) -> Any:
    """Multiply the two bytes of each word by two weights, and add: words of 16 bits.

    Parameters
    ----------
    weights : vector of 16-bit words
        Of two bytes each, not negative.
    pairs : vector of 16-bit words
        Of two bytes each, with sign.
    """
    n = pairs.type.count
    features = x86_features(context)
    name = {8: "ssse3.pmadd.ub.sw.128", 16: "avx2.pmadd.ub.sw"}.get(n, "")
    if name and ("avx2" if n == 16 else "ssse3") in features:
        kind = ir.VectorType(ir.IntType(8), 2 * n)
        both = [builder.bitcast(one, kind) for one in (weights, pairs)]
        return call(builder, f"llvm.x86.{name}", pairs.type, both)
    eight = constants(I16, [8] * n)
    low = builder.ashr(builder.shl(pairs, eight), eight)
    first = builder.and_(weights, constants(I16, [255] * n))
    high, second = builder.ashr(pairs, eight), builder.lshr(weights, eight)
    return builder.add(builder.mul(low, first), builder.mul(high, second))


def dot_words(context: Any, builder: Any, weights: Any, pairs: Any) -> Any:
    """Multiply the two words of each 32 bits by two weights, and add: 32 bits.

    Parameters
    ----------
    weights, pairs : vector of 32 bits
        Of two 16-bit words each, with sign.
    """
    n = pairs.type.count
    features = x86_features(context)
    if n == 8 and "avx2" in features:
        kind = ir.VectorType(I16, 2 * n)
        both = [builder.bitcast(one, kind) for one in (weights, pairs)]
        return call(builder, "llvm.x86.avx2.pmadd.wd", pairs.type, both)
    first, second = (
        split_words(builder, builder.bitcast(one, ir.VectorType(I16, 2 * n)))
        for one in (weights, pairs)
    )
    return builder.add(*map(builder.mul, first, second))
