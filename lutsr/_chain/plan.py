"""What is prepared of a chain before it runs: rotations turned into taps, registers numbered.

To rotate an image, run a layer and rotate the result back is the same as to rotate the layer's
taps, cells and shifts, because both borders treat rows and columns alike. So no map is rotated.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .description import Chain, Layer, LookUp, Rounding, Stage

_WALKS = {"simplex": 0, "srlut": 1, "floor": 2}


@dataclass(frozen=True)
class Read:
    """A look-up of one rotation, as `lutsr._chain.kernels.add_look_up` takes it.

    Attributes
    ----------
    source : int
        Number of the register.
    table : ndarray, shape (T, levels ** d, n)
    taps : ndarray of int64, shape (T, groups, d, 3)
        dy and dx less their minima, so that none is negative, and the channel.
    reach : tuple of int
        Minimum and maximum of dy, then of dx.
    levels, low : int
    steps, weights : ndarray of int64, shape (T, groups)
    walk : int
    border : str
    """

    source: int
    table: NDArray[np.integer]
    taps: NDArray[np.int64]
    reach: tuple[int, int, int, int]
    levels: int
    low: int
    steps: NDArray[np.int64]
    weights: NDArray[np.int64]
    walk: int
    border: str


@dataclass(frozen=True)
class Step:
    """A layer of one rotation.

    Attributes
    ----------
    reads : tuple of Read
    add : tuple of (int, ndarray of int64)
        Number of a register, and its gain: one for all channels or one for each.
    residual : tuple of int
    channels : int
        Before they are placed.
    factor : int
        Pixels per image pixel, before and along each axis.
    rounding : Rounding
    cells : int
    corners : tuple of (int, int)
        Row and column in a cell of each of its values.
    shifts : tuple of (int, int)
    border : str
        Of the shifts.
    """

    reads: tuple[Read, ...]
    add: tuple[tuple[int, NDArray[np.int64]], ...]
    residual: tuple[int, ...]
    channels: int
    factor: int
    rounding: Rounding
    cells: int
    corners: tuple[tuple[int, int], ...]
    shifts: tuple[tuple[int, int], ...]
    border: str


@dataclass(frozen=True)
class StagePlan:
    """A stage. Registers are numbered: first the image and the stages before, then the layers.

    Attributes
    ----------
    bodies : tuple of tuple of Step
        The layers, for each rotation.
    channels, factor : int
        Of the result.
    rounding : Rounding
    border : str or None
    reach : int
    """

    bodies: tuple[tuple[Step, ...], ...]
    channels: int
    factor: int
    rounding: Rounding
    border: str | None
    reach: int


def plan_chain(chain: Chain) -> tuple[StagePlan, ...]:
    """Prepare the stages of a chain."""
    shapes = {"image": (1, 1)}
    plans = []
    for stage in chain.stages:
        plan = _plan_stage(stage, shapes)
        shapes[stage.out] = plan.channels, plan.factor
        plans.append(plan)
    return tuple(plans)


def _plan_stage(stage: Stage, shapes: dict[str, tuple[int, int]]) -> StagePlan:
    bodies = []
    for turns in range(stage.rotations):
        numbers = {name: number for number, name in enumerate(shapes)}
        inside = dict(shapes)
        body = []
        for layer in stage.layers:
            step = _plan_layer(layer, turns, numbers, inside)
            body.append(step)
            numbers[layer.out] = len(shapes) + len(body) - 1
            place = layer.place
            maps = max(1, len(place.shifts)) * place.cells**2
            inside[layer.out] = step.channels // maps, step.factor * place.cells
        bodies.append(tuple(body))
    channels, factor = inside[stage.layers[-1].out]
    return StagePlan(tuple(bodies), channels, factor, stage.rounding, stage.border, stage.reach)


def _plan_layer(
    layer: Layer, turns: int, numbers: dict[str, int], shapes: dict[str, tuple[int, int]]
) -> Step:
    reads = tuple(_plan_read(look_up, turns, numbers) for look_up in layer.look_ups)
    names = [*(name for name, _ in layer.add), *layer.residual]
    counts = [read.table.shape[2] for read in reads] + [shapes[name][0] for name in names]
    factors = [shapes[name][1] for name in [one.source for one in layer.look_ups] + names]
    r = layer.place.cells
    corners = [(u, v) for u in range(r) for v in range(r)]
    for _ in range(turns):
        corners = [(v, r - 1 - u) for u, v in corners]
    return Step(
        reads,
        tuple((numbers[name], gain) for name, gain in layer.add),
        tuple(numbers[name] for name in layer.residual),
        max(counts),
        factors[0],
        layer.rounding,
        r,
        tuple(corners),
        tuple(_turned(dy, dx, turns) for dy, dx in layer.place.shifts),
        layer.place.border,
    )


def _plan_read(look_up: LookUp, turns: int, numbers: dict[str, int]) -> Read:
    n = look_up.entries.shape[2]
    taps = look_up.taps.copy()
    own = bool((taps[..., 2] < 0).any())
    groups = n if own or look_up.taps.shape[1] > 1 or look_up.steps.shape[1] > 1 else 1
    taps = np.repeat(taps, groups // taps.shape[1], axis=1)
    steps = np.repeat(look_up.steps, groups // look_up.steps.shape[1], axis=1)
    channels = np.arange(groups)[:, np.newaxis]
    taps[..., 2] = np.where(taps[..., 2] < 0, channels, taps[..., 2])
    for _ in range(turns):
        taps[..., 0], taps[..., 1] = taps[..., 1].copy(), -taps[..., 0]
    dy, dx = taps[..., 0], taps[..., 1]
    reach = int(dy.min()), int(dy.max()), int(dx.min()), int(dx.max())
    taps -= [reach[0], reach[2], 0]
    weights = np.full_like(steps, look_up.gain)
    if look_up.walk != "floor":
        weights *= look_up.unit // steps
    entries = np.ascontiguousarray(look_up.entries).view()
    entries.flags.writeable = False  # one writability, so that the kernel compiles once
    return Read(
        numbers[look_up.source],
        entries,
        np.ascontiguousarray(taps),
        reach,
        look_up.levels,
        look_up.low,
        np.ascontiguousarray(steps),
        weights,
        _WALKS[look_up.walk],
        look_up.border,
    )


def used_registers(step: Step) -> list[int]:
    """Return the numbers of the registers that a layer reads."""
    return [*(r.source for r in step.reads), *(s for s, _ in step.add), *step.residual]


def _turned(dy: int, dx: int, turns: int) -> tuple[int, int]:
    for _ in range(turns):
        dy, dx = dx, -dy
    return dy, dx
