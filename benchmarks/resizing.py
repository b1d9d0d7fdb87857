"""Time of `lutsr.resize` compared with that of Pillow's LANCZOS, in interleaved rounds."""

from __future__ import annotations

import time
from collections.abc import Callable
from statistics import median
from typing import Any

import numpy as np

from . import images

#: Growth of an image that is enlarged, and of one that is reduced, for which no model is used.
LARGER, SMALLER = 2.5, 0.4
RIVAL = "Pillow LANCZOS"


def time_resize(models: list[str], height: int, width: int, rounds: int) -> list[dict[str, Any]]:
    """Time `lutsr.resize` of an RGB photograph with one worker, and Pillow, which has one thread.

    Parameters
    ----------
    models : list of str
    height, width : int
        Size of the input.
    rounds : int

    Returns
    -------
    list of dict
        Median and minimum over the rounds, in seconds, by method and growth.
    """
    from PIL import Image

    import lutsr

    picture = images.photograph(height, width)
    pillow = Image.fromarray(picture)

    def resize(model: str | None, growth: float) -> Callable[[], object]:
        shape = round(growth * height), round(growth * width)
        options: dict[str, Any] = {} if model is None else {"model": model}
        return lambda: lutsr.resize(picture, shape, channel_axis=-1, rgb=True, workers=1, **options)

    def lanczos(growth: float) -> Callable[[], object]:
        size = round(growth * width), round(growth * height)
        return lambda: pillow.resize(size, Image.Resampling.LANCZOS)

    calls = {(f"lutsr {model}", LARGER): resize(model, LARGER) for model in models}
    calls["lutsr, no model", SMALLER] = resize(None, SMALLER)
    calls |= {(RIVAL, growth): lanczos(growth) for growth in (LARGER, SMALLER)}
    taken: dict[tuple[str, float], list[float]] = {case: [] for case in calls}
    cases, rng = list(calls), np.random.default_rng(0)
    for turn in range(-1, rounds):  # the first one may compile
        for k in rng.permutation(len(cases)):
            start = time.perf_counter()
            calls[cases[k]]()
            seconds = time.perf_counter() - start
            if turn >= 0:
                taken[cases[k]].append(seconds)
    return [
        {
            "method": method,
            "growth": growth,
            "median_s": median(seconds),
            "min_s": min(seconds),
            "rounds": rounds,
        }
        for (method, growth), seconds in taken.items()
    ]
