"""Inspecting a table: its figures, and pictures of it over pairs of grey levels."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

import lutsr
from training.eclut.constants import ENTRY_MAX, ENTRY_MIN, LEVELS, MARGIN
from training.eclut.pairs import count_pairs
from training.eclut.plots import draw_flat, draw_pairs, draw_saturation, draw_taps
from training.evaluation.evaluate import set_name
from training.evaluation.methods import Upscale
from training.evaluation.pictures import iter_pictures
from training.files import make_folder

#: Side of the constant images.
FLAT_SIDE = 9


def saturation(lut: NDArray[np.int8]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Compute the fractions of entries at the limits of int8.

    Returns
    -------
    by_tap : numpy.ndarray
        (9, 2), at the lowest and at the highest value.
    by_pair : numpy.ndarray
        (256, 256), at either.
    """
    low, high = lut == ENTRY_MIN, lut == ENTRY_MAX
    by_tap = np.stack([side.mean(axis=(0, 1, 3, 4)) for side in (low, high)], axis=1)
    return by_tap, (low | high).mean(axis=(2, 3, 4))


def flat_response(upscale: Upscale, scale: int) -> NDArray[np.float64]:
    """Upscale constant images of all levels.

    Parameters
    ----------
    upscale : callable
        Upscales uint8 (H, W, C), each channel by itself.
    scale : int
        Its scale.

    Returns
    -------
    numpy.ndarray
        (2, 256, 3): mean, lowest and highest result for each level, of the inner part and of the
        border of two input pixels.
    """
    levels = np.arange(LEVELS, dtype=np.uint8)
    image = np.tile(levels, (FLAT_SIDE, FLAT_SIDE, 1))  # a channel for every level
    big = upscale(image)
    inside = np.zeros(big.shape[:2], bool)
    inner = slice(MARGIN * scale, -MARGIN * scale)
    inside[inner, inner] = True
    return np.stack(
        [np.stack([f(big[where], axis=0) for f in (np.mean, np.min, np.max)], axis=-1)
         for where in (inside, ~inside)]
    )  # fmt: skip


def count_look_ups(folder: str | Path, scale: int) -> NDArray[np.int64]:
    """Count how often the four rotations look up each pair in a folder's shrunk images.

    Returns
    -------
    numpy.ndarray
        int64, (256, 256).
    """
    total = np.zeros((LEVELS, LEVELS), np.int64)
    for picture in iter_pictures(folder, scale, min_side=2, grey=True):
        total += count_pairs(picture.lr)
    return total + total.T  # the opposite rotation looks up the swapped pair


def summary(upscaler: lutsr.Upscaler, flat: NDArray[np.float64]) -> list[str]:
    """Return a few lines of text about a table."""
    lut, shift = upscaler.tables["lut"], upscaler.parameters["expand_shift"]
    by_tap, _ = saturation(lut)
    low, high = 100 * by_tap.mean(axis=0)
    worst = int(by_tap.sum(axis=1).argmax())
    lines = [
        f"{upscaler.name} x{upscaler.scale}, expand_shift {shift}: "
        f"{lut.size} entries, {lut.nbytes / 1e6:.1f} MB",
        f"entries from {lut.min()} to {lut.max()}, {100 * (lut == 0).mean():.1f} % zero",
        f"saturated: {low:.2f} % at {ENTRY_MIN}, {high:.2f} % at {ENTRY_MAX}; "
        f"most in tap {worst}, {100 * by_tap[worst].sum():.2f} %",
    ]
    levels = np.arange(LEVELS)
    for name, found in zip(("inside", "at the border"), flat, strict=True):
        error = np.abs(found[:, 1:] - levels[:, None]).max(axis=1)
        level = int(error.argmax())
        exact = int((error == 0).sum())
        lines.append(
            f"flat images {name}: {exact} of {LEVELS} levels exact, mean error "
            f"{np.abs(found[:, 0] - levels).mean():.2f}, worst {error[level]:.0f} at level {level} "
            f"(becomes {found[level, 1]:.0f} to {found[level, 2]:.0f})"
        )
    return lines


def inspect_model(
    upscaler: lutsr.Upscaler, out: Path, images: str | Path | None = None
) -> list[Path]:
    """Print the figures of a table and draw its entries.

    Parameters
    ----------
    upscaler : lutsr.Upscaler
        A model of the family eclut.
    out : path
        Folder for ``taps.png``, ``saturation.png``, ``flat.png`` and, with `images`,
        ``pairs.png``.
    images : path, optional
        Folder of full-size images, which are shrunk, and whose pairs are counted.
    """
    make_folder(out)
    title = f"{upscaler.name} x{upscaler.scale}"
    lut = upscaler.tables["lut"]
    channels = partial(upscaler, channel_axis=-1)
    flat = flat_response(channels, upscaler.scale)
    for line in summary(upscaler, flat):
        print(line)
    draw_taps(lut, title, out / "taps.png")
    draw_saturation(*saturation(lut), title, out / "saturation.png")
    draw_flat(flat, title, out / "flat.png")
    drawn = ["taps.png", "saturation.png", "flat.png"]
    if images is not None:
        counts = count_look_ups(images, upscaler.scale)
        rare = 100 * (counts < 10).mean()
        print(f"pairs in {images}: {counts.sum()} seen, {rare:.1f} % of all pairs under 10 times")
        draw_pairs(counts, f"{set_name(images)} at x{upscaler.scale}", out / "pairs.png")
        drawn.append("pairs.png")
    return [out / name for name in drawn]
