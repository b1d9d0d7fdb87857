"""Vector operations for images deeper than 8 bits: entries are interpolated, sums have 32 bits.

The values of a pair lie between the levels of the table, in a triangle of three pairs of levels.
The entries of those three are multiplied by integer weights and added; see
``lutsr._frame.depth`` and `lutsr.reference.interpolate`.
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
    cpu_features,
    data_of,
    on_x86,
    pick,
    plus,
    prefetch,
    ring_place,
    splat,
)
from .layout import CELLS, LANES, is_packed, lane_values, layout
from .vectors import AHEAD, load_piece
from .vectors_store import owners

_I8, _I16, _I32 = ir.IntType(8), ir.IntType(16), ir.IntType(32)


class _DeepCells(types.Type):
    """Sums of four neighbouring cells of one channel.

    With three entries T0, T1, T2 and two weights w >= v, a pair adds
    ``steps * T0 + w * (T1 - T0) + v * (T2 - T1)``. The first vector holds the sums of T0 in 16
    bits. The others hold the sums of the two products per lane in 32 bits; x86 multiplies and adds
    both in one instruction.
    """

    def __init__(self, r: int, origin: int, bits: int) -> None:
        self.r, self.origin, self.lanes, self.bits = r, origin, LANES[r], bits
        self.packed = is_packed(r, bits)
        super().__init__(name=f"lutsr_deep_cells({r}, {origin}, {bits})")

    @property
    def parts(self) -> list[list[int]]:
        """Lanes of a cell in each vector of products, in the instruction's order."""
        every = list(range(self.lanes))
        if self.lanes < 16:
            return [every]
        return [every[:4] + every[8:12], every[4:8] + every[12:]]


@register_model(_DeepCells)
class _DeepCellsModel(models.PrimitiveModel):
    def __init__(self, manager: Any, cells: _DeepCells) -> None:
        products = [ir.VectorType(_I32, 4 * len(part)) for part in cells.parts]
        whole = ir.VectorType(_I16, 4 * cells.lanes)
        super().__init__(manager, cells, ir.LiteralStructType([whole, *products]))


@intrinsic
def no_deep_cells(typing_context, scale, origin, table):
    """Return zero sums. `scale` and `origin` are tuples of lengths r and the origin."""
    cells = _DeepCells(len(scale), len(origin), table.dtype.bitwidth)

    def generate(context, builder, signature, arguments):
        return ir.Constant(context.get_value_type(signature.return_type), None)

    return cells(scale, origin, table), generate


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


def _weighted_adder(vertical: bool, rows: int) -> Any:
    @intrinsic
    def add_weighted(typing_context, cells, table, offsets, weights, row, length, at):
        """Add the slots of the pairs of one column to a row of cells, one from each row of pairs.

        See `lutsr._eclut.vectors.add_vertical`. Here a pair has three offsets and two weights.
        """

        def generate(context, builder, signature, arguments):
            sums, _, _, _, row_value, length_value, column = arguments
            entries, where, factors = (
                data_of(context, builder, signature, arguments, k) for k in (1, 2, 3)
            )
            kind = context.get_value_type(signature.args[1].dtype)
            n, unit = CELLS * cells.lanes, 2 if cells.packed else 1
            narrow = ir.VectorType(_I16, n)
            words = _dot_words(context)
            entry = layout(cells.r, cells.origin, cells.bits, vertical)
            filled = {int(place) // unit for place in entry.at}
            for number, slot in enumerate(entry.slots):
                pair = ring_place(builder, row_value, number, rows, length_value, column)
                first = builder.mul(pair, ir.Constant(pair.type, 3))
                corners = []
                for corner in range(3):

                    def find(ahead: int, value: int, at: Any = first, corner: int = corner) -> Any:
                        place = builder.gep(where, [plus(builder, at, 3 * ahead + corner)])
                        return plus(builder, builder.sext(builder.load(place), at.type), value)

                    for line in slot.lines:
                        prefetch(builder, at_pointer(builder, entries, find(AHEAD, line), _I8))
                    element = _I16 if cells.packed else kind
                    (piece,) = slot.pieces
                    offset = find(0, piece.start * unit)
                    values = load_piece(builder, entries, offset, piece, element)
                    if cells.packed:  # low bytes are stored with a bias of 128
                        surplus = [
                            128 * (p >= 0 and piece.start + p in filled) for p in piece.places
                        ]
                        values = builder.xor(values, constants(_I16, surplus))
                        values = builder.bitcast(values, ir.VectorType(_I8, n))
                        values = builder.sext(values, narrow)
                    corners.append(values)
                steps = [builder.sub(corners[k + 1], corners[k]) for k in (0, 1)]

                first = builder.mul(pair, ir.Constant(pair.type, 2))
                both = builder.load(at_pointer(builder, factors, first, _I32), align=2)
                both = splat(builder, both, ir.VectorType(_I32, n))
                both = builder.bitcast(both, ir.VectorType(_I16, 2 * n))

                total = builder.add(builder.extract_value(sums, 0), corners[0])
                sums = builder.insert_value(sums, total, 0)
                for k, part in enumerate(cells.parts, 1):
                    lanes = [cell * cells.lanes + lane for cell in range(4) for lane in part]
                    lanes = [lane + other for lane in lanes for other in (0, n)]
                    pairs = pick(builder, steps[0], lanes, steps[1])
                    products = _dot(builder, words, pairs, pick(builder, both, range(len(lanes))))
                    total = builder.add(builder.extract_value(sums, k), products)
                    sums = builder.insert_value(sums, total, k)
            return sums

        return cells(cells, table, offsets, weights, row, length, at), generate

    return add_weighted


add_vertical_weighted = _weighted_adder(True, 4)
add_horizontal_weighted = _weighted_adder(False, 3)


@intrinsic
def move_up_deep(typing_context, cells):
    """Shift the sums by one cell: drop the leftmost one, append an empty one at the right."""

    def generate(context, builder, signature, arguments):
        sums = arguments[0]
        for k in range(1 + len(cells.parts)):
            vector = builder.extract_value(sums, k)
            cell = vector.type.count // 4
            zeros = ir.Constant(vector.type, None)
            moved = pick(builder, vector, range(cell, 5 * cell), zeros)
            sums = builder.insert_value(sums, moved, k)
        return sums

    return cells(cells), generate


def _leftmost(builder: Any, cells: _DeepCells, sums: Any, steps: Any) -> Any:
    """Return the leftmost cell's sums, in quarter steps."""
    n, parts = cells.lanes, cells.parts
    wide = ir.VectorType(_I32, n)
    products = [
        pick(builder, builder.extract_value(sums, k), range(len(part)))
        for k, part in enumerate(parts, 1)
    ]
    order = [lane for part in parts for lane in part]
    places = [order.index(lane) for lane in range(n)]
    products = pick(builder, products[0], places, products[-1] if len(parts) > 1 else None)
    whole = builder.sext(pick(builder, builder.extract_value(sums, 0), range(n)), wide)
    factor = splat(builder, builder.trunc(steps, _I32), wide)
    cell = builder.add(builder.mul(whole, factor), products)
    values = lane_values(cells.r, cells.packed)
    places = [values.index(value % (cells.r * cells.r)) for value in range(n)]
    if cells.packed:  # low and high bytes alternate
        places = [2 * (place % (n // 2)) + place // (n // 2) for place in places]
    return pick(builder, cell, places)


@intrinsic
def store_deep_sums(typing_context, cells, steps, sums):
    """Write the leftmost cell's sums to sums[:lanes]."""

    def generate(context, builder, signature, arguments):
        cell = _leftmost(builder, cells, arguments[0], arguments[1])
        target = data_of(context, builder, signature, arguments, 2)
        builder.store(cell, builder.bitcast(target, cell.type.as_pointer()), align=4)
        return context.get_dummy_value()

    return types.void(cells, steps, sums), generate


@intrinsic
def store_deep_cell(typing_context, cells, steps, values, pixel, above, sums, position, stride):
    """Add the pixels' own levels to the leftmost cell and write it to the rows of `sums`.

    The cell must not be near a border. `values` are the pixels in steps, `above` is the distance
    to the pixel above. Each pixel is added four times, as in
    ``lutsr._eclut.vectors_store.store_pixels``.
    """

    def generate(context, builder, signature, arguments):
        cell_sums, steps_value, _, pixel_value, above_value, _, first, step = arguments
        pixels = data_of(context, builder, signature, arguments, 2)
        target = data_of(context, builder, signature, arguments, 5)
        values = [lane % (cells.r * cells.r) for lane in range(cells.lanes)]
        corners, owner = owners(cells.r, cells.origin, values)
        levels = ir.Constant(ir.VectorType(_I32, len(corners)), ir.Undefined)
        for k, (dy, dx) in enumerate(corners):
            at = plus(builder, pixel_value, dx)
            at = builder.sub(at, above_value) if dy else at
            level = builder.load(builder.gep(pixels, [at]))
            levels = builder.insert_element(levels, level, ir.Constant(_I32, k))
        own = builder.shl(pick(builder, levels, owner), constants(_I32, [2] * cells.lanes))
        cell = builder.add(_leftmost(builder, cells, cell_sums, steps_value), own)
        for u in range(cells.r):
            row = pick(builder, cell, range(u * cells.r, (u + 1) * cells.r))
            place = builder.add(first, builder.mul(step, ir.Constant(step.type, u)))
            builder.store(row, at_pointer(builder, target, place, row.type), align=4)
        return context.get_dummy_value()

    return types.void(cells, steps, values, pixel, above, sums, position, stride), generate
