"""Depths of files that are not those of arrays: samples of 1 to 15 bits become 8 or 16."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ._picture import Picture


def widened(pixels: NDArray[Any], bits: int, picture: Picture) -> NDArray[Any]:
    """Scale samples of some bits to 8 or 16, so that white stays white, and add a note.

    Parameters
    ----------
    pixels : ndarray of uint8, uint16 or bool
    bits : int
        Of each sample, 1 to 16; the highest value is white.
    picture : Picture
        Its notes gain a line for depths that are no power of two, and for 1 bit.
    """
    wanted = 8 if bits <= 8 else 16
    dtype = np.dtype(f"uint{wanted}")
    if bits == wanted:
        return pixels.astype(dtype, copy=False)
    if bits not in (2, 4):
        picture.note(f"{bits} bit{'s' * (bits > 1)} per pixel became {wanted}")
    top, white = 2**wanted - 1, 2**bits - 1
    table = (np.arange(white + 1, dtype=np.uint64) * top + white // 2) // white
    scaled: NDArray[Any] = table.astype(dtype)[pixels.astype(np.uint16)]
    return scaled
