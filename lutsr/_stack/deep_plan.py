"""Tables of a stack for images deeper than 8 bits: which stacks take them, and how entries lie.

What lies between two levels is a sum of two products, so both levels' entries stand side by side:
a *pair*, a word of two bytes in the layers and of two 16-bit numbers in the base.
"""

from __future__ import annotations

import numpy as np

from .._frame.depth import FLOAT_STEPS
from .deep_reference import every_fourth
from .plan import Stack, sum_bounds

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
