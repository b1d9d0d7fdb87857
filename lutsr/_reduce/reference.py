"""Reduction in plain NumPy: what the kernel computes, in the same order."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from .filters import Filter


def filter_axes(
    rows: NDArray[Any],
    indices: NDArray[np.intp],
    filters: tuple[Filter, Filter],
    work: np.dtype[Any],
) -> NDArray[Any]:
    """Filter both axes of an image (H, W, C), rows first.

    Parameters
    ----------
    rows : ndarray, shape (B, W, C)
    indices : ndarray of intp, shape (n, taps)
        Which of the rows each row of the result is a sum of.
    filters : two Filters
        Of rows and of columns.
    work : dtype
        Type of the sums.
    """
    vertical, horizontal = filters
    narrowed = _filter_first(rows.astype(work), indices, vertical.weights)
    turned = np.swapaxes(narrowed, 0, 1)
    return np.swapaxes(_filter_first(turned, horizontal.indices, horizontal.weights), 0, 1)


def _filter_first(
    values: NDArray[Any], indices: NDArray[np.intp], weights: NDArray[np.float64]
) -> NDArray[Any]:
    """Filter the first axis of three: sums of products, one tap after the other."""
    factors = weights.astype(values.dtype)[..., np.newaxis, np.newaxis]
    total = values[indices[:, 0]] * factors[:, 0]
    for tap in range(1, len(weights[0])):
        total += values[indices[:, tap]] * factors[:, tap]
    return np.asarray(total)


def as_values(sums: NDArray[Any], limits: tuple[float, float], dtype: np.dtype[Any]) -> Any:
    """Clip sums, and round them for integer types, halves to the even integer."""
    sums = np.clip(sums, *limits)
    return (np.rint(sums) if dtype.kind == "u" else sums).astype(dtype)
