"""Time of images deeper than 8 bits compared with that of uint8, in interleaved rounds."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from . import images
from .rounds import interleaved, summary

SCALE = 4
#: Floats that a picture of uint8 was converted to have no values between its levels.
CONVERTED = "float32 of 256 levels"
DTYPES = ("uint8", "uint16", "float32", CONVERTED)


def as_dtype(image: images.Image, dtype: str) -> np.ndarray[Any, Any]:
    """Convert a photograph of uint8, with values between its levels but for `CONVERTED`."""
    if dtype == "uint8":
        return image
    if dtype == CONVERTED:
        return image / np.float32(255)
    steps = np.random.default_rng(0).random(image.shape, np.float32)  # between two levels
    unit: np.ndarray[Any, Any] = np.minimum((image + steps) / np.float32(256), np.float32(1))
    return unit if dtype == "float32" else np.rint(unit * 65535).astype(np.uint16)


def time_depths(model: str, height: int, width: int, rounds: int) -> list[dict[str, Any]]:
    """Time a model x4 on an RGB photograph of each of `DTYPES` that it takes, with one worker.

    Parameters
    ----------
    model : str
    height, width : int
        Size of the input.
    rounds : int

    Returns
    -------
    list of dict
        Median and minimum over the rounds, in seconds.
    """
    import lutsr

    upscaler = lutsr.load(model, SCALE)
    photograph = images.photograph(height, width)
    calls = {
        dtype: partial(upscaler, as_dtype(photograph, dtype), channel_axis=-1, rgb=True, workers=1)
        for dtype in DTYPES
        if dtype == "uint8" or not upscaler._engine.eight_bit_only
    }
    return [
        {"model": model, "dtype": dtype} | summary(seconds)
        for dtype, seconds in interleaved(calls, rounds).items()
    ]
