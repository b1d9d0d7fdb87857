"""Antialiased reduction of both axes of images with and without alpha, some rows at a time."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from .._reduce.filters import Filter
from .._reduce.run import filter_image
from .alpha import white_level

#: Least alpha that a colour is divided by, as a fraction of the sum with positive weights.
LEAST_SHARE = 0.125


def reduce_rows(
    rows: NDArray[Any], start: int, filters: tuple[Filter, Filter], out: NDArray[Any]
) -> None:
    """Reduce an image, each channel by itself.

    Every value is computed separately, with a fixed order of operations, so the result does not
    depend on bands or workers. Only sums and products are used, so it does not depend on the
    machine.

    Parameters
    ----------
    rows : ndarray of uint8, uint16, float32 or float64, shape (B, W, C)
        The rows of the image that the result depends on, at least.
    start : int
        Number of the first one in the image.
    filters : two Filters
        Of rows and of columns.
    out : ndarray of the same dtype, shape (n, m, C)
    """
    target = out if out.flags.c_contiguous else np.empty(out.shape, out.dtype)
    filter_image(rows, start, filters, (0, white_level(out.dtype)), target)
    if target is not out:
        out[...] = target


def reduce_weighted_rows(
    rows: NDArray[Any], start: int, filters: tuple[Filter, Filter], out: NDArray[Any]
) -> None:
    """Reduce an image whose last channel is alpha, by which colours are weighted.

    Where alpha comes out as 0, colours are 0. Parameters are those of `reduce_rows`.
    """
    # Colours are divided by alpha, which may be small: that needs more precision.
    work = np.float32 if rows.dtype == np.uint8 else np.float64
    weighted: NDArray[Any] = rows.astype(work)
    weighted[..., :-1] *= weighted[..., -1:]
    sums, mixtures = np.empty(out.shape, work), np.empty(out.shape, work)
    everything = (-np.inf, np.inf)
    filter_image(weighted, start, filters, everything, sums)
    vertical, horizontal = filters
    absolute = vertical.absolute(), horizontal.absolute()
    filter_image(weighted, start, absolute, everything, mixtures)
    _unweight(sums, mixtures)
    np.clip(sums, 0, white_level(out.dtype), out=sums)
    if out.dtype.kind != "f":
        np.rint(sums, out=sums)
    np.copyto(sums[..., :-1], 0, where=sums[..., -1:] <= 0)
    out[...] = sums


def _unweight(sums: NDArray[Any], mixtures: NDArray[Any]) -> None:
    """Divide colours by alpha, in sums with a filter's weights and absolute weights.

    Where negative weights leave little alpha, the quotient is unreliable; there the colour is
    computed from the sums with absolute weights.
    """
    alpha = sums[..., -1:]
    unsure = alpha < LEAST_SHARE * mixtures[..., -1:]
    colours = np.where(unsure, mixtures[..., :-1], sums[..., :-1])
    divisor = np.where(unsure, mixtures[..., -1:], alpha)
    np.divide(colours, divisor, out=sums[..., :-1], where=divisor > 0)
