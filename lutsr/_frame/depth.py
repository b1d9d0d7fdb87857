"""Pixel types other than uint8: how their values become whole numbers, and back.

The table has a level for each of the 256 grey levels. Deeper values lie between two levels, at a
whole number of *steps*: 257 steps to the level for uint16, so that 65535 is level 255, and 2**14
for floats, so that 1.0 is step 4,177,920: floats are taken to 22 bits, and results are given to
24. Weights of the interpolation are then whole numbers of 16 bits, and every sum is one of 32:
the result depends on nothing but the image and the table.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

#: Entries are quarter grey levels, so the sum of the four rotations is shifted right by two.
SHIFT = 2

#: Steps between two levels of floats: the most for which weights, from 0 to all, fit int16.
FLOAT_STEPS = 1 << 14


def steps_per_level(dtype: np.dtype[Any]) -> int:
    """Say how many steps a grey level of the table has in images of this type."""
    if dtype.kind == "f":
        return FLOAT_STEPS
    return 257 if dtype.itemsize == 2 else 1


def to_steps(image: NDArray[Any]) -> NDArray[np.int32]:
    """Turn the values of an image, uint16 or float in [0, 1], into steps."""
    if image.dtype.kind == "f":
        return np.rint(image * np.float64(255 * FLOAT_STEPS)).astype(np.int32)
    return image.astype(np.int32)


def from_sums(sums: NDArray[np.int32], out: NDArray[Any]) -> None:
    """Turn sums in quarter steps into values: whole ones are rounded, all are clipped.

    The sums are used up.
    """
    if out.dtype.kind == "f":
        white = 255 * FLOAT_STEPS << SHIFT  # less than 2**24: exact in float32
        np.clip(sums, 0, white, out=sums)
        np.divide(sums.astype(out.dtype), out.dtype.type(white), out=out)
    else:
        sums += 1 << (SHIFT - 1)
        sums >>= SHIFT
        np.clip(sums, 0, 255 * steps_per_level(out.dtype), out=sums)
        out[...] = sums
