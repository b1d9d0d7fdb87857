"""Sums that move down by one slot from pixel to pixel; see `lutsr._stack.layout`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from llvmlite import ir

from ..._numba.llvm import for_range, plus, variable


def slide(
    builder: Any,
    window: int,
    start: list[Any],
    count: Any,
    add: Callable[[Any], list[list[Any]]],
    finish: Callable[[Any, list[Any]], None],
    always: bool,
) -> None:
    """Sum up a row of pixels, in sums that move down by one slot for each pixel.

    Parameters
    ----------
    window : int
        Slots.
    start : list of vectors
        What a slot starts with.
    count : integer value
        Output pixels.
    add : function
        Takes the index of an input pixel and returns what it adds to each slot.
    finish : function
        Takes the index of an output pixel and its sums.
    always : bool
        Whether `finish` may be called for the `window` - 1 pixels before the first one. Otherwise
        LLVM computes the first slot where `finish` is called, apart from the others.
    """
    state = [[variable(builder, one) for one in start] for _ in range(window)]
    with for_range(builder, plus(builder, count, window - 1)) as loop:
        added = add(loop.index)
        sums = [
            [builder.add(builder.load(at), new) for at, new in zip(held, more, strict=True)]
            for held, more in zip(state, added, strict=True)
        ]
        for held, values in zip(state, [*sums[1:], start], strict=True):
            for at, value in zip(held, values, strict=True):
                builder.store(value, at)
        pixel = plus(builder, loop.index, 1 - window)
        if always:
            finish(pixel, sums[0])
        else:
            with builder.if_then(builder.icmp_signed(">=", pixel, ir.Constant(pixel.type, 0))):
                finish(pixel, sums[0])
