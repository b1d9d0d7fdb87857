"""``lutsr compare``: nearest, bicubic and lutsr side by side, in 8 bits, as a labelled PNG."""

from __future__ import annotations

import os
import sys
from argparse import Namespace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from .._modelinfo import DEFAULT_MODEL
from . import imagefile
from ._jobs import plan
from ._model_choice import AUTO, model_for
from ._report import CommandError, complain, need, say
from ._upscale import load_upscaler

if TYPE_CHECKING:
    from PIL.Image import Image

    from .. import Upscaler

Pixels = NDArray[np.uint8]

#: Default width and height of the crop, in pixels of the input.
CROP = 64
#: Approximate side of a panel in pixels: smaller crops are drawn larger.
PANEL = 256
#: Least width of a panel, for its label.
COLUMN = 130
#: Space between panels, and height of labels.
GAP, LABEL = 8, 44


def compare(args: Namespace) -> int:
    """Draw the comparison, and return the exit code."""
    need("PIL", "tifffile", "imagecodecs")
    output = args.output or f"{os.path.splitext(os.path.basename(args.image))[0]}_compared.png"
    todo = plan([args.image], output, ending=".png", suffix="_compared", overwrite=args.overwrite)
    if not todo.jobs:
        say(f"skipped {output}: it exists; --overwrite replaces it", sys.stdout)
        return 0
    picture, small = _read(args.image)
    model = model_for(picture) if args.model == AUTO else args.model or DEFAULT_MODEL
    upscaler = load_upscaler(model, args.scale)
    x, y, width, height = _crop_of(args.crop, small)
    panels = _upscaled(small, upscaler, args.workers)
    figures = dict.fromkeys(panels, "")
    if args.reference is not None:
        truth = _reference(args.reference, small, upscaler.scale)
        for name, image in panels.items():
            figures[name] = f"{_psnr_y(image, truth, upscaler.scale):.2f} dB"
            say(f"{name:8} {figures[name]}", sys.stdout)
        panels["reference"], figures["reference"] = truth, "PSNR-Y, whole image"
    r = upscaler.scale
    window = (slice(y * r, (y + height) * r), slice(x * r, (x + width) * r))
    drawing = _draw({name: image[window] for name, image in panels.items()}, figures)
    target = todo.jobs[0].target
    try:
        imagefile.write(target, [np.asarray(drawing)], picture, format="PNG", strip=True)
    except imagefile.ImageFileError as error:
        raise CommandError(f"{target}: {error}") from error
    where = f"{width}x{height}+{x}+{y}"
    say(f"wrote {target}: {drawing.width}x{drawing.height}, {where} at x{r}", sys.stdout)
    return 0


def _read(path: str) -> tuple[imagefile.Picture, Pixels]:
    """Read an image as 8-bit grey or RGB, and print notes about what was converted."""
    try:
        picture = imagefile.read(path, any_range=True)
    except imagefile.ImageFileError as error:
        raise CommandError(f"{path}: {error}") from error
    frame, notes = picture.frames[0], list(picture.notes)
    if len(picture.frames) > 1:
        notes.append(f"only the first of its {len(picture.frames)} frames is compared")
    if frame.dtype.kind == "f" and not 0 <= frame.min() <= frame.max() <= 1:
        raise CommandError(f"{path}: has values outside [0, 1]; scale them into it first")
    if frame.dtype != np.uint8:
        notes.append("compared in 8 bits, as it is drawn")
        info = None if frame.dtype.kind == "f" else np.iinfo(frame.dtype)
        low, high = (info.min, info.max) if info else (0, 1)
        frame = np.rint((frame - np.float64(low)) / (high - low) * 255).astype(np.uint8)
    if picture.alpha:
        notes.append("compared on white, since it has an alpha channel")
        share = frame[..., -1:] / np.float64(255)
        frame = np.rint(frame[..., :-1] * share + 255 * (1 - share)).astype(np.uint8)
        frame = frame[..., 0] if frame.shape[2] == 1 else frame
    for note in notes:
        complain(f"{path}: note: {note}")
    return picture, frame


def _crop_of(asked: tuple[int, int, int, int] | None, image: Pixels) -> tuple[int, int, int, int]:
    """Return left, top, width and height of the crop."""
    rows, columns = image.shape[:2]
    if asked is None:
        width, height = min(CROP, columns), min(CROP, rows)
        return (columns - width) // 2, (rows - height) // 2, width, height
    width, height, x, y = asked
    if x + width > columns or y + height > rows:
        raise CommandError(f"--crop {width}x{height}+{x}+{y} leaves the image, {columns}x{rows}")
    return x, y, width, height


def _upscaled(small: Pixels, upscaler: Upscaler, workers: int | None) -> dict[str, Pixels]:
    """Upscale an image with each method."""
    from PIL import Image

    r = upscaler.scale
    size = (small.shape[1] * r, small.shape[0] * r)
    bicubic = Image.fromarray(small).resize(size, Image.Resampling.BICUBIC)
    grey = small.ndim == 2
    return {
        "nearest": small.repeat(r, axis=0).repeat(r, axis=1),
        "bicubic": np.asarray(bicubic),
        "lutsr": upscaler(small, channel_axis=None if grey else -1, rgb=not grey, workers=workers),
    }


def _reference(path: str, small: Pixels, scale: int) -> Pixels:
    """Read the true large image, cut to the size of the upscaled one."""
    _, truth = _read(path)
    height, width = small.shape[0] * scale, small.shape[1] * scale
    extra = truth.shape[0] - height, truth.shape[1] - width
    if not all(0 <= length < scale for length in extra) or truth.ndim != small.ndim:
        kinds = {2: "grey", 3: "RGB"}
        raise CommandError(
            f"{path}: is {truth.shape[1]}x{truth.shape[0]} {kinds[truth.ndim]}; the reference of "
            f"this image at x{scale} is {width}x{height} {kinds[small.ndim]}"
        )
    return truth[:height, :width]


def _psnr_y(image: Pixels, truth: Pixels, scale: int) -> float:
    """Compute PSNR on BT.601 luma without a border of `scale` pixels, as in publications."""
    inside = (slice(scale, -scale),) * 2
    difference = (_luma(image) - _luma(truth))[inside]
    if difference.size == 0:
        raise CommandError("the image is too small for a PSNR; leave out --reference")
    error = np.mean(difference**2)
    return float(10 * np.log10(255**2 / error)) if error else float("inf")


def _luma(image: Pixels) -> NDArray[np.float64]:
    weights = np.array([65.481, 128.553, 24.966]) / 255
    grey = image * weights.sum() if image.ndim == 2 else image @ weights
    return np.asarray(grey, np.float64)


def _draw(panels: dict[str, Pixels], figures: dict[str, str]) -> Image:
    """Draw crops side by side at the same integer zoom, with a label above each."""
    from PIL import Image, ImageDraw, ImageFont

    first = next(iter(panels.values()))
    zoom = max(1, PANEL // max(first.shape[:2]))
    height, width = first.shape[0] * zoom, max(first.shape[1] * zoom, COLUMN)
    size = (GAP + len(panels) * (width + GAP), LABEL + height + GAP)
    canvas = Image.new("L" if first.ndim == 2 else "RGB", size, "white")
    draw = ImageDraw.Draw(canvas)
    for column, (name, image) in enumerate(panels.items()):
        left = GAP + column * (width + GAP)
        draw.text((left, 4), name, "black", ImageFont.load_default(16))
        draw.text((left, 24), figures[name], "#444444", ImageFont.load_default(14))
        crop = image.repeat(zoom, axis=0).repeat(zoom, axis=1)
        canvas.paste(Image.fromarray(crop), (left, LABEL))
    return canvas
