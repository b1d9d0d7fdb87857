"""Four look-ups fused into two: contributions of a pair of the shipped table, by rotation."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

import lutsr
from training.curves import save_figure

MODEL, SCALE = "eclut", 4
#: A pixel and its neighbour: an edge.
PAIR = 190, 80


def paint(entry: np.ndarray, expand_shift: int) -> np.ndarray:
    """Add up the nine taps of an entry (9, r, r), each at its displacement."""
    r, s = entry.shape[-1], expand_shift
    canvas = np.zeros((r + 2 * s, r + 2 * s), np.int32)
    for tap, values in enumerate(entry):
        top, left = (tap // 3) * s, (tap % 3) * s
        canvas[top : top + r, left : left + r] += values
    return canvas


def rotations(lut: np.ndarray, p: int, q: int, expand_shift: int) -> dict[int, np.ndarray]:
    """Compute what each rotation, by its degrees, adds for p above q, or p left of q."""
    own, other = paint(lut[p, q], expand_shift), paint(lut[q, p], expand_shift)
    return {0: own, 180: np.rot90(other, 2), 270: np.rot90(own), 90: np.rot90(other, -1)}


def fuse(lut: np.ndarray, p: int, q: int, expand_shift: int) -> tuple[np.ndarray, np.ndarray]:
    """Fuse the rotations of p above q, and of p left of q.

    Returns
    -------
    vertical, horizontal : numpy.ndarray
        For ``expand_shift`` r, 4 x 3 and 3 x 4 cells of r x r, from one cell above and left of p.
    """
    r = lut.shape[-1]
    parts = rotations(lut, p, q, expand_shift)
    side = len(parts[0])
    vertical = np.zeros((side + r, side), np.int32)
    vertical[:side] += parts[0]
    vertical[r:] += parts[180]
    horizontal = np.zeros((side, side + r), np.int32)
    horizontal[:, :side] += parts[270]
    horizontal[:, r:] += parts[90]
    return vertical, horizontal


def _show(panel: Any, values: np.ndarray, shape: tuple[int, int], corner: tuple[int, int],
          most: float) -> Any:  # fmt: skip
    """Draw values in quarter levels in a frame of cells; `corner` is their first cell."""
    r = SCALE
    canvas = np.full((shape[0] * r, shape[1] * r), np.nan)
    top, left = corner[0] * r, corner[1] * r
    canvas[top : top + values.shape[0], left : left + values.shape[1]] = values / 4
    drawn = panel.imshow(canvas, cmap="RdBu_r", vmin=-most, vmax=most)
    for k in range(shape[0] + 1):
        panel.axhline(k * r - 0.5, color="0.7", lw=0.7)
    for k in range(shape[1] + 1):
        panel.axvline(k * r - 0.5, color="0.7", lw=0.7)
    for name, (down, right) in (("p", (1, 1)), ("q", (2, 1) if shape[0] == 4 else (1, 2))):
        panel.add_patch(Rectangle((right * r - 0.5, down * r - 0.5), r, r, fill=False, lw=1.8))
        panel.text(
            right * r - 0.2, down * r - 0.2, name, fontsize=11, weight="bold", va="top",
            bbox={"facecolor": "white", "edgecolor": "none", "pad": 1.5},
        )  # fmt: skip
    panel.set_axis_off()
    return drawn


def draw(folder: Path) -> list[Path]:
    """Draw ``fusion.png``."""
    upscaler = lutsr.load(MODEL, SCALE)
    lut, s, (p, q) = upscaler.tables["lut"], upscaler.parameters["expand_shift"], PAIR
    parts = rotations(lut, p, q, s)
    vertical, horizontal = fuse(lut, p, q, s)
    most = max(np.abs(vertical).max(), np.abs(horizontal).max()) / 4
    figure = Figure(figsize=(9.6, 6.8), dpi=100, layout="constrained")
    panels = figure.subplots(2, 3, gridspec_kw={"height_ratios": (4, 3)})
    rows = (
        ((4, 3), (parts[0], (0, 0), "rotation 0\n3 x 3 cells"),
         (parts[180], (1, 0), "+ rotation 180\n3 x 3 cells"),
         (vertical, (0, 0), "= one entry of the vertical table\n4 x 3 cells")),
        ((3, 4), (parts[270], (0, 0), "rotation 270\n3 x 3 cells"),
         (parts[90], (0, 1), "+ rotation 90\n3 x 3 cells"),
         (horizontal, (0, 0), "= one entry of the horizontal table\n3 x 4 cells")),
    )  # fmt: skip
    for line, (shape, *steps) in zip(panels, rows, strict=True):
        for panel, (values, corner, title) in zip(line, steps, strict=True):
            drawn = _show(panel, values, shape, corner, most)
            panel.set_title(title, fontsize=11)
    bar = figure.colorbar(drawn, ax=panels, shrink=0.7, aspect=35)
    bar.set_label("added to the output, in grey levels")
    figure.supxlabel(f"{MODEL} x{SCALE}, the pair p = {p}, q = {q}")
    path = folder / "fusion.png"
    save_figure(figure, path)
    return [path]
