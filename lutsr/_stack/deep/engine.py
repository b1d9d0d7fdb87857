"""The kernels of a stack for images deeper than 8 bits, ready to be called."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..layout import Tags
from ..plan import Stack, lay_out
from .kernels import DeepScratch, DeepTables, DeepTask, fill_deep_band
from .layout import MOST_STEPS, PARTS, SPACING, deep_forms
from .plan import halves, pairs_of_bytes, pairs_of_words
from .reference import constant_details, every_fourth
from .vectors import FRONT

#: Columns that are computed at a time, and rows of a layer before it is the next layer's turn.
TILE = 256
STEP = 4


class DeepStackKernels:
    """The tables of a stack, laid out for interpolation, and how the kernels are called.

    Parameters
    ----------
    stack : Stack
        One that takes deeper images.
    """

    def __init__(self, stack: Stack) -> None:
        self._stack = stack
        self._tags = Tags(2, len(stack.first), stack.channels, stack.levels, stack.scale, 1)
        first, hidden, last, base = self._forms = deep_forms(self._tags)
        starts = []
        for bias, shift in zip(stack.biases, stack.shifts, strict=False):
            half = 1 << shift >> 1
            whole = PARTS * (np.broadcast_to(bias, stack.channels) - half) + half
            starts.append(halves(whole, hidden.lanes))
        gains = [halves(gain, hidden.lanes) for gain in stack.gains]
        body = [np.concatenate(both) for both in zip(starts[1:], gains, strict=True)]
        self._tables = DeepTables(
            first=lay_out([pairs_of_bytes(every_fourth(stack.first))], first),
            body=lay_out([pairs_of_bytes(tables) for tables in stack.body], hidden),
            last=lay_out([pairs_of_bytes(stack.last)], last),
            base=lay_out([pairs_of_words(every_fourth(stack.base_alone))], base),
            first_start=starts[0],
            body_start=np.concatenate([np.zeros(0, np.int32), *body]),
            constant=halves(-constant_details(stack), last.lanes).reshape(-1),
            shifts=np.array(stack.shifts, np.int64),
        )

    def fill(
        self,
        image: NDArray[Any],
        steps: int,
        first: int,
        last: int,
        out: NDArray[Any],
        luma: bool = False,
    ) -> None:
        """Compute some rows of an enlarged image, or of its sums if both arrays are int32.

        Parameters
        ----------
        image : ndarray of int32, uint16, float32 or float64, shape (H, W, C)
            C-contiguous; int32 are steps.
        steps : int
            Steps per level.
        first, last : int
            Rows of the image.
        out : ndarray of the same type, shape (r * H, r * W, C)
            C-contiguous. Only the output of these rows is written.
        luma : bool
            Whether the detail of the luma is added to all channels, of which there are three.
        """
        height, width, planes = image.shape
        stack, halo = self._stack, self._stack.reach
        rows, columns = (np.pad(np.arange(n), halo, mode="reflect") for n in (height, width))
        tile = -(-width // -(-width // TILE))
        factor = 255.0 * steps if image.dtype.kind == "f" else 1.0
        unit = min(SPACING * steps, MOST_STEPS)
        # (PARTS * steps / unit * base + steps * detail) / PARTS, without common factors of two.
        common = min(steps & -steps, PARTS)
        times, parts = PARTS * steps // unit // common, PARTS // common
        numbers = (
            times.bit_length() - 1,
            parts // 2,
            parts.bit_length() - 1,
            stack.own,
            steps * stack.bias,
            stack.divisor // 2,
            stack.shift,
            255 * steps * (stack.divisor if image.dtype.kind == "f" else 1),
        )
        scaling = (PARTS * stack.divisor // 4, steps // common)
        task = DeepTask(
            rows,
            columns,
            first,
            last,
            luma,
            tile,
            STEP,
            factor,
            steps,
            self._forms[3].entry,
            scaling,
            numbers,
        )
        image = image.view()
        image.flags.writeable = False  # one writability, so that the kernel compiles once
        tags = tuple((0,) * count for count in self._tags)
        fill_deep_band(image, self._tables, task, self._scratch(tile, planes, luma), out, tags)

    def sums(
        self, values: NDArray[np.int32], steps: int, first: int, last: int, luma: bool = False
    ) -> NDArray[np.int32]:
        """Return the sums of some rows of an image of any number of channels."""
        r, (height, width, channels) = self._stack.scale, values.shape
        last = min(last, height)
        halo = self._stack.halo
        top, bottom = max(first - halo, 0), min(last + halo, height)
        out = np.empty(((bottom - top) * r, width * r, channels), np.int32)
        values = np.ascontiguousarray(values[top:bottom])
        self.fill(values, steps, first - top, last - top, out, luma)
        return out[(first - top) * r : (last - top) * r]

    def _scratch(self, tile: int, planes: int, luma: bool) -> DeepScratch:
        details = 1 if luma else planes
        layers, reach = len(self._tables.shifts), self._stack.reach
        # From the row above the output, which the base needs, to the halo below it.
        ring, length = STEP + reach + 1, tile + 2 * reach
        # The next layer's window has two more rows than it computes.
        lanes, cell = self._forms[1].lanes, self._forms[2].lanes
        map_ring, map_length = STEP + 2, (FRONT + length) * lanes
        detail_length = (FRONT + tile) * cell
        size, map_size = ring * length, details * layers * map_ring * map_length
        return DeepScratch(
            values=np.empty(planes * size, np.int32),
            offsets=np.empty(planes * size, np.int32),
            weights=np.empty(planes * size, np.int32),
            positions=np.empty(details * size, np.uint16),
            position_weights=np.empty(details * size, np.uint32),
            ring=ring,
            length=length,
            maps=np.empty(map_size, np.uint16),
            map_weights=np.empty(map_size, np.uint32),
            map_ring=map_ring,
            map_length=map_length,
            map_front=FRONT * lanes,
            details=np.empty(details * STEP * detail_length, np.int32),
            detail_length=detail_length,
            detail_front=FRONT * cell,
        )
