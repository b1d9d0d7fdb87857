"""Maps of which some rows are at hand, and rows and columns continued beyond the border."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .plan import StagePlan, Step

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


def border_indices(first: int, last: int, size: int, border: str) -> NDArray[np.int64]:
    """Return where the values at first..last lie in a row of this size, continued by its border."""
    at = np.arange(first, last)
    if border == "edge" or size == 1:
        return np.clip(at, 0, size - 1)
    at = np.abs(at) % (2 * size - 2)
    return np.minimum(at, 2 * size - 2 - at)


def inside_rows(rows: Rows, top: int, bottom: int, border: str) -> Rows:
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


def union_rows(one: Rows | None, other: Rows) -> Rows:
    return other if one is None else (min(one[0], other[0]), max(one[1], other[1]))


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
            inside = inside_rows(reached, top, bottom, read.border)
            needs[read.source] = union_rows(needs[read.source], inside)
        for source in [*(source for source, _ in step.add), *step.residual]:
            needs[source] = union_rows(needs[source], (first, last))
    return needs


def before_place(step: Step, rows: Rows, margin: int, height: int) -> Rows:
    """Return the rows of a layer's channels that some rows of its output come from."""
    first, last = rows
    r = step.cells
    if step.shifts:
        down = [dy for dy, _ in step.shifts]
        size = step.factor * r
        reached = first - max(down), last - min(down)
        first, last = inside_rows(reached, -margin * size, (height + margin) * size, step.border)
    return first // r, -(-last // r)
