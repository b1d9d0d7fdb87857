"""Stages of one layer that interpolates cells: whether a stage is one, and running it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .maps import Maps, Rows, border_indices
from .plan import Read, StagePlan


@dataclass(frozen=True)
class CellStage:
    """A stage of one layer without rounding, whose look-ups give the values of a cell.

    Attributes
    ----------
    bodies : tuple of tuple of Read
        The look-ups of each rotation. All have the same source pixels' levels.
    r : int
    dtype : dtype
        Of the sums.
    reach : tuple of int
        Minimum and maximum of dy, then of dx, over all look-ups.
    """

    bodies: tuple[tuple[Read, ...], ...]
    r: int
    dtype: np.dtype[Any]
    reach: tuple[int, int, int, int]


def as_cell_stage(stage: StagePlan) -> CellStage | None:
    """Return a stage as one of cells, if it is one."""
    steps = [body[0] for body in stage.bodies]
    one = steps[0]
    plain = one.rounding.divisor == 1 and one.rounding.clamp is None and not one.rounding.bias.any()
    if (
        len(stage.bodies[0]) > 1
        or stage.border is not None
        or not plain
        or one.add
        or one.residual
        or one.shifts
        or one.factor != 1
        or one.channels != one.cells**2
    ):
        return None
    largest = 0
    for read in one.reads:
        step = int(read.steps.flat[0])
        if (
            read.table.dtype != np.int8
            or read.table.shape[1] >= 2**31 // step
            or read.table.shape[2] != one.channels
            or read.taps.shape[1] > 1
            or (read.steps != step).any()
            or (read.weights != 1).any()
            or (read.walk == 2 and step > 1)
        ):
            return None
        # One weight of SR-LUT's walk may be negative: three steps of weight in all, at most.
        largest += 128 * step * (3 if read.walk == 1 else 1) * len(read.table)
    largest *= len(steps)
    if largest >= 2**31:
        return None
    dtype = np.dtype(np.int16 if largest < 2**15 else np.int32)
    low, high, left, right = zip(*(read.reach for s in steps for read in s.reads), strict=True)
    reach = min(low), max(high), min(left), max(right)
    return CellStage(tuple(step.reads for step in steps), one.cells, dtype, reach)


def run_cell_stage(
    stage: CellStage, registers: Sequence[Maps | None], rows: Rows, size: tuple[int, int]
) -> NDArray[np.int32]:
    """Sum up some rows of a stage's result, over all rotations."""
    from . import cell_kernels

    r, width = stage.r, size[1]
    first, last = rows[0] // r, -(-rows[1] // r)
    sums = np.zeros((last - first, width * r * r), stage.dtype)
    scratch = np.empty(5 * width, np.int32), np.empty(5 * width, stage.dtype)
    padded: dict[tuple[Any, ...], tuple[NDArray[np.int32], NDArray[np.int32]]] = {}
    stride = width + stage.reach[3] - stage.reach[2]
    area = (last - first + stage.reach[1] - stage.reach[0]) * stride
    for turns, reads in enumerate(stage.bodies):
        for read in reads:
            step = int(read.steps[0, 0])
            strides = _strides(read)
            corners = 1 if step == 1 else 5
            for table, taps in zip(read.table, read.taps[:, 0], strict=True):
                at = np.empty((4, 2), np.int64)
                at[:] = area, 0
                for k, (dy, dx, channel) in enumerate(taps):
                    key = read.source, channel, read.border, step, read.low
                    down = dy + read.reach[0] - stage.reach[0]
                    aside = dx + read.reach[2] - stage.reach[2]
                    at[k] = down * stride + aside, 1
                if key not in padded:
                    source = registers[read.source]
                    assert source is not None
                    padded[key] = _levels(
                        source, int(channel), read, step, (first, last), size, stage.reach
                    )
                cell_kernels.add_cells(
                    *padded[key],
                    at,
                    stride,
                    table.reshape(-1),
                    strides,
                    np.int32(step),
                    np.int32(len(table) - 1),
                    read.walk == 1,
                    scratch,
                    turns,
                    sums,
                    ((0,) * r, (0,) * corners),
                )
    total = np.empty((1, rows[1] - rows[0], width * r), np.int32)
    cell_kernels.spread_cells(sums, r, rows[0] - first * r, total[0])
    return total


def _strides(read: Read) -> NDArray[np.int32]:
    """Return the distance of two entries along each index; 0 for those the table does not have."""
    d = read.taps.shape[2]
    strides = np.zeros(4, np.int32)
    strides[:d] = read.levels ** np.arange(d)[::-1]
    return strides


def _levels(
    source: Maps,
    channel: int,
    read: Read,
    step: int,
    rows: Rows,
    size: tuple[int, int],
    reach: tuple[int, int, int, int],
) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Return levels and fractions of some rows of a source, with its borders and some zeros."""
    height, width = size
    at_rows = border_indices(rows[0] + reach[0], rows[1] + reach[1], height, read.border)
    at_columns = border_indices(reach[2], width + reach[3], width, read.border)
    values = source.data[channel][(at_rows - source.first)[:, np.newaxis], at_columns]
    values = np.concatenate([values.reshape(-1) - np.int32(read.low), np.zeros(width, np.int32)])
    if step & (step - 1):
        return np.divmod(values, np.int32(step))
    return values >> (step.bit_length() - 1), values & (step - 1)
