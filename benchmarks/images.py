"""Test images: a photograph from scikit-image, so that nothing is downloaded, noise, and flat."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from skimage import data

Image = NDArray[np.uint8]

#: The usual, the worst and the best case for a look-up table. The more neighbouring pixels
#: differ, the more of the table is in use, and the more cache misses there are.
KINDS = ("photo", "noise", "flat")


def make(kind: str, height: int, width: int) -> Image:
    """Return an RGB image of one of `KINDS`, the same on every machine."""
    if kind == "photo":
        return photograph(height, width)
    if kind == "noise":
        return np.random.default_rng(0).integers(0, 256, (height, width, 3), np.uint8)
    if kind == "flat":
        return np.full((height, width, 3), 128, np.uint8)
    raise ValueError(f"kind: got {kind!r}, wanted one of {', '.join(KINDS)}")


def photograph(height: int = 540, width: int = 960) -> Image:
    """Return an RGB photograph of any size, the same on every machine.

    It is scikit-image's "coffee" (CC0, by Rachel Michetti). If it is too small, it is mirrored at
    its edges, not stretched, so that it has the detail of a photograph.

    Parameters
    ----------
    height, width : int

    Returns
    -------
    ndarray of uint8, shape (height, width, 3)
    """
    coffee = data.coffee()
    missing = [max(0, n - have) for n, have in zip((height, width), coffee.shape, strict=False)]
    padded = np.pad(coffee, [(0, missing[0]), (0, missing[1]), (0, 0)], mode="symmetric")
    return np.ascontiguousarray(padded[:height, :width])
