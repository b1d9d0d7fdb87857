"""Vector operations for the kernels, written as portable LLVM instructions.

numba cannot express them. The kernels in ``lutsr._eclut.kernels`` call these intrinsics. `_Cells`
is the type of the sums of four neighbouring cells, which LLVM keeps in vector registers.
``lutsr._eclut.layout`` defines the layout of entries, and of cells as words or lanes.
"""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba import types
from numba.extending import intrinsic, models, register_model

from .._numba.llvm import (
    at_pointer,
    call,
    constants,
    data_of,
    on_x86,
    pick,
    plus,
    prefetch,
    ring_place,
)
from .borders import KINDS, additions, own_levels
from .layout import LANES, LINE, Piece, is_packed, lane_values, layout

#: Prefetch distance, in pixels: long enough for a cache line to arrive from memory.
AHEAD = 8

_I8, _I16, _I32 = ir.IntType(8), ir.IntType(16), ir.IntType(32)


class _Cells(types.Type):
    """Sums of four neighbouring cells of each channel, as one value."""

    def __init__(self, channels: int, r: int, origin: int, bits: int) -> None:
        self.channels, self.r, self.origin, self.lanes = channels, r, origin, LANES[r]
        self.packed = is_packed(r, bits)
        self.words = self.lanes // 2 if self.packed else self.lanes
        self.parts = 2 if self.packed else 1
        self.unit, self.bits = self.lanes // self.words, bits
        self.values = lane_values(r, self.packed)
        #: Number of cells in each register of one channel and part.
        self.registers = (2, 1) if origin and self.lanes == 16 else (4,)
        super().__init__(name=f"lutsr_cells({channels}, {r}, {origin}, {bits})")


@register_model(_Cells)
class _CellsModel(models.PrimitiveModel):
    def __init__(self, manager: Any, cells: _Cells) -> None:
        vectors = [ir.VectorType(_I16, n * cells.words) for n in cells.registers]
        parts = ir.LiteralStructType(vectors * cells.parts)
        super().__init__(manager, cells, ir.ArrayType(parts, cells.channels))


@intrinsic
def no_cells(typing_context, tags, table):
    """Return zero sums. `tags` are tuples whose lengths are C, r and the origin."""
    cells = _Cells(*(len(tag) for tag in tags), table.dtype.bitwidth)

    def generate(context, builder, signature, arguments):
        return ir.Constant(context.get_value_type(signature.return_type), None)

    return cells(tags, table), generate


@intrinsic
def entry_offset(typing_context, one, other, length):
    """Return the offset of the entry of a pair of levels, in 32 bits; numba would take 64."""

    def generate(context, builder, signature, arguments):
        first, second = (builder.zext(level, _I32) for level in arguments[:2])
        pair = builder.add(builder.shl(first, ir.Constant(_I32, 8)), second)
        return builder.mul(pair, builder.trunc(arguments[2], _I32))

    return types.int32(one, other, length), generate


def _add(builder: Any, sums: Any, where: tuple[int, int], values: Any) -> Any:
    total = builder.add(builder.extract_value(sums, where), values)
    return builder.insert_value(sums, total, where)


def load_piece(builder: Any, entries: Any, offset: Any, piece: Piece, element: Any) -> Any:
    """Load the piece of an entry for one register as words; elements without a value are zero."""
    pointer = at_pointer(builder, entries, offset, ir.VectorType(element, piece.width))
    values = builder.load(pointer, align=1)
    if element.width < 16:  # widened before `pick`, while the vector is short
        values = builder.sext(values, ir.VectorType(_I16, piece.width))
    places = [place if place >= 0 else piece.width for place in piece.places]
    return pick(builder, values, places, ir.Constant(values.type, None))


def _pair_adder(vertical: bool, rows: int) -> Any:
    @intrinsic
    def add_pairs(typing_context, cells, table, offsets, row, length, at):
        """Add the slots of the pairs of one column to a row of cells, one from each row of pairs.

        `offsets` is a ring buffer of rows of `length` entry offsets; those of the column's channels
        start at index `at`. Slot 0 comes from row `row` of pairs, slot 1 from the row before it.
        """

        def generate(context, builder, signature, arguments):
            sums, _, _, row_value, length_value, column = arguments
            entries = data_of(context, builder, signature, arguments, 1)
            offset_data = data_of(context, builder, signature, arguments, 2)
            element = _I16 if cells.packed else context.get_value_type(signature.args[1].dtype)
            slots = layout(cells.r, cells.origin, cells.bits, vertical, cells.registers).slots
            for number, slot in enumerate(slots):
                first = ring_place(builder, row_value, number, rows, length_value, column)
                for channel in range(cells.channels):

                    def find(
                        ahead: int, place: int, at: Any = first, channel: int = channel
                    ) -> Any:
                        index = plus(builder, at, ahead * cells.channels + channel)
                        offset = builder.load(builder.gep(offset_data, [index]))
                        return plus(builder, builder.sext(offset, at.type), place)

                    # Lines shared with an earlier slot were loaded with it, a row of cells ago.
                    for line in slot.lines:
                        prefetch(builder, at_pointer(builder, entries, find(AHEAD, line), _I8))
                    for k, piece in enumerate(slot.pieces):
                        if not piece.width:
                            continue
                        offset = find(0, piece.start * cells.unit)
                        values = load_piece(builder, entries, offset, piece, element)
                        sums = _add(builder, sums, (channel, k), values)
                        if cells.packed:
                            high = builder.ashr(values, constants(_I16, [8] * values.type.count))
                            where_high = channel, k + len(cells.registers)
                            sums = _add(builder, sums, where_high, high)
            return sums

        return cells(cells, table, offsets, row, length, at), generate

    return add_pairs


add_vertical = _pair_adder(True, 4)
add_horizontal = _pair_adder(False, 3)


@intrinsic
def move_up(typing_context, cells):
    """Shift the sums by one cell: drop the leftmost one, append an empty one at the right."""

    def generate(context, builder, signature, arguments):
        sums = arguments[0]
        count = len(cells.registers)
        for channel in range(cells.channels):
            for k in range(count * cells.parts):
                vector = builder.extract_value(sums, (channel, k))
                n = vector.type.count
                following = ir.Constant(vector.type, None)
                if (k + 1) % count:
                    following = builder.extract_value(sums, (channel, k + 1))
                    following = pick(builder, following, [*range(cells.words)] * (n // cells.words))
                moved = pick(builder, vector, range(cells.words, cells.words + n), following)
                sums = builder.insert_value(sums, moved, (channel, k))
        return sums

    return cells(cells), generate


def _leftmost(builder: Any, cells: _Cells, sums: Any, channel: int) -> Any:
    """Return a channel's leftmost cell. Low bytes still contain the bias of 128 per value."""
    every = pick(builder, builder.extract_value(sums, (channel, 0)), range(cells.words))
    if not cells.packed:
        return every
    high = builder.extract_value(sums, (channel, len(cells.registers)))
    high = pick(builder, high, range(cells.words))
    low = builder.sub(every, builder.shl(high, constants(_I16, [8] * cells.words)))
    return pick(builder, low, range(cells.lanes), high)


def _rounding(cells: _Cells) -> Any:
    """Return the constants added before the shift: 2 for rounding, minus the biases of 128."""
    times = [0] * cells.lanes
    if cells.packed:
        for vertical in (True, False):
            entry = layout(cells.r, cells.origin, cells.bits, vertical)
            for piece in (piece for slot in entry.slots for piece in slot.pieces):
                for element, place in enumerate(piece.places):
                    at = (place + piece.start) * cells.unit
                    times[element % cells.words] += place >= 0 and at in entry.at
    return constants(_I16, [2 - 128 * count for count in times])


def _to_bytes(context: Any, builder: Any, cells: _Cells, values: Any) -> Any:
    """Clip to 0..255 and convert to bytes."""
    if cells.origin and cells.lanes == 16 and on_x86(context):
        # One instruction. It also keeps LLVM from joining channels in 512-bit registers, which
        # would take a vector port from all other instructions.
        halves = [pick(builder, values, range(k, k + 8)) for k in (0, 8)]
        return call(builder, "llvm.x86.sse2.packuswb.128", ir.VectorType(_I8, 16), halves)
    for bound, worse in ((0, "<"), (255, ">")):
        limit = constants(_I16, [bound] * cells.lanes)
        values = builder.select(builder.icmp_signed(worse, values, limit), limit, values)
    return builder.trunc(values, ir.VectorType(_I8, cells.lanes))


def _store(
    context: Any,
    builder: Any,
    cells: _Cells,
    sums: Any,
    before: list[Any],
    after: list[Any],
    target: Any,
    at: Any,
    step: Any,
    part: tuple[Any, Any, Any, Any] | None = None,
) -> None:
    """Complete, clip and interleave the leftmost cell of each channel, and write it.

    `before` is added before the shift, `after` after it. `part` is (first row, row after the last,
    first column, column after the last). None means the whole cell; each row then writes a few
    bytes beyond the cell's right edge.
    """
    lanes, r, C = cells.lanes, cells.r, cells.channels
    planes = []
    for channel in range(C):
        cell = builder.add(_leftmost(builder, cells, sums, channel), before[channel])
        cell = builder.ashr(cell, constants(_I16, [2] * lanes))
        cell = builder.add(cell, after[channel])
        planes.append(_to_bytes(context, builder, cells, cell))
    # One vector of all channels, [channel][lane].
    every = planes[0]
    for count, plane in enumerate(planes[1:], 1):
        plane = pick(builder, plane, [*range(lanes), *[0] * (lanes * (count - 1))])
        every = pick(builder, every, range(lanes * (count + 1)), plane)
    if part is None:
        # A store of a power of two of bytes is faster. The next cell overwrites the surplus.
        spans = [(0, r, (1 << (r * C - 1).bit_length()) - r * C)]
    else:
        spans = [(0, r, 0), (1, r, 0), (0, 1, 0)][: 3 if cells.origin else 1]
    for u in range(r):
        for left, right, surplus in spans:
            row = [
                c * lanes + cells.values.index(u * r + v)
                for v in range(left, right)
                for c in range(C)
            ]
            row = pick(builder, every, row + row[:1] * surplus)
            place = builder.add(at, builder.mul(step, ir.Constant(step.type, u)))
            pointer = at_pointer(builder, target, plus(builder, place, left * C), row.type)
            if part is None:
                builder.store(row, pointer, align=1)
                continue
            top, bottom, first, end = part
            wanted = builder.and_(
                builder.icmp_signed("<=", top, ir.Constant(top.type, u)),
                builder.icmp_signed(">", bottom, ir.Constant(bottom.type, u)),
            )
            for bound, value in ((first, left), (end, right)):
                same = builder.icmp_signed("==", bound, ir.Constant(bound.type, value))
                wanted = builder.and_(wanted, same)
            with builder.if_then(wanted):
                builder.store(row, pointer, align=1)


def owners(r: int, origin: int, values: list[int]) -> tuple[list[tuple[int, int]], list[int]]:
    """Return the pixels that a cell covers, and for each of `values` the index of its pixel.

    A cell covers one pixel, or parts of four if `origin` is 1. Pixels are relative (row, column).
    """
    corners = [(dy, dx) for dy in range(-origin, 1) for dx in range(-origin, 1)]
    places = (divmod(value, r) for value in values)
    return corners, [corners.index((-origin * (u == 0), -origin * (v == 0))) for u, v in places]


@intrinsic
def store_pixels(typing_context, cells, image, pixel, above, out, position, stride):
    """Round, shift, clip and write the leftmost cell, channels interleaved.

    The cell must not be near a border. The pixels' own levels, which fused entries leave out, are
    added here, once for each of a pixel's four pairs. `above` is the distance to the pixel above.
    """

    def generate(context, builder, signature, arguments):
        sums, _, pixel_value, above_value, _, first, step = arguments
        pixels = data_of(context, builder, signature, arguments, 1)
        target = data_of(context, builder, signature, arguments, 4)
        # One load per row reads all channels of the cell's pixels, and perhaps some of the next.
        C, width = cells.channels, 1 << ((1 + cells.origin) * cells.channels - 1).bit_length()
        row = ir.VectorType(_I8, width)
        at = plus(builder, pixel_value, -cells.origin * C)
        levels = builder.load(at_pointer(builder, pixels, at, row), align=1)
        if cells.origin:
            at = builder.sub(at, above_value)
            higher = builder.load(at_pointer(builder, pixels, at, row), align=1)
            levels = pick(builder, higher, range(2 * width), levels)
        corners, owner = owners(cells.r, cells.origin, cells.values)
        where = [(dy + cells.origin) * width + (dx + cells.origin) * C for dy, dx in corners]
        wide = ir.VectorType(_I16, cells.lanes)
        # Adding a level once after the shift equals adding it four times before the shift by 2.
        own = [
            builder.zext(pick(builder, levels, [where[k] + channel for k in owner]), wide)
            for channel in range(C)
        ]
        before = [_rounding(cells)] * C
        _store(context, builder, cells, sums, before, own, target, first, step)
        return context.get_dummy_value()

    return types.void(cells, image, pixel, above, out, position, stride), generate


@intrinsic
def store_border_cell(
    typing_context, cells, added, out, position, stride, top, bottom, left, right
):
    """Write a part of the leftmost cell. `added` is what `add_border` computed for it."""

    def generate(context, builder, signature, arguments):
        sums, _, _, first, step, *part = arguments
        data = data_of(context, builder, signature, arguments, 1)
        target = data_of(context, builder, signature, arguments, 2)
        vector = ir.VectorType(_I16, cells.lanes)
        before = []
        for channel in range(cells.channels):
            at = ir.Constant(first.type, channel * cells.lanes)
            rest = builder.load(at_pointer(builder, data, at, vector), align=2)
            before.append(builder.add(pick(builder, rest, cells.values), _rounding(cells)))
        none = [ir.Constant(vector, None)] * cells.channels
        _store(context, builder, cells, sums, before, none, target, first, step, tuple(part))
        return context.get_dummy_value()

    arguments = (cells, added, out, position, stride, top, bottom, left, right)
    return types.void(*arguments), generate


@intrinsic
def add_border(
    typing_context, scale, origin, kind, pixels, at, above, beside, ahead, lut, added, first
):
    """Write to added[first : first + lanes] what is added to a border cell besides its sums.

    For one channel these are the pixels' own levels and the additions that
    ``lutsr._eclut.borders`` lists for the cell's kind. The image must be at least `KINDS` cells
    high and wide. `at` is the index of the cell's pixel in the flat image, `above` and `beside`
    are the distances to its neighbours, `ahead` is that to the cell to prefetch for. The code has
    one branch per kind of cell. In it, one shuffle per tap moves the tap's values to their lanes.
    """
    r, shift = len(scale), 1 if len(origin) else len(scale)
    spare = LANES[r] - r * r

    def generate(context, builder, signature, arguments):
        kind_value, _, at_value, row, column, next_one, _, _, place = arguments[2:]
        image = data_of(context, builder, signature, arguments, 3)
        entries = data_of(context, builder, signature, arguments, 8)
        target = data_of(context, builder, signature, arguments, 9)
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
            return builder.mul(every, constants(_I16, times))

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

    arguments = (scale, origin, kind, pixels, at, above, beside, ahead, lut, added, first)
    return types.void(*arguments), generate
