"""Where bicubic interpolation is better: inputs that the table was not made for.

All samples come with scikit-image: "coffee" (Rachel Michetti), "chelsea" (Stefan van der Walt),
"grass", "brick" and "cell" are CC0, "astronaut" (NASA) and "text" are in the public domain, as the
docstrings of `skimage.data` state.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image
from skimage import data
from skimage.transform import rescale
from skimage.util import img_as_ubyte

import lutsr
from docs.figures.panels import Pixels, draw_row, write_csv
from training.evaluation.degrade import crop_to_multiple, shrink
from training.evaluation.metrics import psnr_y

SCALE = 4
FIGURES = Path(__file__).with_suffix(".csv")
PHOTOGRAPHS = ("coffee", "chelsea", "astronaut")


def sample(name: str) -> Pixels:
    """Return a sample as RGB, cropped to a multiple of the scale."""
    image = getattr(data, name)()
    if image.ndim == 2:
        image = np.stack([image] * 3, axis=-1)
    return np.ascontiguousarray(crop_to_multiple(image, SCALE))


def clean(original: Pixels) -> Pixels:
    """Reduce with MATLAB's antialiased bicubic, as the table's training did."""
    return shrink(original, SCALE)


def noisy(sigma: float) -> Callable[[Pixels], Pixels]:
    """Reduce, and add Gaussian noise of so many grey levels."""

    def degrade(original: Pixels) -> Pixels:
        small = shrink(original, SCALE)
        noise = np.random.default_rng(0).normal(0, sigma, small.shape)
        return np.clip(np.rint(small + noise), 0, 255).astype(np.uint8)

    return degrade


def compressed(quality: int) -> Callable[[Pixels], Pixels]:
    """Reduce, and store as JPEG of a quality."""

    def degrade(original: Pixels) -> Pixels:
        file = io.BytesIO()
        Image.fromarray(shrink(original, SCALE)).save(file, "JPEG", quality=quality)
        return np.asarray(Image.open(file))

    return degrade


def averaged(original: Pixels) -> Pixels:
    """Reduce by the mean of 4 x 4 pixels."""
    height, width, channels = original.shape
    cells = original.reshape(height // SCALE, SCALE, width // SCALE, SCALE, channels)
    return np.rint(cells.mean(axis=(1, 3))).astype(np.uint8)


def aliased(original: Pixels) -> Pixels:
    """Reduce without antialiasing."""
    small = rescale(original, 1 / SCALE, order=1, anti_aliasing=False, channel_axis=-1)
    return img_as_ubyte(small)


def interpolated(small: Pixels, filter: str = "bicubic") -> Pixels:
    """Upscale with Pillow."""
    size = small.shape[1] * SCALE, small.shape[0] * SCALE
    return np.asarray(Image.fromarray(small).resize(size, Image.Resampling[filter.upper()]))


def upscaled(small: Pixels, model: str = "ecnn") -> Pixels:
    """Upscale with a model as the command does."""
    return lutsr.upscale(small, SCALE, model=model, channel_axis=-1, rgb=True)


#: What is measured: label, samples, and how the input is made.
CASES: tuple[tuple[str, tuple[str, ...], Callable[[Pixels], Pixels]], ...] = (
    ("antialiased bicubic, as in training", PHOTOGRAPHS, clean),
    ("means of 4 x 4 pixels", PHOTOGRAPHS, averaged),
    ("no antialiasing", PHOTOGRAPHS, aliased),
    ("noise, sigma 5", PHOTOGRAPHS, noisy(5)),
    ("noise, sigma 10", PHOTOGRAPHS, noisy(10)),
    ("noise, sigma 20", PHOTOGRAPHS, noisy(20)),
    ("JPEG, quality 90", PHOTOGRAPHS, compressed(90)),
    ("JPEG, quality 75", PHOTOGRAPHS, compressed(75)),
    ("JPEG, quality 50", PHOTOGRAPHS, compressed(50)),
    ("JPEG, quality 30", PHOTOGRAPHS, compressed(30)),
    ("a texture: grass", ("grass",), clean),
    ("a texture: brick", ("brick",), clean),
    ("strokes of a pen: text", ("text",), clean),
    ("a smooth phase image: cell", ("cell",), clean),
)

#: Two colours with nearly the same luma: 77, 150 and 29 parts of 256 are red, green and blue.
RED, GREEN = (255, 40, 40), (40, 150, 40)

#: Pictures: name, sample, how the input is made, corner of the crop, contrast.
PICTURES = (
    ("limits_noise", "chelsea", noisy(10), (72, 112), 1.0),
    ("limits_jpeg", "coffee", compressed(30), (236, 310), 1.0),
    ("limits_aliased", "astronaut", aliased, (20, 180), 1.0),
    ("limits_texture", "grass", clean, (200, 200), 1.0),
    ("limits_text", "text", clean, (20, 40), 1.0),
    ("limits_smooth", "cell", clean, (300, 230), 6.0),
)


def colours() -> Pixels:
    """Return discs of red on green with nearly the same luma, and a black one for comparison."""
    y, x = np.mgrid[:240, :240].astype(float)
    image = np.empty((240, 240, 3))
    image[:] = GREEN
    for centre, radius, colour in (((110, 80), 55, RED), ((130, 190), 30, (0, 0, 0))):
        cover = np.clip(radius - np.hypot(y - centre[0], x - centre[1]) + 0.5, 0, 1)[..., None]
        image = image * (1 - cover) + np.array(colour) * cover
    return np.rint(image).astype(np.uint8)


def draw_colours(path: Path) -> None:
    """Draw what is lost where colours of the same luma meet."""
    original = colours()
    small = clean(original)
    panels = [
        ("input", "", small.repeat(SCALE, axis=0).repeat(SCALE, axis=1)),
        ("bicubic (Pillow)", "", interpolated(small)),
        ("lutsr, rgb=True", "", upscaled(small)),
        ("lutsr, each channel", "", lutsr.upscale(small, SCALE, channel_axis=-1)),
        ("original", "", original),
    ]
    draw_row(panels, (75, 90), path)


def draw_dots(path: Path) -> None:
    """Draw the dots of the single table."""
    original = sample("coffee")
    small = clean(original)
    shown = {"bicubic (Pillow)": interpolated(small)}
    shown |= {model: upscaled(small, model) for model in ("eclut", "ecnn")}
    panels = [
        (title, f"{psnr_y(big, original, SCALE):.2f} dB", big) for title, big in shown.items()
    ]
    draw_row([*panels, ("original", "", original)], (24, 330), path)


#: Pictures that have a function of their own.
OWN = {"limits_colours": draw_colours, "limits_dots": draw_dots}


def measure() -> list[list[str]]:
    """Measure every case: the rows of the table, with the header."""
    models = list(dict.fromkeys(info.name for info in lutsr.models()))
    rows = [["input", "bicubic, dB", "Lanczos", *models]]
    for label, names, degrade in CASES:
        found = []
        for name in names:
            original = sample(name)
            small = degrade(original)
            results = [interpolated(small), interpolated(small, "lanczos")]
            results += [upscaled(small, model) for model in models]
            found.append([psnr_y(big, original, SCALE) for big in results])
        bicubic, *others = np.mean(found, axis=0)
        rows.append([label, f"{bicubic:.2f}", *(f"{one - bicubic:+.2f}" for one in others)])
    return rows


def draw(folder: Path) -> list[Path]:
    """Draw the pictures, and write the table beside this script."""
    paths = []
    for stem, name, degrade, corner, gain in PICTURES:
        original = sample(name)
        small = degrade(original)
        shown = {"Lanczos (Pillow)": interpolated(small, "lanczos")}
        shown |= {model: upscaled(small, model) for model in ("ecnn", "ecnn-photo")}
        panels = [
            ("input", "", small.repeat(SCALE, axis=0).repeat(SCALE, axis=1)),
            *(
                (title, f"{psnr_y(big, original, SCALE):.2f} dB", big)
                for title, big in shown.items()
            ),
            ("original", "", original),
        ]
        paths.append(folder / f"{stem}.png")
        draw_row(panels, corner, paths[-1], gain)
    for name, draw_own in OWN.items():
        paths.append(folder / f"{name}.png")
        draw_own(paths[-1])
    write_csv(FIGURES, measure())
    return [*paths, FIGURES]
