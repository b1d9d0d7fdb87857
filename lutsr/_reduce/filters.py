"""The Lanczos filter of one axis: which pixels each pixel of the result is a sum of."""

from __future__ import annotations

from functools import lru_cache
from math import ceil
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

#: Radius of the filter in pixels of the result.
SUPPORT = 3


class Filter(NamedTuple):
    """First source pixel and weights of each pixel of the result.

    Attributes
    ----------
    starts : ndarray of intp, shape (n,)
        The first pixel; pixels outside the image are mirrored, with the edge.
    weights : ndarray of float64, shape (n, taps)
        Of this pixel and those after it.
    length : int
        Length of the source.
    """

    starts: NDArray[np.intp]
    weights: NDArray[np.float64]
    length: int

    @property
    def indices(self) -> NDArray[np.intp]:
        """Source pixels, shape (n, taps)."""
        return mirrored(self.starts[:, np.newaxis] + np.arange(self.weights.shape[1]), self.length)

    @property
    def reach(self) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
        """First source pixel of each pixel of the result, and the one after the last."""
        indices = self.indices
        return indices.min(axis=1), indices.max(axis=1) + 1

    def absolute(self) -> Filter:
        """Return the filter with absolute weights, whose sums are mixtures of the source pixels."""
        return self._replace(weights=np.abs(self.weights))

    def part(self, start: int, stop: int) -> Filter:
        """Return the filter of some pixels of the result."""
        return self._replace(starts=self.starts[start:stop], weights=self.weights[start:stop])


@lru_cache(maxsize=16)
def lanczos_filter(length: int, reduced: int) -> Filter:
    """Return the Lanczos filter of radius 3, widened by the factor of reduction.

    Parameters
    ----------
    length, reduced : int
        Length of the axis before and after; equal lengths give the identity.
    """
    factor = length / reduced
    centres = (np.arange(reduced) + 0.5) * factor - 0.5
    starts = np.floor(centres - SUPPORT * factor).astype(np.intp) + 1
    indices = starts[:, np.newaxis] + np.arange(ceil(2 * SUPPORT * factor))
    t = (indices - centres[:, np.newaxis]) / factor
    weights = np.where(np.abs(t) < SUPPORT, _sinc(t) * _sinc(t / SUPPORT), 0.0)
    weights /= weights.sum(axis=1, keepdims=True)
    used = np.flatnonzero(weights.any(axis=0))
    first, last = int(used[0]), int(used[-1])
    result = Filter(starts + first, np.ascontiguousarray(weights[:, first : last + 1]), length)
    for array in (result.starts, result.weights):
        array.flags.writeable = False  # it is cached
    return result


def mirrored(indices: NDArray[np.intp], length: int) -> NDArray[np.intp]:
    """Return which pixels of an axis lie at places that may be outside of it."""
    inside = indices % (2 * length)
    return np.minimum(inside, 2 * length - 1 - inside)


def _sinc(t: NDArray[np.float64]) -> NDArray[np.float64]:
    """Compute sin(pi t) / (pi t) by a series; `numpy.sin` differs between machines."""
    whole = np.rint(t)
    x = np.pi * (t - whole)
    term, sine = x, x
    for n in range(2, 20, 2):
        term = -term * x * x / (n * (n + 1))
        sine = sine + term
    sine = np.where(whole % 2 == 0, sine, -sine)
    return np.divide(sine, np.pi * t, out=np.ones_like(t), where=t != 0)
