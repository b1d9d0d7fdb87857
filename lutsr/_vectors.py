"""Vectors for the kernels: what numba cannot say, written as LLVM instructions for any CPU.

Nothing here is compiled by itself; ``lutsr._kernels`` puts these pieces together. `_Cells` is the
type of the sums of four neighbouring cells, which LLVM keeps in vector registers.

Fused tables of 8 bits are *packed* where a cell takes 16 lanes: two lanes share a 16-bit word, so
that a slot is added without widening it first. Lane k is the low byte of word k, stored with 128
more than its value so that it is never negative, and lane 8 + k the high byte. Words are summed
whole, and high bytes once more by themselves; at the end the low ones are the difference.
"""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic, models, register_model

from ._borders import KINDS, additions, own_levels

#: Lanes that a cell takes in an entry and in a register, by scale: r * r, rounded up for r = 3.
LANES = {2: 4, 3: 16, 4: 16}

#: Slots in an entry of a vertical and a horizontal pair, and cells in a slot, by origin.
V_SLOTS, V_CELLS = (4, 3), (4, 2)
H_SLOTS, H_CELLS = (3, 2), (4, 4)

#: Cells in a slot that are not always empty, by origin.
V_FILLED, H_FILLED = (3, 2), (4, 3)

#: How often a cell is added to, by origin: each time, packed low lanes bring 128 too much.
ADDITIONS = (24, 12)

#: So many pixels ahead, entries are called into the cache: time enough for one to arrive.
AHEAD = 8

_I8, _I16, _I32 = ir.IntType(8), ir.IntType(16), ir.IntType(32)


def is_packed(r: int, bits: int) -> bool:
    """Say whether fused tables of so many bits are packed."""
    return bits == 8 and LANES[r] == 16


class _Cells(types.Type):
    """Sums of four neighbouring cells of each channel, as one value."""

    def __init__(self, channels: int, r: int, origin: int, bits: int) -> None:
        self.channels, self.r, self.origin, self.lanes = channels, r, origin, LANES[r]
        self.packed = is_packed(r, bits)
        self.words = self.lanes // 2 if self.packed else self.lanes
        self.parts = 2 if self.packed else 1  # vectors of a channel
        super().__init__(name=f"lutsr_cells({channels}, {r}, {origin}, {bits})")


@register_model(_Cells)
class _CellsModel(models.PrimitiveModel):
    def __init__(self, manager: Any, cells: _Cells) -> None:
        vector = ir.VectorType(_I16, 4 * cells.words)
        super().__init__(manager, cells, ir.ArrayType(vector, cells.channels * cells.parts))


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


def prefetch(builder: Any, pointer: Any) -> None:
    kind = ir.FunctionType(ir.VoidType(), [pointer.type, _I32, _I32, _I32])
    function = cgutils.get_or_insert_function(builder.module, kind, "llvm.prefetch.p0i8")
    read, keep, data = (ir.Constant(_I32, k) for k in (0, 3, 1))
    builder.call(function, [pointer, read, keep, data])


@intrinsic
def no_cells(typing_context, tags, table):
    """Start with zero sums; `tags` are tuples whose lengths are C, r and the origin."""
    cells = _Cells(*(len(tag) for tag in tags), table.dtype.bitwidth)

    def generate(context, builder, signature, arguments):
        return ir.Constant(context.get_value_type(signature.return_type), None)

    return cells(tags, table), generate


def ring_place(builder: Any, row: Any, slot: int, rows: int, length: Any, column: Any) -> Any:
    """Find a column in the row of a ring that is `slot` rows before `row`, which is -2 or more."""
    # Some rows more keep the remainder positive.
    ring = plus(builder, row, 4 * rows - slot)
    ring = builder.urem(ring, ir.Constant(ring.type, rows))
    return builder.add(builder.mul(ring, length), column)


def _pair_adder(slots: tuple[int, int], cells_in_slot: tuple[int, int], rows: int) -> Any:
    @intrinsic
    def add_pairs(typing_context, cells, table, offsets, row, length, at):
        """Add what the pairs of one column give to a row of cells, one slot from each row of pairs.

        `offsets` is a ring of rows of `length`, and says from `at` on where the entries of all
        channels are; `row` is the last row of pairs, from which slot 0 comes.
        """

        def generate(context, builder, signature, arguments):
            sums, _, _, row_value, length_value, column = arguments
            entries = data_of(context, builder, signature, arguments, 1)
            where = data_of(context, builder, signature, arguments, 2)
            kind = context.get_value_type(signature.args[1].dtype)
            width = cells_in_slot[cells.origin] * cells.lanes
            words = width // 2 if cells.packed else width
            vector = ir.VectorType(_I16 if cells.packed else kind, words)
            line = 64 * 8 // kind.width
            for slot in range(slots[cells.origin]):
                first = ring_place(builder, row_value, slot, rows, length_value, column)

                def find(ahead: int, channel: int, first: Any = first, slot: int = slot) -> Any:
                    where_to = plus(builder, first, ahead * cells.channels + channel)
                    offset = builder.load(builder.gep(where, [where_to]))
                    return plus(builder, builder.sext(offset, first.type), slot * width)

                for channel in range(cells.channels):
                    # A slot in the line of the one before came with it, a row of cells ago.
                    if slot * width % line < width:
                        prefetch(builder, at_pointer(builder, entries, find(AHEAD, channel), _I8))
                    pointer = at_pointer(builder, entries, find(0, channel), vector)
                    values = builder.load(pointer, align=kind.width // 8)
                    if vector.element.width < 16:
                        values = builder.sext(values, ir.VectorType(_I16, words))
                    if words < 4 * cells.words:  # two cells out of four
                        every = range(4 * cells.words)
                        values = pick(builder, values, every, ir.Constant(values.type, None))
                    parts = [values]
                    if cells.packed:
                        parts.append(builder.ashr(values, constants(_I16, [8] * 4 * cells.words)))
                    for k, part in enumerate(parts, channel * cells.parts):
                        total = builder.add(builder.extract_value(sums, k), part)
                        sums = builder.insert_value(sums, total, k)
            return sums

        return cells(cells, table, offsets, row, length, at), generate

    return add_pairs


add_vertical = _pair_adder(V_SLOTS, V_CELLS, 4)
add_horizontal = _pair_adder(H_SLOTS, H_CELLS, 3)


@intrinsic
def move_up(typing_context, cells):
    """Drop the leftmost cell; an empty one comes in at the right."""

    def generate(context, builder, signature, arguments):
        sums = arguments[0]
        for k in range(cells.channels * cells.parts):
            vector = builder.extract_value(sums, k)
            words = range(cells.words, 5 * cells.words)
            moved = pick(builder, vector, words, ir.Constant(vector.type, None))
            sums = builder.insert_value(sums, moved, k)
        return sums

    return cells(cells), generate


def _leftmost(builder: Any, cells: _Cells, sums: Any, channel: int) -> Any:
    """Take a channel's leftmost cell; packed low lanes still have their 128s."""
    first = channel * cells.parts
    every = pick(builder, builder.extract_value(sums, first), range(cells.words))
    if not cells.packed:
        return every
    high = pick(builder, builder.extract_value(sums, first + 1), range(cells.words))
    low = builder.sub(every, builder.shl(high, constants(_I16, [8] * cells.words)))
    return pick(builder, low, range(cells.lanes), high)


def _rounding(cells: _Cells) -> Any:
    """Give what is added before the shift: a half, less the 128s."""
    low = cells.lanes // 2 if cells.packed else 0
    surplus = 128 * ADDITIONS[cells.origin]
    return constants(_I16, [2 - surplus] * low + [2] * (cells.lanes - low))


def _store(
    builder: Any, cells: _Cells, sums: Any, added: list[Any], target: Any, at: Any, step: Any
) -> None:
    """Add the rest to the leftmost cell of each channel, shift, clip, interleave and write."""
    lanes, r, C = cells.lanes, cells.r, cells.channels
    planes = []
    for channel in range(C):
        cell = builder.add(_leftmost(builder, cells, sums, channel), added[channel])
        cell = builder.ashr(cell, constants(_I16, [2] * lanes))
        for bound, worse in ((0, "<"), (255, ">")):
            limit = constants(_I16, [bound] * lanes)
            cell = builder.select(builder.icmp_signed(worse, cell, limit), limit, cell)
        planes.append(builder.trunc(cell, ir.VectorType(_I8, lanes)))
    # One vector of all channels, [channel][lane].
    every = planes[0]
    for count, plane in enumerate(planes[1:], 1):
        plane = pick(builder, plane, [*range(lanes), *[0] * (lanes * (count - 1))])
        every = pick(builder, every, range(lanes * (count + 1)), plane)
    # Rows of whole words are quicker to write: the surplus is overwritten by the next cell.
    surplus = (1 << (r * C - 1).bit_length()) - r * C
    for u in range(r):
        row = [c * lanes + u * r + v for v in range(r) for c in range(C)]
        row = pick(builder, every, row + row[:1] * surplus)
        place = builder.add(at, builder.mul(step, ir.Constant(step.type, u)))
        builder.store(row, at_pointer(builder, target, place, row.type), align=1)


def lane_owners(cells: Any) -> tuple[list[tuple[int, int]], list[int]]:
    """List the pixels under a cell, and for each lane which of them it belongs to.

    That is one pixel, or four where the grid starts before the image.
    """
    o, r = cells.origin, cells.r
    corners = [(dy, dx) for dy in range(-o, 1) for dx in range(-o, 1)]
    lanes = (divmod(lane % (r * r), r) for lane in range(cells.lanes))
    return corners, [corners.index((-o * (u == 0), -o * (v == 0))) for u, v in lanes]


@intrinsic
def store_pixels(typing_context, cells, image, pixel, above, out, position, stride):
    """Round, shift, clip and write the leftmost cell of inner pixels, channels interleaved.

    The pixels' own grey levels, which the fused entries leave out, come in here: four times,
    once for each pair that a pixel is part of. `above` is the distance to the pixel above.
    """

    def generate(context, builder, signature, arguments):
        sums, _, pixel_value, above_value, _, first, step = arguments
        pixels = data_of(context, builder, signature, arguments, 1)
        target = data_of(context, builder, signature, arguments, 4)
        # One load a row brings all channels of the cell's pixels, and perhaps some of the next.
        C, width = cells.channels, 1 << ((1 + cells.origin) * cells.channels - 1).bit_length()
        row = ir.VectorType(_I8, width)
        at = plus(builder, pixel_value, -cells.origin * C)
        levels = builder.load(at_pointer(builder, pixels, at, row), align=1)
        if cells.origin:
            at = builder.sub(at, above_value)
            higher = builder.load(at_pointer(builder, pixels, at, row), align=1)
            levels = pick(builder, higher, range(2 * width), levels)
        corners, owner = lane_owners(cells)
        where = [(dy + cells.origin) * width + (dx + cells.origin) * C for dy, dx in corners]
        added = []
        for channel in range(C):
            own = pick(builder, levels, [where[k] + channel for k in owner])
            own = builder.zext(own, ir.VectorType(_I16, cells.lanes))
            own = builder.shl(own, constants(_I16, [2] * cells.lanes))
            added.append(builder.add(own, _rounding(cells)))
        _store(builder, cells, sums, added, target, first, step)
        return context.get_dummy_value()

    return types.void(cells, image, pixel, above, out, position, stride), generate


@intrinsic
def store_border_cell(typing_context, cells, added, out):
    """Write the leftmost cell with what `add_border` has worked out, to out[: r * r * C]."""

    def generate(context, builder, signature, arguments):
        data = data_of(context, builder, signature, arguments, 1)
        target = data_of(context, builder, signature, arguments, 2)
        vector = ir.VectorType(_I16, cells.lanes)
        index = ir.IntType(64)
        rest = [
            builder.load(
                at_pointer(builder, data, ir.Constant(index, c * cells.lanes), vector), align=2
            )
            for c in range(cells.channels)
        ]
        rest = [builder.add(values, _rounding(cells)) for values in rest]
        step = ir.Constant(index, cells.r * cells.channels)
        _store(builder, cells, arguments[0], rest, target, ir.Constant(index, 0), step)
        return context.get_dummy_value()

    return types.void(cells, added, out), generate


@intrinsic
def add_border(typing_context, scale, origin, kind, pixels, at, above, beside, lut, added, first):
    """Write to added[first : first + lanes] what a border cell gets besides its sums.

    That is, in one channel, its own grey levels and what ``lutsr._borders`` lists for the cell's
    kind, in an image of `KINDS` cells or more each way. `at` is where the cell's pixel is in the
    flat image, `above` and `beside` the distances to its neighbours. Every kind has instructions
    of its own: whatever a tap of an entry adds is moved into place by one shuffle.
    """
    r, shift = len(scale), 1 if len(origin) else len(scale)
    spare = LANES[r] - r * r

    def generate(context, builder, signature, arguments):
        kind_value, _, at_value, row, column, _, _, place = arguments[2:]
        image = data_of(context, builder, signature, arguments, 3)
        entries = data_of(context, builder, signature, arguments, 7)
        target = data_of(context, builder, signature, arguments, 8)
        vector = ir.VectorType(_I16, LANES[r])

        def level(dy: int, dx: int) -> Any:
            where = builder.add(at_value, builder.mul(row, ir.Constant(row.type, dy)))
            where = builder.add(where, builder.mul(column, ir.Constant(column.type, dx)))
            return builder.load(builder.gep(image, [where]))

        def spread(value: Any, times: list[int]) -> Any:
            every = builder.insert_element(
                ir.Constant(vector, ir.Undefined), value, ir.Constant(_I32, 0)
            )
            every = pick(builder, every, [0] * LANES[r])
            return builder.mul(every, constants(_I16, times))

        done = builder.append_basic_block("done")
        switch = builder.switch(kind_value, done)
        for number in range(KINDS * KINDS):
            block = builder.append_basic_block(f"kind{number}")
            switch.add_case(ir.Constant(kind_value.type, number), block)
            builder.position_at_end(block)
            total = ir.Constant(vector, None)
            for move, times in own_levels(r, shift, number).items():
                value = builder.zext(level(*move), _I16)
                total = builder.add(total, spread(value, times + [0] * spare))
            for moves, taps in additions(r, shift, number).items():
                index = [
                    builder.zext(level(*move), at_value.type) for move in (moves[:2], moves[2:])
                ]
                pair = builder.add(builder.shl(index[0], ir.Constant(at_value.type, 8)), index[1])
                entry = builder.mul(pair, ir.Constant(pair.type, 9 * r * r))
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

    arguments = (scale, origin, kind, pixels, at, above, beside, lut, added, first)
    return types.void(*arguments), generate
