"""The models that the contract is tested on, and what its tests share.

A new family adds an entry to `MODELS` for each of its code paths.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any, NamedTuple

import numpy as np
from hypothesis import strategies as st

from lutsr import Upscaler
from lutsr._modelfile import Model, read_shipped

from .chain import models as chains
from .models import eclut_model


class Case(NamedTuple):
    """A model, and what it promises.

    Attributes
    ----------
    flat : bool
        Whether it returns constant images exactly.
    rounds : bool
        Whether it rounds between its layers on 8-bit images, and on deeper ones does not.
    joint : bool
        Whether it computes the channels of RGB images together.
    """

    make: Callable[[], Model]
    flat: bool = False
    rounds: bool = False
    joint: bool = False


def random_pairs(r: int, low: int, high: int) -> np.ndarray[Any, Any]:
    return np.random.default_rng(r).integers(low, high, (256, 256, 9, r, r), np.int8)


def shipped_stack(name: str, scale: int) -> Case:
    return Case(lambda: read_shipped(name, scale), flat=True, rounds=True, joint=True)


MODELS = {
    "ecnn x4": shipped_stack("ecnn", 4),
    "ecnn-small x3": shipped_stack("ecnn-small", 3),
    "ecnn-photo x2": shipped_stack("ecnn-photo", 2),
    "ecnn-large x2": shipped_stack("ecnn-large", 2),
    "eclut x4": Case(lambda: read_shipped("eclut", 4), flat=True),
    "eclut-fast x3": Case(lambda: read_shipped("eclut-fast", 3), flat=True),
    "relative eclut": Case(lambda: eclut_model(random_pairs(3, -9, 10), 3, relative=True)),
    "eclut of 16-bit entries": Case(lambda: eclut_model(random_pairs(4, -128, 128), 4)),
    "eclut-fast of 16-bit entries": Case(lambda: eclut_model(random_pairs(2, -60, 90), 1)),
    "chain of interpolated pairs": Case(chains.pair),
    "chain of layers": Case(lambda: chains.ecnn(border="edge")),
    "stack": Case(chains.ecnn, rounds=True, joint=True),
    "chain of two stages": Case(chains.two_stages),
    "chain of bytes": Case(chains.byte_layers),
}

#: Those that compute RGB images together.
JOINT = [name for name, case in MODELS.items() if case.joint]

DTYPES = ["uint8", "uint16", "float16", "float32", "float64"]

Array = np.ndarray[Any, Any]

#: Heights and widths around the sizes at which borders, cells and tiles meet.
SIDES = st.one_of(st.integers(1, 7), st.integers(8, 23))

KINDS = st.sampled_from(["noise", "extremes", "ramp", "light"])

LAYOUTS: dict[str, Callable[[Array], Array]] = {
    "Fortran": np.asfortranarray,
    "flipped": lambda image: np.ascontiguousarray(image[::-1, ::-1])[::-1, ::-1],
    "strided": lambda image: np.repeat(np.repeat(image, 2, 0), 3, 1)[::2, ::3],
    "planar": lambda image: np.moveaxis(np.moveaxis(image, -1, 0).copy(), 0, -1),
    "byte-swapped": lambda image: image.astype(image.dtype.newbyteorder()),
    "unaligned": lambda image: np.frombuffer(
        b"\0" + image.tobytes(), image.dtype, image.size, 1
    ).reshape(image.shape),
}


@cache
def model_named(name: str) -> Model:
    return MODELS[name].make()


@cache
def upscaler(name: str) -> Upscaler:
    return Upscaler(model_named(name))


def dtypes_of(up: Upscaler) -> list[str]:
    return DTYPES[:1] if up._engine.eight_bit_only else DTYPES


def picture(
    shape: tuple[int, ...], dtype: str = "uint8", kind: str = "noise", seed: int = 0
) -> Array:
    """Make an image: noise, black and white, a ramp with a step, or the lightest levels."""
    rng = np.random.default_rng(seed)
    if kind == "noise":
        levels = rng.random(shape)
    elif kind == "extremes":
        levels = rng.integers(0, 2, shape).astype(float)
    elif kind == "ramp":
        levels = np.linspace(0, 0.7, int(np.prod(shape))).reshape(shape)
        levels[..., shape[-1] // 2 :] += 0.3
    else:
        levels = 1 - rng.integers(0, 3, shape) / 255
    if np.dtype(dtype).kind == "f":
        return levels.astype(dtype)
    return np.rint(levels * np.iinfo(dtype).max).astype(dtype)


def name_of(up: Upscaler) -> str:
    return next(name for name in MODELS if upscaler(name) is up)


class Sink:
    """An output that is not a NumPy array."""

    def __init__(self, shape: tuple[int, ...]) -> None:
        self.data, self.writes = np.zeros(shape, np.uint8), 0
        self.shape, self.dtype = shape, self.data.dtype

    def __setitem__(self, where: Any, values: Array) -> None:
        self.writes += 1
        self.data[where] = values
