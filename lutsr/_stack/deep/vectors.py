"""One row of one layer of an image deeper than 8 bits, written as LLVM instructions on vectors.

The counterpart of `lutsr._stack.vectors`. Here an entry is a pair of the tables' entries
(`lutsr._stack.deep.plan`), a position is a level times 16 and its fraction, and the two weights of
a position are stored beside it, twice in 32 bits. Arrays are given by their addresses. Products of
bytes are summed in 16 bits for up to 16 entries, and then in 32 bits: the even outputs in one
vector, the odd ones in another.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from ..._numba.llvm import at_pointer, clip, constants, freeze, pick, plus, pointer, splat
from ..layout import Form
from ..vectors import ring_rows
from .layout import IMAGE_LEVELS, PARTS, deep_forms
from .products import dot_bytes, join_words, split_words
from .slide import slide

_I8, _I16, _I32, _I64 = (ir.IntType(bits) for bits in (8, 16, 32, 64))

#: Entries whose products, each at most 16 * 128, are summed in 16 bits.
GROUP = 16

#: Entries after which a sum is fixed by `freeze`; see `lutsr._stack.windows.GROUP`.
FIXED = 4

#: Pixels before each row of maps and of details: the first ones of a window are not complete.
FRONT = 4

#: Values of 32 bits in a vector.
VALUES = 8


def number_vector(builder: Any, number: Any, count: int = VALUES) -> Any:
    """Return a vector of a number in 32 bits."""
    narrow = builder.trunc(number, _I32) if number.type.width > 32 else number
    return splat(builder, narrow, ir.VectorType(_I32, count))


def load(builder: Any, pointer: Any, start: Any, kind: Any) -> Any:
    return builder.load(at_pointer(builder, pointer, start, kind), align=2)


def _halves(builder: Any, pointer: Any, at: Any, lanes: int) -> list[Any]:
    """Load what is stored for the even lanes and then for the odd ones."""
    kind = ir.VectorType(_I32, lanes // 2)
    return [load(builder, pointer, plus(builder, at, k * lanes // 2), kind) for k in (0, 1)]


def _positions(builder: Any, source: Any, at: Any, channels: int) -> Iterator[Any]:
    """Load the positions of all channels of a pixel without their fractions, four at a time."""
    whole = (1 << 16) - PARTS
    several = channels - channels % 4
    for channel in range(several):
        if channel % 4 == 0:
            four = load(builder, source, plus(builder, at, channel), _I64)
            four = builder.and_(four, ir.Constant(_I64, whole * 0x0001000100010001))
        shifted = builder.lshr(four, ir.Constant(_I64, 16 * (channel % 4)))
        yield builder.and_(shifted, ir.Constant(_I64, 0xFFFF))
    for channel in range(several, channels):
        one = builder.load(builder.gep(source, [plus(builder, at, channel)]))
        yield builder.and_(builder.zext(one, _I64), ir.Constant(_I64, whole))


def _layer_row(
    context: Any,
    builder: Any,
    form: Form,
    shape: tuple[int, int, int],
    table: Any,
    source: Any,
    weights: Any,
    rows: list[Any],
    start: list[Any],
    count: Any,
    finish: Callable[[Any, list[Any]], None],
) -> None:
    """Sum up a row of a layer.

    Parameters
    ----------
    form : Form
    shape : tuple of int
        Channels of the source, elements from pixel to pixel, and levels.
    table : pointer to int8
    source, weights : pointers to uint16 and uint32
        Positions, and their weights.
    rows : list of integer values
        Where the rows of the window start in both.
    start, count, finish
        As in `slide`; sums are those of the even lanes and those of the odd ones.
    """
    channels, stride, levels = shape
    size, words = form.table(levels), ir.VectorType(_I16, min(form.lanes, 2 * VALUES))
    slot = form.lanes // words.count

    def found(q: Any) -> Iterator[tuple[Any, Any]]:
        for dy, row in enumerate(rows):
            first = builder.add(row, builder.mul(q, ir.Constant(q.type, stride)))
            for channel, position in enumerate(_positions(builder, source, first, channels)):
                where = builder.mul(position, ir.Constant(_I64, form.entry // PARTS))
                where = plus(builder, where, (dy * channels + channel) * size)
                weight = load(builder, weights, plus(builder, first, channel), _I32)
                both = splat(builder, weight, ir.VectorType(_I32, words.count // 2))
                yield builder.gep(table, [where]), builder.bitcast(both, words)

    def add(q: Any) -> list[list[Any]]:
        totals: list[Any] = []
        entries = list(range(len(rows) * channels))
        several = found(q)
        for begin in range(0, len(entries), GROUP):
            sums: list[Any] = []
            for number in entries[begin : begin + GROUP]:
                pointer, weight = next(several)
                new = []
                for k in range(form.window * slot):
                    at = ir.Constant(_I64, 2 * k * words.count)
                    pairs = builder.load(at_pointer(builder, pointer, at, words), align=2)
                    new.append(dot_bytes(context, builder, weight, pairs))
                sums = [*map(builder.add, sums, new)] if sums else new
                if number % FIXED == FIXED - 1:
                    sums = [freeze(builder, one) for one in sums]
            parts = [half for one in sums for half in split_words(builder, freeze(builder, one))]
            totals = [*map(builder.add, totals, parts)] if totals else parts
        return [totals[k : k + 2 * slot] for k in range(0, len(totals), 2 * slot)]

    slide(builder, form.window, start, count, add, finish, always=True)


def _store_positions(builder: Any, even: Any, odd: Any, maps: Any, weights: Any, at: Any) -> None:
    """Store positions and their weights."""
    words = join_words(builder, even, odd)
    n = words.type.count
    builder.store(words, at_pointer(builder, maps, at, words.type), align=2)
    parts = builder.and_(words, constants(_I16, [PARTS - 1] * n))
    rest = builder.sub(constants(_I16, [PARTS] * n), parts)
    both = builder.or_(rest, builder.shl(parts, constants(_I16, [8] * n)))
    twice = pick(builder, both, [k // 2 for k in range(2 * n)])
    builder.store(twice, at_pointer(builder, weights, at, twice.type), align=2)


@intrinsic
def deep_first_row(
    typing_context,
    tags,
    table,
    start,
    source,
    weights,
    window,
    bounds,
    maps,
    map_weights,
    at,
    count,
):
    """Compute a row of the first layer's maps from an image.

    Parameters
    ----------
    tags : Tags
    table : int8
    start : int32
        What sums start with: the even lanes first.
    source, weights : uint16 and uint32
        Positions of the image.
    window : tuple of int
        Rows of the ring in these, their length, its start, and the first row of the window.
    bounds : tuple of int
        Binary logarithm of the divisor, and the highest position.
    maps, map_weights : uint16 and uint32
    at : int
        Where to write in both.
    count : int
        Output pixels.
    """

    def generate(context, builder, signature, arguments):
        known = signature.args[0].values
        form = deep_forms(known)[0]
        table, starts, source, weights, maps, map_weights = (
            pointer(builder, arguments[k], kind)
            for k, kind in ((1, _I8), (2, _I32), (3, _I16), (4, _I32), (7, _I16), (8, _I32))
        )
        shift, top = (builder.extract_value(arguments[6], k) for k in (0, 1))
        position, pixels = arguments[9:]
        rows = ring_rows(builder, arguments[5], known.window)
        write = _writer(builder, form, shift, top, maps, map_weights, position)
        _layer_row(
            context,
            builder,
            form,
            (1, 1, IMAGE_LEVELS),
            table,
            source,
            weights,
            rows,
            _starts(builder, form, starts, ir.Constant(_I64, 0)),
            pixels,
            lambda j, values: write(j, values, None),
        )
        return context.get_dummy_value()

    arguments = (tags, table, start, source, weights, window, bounds, maps, map_weights, at, count)
    return types.void(*arguments), generate


def _starts(builder: Any, form: Form, starts: Any, at: Any) -> list[Any]:
    """Load what the sums of a slot start with: even and odd lanes of each vector in turn."""
    lanes = min(form.lanes, 2 * VALUES)
    return [
        half
        for k in range(0, form.lanes, lanes)
        for half in _halves(builder, starts, plus(builder, at, k), lanes)
    ]


def _writer(
    builder: Any, form: Form, shift: Any, top: Any, maps: Any, weights: Any, position: Any
) -> Callable[[Any, list[Any], Any], None]:
    """Return a function that divides sums, clips them, and stores positions and weights."""
    lanes = min(form.lanes, 2 * VALUES)
    divide, highest = (number_vector(builder, one, lanes // 2) for one in (shift, top))

    def write(j: Any, values: list[Any], own: Any) -> None:
        for k in range(form.lanes // lanes):
            halves = values[2 * k : 2 * k + 2]
            if own is not None:
                halves = [*map(builder.add, halves, own(j, k))]
            halves = [builder.ashr(one, divide) for one in halves]
            zero = ir.Constant(divide.type, None)
            even, odd = (clip(builder, one, zero, highest) for one in halves)
            at = builder.add(position, builder.mul(j, ir.Constant(j.type, form.lanes)))
            _store_positions(builder, even, odd, maps, weights, plus(builder, at, k * lanes))

    return write


@intrinsic
def deep_body_row(typing_context, tags, table, start, maps, map_weights, window, bounds, at, count):
    """Compute a row of a hidden layer's maps from those of the layer before, in the same arrays.

    Parameters
    ----------
    tags, table, window, bounds, maps, map_weights, at, count
        As in `deep_first_row`; the window is in `maps`.
    start : int32
        What sums start with, and after it the gains of the channels' own positions.
    """

    def generate(context, builder, signature, arguments):
        known = signature.args[0].values
        form = deep_forms(known)[1]
        table, starts, maps, map_weights = (
            pointer(builder, arguments[k], kind)
            for k, kind in ((1, _I8), (2, _I32), (3, _I16), (4, _I32))
        )
        shift, top = (builder.extract_value(arguments[6], k) for k in (0, 1))
        position, pixels = arguments[7:]
        rows = ring_rows(builder, arguments[5], 3)
        gains = _starts(builder, form, starts, ir.Constant(_I64, form.lanes))
        lanes = min(form.lanes, 2 * VALUES)

        def own(j: Any, k: int) -> list[Any]:
            step = builder.mul(j, ir.Constant(j.type, form.lanes))
            at = plus(builder, builder.add(rows[1], step), form.lanes + k * lanes)
            words = load(builder, maps, at, ir.VectorType(_I16, lanes))
            halves = split_words(builder, words)
            return [*map(builder.mul, halves, gains[2 * k : 2 * k + 2])]

        write = _writer(builder, form, shift, top, maps, map_weights, position)
        _layer_row(
            context,
            builder,
            form,
            (known.channels, form.lanes, known.levels),
            table,
            maps,
            map_weights,
            rows,
            _starts(builder, form, starts, ir.Constant(_I64, 0)),
            pixels,
            lambda j, values: write(j, values, own),
        )
        return context.get_dummy_value()

    arguments = (tags, table, start, maps, map_weights, window, bounds, at, count)
    return types.void(*arguments), generate


@intrinsic
def deep_detail_row(
    typing_context, tags, table, maps, map_weights, window, constant, source, own, scaling, details,
    at, count,
):  # fmt: skip
    """Compute a row of details from the maps of the last hidden layer.

    Parameters
    ----------
    tags, table, window, maps, map_weights, count
        As in `deep_body_row`.
    constant : int32
        What sums start with for each position of the pixel: minus the sums of a constant image.
    source, own : uint16 and int
        Positions of the image, and where the first output pixel's one is.
    scaling : tuple of int
        What details are reduced by, and multiplied by.
    details : int32
    at : int
        Where to write.
    """

    def generate(context, builder, signature, arguments):
        known = signature.args[0].values
        form, hidden = deep_forms(known)[2], deep_forms(known)[1]
        table, maps, map_weights, constant, source, details = (
            pointer(builder, arguments[k], kind)
            for k, kind in ((1, _I8), (2, _I16), (3, _I32), (5, _I32), (6, _I16), (9, _I32))
        )
        least, factor = (builder.extract_value(arguments[8], k) for k in (0, 1))
        mine, position, pixels = arguments[7], arguments[10], arguments[11]
        rows = ring_rows(builder, arguments[4], 3)
        lanes = min(form.lanes, 2 * VALUES)
        most, factor = (number_vector(builder, one, lanes // 2) for one in (least, factor))
        low = builder.sub(ir.Constant(most.type, None), most)

        def finish(j: Any, values: list[Any]) -> None:
            level = builder.load(builder.gep(source, [builder.add(mine, j)]))
            level = builder.mul(builder.zext(level, _I64), ir.Constant(_I64, form.lanes))
            values = [*map(builder.add, values, _starts(builder, form, constant, level))]
            values = [builder.sub(one, clip(builder, one, low, most)) for one in values]
            even, odd = (builder.mul(one, factor) for one in values)
            n = even.type.count
            mixed = pick(builder, even, [k // 2 + n * (k % 2) for k in range(2 * n)], odd)
            where = builder.add(position, builder.mul(j, ir.Constant(j.type, form.lanes)))
            builder.store(mixed, at_pointer(builder, details, where, mixed.type), align=4)

        zero = ir.Constant(ir.VectorType(_I32, lanes // 2), None)
        _layer_row(
            context,
            builder,
            form,
            (known.channels, hidden.lanes, known.levels),
            table,
            maps,
            map_weights,
            rows,
            [zero, zero],
            pixels,
            finish,
        )
        return context.get_dummy_value()

    arguments = (
        tags, table, maps, map_weights, window, constant, source, own, scaling, details, at, count
    )  # fmt: skip
    return types.void(*arguments), generate
