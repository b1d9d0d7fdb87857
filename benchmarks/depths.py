"""Time of images deeper than 8 bits compared with that of uint8, in interleaved rounds."""

from __future__ import annotations

import time
from statistics import median
from typing import Any

import numpy as np

from . import images

SCALE = 4
DTYPES = ("uint8", "uint16", "float32")


def as_dtype(image: images.Image, dtype: str) -> np.ndarray[Any, Any]:
    """Convert a photograph of uint8, with values between its levels."""
    if dtype == "uint8":
        return image
    steps = np.random.default_rng(0).random(image.shape, np.float32)  # between two levels
    unit: np.ndarray[Any, Any] = np.minimum((image + steps) / np.float32(256), np.float32(1))
    return unit if dtype == "float32" else np.rint(unit * 65535).astype(np.uint16)


def time_depths(model: str, height: int, width: int, rounds: int) -> list[dict[str, Any]]:
    """Time a model x4 on an RGB photograph of each dtype that it takes, with one worker.

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
    taken: dict[str, list[float]] = {}
    pictures = {dtype: as_dtype(images.photograph(height, width), dtype) for dtype in DTYPES}
    for dtype, picture in pictures.items():
        if dtype == "uint8" or not upscaler._engine.eight_bit_only:
            upscaler(picture[:8, :8], channel_axis=-1, rgb=True)  # compiles
            taken[dtype] = []
    rng = np.random.default_rng(0)
    for _ in range(rounds):
        for dtype in rng.permutation(list(taken)):
            start = time.perf_counter()
            upscaler(pictures[dtype], channel_axis=-1, rgb=True, workers=1)
            taken[dtype].append(time.perf_counter() - start)
    return [
        {
            "model": model,
            "dtype": dtype,
            "median_s": median(seconds),
            "min_s": min(seconds),
            "rounds": rounds,
        }
        for dtype, seconds in taken.items()
    ]
