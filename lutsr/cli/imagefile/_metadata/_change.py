"""How sizes and places in metadata change with the picture: turned upright, or enlarged."""

from __future__ import annotations

from fractions import Fraction
from typing import NamedTuple, TypeVar

Number = TypeVar("Number", int, Fraction)


class Change(NamedTuple):
    """A picture that is turned upright from an EXIF orientation, then enlarged.

    Attributes
    ----------
    before : tuple of int
        Width and height that the metadata describe.
    after : tuple of int
        Width and height of the result.
    orientation : int
    """

    before: tuple[int, int]
    after: tuple[int, int]
    orientation: int = 1

    @classmethod
    def turned(cls, size: tuple[int, int], orientation: int) -> Change:
        """Return the change of a stored picture that is turned upright."""
        return cls(size, size[::-1] if orientation > 4 else size, orientation)

    @property
    def scales(self) -> tuple[Fraction, Fraction]:
        """Factors of width and height, after the turn."""
        width, height = self._swapped(*self.before)
        return Fraction(self.after[0], width), Fraction(self.after[1], height)

    def size(self, width: Fraction, height: Fraction) -> tuple[Fraction, Fraction]:
        """Return the size of a part of the picture."""
        across, down = self._swapped(width, height)
        return across * self.scales[0], down * self.scales[1]

    def place(self, x: Fraction, y: Fraction) -> tuple[Fraction, Fraction]:
        """Return a place, measured from the edges; the centre of the first pixel is at (.5, .5)."""
        width, height = self._swapped(*self.before)
        x, y = self._swapped(x, y)
        if self.orientation in (2, 3, 6, 7):
            x = width - x
        if self.orientation in (3, 4, 7, 8):
            y = height - y
        return x * self.scales[0], y * self.scales[1]

    def pixel(self, x: int, y: int) -> tuple[int, int]:
        """Return the pixel that contains the centre of a pixel."""
        half = Fraction(1, 2)
        across, down = self.place(x + half, y + half)
        return int(across), int(down)

    def area(self, numbers: list[int]) -> list[int] | None:
        """Return a pixel, with a diameter or a width and height; None if it is outside."""
        x, y, *extent = numbers
        if not (0 <= x < self.before[0] and 0 <= y < self.before[1]):
            return None
        if len(extent) == 1:
            extent = [round(self.diameter(extent[0]))]
        elif extent:
            extent = [round(n) for n in self.size(Fraction(extent[0]), Fraction(extent[1]))]
        return [*self.pixel(x, y), *extent]

    def diameter(self, length: float) -> float:
        """Return the diameter of a circle of the same share of the picture."""
        return float(length * (self.scales[0] * self.scales[1]) ** 0.5)

    def _swapped(self, x: Number, y: Number) -> tuple[Number, Number]:
        return (y, x) if self.orientation > 4 else (x, y)
