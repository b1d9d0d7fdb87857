"""The base of a deep image, added to details and written as cells, as LLVM instructions."""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from ..._frame.depth import DEEP_KINDS
from ..._numba.depth import ELEMENTS, finished
from ..._numba.llvm import plus, pointer, splat
from ..vectors import ring_rows
from .layout import IMAGE_LEVELS, deep_forms
from .products import dot_words
from .slide import slide
from .vectors import VALUES, load, number_vector

_I8, _I16, _I32, _I64 = (ir.IntType(bits) for bits in (8, 16, 32, 64))


@intrinsic
def deep_pixel_row(
    typing_context, tags, base, offsets, weights, window, values, details, own, numbers, out, kind,
    at, strides, count,
):  # fmt: skip
    """Add the base and the pixels' own values to details, and write the cells of a row of pixels.

    Parameters
    ----------
    tags : Tags
    base : int8
        Tables of the three rows of the window.
    offsets, weights, values : int32
        Of each pixel of the image: where its entry is, its two weights, and its value in steps.
    window : tuple of int
        Rows of the ring in these, their length, its start, and the first row of the window.
    details, own : int32 and int
        Details, and the place of the first pixel's.
    numbers : tuple of int
        What the base is shifted left by; what is added to it and the detail, and what both are
        shifted right by; how often the own value counts, and what is added to it; the same as
        the second and third for the sum; the largest sum.
    out, kind : int
        Sums, or values of an image, and the index of their type in `DEEP_KINDS`.
    at : int
        Where the first cell starts.
    strides : tuple of int
        Elements from row to row of the output, and from column to column.
    count : int
        Output pixels.
    """

    def generate(context, builder, signature, arguments):
        known = signature.args[0].values
        form, r = deep_forms(known)[3], known.scale
        table, offset, weight, value, detail = (
            pointer(builder, arguments[k], kind)
            for k, kind in ((1, _I8), (2, _I32), (3, _I32), (5, _I32), (6, _I32))
        )
        rows = ring_rows(builder, arguments[4], 3)
        mine, kind, position, pixels = (arguments[k] for k in (7, 10, 11, 13))
        line, column = (builder.extract_value(arguments[12], k) for k in (0, 1))
        left, half, right, gain, bias, last_half, last_right, white = (
            builder.trunc(builder.extract_value(arguments[8], k), _I32) for k in range(8)
        )
        left, half, right, last_half, last_right, white = (
            number_vector(builder, one) for one in (left, half, right, last_half, last_right, white)
        )
        chunk = ir.VectorType(_I32, VALUES)
        chunks = form.lanes // 2 // VALUES
        zero = ir.Constant(chunk, None)

        def add(q: Any) -> list[list[Any]]:
            totals: list[Any] = []
            for dy, row in enumerate(rows):
                at = builder.add(row, q)
                where = builder.sext(builder.load(builder.gep(offset, [at])), _I64)
                where = plus(builder, where, dy * form.table(IMAGE_LEVELS))
                both = splat(builder, builder.load(builder.gep(weight, [at])), chunk)
                entry = builder.gep(table, [where])
                new = [
                    dot_words(
                        context,
                        builder,
                        both,
                        load(builder, entry, ir.Constant(_I64, 4 * VALUES * k), chunk),
                    )
                    for k in range(form.window * chunks)
                ]
                totals = [*map(builder.add, totals, new)] if totals else new
            return [totals[k : k + chunks] for k in range(0, len(totals), chunks)]

        def finish(j: Any, sums: list[Any]) -> None:
            level = builder.load(builder.gep(value, [plus(builder, builder.add(rows[1], j), 1)]))
            level = splat(builder, builder.add(builder.mul(level, gain), bias), chunk)
            first = builder.add(mine, builder.mul(j, ir.Constant(j.type, chunks * VALUES)))
            cell = []
            for k, total in enumerate(sums):
                more = load(builder, detail, plus(builder, first, k * VALUES), chunk)
                total = builder.add(builder.add(builder.shl(total, left), more), half)
                cell.append(builder.add(builder.ashr(total, right), level))
            first = builder.mul(builder.mul(j, column), ir.Constant(j.type, r))
            first = builder.add(position, first)
            for number, name in enumerate(DEEP_KINDS):
                with builder.if_then(builder.icmp_signed("==", kind, ir.Constant(_I64, number))):
                    done = [
                        finished(builder, one, name, last_half, last_right, white) for one in cell
                    ]
                    write(pointer(builder, arguments[9], ELEMENTS[name]), first, done)

        def write(target: Any, first: Any, cell: list[Any]) -> None:
            for u in range(r):
                place = builder.add(first, builder.mul(line, ir.Constant(line.type, u)))
                for v in range(r):
                    k, lane = divmod(u * r + v, VALUES)
                    one = builder.extract_element(cell[k], ir.Constant(_I32, lane))
                    builder.store(one, builder.gep(target, [place]))
                    place = builder.add(place, column)

        slide(builder, 3, [zero] * chunks, pixels, add, finish, always=False)
        return context.get_dummy_value()

    arguments = (
        tags, base, offsets, weights, window, values, details, own, numbers, out, kind, at, strides,
        count,
    )  # fmt: skip
    return types.void(*arguments), generate
