"""Look-ups whose entries are vectors of a few values: whether layers are such, and running them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .maps import Maps, Rows, border_indices
from .plan import Read, StagePlan

#: Most values of an entry that are kept in vector registers.
MOST_VALUES = 64


@dataclass(frozen=True)
class CellReads:
    """Look-ups with entries of n bytes, one set for each rotation.

    Attributes
    ----------
    bodies : tuple of tuple of Read
        The look-ups of each rotation.
    n : int
    dtype : dtype
        Of the sums.
    reach : tuple of int
        Minimum and maximum of dy, then of dx, over all look-ups.
    """

    bodies: tuple[tuple[Read, ...], ...]
    n: int
    dtype: np.dtype[Any]
    reach: tuple[int, int, int, int]


def as_cell_reads(bodies: Sequence[tuple[Read, ...]], n: int) -> CellReads | None:
    """Return look-ups as those of cells, if they are such."""
    if n > MOST_VALUES or not bodies[0]:
        return None
    largest = 0
    for read in bodies[0]:
        step = int(read.steps.flat[0])
        if (
            read.table.dtype != np.int8
            or read.table.shape[1] >= 2**31 // step
            or read.table.shape[2] != n
            or read.taps.shape[1] > 1
            or (read.steps != step).any()
            or (read.weights != 1).any()
        ):
            return None
        # One weight of SR-LUT's walk may be negative: three steps of weight in all, at most.
        largest += 128 * step * (3 if read.walk == 1 else 1) * len(read.table)
    largest *= len(bodies)
    if largest >= 2**31:
        return None
    dtype = np.dtype(np.int16 if largest < 2**15 else np.int32)
    low, high, left, right = zip(*(read.reach for b in bodies for read in b), strict=True)
    reach = min(low), max(high), min(left), max(right)
    return CellReads(tuple(bodies), n, dtype, reach)


def as_cell_stage(stage: StagePlan) -> CellReads | None:
    """Return a stage of one layer, without rounding, whose look-ups give the values of a cell."""
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
    return as_cell_reads([step.reads for step in steps], one.channels)


def run_cell_stage(
    cells: CellReads, registers: Sequence[Maps | None], rows: Rows, size: tuple[int, int]
) -> NDArray[np.int32]:
    """Sum up some rows of a stage's result, over all rotations."""
    from . import cell_kernels

    r = round(cells.n**0.5)
    first, last = rows[0] // r, -(-rows[1] // r)
    sums = sum_cells(cells, registers, (first, last), (0, size[0]), size[1])
    total = np.empty((1, rows[1] - rows[0], size[1] * r), np.int32)
    cell_kernels.spread_cells(sums, r, rows[0] - first * r, total[0])
    return total


def sum_cells(
    cells: CellReads, registers: Sequence[Maps | None], rows: Rows, domain: Rows, columns: int
) -> NDArray[Any]:
    """Sum up the entries for some rows of pixels.

    Parameters
    ----------
    cells : CellReads
    registers : sequence of Maps or None
    rows, domain : Rows
        The rows that are wanted, and those of the whole register, beyond which its border is.
    columns : int

    Returns
    -------
    ndarray of int16 or int32, shape (rows, columns * n)
    """
    from . import cell_kernels

    top, bottom, left, right = cells.reach
    sums = np.zeros((rows[1] - rows[0], columns * cells.n), cells.dtype)
    scratch = np.empty(5 * columns, np.int32), np.empty(5 * columns, cells.dtype)
    padded: dict[tuple[Any, ...], tuple[NDArray[np.int32], NDArray[np.int32]]] = {}
    stride = columns + right - left
    area = (rows[1] - rows[0] + bottom - top) * stride
    for turns, reads in enumerate(cells.bodies):
        for read in reads:
            step, strides = int(read.steps[0, 0]), _strides(read)
            exact = step == 1 or read.walk == 2
            key = read.source, read.border, step, read.low, exact
            source = registers[read.source]
            assert source is not None
            if key not in padded:
                padded[key] = _levels(source, read, rows, domain, columns, cells.reach)
            for table, taps in zip(read.table, read.taps[:, 0], strict=True):
                at = np.empty((4, 2), np.int64)
                at[:] = len(source.data) * area, 0
                for k, (dy, dx, channel) in enumerate(taps):
                    down, aside = dy + read.reach[0] - top, dx + read.reach[2] - left
                    at[k] = channel * area + down * stride + aside, 1
                cell_kernels.add_cells(
                    *padded[key],
                    at,
                    stride,
                    table.reshape(-1),
                    strides,
                    np.int32(1 if exact else step),
                    np.int32(len(table) - 1),
                    read.walk == 1,
                    scratch,
                    turns,
                    sums,
                    ((0,) * cells.n, (0,) * (1 if exact else 5)),
                )
    return sums


def _strides(read: Read) -> NDArray[np.int32]:
    """Return the distance of two entries along each index; 0 for those the table does not have."""
    d = read.taps.shape[2]
    strides = np.zeros(4, np.int32)
    strides[:d] = read.levels ** np.arange(d)[::-1]
    return strides


def _levels(
    source: Maps,
    read: Read,
    rows: Rows,
    domain: Rows,
    columns: int,
    reach: tuple[int, int, int, int],
) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Return levels and fractions of some rows of a source, channel by channel, and some zeros."""
    first, last = rows[0] + reach[0] - domain[0], rows[1] + reach[1] - domain[0]
    at_rows = border_indices(first, last, domain[1] - domain[0], read.border) + domain[0]
    at_columns = border_indices(reach[2], columns + reach[3], columns, read.border)
    # Rows that no look-up with this border reads may not be there.
    at_rows = np.clip(at_rows - source.first, 0, source.data.shape[1] - 1)
    values = source.data[:, at_rows[:, np.newaxis], at_columns]
    values = np.concatenate([values.reshape(-1) - np.int32(read.low), np.zeros(columns, np.int32)])
    step = int(read.steps[0, 0])
    if step & (step - 1):
        levels, fractions = np.divmod(values, np.int32(step))
    else:
        levels, fractions = values >> (step.bit_length() - 1), values & (step - 1)
    return levels, np.zeros_like(fractions) if read.walk == 2 else fractions
