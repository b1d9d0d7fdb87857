"""Models of the family eclut for tests, in memory and in files."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from lutsr import Upscaler
from lutsr._modelfile import Model, write_model


def eclut_model(lut: NDArray[np.int8], expand_shift: int, *, relative: bool = False) -> Model:
    parameters = {"expand_shift": expand_shift} | ({"relative": True} if relative else {})
    return Model("random", lut.shape[-1], "eclut", parameters, {"lut": lut})


def eclut(lut: NDArray[np.int8], expand_shift: int, *, relative: bool = False) -> Upscaler:
    """Make an upscaler of a table of the family eclut."""
    return Upscaler(eclut_model(lut, expand_shift, relative=relative))


def write_eclut(path: Path, lut: NDArray[np.int8], expand_shift: int) -> None:
    """Write a table of the family eclut, and its card."""
    write_model(path, eclut_model(lut, expand_shift))
