"""MATLAB's ``imresize`` with the bicubic kernel, bit for bit, for integer scales.

Shrinking widens the kernel by the scale (antialiasing). Borders are mirrored with the edge
repeated. uint8 is rounded half up and clipped after each of the two passes, rows (axis 0) first.
At integer scales all kernel weights are fractions with one common denominator, so integer
arithmetic is exact and no tie depends on rounding errors.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from lutsr._engine import SCALES

Image = NDArray[np.uint8]


def _cubic_numerator(steps: NDArray[np.int64], scale: int) -> NDArray[np.int64]:
    """Keys' cubic (a = -0.5) at ``steps / (2 * scale)``, times ``2 * (2 * scale) ** 3``."""
    unit = 2 * scale
    t = np.abs(steps).astype(np.int64)
    near = 3 * t**3 - 5 * t**2 * unit + 2 * unit**3
    far = -(t**3) + 5 * t**2 * unit - 8 * t * unit**2 + 4 * unit**3
    return np.where(t <= unit, near, np.where(t <= 2 * unit, far, 0))


def _divide_and_clip(total: NDArray[np.int32], denominator: int) -> Image:
    """Round half up and clip to uint8."""
    return np.clip((2 * total + denominator) // (2 * denominator), 0, 255).astype(np.uint8)


def _shrink_rows(image: Image, scale: int) -> Image:
    rows = len(image) // scale
    reach = 2 * scale  # source rows on each side of an output row's centre
    offsets = np.arange(-reach, scale + reach)
    weights = _cubic_numerator(2 * offsets + 1 - scale, scale)
    pad = ((reach, reach),) + ((0, 0),) * (image.ndim - 1)
    padded = np.pad(image, pad, mode="symmetric").astype(np.int32)
    total = np.zeros((rows, *image.shape[1:]), np.int32)
    for start, weight in enumerate(weights):
        if weight:
            total += np.int32(weight) * padded[start : start + scale * rows : scale]
    return _divide_and_clip(total, int(weights.sum()))


def _upscale_rows(image: Image, scale: int) -> Image:
    rows = len(image)
    pad = ((2, 2),) + ((0, 0),) * (image.ndim - 1)
    padded = np.pad(image, pad, mode="symmetric").astype(np.int32)
    big = np.empty((rows, scale, *image.shape[1:]), np.uint8)
    for phase in range(scale):
        offsets = np.arange(-2, 3)
        weights = _cubic_numerator(2 * scale * offsets - (2 * phase + 1 - scale), scale)
        total = np.zeros(image.shape, np.int32)
        for start, weight in enumerate(weights):
            total += np.int32(weight) * padded[start : start + rows]
        big[:, phase] = _divide_and_clip(total, int(weights.sum()))
    return big.reshape(rows * scale, *image.shape[1:])


def _check(image: Image, scale: int) -> None:
    if image.dtype != np.uint8 or image.ndim not in (2, 3):
        raise ValueError(
            f"image must be a uint8 array (H, W) or (H, W, C), got {image.dtype} {image.shape}"
        )
    if scale not in SCALES:
        raise ValueError(f"scale must be 2, 3 or 4, got {scale}")


def crop_to_multiple(image: Image, scale: int) -> Image:
    """Crop at the bottom and right to sides that are multiples of the scale."""
    height, width = image.shape[:2]
    return image[: height - height % scale, : width - width % scale]


def shrink(image: Image, scale: int) -> Image:
    """Shrink as ``imresize(image, 1 / scale)`` does, cropping to a multiple of the scale.

    Parameters
    ----------
    image : numpy.ndarray
        uint8, (H, W) or (H, W, C).
    scale : int
        2, 3 or 4.

    Returns
    -------
    numpy.ndarray
        uint8, (H // scale, W // scale[, C]).
    """
    _check(image, scale)
    if min(image.shape[:2]) < scale:
        raise ValueError(f"image must be at least {scale} x {scale}, got {image.shape[:2]}")
    rows_done = _shrink_rows(crop_to_multiple(image, scale), scale)
    return np.ascontiguousarray(_shrink_rows(rows_done.swapaxes(0, 1), scale).swapaxes(0, 1))


def upscale_bicubic(image: Image, scale: int) -> Image:
    """Upscale as ``imresize(image, scale)`` does: the bicubic that papers compare with."""
    _check(image, scale)
    rows_done = _upscale_rows(image, scale)
    return np.ascontiguousarray(_upscale_rows(rows_done.swapaxes(0, 1), scale).swapaxes(0, 1))
