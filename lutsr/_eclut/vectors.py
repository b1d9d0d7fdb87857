"""Vector operations for the kernels, written as portable LLVM instructions.

numba cannot express them. The kernels in ``lutsr._eclut.kernels`` call these intrinsics. `Cells`
is the type of the sums of four neighbouring cells, which LLVM keeps in vector registers.
``lutsr._eclut.layout`` defines the layout of entries, and of cells as words or lanes. Completed
cells are written by ``lutsr._eclut.vectors_store``.
"""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba import types
from numba.extending import intrinsic, models, register_model

from .._numba.llvm import (
    at_pointer,
    constants,
    data_of,
    pick,
    plus,
    prefetch,
    ring_place,
)
from .layout import LANES, Piece, is_packed, lane_values, layout

#: Prefetch distance, in pixels: long enough for a cache line to arrive from memory.
AHEAD = 8

_I8, _I16, _I32 = ir.IntType(8), ir.IntType(16), ir.IntType(32)


class Cells(types.Type):
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


@register_model(Cells)
class _CellsModel(models.PrimitiveModel):
    def __init__(self, manager: Any, cells: Cells) -> None:
        vectors = [ir.VectorType(_I16, n * cells.words) for n in cells.registers]
        parts = ir.LiteralStructType(vectors * cells.parts)
        super().__init__(manager, cells, ir.ArrayType(parts, cells.channels))


@intrinsic
def no_cells(typing_context, tags, table):
    """Return zero sums. `tags` are tuples whose lengths are C, r and the origin."""
    cells = Cells(*(len(tag) for tag in tags), table.dtype.bitwidth)

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
