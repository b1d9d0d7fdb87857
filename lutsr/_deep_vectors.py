"""Vectors for images deeper than 8 bits: entries are weighted, and sums take 32 bits.

A pair lies between the levels of the table, in a triangle of three of its pairs, whose entries
are multiplied by whole weights and added; see ``lutsr._depth`` and `lutsr.reference.interpolate`.
"""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba import types
from numba.extending import intrinsic, models, register_model

from ._vectors import (
    H_CELLS,
    H_FILLED,
    LANES,
    V_CELLS,
    V_FILLED,
    at_pointer,
    constants,
    data_of,
    is_packed,
    lane_owners,
    pick,
    plus,
)

_I8, _I32 = ir.IntType(8), ir.IntType(32)


class _DeepCells(types.Type):
    """Sums of four neighbouring cells of one channel; lanes lie as in the table."""

    def __init__(self, r: int, origin: int, bits: int) -> None:
        self.r, self.origin, self.lanes, self.packed = r, origin, LANES[r], is_packed(r, bits)
        super().__init__(name=f"lutsr_deep_cells({r}, {origin}, {bits})")


@register_model(_DeepCells)
class _DeepCellsModel(models.PrimitiveModel):
    def __init__(self, manager: Any, cells: _DeepCells) -> None:
        super().__init__(manager, cells, ir.VectorType(_I32, 4 * cells.lanes))


@intrinsic
def no_deep_cells(typing_context, scale, origin, table):
    """Start with zero sums; scale and origin are tuples of these lengths."""
    cells = _DeepCells(len(scale), len(origin), table.dtype.bitwidth)

    def generate(context, builder, signature, arguments):
        return ir.Constant(context.get_value_type(signature.return_type), None)

    return cells(scale, origin, table), generate


def _weighted_adder(cells_in_slot: tuple[int, int], filled: tuple[int, int]) -> Any:
    @intrinsic
    def add_weighted(typing_context, cells, table, offsets, weights, pair, slot):
        """Add a slot of three entries, at offsets[3 * pair :] with weights[3 * pair :]."""

        def generate(context, builder, signature, arguments):
            sums, _, _, _, pair_value, slot_value = arguments
            entries, where, factors = (
                data_of(context, builder, signature, arguments, k) for k in (1, 2, 3)
            )
            kind = context.get_value_type(signature.args[1].dtype)
            width = cells_in_slot[cells.origin] * cells.lanes
            skip = builder.mul(slot_value, ir.Constant(slot_value.type, width))
            first = builder.mul(pair_value, ir.Constant(pair_value.type, 3))
            wide = ir.VectorType(_I32, width)
            total = ir.Constant(wide, None)
            for corner in range(3):
                at = plus(builder, first, corner)
                offset = builder.sext(builder.load(builder.gep(where, [at])), skip.type)
                vector = ir.VectorType(kind, width)
                pointer = at_pointer(builder, entries, builder.add(offset, skip), vector)
                values = builder.load(pointer, align=kind.width // 8)
                if cells.packed:  # low bytes hold 128 more than their values
                    surplus = [-128, 0] * (filled[cells.origin] * cells.lanes // 2)
                    surplus += [0] * (width - len(surplus))
                    values = builder.xor(values, constants(_I8, surplus))
                factor = builder.insert_element(
                    ir.Constant(wide, ir.Undefined),
                    builder.load(builder.gep(factors, [at])),
                    ir.Constant(_I32, 0),
                )
                factor = pick(builder, factor, [0] * width)
                total = builder.add(total, builder.mul(builder.sext(values, wide), factor))
            if width < 4 * cells.lanes:  # two cells out of four
                total = pick(builder, total, range(4 * cells.lanes), ir.Constant(wide, None))
            return builder.add(sums, total)

        return cells(cells, table, offsets, weights, pair, slot), generate

    return add_weighted


add_vertical_weighted = _weighted_adder(V_CELLS, V_FILLED)
add_horizontal_weighted = _weighted_adder(H_CELLS, H_FILLED)


@intrinsic
def move_up_deep(typing_context, cells):
    """Drop the leftmost cell; an empty one comes in at the right."""

    def generate(context, builder, signature, arguments):
        vector = arguments[0]
        lanes = range(cells.lanes, 5 * cells.lanes)
        return pick(builder, vector, lanes, ir.Constant(vector.type, None))

    return cells(cells), generate


def _leftmost(builder: Any, cells: _DeepCells, sums: Any) -> Any:
    half = cells.lanes // 2
    order = list(range(cells.lanes))
    if cells.packed:
        order = [2 * k if k < half else 2 * (k - half) + 1 for k in order]
    return pick(builder, sums, order)


@intrinsic
def store_deep_sums(typing_context, cells, sums):
    """Write the leftmost cell's sums to sums[:lanes]."""

    def generate(context, builder, signature, arguments):
        cell = _leftmost(builder, cells, arguments[0])
        target = data_of(context, builder, signature, arguments, 1)
        builder.store(cell, builder.bitcast(target, cell.type.as_pointer()), align=4)
        return context.get_dummy_value()

    return types.void(cells, sums), generate


@intrinsic
def store_deep_cell(typing_context, cells, values, pixel, above, sums, position, stride):
    """Write the leftmost cell of inner pixels, their own levels added, to rows of sums.

    `values` are the pixels in steps, `above` the distance to the pixel above; each pixel counts
    four times, as in ``lutsr._vectors.store_pixels``.
    """

    def generate(context, builder, signature, arguments):
        cell_sums, _, pixel_value, above_value, _, first, step = arguments
        pixels = data_of(context, builder, signature, arguments, 1)
        target = data_of(context, builder, signature, arguments, 4)
        corners, owner = lane_owners(cells)
        levels = ir.Constant(ir.VectorType(_I32, len(corners)), ir.Undefined)
        for k, (dy, dx) in enumerate(corners):
            at = plus(builder, pixel_value, dx)
            at = builder.sub(at, above_value) if dy else at
            level = builder.load(builder.gep(pixels, [at]))
            levels = builder.insert_element(levels, level, ir.Constant(_I32, k))
        own = builder.shl(pick(builder, levels, owner), constants(_I32, [2] * cells.lanes))
        cell = builder.add(_leftmost(builder, cells, cell_sums), own)
        for u in range(cells.r):
            row = pick(builder, cell, range(u * cells.r, (u + 1) * cells.r))
            place = builder.add(first, builder.mul(step, ir.Constant(step.type, u)))
            builder.store(row, at_pointer(builder, target, place, row.type), align=4)
        return context.get_dummy_value()

    return types.void(cells, values, pixel, above, sums, position, stride), generate
