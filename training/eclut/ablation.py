"""What the parts of the method are worth: expanded convolution, its step, the shift by 2.

All rows are fitted alike, in the same number of iterations. Without expanded convolution an entry
is one cell, as in SR-LUT's V: two pixels, one table, four rotations.

Scores are of windows (see `training.eclut.windows`), so without `MARGIN` input pixels at each side.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

import torch

from training.device import pick_device
from training.eclut.constants import ENTRIES_PER_LEVEL, LEVELS, MARGIN, WINDOW
from training.eclut.fit.objective import Objective
from training.eclut.fit.passes import mean_psnr_y
from training.eclut.fit.solver import Descent, Limits, Rounding
from training.eclut.fit.torch_passes import passes_on
from training.eclut.options import FitOptions
from training.eclut.windows import limits, reach
from training.evaluation.evaluate import pictures_of, set_name
from training.evaluation.methods import model_method, open_model
from training.evaluation.metrics import psnr_y
from training.evaluation.pictures import Picture, load_pictures

#: What `fit_shape` returns.
KINDS = ("not rounded", "quarter levels", "whole levels")


def own_levels() -> torch.Tensor:
    """Return the levels (256, 256, 4, 3, 1, 1) of a pair's pixels in their own cells."""
    own = torch.zeros(LEVELS, LEVELS, *WINDOW, 1, 1)
    level = torch.arange(LEVELS, dtype=torch.float32)
    own[:, :, 1, 1] = level[:, None, None, None]
    own[:, :, 2, 1] = level[None, :, None, None]
    return own


def fit_shape(
    objective: Objective, limited: Limits | None, iterations: int, rounds: int
) -> list[torch.Tensor | None]:
    """Fit windows: not rounded, of entries in quarter levels, and of entries in whole levels.

    Parameters
    ----------
    objective : Objective
    limited : tuple of torch.Tensor, optional
        Limits of quarter levels in int8; without them, there is no such table.
    iterations : int
        Of the descent, half of them within the limits where there are some.
    rounds : int
        Of rounding.

    Returns
    -------
    list of torch.Tensor or None
    """
    unlimited = objective.mask.new_full((), -math.inf), objective.mask.new_full((), math.inf)
    scale = objective.mask.shape[-1]
    start = torch.zeros(LEVELS, LEVELS, *WINDOW, scale, scale, device=objective.mask.device)
    descent = Descent(objective, start)
    _descend(descent, None, iterations - iterations // 2)
    half = descent.windows
    _descend(descent, None, iterations // 2)
    exact, own = descent.windows, own_levels().to(start.device)
    whole = Rounding.start(objective, exact, unlimited, float(ENTRIES_PER_LEVEL), own)
    found: list[torch.Tensor | None] = [exact, None, _round(whole, rounds)]
    if limited is not None:
        descent = Descent(objective, half)
        _descend(descent, limited, iterations // 2)
        quarter = Rounding.start(objective, descent.windows, limited)
        found[1] = _round(quarter, rounds)
    return found


def _descend(descent: Descent, limited: Limits | None, iterations: int) -> None:
    descent.restart(limited)
    for _ in range(iterations):
        descent.step()


def _round(rounding: Rounding, rounds: int) -> torch.Tensor:
    for seed in range(rounds):
        rounding.step(seed)
    return rounding.windows


def print_ablation(
    images: str | Path,
    folders: Sequence[str | Path],
    *,
    scale: int = 4,
    models: Sequence[str | Path] = (),
    iterations: int = 10,
    rounds: int = 4,
    cache: str | Path | None = None,
) -> None:
    """Print the table, in Markdown; the ``ablation`` command.

    Parameters
    ----------
    images : path
        Folder of pictures that are fitted.
    folders : sequence of path
        Full-size images to measure on.
    scale : int
    models : sequence of path or str
        Models that get a row each, such as a table of SR-LUT.
    iterations, rounds : int
        See `fit_shape`.
    cache : path, optional
        Folder of decoded pictures.
    """
    sets = {set_name(folder): list(pictures_of(folder, scale)) for folder in folders}
    print(f"| | {' | '.join(sets)} |\n|---|{'---|' * len(sets)}", flush=True)
    for model in models:
        print(_row(Path(model).name, [_score(model, scale, each) for each in sets.values()]))
    pictures = load_pictures(images, scale, min_side=2 * MARGIN + 1, cache=cache)
    passes = passes_on(pick_device("auto"), pictures, scale)
    shapes = {"no expanded convolution": 0, "expand_shift 1": 1, f"expand_shift {scale}": scale}
    for name, shift in shapes.items():
        objective = Objective(passes, FitOptions.smoothness, reach(scale, shift))
        fitted = fit_shape(objective, limits(scale, shift) if shift else None, iterations, rounds)
        for kind, windows in zip(KINDS, fitted, strict=True):
            if windows is not None:
                scores = [mean_psnr_y(windows.cpu(), each) for each in sets.values()]
                print(_row(f"{name}, {kind}", scores), flush=True)


def _score(model: str | Path, scale: int, pictures: Sequence[Picture]) -> float:
    method = model_method(open_model(model, scale))
    shave = MARGIN * scale
    found = [psnr_y(method.upscale(p.lr), p.hr, shave=shave) for p in pictures]
    return sum(found) / len(found)


def _row(name: str, scores: Sequence[float]) -> str:
    return f"| {name} | {' | '.join(f'{score:.2f}' for score in scores)} |"
