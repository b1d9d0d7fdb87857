"""Time of `lutsr.resize` compared with that of Pillow's LANCZOS, in interleaved rounds."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from . import images
from .rounds import interleaved, summary

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
    return [
        {"method": method, "growth": growth} | summary(seconds)
        for (method, growth), seconds in interleaved(calls, rounds).items()
    ]
