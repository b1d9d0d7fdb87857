"""One row of one layer, written as LLVM instructions on vectors.

`lutsr._stack.layout` describes entries, and how sums slide through registers. Nothing here is
compiled by itself; `lutsr._stack.kernels` puts it together. All arrays are flat, they are given by
their addresses, and all positions are in elements.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from typing import Any

from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from .._numba.llvm import at_pointer, clip, constants, pick, plus, pointer, splat
from .layout import LUMA, UNIT, Form, Tags, lanes_for
from .windows import I16, I64, joined, sum_row

_I8 = ir.IntType(8)

#: Number of pixels that `add_luma` takes.
LUMA_AT_ONCE = 32


def forms(tags: Tags) -> tuple[Form, Form, Form, Form]:
    """Return the forms of entries of the first, hidden and last layers and of the base."""
    lanes, cell = lanes_for(tags.channels), lanes_for(tags.scale**2)
    return (
        Form(tags.window, lanes, True),
        Form(3, lanes, True),
        Form(3, cell, True),
        Form(3, cell, False),
    )


def _splat(builder: Any, value: Any, count: int) -> Any:
    return splat(builder, builder.trunc(value, I16), ir.VectorType(I16, count))


def _entry(builder: Any, table: Any, at: Any, index: Any, scale: int) -> Any:
    """Point at an entry, `index` times `scale` bytes after `at`."""
    wide = builder.zext(index, I64)
    return builder.gep(table, [builder.add(builder.mul(wide, ir.Constant(I64, scale)), at)])


def _image_pointers(builder: Any, form: Form, table: Any, levels: list[Any]) -> Iterator[Any]:
    """Point at the entries of an image's pixel, by window row."""
    for k, level in enumerate(levels):
        yield _entry(builder, table, ir.Constant(I64, k * form.table(256)), level, form.entry)


def _indices(builder: Any, maps: Any, at: Any, channels: int) -> Iterator[Any]:
    """Load all channels of a pixel: four at a time, as loads are what kernels wait for."""
    several = channels - channels % 4
    for channel in range(several):
        if channel % 4 == 0:
            pointer = at_pointer(builder, maps, plus(builder, at, channel), I64)
            four = builder.load(pointer, align=2)
        place = channel % 4 if sys.byteorder == "little" else 3 - channel % 4
        yield builder.trunc(builder.lshr(four, ir.Constant(I64, 16 * place)), I16)
    for channel in range(several, channels):
        yield builder.load(builder.gep(maps, [plus(builder, at, channel)]))


def _map_pointers(
    builder: Any, form: Form, channels: int, levels: int, table: Any, maps: Any, rows: Any
) -> Callable[[Any], list[Iterator[Any]]]:
    """Return a function that points at the entries of a pixel of maps."""
    size, stride = form.table(levels), lanes_for(channels)

    def entries(q: Any) -> Iterator[Any]:
        for dy, row in enumerate(rows):
            first = builder.add(row, builder.mul(q, ir.Constant(q.type, stride)))
            for channel, index in enumerate(_indices(builder, maps, first, channels)):
                where = ir.Constant(I64, (dy * channels + channel) * size)
                yield _entry(builder, table, where, index, form.entry // UNIT)

    return lambda q: [entries(q)]


def ring_rows(builder: Any, ring: Any, count: int) -> list[Any]:
    """Return where some rows of a ring start.

    `ring` is the number of its rows, their length, where it starts, and the first row wanted.
    """
    rows, length, start, first = (builder.extract_value(ring, k) for k in range(4))
    found = []
    for k in range(count):
        row = builder.urem(plus(builder, first, k), rows)
        found.append(builder.add(start, builder.mul(row, length)))
    return found


def _store_levels(
    builder: Any, lanes: int, values: Any, shift: Any, top: Any, maps: Any, at: Any
) -> None:
    """Divide sums, clip, and store levels times `UNIT`."""
    unit = constants(I16, [UNIT.bit_length() - 1] * lanes)
    values = builder.ashr(values, shift)
    values = clip(builder, values, ir.Constant(values.type, None), top)
    values = builder.shl(values, unit)
    builder.store(values, at_pointer(builder, maps, at, values.type), align=2)


@intrinsic
def add_luma(typing_context, planes, size):
    """Compute the luma of pixels from the three planes from an address on, `size` bytes apart.

    It is stored in the fourth plane.
    """

    def generate(context, builder, signature, arguments):
        line = ir.VectorType(_I8, LUMA_AT_ONCE)
        words = ir.VectorType(I16, LUMA_AT_ONCE)
        place, sums = arguments[0], constants(I16, [128] * LUMA_AT_ONCE)
        for factor in LUMA:
            levels = builder.load(pointer(builder, place, line), align=1)
            factors = constants(I16, [factor] * LUMA_AT_ONCE)
            sums = builder.add(sums, builder.mul(builder.zext(levels, words), factors))
            place = builder.add(place, arguments[1])
        # At most 256 * 255 + 128: the words are not signed.
        sums = builder.lshr(sums, constants(I16, [8] * LUMA_AT_ONCE))
        builder.store(builder.trunc(sums, line), pointer(builder, place, line), align=1)
        return context.get_dummy_value()

    return types.void(planes, size), generate


@intrinsic
def first_row(typing_context, tags, table, start, planes, window, shift, top, maps, at, count):
    """Compute a row of the first layer's maps from an image.

    Parameters
    ----------
    tags : Tags
    table : int8
    start : int16
    planes : uint8
        Levels of the image.
    window : tuple of int
        Rows of the ring in `planes`, their length, its start, and the first row of the window.
    shift : int
        Binary logarithm of the divisor.
    top : int
        Highest level.
    maps : uint16
    at : int
        Where to write.
    count : int
        Output pixels.
    """

    def generate(context, builder, signature, arguments):
        known = signature.args[0].values
        form = forms(known)[0]
        entries, starts, image, target = (
            pointer(builder, arguments[k], kind)
            for k, kind in ((1, _I8), (2, I16), (3, _I8), (7, I16))
        )
        rows = ring_rows(builder, arguments[4], known.window)
        divide, highest = (_splat(builder, arguments[k], form.lanes) for k in (5, 6))
        position, pixels = arguments[8:]

        def pointers(q):
            levels = [builder.load(builder.gep(image, [builder.add(row, q)])) for row in rows]
            return [_image_pointers(builder, form, entries, levels)]

        def finish(j, values):
            where = builder.add(position, builder.mul(j, ir.Constant(j.type, form.lanes)))
            _store_levels(builder, form.lanes, values[0], divide, highest, target, where)

        sum_row(builder, form, known.vector, starts, pixels, pointers, finish)
        return context.get_dummy_value()

    arguments = (tags, table, start, planes, window, shift, top, maps, at, count)
    return types.void(*arguments), generate


@intrinsic
def body_row(typing_context, tags, table, start, window, shift, top, maps, at, count):
    """Compute a row of a hidden layer's maps from those of the layer before, in the same array.

    Parameters
    ----------
    tags, table, window, shift, top, maps, at, count
        As in `first_row`; the window is in `maps`.
    start : int16
        What slots start with, and after it the gains of the channels' own levels.
    """

    def generate(context, builder, signature, arguments):
        known = signature.args[0].values
        form = forms(known)[1]
        entries, starts, target = (
            pointer(builder, arguments[k], kind) for k, kind in ((1, _I8), (2, I16), (6, I16))
        )
        rows = ring_rows(builder, arguments[3], 3)
        divide, highest = (_splat(builder, arguments[k], form.lanes) for k in (4, 5))
        position, pixels = arguments[7:]
        pointers = _map_pointers(builder, form, known.channels, known.levels, entries, target, rows)

        def finish(j, values):
            step = builder.mul(j, ir.Constant(j.type, form.lanes))
            own = plus(builder, builder.add(rows[1], step), form.lanes)
            levels = builder.load(at_pointer(builder, target, own, gains.type), align=2)
            levels = builder.lshr(levels, constants(I16, [UNIT.bit_length() - 1] * form.lanes))
            sums = builder.add(values[0], builder.mul(levels, gains))
            where = builder.add(position, step)
            _store_levels(builder, form.lanes, sums, divide, highest, target, where)

        after = ir.Constant(I64, form.lanes)
        gains = at_pointer(builder, starts, after, ir.VectorType(I16, form.lanes))
        gains = builder.load(gains, align=2)
        sum_row(builder, form, known.vector, starts, pixels, pointers, finish)
        return context.get_dummy_value()

    arguments = (tags, table, start, window, shift, top, maps, at, count)
    return types.void(*arguments), generate


@intrinsic
def detail_row(
    typing_context, tags, table, start, maps, window, flat, planes, own, details, at, count
):
    """Compute a row of details from the maps of the last hidden layer.

    Parameters
    ----------
    tags, table, start, maps, window, count
        As in `body_row`.
    flat : int16
        A slot for each level, added by the pixel's own level.
    planes, own : uint8 and int
        Levels of the image, and where the first output pixel's one is.
    details : int16
    at : int
        Where to write.
    """

    def generate(context, builder, signature, arguments):
        known = signature.args[0].values
        form = forms(known)[2]
        entries, starts, source, flats, image, target = (
            pointer(builder, arguments[k], kind)
            for k, kind in ((1, _I8), (2, I16), (3, I16), (5, I16), (6, _I8), (8, I16))
        )
        rows = ring_rows(builder, arguments[4], 3)
        mine, position, pixels = (arguments[k] for k in (7, 9, 10))
        pointers = _map_pointers(builder, form, known.channels, known.levels, entries, source, rows)

        def finish(j, values):
            level = builder.zext(builder.load(builder.gep(image, [builder.add(mine, j)])), I64)
            lanes = ir.Constant(I64, form.lanes)
            where = at_pointer(builder, flats, builder.mul(level, lanes), values[0].type)
            detail = builder.add(values[0], builder.load(where, align=2))
            where = builder.add(position, builder.mul(j, ir.Constant(j.type, form.lanes)))
            builder.store(detail, at_pointer(builder, target, where, detail.type), align=2)

        sum_row(builder, form, known.vector, starts, pixels, pointers, finish)
        return context.get_dummy_value()

    arguments = (tags, table, start, maps, window, flat, planes, own, details, at, count)
    return types.void(*arguments), generate


@intrinsic
def pixel_row(
    typing_context, tags, base, start, planes, window, size, details, own, step, shift, out, at,
    stride, count,
):  # fmt: skip
    """Add the base to details and write the cells of a row of pixels.

    Parameters
    ----------
    tags, count
        As in `first_row`.
    base : int16
        Tables of the three rows of the window.
    start : int16
        What a slot starts with.
    planes : uint8
        Levels of the image.
    window, size : tuple of int and int
        The window in the first plane, and the distance between planes.
    details, own, step : int16, int and int
        Details, the place of the first pixel's in the first plane, and the distance between
        planes: 0 if all have the same.
    shift : int
        Binary logarithm of the divisor; for an output of int32, 0.
    out : uint8 or int32
        The image, or its sums.
    at, stride : int
        Where the first cell starts, and the distance between rows of the output. The rows of a cell
        are written as whole words, which end beyond it, but not those of the last cell.
    """

    def generate(context, builder, signature, arguments):
        known = signature.args[0].values
        form, r, C = forms(known)[3], known.scale, known.planes
        element = ir.IntType(known.bits)
        entries, starts, image, source, target = (
            pointer(builder, arguments[k], kind)
            for k, kind in ((1, _I8), (2, I16), (3, _I8), (6, I16), (10, element))
        )
        rows = ring_rows(builder, arguments[4], 3)
        apart, own_value, details_apart = (arguments[k] for k in (5, 7, 8))
        position, line, pixels = arguments[11:]
        divide = _splat(builder, arguments[9], form.lanes)
        surplus = (1 << (r * C - 1).bit_length()) - r * C

        def pointers(q):
            found = []
            for c in range(C):
                plane = builder.mul(apart, ir.Constant(I64, c))
                levels = [
                    builder.load(builder.gep(image, [builder.add(builder.add(row, plane), q)]))
                    for row in rows
                ]
                found.append(_image_pointers(builder, form, entries, levels))
            return found

        def finish(j, sums):
            cells = []
            for c, values in enumerate(sums):
                where = builder.add(own_value, builder.mul(details_apart, ir.Constant(I64, c)))
                where = builder.add(where, builder.mul(j, ir.Constant(I64, form.lanes)))
                detail = at_pointer(builder, source, where, values.type)
                values = builder.add(values, builder.load(detail, align=2))
                if known.bits == 8:
                    values = builder.ashr(values, divide)
                    bounds = (constants(I16, [bound] * form.lanes) for bound in (0, 255))
                    values = clip(builder, values, *bounds)
                    cells.append(builder.trunc(values, ir.VectorType(element, form.lanes)))
                else:
                    cells.append(builder.sext(values, ir.VectorType(element, form.lanes)))
            every = joined(builder, cells, 1 << (C - 1).bit_length())
            first = builder.add(position, builder.mul(j, ir.Constant(I64, r * C)))

            def write(more):
                for u in range(r):
                    lanes = [c * form.lanes + u * r + v for v in range(r) for c in range(C)]
                    row = pick(builder, every, lanes + lanes[:1] * more)
                    where = builder.add(first, builder.mul(line, ir.Constant(I64, u)))
                    builder.store(row, at_pointer(builder, target, where, row.type), align=1)

            if surplus:
                inside = builder.icmp_signed("<", plus(builder, j, 1), pixels)
                with builder.if_else(inside, likely=True) as (inner, last):
                    with inner:
                        write(surplus)
                    with last:
                        write(0)
            else:
                write(0)

        sum_row(builder, form, known.vector, starts, pixels, pointers, finish, C)
        return context.get_dummy_value()

    arguments = (
        tags, base, start, planes, window, size, details, own, step, shift, out, at, stride, count
    )  # fmt: skip
    return types.void(*arguments), generate
