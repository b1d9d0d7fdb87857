"""Methods that can be compared: models of lutsr, and the upscalers of other packages.

Everything that is evaluated or timed for quality is a `Method`, wherever it comes from:
`model_method` makes one of a model, `rival` one of another package's upscaler.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

import lutsr
from training.errors import TrainingError
from training.evaluation.degrade import upscale_bicubic

Upscale = Callable[[NDArray[np.uint8]], NDArray[np.uint8]]

#: Name on the command line, and the package's own name for it.
PILLOW = {name: name.upper() for name in ("nearest", "bilinear", "bicubic", "lanczos")}
OPENCV = {
    "nearest": "INTER_NEAREST",
    "linear": "INTER_LINEAR",
    "cubic": "INTER_CUBIC",
    "lanczos4": "INTER_LANCZOS4",
}
SKIMAGE = {"nearest": 0, "linear": 1, "cubic": 3, "quintic": 5}
PACKAGES: dict[str, tuple[str, str, dict[str, Any]]] = {
    "pillow": ("PIL.Image", "pillow", PILLOW),
    "opencv": ("cv2", "opencv-python-headless", OPENCV),
    "skimage": ("skimage.transform", "scikit-image", SKIMAGE),
}
#: MATLAB's bicubic, which papers compare with.
BICUBIC = "bicubic"
RIVALS = (BICUBIC, *(f"{key}-{name}" for key, (*_, names) in PACKAGES.items() for name in names))


@dataclass(frozen=True)
class Method:
    """A method that upscales images.

    Attributes
    ----------
    name : str
        Its name in tables and plots.
    scale : int
        Upscaling factor r.
    upscale : callable
        Upscales uint8 RGB images (H, W, 3) to (r * H, r * W, 3).
    """

    name: str
    scale: int
    upscale: Upscale


def open_model(model: str | Path, scale: int | None = None) -> lutsr.Upscaler:
    """Load a model file or a shipped model.

    Raises
    ------
    TrainingError
        If that is not possible; the message is the reason.
    """
    try:
        return lutsr.load(model, scale)
    except (OSError, ValueError) as error:
        raise TrainingError(f"cannot load {model}: {error}") from error


def model_method(upscaler: lutsr.Upscaler, name: str | None = None) -> Method:
    """Return the method of a model, loaded or made in memory.

    Colours are upscaled jointly where the model can do that, as the command does.
    """

    def upscale(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
        return upscaler(image, channel_axis=-1, rgb=True)

    return Method(name or upscaler.name, upscaler.scale, upscale)


def rival(name: str, scale: int) -> Method:
    """Return the method of another package, with the package's own defaults.

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
        return Method(name, scale, lambda image: upscale_bicubic(image, scale))
    package, _, kind = name.partition("-")
    module = _import(name)

    def with_pillow(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
        size = (image.shape[1] * scale, image.shape[0] * scale)
        resampling = module.Resampling[PILLOW[kind]]
        return np.asarray(module.fromarray(image).resize(size, resampling))

    def with_opencv(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
        interpolation = getattr(module, OPENCV[kind])
        return np.asarray(
            module.resize(image, None, fx=scale, fy=scale, interpolation=interpolation)
        )

    def with_skimage(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
        # As floats: of integers, only order 0 would keep the range.
        big = module.rescale(image / 255, scale, order=SKIMAGE[kind], channel_axis=-1)
        return np.asarray(np.floor(np.clip(big, 0, 1) * 255 + 0.5), np.uint8)

    made = {"pillow": with_pillow, "opencv": with_opencv, "skimage": with_skimage}
    return Method(name, scale, made[package])


def _import(name: str) -> Any:
    module, distribution, _ = PACKAGES[name.partition("-")[0]]
    try:
        return import_module(module)
    except ModuleNotFoundError as error:
        raise TrainingError(
            f"rival {name} needs {error.name}, which is not installed: pip install {distribution}"
        ) from error
