"""The method in plain NumPy, written to be read beside the paper.

Nothing here is fast. It is the oracle: every kernel, worker count, tiling and memory layout
returns exactly these integers.

References
----------
.. [1] K. Yin and J. Shen, "Efficient Look-Up Table from Expanded Convolutional Network for
   Accelerating Image Super-resolution", AAAI 2024.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

#: Displacement (dy, dx) of each of the nine taps, row-major.
TAPS = tuple((dy, dx) for dy in (-1, 0, 1) for dx in (-1, 0, 1))

#: Entries are quarter grey levels, so the sum of the four rotations is shifted right by two.
SHIFT = 2


def look_up(image: NDArray[np.uint8], lut: NDArray[np.int8]) -> NDArray[np.int8]:
    """Read one entry for every pixel and the pixel below it.

    Parameters
    ----------
    image : ndarray of uint8, shape (H, W)
    lut : ndarray of int8, shape (256, 256, 9, r, r)

    Returns
    -------
    ndarray of int8, shape (H, W, 9, r, r)
        Below the last row stands the reflected one (row ``H - 2``; a single row repeats itself).
    """
    below = np.pad(image, ((0, 1), (0, 0)), mode="reflect")[1:]
    return lut[image, below]


def pixel_shuffle(entries: NDArray[np.int8]) -> NDArray[np.int8]:
    """Lay every pixel's r x r cells out as nine maps.

    Parameters
    ----------
    entries : ndarray, shape (H, W, 9, r, r)

    Returns
    -------
    ndarray, shape (9, r * H, r * W)
    """
    H, W, taps, r, _ = entries.shape
    return entries.transpose(2, 0, 3, 1, 4).reshape(taps, H * r, W * r)


def expand(maps: NDArray[np.int8], expand_shift: int) -> NDArray[np.int32]:
    """Move each map in its own direction, reflect at the border, sum: the expanded convolution.

    Parameters
    ----------
    maps : ndarray, shape (9, r * H, r * W)
    expand_shift : int
        How far a map moves, in output pixels.

    Returns
    -------
    ndarray of int32, shape (r * H, r * W)
    """
    rows, columns = maps.shape[1:]
    total = np.zeros((rows, columns), np.int32)
    for (dy, dx), tap_map in zip(TAPS, maps, strict=True):
        padded = np.pad(tap_map, expand_shift, mode="reflect")
        top, left = (1 - dy) * expand_shift, (1 - dx) * expand_shift
        total += padded[top : top + rows, left : left + columns]
    return total


def upscale_reference(
    image: NDArray[np.uint8],
    lut: NDArray[np.int8],
    *,
    expand_shift: int,
    channel_axis: int | None = None,
) -> NDArray[np.uint8]:
    """Enlarge an image with a look-up table, by the book.

    Parameters
    ----------
    image : ndarray of uint8, shape (H, W), or with channels at `channel_axis`
        At least one pixel high and wide.
    lut : ndarray of int8, shape (256, 256, 9, r, r)
        Entries in quarter grey levels: ``[pixel][pixel below][tap][row][column]``.
    expand_shift : int
        How far the taps of the expanded convolution reach, in output pixels: r or 1.
    channel_axis : int, optional
        The axis that holds channels; each one is enlarged by itself.

    Returns
    -------
    ndarray of uint8
        The image with both spatial axes r times longer.

    References
    ----------
    .. [1] K. Yin and J. Shen, "Efficient Look-Up Table from Expanded Convolutional Network for
       Accelerating Image Super-resolution", AAAI 2024.

    Examples
    --------
    A table with nothing but the pixel's own grey level in its centre tap repeats pixels:

    >>> import numpy as np
    >>> lut = np.zeros((256, 256, 9, 2, 2), np.int8)
    >>> lut[:, :, 4] = np.minimum(np.arange(256), 127)[:, None, None, None]
    >>> upscale_reference(np.array([[10, 20]], np.uint8), lut, expand_shift=2)
    array([[10, 10, 20, 20],
           [10, 10, 20, 20]], dtype=uint8)
    """
    if channel_axis is not None:
        planes = np.moveaxis(image, channel_axis, 0)
        big = [upscale_reference(plane, lut, expand_shift=expand_shift) for plane in planes]
        return np.moveaxis(np.stack(big), 0, channel_axis)
    r = lut.shape[-1]
    total = np.zeros((image.shape[0] * r, image.shape[1] * r), np.int32)
    for quarter_turns in range(4):
        turned = np.rot90(image, quarter_turns)
        enlarged = expand(pixel_shuffle(look_up(turned, lut)), expand_shift)
        total += np.rot90(enlarged, -quarter_turns)
    return np.clip((total + 2) >> SHIFT, 0, 255).astype(np.uint8)
