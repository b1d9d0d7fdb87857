"""Vector operations for the kernels of chains, written as portable LLVM instructions."""

from __future__ import annotations

import math
from typing import Any

from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from .._numba.llvm import at_pointer, data_of, pick, splat

_I32, _I64 = ir.IntType(32), ir.IntType(64)


def turned_cell(r: int, turns: int) -> list[int]:
    """Return where each value of a cell comes from after so many quarter turns."""
    order = list(range(r * r))
    for _ in range(turns):
        # (u, v) moves to (v, r - 1 - u).
        order = [order[(r - 1 - v) * r + u] for u in range(r) for v in range(r)]
    return order


@intrinsic
def add_corners(typing_context, tags, table, entries, weights, turns, sums, columns, x):
    """Add the weighted sum of the entries at the corners of a simplex to the sums of a cell.

    `tags` are tuples whose lengths are the number n of a cell's values and that of corners. Corner
    k of pixel x has the entry ``entries[k * columns + x]`` and the weight at the same place. The
    cell is turned by so many quarter turns, 0 to 3 (0 if n is no square), and added to
    ``sums[x * n :]``, which is of the weights' type.
    """
    n, corners = (len(tag) for tag in tags)
    r = math.isqrt(n)

    def generate(context, builder, signature, arguments):
        data, at, factors, target = (
            data_of(context, builder, signature, arguments, k) for k in (1, 2, 3, 5)
        )
        turn, width, place = arguments[4], arguments[6], arguments[7]
        element = ir.IntType(signature.args[5].dtype.bitwidth)
        vector = ir.VectorType(element, n)
        cell = ir.VectorType(ir.IntType(8), n)
        total = None
        for _ in range(corners):
            entry = builder.sext(builder.load(builder.gep(at, [place])), _I64)
            entry = builder.mul(entry, ir.Constant(_I64, n))
            values = builder.load(at_pointer(builder, data, entry, cell), align=1)
            values = builder.sext(values, vector)
            weight = builder.load(builder.gep(factors, [place]))
            values = builder.mul(values, splat(builder, weight, vector))
            total = values if total is None else builder.add(total, values)
            place = builder.add(place, width)
        if n == r * r > 1:
            total = _turned(builder, total, turn, r)
        where = builder.mul(arguments[7], ir.Constant(arguments[7].type, n))
        pointer = at_pointer(builder, target, where, vector)
        before = builder.load(pointer, align=element.width // 8)
        builder.store(builder.add(before, total), pointer, align=element.width // 8)
        return context.get_dummy_value()

    return types.void(tags, table, entries, weights, turns, sums, columns, x), generate


def _turned(builder: Any, cell: Any, turn: Any, r: int) -> Any:
    """Turn a cell by a number of quarter turns that is known when it runs."""
    done = builder.append_basic_block("turned")
    switch = builder.switch(turn, done)
    ways = [(cell, builder.block)]
    for turns in range(1, 4):
        block = builder.append_basic_block(f"turn{turns}")
        switch.add_case(ir.Constant(turn.type, turns), block)
        builder.position_at_end(block)
        ways.append((pick(builder, cell, turned_cell(r, turns)), block))
        builder.branch(done)
    builder.position_at_end(done)
    result = builder.phi(cell.type)
    for way in ways:
        result.add_incoming(*way)
    return result
