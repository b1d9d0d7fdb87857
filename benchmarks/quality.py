"""Measure PSNR-Y and SSIM of all methods on benchmark sets, with the calls that are timed.

``python -m benchmarks.quality``

`training.evaluation.evaluate` makes the inputs from the full-size images with MATLAB's bicubic
and computes the values, both as in the papers.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path

import numpy as np

from training.evaluation.evaluate import MEAN, pictures_of, score, set_name
from training.evaluation.methods import Method
from training.evaluation.metrics import flat_noise

from . import records
from .contenders import CONTENDERS
from .images import Image
from .places import SHARED

SCALES = (4, 3, 2)
SETS = tuple(SHARED / "data" / name / "HR" for name in ("Set5", "Set14"))


def upscale_with(name: str, scale: int) -> Callable[[Image], Image]:
    """Return a function that upscales an image with one of `CONTENDERS`, on one thread."""

    def upscale(image: Image) -> Image:
        call = CONTENDERS[name].make(image, scale, 1, None)
        call.prepare()
        return call.pixels(call.run())

    return upscale


def methods(scale: int) -> list[Method]:
    """Return the methods that are available at a scale."""
    return [
        Method(name, scale, upscale_with(name, scale))
        for name, contender in CONTENDERS.items()
        if not contender.missing(scale)
    ]


def mean_flat_noise(folder: Path, scale: int) -> float:
    """Return the flat noise of the original images of a folder."""
    found = [flat_noise(picture.hr, picture.hr) for picture in pictures_of(folder, scale)]
    return float(np.nanmean(found))


def main() -> None:
    """Run the measurement and save the means over each set."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", type=Path, default=records.RESULTS / "quality.json")
    parser.add_argument("--hr", type=Path, nargs="+", default=SETS, help="folders of HR images")
    args = parser.parse_args()
    content = records.header(records.command_line("benchmarks.quality"))
    means = []
    for scale in SCALES:
        for folder in args.hr:
            rows = [row for row in score(folder, methods(scale)) if row["image"] == MEAN]
            for row in rows:
                print(f"{row['set']:6} x{scale} {row['method']:30} {row['psnr_y']:6.2f} dB")
            means += rows
    originals = [
        {
            "set": set_name(folder),
            "scale": scale,
            "method": "original",
            "flat_noise": mean_flat_noise(folder, scale),
        }
        for scale in SCALES
        for folder in args.hr
    ]
    kept = [{key: row[key] for key in row if key != "image"} for row in means]
    records.save(args.json, content | {"entries": kept, "originals": originals})


if __name__ == "__main__":
    main()
