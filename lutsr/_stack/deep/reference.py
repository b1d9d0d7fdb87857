"""Stacks on images deeper than 8 bits, in plain NumPy: the rule that the kernels follow.

Tables have entries for whole levels. Between two levels, entries are interpolated linearly, in
every layer, so nothing is rounded to 8 bits, and nothing is rounded to the levels of hidden maps:

1. *Image tables* (of the first layer, and of the base) are read at every fourth level: rounding of
   entries makes the slope between two neighbouring levels uncertain, and between levels that are
   four apart a quarter of that. What follows level 252 is level 256, continued from 254 and 255.
2. *Detail.* The image enters the first layer in quarters of a grey level. So these positions, as
   those of hidden maps, are sixteenths of the distance between two levels of the table. A layer
   divides its sum of interpolated entries and own positions, rounds it to sixteenths of a level,
   and clips.
3. From a detail, that of a constant image of the pixel's own position is subtracted, so that
   constant images have none. This takes the place of the table ``flat``.
4. Details are reduced by a quarter of a grey level, and smaller ones are zero: that is what int8
   entries leave uncertain. So an image whose signal is within a few levels is enlarged by the base
   alone, which is a filter, nearly linear, and slow ramps stay free of noise.
5. *Base* and the pixel's own value have the depth of the image. (The base of floats is in steps of
   20 bits, since its weights must fit 16.)
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..plan import Stack
from ..reference import luma
from .layout import MOST_STEPS, PARTS, SPACING

Maps = NDArray[np.int32]


def deep_sums(values: Maps, steps: int, stack: Stack, detail_of: Maps | None = None) -> Maps:
    """Return the sums (r * H, r * W) of an image (H, W), in 1 / divisor of a step.

    Parameters
    ----------
    values : ndarray of int32, shape (H, W)
        In steps.
    steps : int
        Steps per grey level.
    stack : Stack
    detail_of : ndarray of int32, shape (H, W), optional
        The image that the detail is computed from, in steps; by default the same.
    """
    detail = details(values if detail_of is None else detail_of, steps, stack)
    base, unit = base_sums(values, steps, stack)
    total = (PARTS * steps // unit * base + steps * detail + PARTS // 2) // PARTS
    total += steps * stack.bias + stack.own * values.astype(np.int64)[..., np.newaxis]
    height, width, r = *values.shape, stack.scale
    cells = total.astype(np.int32).reshape(height, width, r, r)
    return cells.transpose(0, 2, 1, 3).reshape(height * r, width * r)


def deep_rgb_sums(values: Maps, steps: int, stack: Stack) -> Maps:
    """Return the sums (r * H, r * W, 3) of an RGB image (H, W, 3) with the detail of its luma."""
    grey = luma(values)
    return np.stack([deep_sums(values[..., c], steps, stack, grey) for c in range(3)], axis=-1)


def details(values: Maps, steps: int, stack: Stack) -> Maps:
    """Return the detail (H, W, r * r) of an image, in sixteenths of an entry."""
    positions = (2 * SPACING * values + steps) // (2 * steps)
    padded = np.pad(positions, stack.reach, mode="reflect")
    used, which = np.unique(positions, return_inverse=True)
    constant = constant_details(stack, used)[which.reshape(positions.shape)]
    found = last_sums(padded, stack) - constant
    least = PARTS * stack.divisor // 4
    reduced: Maps = found - np.clip(found, -least, least)
    return reduced


def constant_details(stack: Stack, positions: Maps) -> Maps:
    """Return what `last_sums` gives for constant images of these positions, (count, r * r)."""

    def summed(tables: NDArray[Any]) -> NDArray[Any]:
        total: NDArray[Any] = tables.sum((0, 1), dtype=np.int64, keepdims=True)
        return total

    first = summed(every_fourth(stack.first))
    body = [summed(tables) for tables in stack.body]
    whole = replace(stack, body=body, last=summed(stack.last))
    found: Maps = last_sums(positions[np.newaxis], whole, first)[0]
    return found


def last_sums(positions: Maps, stack: Stack, first: NDArray[Any] | None = None) -> Maps:
    """Return the sums of the last layer, smaller than the image by `reach` on each side."""
    maps = positions[..., np.newaxis]
    layers = [every_fourth(stack.first) if first is None else first, *stack.body]
    for number, tables in enumerate(layers):
        half = 1 << stack.shifts[number] >> 1
        bias = PARTS * (stack.biases[number] - half) + half
        total = window_sums(maps, tables, PARTS) + bias
        if number:
            edge = len(tables) // 2
            own = maps[edge : len(maps) - edge, edge : maps.shape[1] - edge]
            total += stack.gains[number - 1] * own
        new = total >> stack.shifts[number]
        maps = np.clip(new, 0, PARTS * (stack.levels - 1))
    return window_sums(maps, stack.last, PARTS)


def base_sums(values: Maps, steps: int, stack: Stack) -> tuple[Maps, int]:
    """Return the sums of the base (H, W, r * r), times a unit, and the unit."""
    unit = min(SPACING * steps, MOST_STEPS)
    coarse = SPACING * steps // unit
    positions = np.pad((values + coarse // 2) // coarse, 1, mode="reflect")
    return window_sums(positions[..., np.newaxis], every_fourth(stack.base_alone), unit), unit


def every_fourth(tables: NDArray[Any]) -> NDArray[Any]:
    """Return levels 0, 4, ... 252 of tables (..., 256, N), and level 256 as they go on."""
    beyond = 2 * tables[..., -1:, :].astype(np.int64) - tables[..., -2:-1, :]
    info = np.iinfo(tables.dtype)
    beyond = np.clip(beyond, info.min, info.max).astype(tables.dtype)
    return np.concatenate([tables[..., ::SPACING, :], beyond], axis=-2)


def window_sums(maps: Maps, tables: NDArray[Any], unit: int) -> Maps:
    """Sum the interpolated entries of a window of maps (rows, columns, channels), times `unit`.

    Parameters
    ----------
    maps : ndarray
        Positions, `unit` of which are between two levels.
    tables : ndarray, shape (k, k, channels, levels, N)
    unit : int
    """
    k, levels = len(tables), tables.shape[3]
    rows, columns = (length - k + 1 for length in maps.shape[:2])
    level, part = np.divmod(maps.astype(np.int32), np.int32(unit))
    after = np.minimum(level + 1, levels - 1)  # the last level has no part
    total = np.zeros((rows, columns, tables.shape[4]), np.int64)
    for i, j, c in np.ndindex(tables.shape[:3]):
        here = slice(i, i + rows), slice(j, j + columns), c
        low, high = (tables[i, j, c].take(each[here], axis=0) for each in (level, after))
        weight = part[here][..., np.newaxis]
        total += (unit - weight) * low + weight * high
    return total
