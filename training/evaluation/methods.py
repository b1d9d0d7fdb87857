"""Other people's upscalers, by name: what `evaluate` can put beside a table."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from types import ModuleType

import numpy as np

from training.errors import TrainingError
from training.evaluation.degrade import enlarge

Upscale = Callable[[np.ndarray], np.ndarray]

#: Name on the command line, and the package's own name for it.
PILLOW = {name: name.upper() for name in ("nearest", "bilinear", "bicubic", "lanczos")}
OPENCV = {
    "nearest": "INTER_NEAREST",
    "linear": "INTER_LINEAR",
    "cubic": "INTER_CUBIC",
    "lanczos4": "INTER_LANCZOS4",
}
SKIMAGE = {"nearest": 0, "linear": 1, "cubic": 3, "quintic": 5}
PACKAGES = {
    "pillow": ("PIL.Image", "pillow", PILLOW),
    "opencv": ("cv2", "opencv-python-headless", OPENCV),
    "skimage": ("skimage.transform", "scikit-image", SKIMAGE),
}
#: MATLAB's bicubic, the row that papers print.
BICUBIC = "bicubic"
RIVALS = (BICUBIC, *(f"{key}-{name}" for key, (*_, names) in PACKAGES.items() for name in names))


def _import(name: str) -> ModuleType:
    package, _, _ = name.partition("-")
    module, distribution, _ = PACKAGES[package]
    try:
        return import_module(module)
    except ModuleNotFoundError as error:
        raise TrainingError(
            f"rival {name} needs {error.name}, which is not installed: pip install {distribution}"
        ) from error


def rival(name: str, scale: int) -> Upscale:
    """Make a function that enlarges uint8 RGB images, with the package's own defaults.

    Parameters
    ----------
    name : str
        One of `RIVALS`.
    scale : int
        2, 3 or 4.

    Raises
    ------
    TrainingError
        If there is no such rival, or its package is not installed.
    """
    if name not in RIVALS:
        raise TrainingError(f"no rival {name!r}; there is {', '.join(RIVALS)}")
    if name == BICUBIC:
        return lambda image: enlarge(image, scale)
    module, method = _import(name), name.partition("-")[2]

    def with_pillow(image: np.ndarray) -> np.ndarray:
        size = (image.shape[1] * scale, image.shape[0] * scale)
        way = module.Resampling[PILLOW[method]]
        return np.asarray(module.fromarray(image).resize(size, way))

    def with_opencv(image: np.ndarray) -> np.ndarray:
        way = getattr(module, OPENCV[method])
        return module.resize(image, None, fx=scale, fy=scale, interpolation=way)

    def with_skimage(image: np.ndarray) -> np.ndarray:
        # As floats: order 0 would leave integers as they are, and all others would not.
        big = module.rescale(image / 255, scale, order=SKIMAGE[method], channel_axis=-1)
        return np.floor(np.clip(big, 0, 1) * 255 + 0.5).astype(np.uint8)

    return {"pillow": with_pillow, "opencv": with_opencv, "skimage": with_skimage}[
        name.partition("-")[0]
    ]
