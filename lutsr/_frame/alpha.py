"""Images with alpha: colours under alpha 0 are replaced before upscaling.

Colour and alpha are upscaled separately and not premultiplied: premultiplying would round dark
colours away in 8 bits, and would change visible ones. But colour under alpha 0 is arbitrary, and
the model would mix it into the edge of what is visible. So it is first replaced by the mean of the
visible neighbours, one ring of pixels at a time, as far from visible pixels as the model's halo
requires.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray


def reach(halo: int) -> int:
    """Return the halo of an image with alpha: how far its result depends on input pixels.

    An output pixel depends on pixels within `halo`; if one of them is hidden, its colour may come
    from a visible pixel that is `rings(halo)` farther away.
    """
    return halo + rings(halo)


def rings(halo: int) -> int:
    """Return how far from visible pixels hidden colours are replaced.

    An output pixel has some alpha only within `halo` of a visible pixel, and its colour depends
    on colours that are as far away again.
    """
    return 2 * halo


def white_level(dtype: np.dtype[Any]) -> int:
    """Return the value of white, which also is that of full opacity."""
    return 1 if dtype.kind == "f" else int(np.iinfo(dtype).max)


def fill_hidden(image: NDArray[Any], halo: int) -> NDArray[Any]:
    """Replace colours under alpha 0.

    Parameters
    ----------
    image : ndarray, shape (H, W, C)
        Colours and, as the last channel, alpha.
    halo : int
        Of the model.

    Returns
    -------
    ndarray
        The image itself where nothing is hidden. Otherwise a copy: within `rings` pixels of a
        visible one, hidden colours are the mean of their neighbours, and black farther away.
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
    for _ in range(rings(halo)):
        ring = np.zeros_like(known)
        ring[1:-1, 1:-1] = _dilate(known[1:-1, 1:-1])
        ring &= ~known
        at = np.flatnonzero(ring)
        if not at.size:
            break
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


def hold_extremes(alpha: NDArray[Any], upscaled: NDArray[Any], halo: int) -> None:
    """Set what is fully opaque, or fully transparent, to exactly that.

    A model may miss black or white by a level or more, above all at the borders.

    Parameters
    ----------
    alpha : ndarray, shape (H, W)
    upscaled : ndarray, shape (r * H, r * W)
        Changed where all that an output pixel depends on has alpha 0, or full alpha.
    halo : int
        Of the model.
    """
    r = upscaled.shape[0] // alpha.shape[0]
    held = np.zeros(alpha.shape, bool)
    for extreme in (0, white_level(alpha.dtype)):
        others = alpha != extreme
        for _ in range(halo):
            others = _dilate(others)
        held |= ~others
    for v in range(r):
        for u in range(r):
            np.copyto(upscaled[v::r, u::r], alpha, where=held)


def _dilate(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Mark the eight neighbours of marked pixels as well."""
    rows = mask.copy()
    rows[1:] |= mask[:-1]
    rows[:-1] |= mask[1:]
    result = rows.copy()
    result[:, 1:] |= rows[:, :-1]
    result[:, :-1] |= rows[:, 1:]
    return result
