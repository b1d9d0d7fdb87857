"""Time per output pixel from small images to a hundred megapixels, sizes interleaved."""

from __future__ import annotations

import time
from statistics import median
from typing import Any

import numpy as np

from . import images

SCALE = 4
#: Height and width of the output.
SIZES = ((256, 256), (512, 512), (1024, 1024), (2160, 3840), (4096, 4096), (10_000, 10_000))
#: So many output pixels are enlarged in a round at least, by calls one after the other.
PIXELS = 4_000_000


def time_per_pixel(model: str, sizes: list[list[int]], rounds: int) -> list[dict[str, Any]]:
    """Time sizes x workers x (allocating or not) of a model on a photograph, x4, round by round.

    Parameters
    ----------
    model : str
    sizes : list of (height, width)
        Of the output.
    rounds : int

    Returns
    -------
    list of dict
        With the median over the rounds, in nanoseconds per output pixel (of three channels).
    """
    import lutsr

    upscaler = lutsr.load(model, SCALE)
    cases = []
    for height, width in sizes:
        picture = images.photograph(height // SCALE, width // SCALE)
        filled = np.ones((height, width, 3), np.uint8)
        repeats = max(1, round(PIXELS / (height * width)))
        for workers in (1, 2):
            for out in (None, filled):
                upscaler(picture, channel_axis=-1, workers=workers, out=out)
                cases.append((picture, workers, out, repeats, [height, width]))
    taken: list[list[float]] = [[] for _ in cases]
    rng = np.random.default_rng(0)
    for _ in range(rounds):
        for k in rng.permutation(len(cases)):
            picture, workers, out, repeats, (height, width) = cases[k]
            start = time.perf_counter()
            for _ in range(repeats):
                upscaler(picture, channel_axis=-1, workers=workers, out=out)
            taken[k].append((time.perf_counter() - start) / (repeats * height * width))
    return [
        {
            "model": model,
            "size": size,
            "workers": workers,
            "into": out is not None,
            "median_ns": 1e9 * median(seconds),
            "min_ns": 1e9 * min(seconds),
            "rounds": rounds,
        }
        for (_, workers, out, _, size), seconds in zip(cases, taken, strict=True)
    ]
