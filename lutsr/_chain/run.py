"""Running a planned chain on some rows of an image, with the compiled kernels.

Of each register only the rows are computed that the wanted output rows depend on.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from . import kernels
from .description import Rounding
from .plan import Read, StagePlan, Step

#: Rows [first, last) of a register, in its own pixels.
Rows = tuple[int, int]


@dataclass(frozen=True)
class Maps:
    """Some rows of a register.

    Attributes
    ----------
    data : ndarray of int32, shape (channels, rows, columns)
    first : int
        The row of the register that ``data[:, 0]`` is.
    factor : int
        Pixels of the register per image pixel.
    """

    data: NDArray[np.int32]
    first: int
    factor: int


def run_rows(
    values: NDArray[np.int32], stages: tuple[StagePlan, ...], first: int, last: int
) -> NDArray[np.int32]:
    """Compute the last stage's sums with their bias, not divided, of some rows of pixels.

    Parameters
    ----------
    values : ndarray of int32, shape (H, W)
    stages : tuple of StagePlan
    first, last : int
        Image rows.

    Returns
    -------
    ndarray of int32, shape ((last - first) * r, W * r)
    """
    height, width = values.shape
    final = stages[-1]
    needs: list[Rows | None] = [None] * len(stages)
    needs[-1] = first * final.factor, last * final.factor
    for number in range(len(stages) - 1, 0, -1):
        rows = needs[number]
        if rows is None:
            continue
        for source, (low, high) in _source_rows(stages[number], number + 1, rows, height).items():
            if source > 0:
                needs[source - 1] = _union(needs[source - 1], (low, high))
    registers: list[Maps | None] = [Maps(np.ascontiguousarray(values)[np.newaxis], 0, 1)]
    for number, (stage, rows) in enumerate(zip(stages, needs, strict=True)):
        if rows is None:
            registers.append(None)
            continue
        total = run_stage(stage, registers, rows, (height, width))
        if number + 1 == len(stages):
            total += np.int32(stage.rounding.bias[0])
            return total[0]
        _round(total, stage.rounding)
        _clamp(total, stage.rounding)
        registers.append(Maps(total, rows[0], stage.factor))
    raise AssertionError("a chain has at least one stage")


def _source_rows(stage: StagePlan, count: int, rows: Rows, height: int) -> dict[int, Rows]:
    """Return the rows that a stage reads of each of the registers before it, inside the image."""
    found: dict[int, Rows] = {}
    for body in stage.bodies:
        needs = needed_rows(stage, body, count, rows, height)
        for number, need in enumerate(needs[:count]):
            if need is not None:
                found[number] = _union(found.get(number), need)
    if stage.border is None:
        return found
    factors = {read.source: step.factor for body in stage.bodies for step in body
               for read in step.reads}  # fmt: skip
    for body in stage.bodies:
        for step in body:
            factors |= {number: step.factor for number, _ in step.add}
            factors |= {number: step.factor for number in step.residual}
    return {
        number: _inside(need, 0, height * factors[number], stage.border)
        for number, need in found.items()
    }


def needed_rows(
    stage: StagePlan, body: tuple[Step, ...], count: int, rows: Rows, height: int
) -> list[Rows | None]:
    """Return the rows of each register that some rows of a stage's result depend on."""
    needs: list[Rows | None] = [None] * (count + len(body))
    needs[-1] = rows
    margin = stage.reach if stage.border is not None else 0
    for number in range(len(body) - 1, -1, -1):
        step, want = body[number], needs[count + number]
        if want is None:
            continue
        top, bottom = -margin * step.factor, (height + margin) * step.factor
        first, last = before_place(step, want, margin, height)
        for read in step.reads:
            reached = first + read.reach[0], last + read.reach[1]
            inside = _inside(reached, top, bottom, read.border)
            needs[read.source] = _union(needs[read.source], inside)
        for source in [*(source for source, _ in step.add), *step.residual]:
            needs[source] = _union(needs[source], (first, last))
    return needs


def before_place(step: Step, rows: Rows, margin: int, height: int) -> Rows:
    """Return the rows of a layer's channels that some rows of its output come from."""
    first, last = rows
    r = step.cells
    if step.shifts:
        down = [dy for dy, _ in step.shifts]
        size = step.factor * r
        reached = first - max(down), last - min(down)
        first, last = _inside(reached, -margin * size, (height + margin) * size, step.border)
    return first // r, -(-last // r)


def run_stage(
    stage: StagePlan, registers: list[Maps | None], rows: Rows, size: tuple[int, int]
) -> NDArray[np.int32]:
    """Run a stage's layers for each rotation and sum up, for some rows of its result."""
    height, width = size
    margin = stage.reach if stage.border is not None else 0
    count = len(registers)
    total = None
    for body in stage.bodies:
        needs = needed_rows(stage, body, count, rows, height)
        maps: list[Maps | None] = [
            None if one is None or need is None else _padded(one, need, size, margin, stage.border)
            for one, need in zip(registers, needs, strict=False)
        ]
        for step, need in zip(body, needs[count:], strict=True):
            maps.append(None if need is None else _run_step(step, maps, need, size, margin))
        result = maps[-1]
        assert result is not None
        total = result.data if total is None else total + result.data
    assert total is not None
    cut = margin * stage.factor
    return np.ascontiguousarray(total[:, :, cut : total.shape[2] - cut])


def _padded(maps: Maps, rows: Rows, size: tuple[int, int], margin: int, border: str | None) -> Maps:
    """Return a register with the margin that a stage with a border of its own adds."""
    if border is None:
        return maps
    f, (height, width) = maps.factor, size
    at_rows = border_indices(*rows, height * f, border) - maps.first
    at_columns = border_indices(-margin * f, (width + margin) * f, width * f, border)
    data = np.ascontiguousarray(maps.data[:, at_rows[:, np.newaxis], at_columns])
    return Maps(data, rows[0], f)


def _run_step(
    step: Step, maps: list[Maps | None], rows: Rows, size: tuple[int, int], margin: int
) -> Maps:
    """Run a layer for some rows of its output."""
    f = step.factor
    top, bottom = -margin * f, (size[0] + margin) * f
    columns = (size[1] + 2 * margin) * f
    first, last = before_place(step, rows, margin, size[0])
    total = np.zeros((step.channels, last - first, columns), np.int32)
    for read in step.reads:
        source = maps[read.source]
        assert source is not None
        _add_look_up(read, source, (first, last), (top, bottom), columns, total)
    for number, gain in step.add:
        total += np.int32(gain) * _rows_of(maps[number], first, last)
    _round(total, step.rounding)
    for number in step.residual:
        total += _rows_of(maps[number], first, last)
    _clamp(total, step.rounding)
    return Maps(_place(step, total, first, rows, size, margin), rows[0], f * step.cells)


def _rows_of(maps: Maps | None, first: int, last: int) -> NDArray[np.int32]:
    assert maps is not None
    return maps.data[:, first - maps.first : last - maps.first]


def _add_look_up(
    read: Read, source: Maps, rows: Rows, domain: Rows, columns: int, total: NDArray[np.int32]
) -> None:
    if read.table.shape[2] < len(total):  # one channel, for all
        one = np.zeros((1, *total.shape[1:]), np.int32)
        _add_look_up(read, source, rows, domain, columns, one)
        total += one
        return
    low, high, left, right = read.reach
    height = domain[1] - domain[0]
    first, last = rows[0] + low - domain[0], rows[1] + high - domain[0]
    at_rows = border_indices(first, last, height, read.border) + (domain[0] - source.first)
    at_columns = border_indices(left, columns + right, columns, read.border)
    data = source.data.view()
    data.flags.writeable = False  # one writability, so that the kernel compiles once
    kernels.add_look_up(
        data,
        at_rows,
        at_columns,
        read.table,
        read.taps,
        read.levels,
        read.low,
        read.steps,
        read.weights,
        read.walk,
        total,
    )


def _place(
    step: Step,
    maps: NDArray[np.int32],
    first: int,
    rows: Rows,
    size: tuple[int, int],
    margin: int,
) -> NDArray[np.int32]:
    """Lay channels out as cells, sum displaced maps, and return some rows of the result."""
    r, count = step.cells, max(1, len(step.shifts))
    n, height, width = maps.shape
    channels = n // (count * r * r)
    placed = maps
    if r > 1:
        split = maps.reshape(count * channels, r * r, height, width)
        placed = np.empty((count * channels, height * r, width * r), np.int32)
        for k, (u, v) in enumerate(step.corners):
            placed[:, u::r, v::r] = split[:, k]
    first *= r
    if not step.shifts:
        return np.ascontiguousarray(placed[:, rows[0] - first : rows[1] - first])
    factor = step.factor * r
    top, bottom = -margin * factor, (size[0] + margin) * factor
    total = np.zeros((channels, rows[1] - rows[0], width * r), np.int32)
    for k, (dy, dx) in enumerate(step.shifts):
        at_rows = border_indices(rows[0] - dy - top, rows[1] - dy - top, bottom - top, step.border)
        at_columns = border_indices(-dx, width * r - dx, width * r, step.border)
        moved = placed[k * channels : (k + 1) * channels]
        total += moved[:, (at_rows + top - first)[:, np.newaxis], at_columns]
    return total


def _round(maps: NDArray[np.int32], rounding: Rounding) -> None:
    """Add the bias, divide and round, in place."""
    if rounding.divisor == 1:
        if rounding.bias.any():
            maps += rounding.bias.astype(np.int32)[:, np.newaxis, np.newaxis]
        return
    bias = np.ascontiguousarray(np.broadcast_to(rounding.bias, len(maps)))
    even = rounding.rounding == "even"
    kernels.round_maps(maps, bias, 1 / rounding.divisor, rounding.divisor, even)


def _clamp(maps: NDArray[np.int32], rounding: Rounding) -> None:
    if rounding.clamp is not None:
        np.clip(maps, *rounding.clamp, out=maps)


def border_indices(first: int, last: int, size: int, border: str) -> NDArray[np.int64]:
    """Return where the values at first..last lie in a row of this size, continued by its border."""
    at = np.arange(first, last)
    if border == "edge" or size == 1:
        return np.clip(at, 0, size - 1)
    at = np.abs(at) % (2 * size - 2)
    return np.minimum(at, 2 * size - 2 - at)


def _inside(rows: Rows, top: int, bottom: int, border: str) -> Rows:
    """Return the rows of the domain top..bottom that hold some rows, continued by the border."""
    first, last = rows
    inside = max(first, top), min(last, bottom)
    if border == "edge" or bottom - top == 1:
        return min(inside[0], bottom - 1), max(inside[1], top + 1)
    if first < top:
        inside = top, max(inside[1], min(bottom, 2 * top - first + 1))
    if last > bottom:
        mirrored = max(top, 2 * (bottom - 1) - (last - 1))
        inside = min(inside[0], mirrored), bottom
    return inside


def _union(one: Rows | None, other: Rows) -> Rows:
    return other if one is None else (min(one[0], other[0]), max(one[1], other[1]))
