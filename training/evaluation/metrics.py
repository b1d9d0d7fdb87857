"""PSNR and SSIM on luma, the way super-resolution papers measure them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Image = NDArray[np.uint8]

#: Samples are flat where the original's standard deviation in a window is below so many levels.
FLAT_WINDOW, FLAT_LEVELS, FLAT_SAMPLES = 13, 1.5, 200
NOISE_WINDOW = 9

LUMA_WEIGHTS = (65.481, 128.553, 24.966)


def luma(image: Image) -> NDArray[np.float64]:
    """Compute BT.601 limited-range luma, unrounded, of uint8 RGB (H, W, 3): float64 (H, W)."""
    if image.ndim != 3 or image.shape[2] != 3:
        raise ValueError(f"image must be RGB of shape (H, W, 3), got {image.shape}")
    weighted: NDArray[np.float64] = image.astype(np.float64) @ np.array(LUMA_WEIGHTS)
    return 16.0 + weighted / 255.0


def _shaved_pair(result: Image, truth: Image, shave: int) -> list[NDArray[np.float64]]:
    if result.shape != truth.shape:
        raise ValueError(
            f"result and truth must have one shape, got {result.shape} and {truth.shape}"
        )
    height, width = truth.shape[:2]
    if min(height, width) <= 2 * shave:
        raise ValueError(f"truth must be larger than {2 * shave} pixels, got {truth.shape}")
    return [luma(image)[shave : height - shave, shave : width - shave] for image in (result, truth)]


def psnr_y(result: Image, truth: Image, shave: int) -> float:
    """Compute the PSNR of luma in dB, peak 255, without `shave` pixels at each side."""
    a, b = _shaved_pair(result, truth, shave)
    error = float(np.mean((a - b) ** 2))
    return float("inf") if error == 0 else float(10 * np.log10(255.0**2 / error))


def psnr_rgb(result: Image, truth: Image, shave: int) -> float:
    """Compute the PSNR over the samples of all channels in dB, without `shave` pixels each side."""
    inside = slice(shave, -shave or None)
    a, b = (image[inside, inside].astype(np.float64) for image in (result, truth))
    error = float(np.mean((a - b) ** 2))
    return float("inf") if error == 0 else float(10 * np.log10(255.0**2 / error))


def ssim_y(result: Image, truth: Image, shave: int) -> float:
    """Compute the SSIM of luma: 11 x 11 Gaussian window of sigma 1.5, peak 255."""
    # Imported here: training itself needs only the PSNR, and runs without scikit-image.
    from skimage.metrics import structural_similarity

    a, b = _shaved_pair(result, truth, shave)
    return float(
        structural_similarity(
            a, b, gaussian_weights=True, sigma=1.5, use_sample_covariance=False, data_range=255
        )
    )


def flat_noise(result: Image, truth: Image) -> float:
    """Compute how uneven a result is where the original is flat, such as by a pattern of dots.

    Returns
    -------
    float
        Root mean square of the standard deviations of luma around flat samples, in levels; NaN for
        an image with too few of them. A value above that of the original means texture that the
        original does not have.
    """
    return deviation_where_flat(*_shaved_pair(result, truth, 0))


def deviation_where_flat(result: NDArray[np.float64], truth: NDArray[np.float64]) -> float:
    """Compute the figure of `flat_noise` of one channel (H, W)."""
    flat = _deviations(truth, FLAT_WINDOW) < FLAT_LEVELS
    if flat.sum() < FLAT_SAMPLES:
        return float("nan")
    return float(np.sqrt(np.mean(_deviations(result, NOISE_WINDOW)[flat] ** 2)))


def _deviations(values: NDArray[np.float64], window: int) -> NDArray[np.float64]:
    """Return the standard deviation in a window around each sample."""
    from scipy.ndimage import uniform_filter  # imported here, as above

    mean = uniform_filter(values, window)
    squares = uniform_filter(values**2, window)
    deviations: NDArray[np.float64] = np.sqrt(np.maximum(squares - mean**2, 0))
    return deviations
