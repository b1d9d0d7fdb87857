"""Vector operations that complete cells of 8-bit images and write them.

The pixels' own levels are added, sums are rounded, shifted and clipped to bytes, and the channels
are interleaved.
"""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from .._numba.llvm import at_pointer, call, constants, data_of, on_x86, pick, plus
from .layout import layout
from .vectors import Cells

_I8, _I16 = ir.IntType(8), ir.IntType(16)


def _leftmost(builder: Any, cells: Cells, sums: Any, channel: int) -> Any:
    """Return a channel's leftmost cell. Low bytes still contain the bias of 128 per value."""
    every = pick(builder, builder.extract_value(sums, (channel, 0)), range(cells.words))
    if not cells.packed:
        return every
    high = builder.extract_value(sums, (channel, len(cells.registers)))
    high = pick(builder, high, range(cells.words))
    low = builder.sub(every, builder.shl(high, constants(_I16, [8] * cells.words)))
    return pick(builder, low, range(cells.lanes), high)


def _rounding(cells: Cells) -> Any:
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


def _to_bytes(context: Any, builder: Any, cells: Cells, values: Any) -> Any:
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
    cells: Cells,
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
