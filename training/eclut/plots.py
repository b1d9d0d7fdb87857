"""Pictures of a table, over pairs of grey levels."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LogNorm
from matplotlib.figure import Figure
from matplotlib.image import AxesImage
from numpy.typing import NDArray

from training.curves import save_figure
from training.eclut.constants import ENTRY_MAX, ENTRY_MIN, LEVELS, TAPS, tap_offsets


def tap_responses(lut: NDArray[np.int8]) -> NDArray[np.float32]:
    """Return the mean entry of each tap over the pixels of a cell: (256, 256, 9)."""
    return np.asarray(lut.mean(axis=(-2, -1), dtype=np.float32))


def _map(panel: Axes, values: NDArray[Any], **options: Any) -> AxesImage:
    """Draw one map over pairs (a, b): a from top to bottom, b from left to right."""
    drawn = panel.imshow(values, interpolation="nearest", **options)
    panel.set_xticks((0, 128, 255))
    panel.set_yticks((0, 128, 255))
    return drawn


def _label(panel: Axes, left: bool = True, bottom: bool = True) -> None:
    if bottom:
        panel.set_xlabel("b, the pixel below")
    if left:
        panel.set_ylabel("a, the pixel itself")


def draw_taps(lut: NDArray[np.int8], title: str, path: str | Path) -> None:
    """Draw the mean response of every tap, at the taps' places, in one colour scale."""
    responses = tap_responses(lut)
    most = float(max(1.0, np.abs(responses).max()))
    figure = Figure(figsize=(9.4, 8.8), dpi=110, layout="constrained")
    panels = figure.subplots(3, 3, sharex=True, sharey=True)
    for tap, (panel, (row, column)) in enumerate(zip(panels.flat, tap_offsets(1), strict=True)):
        drawn = _map(panel, responses[:, :, tap], cmap="RdBu_r", vmin=-most, vmax=most)
        own = responses[:, :, tap]
        panel.set_title(
            f"tap {tap} ({row:+d}, {column:+d}): {own.min():.0f} to {own.max():.0f}", fontsize=10
        )
        _label(panel, left=tap % 3 == 0, bottom=tap >= 6)
    bar = figure.colorbar(drawn, ax=panels, shrink=0.7, aspect=35)
    bar.set_label("mean entry of the cell, in quarter grey levels")
    figure.suptitle(f"{title}: mean response of each tap, by pair")
    save_figure(figure, path)


def draw_saturation(
    by_tap: NDArray[np.float64], by_pair: NDArray[np.float64], title: str, path: str | Path
) -> None:
    """Draw the fractions of entries at the limits of int8: by pair, and by tap."""
    figure = Figure(figsize=(10.5, 4.8), dpi=110, layout="constrained")
    left, right = figure.subplots(1, 2)
    most = max(1.0, 100 * float(by_pair.max()))
    drawn = _map(left, 100 * by_pair, cmap="magma", vmin=0, vmax=most)
    figure.colorbar(drawn, ax=left, shrink=0.85, label="% of the pair's entries")
    _label(left)
    left.set_title("at either limit, by pair", fontsize=10)
    taps = np.arange(TAPS)
    right.bar(taps, 100 * by_tap[:, 0], color="tab:blue", label=f"at {ENTRY_MIN}")
    right.bar(
        taps,
        100 * by_tap[:, 1],
        bottom=100 * by_tap[:, 0],
        color="tab:red",
        label=f"at {ENTRY_MAX}",
    )
    right.set_xticks(taps)
    right.set_xlabel("tap")
    right.set_ylabel("% of the tap's entries")
    right.set_title("by tap", fontsize=10)
    right.grid(axis="y", alpha=0.3)
    right.set_axisbelow(True)
    right.legend(frameon=False)
    figure.suptitle(f"{title}: entries at the limits of int8")
    save_figure(figure, path)


def draw_flat(flat: NDArray[np.float64], title: str, path: str | Path) -> None:
    """Draw the error of constant images of every level, inside and at the border."""
    figure = Figure(figsize=(8, 5.4), dpi=110, layout="constrained")
    panels = figure.subplots(2, 1, sharex=True)
    levels = np.arange(LEVELS)
    for panel, name, found in zip(panels, ("inside", "at the border"), flat, strict=True):
        error = found - levels[:, None]
        panel.fill_between(levels, error[:, 1], error[:, 2], alpha=0.3, lw=0, label="all pixels")
        panel.plot(levels, error[:, 0], lw=1.2, label="mean")
        panel.axhline(0, color="black", lw=0.6)
        panel.set_title(f"{name}: {error.min():+.0f} to {error.max():+.0f}", fontsize=10)
        panel.set_ylabel("result - level")
        panel.grid(alpha=0.3)
    panels[0].legend(frameon=False)
    panels[1].set_xlabel("grey level of the constant image")
    figure.suptitle(f"{title}: results of constant images")
    save_figure(figure, path)


def draw_pairs(counts: NDArray[np.int64], title: str, path: str | Path) -> None:
    """Draw how often each pair occurs, in a logarithmic scale."""
    figure = Figure(figsize=(6.6, 5.6), dpi=110, layout="constrained")
    panel = figure.subplots()
    panel.set_facecolor("lightgray")
    seen = np.ma.masked_equal(counts, 0)
    norm = LogNorm(1, max(10, int(counts.max())))
    figure.colorbar(
        _map(panel, seen, cmap="viridis", norm=norm), ax=panel, label="occurrences (grey: none)"
    )
    _label(panel)
    panel.set_title(f"{title}: {100 * (counts > 0).mean():.1f} % of all pairs occur", fontsize=11)
    save_figure(figure, path)
