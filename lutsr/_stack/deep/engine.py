"""The kernels of a stack for images deeper than 8 bits, ready to be called."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..._frame.depth import DEEP_KINDS
from ..._numba.record import Constants, record
from ..layout import Tags
from ..plan import Stack, lay_out
from ..walk import Known, Rings, Steps
from .kernels import DeepNumbers, DeepScratch, DeepTables, fill_deep_band
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
        tags = Tags(
            vector=0,
            window=len(stack.first),
            channels=stack.channels,
            levels=stack.levels,
            scale=stack.scale,
            planes=0,
            bits=0,
        )
        self._known = Constants(Known(*tags.by_function()))
        first, hidden, last, base = self._forms = deep_forms(tags)
        starts = []
        for bias, shift in zip(stack.biases, stack.shifts, strict=False):
            half = 1 << shift >> 1
            whole = PARTS * (np.broadcast_to(bias, stack.channels) - half) + half
            starts.append(halves(whole, hidden.lanes))
        gains = [halves(gain, hidden.lanes) for gain in stack.gains]
        body = [np.concatenate(both) for both in zip(starts[1:], gains, strict=True)]
        constant = constant_details(stack, np.arange(SPACING * 255 + 1, dtype=np.int32))
        self._tables = DeepTables(
            first_table=lay_out([pairs_of_bytes(every_fourth(stack.first))], first),
            body_table=lay_out([pairs_of_bytes(tables) for tables in stack.body], hidden),
            last_table=lay_out([pairs_of_bytes(stack.last)], last),
            base=lay_out([pairs_of_words(every_fourth(stack.base_alone))], base),
            first_start=starts[0],
            body_start=np.concatenate([np.zeros(0, np.int32), *body]),
            constant=halves(-constant, last.lanes).reshape(-1),
            shifts=np.array(stack.shifts, np.int64),
            body_bytes=3 * stack.channels * hidden.table(stack.levels),
            start_bytes=8 * hidden.lanes,
            entry=base.entry,
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
        height, width, channels = image.shape
        stack, halo = self._stack, self._stack.reach
        lanes, cell = self._forms[1].lanes, self._forms[2].lanes
        walk = Steps(
            image=image,
            out=out,
            height=height,
            width=width,
            channels=channels,
            first=first,
            last=last,
            details=1 if luma else channels,
            layers=len(stack.shifts),
            halo=halo,
            scale=stack.scale,
            reach=len(stack.first) // 2,
            top=PARTS * (stack.levels - 1),
            tile=-(-width // -(-width // TILE)),
            step=STEP,
        )
        tile = walk.tile
        rings = Rings(
            # From the row above the output, which the base needs, to the halo below it.
            rows=STEP + halo + 1,
            length=tile + 2 * halo,
            # The next layer's window has two more rows than it computes.
            map_rows=STEP + 2,
            map_length=(FRONT + tile + 2 * halo) * lanes,
            map_front=FRONT * lanes,
            detail_length=(FRONT + tile) * cell,
            detail_front=FRONT * cell,
        )
        scratch = _scratch(walk, rings, luma)
        task = record(walk, rings, self._tables, self._numbers(image.dtype, steps), scratch)
        fill_deep_band(task, self._known)

    def _numbers(self, dtype: np.dtype[Any], steps: int) -> DeepNumbers:
        """Return how values of a type become steps, and sums become values."""
        stack = self._stack
        unit = min(SPACING * steps, MOST_STEPS)
        # (PARTS * steps / unit * base + steps * detail) / PARTS, without common factors of two.
        common = min(steps & -steps, PARTS)
        times, parts = PARTS * steps // unit // common, PARTS // common
        return DeepNumbers(
            kind=DEEP_KINDS.index(dtype.name),
            factor=255.0 * steps if dtype.kind == "f" else 1.0,
            steps=steps,
            least=PARTS * stack.divisor // 4,
            times=steps // common,
            base_shift=times.bit_length() - 1,
            half=parts // 2,
            shift=parts.bit_length() - 1,
            own=stack.own,
            bias=steps * stack.bias,
            last_half=stack.divisor // 2,
            last_shift=stack.shift,
            white=255 * steps * (stack.divisor if dtype.kind == "f" else 1),
        )

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


def _scratch(steps: Steps, rings: Rings, luma: bool) -> DeepScratch:
    size = rings.rows * rings.length
    map_size = steps.details * steps.layers * rings.map_rows * rings.map_length
    return DeepScratch(
        values=np.empty(steps.channels * size, np.int32),
        offsets=np.empty(steps.channels * size, np.int32),
        weights=np.empty(steps.channels * size, np.int32),
        positions=np.empty(steps.details * size, np.uint16),
        position_weights=np.empty(steps.details * size, np.uint32),
        maps=np.empty(map_size, np.uint16),
        map_weights=np.empty(map_size, np.uint32),
        detail=np.empty(steps.details * steps.step * rings.detail_length, np.int32),
        luma=int(luma),
    )
