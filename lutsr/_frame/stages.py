"""Resizing as a chain of stages, each of which computes rows from those of the stage before it.

So a result is computed in bands of rows, and no image between two stages is ever in memory as a
whole. Rows at the borders of bands are computed twice.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from .._reduce.filters import lanczos_filter
from .alpha import white_level
from .mapped import let_go
from .ranges import Span, to_unit
from .reduce import reduce_rows, reduce_weighted_rows

#: Approximate size in bytes of the largest image part of a band, so that it stays in the caches.
BAND_BYTES = 2 << 20

#: Least number of source rows of a band, as a multiple of the halo, whose rows are computed twice.
BAND_HALOS = 24

#: Size in bytes that a band may have because of `BAND_HALOS`.
MOST_BYTES = 64 << 20


class Stage(Protocol):
    """An image whose rows are computed when they are asked for; from any thread.

    Attributes
    ----------
    shape : tuple of int
        Height, width and channels.
    dtype : numpy.dtype
    opaque : bool
        Whether the last channel is alpha, and all of the original is opaque.
    """

    shape: tuple[int, int, int]
    dtype: np.dtype[Any]
    opaque: bool

    def rows(self, start: int, stop: int) -> NDArray[Any]:
        """Return the rows ``start <= y < stop``, shape (stop - start, W, C)."""
        ...

    def reach(self, start: int, stop: int) -> tuple[int, int]:
        """Return the first row of the original that some rows depend on, and the one behind."""
        ...

    def cost(self, rows: int) -> tuple[int, bool]:
        """Return what a band of so many rows takes.

        Returns
        -------
        size : int
            Bytes of the largest part of an image.
        enough : bool
            Whether it is high enough: few rows of it are computed twice.
        """
        ...


class Original:
    """An array (H, W, C), converted to a type, and clipped or scaled into [0, 1] if wanted."""

    def __init__(
        self,
        planes: NDArray[Any],
        dtype: np.dtype[Any],
        overshoots: bool,
        alpha: bool,
        span: Span | None = None,
    ) -> None:
        height, width, channels = planes.shape
        self.shape, self.dtype = (height, width, channels), dtype
        self._planes, self._overshoots, self._span = planes, overshoots, span
        self.opaque = alpha and self._is_opaque()

    def rows(self, start: int, stop: int) -> NDArray[Any]:
        """Return some rows, a view where nothing is to be converted."""
        if self._span is not None:
            return to_unit(self._planes[start:stop], self._span, self.dtype)
        rows = self._planes[start:stop].astype(self.dtype, copy=False)
        return np.clip(rows, 0, 1) if self._overshoots else rows

    def reach(self, start: int, stop: int) -> tuple[int, int]:
        """Return the rows themselves."""
        return start, stop

    def cost(self, rows: int) -> tuple[int, bool]:
        """Return what a band takes."""
        return rows * row_bytes(self), True

    def _is_opaque(self) -> bool:
        white = white_level(self.dtype)
        step = max(1, MOST_BYTES // row_bytes(self))
        for start in range(0, self.shape[0], step):
            alpha = self.rows(start, start + step)[..., -1]
            let_go(self._planes)
            if not bool((alpha == white).all()):
                return False
        return True


class Upscaled:
    """A stage, upscaled.

    Parameters
    ----------
    source : Stage
    scale : int
    halo : int
        Number of rows above and below that rows depend on.
    upscale : callable
        Upscales an array (H, W, C) into an output (r * H, r * W, C), of which only the rows from
        a first one up to the one before the last are needed.
    """

    def __init__(
        self,
        source: Stage,
        scale: int,
        halo: int,
        upscale: Callable[[NDArray[Any], NDArray[Any], tuple[int, int]], None],
    ) -> None:
        height, width, channels = source.shape
        self.shape = height * scale, width * scale, channels
        self.dtype, self.opaque = source.dtype, source.opaque
        self._source, self._scale, self._halo, self._upscale = source, scale, halo, upscale

    def rows(self, start: int, stop: int) -> NDArray[Any]:
        """Compute some rows."""
        r = self._scale
        top, bottom = self._needed(start, stop)
        band = np.empty(((bottom - top) * r, *self.shape[1:]), self.dtype)
        inside = start - top * r, stop - top * r
        self._upscale(self._source.rows(top, bottom), band, inside)
        return band[slice(*inside)]

    def reach(self, start: int, stop: int) -> tuple[int, int]:
        """Return which rows of the original some rows depend on."""
        return self._source.reach(*self._needed(start, stop))

    def _needed(self, start: int, stop: int) -> tuple[int, int]:
        """Return which rows of the source some rows depend on."""
        top, bottom = start // self._scale - self._halo, -(-stop // self._scale) + self._halo
        return max(top, 0), min(bottom, self._source.shape[0])

    def cost(self, rows: int) -> tuple[int, bool]:
        """Return what a band takes."""
        own = -(-rows // self._scale)
        size, enough = self._source.cost(own + 2 * self._halo)
        return max(size, rows * row_bytes(self)), enough and own >= BAND_HALOS * self._halo


class Reduced:
    """A stage, reduced by an antialiased Lanczos filter; borders are mirrored with the edge.

    Parameters
    ----------
    source : Stage
    lengths : tuple of int
        Height and width, at most those of the source.
    alpha : bool
        Whether the last channel is alpha, by which colours are then weighted.
    """

    def __init__(self, source: Stage, lengths: tuple[int, int], alpha: bool) -> None:
        self.shape = (*lengths, source.shape[2])
        self.dtype, self.opaque = source.dtype, source.opaque
        self._source, self._weighted = source, alpha and not source.opaque
        self._vertical, self._horizontal = map(lanczos_filter, source.shape[:2], lengths)
        self._firsts, self._stops = self._vertical.reach

    def fill(self, start: int, stop: int, out: NDArray[Any]) -> None:
        """Compute some rows into an array of their shape."""
        first, last = self._needed(start, stop)
        rows = self._source.rows(first, last)
        reduce = reduce_weighted_rows if self._weighted else reduce_rows
        reduce(rows, first, (self._vertical.part(start, stop), self._horizontal), out)
        if self.opaque:
            out[..., -1] = white_level(self.dtype)

    def rows(self, start: int, stop: int) -> NDArray[Any]:
        """Compute some rows."""
        out = np.empty((stop - start, *self.shape[1:]), self.dtype)
        self.fill(start, stop, out)
        return out

    def reach(self, start: int, stop: int) -> tuple[int, int]:
        """Return which rows of the original some rows depend on."""
        return self._source.reach(*self._needed(start, stop))

    def _needed(self, start: int, stop: int) -> tuple[int, int]:
        """Return which rows of the source some rows depend on."""
        return int(self._firsts[start:stop].min()), int(self._stops[start:stop].max())

    def cost(self, rows: int) -> tuple[int, bool]:
        """Return what a band takes."""
        factor = self._source.shape[0] / self.shape[0]
        taps = self._vertical.weights.shape[1]
        own = int(rows * factor)
        size, enough = self._source.cost(own + taps)
        return max(size, rows * row_bytes(self)), enough and own >= taps


def row_bytes(stage: Stage) -> int:
    """Return the size of a row."""
    return stage.shape[1] * stage.shape[2] * stage.dtype.itemsize


def fill_rows(stage: Stage, start: int, stop: int, out: NDArray[Any]) -> None:
    """Compute some rows of a stage into an array of their shape."""
    if isinstance(stage, Reduced):
        stage.fill(start, stop, out)
    else:
        out[...] = stage.rows(start, stop)


def band_rows(stage: Stage, height: int, workers: int) -> int:
    """Return how many of some rows of a stage to compute at a time."""
    rows = 1
    while rows < height:
        size, enough = stage.cost(2 * rows)
        if size > (BAND_BYTES if enough else MOST_BYTES):
            break
        rows *= 2
    bands = -(-height // rows)
    bands = -(-bands // workers) * workers  # as many for each worker, of about the same height
    return -(-height // bands)
