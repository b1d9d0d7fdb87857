"""Flat noise of models: how visible dots are where the original is flat.

It is measured on luma alone, in levels of 0 to 255. A result with more noise than the original
shows texture that the original does not have.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from lutsr._stack.reference import luma
from training.evaluation.evaluate import methods_of, pictures_of
from training.evaluation.methods import Method
from training.evaluation.metrics import deviation_where_flat
from training.evaluation.pictures import Picture

#: The row of the full-size pictures themselves.
ORIGINAL = "original"


def luma_of(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return the luma of an image, rounded to levels, as RGB (H, W, 3)."""
    levels = luma(image.astype(np.int32)).astype(np.uint8)
    return np.stack([levels] * 3, axis=-1)


def flat_noise_of(methods: Sequence[Method], picture: Picture) -> dict[str, float]:
    """Measure methods on the luma of a picture; NaN if it has too few flat samples."""
    small, truth = luma_of(picture.lr), luma_of(picture.hr)
    results = {ORIGINAL: truth} | {method.name: method.upscale(small) for method in methods}
    return {
        name: deviation_where_flat(*(image[..., 0].astype(np.float64) for image in (result, truth)))
        for name, result in results.items()
    }


def print_flat_noise(
    models: Sequence[str | Path], folders: Sequence[str | Path], scale: int | None = None
) -> None:
    """Print the flat noise of originals, bicubic and models; the ``flat-noise`` command.

    Parameters
    ----------
    models : sequence of path or str
        Model files and names of shipped models.
    folders : sequence of path
        Full-size images; the figure is the mean of all that have enough flat samples.
    scale : int, optional
        Needed for a shipped model.
    """
    print(f"{'scale':>5}  {'images':>6}  {'flat noise':>10}  method")
    for methods in methods_of(models, (), scale):
        r = methods[0].scale
        found = [
            flat_noise_of(methods, picture)
            for folder in folders
            for picture in pictures_of(folder, r)
        ]
        there = [row for row in found if not np.isnan(row[ORIGINAL])]
        for name in found[0]:
            mean = np.mean([row[name] for row in there]) if there else np.nan
            print(f"{f'x{r}':>5}  {len(there):>6}  {mean:>10.3f}  {name}", flush=True)
