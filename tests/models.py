"""Models made in memory, and results by the book, for tests."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lutsr import Upscaler
from lutsr._frame.depth import from_sums, steps_per_level, to_steps
from lutsr._modelfile import Model, write_model


def eclut_model(lut: NDArray[np.int8], expand_shift: int) -> Model:
    return Model("random", lut.shape[-1], "eclut", {"expand_shift": expand_shift}, {"lut": lut})


def eclut(lut: NDArray[np.int8], expand_shift: int) -> Upscaler:
    """Make an upscaler of a table of the family eclut."""
    return Upscaler(eclut_model(lut, expand_shift))


def write_eclut(path: Path, lut: NDArray[np.int8], expand_shift: int) -> None:
    """Write a table of the family eclut, and its card."""
    write_model(path, eclut_model(lut, expand_shift))


def by_the_book(up: Upscaler, image: NDArray[Any], channel_axis: int | None = None) -> NDArray[Any]:
    """Enlarge an image by the reference of the model's family."""
    engine = up._engine
    native = image.astype(
        np.float32 if image.dtype == np.float16 else image.dtype.newbyteorder("=")
    )
    planes = native[..., None] if channel_axis is None else np.moveaxis(native, channel_axis, -1)
    sums = engine.reference(to_steps(planes), steps_per_level(planes.dtype))
    out = np.empty(sums.shape, planes.dtype)
    from_sums(sums, out, engine.divisor, engine.half_even)
    return out[..., 0] if channel_axis is None else np.moveaxis(out, -1, channel_axis)
