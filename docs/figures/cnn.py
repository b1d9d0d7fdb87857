"""Where a network is better: one that was trained for the inputs at hand.

FSRCNN as made for OpenCV's contrib module (repository Saafke/FSRCNN_Tensorflow) was trained for
images that OpenCV reduced, which it does without antialiasing. Its model file, ``FSRCNN_x4.pb``,
is not part of this repository: the environment variable LUTSR_FSRCNN gives its path.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from benchmarks import fsrcnn
from benchmarks.contenders import FSRCNN_VARIABLE
from docs.figures.limits import PHOTOGRAPHS, SCALE, clean, interpolated, sample, upscaled
from docs.figures.panels import Pixels, draw_row, write_csv
from training.evaluation.metrics import psnr_y

FIGURES = Path(__file__).with_suffix(".csv")
PICTURE, CORNER = "coffee", (236, 310)


def by_opencv(original: Pixels) -> Pixels:
    """Reduce as OpenCV's INTER_CUBIC does."""
    size = original.shape[1] // SCALE, original.shape[0] // SCALE
    return np.asarray(cv2.resize(original, size, interpolation=cv2.INTER_CUBIC), np.uint8)


def upscale_all(small: Pixels, net: Any) -> dict[str, Pixels]:
    """Upscale by every method."""
    return {
        "bicubic": interpolated(small),
        "lutsr": upscaled(small),
        "FSRCNN": fsrcnn.upscale(small, net, SCALE),
    }


def draw(folder: Path) -> list[Path]:
    """Draw ``limits_cnn.png``, and write the table beside this script."""
    model = os.environ.get(FSRCNN_VARIABLE)
    if not model:
        print(f"limits_cnn.png left as it is: {FSRCNN_VARIABLE} is not set to FSRCNN_x4.pb")
        return []
    net = fsrcnn.read(Path(model))
    rows = []
    for label, reduce in (("OpenCV INTER_CUBIC", by_opencv), ("antialiased bicubic", clean)):
        for name in PHOTOGRAPHS:
            original = sample(name)
            results = upscale_all(reduce(original), net)
            figures = {way: f"{psnr_y(big, original, SCALE):.2f}" for way, big in results.items()}
            rows.append([name, label, *figures.values()])
            if reduce is by_opencv and name == PICTURE:
                panels = [(way, f"{figures[way]} dB", big) for way, big in results.items()]
                path = folder / "limits_cnn.png"
                draw_row([*panels, ("original", "", original)], CORNER, path)
    write_csv(FIGURES, [["photograph", "reduced by", *(f"{way}, dB" for way in figures)], *rows])
    return [path, FIGURES]
