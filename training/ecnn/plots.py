"""Pictures of a stack: what its layers have learnt, and the levels that its maps take."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from matplotlib.colors import LogNorm
from matplotlib.figure import Figure
from numpy.typing import NDArray

from lutsr._stack.curves import Curves
from training.curves import save_figure

#: Curves that are drawn of each layer.
DRAWN = 6


def draw_curves(layers: list[Curves], title: str, path: Path) -> None:
    """Draw the strongest curves of each layer, over the level that is looked up."""
    columns = 2
    rows = -(-len(layers) // columns)
    figure = Figure(figsize=(11, 0.6 + 2.8 * rows), dpi=110, layout="constrained")
    panels = list(figure.subplots(rows, columns, squeeze=False).flat)
    for panel, layer in zip(panels, layers, strict=False):
        for row, column, source, output in layer.strongest(DRAWN):
            curve = layer.curve(row, column, source, output)
            name = f"({row}, {column}) of {source} to {output}"
            panel.plot(np.arange(len(curve)), curve, lw=1.2, label=name)
        panel.axhline(0, color="black", lw=0.6)
        panel.set_title(layer.name, fontsize=10)
        panel.set_xlabel("level of the pixel that is read")
        panel.set_ylabel(f"added {layer.unit}")
        panel.grid(alpha=0.3)
        panel.legend(frameon=False, fontsize=6, loc="center left", bbox_to_anchor=(1, 0.5))
    for panel in panels[len(layers) :]:
        panel.set_axis_off()
    figure.suptitle(
        f"{title}: the strongest curve at each place (row, column), from channel to output"
    )
    save_figure(figure, path)


def draw_strengths(layers: list[Curves], title: str, path: Path) -> None:
    """Draw the mean strength of each layer's curves, by place and by channels."""
    figure = Figure(figsize=(7.5, 0.6 + 2.6 * len(layers)), dpi=110, layout="constrained")
    panels = figure.subplots(len(layers), 2, squeeze=False)
    for (left, right), layer in zip(panels, layers, strict=True):
        strengths = layer.strengths
        for panel, values in ((left, strengths.mean((2, 3))), (right, strengths.mean((0, 1)))):
            drawn = panel.imshow(values, cmap="viridis", vmin=0, interpolation="nearest")
            figure.colorbar(drawn, ax=panel, label=layer.unit)
        left.set_title(f"{layer.name}: by place in the window", fontsize=10)
        left.set_xticks([])
        left.set_yticks([])
        right.set_title("by channel that is read, and output", fontsize=10)
        right.set_xlabel("output")
        right.set_ylabel("channel")
        right.set_xticks(range(0, strengths.shape[3], 5))
        right.set_yticks(range(0, strengths.shape[2], 5))
    figure.suptitle(f"{title}: mean strength of curves (highest less lowest value)")
    save_figure(figure, path)


def draw_usage(counts: list[NDArray[np.int64]], title: str, path: Path) -> None:
    """Draw how often each level occurs in each channel of the maps, in a logarithmic scale."""
    figure = Figure(figsize=(8, 0.6 + 2.4 * len(counts)), dpi=110, layout="constrained")
    panels = figure.subplots(len(counts), 1, squeeze=False)[:, 0]
    most = max(10, max(int(found.max()) for found in counts))
    for number, (panel, found) in enumerate(zip(panels, counts, strict=True), 1):
        panel.set_facecolor("lightgray")
        seen = np.ma.masked_equal(found, 0)
        drawn = panel.imshow(
            seen, cmap="viridis", norm=LogNorm(1, most), aspect="auto", interpolation="nearest"
        )
        panel.set_title(f"maps of layer {number}", fontsize=10)
        panel.set_ylabel("channel")
    panels[-1].set_xlabel("level")
    figure.colorbar(drawn, ax=list(panels), label="occurrences (grey: none)")
    figure.suptitle(f"{title}: levels of the maps between layers")
    save_figure(figure, path)
