"""Counting the pairs of grey levels in images."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from training.eclut.constants import LEVELS, PAIRS


def count_pairs(
    image: NDArray[np.uint8], weights: NDArray[np.float32] | None = None
) -> NDArray[Any]:
    """Count neighbouring pixels by their levels, of an image (H, W) or (H, W, C).

    Parameters
    ----------
    image : numpy.ndarray
    weights : numpy.ndarray, optional
        Of the image's shape: a pair then counts as much as the mean of its two pixels.

    Returns
    -------
    numpy.ndarray
        (256, 256), ``[a][b]`` for b below a, and to the right of it.
    """
    levels = image.astype(np.int32)
    total: NDArray[Any] = np.zeros(PAIRS, np.int64 if weights is None else np.float64)
    for one, other in ((np.s_[:-1], np.s_[1:]), (np.s_[:, :-1], np.s_[:, 1:])):
        numbers = (levels[one] * LEVELS + levels[other]).ravel()
        each = None if weights is None else (weights[one] + weights[other]).ravel() / 2
        total += np.bincount(numbers, each, minlength=PAIRS)
    return total.reshape(LEVELS, LEVELS)
