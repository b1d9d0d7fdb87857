"""Labelled crops side by side."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from training.files import write_atomically

Pixels = NDArray[np.uint8]

SIDE, ZOOM, GAP, LABEL = 90, 2, 8, 44


def draw_row(
    panels: list[tuple[str, str, Pixels]], corner: tuple[int, int], path: Path, gain: float = 1
) -> None:
    """Draw one crop of several images, at a whole-number zoom and without smoothing.

    Parameters
    ----------
    panels : list of (str, str, ndarray)
        Two lines of text and RGB pixels; all of one size.
    corner : tuple of int
        First row and column of the crop.
    path : Path
    gain : float
        Contrast that the crop is shown with, about the mean of the last image's.
    """
    y, x = corner
    width = GAP + len(panels) * (SIDE * ZOOM + GAP)
    canvas = Image.new("RGB", (width, LABEL + SIDE * ZOOM + GAP), "white")
    pen = ImageDraw.Draw(canvas)
    crops = [pixels[y : y + SIDE, x : x + SIDE] for *_, pixels in panels]
    middle = crops[-1].mean()
    for k, ((title, note, _), crop) in enumerate(zip(panels, crops, strict=True)):
        left = GAP + k * (SIDE * ZOOM + GAP)
        pen.text((left, 4), title, "black", ImageFont.load_default(16))
        pen.text((left, 24), note, "#444444", ImageFont.load_default(14))
        if gain != 1:
            crop = np.clip((crop - middle) * gain + 128, 0, 255).astype(np.uint8)
        shown = crop.repeat(ZOOM, axis=0).repeat(ZOOM, axis=1)
        canvas.paste(Image.fromarray(shown), (left, LABEL))
    content = io.BytesIO()
    canvas.save(content, "PNG", optimize=True)
    write_atomically(path, content.getvalue())


def write_csv(path: Path, rows: list[list[str]]) -> None:
    """Write a table; the first row is the header."""
    content = io.StringIO()
    csv.writer(content, lineterminator="\n").writerows(rows)
    write_atomically(path, content.getvalue().encode())
