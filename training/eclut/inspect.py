"""What a table has learnt: figures of it, and pictures over pairs of grey levels."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LogNorm
from matplotlib.figure import Figure
from matplotlib.image import AxesImage

import lutsr
from training.curves import save_figure
from training.evaluation.evaluate import open_table, set_name
from training.evaluation.pictures import iter_pictures
from training.files import make_folder

LEVELS, TAPS = 256, 9
LOWEST, HIGHEST = -128, 127
#: Side of the flat images; their outermost `RIM` input pixels count as the border.
FLAT_SIDE, RIM = 9, 2


def tap_responses(lut: np.ndarray) -> np.ndarray:
    """Mean entry of each tap over the pixels of a cell: float32 (256, 256, 9)."""
    return lut.mean(axis=(-2, -1), dtype=np.float32)


def saturation(lut: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Fractions of entries at the limits of int8.

    Returns
    -------
    by_tap : numpy.ndarray
        (9, 2), at the lowest and at the highest value.
    by_pair : numpy.ndarray
        (256, 256), at either.
    """
    low, high = lut == LOWEST, lut == HIGHEST
    by_tap = np.stack([side.mean(axis=(0, 1, 3, 4)) for side in (low, high)], axis=1)
    return by_tap, (low | high).mean(axis=(2, 3, 4))


def flat_response(upscale: Callable[[np.ndarray], np.ndarray], scale: int) -> np.ndarray:
    """Find what flat images become: at every level the mean, lowest and highest result.

    Parameters
    ----------
    upscale : callable
        Enlarges uint8 (H, W, C), channels one by one.
    scale : int
        Its scale.

    Returns
    -------
    numpy.ndarray
        (2, 256, 3): inside, and in the border of two input pixels.
    """
    levels = np.arange(LEVELS, dtype=np.uint8)
    image = np.tile(levels, (FLAT_SIDE, FLAT_SIDE, 1))  # a channel for every level
    big = upscale(image)
    inside = np.zeros(big.shape[:2], bool)
    inside[RIM * scale : -RIM * scale, RIM * scale : -RIM * scale] = True
    return np.stack(
        [np.stack([f(big[where], axis=0) for f in (np.mean, np.min, np.max)], axis=-1)
         for where in (inside, ~inside)]
    )  # fmt: skip


def count_pairs(folder: str | Path, scale: int) -> np.ndarray:
    """How often the four rotations see each pair in a folder's shrunk images: int64 (256, 256)."""
    total = np.zeros(LEVELS * LEVELS, np.int64)
    for picture in iter_pictures(folder, scale, min_side=2, grey=True):
        levels = picture.lr.astype(np.int32)
        for ones, others in ((levels[:-1], levels[1:]), (levels[:, :-1], levels[:, 1:])):
            numbers = (ones * LEVELS + others).ravel()
            total += np.bincount(numbers, minlength=LEVELS * LEVELS)
    total = total.reshape(LEVELS, LEVELS)
    return total + total.T  # the opposite rotation sees the pair the other way round


def _map(panel: Axes, values: np.ndarray, **options: Any) -> AxesImage:
    """Draw one map over pairs: a downwards, b to the right, as in an image."""
    drawn = panel.imshow(values, interpolation="nearest", **options)
    panel.set_xticks((0, 128, 255))
    panel.set_yticks((0, 128, 255))
    return drawn


def _label(panel: Axes, left: bool = True, bottom: bool = True) -> None:
    if bottom:
        panel.set_xlabel("b, the pixel below")
    if left:
        panel.set_ylabel("a, the pixel itself")


def draw_taps(lut: np.ndarray, title: str, path: str | Path) -> None:
    """Draw the response of every tap, laid out as the taps are, in one colour scale."""
    responses = tap_responses(lut)
    most = float(max(1.0, np.abs(responses).max()))
    figure = Figure(figsize=(9.4, 8.8), dpi=110, layout="constrained")
    panels = figure.subplots(3, 3, sharex=True, sharey=True)
    for tap, panel in enumerate(panels.flat):
        drawn = _map(panel, responses[:, :, tap], cmap="RdBu_r", vmin=-most, vmax=most)
        own = responses[:, :, tap]
        row, column = tap // 3 - 1, tap % 3 - 1
        panel.set_title(
            f"tap {tap} ({row:+d}, {column:+d}): {own.min():.0f} to {own.max():.0f}", fontsize=10
        )
        _label(panel, left=tap % 3 == 0, bottom=tap >= 6)
    bar = figure.colorbar(drawn, ax=panels, shrink=0.7, aspect=35)
    bar.set_label("mean entry of the cell, in quarter grey levels")
    figure.suptitle(f"{title}: what each tap adds, by pair (taps placed as they shift)")
    save_figure(figure, path)


def draw_saturation(lut: np.ndarray, title: str, path: str | Path) -> None:
    """Draw where entries stand at the limits of int8: by pair, and by tap."""
    by_tap, by_pair = saturation(lut)
    figure = Figure(figsize=(10.5, 4.8), dpi=110, layout="constrained")
    left, right = figure.subplots(1, 2)
    most = max(1.0, 100 * float(by_pair.max()))
    drawn = _map(left, 100 * by_pair, cmap="magma", vmin=0, vmax=most)
    figure.colorbar(drawn, ax=left, shrink=0.85, label="% of the pair's entries")
    _label(left)
    left.set_title("at either limit, by pair", fontsize=10)
    taps = np.arange(TAPS)
    right.bar(taps, 100 * by_tap[:, 0], color="tab:blue", label=f"at {LOWEST}")
    right.bar(
        taps, 100 * by_tap[:, 1], bottom=100 * by_tap[:, 0], color="tab:red", label=f"at {HIGHEST}"
    )
    right.set_xticks(taps)
    right.set_xlabel("tap")
    right.set_ylabel("% of the tap's entries")
    right.set_title("by tap", fontsize=10)
    right.grid(axis="y", alpha=0.3)
    right.set_axisbelow(True)
    right.legend(frameon=False)
    figure.suptitle(f"{title}: entries at the limits of int8")
    save_figure(figure, path)


def draw_flat(flat: np.ndarray, title: str, path: str | Path) -> None:
    """Draw the error of flat images of every level, inside and at the border."""
    figure = Figure(figsize=(8, 5.4), dpi=110, layout="constrained")
    panels = figure.subplots(2, 1, sharex=True)
    levels = np.arange(LEVELS)
    for panel, name, found in zip(panels, ("inside", "at the border"), flat, strict=True):
        error = found - levels[:, None]
        panel.fill_between(levels, error[:, 1], error[:, 2], alpha=0.3, lw=0, label="all pixels")
        panel.plot(levels, error[:, 0], lw=1.2, label="mean")
        panel.axhline(0, color="black", lw=0.6)
        panel.set_title(f"{name}: {error.min():+.0f} to {error.max():+.0f}", fontsize=10)
        panel.set_ylabel("result - level")
        panel.grid(alpha=0.3)
    panels[0].legend(frameon=False)
    panels[1].set_xlabel("grey level of the flat image")
    figure.suptitle(f"{title}: what flat images become")
    save_figure(figure, path)


def draw_pairs(counts: np.ndarray, title: str, path: str | Path) -> None:
    """Draw how often each pair was seen, in a logarithmic scale."""
    figure = Figure(figsize=(6.6, 5.6), dpi=110, layout="constrained")
    panel = figure.subplots()
    panel.set_facecolor("lightgray")
    seen = np.ma.masked_equal(counts, 0)
    norm = LogNorm(1, max(10, int(counts.max())))
    figure.colorbar(
        _map(panel, seen, cmap="viridis", norm=norm), ax=panel, label="times seen (grey: never)"
    )
    _label(panel)
    panel.set_title(f"{title}: {100 * (counts > 0).mean():.1f} % of all pairs occur", fontsize=11)
    save_figure(figure, path)


def summary(upscaler: lutsr.Upscaler, flat: np.ndarray) -> list[str]:
    """Describe a table in a few lines of text."""
    lut = upscaler.tables["lut"]
    by_tap, _ = saturation(lut)
    low, high = 100 * by_tap.mean(axis=0)
    worst = int(by_tap.sum(axis=1).argmax())
    lines = [
        f"{upscaler.name} x{upscaler.scale}, expand_shift {upscaler.parameters['expand_shift']}: "
        f"{lut.size} entries, {lut.nbytes / 1e6:.1f} MB",
        f"entries from {lut.min()} to {lut.max()}, {100 * (lut == 0).mean():.1f} % zero",
        f"saturated: {low:.2f} % at {LOWEST}, {high:.2f} % at {HIGHEST}; "
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


def inspect_table(
    table: str | Path,
    out: str | Path,
    *,
    images: str | Path | None = None,
    scale: int | None = None,
) -> list[Path]:
    """Print what a table is and draw what it has learnt; the ``inspect`` command.

    Parameters
    ----------
    table : path or str
        A table file or the name of a shipped model.
    out : path
        Folder for ``taps.png``, ``saturation.png``, ``flat.png`` and, with `images`,
        ``pairs.png``.
    images : path, optional
        Folder of full-size images to count pairs in, shrunk by the table's scale.
    scale : int, optional
        For a shipped model.

    Returns
    -------
    list of pathlib.Path
        The pictures.
    """
    upscaler = open_table(table, scale)
    make_folder(out)
    title, folder = f"{upscaler.name} x{upscaler.scale}", Path(out)
    flat = flat_response(lambda image: upscaler(image, channel_axis=-1), upscaler.scale)
    for line in summary(upscaler, flat):
        print(line)
    draw_taps(upscaler.tables["lut"], title, folder / "taps.png")
    draw_saturation(upscaler.tables["lut"], title, folder / "saturation.png")
    draw_flat(flat, title, folder / "flat.png")
    drawn = ["taps.png", "saturation.png", "flat.png"]
    if images is not None:
        counts = count_pairs(images, upscaler.scale)
        rare = 100 * (counts < 10).mean()
        print(f"pairs in {images}: {counts.sum()} seen, {rare:.1f} % of all pairs under 10 times")
        draw_pairs(counts, f"{set_name(images)} at x{upscaler.scale}", folder / "pairs.png")
        drawn.append("pairs.png")
    return [folder / name for name in drawn]
