"""Antialiased reduction of both axes, a few rows at a time."""

from __future__ import annotations

from math import ceil
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from .alpha import white_level
from .threads import share

#: Approximate number of values in a band, so that its arrays stay in the caches.
BAND_VALUES = 1 << 17

#: Radius of the filter in pixels of the result.
SUPPORT = 3

#: Least alpha that a colour is divided by, as a fraction of the sum with positive weights.
LEAST_SHARE = 0.125


class Filter(NamedTuple):
    """Indices and weights of the source pixels of each pixel of the result."""

    indices: NDArray[np.intp]  # (length, taps)
    weights: NDArray[np.float64]  # (length, taps)

    def absolute(self) -> Filter:
        """Return the filter with absolute weights, whose sums are mixtures of the source pixels."""
        return Filter(self.indices, np.abs(self.weights))


def reduce_planes(
    planes: NDArray[Any], lengths: tuple[int, int], alpha: bool, workers: int
) -> NDArray[Any]:
    """Reduce an image with an antialiased Lanczos filter; borders are mirrored with the edge.

    Every value is computed separately, with a fixed order of operations, so the result does not
    depend on bands or workers. Only sums, products and quotients are used, so it does not depend
    on the machine.

    Parameters
    ----------
    planes : ndarray of uint8, uint16, float32 or float64, shape (H, W, C)
    lengths : tuple of int
        Height and width of the result, at most those of the image.
    alpha : bool
        Whether the last channel is alpha, by which colours are then weighted. Where it comes out
        as 0, colours are 0.
    workers : int
        Threads, at least 1.

    Returns
    -------
    ndarray of the same dtype, shape (*lengths, C)
    """
    out = np.empty((*lengths, planes.shape[2]), planes.dtype)
    opaque = alpha and bool((planes[..., -1] == white_level(planes.dtype)).all())
    weighted = alpha and not opaque
    # Weighted colours are divided by alpha, which may be small: that needs more precision.
    deep = planes.dtype != np.uint8 if weighted else planes.dtype == np.float64
    work = np.float64 if deep else np.float32
    vertical = lanczos_filter(planes.shape[0], lengths[0])
    horizontal = lanczos_filter(planes.shape[1], lengths[1])
    rows = max(1, BAND_VALUES * lengths[0] // planes.size)

    def run(start: int) -> None:
        indices = vertical.indices[start : start + rows]
        first = int(indices.min())
        lines = _channel_lines(planes[first : indices.max() + 1], work)
        rows_filter = Filter(indices - first, vertical.weights[start : start + rows])
        if weighted:
            lines[:, :-1] *= lines[:, -1:]
        sums = _filter(lines, rows_filter, horizontal)
        if weighted:
            _unweight(sums, _filter(lines, rows_filter.absolute(), horizontal.absolute()))
        _write(sums, out[start : start + rows], weighted)

    starts = range(0, lengths[0], rows)
    share(run, starts, min(workers, len(starts)))
    if opaque:
        out[..., -1] = white_level(planes.dtype)
    return out


def lanczos_filter(length: int, reduced: int) -> Filter:
    """Return the Lanczos filter of radius 3 for one axis, widened by the factor of reduction.

    Parameters
    ----------
    length, reduced : int
        Length of the axis before and after; equal lengths give the identity.
    """
    factor = length / reduced
    centres = (np.arange(reduced) + 0.5) * factor - 0.5
    first = np.floor(centres - SUPPORT * factor).astype(np.intp) + 1
    indices = first[:, np.newaxis] + np.arange(ceil(2 * SUPPORT * factor))
    t = (indices - centres[:, np.newaxis]) / factor
    weights = np.where(np.abs(t) < SUPPORT, _sinc(t) * _sinc(t / SUPPORT), 0.0)
    weights /= weights.sum(axis=1, keepdims=True)
    used = weights.any(axis=0)
    indices %= 2 * length
    indices = np.minimum(indices, 2 * length - 1 - indices)
    return Filter(indices[:, used], weights[:, used])


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


def _filter(lines: NDArray[Any], rows: Filter, columns: Filter) -> NDArray[Any]:
    """Filter both axes of lines (B, C, W)."""
    channels, width = lines.shape[1:]
    narrowed = _filter_first(lines.reshape(len(lines), -1), rows).reshape(-1, width)
    turned = _filter_first(np.ascontiguousarray(narrowed.T), columns)
    return turned.T.reshape(-1, channels, len(turned))


def _filter_first(lines: NDArray[Any], axis_filter: Filter) -> NDArray[Any]:
    """Filter the first axis of two."""
    indices, weights = axis_filter.indices, axis_filter.weights.astype(lines.dtype)
    if len(indices) == len(lines) and weights.shape[1] == 1:
        return lines
    total = np.zeros((len(indices), lines.shape[1]), lines.dtype)
    term = np.empty_like(total)
    for tap in range(weights.shape[1]):
        # Indices are in range; any mode but "raise" writes to `out` without a copy.
        np.take(lines, indices[:, tap], axis=0, out=term, mode="clip")
        term *= weights[:, tap, np.newaxis]
        total += term
    return total


def _channel_lines(rows: NDArray[Any], dtype: type[np.floating[Any]]) -> NDArray[Any]:
    """Copy rows (B, W, C) to (B, C, W), so that operations run along whole lines."""
    lines = np.empty((len(rows), rows.shape[2], rows.shape[1]), dtype)
    for channel in range(rows.shape[2]):
        lines[:, channel] = rows[..., channel]
    return lines


def _unweight(sums: NDArray[Any], mixtures: NDArray[Any]) -> None:
    """Divide colours by alpha, in sums (B, C, W) with a filter's weights and absolute weights.

    Where negative weights leave little alpha, the quotient is unreliable; there the colour is
    computed from the sums with absolute weights.
    """
    alpha = sums[:, -1:]
    unsure = alpha < LEAST_SHARE * mixtures[:, -1:]
    colours = np.where(unsure, mixtures[:, :-1], sums[:, :-1])
    divisor = np.where(unsure, mixtures[:, -1:], alpha)
    np.divide(colours, divisor, out=sums[:, :-1], where=divisor > 0)


def _write(sums: NDArray[Any], out: NDArray[Any], weighted: bool) -> None:
    """Turn sums (B, C, W) into values (B, W, C) of the output's type."""
    np.clip(sums, 0, white_level(out.dtype), out=sums)
    if out.dtype.kind != "f":
        np.rint(sums, out=sums)
    if weighted:
        sums[:, :-1] *= sums[:, -1:] > 0
    for channel in range(out.shape[2]):
        out[..., channel] = sums[:, channel]
