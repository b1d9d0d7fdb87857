"""Vector operations for the kernels, written as portable LLVM instructions.

numba cannot express them. The kernels in ``lutsr._eclut.kernels`` call these intrinsics. `Cells`
is the type of the sums of neighbouring cells, which LLVM keeps in vector registers.
``lutsr._eclut.layout`` defines the layout of entries, and of cells as words or lanes. Arrays are
passed as addresses.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from llvmlite import ir
from numba import types
from numba.extending import intrinsic, models, register_model

from .._numba.llvm import (
    at_pointer,
    constants,
    freeze,
    host_is_x86,
    pick,
    plus,
    pointer,
    prefetch,
    ring_place,
    vector_bytes,
)
from .layout import (
    CELLS,
    LANES,
    ROWS_AT_ONCE,
    Piece,
    is_packed,
    lane_values,
    layout,
    sum_starts,
)

#: Prefetch distance, in pixels: long enough for a cache line to arrive from memory.
AHEAD = 20

_I8, _I16, _I32, _I64 = (ir.IntType(bits) for bits in (8, 16, 32, 64))


class Kind(NamedTuple):
    """What kernels are compiled for."""

    scale: int
    origin: int
    bits: int


def kind_of_tags(tags: Any) -> Kind:
    """Return what the type of a kernel's `tags` stands for: tuples of these lengths."""
    scale, origin, size = (len(tag) for tag in tags)
    return Kind(scale, origin, 8 * size)


class Cells(types.Type):
    """Sums of neighbouring cells, as one value.

    Parameters
    ----------
    kind : Kind
    wide : bool
        Whether the sums of four cells stay where they are in registers: those of 512 bits, or
        those of 128 where there are 32 of them. There a cell fills one.

    Attributes
    ----------
    columns : int
        Columns of pairs that are added before this number of cells is complete, and moved out.
    registers : tuple of int
        Number of cells in each register.
    """

    def __init__(self, kind: Kind, wide: bool) -> None:
        self.kind, self.wide = kind, wide
        self.packed = is_packed(kind.scale, kind.bits)
        self.words = LANES[kind.scale] // (2 if self.packed else 1)
        self.parts = 2 if self.packed else 1
        if self.packed and not kind.origin and not wide:
            # Registers of 256 bits: one of them is moved out as it is.
            self.columns, self.registers = 2, (2, 2, 2)
        else:
            # Windows of origin 1 are at most three cells wide.
            self.columns = 1
            self.registers = (2, 1) if kind.origin and LANES[kind.scale] == 16 else (CELLS,)
        super().__init__(name=f"lutsr_cells({tuple(kind)}, {wide})")


@register_model(Cells)
class _CellsModel(models.PrimitiveModel):
    def __init__(self, manager: Any, cells: Cells) -> None:
        vectors = [ir.VectorType(_I16, n * cells.words) for n in cells.registers]
        super().__init__(manager, cells, ir.LiteralStructType(vectors * cells.parts))


def _cells(tags: Any) -> Cells:
    return Cells(kind_of_tags(tags), vector_bytes() == 64 or not host_is_x86())


@intrinsic
def no_cells(typing_context, tags):
    """Return the sums of cells to which nothing is added yet."""

    def generate(context, builder, signature, arguments):
        cells = signature.return_type
        parts = [_start(cells, part, n) for part in range(cells.parts) for n in cells.registers]
        return ir.Constant(context.get_value_type(cells), parts)

    return _cells(tags)(tags), generate


def _start(cells: Cells, part: int, count: int) -> Any:
    """Return what the sums of some cells start with, in words of one part.

    After all additions, they contain 2 for rounding, and no bias any more.
    """
    values = lane_values(cells.kind.scale, cells.packed)
    start = [2 + number for number in sum_starts(*cells.kind)]
    low = [start[value] for value in values[: cells.words]]
    high = [start[value] for value in values[cells.words :]] if cells.packed else []
    if part:
        return constants(_I16, high * count)
    # Whole words are summed in the first part: 256 times the high bytes, and the low ones.
    both = [_wrapped(a + 256 * b) for a, b in zip(low, high, strict=True)] if cells.packed else low
    return constants(_I16, both * count)


def _wrapped(number: int) -> int:
    """Return a number modulo 2**16, as a signed word."""
    return (number + (1 << 15)) % (1 << 16) - (1 << 15)


@intrinsic
def columns_of(typing_context, cells):
    """Return how many columns of pairs are added at once."""

    def generate(context, builder, signature, arguments):
        return ir.Constant(_I64, cells.columns)

    return types.int64(cells), generate


@intrinsic
def rows_of(typing_context, tags):
    """Return how many rows of cells are summed at once."""

    def generate(context, builder, signature, arguments):
        return ir.Constant(_I64, ROWS_AT_ONCE[kind_of_tags(tags).origin])

    return types.int64(tags), generate


@intrinsic
def entry_offset(typing_context, one, other, length):
    """Return the offset of the entry of a pair of levels, in 32 bits; numba would take 64."""

    def generate(context, builder, signature, arguments):
        first, second = (builder.zext(level, _I32) for level in arguments[:2])
        pair = builder.add(builder.shl(first, ir.Constant(_I32, 8)), second)
        return builder.mul(pair, builder.trunc(arguments[2], _I32))

    return types.int32(one, other, length), generate


def load_piece(builder: Any, entries: Any, offset: Any, piece: Piece, element: Any) -> Any:
    """Load the piece of an entry for one register as words; elements without a value are zero."""
    source = at_pointer(builder, entries, offset, ir.VectorType(element, piece.width))
    values = builder.load(source, align=1)
    if element.width < 16:  # widened before `pick`, while the vector is short
        values = builder.sext(values, ir.VectorType(_I16, piece.width))
    if all(place in (k, -1) for k, place in enumerate(piece.places)):
        # LLVM would take two operations that move elements, where one is enough.
        used = [-(place >= 0) for place in piece.places[: piece.width]]
        values = freeze(builder, builder.and_(values, constants(_I16, used)))
        zeros = ir.Constant(values.type, None)
        return pick(builder, values, [min(k, piece.width) for k in range(len(piece.places))], zeros)
    places = [place if place >= 0 else piece.width for place in piece.places]
    return pick(builder, values, places, ir.Constant(values.type, None))


def _pair_adder(vertical: bool, rows: int, below: bool = False) -> Any:
    @intrinsic
    def add_pairs(typing_context, cells, table, offsets, row, length, at):
        """Add the slots of pairs to a row of cells, one from each row of pairs.

        The pairs are those of `columns_of` columns. `offsets` is a ring buffer of rows of `length`
        entry offsets; that of the first column is at index `at`. Slot 0 comes from row `row` of
        pairs, slot 1 from the row before it.
        """

        def generate(context, builder, signature, arguments):
            sums, address, offset_data, row_value, length_value, column = arguments
            r, origin, bits = cells.kind
            value = ir.IntType(bits)
            entries = pointer(builder, address, value)
            offset_data = pointer(builder, offset_data, _I32)
            element, unit = (_I16, 2) if cells.packed else (value, 1)
            firsts = [
                ring_place(builder, row_value, slot, rows, length_value, column)
                for slot in range(rows)
            ]
            added: list[Any] = [None] * len(cells.registers) * cells.parts
            for k in range(cells.columns):
                slots = layout(r, origin, bits, vertical, cells.registers, k).slots
                loaded = [(), *(slot.lines for slot in slots)] if below else [()] * rows
                for first, slot, known in zip(firsts, slots, loaded, strict=False):

                    def find(ahead: int, place: int, at: Any = first) -> Any:
                        offset = builder.load(builder.gep(offset_data, [plus(builder, at, ahead)]))
                        return plus(builder, builder.sext(offset, _I64), place)

                    # Lines of an earlier slot were loaded a row of cells ago, and may be gone.
                    for line in sorted(set(slot.lines) - set(known)):
                        at = find(AHEAD + k, line)
                        prefetch(builder, at_pointer(builder, entries, at, _I8))
                    for number, piece in enumerate(slot.pieces):
                        if not piece.width:
                            continue
                        offset = find(k, piece.start * unit)
                        words = load_piece(builder, entries, offset, piece, element)
                        _add(builder, added, number, words)
                        if cells.packed:
                            high = builder.lshr(words, constants(_I16, [8] * words.type.count))
                            _add(builder, added, number + len(cells.registers), high)
            # The sum of the slots is fixed: else LLVM adds one after the other to the cells' sums,
            # and each column waits for all additions of the one before.
            for number, words in enumerate(added):
                if words is not None:
                    total = builder.add(builder.extract_value(sums, number), freeze(builder, words))
                    sums = builder.insert_value(sums, total, number)
            return sums

        return cells(cells, table, offsets, row, length, at), generate

    return add_pairs


add_vertical = _pair_adder(True, 4)
add_horizontal = _pair_adder(False, 3)
add_vertical_below = _pair_adder(True, 4, below=True)
add_horizontal_below = _pair_adder(False, 3, below=True)


def _add(builder: Any, totals: list[Any], number: int, values: Any) -> None:
    known = totals[number]
    totals[number] = values if known is None else builder.add(known, values)


@intrinsic
def store_sums(typing_context, cells, sums, half, at):
    """Write the sums of the leftmost cells, as many as `columns_of`, the first as cell `at`.

    The low bytes of packed cells are written to `sums`, the high bytes `half` words after them.
    """

    def generate(context, builder, signature, arguments):
        parts, address, half_value, cell = arguments
        count = cells.columns * cells.words
        target = pointer(builder, address, _I16)
        place = builder.mul(cell, ir.Constant(_I64, cells.words))
        low = pick(builder, builder.extract_value(parts, 0), range(count))
        if cells.packed:
            high = builder.extract_value(parts, len(cells.registers))
            high = pick(builder, high, range(count))
            low = builder.sub(low, builder.shl(high, constants(_I16, [8] * count)))
            behind = builder.add(place, half_value)
            builder.store(high, at_pointer(builder, target, behind, high.type), align=2)
        builder.store(low, at_pointer(builder, target, place, low.type), align=2)
        return context.get_dummy_value()

    return types.void(cells, sums, half, at), generate


@intrinsic
def move_up(typing_context, cells):
    """Drop the leftmost cells, as many as `columns_of`, and append empty ones at the right."""

    def generate(context, builder, signature, arguments):
        sums = arguments[0]
        count = len(cells.registers)
        for first in range(0, count * cells.parts, count):
            vectors = [builder.extract_value(sums, first + k) for k in range(count)]
            size, columns = cells.words, cells.columns
            start = _start(cells, first // count, columns)
            if columns == cells.registers[0]:
                moved = [*vectors[1:], start]
            else:
                # Each register gets what moves out of the next one.
                moved = []
                for vector, following in zip(vectors, [*vectors[1:], start], strict=True):
                    n = vector.type.count
                    entering = pick(builder, following, [*range(size)] * (n // size))
                    moved.append(pick(builder, vector, range(size, size + n), entering))
            for k, vector in enumerate(moved):
                sums = builder.insert_value(sums, vector, first + k)
        return sums

    return cells(cells), generate
