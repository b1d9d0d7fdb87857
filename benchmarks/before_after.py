"""Make the pictures of README and of the documentation's first page.

``python -m benchmarks.before_after``, from the repository's root, writes
``docs/images/before_after.png``, ``docs/images/sample.png``, and the pictures of the slider,
``docs/_static/before_after/*.png``.

All show photographs from scikit-image: "chelsea", CC0 by Stefan van der Walt, and
"coffee", CC0 by Rachel Michetti, courtesy of Pikolo Espresso Bar (as the docstrings of
`skimage.data.chelsea` and `skimage.data.coffee` state).

The comparison follows the papers: the original is reduced to a quarter with MATLAB's antialiased
bicubic, every method upscales it x4, and PSNR is computed on the luma of the whole image. The
crops, an eye and a spoon, were chosen on the originals for their edges and texture. All panels
are drawn at the same integer zoom, without smoothing; those of the slider by the browser.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont
from skimage import data

import lutsr
from lutsr._modelinfo import DEFAULT_MODEL
from training.evaluation.degrade import crop_to_multiple, shrink
from training.evaluation.metrics import psnr_y

Pixels = NDArray[np.uint8]

SCALE = 4
CROP = 100  # side of a crop, in pixels of the original
ZOOM = 2
GAP, LABEL = 8, 44
#: Name of the sample and the top left corner of its crop.
CROPS = {"chelsea": (72, 112), "coffee": (236, 310)}
#: The same of the slider, whose pictures are larger.
SLIDER = {"chelsea": (50, 64), "coffee": (180, 240)}
SLIDER_SIZE = 160, 220  # height and width, in pixels of the original


def upscaled(original: Pixels, upscaler: lutsr.Upscaler) -> dict[str, Pixels]:
    """Return the reduced image upscaled by each method, and the original at the end."""
    truth = crop_to_multiple(original, SCALE)
    small = shrink(truth, SCALE)
    size = (truth.shape[1], truth.shape[0])
    bicubic = Image.fromarray(small).resize(size, Image.Resampling.BICUBIC)
    return {
        "nearest": small.repeat(SCALE, axis=0).repeat(SCALE, axis=1),
        "bicubic (Pillow)": np.asarray(bicubic),
        "lutsr": upscaler(small, channel_axis=-1, rgb=True),
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


def slider(upscaler: lutsr.Upscaler) -> dict[str, Image.Image]:
    """Return the pictures of the slider by name: a part of each sample, before and after."""
    found = {}
    height, width = SLIDER_SIZE
    for name, (y, x) in SLIDER.items():
        results = upscaled(getattr(data, name)(), upscaler)
        for way, label in (("bicubic", "bicubic (Pillow)"), ("lutsr", "lutsr")):
            part = results[label][y : y + height, x : x + width]
            found[f"{name}_{way}"] = Image.fromarray(part)
    return found


def main() -> None:
    """Write all pictures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--model", default=DEFAULT_MODEL, help="shipped model, or path of a model file"
    )
    parser.add_argument("--folder", type=Path, default=Path("docs/images"))
    parser.add_argument("--slider", type=Path, default=Path("docs/_static/before_after"))
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
        args.slider.mkdir(parents=True, exist_ok=True)
        for name, picture in slider(upscaler).items():
            picture.save(args.slider / f"{name}.png", optimize=True)
            print(f"wrote {args.slider / name}.png")


if __name__ == "__main__":
    main()
