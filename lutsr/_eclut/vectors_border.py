"""Vector operations for the cells near an image's borders."""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from .._numba.llvm import at_pointer, constants, data_of, pick, plus, prefetch
from .borders import KINDS, additions, own_levels
from .layout import LANES, LINE
from .reference import DIVISOR

_I8, _I16, _I32 = ir.IntType(8), ir.IntType(16), ir.IntType(32)


@intrinsic
def add_border(
    typing_context,
    scale,
    origin,
    kind,
    pixels,
    at,
    above,
    beside,
    ahead,
    lut,
    relative,
    added,
    first,
):
    """Write to added[first : first + lanes] what is added to a border cell besides its sums.

    For one channel these are the pixels' own levels and the additions that
    ``lutsr._eclut.borders`` lists for the cell's kind. The image must be at least `KINDS` cells
    high and wide. `at` is the index of the cell's pixel in the flat image, `above` and `beside`
    are the distances to its neighbours, `ahead` is that to the cell to prefetch for. If the entries
    are `relative`, each pixel's level is added in all four rotations. The code has
    one branch per kind of cell. In it, one shuffle per tap moves the tap's values to their lanes.
    """
    r, shift = len(scale), 1 if len(origin) else len(scale)
    spare = LANES[r] - r * r

    def generate(context, builder, signature, arguments):
        kind_value, _, at_value, row, column, next_one, _, without, _, place = arguments[2:]
        without = context.cast(builder, without, signature.args[9], types.boolean)
        image = data_of(context, builder, signature, arguments, 3)
        entries = data_of(context, builder, signature, arguments, 8)
        target = data_of(context, builder, signature, arguments, 10)
        vector = ir.VectorType(_I16, LANES[r])

        def level(cell: Any, dy: int, dx: int) -> Any:
            where = builder.add(cell, builder.mul(row, ir.Constant(row.type, dy)))
            where = builder.add(where, builder.mul(column, ir.Constant(column.type, dx)))
            return builder.load(builder.gep(image, [where]))

        def entry_of(cell: Any, moves: tuple[int, ...]) -> Any:
            one, other = (
                builder.zext(level(cell, *move), cell.type) for move in (moves[:2], moves[2:])
            )
            pair = builder.add(builder.shl(one, ir.Constant(cell.type, 8)), other)
            return builder.mul(pair, ir.Constant(cell.type, 9 * r * r))

        def spread(value: Any, times: list[int]) -> Any:
            every = builder.insert_element(
                ir.Constant(vector, ir.Undefined), value, ir.Constant(_I32, 0)
            )
            every = pick(builder, every, [0] * LANES[r])
            each = constants(_I16, [DIVISOR if count else 0 for count in times])
            factors = builder.select(without, each, constants(_I16, times))
            return builder.mul(every, factors)

        done = builder.append_basic_block("done")
        switch = builder.switch(kind_value, done)
        for number in range(KINDS * KINDS):
            block = builder.append_basic_block(f"kind{number}")
            switch.add_case(ir.Constant(kind_value.type, number), block)
            builder.position_at_end(block)
            total = ir.Constant(vector, None)
            for move, times in own_levels(r, shift, number).items():
                value = builder.zext(level(at_value, *move), _I16)
                total = builder.add(total, spread(value, times + [0] * spare))
            for moves, taps in additions(r, shift, number).items():
                entry = entry_of(at_value, moves)
                if 2 in divmod(number, KINDS):  # kinds with more than one cell in an image
                    later = entry_of(builder.add(at_value, next_one), moves)
                    used = [tap for tap, _ in taps]
                    for value in range(min(used) * r * r, (max(used) + 1) * r * r, LINE):
                        prefetch(builder, builder.gep(entries, [plus(builder, later, value)]))
                for tap, lanes in taps:
                    cell = ir.VectorType(_I8, r * r)
                    where = plus(builder, entry, tap * r * r)
                    values = builder.load(at_pointer(builder, entries, where, cell), align=1)
                    moved = pick(builder, values, lanes + [r * r] * spare, ir.Constant(cell, None))
                    total = builder.add(total, builder.sext(moved, vector))
            builder.store(total, at_pointer(builder, target, place, vector), align=2)
            builder.branch(done)
        builder.position_at_end(done)
        return context.get_dummy_value()

    arguments = (
        scale,
        origin,
        kind,
        pixels,
        at,
        above,
        beside,
        ahead,
        lut,
        relative,
        added,
        first,
    )
    return types.void(*arguments), generate
