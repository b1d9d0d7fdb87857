"""Sums of a row of pixels, kept in vector registers that move along it.

`lutsr._stack.layout` describes entries, slots and parts. These functions generate LLVM
instructions; `lutsr._stack.vectors` uses them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import islice
from typing import Any

from llvmlite import ir

from .._numba.llvm import at_pointer, constants, for_range, freeze, pick, plus, variable
from .layout import Form, Piece

I16, I64 = ir.IntType(16), ir.IntType(64)

#: Registers of a group, which is added up before the rest of a pixel's entries. Without groups LLVM
#: adds all words first and then all high bytes, and has no room for the entries meanwhile.
GROUP = 4

#: Sums of an entry's pieces: for each, of the words, and if packed of their high bytes.
Sums = list[list[Any]]


def _resized(builder: Any, vector: Any, count: int) -> Any:
    """Return the first lanes of a vector; lanes that it does not have are undefined."""
    have = vector.type.count
    if have == count:
        return vector
    return pick(builder, vector, [min(lane, have - 1) for lane in range(count)])


def joined(builder: Any, vectors: list[Any], count: int) -> Any:
    """Put vectors side by side, `count` of them, with zeros for those that are missing."""
    vectors = vectors + [ir.Constant(vectors[0].type, None)] * (count - len(vectors))
    while len(vectors) > 1:
        n = 2 * vectors[0].type.count
        pairs = zip(vectors[::2], vectors[1::2], strict=True)
        vectors = [pick(builder, one, range(n), other) for one, other in pairs]
    return vectors[0]


def _sum_piece(builder: Any, form: Form, piece: Piece, pointers: list[Any]) -> list[Any]:
    """Sum up one piece of some entries."""
    kind = ir.VectorType(I16, piece.width // 2)
    start = ir.Constant(I64, piece.start)
    parts: list[Any] = []
    for k in range(0, len(pointers), piece.together):
        loaded = [
            builder.load(at_pointer(builder, pointer, start, kind), align=1)
            for pointer in pointers[k : k + piece.together]
        ]
        words = joined(builder, loaded, piece.together)
        new = [words]
        if form.packed:
            new.append(builder.ashr(words, constants(I16, [8] * words.type.count)))
        parts = [*map(builder.add, parts, new)] if parts else new
    return parts


def _sum_entries(builder: Any, form: Form, vector: int, pointers: Iterator[Any]) -> Sums:
    """Sum up entries, for registers of `vector` bytes."""
    pieces = form.pieces(vector)
    step = GROUP * max(piece.together for piece in pieces)
    sums: Sums = []
    while group := [*islice(pointers, step)]:
        new = [_sum_piece(builder, form, piece, group) for piece in pieces]
        new = [[freeze(builder, total) for total in parts] for parts in new]
        sums = _added(builder, sums, new) if sums else new
    return [
        [_folded(builder, total, piece.width // 2) for total in parts]
        for piece, parts in zip(pieces, sums, strict=True)
    ]


def _added(builder: Any, one: Sums, other: Sums) -> Sums:
    return [[*map(builder.add, *parts)] for parts in zip(one, other, strict=True)]


def _folded(builder: Any, total: Any, count: int) -> Any:
    """Add what stands side by side in a register, until `count` words are left."""
    while total.type.count > count:
        half = total.type.count // 2
        upper = pick(builder, total, range(half, 2 * half))
        total = builder.add(pick(builder, total, range(half)), upper)
    return total


def _moved_down(builder: Any, form: Form, sums: Sums, start: list[Any]) -> Sums:
    """Move all slots but the first down by one; the last one starts anew."""
    moved, slot = [], 0
    for number, parts in enumerate(sums):
        count = parts[0].type.count
        slot += count // form.words
        following = sums[number + 1] if slot < form.window else start
        lanes = [*range(form.words, form.words + count)]
        if slot > form.window:  # there are slots that nothing uses
            used = count - (slot - form.window) * form.words
            lanes = [*range(form.words, used), *range(count, 2 * count - used + form.words)]
        moved.append(
            [
                pick(builder, part, lanes, _resized(builder, other, count))
                for part, other in zip(parts, following, strict=True)
            ]
        )
    return moved


def sum_row(
    builder: Any,
    form: Form,
    vector: int,
    start: Any,
    count: Any,
    pointers: Callable[[Any], list[Iterator[Any]]],
    finish: Callable[[Any, list[Any]], None],
    planes: int = 1,
) -> None:
    """Sum up the entries of a row of pixels.

    Parameters
    ----------
    form : Form
    vector : int
        Bytes of a register.
    start : pointer to int16
        What a slot starts with: for each part, its words.
    count : integer value
        Number of output pixels.
    pointers : function
        Takes the index of an input pixel and returns, for each plane, pointers to its entries:
        instructions that find one are generated when it is asked for.
    finish : function
        Takes the index of an output pixel and, for each plane, its values, a vector of 16 bits.
    planes : int
    """
    parts = 2 if form.packed else 1
    slot = ir.VectorType(I16, form.words)
    starts = [
        builder.load(at_pointer(builder, start, ir.Constant(I64, part * form.words), slot), align=2)
        for part in range(parts)
    ]
    states = []
    for piece in form.pieces(vector) * planes:
        n = piece.width // 2
        repeated = [pick(builder, one, [*range(form.words)] * (n // form.words)) for one in starts]
        states.append([variable(builder, value) for value in repeated])
    pieces = len(states) // planes
    with for_range(builder, plus(builder, count, form.window - 1)) as loop:
        results = []
        for plane, found in enumerate(pointers(loop.index)):
            held = states[plane * pieces : (plane + 1) * pieces]
            added = _sum_entries(builder, form, vector, found)
            sums = _added(builder, [[*map(builder.load, parts)] for parts in held], added)
            results.append(_first_slot(builder, form, sums[0]))
            for where, values in zip(held, _moved_down(builder, form, sums, starts), strict=True):
                for pointer, value in zip(where, values, strict=True):
                    builder.store(value, pointer)
        pixel = plus(builder, loop.index, 1 - form.window)
        with builder.if_then(builder.icmp_signed(">=", pixel, ir.Constant(pixel.type, 0))):
            finish(pixel, results)


def _first_slot(builder: Any, form: Form, parts: list[Any]) -> Any:
    """Return the values of slot 0."""
    every, *high = (_resized(builder, part, form.words) for part in parts)
    if not form.packed:
        return every
    shifted = builder.shl(high[0], constants(I16, [8] * form.words))
    return pick(builder, builder.sub(every, shifted), range(form.lanes), high[0])
