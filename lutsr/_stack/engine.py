"""The kernels of a stack, ready to be called."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .._numba.llvm import vector_bytes
from .kernels import Scratch, Tables, Task, fill_band
from .layout import Tags, lanes_for
from .plan import Stack, lay_out, padded, slot_start
from .vectors import forms

#: Columns that are computed at a time, and rows of a layer before it is the next layer's turn.
TILE = 512
STEP = 4

#: Interleaved channels that the kernel takes at once.
MOST_PLANES = 4


class StackKernels:
    """The tables of a stack, laid out, and how the kernels are called.

    Parameters
    ----------
    stack : Stack
    """

    def __init__(self, stack: Stack) -> None:
        self._scale, self._shift = stack.scale, stack.shift
        self._layers = 1 + len(stack.body)
        #: The kernels' own: tables without entries at the border of a window shrink no map.
        self._halo = len(stack.first) // 2 + self._layers
        self._tags = Tags(
            vector=vector_bytes() // 16,
            window=len(stack.first),
            channels=stack.channels,
            levels=stack.levels,
            scale=stack.scale,
            planes=1,
        )
        first, hidden, last, base = forms(self._tags)
        cell, places = stack.scale**2, 9 * stack.channels
        biases = [np.broadcast_to(one, stack.channels) for one in stack.biases[:-1]]
        detail_bias = np.broadcast_to(stack.biases[-1], cell)
        starts = [
            np.append(slot_start(bias, places, hidden), padded(gain, hidden))
            for bias, gain in zip(biases[1:], stack.gains, strict=True)
        ]
        self._tables = Tables(
            first=lay_out([stack.first], first),
            body=lay_out(stack.body, hidden),
            last=lay_out([stack.last], last),
            first_start=slot_start(biases[0], len(stack.first) ** 2, first),
            body_start=np.concatenate([np.zeros(0, np.int16), *starts]),
            last_start=slot_start(detail_bias, places, last),
            base_start=slot_start(np.full(cell, stack.bias), 9, base),
            flat=np.pad(stack.flat, ((0, 0), (0, base.lanes - cell))).astype(np.int16).reshape(-1),
            base=lay_out([stack.base], base).view(np.int16),
            shifts=np.array(stack.shifts, np.int64),
        )

    @property
    def nanoseconds(self) -> float:
        """Approximate time per output value."""
        look_ups = 3 * self._tags.channels * self._layers
        return (10 + 0.35 * look_ups) / self._scale**2

    def fill(
        self,
        image: NDArray[np.uint8],
        first: int,
        last: int,
        out: NDArray[np.uint8] | NDArray[np.int32],
        luma: bool = False,
    ) -> None:
        """Compute some rows of an enlarged image, or of its sums if the output is int32.

        Parameters
        ----------
        image : ndarray of uint8, shape (H, W, C)
            C-contiguous, 1 to `MOST_PLANES` channels.
        first, last : int
            Rows of the image.
        out : ndarray of uint8 or int32, shape (r * H, r * W, C)
            C-contiguous. Only the output of these rows is written.
        luma : bool
            Whether the detail of the luma is added to all channels, of which there are three.
        """
        height, width, planes = image.shape
        rows, columns = (np.pad(np.arange(n), self._halo, mode="reflect") for n in (height, width))
        tile = -(-width // -(-width // TILE))
        shift, tables = self._shift, self._tables
        if out.dtype == np.uint8:
            half = np.int16((1 << shift) >> 1)
            tables = tables._replace(base_start=tables.base_start + half)
        else:
            shift = 0
        task = Task(rows, columns, first, last, luma, tile, STEP, shift)
        tags = tuple((0,) * count for count in self._tags._replace(planes=planes))
        image = image.view()
        image.flags.writeable = False  # one writability, so that the kernel compiles once
        fill_band(image, tables, task, self._scratch(tile, planes, luma), out, tags)

    def sums(self, values: NDArray[np.int32], first: int, last: int) -> NDArray[np.int32]:
        """Return the sums of some rows of an image of any number of channels."""
        r, (height, width, channels) = self._scale, values.shape
        image = values.astype(np.uint8)
        planes = []
        for c in range(channels):
            out = np.empty((height * r, width * r, 1), np.int32)
            self.fill(np.ascontiguousarray(image[..., c : c + 1]), first, min(last, height), out)
            planes.append(out[first * r : last * r])
        return np.concatenate(planes, axis=-1)

    def _scratch(self, tile: int, planes: int, luma: bool) -> Scratch:
        details = 1 if luma else planes
        # From the row above the output, which the base needs, to the halo below it.
        ring, length = STEP + self._halo + 1, tile + 2 * self._halo
        # The next layer's window has two more rows than it computes.
        map_ring, map_length = STEP + 2, length * lanes_for(self._tags.channels)
        detail_length = tile * lanes_for(self._scale**2)
        return Scratch(
            planes=np.empty((planes + luma) * ring * length, np.uint8),
            ring=ring,
            length=length,
            maps=np.empty(details * self._layers * map_ring * map_length, np.uint16),
            map_ring=map_ring,
            map_length=map_length,
            details=np.empty(details * STEP * detail_length, np.int16),
            detail_length=detail_length,
        )
