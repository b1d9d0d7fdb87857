"""Vector operations for images deeper than 8 bits: entries are interpolated, sums have 32 bits.

The values of a pair lie between the levels of the table, in a triangle of three pairs of levels.
The entries T0, T1, T2 of those three are multiplied by integer weights, which add up to the steps
of a level, and added; see ``lutsr._frame.depth`` and `lutsr.reference.interpolate`. Where bytes of
entries are stored with a bias, the sums contain it until ``lutsr._eclut.vectors_deep_store``.
"""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba import types
from numba.extending import intrinsic, models, register_model

from .._numba.llvm import (
    at_pointer,
    call,
    cpu_features,
    host_features,
    on_x86,
    pick,
    plus,
    pointer,
    prefetch,
    ring_place,
    splat,
)
from .fusion import BEYOND
from .layout import CELLS, LANES, Slot, is_packed, layout
from .vectors import AHEAD, kind_of_tags, load_piece

_I8, _I16, _I32, _I64 = (ir.IntType(bits) for bits in (8, 16, 32, 64))

#: Numbers of 32 bits of a pair: where T0 and T1 are, and two with its weights.
PAIR_NUMBERS = 4

#: Prefetch distance where three entries are read: a column takes several times as long then.
DEEP_AHEAD = 8


def has_dot_bytes() -> bool:
    """Return whether the processor multiplies bytes, and adds four products to 32 bits (VNNI)."""
    return {"avx512bw", "avx512vnni"} <= host_features()


def in_bytes(r: int, bits: int) -> bool:
    """Return whether fused tables of `bits` bits are multiplied as bytes."""
    return is_packed(r, bits) and has_dot_bytes()


class _DeepCells(types.Type):
    """Sums of four neighbouring cells of one channel: vectors of 32 bits, and one of 16.

    If `by_bytes`, every weight is 256 * high + low, two signed bytes. There are vectors of the sums
    with the high ones, then of those with the low ones. A vector has the same four values of each
    of the four cells.

    Else a pair adds ``steps * T0 + w * (T1 - T0) + v * (T2 - T1)`` with weights w >= v. The first
    vector has the sums of T0 in 16 bits. The others have the sums of the two products per lane;
    x86 multiplies and adds both in one instruction.

    If `on_levels`, all pixels have levels of the table, so w and v are 0, and the first vector is
    all there is.
    """

    def __init__(self, r: int, origin: int, bits: int, on_levels: bool) -> None:
        self.r, self.origin, self.lanes, self.bits = r, origin, LANES[r], bits
        self.packed, self.on_levels = is_packed(r, bits), on_levels
        self.by_bytes = in_bytes(r, bits) and not on_levels
        kind = (r, origin, bits, self.by_bytes, on_levels)
        super().__init__(name=f"lutsr_deep_cells{kind}")

    @property
    def parts(self) -> list[list[int]]:
        """Lanes of a cell in each vector of products, in the instruction's order."""
        if self.on_levels:
            return []
        every = list(range(self.lanes))
        if self.by_bytes:
            return 2 * [every[k : k + 4] for k in range(0, self.lanes, 4)]
        if self.lanes < 16:
            return [every]
        return [every[:4] + every[8:12], every[4:8] + every[12:]]


@register_model(_DeepCells)
class _DeepCellsModel(models.PrimitiveModel):
    def __init__(self, manager: Any, cells: _DeepCells) -> None:
        vectors = [ir.VectorType(_I32, CELLS * len(part)) for part in cells.parts]
        if not cells.by_bytes:
            vectors.insert(0, ir.VectorType(_I16, CELLS * cells.lanes))
        super().__init__(manager, cells, ir.LiteralStructType(vectors))


def _zero_sums(on_levels: bool) -> Any:
    @intrinsic
    def no_sums(typing_context, tags):
        """Return zero sums."""
        cells = _DeepCells(*kind_of_tags(tags), on_levels)

        def generate(context, builder, signature, arguments):
            return ir.Constant(context.get_value_type(signature.return_type), None)

        return cells(tags), generate

    return no_sums


no_deep_cells = _zero_sums(False)
no_cells_on_levels = _zero_sums(True)


def _dot_words(context: Any) -> int:
    """Return how many 16-bit words one multiply-add instruction takes; 0 if there is none."""
    if not on_x86(context):
        return 0
    features = cpu_features(context)
    return 32 if "avx512bw" in features else 16 if "avx2" in features else 8


def _dot(builder: Any, words: int, values: Any, factors: Any) -> Any:
    """Multiply each two neighbouring 16-bit lanes by two factors and add, in 32 bits."""
    n = values.type.count
    if not words:
        wide = ir.VectorType(_I32, n // 2)
        even, odd = (
            builder.mul(*(builder.sext(pick(builder, v, range(k, n, 2)), wide) for v in both))
            for k, both in ((0, (values, factors)), (1, (values, factors)))
        )
        return builder.add(even, odd)
    words = min(words, n)
    name = {8: "sse2.pmadd.wd", 16: "avx2.pmadd.wd", 32: "avx512.pmaddw.d.512"}[words]
    half = ir.VectorType(_I32, words // 2)
    factors = pick(builder, factors, range(words))
    found = [
        call(
            builder, f"llvm.x86.{name}", half, [pick(builder, values, range(k, k + words)), factors]
        )
        for k in range(0, n, words)
    ]
    while len(found) > 1:
        found = [
            pick(builder, a, range(2 * a.type.count), b)
            for a, b in zip(found[::2], found[1::2], strict=True)
        ]
    return found[0]


def _interleaved(builder: Any, one: Any, other: Any) -> list[Any]:
    """Interleave the first halves, and the second halves, of all 16 bytes of two vectors."""
    n = one.type.count
    size = 16 * 8 // one.type.element.width
    return [
        pick(
            builder,
            one,
            [
                first + at + k + both
                for first in range(0, n, size)
                for k in range(size // 2)
                for both in (0, n)
            ],
            other,
        )
        for at in (0, size // 2)
    ]


def _add_bytes(builder: Any, sums: Any, corners: list[Any], weights: list[Any], slot: Slot) -> Any:
    """Add three vectors of a slot's bytes, times three high and three low bytes of weights."""
    # Windows of two cells leave one half of a register empty.
    (piece,) = slot.pieces
    words = len(piece.places)
    count = words // (1 if any(place >= 0 for place in piece.places[words // 2 :]) else 2)
    entries, wide = ir.VectorType(_I8, 2 * count), ir.VectorType(_I16, count)
    t0, t1, t2 = (
        builder.bitcast(pick(builder, corner, range(count)), entries) for corner in corners
    )
    pairs = zip(
        _interleaved(builder, t0, t1),
        _interleaved(builder, t2, ir.Constant(entries, None)),
        strict=True,
    )
    long, some = ir.VectorType(_I32, words // 2), ir.VectorType(_I32, count // 2)
    quads = [
        builder.bitcast(quad, some)
        for both in pairs
        for quad in _interleaved(builder, *(builder.bitcast(one, wide) for one in both))
    ]
    if count < words:
        zeros = ir.Constant(some, None)
        quads = [pick(builder, quad, range(words // 2), zeros) for quad in quads]
    for part, weight in enumerate(weights):
        every = splat(builder, weight, long)
        for k, quad in enumerate(quads):
            if not _is_used(slot, k):
                continue
            number = len(quads) * part + k
            total = call(
                builder,
                "llvm.x86.avx512.vpdpbusd.512",
                long,
                [builder.extract_value(sums, number), quad, every],
            )
            sums = builder.insert_value(sums, total, number)
    return sums


def _is_used(slot: Slot, quad: int) -> bool:
    """Return whether the words 2 * quad and 2 * quad + 1 of some cell have values."""
    (piece,) = slot.pieces
    half = len(piece.places) // CELLS
    return any(place >= 0 and word % half // 2 == quad for word, place in enumerate(piece.places))


def _add_words(
    builder: Any, cells: _DeepCells, sums: Any, corners: list[Any], weights: Any, words: int
) -> Any:
    """Add the first of three vectors of words, and two differences times two weights."""
    n = CELLS * cells.lanes
    steps = [builder.sub(corners[k + 1], corners[k]) for k in (0, 1)]
    both = splat(builder, weights, ir.VectorType(_I32, n))
    both = builder.bitcast(both, ir.VectorType(_I16, 2 * n))
    sums = builder.insert_value(sums, builder.add(builder.extract_value(sums, 0), corners[0]), 0)
    for k, part in enumerate(cells.parts, 1):
        lanes = [cell * cells.lanes + lane for cell in range(CELLS) for lane in part]
        lanes = [lane + other for lane in lanes for other in (0, n)]
        pairs = pick(builder, steps[0], lanes, steps[1])
        products = _dot(builder, words, pairs, pick(builder, both, range(len(lanes))))
        sums = builder.insert_value(sums, builder.add(builder.extract_value(sums, k), products), k)
    return sums


def _load_slot(builder: Any, cells: _DeepCells, entries: Any, offset: Any, slot: Slot) -> Any:
    """Load a slot of an entry as words; bytes of packed entries are not widened if `by_bytes`."""
    (piece,) = slot.pieces
    size = 2 if cells.packed else cells.bits // 8
    element = _I16 if cells.packed else ir.IntType(cells.bits)
    values = load_piece(builder, entries, plus(builder, offset, piece.start * size), piece, element)
    if cells.packed and not cells.by_bytes:
        values = builder.bitcast(values, ir.VectorType(_I8, CELLS * cells.lanes))
        values = builder.zext(values, ir.VectorType(_I16, CELLS * cells.lanes))
    return values


def _weighted_adder(vertical: bool, rows: int) -> Any:
    @intrinsic
    def add_weighted(typing_context, cells, table, pairs, row, length, at):
        """Add the slots of the pairs of one column to a row of cells, one from each row of pairs.

        See `lutsr._eclut.vectors.add_vertical`. Here a pair has `PAIR_NUMBERS` numbers.
        """

        def generate(context, builder, signature, arguments):
            sums, address, pair_data, row_value, length_value, column = arguments
            entries, numbers = pointer(builder, address, _I8), pointer(builder, pair_data, _I32)
            words = 0 if cells.by_bytes else _dot_words(context)
            entry = layout(cells.r, cells.origin, cells.bits, vertical)
            size = cells.bits // 8
            for slot_number, slot in enumerate(entry.slots):
                pair = ring_place(builder, row_value, slot_number, rows, length_value, column)
                pair = builder.mul(pair, ir.Constant(_I64, PAIR_NUMBERS))

                def number(k: int, ahead: int = 0, pair: Any = pair) -> Any:
                    place = plus(builder, pair, PAIR_NUMBERS * ahead + k)
                    return builder.load(builder.gep(numbers, [place]))

                def corner_offsets(ahead: int, number: Any = number) -> list[Any]:
                    first, second = (builder.sext(number(k, ahead), _I64) for k in (0, 1))
                    if cells.on_levels:
                        return [first]
                    return [first, second, plus(builder, first, BEYOND * entry.length * size)]

                for offset in corner_offsets(AHEAD if cells.on_levels else DEEP_AHEAD):
                    for line in slot.lines:
                        place = plus(builder, offset, line * size)
                        prefetch(builder, at_pointer(builder, entries, place, _I8))
                corners = [
                    _load_slot(builder, cells, entries, offset, slot)
                    for offset in corner_offsets(0)
                ]
                if cells.on_levels:
                    total = builder.add(builder.extract_value(sums, 0), corners[0])
                    sums = builder.insert_value(sums, total, 0)
                elif cells.by_bytes:
                    sums = _add_bytes(builder, sums, corners, [number(2), number(3)], slot)
                else:
                    sums = _add_words(builder, cells, sums, corners, number(2), words)
            return sums

        return cells(cells, table, pairs, row, length, at), generate

    return add_weighted


add_vertical_weighted = _weighted_adder(True, 4)
add_horizontal_weighted = _weighted_adder(False, 3)


@intrinsic
def move_up_deep(typing_context, cells):
    """Drop the leftmost cell, and append an empty one at the right."""

    def generate(context, builder, signature, arguments):
        sums = arguments[0]
        for k in range(len(sums.type.elements)):
            vector = builder.extract_value(sums, k)
            cell = vector.type.count // CELLS
            zeros = ir.Constant(vector.type, None)
            moved = pick(builder, vector, range(cell, (CELLS + 1) * cell), zeros)
            sums = builder.insert_value(sums, moved, k)
        return sums

    return cells(cells), generate


@intrinsic
def store_deep_sums(typing_context, cells, steps, sums):
    """Write the leftmost cell's sums, in the order of `lutsr._eclut.layout.element_values`."""

    def generate(context, builder, signature, arguments):
        vectors, steps_value, address = arguments
        n, parts = cells.lanes, cells.parts
        first = len(vectors.type.elements) - len(parts)
        products = [
            pick(builder, builder.extract_value(vectors, first + k), range(len(part)))
            for k, part in enumerate(parts)
        ]
        target = pointer(builder, address, _I32)
        if cells.by_bytes:
            count = len(parts) // 2
            for k, (high, low) in enumerate(zip(products[:count], products[count:], strict=True)):
                high = builder.shl(high, ir.Constant(high.type, [8] * 4))
                place = at_pointer(builder, target, ir.Constant(_I64, 4 * k), high.type)
                builder.store(builder.add(high, low), place, align=4)
            return context.get_dummy_value()
        wide = ir.VectorType(_I32, n)
        whole = builder.sext(pick(builder, builder.extract_value(vectors, 0), range(n)), wide)
        factor = splat(builder, builder.trunc(steps_value, _I32), wide)
        total = builder.mul(whole, factor)
        if products:
            order = [lane for part in parts for lane in part]
            places = [order.index(lane) for lane in range(n)]
            more = pick(builder, products[0], places, products[-1] if len(parts) > 1 else None)
            total = builder.add(total, more)
        builder.store(total, builder.bitcast(target, wide.as_pointer()), align=4)
        return context.get_dummy_value()

    return types.void(cells, steps, sums), generate
