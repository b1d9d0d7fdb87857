"""The engine of the family eclut: one table of pairs, computed with two fused ones."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from .._engine import Engine
from .._frame.depth import DIRECT_TYPES, steps_per_level
from .._numba.loading import load_numba
from .borders import KINDS, border_program
from .card import check_model
from .fusion import FusedTables, fuse
from .layout import LINE, ROWS_AT_ONCE, cell_origin, is_packed
from .reference import DIVISOR, TAPS, sum_rotations

if TYPE_CHECKING:
    from .._modelfile import Model

#: Columns of pixels in a tile, so that scratch memory stays in the second-level cache.
TILE = 1024

#: The same for deep images.
DEEP_TILE = 1024

#: Interleaved channels that the kernel of `EclutEngine.fill` takes at once.
MOST_CHANNELS = 4


def open_engine(model: Model) -> EclutEngine:
    """Make the engine of a model, which is checked first."""
    check_model(model)
    return EclutEngine(model.tables["lut"], **model.parameters)


class EclutEngine(Engine):
    """The fused tables of a model, and how the kernels are called.

    Parameters
    ----------
    lut : ndarray of int8, shape (256, 256, 9, r, r)
    expand_shift : int
        r or 1.
    relative : bool
        Whether the table leaves out the pixel's own level.

    Attributes
    ----------
    fused : FusedTables
        Missing with ``NUMBA_DISABLE_JIT``, where the reference computes.
    """

    #: A tap reaches one pixel far, and the entry there depends on that pixel's neighbours.
    halo = 2
    divisor = DIVISOR
    nanoseconds = (1.0, 4.0)

    fused: FusedTables

    def __init__(self, lut: NDArray[np.int8], expand_shift: int, relative: bool = False) -> None:
        self.scale = int(lut.shape[-1])
        self.origin = cell_origin(self.scale, expand_shift)
        self._lut, self._expand_shift, self._relative = lut, expand_shift, relative
        self._compiled = load_numba()
        if self._compiled:
            self.fused = fuse(lut, expand_shift, relative)
            self.direct_channels = MOST_CHANNELS
            self._bits = 8 * self.fused.vertical.itemsize
            self._tags = (0,) * self.scale, (0,) * self.origin, (0,) * (self._bits // 8)
            self._eight_bit = lru_cache(maxsize=32)(self._plan_eight_bit)
            self.direct_types = DIRECT_TYPES
            self._deep = lru_cache(maxsize=32)(self._plan_deep)

    def reference(self, values: NDArray[np.int32], steps: int) -> NDArray[np.int32]:
        """Compute the sums of an image as the paper describes them."""
        planes = [
            sum_rotations(plane, self._lut, steps, self._expand_shift, self._relative)
            for plane in np.moveaxis(values, -1, 0)
        ]
        return np.stack(planes, axis=-1)

    def facts(self) -> Mapping[str, str]:
        """Return what ``lutsr info`` prints."""
        return {
            "expand_shift": str(self._expand_shift),
            "receptive field": receptive_field(self.scale, self._expand_shift),
        }

    def fill(self, image: NDArray[Any], first: int, last: int, out: NDArray[Any]) -> None:
        """Upscale rows of cells of an image."""
        if image.dtype != np.uint8:
            self._fill_deep(image, steps_per_level(image.dtype), first, last, out)
            return
        from . import kernels

        height, width, channels = image.shape
        tile = min(TILE, width + self.origin)
        size = min(height + self.origin, KINDS), min(width + self.origin, KINDS)
        task, needed, _kept = self._eight_bit(channels, tile, *size)
        image = image.view()
        image.flags.writeable = False  # read-only arrays are another type for numba: compile once
        kernels.upscale_band(
            image, out, np.empty(needed, np.uint8), task, first, last, tile, self._tags
        )

    def _plan_eight_bit(self, channels: int, tile: int, height: int, width: int) -> Any:
        """Return a record for the kernel, the size of its scratch memory, and what to keep."""
        from .._numba.record import record
        from . import task, vectors

        packed = is_packed(self.scale, self._bits)
        program = task.borders(
            border_program(self.scale, self._expand_shift, packed, self._relative, height, width)
        )
        tables = self.fused.vertical, self.fused.horizontal
        plan, size = task.eight_bit(
            tables,
            self._lut,
            self._relative,
            packed,
            channels,
            tile,
            program.move_count,
            vectors.AHEAD,
            ROWS_AT_ONCE[self.origin],
        )
        return record(plan, program), size, (plan, program)

    def _fill_deep(
        self, image: NDArray[Any], steps: int, first: int, last: int, out: NDArray[Any]
    ) -> None:
        """Upscale rows of cells of a deep image, or compute their sums if both are int32."""
        from . import kernels_deep

        height, width, channels = image.shape
        tile = min(DEEP_TILE, width + self.origin)
        size = min(height + self.origin, KINDS), min(width + self.origin, KINDS)
        task, needed, _kept = self._deep(image.dtype, steps, channels, tile, *size)
        scratch = np.empty(needed + LINE, np.uint8)
        addresses = image.ctypes.data, out.ctypes.data
        kernels_deep.upscale_deep_band(
            task, scratch, height, width, *addresses, first, last, tile, self._tags
        )

    def _plan_deep(
        self, dtype: np.dtype[Any], steps: int, channels: int, tile: int, height: int, width: int
    ) -> Any:
        """Return what `_plan_eight_bit` does, for deep images."""
        from .._numba.record import record
        from . import task, vectors

        program = task.borders(
            border_program(self.scale, self._expand_shift, False, self._relative, height, width)
        )
        plan, size = task.deep(
            (self.fused.vertical, self.fused.horizontal),
            self._lut,
            self._relative,
            channels,
            tile,
            program.move_count,
            vectors.AHEAD,
            dtype,
            steps,
        )
        return record(plan, program), size, (plan, program)

    def sums(
        self, values: NDArray[np.int32], steps: int, first: int, last: int
    ) -> NDArray[np.int32]:
        """Sum up rows of cells of one channel, in quarter steps."""
        r, origin = self.scale, self.origin
        height, width, channels = values.shape
        inside = slice(max(first * r - origin, 0), min(last * r - origin, height * r))
        if not self._compiled:
            return self.reference(values, steps)[inside]
        sums = np.empty((height * r, width * r, channels), np.int32)
        self._fill_deep(values, steps, first, last, sums)
        return sums[inside]


def receptive_field(scale: int, expand_shift: int) -> str:
    """Count the input pixels that an output pixel depends on, by the rotations and taps."""
    counts = []
    for row in range(scale):
        for column in range(scale):
            steps = [
                ((row - dy * expand_shift) // scale, (column - dx * expand_shift) // scale)
                for dy, dx in TAPS
            ]
            pairs = ((0, 0), (1, 0), (-1, 0), (0, 1), (0, -1))
            counts.append(len({(y + v, x + u) for y, x in steps for v, u in pairs}))
    low, high = min(counts), max(counts)
    return f"{low} input pixels" if low == high else f"{low} to {high} input pixels"
