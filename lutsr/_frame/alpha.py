"""Images with alpha: what to enlarge in place of colours that nobody sees.

Colour and alpha are enlarged by themselves, each channel as it is: premultiplying would round dark
colours away in 8 bits, and would change visible ones. But colour under alpha 0 is arbitrary, and
the table would mix it into the edge of what is visible. So it is replaced first, out to where the
table can see it, by the mean of the visible neighbours, ring by ring.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

#: So many pixels to each side decide on an output pixel: the pair's neighbour and a tap's step.
REACH = 2

#: Output pixels with some alpha lie within reach of a visible pixel, and see as far again.
RINGS = 2 * REACH


def white_level(dtype: np.dtype[Any]) -> int:
    """Give the value of white, which is full opacity, too."""
    return 1 if dtype.kind == "f" else int(np.iinfo(dtype).max)


def fill_hidden(image: NDArray[Any]) -> NDArray[Any]:
    """Replace colours under alpha 0.

    Parameters
    ----------
    image : ndarray, shape (H, W, C)
        Colours and, as the last channel, alpha.

    Returns
    -------
    ndarray
        The image itself where nothing is hidden. Otherwise a copy: within four pixels of a visible
        one, hidden colours are the mean of their neighbours, and black farther away.
    """
    visible = image[..., -1] != 0
    if visible.all():
        return image
    height, width, channels = image.shape
    # A frame of unknown pixels, so that every pixel has eight neighbours.
    framed = np.zeros((height + 2, width + 2, channels), image.dtype)
    filled = framed[1:-1, 1:-1]
    np.copyto(filled, image, where=visible[..., np.newaxis])
    known = np.pad(visible, 1)
    colours, known_flat = framed.reshape(-1, channels)[:, :-1], known.reshape(-1)
    around = [dy * (width + 2) + dx for dy in (-1, 0, 1) for dx in (-1, 0, 1) if (dy, dx) != (0, 0)]
    for _ in range(RINGS):
        ring = np.zeros_like(known)
        ring[1:-1, 1:-1] = _dilate(known[1:-1, 1:-1])
        ring &= ~known
        at = np.flatnonzero(ring)
        # Unknown colours are 0 so far, and add nothing.
        exact = np.float64 if image.dtype.kind == "f" else np.int32
        total = np.zeros((len(at), channels - 1), exact)
        count = np.zeros((len(at), 1), np.int32)
        for step in around:
            total += colours[at + step]
            count[:, 0] += known_flat[at + step]
        colours[at] = total / count if exact is np.float64 else (total + count // 2) // count
        known |= ring
    return filled


def hold_extremes(alpha: NDArray[Any], enlarged: NDArray[Any]) -> None:
    """Keep what is wholly opaque, and what is wholly transparent, exactly so.

    A table may miss black or white by a level or more, above all at the borders.

    Parameters
    ----------
    alpha : ndarray, shape (H, W)
    enlarged : ndarray, shape (r * H, r * W)
        Changed where all that decides on an output pixel has alpha 0, or full alpha.
    """
    r = enlarged.shape[0] // alpha.shape[0]
    held = np.zeros(alpha.shape, bool)
    for extreme in (0, white_level(alpha.dtype)):
        others = alpha != extreme
        for _ in range(REACH):
            others = _dilate(others)
        held |= ~others
    for v in range(r):
        for u in range(r):
            np.copyto(enlarged[v::r, u::r], alpha, where=held)


def _dilate(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Mark the eight neighbours of marked pixels, too."""
    rows = mask.copy()
    rows[1:] |= mask[:-1]
    rows[:-1] |= mask[1:]
    result = rows.copy()
    result[:, 1:] |= rows[:, :-1]
    result[:, :-1] |= rows[:, 1:]
    return result
