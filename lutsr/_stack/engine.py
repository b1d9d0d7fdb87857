"""The kernels of a stack, ready to be called."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from .._numba.llvm import vector_bytes
from .._numba.record import Constants, record
from .kernels import Cells, Scratch, Tables, fill_band
from .layout import Tags, lanes_for
from .plan import Stack, lay_out, padded, slot_start
from .vectors import forms
from .walk import Known, Rings, Steps

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
            vector=vector_bytes(),
            window=len(stack.first),
            channels=stack.channels,
            levels=stack.levels,
            scale=stack.scale,
            planes=1,
            bits=8,
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
            first_table=lay_out([stack.first], first),
            body_table=lay_out(stack.body, hidden),
            last_table=lay_out([stack.last], last),
            first_start=slot_start(biases[0], len(stack.first) ** 2, first),
            body_start=np.concatenate([np.zeros(0, np.int16), *starts]),
            last_start=slot_start(detail_bias, places, last),
            base_start=slot_start(np.full(cell, stack.bias), 9, base),
            flat=np.pad(stack.flat, ((0, 0), (0, base.lanes - cell))).astype(np.int16).reshape(-1),
            base=lay_out([stack.base], base).view(np.int16),
            shifts=np.array(stack.shifts, np.int64),
            body_bytes=3 * stack.channels * hidden.table(stack.levels),
            start_bytes=4 * hidden.lanes,
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
        height, width, channels = image.shape
        tile = -(-width // -(-width // TILE))
        details = 1 if luma else channels
        shift, tables = self._shift, self._tables
        if out.dtype == np.uint8:
            half = np.int16((1 << shift) >> 1)
            tables = tables._replace(base_start=tables.base_start + half)
        else:
            shift = 0
        steps = Steps(
            image=image,
            out=out,
            height=height,
            width=width,
            channels=channels,
            first=first,
            last=last,
            details=details,
            layers=self._layers,
            halo=self._halo,
            scale=self._scale,
            reach=self._tags.window // 2,
            top=self._tags.levels - 1,
            tile=tile,
            step=STEP,
        )
        rings = Rings(
            # From the row above the output, which the base needs, to the halo below it.
            rows=STEP + self._halo + 1,
            length=tile + 2 * self._halo,
            # The next layer's window has two more rows than it computes.
            map_rows=STEP + 2,
            map_length=(tile + 2 * self._halo) * lanes_for(self._tags.channels),
            map_front=0,
            detail_length=tile * lanes_for(self._scale**2),
            detail_front=0,
        )
        map_size = details * self._layers * rings.map_rows * rings.map_length
        scratch = Scratch(
            planes=np.empty((channels + luma) * rings.rows * rings.length, np.uint8),
            detail_plane=channels if luma else 0,
            maps=np.empty(map_size, np.uint16),
            detail=np.empty(details * STEP * rings.detail_length, np.int16),
            luma=int(luma),
            shift=shift,
        )
        # A kernel for several channels takes one, too: most programs that have grey images have RGB
        # ones. Sums are those of one channel.
        planes = 3 if channels == 1 and out.dtype == np.uint8 else channels
        known = _known_to_kernel(self._tags._replace(planes=planes, bits=8 * out.itemsize))
        fill_band(record(steps, rings, tables, scratch), known)

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


@lru_cache
def _known_to_kernel(tags: Tags) -> Constants:
    """Return what the kernel is compiled for."""
    maps, details, cells = tags.by_function()
    return Constants(Known(maps, details, Cells(cells._replace(planes=1), cells)))
