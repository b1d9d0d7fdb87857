"""The entries of a shipped table: the response of every tap, and contributions of single pairs."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from PIL import Image

import lutsr
from docs.figures.fusion import fuse
from training.curves import save_figure
from training.eclut.plots import draw_taps

MODEL, SCALE = "eclut", 4
#: Pairs p above q, from a flat one to a strong edge.
PAIRS = ((128, 128), (128, 140), (128, 170), (80, 190), (190, 80))


def detail(
    lut: np.ndarray, p: int, q: int, expand_shift: int, relative: bool = False
) -> np.ndarray:
    """Compute what the pair p above q adds to repeated pixels, in grey levels."""
    r, s = lut.shape[-1], expand_shift
    vertical, _ = fuse(lut, p, q, expand_shift)
    if not relative:
        # In quarter levels a pixel repeats itself by its level from each of its four pairs.
        vertical[s : s + r, s : s + r] -= p
        vertical[s + r : s + 2 * r, s : s + r] -= q
    return vertical / 4


def draw(folder: Path) -> list[Path]:
    """Draw ``taps.png`` and ``pairs.png``."""
    upscaler = lutsr.load(MODEL, SCALE)
    taps, pairs = folder / "taps.png", folder / "pairs.png"
    lut = upscaler.tables["lut"]
    draw_taps(lut, f"{MODEL} x{SCALE}", taps)
    with Image.open(taps) as image:  # a third of the bytes
        few = image.convert("RGB").quantize(128, dither=Image.Dither.NONE)
    few.save(taps, optimize=True)

    details = [detail(lut, p, q, **upscaler.parameters) for p, q in PAIRS]
    most = max(np.abs(values).max() for values in details)
    figure = Figure(figsize=(10.4, 3.1), dpi=100, layout="constrained")
    panels = figure.subplots(1, len(PAIRS))
    for panel, (p, q), values in zip(panels, PAIRS, details, strict=True):
        drawn = panel.imshow(values, cmap="RdBu_r", vmin=-most, vmax=most)
        for down, level in ((1, p), (2, q)):
            panel.add_patch(Rectangle((SCALE - 0.5, down * SCALE - 0.5), SCALE, SCALE, fill=False))
            panel.text(
                1.5 * SCALE - 0.5, (down + 0.5) * SCALE - 0.5, level, ha="center", va="center"
            )
        panel.set_title(f"{p} above {q}\n{values.min():+.1f} to {values.max():+.1f}", fontsize=11)
        panel.set_axis_off()
    figure.colorbar(drawn, ax=panels, shrink=0.85, label="grey levels")
    save_figure(figure, pairs)
    return [taps, pairs]
