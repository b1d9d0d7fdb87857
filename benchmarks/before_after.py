"""Make ``docs/images/before_after.png`` and ``docs/images/sample.png``.

``python -m benchmarks.before_after``, from the repository's root.

Both show photographs from scikit-image: "chelsea", CC0 by Stefan van der Walt, and
"coffee", CC0 by Rachel Michetti, courtesy of Pikolo Espresso Bar (as the docstrings of
`skimage.data.chelsea` and `skimage.data.coffee` state).

The comparison follows the papers: the original is reduced to a quarter with MATLAB's antialiased
bicubic, every method upscales it x4, and PSNR is computed on the luma of the whole image. The
crops, an eye and a spoon, were chosen on the originals for their edges and texture. All panels
are drawn at the same integer zoom, without smoothing.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont
from skimage import data

import lutsr
from training.evaluation.degrade import crop_to_multiple, shrink
from training.evaluation.metrics import psnr_y

Pixels = NDArray[np.uint8]

SCALE = 4
CROP = 100  # side of a crop, in pixels of the original
ZOOM = 2
GAP, LABEL = 8, 44
#: Name of the sample and the top left corner of its crop.
CROPS = {"chelsea": (72, 112), "coffee": (236, 310)}


def upscaled(original: Pixels, upscaler: lutsr.Upscaler) -> dict[str, Pixels]:
    """Return the reduced image upscaled by each method, and the original at the end."""
    truth = crop_to_multiple(original, SCALE)
    small = shrink(truth, SCALE)
    size = (truth.shape[1], truth.shape[0])
    bicubic = Image.fromarray(small).resize(size, Image.Resampling.BICUBIC)
    return {
        "nearest": small.repeat(SCALE, axis=0).repeat(SCALE, axis=1),
        "bicubic (Pillow)": np.asarray(bicubic),
        "lutsr": upscaler(small, channel_axis=-1),
        "original": truth,
    }


def compare(upscaler: lutsr.Upscaler) -> Image.Image:
    """Draw one row of labelled crops per sample."""
    rows = [upscaled(getattr(data, name)(), upscaler) for name in CROPS]
    side = CROP * ZOOM
    width = GAP + len(rows[0]) * (side + GAP)
    canvas = Image.new("RGB", (width, len(rows) * (LABEL + side + GAP)), "white")
    draw = ImageDraw.Draw(canvas)
    font, small_font = ImageFont.load_default(16), ImageFont.load_default(14)
    for row, (results, (y, x)) in enumerate(zip(rows, CROPS.values(), strict=True)):
        for column, (label, result) in enumerate(results.items()):
            left = GAP + column * (side + GAP)
            top = row * (LABEL + side + GAP)
            truth = results["original"]
            figure = "" if result is truth else f"{psnr_y(result, truth, SCALE):.2f} dB"
            draw.text((left, top + 4), label, "black", font)
            draw.text((left, top + 24), figure, "#444444", small_font)
            crop = result[y : y + CROP, x : x + CROP].repeat(ZOOM, axis=0).repeat(ZOOM, axis=1)
            canvas.paste(Image.fromarray(crop), (left, top + LABEL))
            print(f"{list(CROPS)[row]:8} {label:17} {figure}")
    return canvas


def main() -> None:
    """Write both pictures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", default="eclut", help="shipped model, or path of a model file")
    parser.add_argument("--folder", type=Path, default=Path("docs/images"))
    parser.add_argument("--sample-only", action="store_true", help="only write sample.png")
    args = parser.parse_args()
    args.folder.mkdir(parents=True, exist_ok=True)
    sample = shrink(data.coffee(), 3)
    Image.fromarray(sample).save(args.folder / "sample.png", optimize=True)
    print(f"wrote {args.folder / 'sample.png'}: {sample.shape[1]}x{sample.shape[0]}")
    if not args.sample_only:
        upscaler = lutsr.load(args.model, SCALE)
        compare(upscaler).save(args.folder / "before_after.png", optimize=True)
        print(f"wrote {args.folder / 'before_after.png'}")


if __name__ == "__main__":
    main()
