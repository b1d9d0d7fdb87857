"""Counting the pairs of grey levels in images."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from training.eclut.constants import LEVELS, PAIRS


def count_pairs(image: NDArray[np.uint8]) -> NDArray[np.int64]:
    """Count neighbouring pixels by their levels, of an image (H, W) or (H, W, C).

    Returns
    -------
    numpy.ndarray
        (256, 256), ``[a][b]`` for b below a, and to the right of it.
    """
    levels = image.astype(np.int32)
    total = np.zeros(PAIRS, np.int64)
    for first, second in ((levels[:-1], levels[1:]), (levels[:, :-1], levels[:, 1:])):
        numbers = (first * LEVELS + second).ravel()
        total += np.bincount(numbers, minlength=PAIRS)
    return total.reshape(LEVELS, LEVELS)
