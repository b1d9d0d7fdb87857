"""Degradations by name: the fixed ones that are measured, and functions of the user's own."""

from __future__ import annotations

import importlib.util
import zlib
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np

from training.degradation.photo import photo
from training.degradation.steps import Pixels, add_noise, jpeg, pick, reduce
from training.errors import TrainingError

#: Makes a picture (H, W, 3), whose sides are multiples of the scale, smaller by the scale, and
#: worse: degradation(picture, scale, rng). Only `rng` may be a source of random numbers.
Degradation = Callable[[Pixels, int, np.random.Generator], Pixels]


def _clean(picture: Pixels, scale: int, rng: np.random.Generator) -> Pixels:
    return reduce(picture, scale, "matlab")


def _jpeg(quality: int, picture: Pixels, scale: int, rng: np.random.Generator) -> Pixels:
    return jpeg(reduce(picture, scale, "matlab"), quality)


def _noise(sigma: float, picture: Pixels, scale: int, rng: np.random.Generator) -> Pixels:
    grey = bool((picture == picture[..., :1]).all())
    return add_noise(reduce(picture, scale, "matlab"), sigma, rng, grey=float(grey))


def _picked(picture: Pixels, scale: int, rng: np.random.Generator) -> Pixels:
    return pick(picture, scale)


#: What models are measured on.
MEASURED: dict[str, Degradation] = {
    "clean": _clean,
    **{f"jpeg-{quality}": partial(_jpeg, quality) for quality in (90, 75, 50, 30)},
    **{f"noise-{sigma}": partial(_noise, sigma) for sigma in (5, 10)},
    "picked": _picked,
}
NAMED: dict[str, Degradation] = {**MEASURED, "photo": photo}


def load_degradation(name: str) -> Degradation:
    """Return a degradation by its name, or a function of a Python file: ``my_scanner.py:degrade``.

    Raises
    ------
    TrainingError
        If there is no such degradation, file or function.
    """
    if name in NAMED:
        return NAMED[name]
    file, colon, function = name.rpartition(":")
    if not colon or not file.endswith(".py"):
        raise TrainingError(
            f"no degradation {name!r}: wanted one of {', '.join(NAMED)}, or a function of a Python "
            "file, such as my_scanner.py:degrade"
        )
    spec = importlib.util.spec_from_file_location(Path(file).stem, file)
    if spec is None or spec.loader is None or not Path(file).is_file():
        raise TrainingError(f"no such Python file: {file}")
    module = importlib.util.module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
    except Exception as error:
        raise TrainingError(f"{file}: {type(error).__name__}: {error}") from error
    found = getattr(module, function, None)
    if not callable(found):
        raise TrainingError(f"{file} has no function {function!r}")
    return checked(found, name)


def checked(function: Degradation, name: str) -> Degradation:
    """Check what a function of the user returns, whenever it is called."""

    def degrade(picture: Pixels, scale: int, rng: np.random.Generator) -> Pixels:
        found = np.asarray(function(picture, scale, rng))
        wanted = picture.shape[0] // scale, picture.shape[1] // scale, 3
        if found.dtype != np.uint8 or found.shape != wanted:
            raise TrainingError(
                f"{name} returned {found.dtype} {found.shape} for a picture {picture.shape} at "
                f"scale {scale}; wanted uint8 {wanted}"
            )
        return found

    return degrade


def seeded(seed: int, *names: str) -> np.random.Generator:
    """Make a generator that depends on a seed and on names, such as that of a picture's file."""
    return np.random.default_rng([seed, *(zlib.crc32(name.encode()) for name in names)])
