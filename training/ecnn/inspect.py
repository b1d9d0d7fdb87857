"""Inspecting a stack: the curves of its layers, their strengths, and the levels of its maps."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

import lutsr
from lutsr._chain.card import read_chain
from lutsr._chain.description import Chain
from lutsr._chain.reference import pad_once, run_layer
from lutsr._stack.curves import Curves, layer_curves
from lutsr._stack.plan import find_stack
from lutsr._stack.reference import luma
from training.ecnn.plots import draw_curves, draw_strengths, draw_usage
from training.errors import TrainingError
from training.evaluation.evaluate import set_name
from training.evaluation.pictures import iter_pictures
from training.files import make_folder

#: Pictures in which levels are counted, and the side of the part of each, in input pixels.
MOST_PICTURES, LARGEST_SIDE = 20, 128


def inspect_model(
    upscaler: lutsr.Upscaler, out: Path, images: str | Path | None = None
) -> list[Path]:
    """Print the figures of a stack and draw its tables.

    Parameters
    ----------
    upscaler : lutsr.Upscaler
        A model of the family chain that is a stack of one-pixel tables.
    out : path
        Folder for ``curves.png``, ``strengths.png`` and, with `images`, ``usage.png``.
    images : path, optional
        Folder of full-size images, which are shrunk, and in whose maps levels are counted.
    """
    chain = read_chain(upscaler.scale, upscaler.parameters, upscaler.tables)
    stack = find_stack(chain)
    if stack is None:
        raise TrainingError(
            f"cannot inspect {upscaler.name}: it is a chain of another kind than a stack of "
            "one-pixel tables"
        )
    make_folder(out)
    title, layers = f"{upscaler.name} x{upscaler.scale}", layer_curves(stack)
    for line in summary(upscaler, layers):
        print(line)
    draw_curves(layers, title, out / "curves.png")
    draw_strengths(layers, title, out / "strengths.png")
    drawn = ["curves.png", "strengths.png"]
    if images is not None:
        pictures = iter_pictures(images, upscaler.scale, grey=True)
        planes = (luma(picture.lr.astype(np.int32)) for picture in pictures)
        counts = count_levels(chain, planes)
        for number, found in enumerate(counts, 1):
            used, each = 100 * (found > 0).mean(), 100 / found.sum()
            low, high = each * found[:, 0].sum(), each * found[:, -1].sum()
            print(
                f"maps {number}: {used:.0f} % of the levels of a channel occur, {low:.1f} % of "
                f"values are the lowest level, {high:.1f} % the highest"
            )
        draw_usage(counts, f"{title}, {set_name(images)}", out / "usage.png")
        drawn.append("usage.png")
    return [out / name for name in drawn]


def summary(upscaler: lutsr.Upscaler, layers: list[Curves]) -> list[str]:
    """Return a few lines of text about a stack."""
    entries = sum(table.size for table in upscaler.tables.values())
    size = sum(table.nbytes for table in upscaler.tables.values())
    lines = [f"{upscaler.name} x{upscaler.scale}: {entries} entries, {size / 1e6:.1f} MB"]
    for name, table in upscaler.tables.items():
        info = np.iinfo(table.dtype)
        lines.append(
            f"table {name}: {table.dtype} from {table.min()} to {table.max()}, "
            f"{100 * (table == 0).mean():.1f} % zero, "
            f"{100 * np.isin(table, (info.min, info.max)).mean():.2f} % at the limits"
        )
    for layer in layers:
        strengths = layer.strengths
        lines.append(
            f"{layer.name}: {strengths.size} curves, mean strength {strengths.mean():.2f}, "
            f"largest {strengths.max():.1f} {layer.unit}; {100 * layer.centre:.0f} % in the middle "
            "of the window"
        )
    return lines


def count_levels(chain: Chain, planes: Iterable[NDArray[np.int32]]) -> list[NDArray[np.int64]]:
    """Count the levels of the maps between layers.

    Parameters
    ----------
    chain : Chain
        One that is a stack.
    planes : iterable of ndarray of int32, shape (H, W)
        The middle of each is used, of up to `MOST_PICTURES` of them.

    Returns
    -------
    list of ndarray of int64, shape (channels, levels)
        For each layer but the last one.
    """
    (stage,) = chain.stages
    *layers, _ = stage.layers
    counts: list[NDArray[np.int64]] = []
    for _, plane in zip(range(MOST_PICTURES), planes, strict=False):
        top, left = (max(0, (side - LARGEST_SIDE) // 2) for side in plane.shape)
        part = plane[top : top + LARGEST_SIDE, left : left + LARGEST_SIDE]
        body = {"image": pad_once(part[..., np.newaxis], stage, len(part))}
        inside = slice(stage.reach, -stage.reach or None)
        for number, layer in enumerate(layers):
            body[layer.out] = run_layer(body, layer)
            assert layer.rounding.clamp is not None
            levels = layer.rounding.clamp[1] + 1
            channels = np.moveaxis(body[layer.out][inside, inside], -1, 0)
            found = np.stack([np.bincount(one.ravel(), minlength=levels) for one in channels])
            if len(counts) == number:
                counts.append(np.zeros_like(found))
            counts[number] += found
    return counts
