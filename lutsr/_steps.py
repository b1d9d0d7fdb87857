"""The way from one size to another: which scales a model upscales by, and where it is reduced."""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import lru_cache
from itertools import combinations_with_replacement
from math import prod
from typing import Any, NamedTuple

from numpy.typing import NDArray

from ._frame.mapped import let_go
from ._frame.stages import Reduced, Stage, band_rows, fill_rows
from ._frame.threads import share
from ._loading import is_path, load
from ._upscaler import Upscaler, upscaled

#: Results of fewer values are computed in one thread: starting others would cost more.
SERIAL_VALUES = 1 << 18


class Step(NamedTuple):
    """An upscaling, and the lengths that an image is reduced to before it."""

    lengths: tuple[int, int]
    upscaler: Upscaler


def plan_steps(
    lengths: tuple[int, int], wanted: tuple[int, int], model: str | os.PathLike[str]
) -> list[Step]:
    """List the steps from one height and width to another; what remains is a reduction."""
    scales, upscaler = _upscalers(model)
    steps: list[Step] = []
    while True:
        # Axes that shrink are reduced before anything is upscaled, and those that the last step
        # made too long are reduced to the wanted length.
        lengths = min(lengths[0], wanted[0]), min(lengths[1], wanted[1])
        if lengths == wanted:
            return steps
        scale = next_scale(max(wanted[0] / lengths[0], wanted[1] / lengths[1]), scales)
        steps.append(Step(lengths, upscaler(scale)))
        lengths = lengths[0] * scale, lengths[1] * scale


def resized(
    stage: Stage, steps: list[Step], lengths: tuple[int, int], rgb: bool, alpha: bool
) -> Stage:
    """Return an image, to be upscaled and reduced step by step."""
    for step in steps:
        stage = upscaled(_reduced(stage, step.lengths, alpha), step.upscaler, rgb, alpha)
    return _reduced(stage, lengths, alpha)


def _reduced(stage: Stage, lengths: tuple[int, int], alpha: bool) -> Stage:
    return stage if stage.shape[:2] == lengths else Reduced(stage, lengths, alpha)


def fill(
    chains: list[Stage],
    targets: list[NDArray[Any]],
    workers: int,
    mapped: tuple[NDArray[Any], ...] = (),
    start: int = 0,
) -> None:
    """Compute images, from row `start` on, into arrays; bands of rows are shared by threads.

    Pages of the arrays `mapped` are released after each band.
    """
    height = len(targets[0])
    if sum(target.size for target in targets) < SERIAL_VALUES:
        workers = 1
    step = band_rows(chains[0], height, workers if len(chains) == 1 else 1)
    bands = -(-height // step)

    def fill_band(item: int) -> None:
        number, band = divmod(item, bands)
        first, last = band * step, min((band + 1) * step, height)
        fill_rows(chains[number], start + first, start + last, targets[number][first:last])
        for array in mapped:
            let_go(array)

    items = range(len(chains) * bands)
    share(fill_band, items, min(workers, len(items)))


@lru_cache(maxsize=256)
def next_scale(growth: float, scales: tuple[int, ...]) -> int:
    """Return the scale to upscale by next.

    Parameters
    ----------
    growth : float
        Factor to reach or pass, more than 1.
    scales : tuple of int
        The available scales, in ascending order.

    Returns
    -------
    int
        The largest scale of the shortest list of scales whose product is at least `growth`, and as
        small as possible.

    Examples
    --------
    >>> [next_scale(growth, (2, 3, 4)) for growth in (1.1, 2, 2.5, 6, 8, 17)]
    [2, 2, 3, 3, 4, 3]
    """
    passes = 1
    while scales[-1] ** passes < growth:
        passes += 1
    enough = (c for c in combinations_with_replacement(scales, passes) if prod(c) >= growth)
    return max(min(enough, key=prod))


def _upscalers(
    model: str | os.PathLike[str],
) -> tuple[tuple[int, ...], Callable[[int], Upscaler]]:
    """Return the scales of a model, and a function that returns its upscaler of a scale."""
    if is_path(model) or not isinstance(model, str):
        upscaler = load(model)  # raises the error for another type
        return (upscaler.scale,), lambda scale: upscaler
    from ._modelfile import shipped_scales

    return shipped_scales(model), lambda scale: load(model, scale)
