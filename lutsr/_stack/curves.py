"""What the tables of a stack have learnt: the response of each to the level of one pixel.

A *curve* is one output of one table over the levels that index it: what a pixel at one place of
the window, in one channel, adds to one channel of the maps, or to one pixel of the output. Its
*strength* is the distance between its lowest and its highest value.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .plan import Stack

#: Heights in text, from the lowest value of a curve to its highest one, and how many are shown.
BLOCKS = "▁▂▃▄▅▆▇█"
SHOWN = 16


@dataclass(frozen=True)
class Curves:
    """The curves of one layer.

    Attributes
    ----------
    name : str
        "layer 1" and so on, "detail" or "base".
    unit : str
        Of the values: levels of the layer's maps, or grey levels.
    values : ndarray of float64, shape (rows, columns, inputs, levels, outputs)
        By place in the window, channel that is read, level, and channel (or pixel of the cell)
        that is added to. Where a layer passes a pixel's own level on, that level is left out.
    """

    name: str
    unit: str
    values: NDArray[np.float64]

    @property
    def strengths(self) -> NDArray[np.float64]:
        """Strength of each curve, of shape (rows, columns, inputs, outputs)."""
        found: NDArray[np.float64] = self.values.max(axis=3) - self.values.min(axis=3)
        return found

    @property
    def centre(self) -> float:
        """Part of the sum of all strengths that belongs to the middle of the window."""
        strengths = self.strengths
        rows, columns = strengths.shape[:2]
        return float(strengths[rows // 2, columns // 2].sum() / max(strengths.sum(), 1e-9))

    def strongest(self, count: int) -> list[tuple[int, int, int, int]]:
        """Return the strongest curve at each place of the window, the strongest places first.

        Each is row and column from the middle, input and output.
        """
        strengths = self.strengths
        rows, columns, _, outputs = strengths.shape
        at_places = strengths.reshape(rows * columns, -1)
        found = []
        for place in np.argsort(-at_places.max(axis=1), kind="stable")[:count].tolist():
            source, output = divmod(int(at_places[place].argmax()), outputs)
            row, column = divmod(place, columns)
            found.append((row - rows // 2, column - columns // 2, source, output))
        return found

    def curve(self, row: int, column: int, source: int, output: int) -> NDArray[np.float64]:
        """Return the curve of such a place."""
        rows, columns = self.values.shape[:2]
        found: NDArray[np.float64] = self.values[
            row + rows // 2, column + columns // 2, source, :, output
        ]
        return found


def layer_curves(stack: Stack) -> list[Curves]:
    """Return the curves of the layers of a stack, of its detail and of its base."""
    found = []
    own = np.arange(stack.channels)
    for number, shift in enumerate(stack.shifts):
        unit = 2**shift
        if number == 0:
            values = stack.first / unit
        else:
            values = stack.body[number - 1] / unit
            change = stack.gains[number - 1] / unit - 1
            values[1, 1, own, :, own] += change[:, np.newaxis] * np.arange(stack.levels)
        found.append(Curves(f"layer {number + 1}", "levels", values))
    base = stack.base / 2**stack.shift
    base[1, 1, 0] -= np.arange(256)[:, np.newaxis]
    found.append(Curves("detail", "grey levels", stack.last / 2**stack.shift))
    found.append(Curves("base", "grey levels", base))
    return found


def facts(stack: Stack) -> Mapping[str, str]:
    """Describe each layer on one line, with its strongest curve as a row of blocks."""
    found = {}
    for layer in layer_curves(stack):
        rows, columns, inputs, levels, outputs = layer.values.shape
        row, column, source, output = layer.strongest(1)[0]
        curve = layer.curve(row, column, source, output)
        image = layer.name in ("layer 1", "base")
        read = "the image" if image else f"{inputs} channels"
        added = "channels" if layer.unit == "levels" else "pixels"
        place = f"({row}, {column})" if image else f"({row}, {column}) of channel {source}"
        found[layer.name] = (
            f"{rows} x {columns} of {read}, {levels} levels, to {outputs} {added}; "
            f"{100 * layer.centre:.0f} % of the strength in the middle; "
            f"strongest {place} to {output}: {sketch(curve)} "
            f"{curve.min():+.1f} to {curve.max():+.1f} {layer.unit}"
        )
    return found


def sketch(curve: NDArray[np.float64]) -> str:
    """Draw a curve as a row of blocks, from its lowest value to its highest one."""
    low, spread = curve.min(), max(float(np.ptp(curve)), 1e-9)
    at = np.linspace(0, len(curve) - 1, min(SHOWN, len(curve))).round().astype(int)
    heights = (curve[at] - low) / spread * (len(BLOCKS) - 1)
    return "".join(BLOCKS[int(height)] for height in heights.round())
