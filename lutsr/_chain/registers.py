"""What is known of a register before any image comes: its shape, its values, its reach.

The smallest and largest value that a register can hold follow from the tables. So a look-up is
known to stay inside its table, and a sum inside int32, for every image.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

#: Largest absolute value of a sum: int32, with room for half a divisor.
LARGEST_SUM = 2**31 - 1 - 2**20


@dataclass(frozen=True)
class Register:
    """A register of maps (rows, columns, channels).

    Attributes
    ----------
    channels : int
    factor : int
        Its pixels per image pixel, along each axis.
    low, high : int
        Smallest and largest value that it can hold.
    reach : tuple of int
        Distance up, down, left and right over which its inputs decide a value, in output pixels.
    halo : int
        For a register that several stages see: the same for the whole model up to here, in image
        pixels and in every direction.
    """

    channels: int
    factor: int
    low: int
    high: int
    reach: tuple[int, int, int, int] = (0, 0, 0, 0)
    halo: int = 0

    def with_range(self, low: int, high: int) -> Register:
        """Return this register with other values."""
        return replace(self, low=low, high=high)


def joint_reach(reaches: Iterable[tuple[int, int, int, int]]) -> tuple[int, int, int, int]:
    """Return the reach of what needs all of these."""
    up, down, left, right = zip(*reaches, strict=True)
    return max(up), max(down), max(left), max(right)


def moved_reach(
    reach: tuple[int, int, int, int], offsets: Iterable[tuple[int, int]], unit: int
) -> tuple[int, int, int, int]:
    """Return the reach after reading at some offsets (dy, dx), of so many output pixels each."""
    up, down, left, right = reach
    rows, columns = zip(*offsets, strict=True)
    return (
        up - min(0, *rows) * unit,
        down + max(0, *rows) * unit,
        left - min(0, *columns) * unit,
        right + max(0, *columns) * unit,
    )


def divide(value: int, divisor: int, rounding: str) -> int:
    """Return value / divisor, rounded to the nearest integer.

    Ties go to the even one ("even") or to the larger one ("up").
    """
    quotient, rest = divmod(value, divisor)
    up = 2 * rest > divisor or (2 * rest == divisor and (rounding == "up" or quotient % 2 == 1))
    return quotient + up
