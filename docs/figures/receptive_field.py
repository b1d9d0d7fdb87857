"""The input pixels that an output pixel depends on, without and with each method.

The figure is computed: with a random table, one input pixel after the other is changed, and those
that change the result of the reference are marked.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from lutsr._eclut.reference import expand, look_up, pixel_shuffle
from training.curves import save_figure

SCALE, SIDE = 4, 7
MIDDLE = SIDE // 2
CENTRE_TAP = 4


def sums(
    image: np.ndarray, lut: np.ndarray, expand_shift: int, rotations: Sequence[int]
) -> np.ndarray:
    """Sum the given rotations of an image of uint8: the reference before it rounds."""
    turned = [expand(pixel_shuffle(look_up(np.rot90(image, k), lut)), expand_shift)
              for k in rotations]  # fmt: skip
    return sum(np.rot90(part, -k) for k, part in zip(rotations, turned, strict=True))


def seen(
    lut: np.ndarray, expand_shift: int, rotations: Sequence[int], inside: tuple[slice, slice]
) -> np.ndarray:
    """Mark the pixels (SIDE, SIDE) that a part of the middle pixel's cell depends on."""
    rng = np.random.default_rng(1)
    image = rng.integers(1, 255, (SIDE, SIDE), dtype=np.uint8)
    cell = tuple(slice(MIDDLE * SCALE + part.start, MIDDLE * SCALE + part.stop) for part in inside)
    before = sums(image, lut, expand_shift, rotations)[cell]
    marked = np.zeros((SIDE, SIDE), bool)
    for where in np.ndindex(marked.shape):
        changed = image.copy()
        changed[where] ^= 1
        marked[where] = (sums(changed, lut, expand_shift, rotations)[cell] != before).any()
    return marked


def cases() -> list[tuple[str, np.ndarray, tuple[slice, slice]]]:
    """Return each panel's title, the marked pixels, and the part of the cell that they affect."""
    lut = np.random.default_rng(0).integers(-128, 128, (256, 256, 9, SCALE, SCALE), dtype=np.int8)
    centre = np.zeros_like(lut)
    centre[:, :, CENTRE_TAP] = lut[:, :, CENTRE_TAP]
    whole = slice(0, SCALE), slice(0, SCALE)
    inner = slice(1, 2), slice(1, 2)
    corner = slice(0, 1), slice(0, 1)
    every = range(4)
    wanted = [
        ("one look-up: the pair", centre, SCALE, [0], whole),
        ("+ expanded convolution", lut, SCALE, [0], whole),
        ("the pair + four rotations", centre, SCALE, every, whole),
        ("all three: eclut", lut, SCALE, every, whole),
        ("eclut-fast, inside a cell", lut, 1, every, inner),
        ("eclut-fast, a cell's corner", lut, 1, every, corner),
    ]
    return [(title, seen(table, shift, turns, inside), inside)
            for title, table, shift, turns, inside in wanted]  # fmt: skip


def _draw_panel(panel: Axes, title: str, marked: np.ndarray, inside: tuple[slice, slice]) -> None:
    panel.imshow(np.where(marked, 0.35, 0.0), cmap="Blues", vmin=0, vmax=1)
    for k in range(SIDE + 1):
        panel.axhline(k - 0.5, color="0.75", lw=0.8)
        panel.axvline(k - 0.5, color="0.75", lw=0.8)
    rows, columns = inside
    corner = MIDDLE - 0.5 + columns.start / SCALE, MIDDLE - 0.5 + rows.start / SCALE
    width, height = (columns.stop - columns.start) / SCALE, (rows.stop - rows.start) / SCALE
    panel.add_patch(Rectangle(corner, width, height, color="tab:orange", lw=0))
    frame = MIDDLE - 0.5, MIDDLE - 0.5
    panel.add_patch(Rectangle(frame, 1, 1, fill=False, edgecolor="tab:orange", lw=1.6))
    panel.set_title(f"{title}\n{marked.sum()} pixels", fontsize=11)
    panel.set_xticks([])
    panel.set_yticks([])


def draw(folder: Path) -> list[Path]:
    """Draw ``receptive_field.png``."""
    figure = Figure(figsize=(9, 6.6), dpi=100, layout="constrained")
    for panel, case in zip(figure.subplots(2, 3).flat, cases(), strict=True):
        _draw_panel(panel, *case)
    figure.supxlabel("orange: the output pixels in question; blue: the input pixels they depend on")
    path = folder / "receptive_field.png"
    save_figure(figure, path)
    return [path]
