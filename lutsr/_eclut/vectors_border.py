"""Vector operations for the cells near an image's borders, the same for all models.

`lutsr._eclut.borders.BorderProgram` says what is added. Arrays are passed as addresses.
"""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba import types
from numba.extending import intrinsic, models, register_model

from .._numba.llvm import (
    at_pointer,
    constants,
    pick,
    plus,
    pointer,
    prefetch,
    splat,
    variable,
)
from .borders import KINDS, LANES, border_program
from .layout import LINE, element_values, is_packed
from .vectors import kind_of_tags

_I8, _I16, _I32, _I64 = (ir.IntType(bits) for bits in (8, 16, 32, 64))
_BYTES, _WORDS, _LONG, _HALF = (
    ir.VectorType(_I8, LANES),
    ir.VectorType(_I16, LANES),
    ir.VectorType(_I32, LANES),
    ir.VectorType(_I16, LANES // 2),
)


class _Words(types.Type):
    """What is added to a cell: 16 bits for each of its lanes, or 32 for deep images."""

    def __init__(self, vector: Any) -> None:
        self.vector = vector
        super().__init__(name=f"lutsr_border_words({vector})")


_words, _deep_words = _Words(_WORDS), _Words(_LONG)


@register_model(_Words)
class _WordsModel(models.PrimitiveModel):
    def __init__(self, manager: Any, words: _Words) -> None:
        super().__init__(manager, words, words.vector)


def _zeros(words: _Words) -> Any:
    @intrinsic
    def zeros(typing_context):
        """Return zeros."""

        def generate(context, builder, signature, arguments):
            return ir.Constant(words.vector, None)

        return words(), generate

    return zeros


no_words, no_deep_words = map(_zeros, (_words, _deep_words))


def chosen_bytes(builder: Any, source: Any, lanes: Any) -> Any:
    """Load 16 bytes, choose one of them for each lane, and set lanes without one to zero.

    `lanes` is the address of a row of `BorderProgram.lanes`. LLVM makes one shuffle of it where the
    processor has one.
    """
    values = builder.load(pointer(builder, source, _BYTES), align=1)
    table = pointer(builder, lanes, _BYTES)
    places = builder.load(table, align=1)
    used = builder.load(builder.gep(table, [ir.Constant(_I64, 1)]), align=1)
    found = ir.Constant(_BYTES, ir.Undefined)
    for k in range(LANES):
        lane = ir.Constant(_I64, k)
        place = builder.zext(builder.extract_element(places, lane), _I64)
        found = builder.insert_element(found, builder.extract_element(values, place), lane)
    return builder.and_(found, used)


@intrinsic
def add_bytes(typing_context, words, source, lanes):
    """Add bytes of the table at `source`, chosen as `BorderProgram.lanes` says."""

    def generate(context, builder, signature, arguments):
        total, address, table = arguments
        found = chosen_bytes(builder, address, table)
        return builder.add(total, builder.sext(found, _WORDS))

    return _words(words, source, lanes), generate


@intrinsic
def add_level(typing_context, words, level, factors):
    """Add a level times the 16 factors, words, at an address."""

    def generate(context, builder, signature, arguments):
        total, value, address = arguments
        every = splat(builder, builder.zext(value, _I16), _WORDS)
        times = builder.load(pointer(builder, address, _WORDS), align=2)
        return builder.add(total, builder.mul(every, times))

    return _words(words, level, factors), generate


@intrinsic
def edge_words(typing_context, tags, kind, image, at, above, beside, ahead, lut, relative):
    """Return what is added to a cell at one border, of a kind of row or column in the middle.

    These are most of the cells at borders. So their additions are compiled, with one branch per
    kind, from the same `BorderProgram` that the others read. `above` and `beside` are the distances
    of neighbouring pixels in the flat image. If `ahead` is not 0, entries of the cell at index
    at + ahead are loaded into the cache.
    """
    r, origin, bits = kind_of_tags(tags)
    packed = is_packed(r, bits)

    def generate(context, builder, signature, arguments):
        number, image_at, cell, row, column, next_one, table, without = arguments[1:]
        pixels, entries = pointer(builder, image_at, _I8), pointer(builder, table, _I8)
        program = border_program(r, 1 if origin else r, packed, False, KINDS, KINDS)
        without = builder.icmp_signed("!=", without, ir.Constant(without.type, 0))

        def level(of: Any, move: Any) -> Any:
            dy, dx = (ir.Constant(_I64, int(k)) for k in move)
            place = builder.add(builder.mul(row, dy), builder.mul(column, dx))
            return builder.load(builder.gep(pixels, [builder.add(of, place)]))

        def entry_of(of: Any, moves: Any) -> Any:
            one, other = (builder.zext(level(of, move), _I64) for move in moves)
            pair = builder.add(builder.shl(one, ir.Constant(_I64, 8)), other)
            return builder.mul(pair, ir.Constant(_I64, 9 * r * r))

        result = variable(builder, ir.Constant(_WORDS, None))
        done = builder.append_basic_block("done")
        switch = builder.switch(number, done)
        for k in range(KINDS * KINDS):
            if divmod(k, KINDS).count(2) != 1:
                continue
            block = builder.append_basic_block(f"kind{k}")
            switch.add_case(ir.Constant(number.type, k), block)
            builder.position_at_end(block)
            total = ir.Constant(_WORDS, None)
            for n in range(program.level_starts[k], program.level_starts[k + 1]):
                value = builder.zext(level(cell, program.level_moves[n]), _I16)
                factors = constants(_I16, program.level_factors[n].tolist())
                total = builder.add(total, builder.mul(splat(builder, value, _WORDS), factors))
            total = builder.select(without, ir.Constant(_WORDS, None), total)
            first = int(program.pair_starts[k])
            found = {}
            for n in range(first, program.pair_starts[k + 1]):
                found[n - first] = entry_of(cell, program.moves[n])
                later = entry_of(builder.add(cell, next_one), program.moves[n])
                start, stop = map(int, program.pair_bytes[n])
                for byte in {*range(start, stop, LINE), stop}:
                    prefetch(builder, builder.gep(entries, [plus(builder, later, byte)]))
            for n in range(program.starts[k], program.starts[k + 1]):
                pair, place = map(int, program.places[n])
                where = at_pointer(builder, entries, plus(builder, found[pair], place), _BYTES)
                values = builder.load(where, align=1)
                lanes = [int(lane) if used else LANES for lane, used in program.lanes[n].T.tolist()]
                moved = pick(builder, values, lanes, ir.Constant(_BYTES, None))
                total = builder.add(total, builder.sext(moved, _WORDS))
            builder.store(total, result)
            builder.branch(done)
        builder.position_at_end(done)
        return builder.load(result)

    return _words(tags, kind, image, at, above, beside, ahead, lut, relative), generate


@intrinsic
def add_to_sums(typing_context, words, sums, half, at):
    """Add the words to a cell's sums: to 8 words from index `at` on, and to 8 from at + half on."""

    def generate(context, builder, signature, arguments):
        total, address, half_value, place = arguments
        target = pointer(builder, address, _I16)
        for first in (0, LANES // 2):
            where = at_pointer(builder, target, place, _HALF)
            part = pick(builder, total, range(first, first + LANES // 2))
            builder.store(builder.add(builder.load(where, align=2), part), where, align=2)
            place = builder.add(place, half_value)
        return context.get_dummy_value()

    return types.void(words, sums, half, at), generate


@intrinsic
def add_weighted_bytes(typing_context, words, first, second, third, lanes, steps, weight, other):
    """Add what three entries of a table interpolate to; see `lutsr._eclut.vectors_deep`.

    Bytes are chosen as in `add_bytes`, from three places.
    """

    def generate(context, builder, signature, arguments):
        total, *sources, table = arguments[:5]
        t0, t1, t2 = (
            builder.sext(chosen_bytes(builder, source, table), _LONG) for source in sources
        )
        steps = [t0, builder.sub(t1, t0), builder.sub(t2, t1)]
        for value, factor, kind in zip(steps, arguments[5:], signature.args[5:], strict=True):
            factor = context.cast(builder, factor, kind, types.int32)
            total = builder.add(total, builder.mul(value, splat(builder, factor, _LONG)))
        return total

    arguments = (words, first, second, third, lanes, steps, weight, other)
    return _deep_words(*arguments), generate


@intrinsic
def add_deep_level(typing_context, words, value, factors):
    """Add a value in steps times the 16 factors, words of 16 bits, at an address."""

    def generate(context, builder, signature, arguments):
        total, value, address = arguments
        every = splat(builder, builder.trunc(value, _I32), _LONG)
        times = builder.load(pointer(builder, address, _WORDS), align=2)
        return builder.add(total, builder.mul(every, builder.sext(times, _LONG)))

    return _deep_words(words, value, factors), generate


@intrinsic
def add_to_deep_sums(typing_context, tags, words, sums):
    """Add the words, in the order of a cell's values, to a cell's sums at an address."""
    r, _, bits = kind_of_tags(tags)
    values = element_values(r, is_packed(r, bits))

    def generate(context, builder, signature, arguments):
        _, total, address = arguments
        part = pick(builder, total, values)
        target = pointer(builder, address, part.type)
        builder.store(builder.add(builder.load(target, align=4), part), target, align=4)
        return context.get_dummy_value()

    return types.void(tags, words, sums), generate
