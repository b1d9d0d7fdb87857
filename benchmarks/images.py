"""Images to measure on: photographs that come with scikit-image, so nothing is downloaded."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from skimage import data


def photograph(height: int = 540, width: int = 960) -> NDArray[np.uint8]:
    """Return an RGB photograph of any size, the same on every machine.

    It is scikit-image's "coffee" (CC0, by Rachel Michetti), mirrored at its edges rather than
    stretched where it is too small, so that its detail stays that of a photograph: how far
    neighbouring pixels differ decides how well a look-up table fits the caches.

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
