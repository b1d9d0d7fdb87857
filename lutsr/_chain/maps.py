"""Maps of which some rows are at hand, and rows and columns continued beyond the border."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

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
