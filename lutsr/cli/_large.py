"""Resizing of a picture that is larger than memory, some rows at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from .._frame.alpha import white_level
from .._frame.stages import Original, row_bytes
from .._steps import fill
from ._upscale import with_sign, without_sign

if TYPE_CHECKING:
    from ._upscale import FrameUpscaler
    from .imagefile import LargePicture

#: Approximate size in bytes of the rows that are read at a time.
READ_BYTES = 32 << 20


class Resized:
    """A resized picture, whose rows are computed from those of the file that they depend on.

    Parameters
    ----------
    large : LargePicture
    upscale : FrameUpscaler
    workers : int
        Threads to use.

    Attributes
    ----------
    lengths : tuple of int
        Height and width.
    """

    def __init__(self, large: LargePicture, upscale: FrameUpscaler, workers: int) -> None:
        self._source = _Rows(large)
        self._stage = upscale.stage(self._source, large.picture.alpha)
        self._signed, self._workers = large.dtype.kind == "i", workers
        self.lengths = self._stage.shape[:2]

    def __call__(self, start: int, stop: int) -> NDArray[Any]:
        """Compute some rows, shape (stop - start, W, C)."""
        stage = self._stage
        result = np.empty((stop - start, *stage.shape[1:]), stage.dtype)
        first = start
        while first < stop:
            last = self._last(first, stop)
            self._source.read(*stage.reach(first, last))
            fill([stage], [result[first - start : last - start]], self._workers, start=first)
            first = last
        return with_sign(result) if self._signed else result

    def _last(self, start: int, stop: int) -> int:
        """Return up to which row the input's rows are few enough to be in memory together."""
        while stop > start + 1:
            first, last = self._stage.reach(start, stop)
            if (last - first) * row_bytes(self._source) <= READ_BYTES:
                break
            stop = (start + stop) // 2
        return stop


class _Rows(Original):
    """The rows of a picture that have been read last, as the first stage of resizing.

    Of signed integers the lowest is black: they are moved to those without sign.
    """

    def __init__(self, large: LargePicture) -> None:
        self._large, self._start = large, 0
        kind = "u" if large.dtype.kind == "i" else large.dtype.kind
        height, width, *channels = large.shape
        dtype = np.dtype(f"{kind}{large.dtype.itemsize}")
        nothing = np.empty((0, width, *(channels or [1])), dtype)
        super().__init__(nothing, dtype, kind == "f", False)
        self.shape = height, width, nothing.shape[2]
        self.opaque = large.picture.alpha and self._is_opaque()

    def read(self, start: int, stop: int) -> None:
        """Read rows; only these are there until the next call."""
        del self._planes  # before others are read
        rows = self._large.rows(start, stop)
        if rows.dtype.kind == "i":
            rows = without_sign(rows)
        self._start, self._planes = start, rows.reshape(stop - start, *self.shape[1:])

    def rows(self, start: int, stop: int) -> NDArray[Any]:
        """Return some of the rows that have been read."""
        return super().rows(start - self._start, stop - self._start)

    def _is_opaque(self) -> bool:
        step = max(1, READ_BYTES // row_bytes(self))
        for start in range(0, self.shape[0], step):
            stop = min(start + step, self.shape[0])
            self.read(start, stop)
            if not (self.rows(start, stop)[..., -1] == white_level(self.dtype)).all():
                return False
        return True
