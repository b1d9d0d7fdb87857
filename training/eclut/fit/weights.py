"""How much a cell counts in the fit: more where the picture is flat, where patterns are visible.

The weight depends on the range of levels in the 3 x 3 input pixels around the cell: on what a table
can see of the original.
"""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray

from training.eclut.constants import LEVELS

#: Range of levels at which the additional weight is half of that of a constant picture.
HALF_RANGE = 6


def weights_by_range(flat_weight: float) -> NDArray[np.float32]:
    """Compute the weights (256,) of cells by the range of the levels around them.

    Parameters
    ----------
    flat_weight : float
        Weight of cells in constant surroundings. That of strong edges is about 1.
    """
    spread = np.arange(LEVELS) / HALF_RANGE
    return (1 + (flat_weight - 1) / (1 + spread**2)).astype(np.float32)


def ranges(images: torch.Tensor) -> torch.Tensor:
    """Compute the range of the levels in 3 x 3 pixels.

    Parameters
    ----------
    images : torch.Tensor
        uint8 or int64, (..., h, w).

    Returns
    -------
    torch.Tensor
        int64, (..., h - 2, w - 2).
    """
    low = high = images.to(torch.int64)
    for axis in (-2, -1):
        parts = [low.narrow(axis, k, low.shape[axis] - 2) for k in range(3)]
        low = torch.minimum(torch.minimum(parts[0], parts[1]), parts[2])
        parts = [high.narrow(axis, k, high.shape[axis] - 2) for k in range(3)]
        high = torch.maximum(torch.maximum(parts[0], parts[1]), parts[2])
    return high - low


def pixel_weights(image: NDArray[np.uint8], weights: NDArray[np.float32]) -> NDArray[np.float32]:
    """Compute the weights (h, w) of the cells of an image; at the border, those one cell inside."""
    inside = ranges(torch.from_numpy(image)).numpy()
    found: NDArray[np.float32] = np.pad(weights[inside], 1, mode="edge")
    return found
