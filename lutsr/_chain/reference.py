"""Chains of look-up layers in plain NumPy, written to be read beside the papers.

Nothing here is fast. It is the oracle: every kernel, worker count and tiling returns exactly these
integers. `lutsr._chain.description` says what the fields mean.

References
----------
.. [1] Y. Jo and S. J. Kim, "Practical Single-Image Super-Resolution Using Look-Up Table",
   CVPR 2021 (SR-LUT).
.. [2] J. Li et al., "MuLUT: Cooperating Multiple Look-Up Tables for Efficient Image
   Super-Resolution", ECCV 2022.
.. [3] H. Li et al., "TinyLUT: Tiny Look-Up Table for Efficient Image Restoration at the Edge",
   NeurIPS 2024.
.. [4] K. Yin and J. Shen, "Efficient Look-Up Table from Expanded Convolutional Network for
   Accelerating Image Super-resolution", AAAI 2024.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .description import Chain, Layer, LookUp, Place, Rounding, Stage

#: A register: integers of shape (rows, columns, channels).
Maps = NDArray[np.int32]


def run(image: NDArray[np.uint8], chain: Chain) -> NDArray[np.uint8]:
    """Enlarge an image (H, W) by a chain."""
    last = replace(chain.stages[-1].rounding, bias=np.zeros(1, np.int64))
    return round_sums(run_sums(image.astype(np.int32), chain), last).astype(np.uint8)


def run_sums(values: NDArray[np.int32], chain: Chain) -> NDArray[np.int32]:
    """Return the sums (r * H, r * W) of the last stage with their bias, not divided yet."""
    registers = {"image": values[..., np.newaxis]}
    *stages, last = chain.stages
    for stage in stages:
        registers[stage.out] = round_sums(run_stage(registers, stage), stage.rounding)
    total: Maps = run_stage(registers, last)[..., 0]
    return total + last.rounding.bias.astype(np.int32)


def deepen(chain: Chain, steps: int) -> Chain:
    """Return the chain for images with so many steps per level, in which levels are interpolated.

    Only for a chain that interpolates everywhere and rounds once at the end: see `Chain.deep`.
    """
    return replace(chain, stages=tuple(_deepen_stage(stage, steps) for stage in chain.stages))


def _deepen_stage(stage: Stage, steps: int) -> Stage:
    layers = tuple(
        replace(
            layer,
            look_ups=tuple(_deepen_look_up(look_up, steps) for look_up in layer.look_ups),
            rounding=_deepen_rounding(layer.rounding, steps),
        )
        for layer in stage.layers
    )
    return replace(stage, layers=layers, rounding=_deepen_rounding(stage.rounding, steps))


def _deepen_look_up(look_up: LookUp, steps: int) -> LookUp:
    return replace(
        look_up,
        low=look_up.low * steps,
        steps=look_up.steps * steps,
        unit=look_up.unit * steps,
    )


def _deepen_rounding(rounding: Rounding, steps: int) -> Rounding:
    clamp = rounding.clamp and (rounding.clamp[0] * steps, rounding.clamp[1] * steps)
    return replace(rounding, bias=rounding.bias * steps, clamp=clamp)


def run_stage(registers: Mapping[str, Maps], stage: Stage) -> Maps:
    """Run a stage's layers for each rotation, and sum what they return."""
    rows = registers["image"].shape[0]
    if stage.border is not None:
        registers = {key: pad_once(maps, stage, rows) for key, maps in registers.items()}
    results = []
    for quarter_turns in range(stage.rotations):
        body = {key: np.rot90(maps, quarter_turns) for key, maps in registers.items()}
        for layer in stage.layers:
            body[layer.out] = run_layer(body, layer)
        results.append(np.rot90(body[stage.layers[-1].out], -quarter_turns))
    total: Maps = np.sum(results, axis=0, dtype=np.int32)
    if stage.border is not None:
        cut = stage.reach * total.shape[0] // registers["image"].shape[0]
        total = total[cut : total.shape[0] - cut, cut : total.shape[1] - cut]
    return total


def pad_once(maps: Maps, stage: Stage, rows: int) -> Maps:
    """Pad a register by the stage's reach, which is in pixels of the image."""
    margin = stage.reach * (maps.shape[0] // rows)
    return _pad(maps, margin, margin, margin, margin, stage.border or "edge")


def run_layer(registers: Mapping[str, Maps], layer: Layer) -> Maps:
    """Sum a layer's look-ups and registers, round, add the residuals, clamp, place."""
    total = sum(
        (look_up.gain * read(registers[look_up.source], look_up) for look_up in layer.look_ups),
        start=np.zeros(1, np.int32),
    )
    for source, gain in layer.add:
        total = total + gain.astype(np.int32) * registers[source]
    residual = sum((registers[source] for source in layer.residual), start=np.zeros(1, np.int32))
    return place(round_sums(total, layer.rounding, residual), layer.place)


def read(maps: Maps, look_up: LookUp) -> Maps:
    """Read one entry per table for every pixel, and sum over the tables.

    Returns
    -------
    ndarray of int32, shape (rows, columns, n)
        Times ``look_up.unit``.
    """
    reach = int(np.abs(look_up.taps[..., :2]).max())
    padded = _pad(maps, reach, reach, reach, reach, look_up.border)
    total = np.zeros(1, np.int32)
    for table, taps, step in zip(look_up.entries, look_up.taps, look_up.steps, strict=True):
        # taps: (1 or n, d, 3)
        values = np.array([neighbours(padded, reach, taps[:, i]) for i in range(taps.shape[1])])
        values -= np.int32(look_up.low)
        strides = look_up.levels ** np.arange(len(values))[::-1]
        if look_up.walk == "floor" or step.max() == 1:
            entries = fetch(table, number_of(values // step.astype(np.int32), strides))
        else:
            entries = interpolate(table, values, step, strides, look_up.walk == "srlut")
        # Interpolated entries are times step.
        weight = 1 if look_up.walk == "floor" else (look_up.unit // step).astype(np.int32)
        total = total + entries * weight
    return total


def neighbours(padded: Maps, reach: int, taps: NDArray[np.int64]) -> Maps:
    """Return the value of a register at a tap, for every pixel.

    Parameters
    ----------
    padded : ndarray of int32, shape (reach + rows + reach, reach + columns + reach, channels)
    reach : int
    taps : ndarray, shape (1 or n, 3)
        dy, dx and channel, one for all output channels or one for each.

    Returns
    -------
    ndarray of int32, shape (rows, columns, 1 or n)
        One channel where the value is the same for every output channel.
    """
    rows, columns = padded.shape[0] - 2 * reach, padded.shape[1] - 2 * reach
    moved = []
    for output, (dy, dx, channel) in enumerate(taps):
        if channel >= 0:
            which = slice(channel, channel + 1)
        elif len(taps) == 1:
            which = slice(None)
        else:
            which = slice(output, output + 1)
        top, left = reach + dy, reach + dx
        moved.append(padded[top : top + rows, left : left + columns, which])
    return np.concatenate(moved, axis=-1)


def number_of(levels: Maps, strides: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the number of the entry at levels (d, rows, columns, n): their sum, times strides."""
    total: NDArray[np.int64] = levels[0] * strides[0]
    for level, stride in zip(levels[1:], strides[1:], strict=True):
        total += level * stride
    return total


def interpolate(
    table: NDArray[np.integer],
    values: Maps,
    step: NDArray[np.int64],
    strides: NDArray[np.int64],
    srlut: bool,
) -> Maps:
    """Read entries between a table's levels, on the simplex that the indices lie in.

    The cube around d indices falls into d! simplices. The walk from its lowest corner to its
    highest, along the axes in the order of falling fractions, meets the d + 1 corners of the right
    one; what the fractions lose from step to step are the weights.

    Parameters
    ----------
    table : ndarray, shape (levels ** d, n)
    values : ndarray of int32, shape (d, rows, columns, 1 or n)
        From the lowest level on.
    step : ndarray, shape (1 or n,)
        Distance between two levels.
    strides : ndarray, shape (d,)
    srlut : bool
        Whether to walk as SR-LUT's published program does: where the fractions fall in the order
        c, d, a, b it turns at a before d, and the weight there is negative.

    Returns
    -------
    ndarray of int32, shape (rows, columns, n)
        Times `step`.
    """
    levels, fractions = np.divmod(values, step.astype(np.int32))
    order = np.argsort(-fractions, axis=0, kind="stable")
    if srlut:
        a, b, c, d = fractions
        order[:, (c > d) & (d > a) & (a > b)] = np.array([[2], [0], [3], [1]])
    falling = np.take_along_axis(fractions, order, axis=0)
    entry = number_of(levels, strides)
    total: Maps = fetch(table, entry) * (step.astype(np.int32) - falling[0])
    for k, axis in enumerate(order):
        entry = entry + strides[axis]
        # Without a fraction there may be no level above; nothing is read there.
        weight = falling[k] - (falling[k + 1] if k + 1 < len(falling) else 0)
        total += fetch(table, np.minimum(entry, len(table) - 1)) * weight
    return total


def fetch(table: NDArray[np.integer], entry: NDArray[np.integer]) -> Maps:
    """Return entries (rows, columns, n), each channel at an index of its own if there are n."""
    entries: NDArray[Any]
    if entry.shape[-1] == 1:
        entries = table.take(entry[..., 0], axis=0)
    else:
        entries = table[entry, np.arange(table.shape[-1])]
    return entries.astype(np.int32, copy=False)


def round_sums(total: Maps, rounding: Rounding, residual: Maps | int = 0) -> Maps:
    """Add the bias, divide, round to the nearest integer, add the residual, clamp."""
    total = total + rounding.bias.astype(np.int32)
    quotient, rest = np.divmod(total, np.int32(rounding.divisor))
    tie = 2 * rest == rounding.divisor
    up = (2 * rest > rounding.divisor) | (tie & ((rounding.rounding == "up") | (quotient % 2 == 1)))
    result: Maps = quotient + up + residual
    if rounding.clamp is not None:
        result = np.clip(result, *rounding.clamp)
    return result


def place(maps: Maps, where: Place) -> Maps:
    """Lay channels out as cells; sum displaced maps, if there are shifts."""
    rows, columns, channels = maps.shape
    r, count = where.cells, max(1, len(where.shifts))
    split = maps.reshape(rows, columns, count, channels // (count * r * r), r, r)
    cells = split.transpose(2, 0, 4, 1, 5, 3).reshape(count, rows * r, columns * r, -1)
    if not where.shifts:
        only: Maps = cells[0]
        return only
    total = np.zeros(cells.shape[1:], np.int32)
    for tap_map, (dy, dx) in zip(cells, where.shifts, strict=True):
        padded = _pad(tap_map, max(dy, 0), max(-dy, 0), max(dx, 0), max(-dx, 0), where.border)
        top, left = max(-dy, 0), max(-dx, 0)
        total += padded[top : top + rows * r, left : left + columns * r]
    return total


def _pad(maps: Maps, top: int, bottom: int, left: int, right: int, border: str) -> Maps:
    """Continue maps beyond their border."""
    widths = ((top, bottom), (left, right), (0, 0))
    return np.pad(maps, widths, mode="reflect" if border == "reflect" else "edge")
