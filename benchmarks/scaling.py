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


def crops(height: int, width: int) -> list[images.Image]:
    """Cover a photograph with images of a size, as evenly as whole ones do.

    So all sizes up to the photograph's enlarge about the same pixels in a round, by calls one
    after the other. One small image again and again would be one spot of the photograph, which
    the caches keep.
    """
    whole = images.photograph(max(height, 540), max(width, 960))
    tops, lefts = (
        np.linspace(0, n - size, max(1, round(n / size))).astype(int)
        for n, size in zip(whole.shape[:2], (height, width), strict=True)
    )
    return [np.ascontiguousarray(whole[y : y + height, x : x + width]) for y in tops for x in lefts]


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
        pictures = crops(height // SCALE, width // SCALE)
        filled = np.ones((height, width, 3), np.uint8)
        for workers in (1, 2):
            for out in (None, filled):
                upscaler(pictures[0], channel_axis=-1, workers=workers, out=out)
                cases.append((pictures, workers, out, [height, width]))
    taken: list[list[float]] = [[] for _ in cases]
    rng = np.random.default_rng(0)
    for _ in range(rounds):
        for k in rng.permutation(len(cases)):
            pictures, workers, out, (height, width) = cases[k]
            start = time.perf_counter()
            for picture in pictures:
                upscaler(picture, channel_axis=-1, workers=workers, out=out)
            taken[k].append((time.perf_counter() - start) / (len(pictures) * height * width))
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
        for (_, workers, out, size), seconds in zip(cases, taken, strict=True)
    ]
