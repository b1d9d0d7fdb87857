"""Tables of a stack for images deeper than 8 bits: which stacks take them, and how entries lie.

What lies between two levels is a sum of two products, so both levels' entries stand side by side:
a *pair*, a word of two bytes in the layers and of two 16-bit numbers in the base.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..._frame.depth import FLOAT_STEPS
from ..plan import Stack, sum_bounds
from .reference import every_fourth

_INT16 = np.iinfo(np.int16)

#: Largest sum, in entries, that fits int32 in steps of floats.
LARGEST = np.iinfo(np.int32).max // FLOAT_STEPS


def is_deep(stack: Stack) -> bool:
    """Return whether a stack takes deeper images: whether the sums of floats fit int32."""
    base = stack.base.astype(np.int64)
    base[1, 1, 0] -= stack.own * np.arange(256)[:, np.newaxis]
    low, high = sum_bounds(every_fourth(base))
    least, most = sum_bounds(stack.last)
    # A detail is a difference of two sums of the last layer.
    largest = np.maximum(-low, high) + most - least + abs(stack.own) * 255 + abs(stack.bias)
    fits = _INT16.min <= base.min() and base.max() <= _INT16.max
    return bool(fits and max(largest.max(), 255 * stack.divisor) <= LARGEST)


def pairs_of_bytes(tables: NDArray[np.int8]) -> NDArray[np.int64]:
    """Return each entry (..., levels, N) and the next level's as bytes of one word."""
    low, high = _pairs(tables)
    return (low & 255) | high << 8


def pairs_of_words(tables: NDArray[np.int16]) -> NDArray[np.int64]:
    """Return each entry (..., levels, N) and the next level's side by side, (..., levels, 2 N)."""
    both = np.stack(_pairs(tables), axis=-1)
    return both.reshape(*tables.shape[:-1], -1)


def _pairs(tables: NDArray[Any]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    low = tables.astype(np.int64)
    return low, np.concatenate([low[..., 1:, :], low[..., -1:, :]], axis=-2)


def halves(values: NDArray[Any], lanes: int) -> NDArray[np.int32]:
    """Return values (..., N) as sums lie in vectors: of each 16 lanes the even ones come first."""
    room = np.zeros((*values.shape[:-1], lanes), np.int32)
    room[..., : values.shape[-1]] = values
    vectors = room.reshape(*values.shape[:-1], -1, min(lanes, 16))
    mixed = np.concatenate([vectors[..., ::2], vectors[..., 1::2]], axis=-1)
    return mixed.reshape(room.shape)
