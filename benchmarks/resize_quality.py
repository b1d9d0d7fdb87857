"""Measure PSNR-Y of `lutsr.resize` at scales that no table has: x2.5 and x8.

``python -m benchmarks.resize_quality Set5/HR Set14/HR``, from the repository's root.

Each image is cropped at the bottom and right, so that its size is a multiple of the scale. It is
reduced to 1/2.5 or 1/8 with MATLAB's ``imresize`` (bicubic, antialiased, rounded after each pass)
and upscaled again with every method. PSNR is computed on the luma, without a border of as many
pixels as the scale, rounded up.
"""

from __future__ import annotations

import argparse
from fractions import Fraction
from math import ceil
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

import lutsr
from training.evaluation.degrade import crop_to_multiple
from training.evaluation.metrics import psnr_y

from . import records
from .quality import SETS

Pixels = NDArray[np.uint8]

SCALES = (Fraction(5, 2), Fraction(8))


def imresize(image: Pixels, scale: Fraction) -> Pixels:
    """Reduce an image as MATLAB does; see `training.evaluation.degrade` for scales 2, 3 and 4."""
    for axis in (0, 1):
        length = image.shape[axis]
        centres = (np.arange(length / scale) + 0.5) * float(scale) - 0.5
        reach = ceil(2 * scale)
        indices = np.floor(centres).astype(int)[:, None] + np.arange(-reach, reach + 2)
        t = np.abs(indices - centres[:, None]) / float(scale)
        near, far = 1.5 * t**3 - 2.5 * t**2 + 1, -0.5 * t**3 + 2.5 * t**2 - 4 * t + 2
        weights = np.where(t <= 1, near, np.where(t <= 2, far, 0))
        weights /= weights.sum(axis=1, keepdims=True)
        pad = [(reach + 2, reach + 2) if k == axis else (0, 0) for k in range(image.ndim)]
        lines = np.moveaxis(np.pad(image, pad, mode="symmetric"), axis, 0)[indices + reach + 2]
        sums = np.einsum("ot,ot...->o...", weights, lines.astype(float))
        # The small term rounds up exact halves that are a little too low by rounding errors.
        image = np.moveaxis(np.clip(np.floor(sums + 0.5 + 1e-9), 0, 255).astype(np.uint8), 0, axis)
    return np.ascontiguousarray(image)


def upscaled(small: Pixels, shape: tuple[int, int]) -> dict[str, Pixels]:
    """Return the image upscaled by each method."""
    picture, size = Image.fromarray(small), (shape[1], shape[0])
    return {
        "Pillow BICUBIC": np.asarray(picture.resize(size, Image.Resampling.BICUBIC)),
        "Pillow LANCZOS": np.asarray(picture.resize(size, Image.Resampling.LANCZOS)),
        "`lutsr.resize`": lutsr.resize(small, shape, channel_axis=-1, rgb=True),
    }


def measure(folder: Path, scale: Fraction) -> dict[str, float]:
    """Return the mean PSNR-Y of each method over the images of a folder."""
    found: dict[str, list[float]] = {}
    for path in sorted(folder.glob("*.png")):
        truth = crop_to_multiple(np.asarray(Image.open(path).convert("RGB")), scale.numerator)
        small = imresize(truth, scale)
        for method, big in upscaled(small, truth.shape[:2]).items():
            found.setdefault(method, []).append(psnr_y(big, truth, ceil(scale)))
    return {method: float(np.mean(values)) for method, values in found.items()}


def main() -> None:
    """Run the measurement and save it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", type=Path, default=records.RESULTS / "resize.json")
    parser.add_argument("--hr", type=Path, nargs="+", default=SETS, help="folders of HR images")
    args = parser.parse_args()
    content = records.header(records.command_line("benchmarks.resize_quality"))
    entries = []
    for scale in SCALES:
        for folder in args.hr:
            name = folder.parent.name if folder.name == "HR" else folder.name
            for method, psnr in measure(folder, scale).items():
                print(f"{name:6} x{float(scale):g} {method:16} {psnr:6.2f} dB")
                entries.append(
                    {"set": name, "scale": float(scale), "method": method, "psnr_y": psnr}
                )
    records.save(args.json, content | {"entries": entries})


if __name__ == "__main__":
    main()
