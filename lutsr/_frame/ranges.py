"""Ranges of floats: within [0, 1], outside by rounding, or scaled into it and back on request."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from .advice import range_advice
from .mapped import let_go

#: Number of floats that are checked or scaled at a time.
CHECKED_VALUES = 1 << 22

#: Floats may lie outside [0, 1] by this much, because of rounding; they are clipped.
TOLERANCE = 1e-6


class Span(NamedTuple):
    """The lowest and the highest value of an image."""

    low: float
    high: float

    @property
    def is_unit(self) -> bool:
        """Whether the values lie in [0, 1], except for rounding."""
        return self.low >= -TOLERANCE and self.high <= 1 + TOLERANCE

    @property
    def overshoots(self) -> bool:
        """Whether some values lie outside [0, 1]."""
        return self.low < 0 or self.high > 1


def find_span(pixels: NDArray[Any]) -> Span:
    """Return the span of floats, a few rows at a time and without a copy."""
    low, high = np.inf, -np.inf
    with np.errstate(invalid="ignore"):
        for part in _parts(pixels):
            # These give NaN if there is one; Python's min and max may not.
            low, high = np.minimum(low, pixels[part].min()), np.maximum(high, pixels[part].max())
            let_go(pixels)
    return Span(float(low), float(high))


def check_span(span: Span, preserve_range: bool, image: str = "image") -> None:
    """Refuse values that are not finite and, unless their range is preserved, beyond [0, 1].

    `image` is how to write the array in advice.
    """
    if not (np.isfinite(span.low) and np.isfinite(span.high)):
        wanted = "finite floats" if preserve_range else "floats in [0, 1]"
        limits = "posinf=..., neginf=..." if preserve_range else "posinf=1, neginf=0"
        raise ValueError(
            f"image: has NaN or infinite values, wanted {wanted}; replace them first, as with "
            f"numpy.nan_to_num(image, {limits})"
        )
    if not (preserve_range or span.is_unit):
        raise ValueError(
            f"image: floats are within [{span.low:.9g}, {span.high:.9g}], wanted [0, 1]; "
            f"{range_advice(*span, image)}"
        )


def to_unit(pixels: NDArray[Any], span: Span, dtype: np.dtype[Any]) -> NDArray[Any]:
    """Scale values into [0, 1]: `low` becomes 0, `high` becomes 1.

    Parameters
    ----------
    pixels : ndarray of float
    span : Span
        That of the whole image. `pixels` may be a part of it.
    dtype : numpy.dtype
        Of the result.
    """
    result = np.empty(pixels.shape, dtype)
    # Halves, because the difference of two large values may be infinite.
    low, length = span.low / 2, span.high / 2 - span.low / 2
    for part in _parts(pixels):
        halves = np.asarray(pixels[part], np.float64) / 2
        result[part] = (halves - low) / (length or 1)
        let_go(pixels)
    return result


def from_unit(result: NDArray[Any], span: Span) -> None:
    """Scale values in [0, 1] back to the span, in place."""
    low, length = span.low / 2, span.high / 2 - span.low / 2
    for part in _parts(result):
        values = (np.asarray(result[part], np.float64) * length + low) * 2
        result[part] = np.clip(values, span.low, span.high)
        let_go(result)


def _parts(pixels: NDArray[Any]) -> list[slice]:
    """Split the first axis into parts of about `CHECKED_VALUES` values."""
    rows = max(1, CHECKED_VALUES * len(pixels) // max(pixels.size, 1))
    return [slice(start, start + rows) for start in range(0, len(pixels), rows)]
