"""Figures of methods on degraded pictures: what they gain over bicubic on the same input."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from training.degradation.named import MEASURED, Degradation, load_degradation, seeded
from training.evaluation.evaluate import mean, methods_of, pictures_of, set_name
from training.evaluation.flat import luma_of
from training.evaluation.methods import Method
from training.evaluation.metrics import flat_noise, psnr_rgb, psnr_y

#: Seed of the degradations, which also depend on the name of the picture's file.
SEED = 1


def score(
    folder: str | Path, methods: Sequence[Method], degradation: Degradation, *, grey: bool
) -> dict[str, tuple[float, float]]:
    """Measure methods of one scale on degraded pictures.

    Parameters
    ----------
    folder : path
        Full-size images.
    methods : sequence of Method
    degradation : callable
    grey : bool
        Whether pictures are turned to grey first.

    Returns
    -------
    dict of str to (float, float)
        For each method the mean PSNR in dB, of luma if pictures are grey and else over all samples,
        and the mean flat noise in grey levels. `scale` pixels at each side are not measured.
    """
    scale = methods[0].scale
    found: dict[str, list[tuple[float, float]]] = {method.name: [] for method in methods}
    for picture in pictures_of(folder, scale):
        full = luma_of(picture.hr) if grey else np.ascontiguousarray(picture.hr)
        low = degradation(full, scale, seeded(SEED, picture.path.name))
        for method in methods:
            result = method.upscale(low)
            psnr = (psnr_y if grey else psnr_rgb)(result, full, shave=scale)
            found[method.name].append((psnr, flat_noise(result, full)))
    return {
        name: (mean([psnr for psnr, _ in rows]), mean([noise for _, noise in rows]))
        for name, rows in found.items()
    }


def print_gains(
    models: Sequence[str | Path],
    folders: Sequence[str | Path],
    *,
    rivals: Sequence[str] = (),
    scale: int | None = None,
    degradations: Sequence[str] = (),
) -> None:
    """Print PSNR of bicubic, gains over it and flat noise; the ``degraded`` command.

    Parameters
    ----------
    models, rivals, scale
        As in `training.evaluation.evaluate.print_figures`.
    folders : sequence of path
        Full-size images.
    degradations : sequence of str
        Names, or functions of Python files; by default those of
        `training.degradation.named.MEASURED`.
    """
    names = degradations or tuple(MEASURED)
    used = {name: load_degradation(name) for name in names}
    for group in methods_of(models, rivals, scale):
        for folder in folders:
            for grey in (True, False):
                _print_table(folder, group, used, grey=grey)


def _print_table(
    folder: str | Path, group: Sequence[Method], used: dict[str, Degradation], *, grey: bool
) -> None:
    bicubic, *others = group
    wide = max(len(method.name) for method in group)
    what = "luma" if grey else "RGB"
    about = f"{set_name(folder)}, x{bicubic.scale}, {what}"
    print(f"{about}: PSNR of bicubic and gains over it, dB; flat noise")
    print(f"{'input':<10} {bicubic.name:>{wide}}", *(f"{one.name:>{wide}}" for one in others))
    for name, degradation in used.items():
        found = score(folder, group, degradation, grey=grey)
        first = found[bicubic.name][0]
        gains = [f"{found[one.name][0] - first:+{wide}.2f}" for one in others]
        noise = " ".join(f"{found[one.name][1]:.2f}" for one in group)
        print(f"{name:<10} {first:{wide}.2f}", *gains, f"  {noise}", flush=True)
