"""SR-LUT as published, in plain NumPy: what the field measures itself against.

Y. Jo and S. J. Kim, "Practical Single-Image Super-Resolution Using Look-Up Table", CVPR 2021.
Written from the paper's description; no code of its authors is in here.

A pixel and its right, lower and lower right neighbours are the four indices of a table that is
sampled at every 16th level, 17 levels in all. Between those, the four-dimensional cube around
the indices falls into 24 simplices; walking from its lowest corner to its highest, along the axes
in the order of falling fractions, meets the five corners of the right one, and what the fractions
lose from step to step are the weights. Four rotations of the image are summed.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

Image = NDArray[np.uint8]

INTERVAL = 16
LEVELS = 256 // INTERVAL + 1
#: How far apart neighbouring entries along a, b, c and d are.
STRIDES = np.array([LEVELS**3, LEVELS**2, LEVELS, 1], np.int32)


def read_table(path: Path, scale: int) -> NDArray[np.int32]:
    """Read a table of the authors' as (17 ** 4, r * r)."""
    entries = np.load(path, allow_pickle=False)
    if entries.dtype != np.int8 or entries.shape != (LEVELS**4, 1, scale, scale):
        raise ValueError(
            f"{path}: {entries.dtype} of shape {entries.shape}, wanted int8 of "
            f"({LEVELS**4}, 1, {scale}, {scale})"
        )
    return entries.reshape(LEVELS**4, scale * scale).astype(np.int32)


def upscale(image: Image, table: NDArray[np.int32]) -> Image:
    """Enlarge an RGB or grey image, (H, W, C) or (H, W), every channel by itself."""
    if image.ndim == 3:
        planes = [upscale(image[..., c], table) for c in range(image.shape[2])]
        return np.stack(planes, axis=-1)
    total = sum(np.rot90(_look_up(np.rot90(image, k), table), -k) for k in range(4))
    return np.clip(np.rint(total / INTERVAL), 0, 255).astype(np.uint8)


def _look_up(plane: Image, table: NDArray[np.int32]) -> NDArray[np.int32]:
    """Interpolate every pixel's r x r cell, times `INTERVAL`."""
    height, width = plane.shape
    r = int(table.shape[1] ** 0.5)
    padded = np.pad(plane, ((0, 1), (0, 1)), mode="reflect").astype(np.int32)
    corners = [padded[dy : dy + height, dx : dx + width] for dy in (0, 1) for dx in (0, 1)]
    levels, fractions = np.divmod(np.stack(corners, axis=-1).reshape(-1, 4), INTERVAL)
    order = np.argsort(-fractions, axis=1, kind="stable")
    falling = np.take_along_axis(fractions, order, axis=1)
    weights = -np.diff(falling, axis=1, prepend=INTERVAL, append=0)
    entry = levels @ STRIDES
    cells = weights[:, :1] * table[entry]
    for step in range(4):
        entry = entry + STRIDES[order[:, step]]
        cells += weights[:, step + 1, np.newaxis] * table[entry]
    cells = cells.reshape(height, width, r, r).swapaxes(1, 2)
    return cells.reshape(height * r, width * r)
