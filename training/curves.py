"""Curves of a run, as a picture: loss, and quality on the validation images."""

from __future__ import annotations

import io
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from training.files import write_atomically

#: Label of each column of a log: of losses, and of quality.
LOSSES = {"loss": "loss (squared grey levels)", "mse": "mean squared error"}
QUALITY = {"val_psnr_y": "validation PSNR-Y (dB)"}


def save_figure(figure: Figure, path: str | Path) -> None:
    """Write a figure as PNG, atomically. Uses no window system."""
    buffer = io.BytesIO()
    FigureCanvasAgg(figure).print_png(buffer)
    write_atomically(path, buffer.getvalue())


def _column(rows: Sequence[dict[str, Any]], name: str) -> list[tuple[int, float]]:
    """Return steps and finite values of a column, of the rows that have one."""
    found = [
        (int(row["step"]), float(row[name])) for row in rows if row.get(name) not in (None, "")
    ]
    return [(step, value) for step, value in found if math.isfinite(value)]


def draw_curves(log_rows: Sequence[dict[str, Any]], path: str | Path) -> None:
    """Draw the log of a run: one panel per column that has values.

    Parameters
    ----------
    log_rows : sequence of dict
        Rows as in ``log.csv``: ``step``; ``loss`` or ``mse``; ``val_psnr_y`` where there are
        validation images; ``phase`` where the run has phases, which are then marked.
    path : path
        A PNG file, written atomically; none is written while no row has a value.
    """
    columns = {name: _column(log_rows, name) for name in (*LOSSES, *QUALITY)}
    columns = {name: points for name, points in columns.items() if points}
    if not columns:
        return
    figure = Figure(figsize=(8, 1 + 2.8 * len(columns)), dpi=110, layout="constrained")
    panels = figure.subplots(len(columns), 1, sharex=True, squeeze=False)[:, 0]
    for panel, (name, points) in zip(panels, columns.items(), strict=True):
        steps, values = zip(*points, strict=True)
        panel.plot(steps, values, color="tab:blue", marker="." if len(points) < 100 else "", lw=1.5)
        if name in LOSSES and min(values) > 0:
            panel.set_yscale("log")
            panel.yaxis.set_major_formatter("{x:g}")
            panel.yaxis.set_minor_formatter("{x:g}" if max(values) < 8 * min(values) else "")
        if name in QUALITY:
            best = max(points, key=lambda point: point[1])
            panel.set_title(f"best {best[1]:.2f} dB, at step {best[0]}", fontsize=10)
        panel.set_ylabel((LOSSES | QUALITY)[name])
        panel.grid(alpha=0.3, which="both")
    _mark_phases(log_rows, list(panels))
    panels[-1].set_xlabel("step")
    save_figure(figure, path)


def _mark_phases(rows: Sequence[dict[str, Any]], panels: Sequence[Any]) -> None:
    """Shade every second phase, and write the names of all at the top."""
    spans: list[list[Any]] = []
    for row in rows:
        phase, step = row.get("phase"), int(row["step"])
        if not phase:
            return
        if spans and spans[-1][0] == phase:
            spans[-1][2] = step
        else:
            spans.append([phase, step, step])
    for number, (phase, first, last) in enumerate(spans):
        for panel in panels:
            if number % 2:
                panel.axvspan(first - 0.5, last + 0.5, color="tab:gray", alpha=0.15, lw=0)
        place = panels[0].get_xaxis_transform()
        panels[0].text((first + last) / 2, 0.97, phase, transform=place, ha="center", va="top")
