"""Errors of grey levels: constant images of every level, and a 16-bit ramp."""

from __future__ import annotations

from pathlib import Path

import numpy as np

import lutsr
from docs.figures.panels import write_csv
from training.eclut.inspect import flat_response

FIGURES = Path(__file__).with_suffix(".csv")
COLUMNS, ROWS, RIM = 512, 16, 4


def ramp_errors(upscaler: lutsr.Upscaler) -> np.ndarray:
    """Upscale a 16-bit ramp, and return the errors inside it, in levels of 1/255."""
    step = 65535 / (COLUMNS - 1)
    ramp = np.rint(np.arange(COLUMNS) * step).astype(np.uint16)
    big = upscaler(np.tile(ramp, (ROWS, 1)))
    r = upscaler.scale
    wanted = ((np.arange(COLUMNS * r) + 0.5) / r - 0.5) * step
    inside = slice(RIM * r, -RIM * r)
    return (big[inside, inside].astype(np.float64) - wanted[inside]) / 257


def measure() -> list[list[str]]:
    """Measure every shipped table: the rows of the table, with the header."""
    rows = [["table", "flat, inside", "flat, at borders", "ramp, worst", "ramp, rms"]]
    for model in lutsr.models():
        up = lutsr.load(model.name, model.scale)
        flat = flat_response(lambda image, up=up: up(image, channel_axis=-1), model.scale)
        worst = np.abs(flat[:, :, 1:] - np.arange(256)[:, None]).max(axis=(1, 2))
        error = ramp_errors(up)
        rows.append(
            [
                f"{model.name} x{model.scale}",
                *(f"{level:.0f}" for level in worst),
                f"{np.abs(error).max():.2f}",
                f"{np.sqrt(np.mean(error**2)):.2f}",
            ]
        )
    return rows


def draw(folder: Path) -> list[Path]:
    """Write the table beside this script."""
    write_csv(FIGURES, measure())
    return [FIGURES]
