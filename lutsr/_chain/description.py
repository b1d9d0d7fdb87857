"""The description of a chain.

A chain computes on *registers*: integer maps of shape (rows, columns, channels), each with a name.
At the start there is one, ``image``, with one channel of 0..255. ``parameters`` of the model is a
JSON object with one field, ``stages``. Each stage adds a register; that of the last one is the
result, one channel of 0..255, ``scale`` times as high and wide.

Stage
    ``out``: the name of its result, for the stages after it. ``layers``: list of layers, run in
    order; the output of the last one is summed. ``rotations``: 1 or 4; with 4, the layers run on
    the registers rotated by 0 to 3 quarter turns, and their outputs are rotated back. The sum over
    the rotations is rounded (below). ``border``, optional: "reflect" or "edge"; all registers that
    the stage reads are padded with it once, by the stage's reach, and cut at the end, so that no
    layer meets a border. Without it, each look-up has a border of its own.
Layer
    ``out``: the register that it writes. A register may be written again, except those of the
    image and of stages. A value is::

        S = sum of gain * look-up + sum of gain * register, over ``look_ups`` and ``add``
        value = clamp(round((S + bias) / divisor) + sum over ``residual``)

    ``look_ups``: list of look-ups (below). ``add``: list of ``{"in": register, "gain": gain}``, an
    integer (1) or a list of one per channel.
    ``residual``: list of registers. A register with one channel is added to every channel.
    At least one of the three must be there. ``place``, optional: what becomes of the channels:
    ``{"cells": r}``: r * r channels become a cell of r x r pixels, channel by channel and row by
    row. With ``"shifts": [[dy, dx], ...]`` and ``"border"``, the channels are one such map per
    shift; each map is moved down by dy and right by dx output pixels, its border filled, and the
    maps are summed: the expanded convolution.
Rounding, of a layer or a stage
    ``bias``: an integer (0), or in a layer a list of one per channel, added to the sum before it
    is divided. ``divisor``: 1. ``rounding``: "even" (ties to the even integer) or "up".
    ``clamp``: [low, high], optional; [0, 255] in the last stage.
Look-up
    ``table``: name of a table, int8 or int16 of shape (T, levels ** d, n): T tables of d indices
    and n entries, whose entries are summed. ``in``: the register that is indexed. ``taps``: shape
    (T, d, 3): dy, dx and channel of each index, the first index having the largest stride; or
    (T, n, d, 3), where they differ by output channel. Channel -1 is the output's own channel.
    ``low`` (0) and ``step`` (1): level = (value - low) / step; ``step`` is a power of two, one for
    all or a list [T][n]. Between levels, ``walk``: "simplex" (default) interpolates on the simplex
    that the fractions lie in; "srlut" does so with the one faulty simplex of SR-LUT's published
    program; "floor" takes the level below. What is interpolated counts ``unit`` times, ``unit``
    being the largest step ("floor": 1). ``border``: "reflect" or "edge". ``gain``: 1.

The table S of SR-LUT, x4, for example::

    {"stages": [{
        "out": "result", "rotations": 4, "divisor": 16, "clamp": [0, 255],
        "layers": [{
            "out": "cells", "place": {"cells": 4},
            "look_ups": [{
                "table": "lut", "in": "image", "step": 16, "border": "reflect",
                "taps": [[[0, 0, 0], [0, 1, 0], [1, 0, 0], [1, 1, 0]]]}]}]}]}
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .registers import divide

BORDERS = ("reflect", "edge")
ROUNDINGS = ("even", "up")
WALKS = ("simplex", "srlut", "floor")


@dataclass(frozen=True)
class LookUp:
    """Entries of T tables, read at the values around a pixel and summed.

    Attributes
    ----------
    source : str
        The register that is indexed.
    entries : ndarray of int8 or int16, shape (T, levels ** d, n)
    levels : int
    taps : ndarray of int64, shape (T, 1 or n, d, 3)
    low : int
    steps : ndarray of int64, shape (T, 1 or n)
    unit : int
        The entries count so many times.
    walk, border : str
    gain : int
    """

    source: str
    entries: NDArray[Any]
    levels: int
    taps: NDArray[np.int64]
    low: int
    steps: NDArray[np.int64]
    unit: int
    walk: str
    border: str
    gain: int


@dataclass(frozen=True)
class Rounding:
    """What becomes of a sum."""

    bias: NDArray[np.int64]
    divisor: int
    rounding: str
    clamp: tuple[int, int] | None

    def __call__(self, low: int, high: int, extra: tuple[int, int] = (0, 0)) -> tuple[int, int]:
        """Return the range of the results for a range of sums and a range of residuals."""
        low = divide(low + int(self.bias.min()), self.divisor, self.rounding) + extra[0]
        high = divide(high + int(self.bias.max()), self.divisor, self.rounding) + extra[1]
        if self.clamp is None:
            return low, high
        bottom, top = self.clamp
        return min(max(low, bottom), top), min(max(high, bottom), top)


@dataclass(frozen=True)
class Place:
    """Where the channels of a layer go: into cells, and with shifts into overlapping windows."""

    cells: int = 1
    shifts: tuple[tuple[int, int], ...] = ()
    border: str = "edge"


@dataclass(frozen=True)
class Layer:
    """Look-ups and registers, summed, rounded and placed."""

    out: str
    look_ups: tuple[LookUp, ...]
    add: tuple[tuple[str, NDArray[np.int64]], ...]
    rounding: Rounding
    residual: tuple[str, ...]
    place: Place


@dataclass(frozen=True)
class Stage:
    """Layers, run once or for each of four rotations."""

    out: str
    rotations: int
    border: str | None
    layers: tuple[Layer, ...]
    rounding: Rounding
    reach: int


@dataclass(frozen=True)
class Chain:
    """A checked chain.

    Attributes
    ----------
    scale : int
    stages : tuple of Stage
    halo : int
        Number of image pixels on each side of a pixel that its output pixels depend on.
    deep : bool
        Whether it is defined between grey levels, so that it takes deeper images: it interpolates
        between all levels of the image, and rounds and clips once at the end.
    """

    scale: int
    stages: tuple[Stage, ...]
    halo: int
    deep: bool
