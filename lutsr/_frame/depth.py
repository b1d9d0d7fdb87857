"""Pixel types other than uint8: how their values become integers, and back.

Tables are indexed by the 256 grey levels of 8 bits. Deeper values lie between two levels, at an
integer number of *steps*: a level has 257 steps for uint16, so that 65535 is level 255, and 2**14
for floats, so that 1.0 is step 4,177,920. So floats are rounded to 22 bits, and results have up
to 24. Weights of an interpolation between levels fit 16 bits and sums fit 32: the result depends
on nothing but the image and the model.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

#: Steps between two levels of floats: the most for which weights, from 0 to all, fit int16.
FLOAT_STEPS = 1 << 14

#: Types of deep images that kernels take, by number; int32 are steps, and what is computed is sums.
DEEP_KINDS = ("int32", "uint16", "float32", "float64")

#: Types of images for which such kernels write the result's values themselves.
DIRECT_TYPES = ("uint8", "uint16", "float32", "float64")


def steps_per_level(dtype: np.dtype[Any]) -> int:
    """Return how many steps a grey level has in images of this type."""
    if dtype.kind == "f":
        return FLOAT_STEPS
    return 257 if dtype.itemsize == 2 else 1


def to_steps(image: NDArray[Any]) -> NDArray[np.int32]:
    """Convert the values of an image, uint8, uint16 or float, to steps.

    Floats outside [0, 1] are clipped.
    """
    if image.dtype.kind == "f":
        steps = np.rint(image * np.float64(255 * FLOAT_STEPS)).astype(np.int32)
        return np.clip(steps, 0, 255 * FLOAT_STEPS, out=steps)
    return image.astype(np.int32)


def from_sums(
    sums: NDArray[np.int32], out: NDArray[Any], divisor: int, half_even: bool = False
) -> None:
    """Divide sums, and write them as values of the output's type: rounded if integer, clipped.

    Parameters
    ----------
    sums : ndarray of int32
        In units of 1 / divisor of a step. Overwritten.
    out : ndarray of uint8, uint16 or float, of the same shape
    divisor : int
    half_even : bool
        Whether halves are rounded to the even integer, else up.
    """
    if out.dtype.kind == "f":
        white = 255 * FLOAT_STEPS * divisor
        np.clip(sums, 0, white, out=sums)
        np.divide(sums.astype(out.dtype), out.dtype.type(white), out=out)
        return
    halves = sums % divisor == divisor // 2 if half_even and divisor % 2 == 0 else None
    sums += divisor // 2
    if divisor & (divisor - 1):
        sums //= divisor
    else:
        sums >>= divisor.bit_length() - 1
    if halves is not None:
        sums -= halves & (sums & 1 == 1)
    np.clip(sums, 0, 255 * steps_per_level(out.dtype), out=sums)
    out[...] = sums
