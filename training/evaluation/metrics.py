"""PSNR and SSIM on luma, the way super-resolution papers measure them."""

from __future__ import annotations

import numpy as np

LUMA_WEIGHTS = (65.481, 128.553, 24.966)


def luma(image: np.ndarray) -> np.ndarray:
    """BT.601 limited-range luma, unrounded, of uint8 RGB (H, W, 3); float64 (H, W)."""
    if image.ndim != 3 or image.shape[2] != 3:
        raise ValueError(f"image must be RGB of shape (H, W, 3), got {image.shape}")
    return 16.0 + image.astype(np.float64) @ np.array(LUMA_WEIGHTS) / 255.0


def _shaved_pair(result: np.ndarray, truth: np.ndarray, shave: int) -> list[np.ndarray]:
    if result.shape != truth.shape:
        raise ValueError(
            f"result and truth must have one shape, got {result.shape} and {truth.shape}"
        )
    height, width = truth.shape[:2]
    if min(height, width) <= 2 * shave:
        raise ValueError(f"truth must be larger than {2 * shave} pixels, got {truth.shape}")
    return [luma(image)[shave : height - shave, shave : width - shave] for image in (result, truth)]


def psnr_y(result: np.ndarray, truth: np.ndarray, shave: int) -> float:
    """Peak signal-to-noise ratio of luma in dB, peak 255, `shave` pixels cut off all round."""
    a, b = _shaved_pair(result, truth, shave)
    error = np.mean((a - b) ** 2)
    return float("inf") if error == 0 else float(10 * np.log10(255.0**2 / error))


def ssim_y(result: np.ndarray, truth: np.ndarray, shave: int) -> float:
    """Structural similarity of luma: 11 x 11 Gaussian of sigma 1.5, peak 255."""
    # Here, so that training itself, which only needs the PSNR, runs without scikit-image.
    from skimage.metrics import structural_similarity

    a, b = _shaved_pair(result, truth, shave)
    return float(
        structural_similarity(
            a, b, gaussian_weights=True, sigma=1.5, use_sample_covariance=False, data_range=255
        )
    )
