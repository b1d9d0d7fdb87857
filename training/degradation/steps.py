"""The steps of a degradation: reductions, noise, JPEG. All keep the picture's geometry.

Pictures are uint8 (H, W, 3). Random numbers come from a generator of the caller.
"""

from __future__ import annotations

import io

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter, features

from training.evaluation.degrade import shrink

Pixels = NDArray[np.uint8]

#: Reductions of Pillow; each filter is widened by the scale, so that it averages.
FILTERS = {
    "area": Image.Resampling.BOX,
    "bilinear": Image.Resampling.BILINEAR,
    "bicubic": Image.Resampling.BICUBIC,
    "lanczos": Image.Resampling.LANCZOS,
}
#: Chroma subsamplings of JPEG, by Pillow's numbers.
SUBSAMPLINGS = {"4:4:4": 0, "4:2:2": 1, "4:2:0": 2}


def jpeg_encoder() -> str:
    """Return the name and version of the JPEG encoder, for the card."""
    turbo = features.check_feature("libjpeg_turbo")
    name, key = ("libjpeg-turbo", "libjpeg_turbo") if turbo else ("libjpeg", "jpg")
    return f"{name} {features.version(key)}"


def reduce(picture: Pixels, scale: int, kind: str) -> Pixels:
    """Reduce a picture by a scale that divides its sides.

    Parameters
    ----------
    picture : uint8 (H, W, 3)
    scale : int
    kind : str
        ``matlab`` (as in papers), or one of `FILTERS`.
    """
    if kind == "matlab":
        return shrink(picture, scale)
    size = picture.shape[1] // scale, picture.shape[0] // scale
    return np.asarray(Image.fromarray(picture).resize(size, FILTERS[kind]))


def pick(picture: Pixels, scale: int, first: int | None = None) -> Pixels:
    """Keep one pixel of each cell of `scale` x `scale`: number `first`, by default a middle one."""
    first = scale // 2 if first is None else first
    return np.ascontiguousarray(picture[first::scale, first::scale])


def blur(picture: Pixels, sigma: float) -> Pixels:
    """Blur by a Gaussian, sigma in pixels, as Pillow approximates it."""
    return np.asarray(Image.fromarray(picture).filter(ImageFilter.GaussianBlur(sigma)))


def add_noise(
    picture: Pixels,
    sigma: float,
    rng: np.random.Generator,
    *,
    signal: float = 0.0,
    grey: float = 0.0,
    blotches: float = 0.0,
) -> Pixels:
    """Add Gaussian noise.

    Parameters
    ----------
    picture : uint8 (H, W, 3)
    sigma : float
        Standard deviation in grey levels, at mid-grey.
    rng : numpy.random.Generator
    signal : float
        Share of the variance, 0 to 1, that is proportional to the level, as that of photons.
    grey : float
        Share of the variance that the three channels have in common.
    blotches : float
        Share of the variance that is blurred over some pixels, as demosaicking and noise filters
        leave it.
    """
    from scipy.ndimage import uniform_filter

    shape = picture.shape
    common = rng.standard_normal((*shape[:2], 1), np.float32)
    noise = np.sqrt(1 - grey) * rng.standard_normal(shape, np.float32) + np.sqrt(grey) * common
    if blotches > 0:
        wide = uniform_filter(rng.standard_normal(shape, np.float32), (3, 3, 0)) * 3
        noise = np.sqrt(1 - blotches) * noise + np.sqrt(blotches) * wide
    variance = 1 - signal + signal * picture.astype(np.float32) / 127.5
    return _to_pixels(picture + sigma * np.sqrt(variance) * noise)


def jpeg(picture: Pixels, quality: int, subsampling: str = "4:2:0") -> Pixels:
    """Write a picture as JPEG and read it again."""
    file = io.BytesIO()
    Image.fromarray(picture).save(
        file, "JPEG", quality=quality, subsampling=SUBSAMPLINGS[subsampling]
    )
    with Image.open(file) as found:
        return np.array(found)


def _to_pixels(values: NDArray[np.float32]) -> Pixels:
    pixels: Pixels = np.clip(np.floor(values + 0.5), 0, 255).astype(np.uint8)
    return pixels
