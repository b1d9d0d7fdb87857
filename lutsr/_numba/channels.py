"""Copying pixels between interleaved channels and planes, a few at a time."""

from __future__ import annotations

from typing import Any

import numpy as np
from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from .jit import part
from .llvm import pick, pointer
from .memory import load, store

#: Number of pixels that are copied at once.
PIXELS_AT_ONCE = 16

_I8, _I64 = ir.IntType(8), ir.IntType(64)


def _plane(builder: Any, address: Any, size: Any, channel: int) -> Any:
    return builder.add(address, builder.mul(size, ir.Constant(_I64, channel)))


def _interleaver(channels: int) -> Any:
    @intrinsic
    def interleave(typing_context, source, size, target):
        """Copy a few pixels from planes, `size` bytes apart, to interleaved channels."""

        def generate(context, builder, signature, arguments):
            address, distance, out = arguments
            line = ir.VectorType(_I8, PIXELS_AT_ONCE)
            places = [_plane(builder, address, distance, c) for c in range(channels)]
            planes = [builder.load(pointer(builder, at, line), align=1) for at in places]
            planes += planes[-1:]
            pairs = [
                pick(builder, planes[c], range(2 * PIXELS_AT_ONCE), planes[c + 1])
                for c in range(0, channels, 2)
            ]
            order = [c * PIXELS_AT_ONCE + k for k in range(PIXELS_AT_ONCE) for c in range(channels)]
            pixels = pick(builder, pairs[0], order, pairs[-1])
            builder.store(pixels, pointer(builder, out, pixels.type), align=1)
            return context.get_dummy_value()

        return types.void(source, size, target), generate

    return interleave


_interleave_2, _interleave_3, _interleave_4 = map(_interleaver, (2, 3, 4))


def _splitter(channels: int) -> Any:
    @intrinsic
    def split(typing_context, source, size, target):
        """Copy a few pixels of interleaved channels to planes, `size` bytes apart."""

        def generate(context, builder, signature, arguments):
            address, distance, out = arguments
            line = ir.VectorType(_I8, PIXELS_AT_ONCE * channels)
            pixels = builder.load(pointer(builder, address, line), align=1)
            for c in range(channels):
                plane = pick(builder, pixels, range(c, PIXELS_AT_ONCE * channels, channels))
                place = _plane(builder, out, distance, c)
                builder.store(plane, pointer(builder, place, plane.type), align=1)
            return context.get_dummy_value()

        return types.void(source, size, target), generate

    return split


_split_2, _split_3, _split_4 = map(_splitter, (2, 3, 4))


@part
def split_channels(source, count, channels, size, planes):
    """Copy `count` pixels of 8-bit channels from an address to planes, `size` bytes apart."""
    step = PIXELS_AT_ONCE
    if channels == 1 or channels > 4 or count < step:
        for c in range(channels):
            for k in range(count):
                level = load(source, k * channels + c, np.uint8)
                store(planes, c * size + k, np.uint8, level)
        return
    # The last pixels are copied together with some of those before them.
    for k in range(0, count, step):
        at = min(k, count - step)
        if channels == 2:
            _split_2(source + 2 * at, size, planes + at)
        elif channels == 3:
            _split_3(source + 3 * at, size, planes + at)
        else:
            _split_4(source + 4 * at, size, planes + at)


@part
def join_channels(planes, size, channels, count, out):
    """Copy `count` pixels from planes, `size` bytes apart, to interleaved channels."""
    step = PIXELS_AT_ONCE
    if channels == 1 or channels > 4 or count < step:
        for c in range(channels):
            for k in range(count):
                store(out, k * channels + c, np.uint8, load(planes, c * size + k, np.uint8))
        return
    for k in range(0, count, step):
        at = min(k, count - step)
        if channels == 2:
            _interleave_2(planes + at, size, out + 2 * at)
        elif channels == 3:
            _interleave_3(planes + at, size, out + 3 * at)
        else:
            _interleave_4(planes + at, size, out + 4 * at)
