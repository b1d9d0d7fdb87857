"""Time per output pixel, from small images to a hundred megapixels, in interleaved rounds."""

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
    """Cover a photograph evenly with crops of a size.

    So a round upscales about the same pixels at all sizes up to the photograph's. The same small
    image in every call would stay in the caches.
    """
    whole = images.photograph(max(height, 540), max(width, 960))
    tops, lefts = (
        np.linspace(0, n - size, max(1, round(n / size))).astype(int)
        for n, size in zip(whole.shape[:2], (height, width), strict=True)
    )
    return [np.ascontiguousarray(whole[y : y + height, x : x + width]) for y in tops for x in lefts]


def time_per_pixel(model: str, sizes: list[list[int]], rounds: int) -> list[dict[str, Any]]:
    """Time a model x4 on a photograph: sizes x workers x (allocating or given output).

    Parameters
    ----------
    model : str
    sizes : list of (height, width)
        Sizes of the output.
    rounds : int

    Returns
    -------
    list of dict
        Median and minimum over the rounds, in nanoseconds per output pixel (three channels).
    """
    import lutsr

    upscaler = lutsr.load(model, SCALE)
    cases = []
    for height, width in sizes:
        pictures = crops(height // SCALE, width // SCALE)
        filled = np.ones((height, width, 3), np.uint8)
        for workers in (1, 2):
            for out in (None, filled):
                upscaler(pictures[0], channel_axis=-1, rgb=True, workers=workers, out=out)
                cases.append((pictures, workers, out, [height, width]))
    taken: list[list[float]] = [[] for _ in cases]
    rng = np.random.default_rng(0)
    for _ in range(rounds):
        for k in rng.permutation(len(cases)):
            pictures, workers, out, (height, width) = cases[k]
            start = time.perf_counter()
            for picture in pictures:
                upscaler(picture, channel_axis=-1, rgb=True, workers=workers, out=out)
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
