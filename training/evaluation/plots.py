"""Plots of an evaluation."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from matplotlib import colormaps
from matplotlib.figure import Figure

from training.curves import save_figure
from training.errors import TrainingError


def draw_bars(rows: Sequence[Mapping[str, Any]], path: str | Path) -> None:
    """Draw mean PSNR-Y as bars: a panel per scale, a group per set, a colour per method.

    Parameters
    ----------
    rows : sequence of mapping
        Means, as `training.evaluation.evaluate.score` returns them.
    path : path
        A PNG file, written atomically.

    Raises
    ------
    TrainingError
        If no value is finite.
    """
    means = [row for row in rows if math.isfinite(row["psnr_y"])]
    if not means:
        raise TrainingError(f"cannot draw {path}: no method has a finite PSNR")
    scales = sorted({row["scale"] for row in means})
    widest = max(sum(row["scale"] == r for row in means) for r in scales)
    size = (max(7.0, 1.5 + 0.62 * widest), 0.6 + 3.8 * len(scales))
    figure = Figure(figsize=size, dpi=110, layout="constrained")
    for panel, r in zip(figure.subplots(len(scales), 1, squeeze=False)[:, 0], scales, strict=True):
        here = [row for row in means if row["scale"] == r]
        sets = list(dict.fromkeys(row["set"] for row in here))
        methods = list(dict.fromkeys(row["method"] for row in here))
        width = 0.86 / len(methods)
        for number, method in enumerate(methods):
            own = [row for row in here if row["method"] == method]
            places = [sets.index(row["set"]) + (number + 0.5) * width - 0.43 for row in own]
            values = [row["psnr_y"] for row in own]
            colour = colormaps["tab10" if len(methods) <= 10 else "tab20"](number)
            bars = panel.bar(places, values, 0.92 * width, label=method, color=colour)
            panel.bar_label(bars, fmt="%.2f", fontsize=8, padding=2)
        values = [row["psnr_y"] for row in here]
        # The axis does not start at 0, so that differences are visible; its label names the start.
        low = math.floor(min(values)) - 1
        panel.set_ylim(low, max(values) + 0.08 * (max(values) - low))
        panel.set_xticks(range(len(sets)), sets)
        panel.set_ylabel(f"PSNR-Y (dB), from {low}")
        panel.set_title(f"x{r}")
        panel.grid(axis="y", alpha=0.3)
        panel.set_axisbelow(True)
        panel.legend(loc="center left", bbox_to_anchor=(1.0, 0.5), frameon=False, fontsize=9)
    save_figure(figure, path)
