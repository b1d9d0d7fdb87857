"""The eclut method in plain NumPy, written to be read beside the paper.

It is not fast. It defines the result: every kernel, number of workers, tiling and memory layout
returns exactly these integers.

References
----------
.. [1] K. Yin and J. Shen, "Efficient Look-Up Table from Expanded Convolutional Network for
   Accelerating Image Super-resolution", AAAI 2024.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from .._frame.depth import from_sums, steps_per_level, to_steps

#: Offset (dy, dx) of each of the nine taps, row by row.
TAPS = tuple((dy, dx) for dy in (-1, 0, 1) for dx in (-1, 0, 1))

#: Entries are in quarter grey levels, and the sum of the four rotations is divided once.
DIVISOR = 4


def look_up(image: NDArray[Any], lut: NDArray[np.int8]) -> NDArray[np.int8]:
    """Read one entry for every pixel and the pixel below it.

    Parameters
    ----------
    image : ndarray of integers within 0..255, shape (H, W)
    lut : ndarray of int8, shape (256, 256, 9, r, r)

    Returns
    -------
    ndarray of int8, shape (H, W, 9, r, r)
        The pixel below the last row is the reflected one, of row ``H - 2``. A single row is its
        own neighbour.
    """
    below = np.pad(image, ((0, 1), (0, 0)), mode="reflect")[1:]
    entries: NDArray[np.int8] = lut[image, below]
    return entries


def interpolate(image: NDArray[np.int32], lut: NDArray[np.int8], steps: int) -> NDArray[np.int32]:
    """Interpolate entries between the table's levels, in the triangle that contains a pair.

    A pair (a, b) of levels and its neighbours (a + 1, b), (a, b + 1), (a + 1, b + 1) form a square
    of two triangles. The result is the weighted sum of the three corners of one of them, as in the
    simplex interpolation of SR-LUT [2]_.

    Parameters
    ----------
    image : ndarray of int32, shape (H, W)
        Values from 0 to 255 levels, in steps.
    lut : ndarray of int8, shape (256, 256, 9, r, r)
    steps : int
        Steps in one level.

    Returns
    -------
    ndarray of int32, shape (H, W, 9, r, r)
        Entries times `steps`. The last row is reflected as in `look_up`.

    References
    ----------
    .. [2] Y. Jo and S. J. Kim, "Practical Single-Image Super-Resolution Using Look-Up Table",
       CVPR 2021.
    """
    below = np.pad(image, ((0, 1), (0, 0)), mode="reflect")[1:]
    (a, x), (b, y) = np.divmod(image, steps), np.divmod(below, steps)
    # Level 255 has no fraction, so the weight of the corner beyond it is zero.
    a_next, b_next = np.minimum(a + 1, 255), np.minimum(b + 1, 255)
    entries = np.zeros((*image.shape, *lut.shape[2:]), np.int32)
    for weight, corner in (
        (steps - np.maximum(x, y), lut[a, b]),
        (np.maximum(x - y, 0), lut[a_next, b]),
        (np.maximum(y - x, 0), lut[a, b_next]),
        (np.minimum(x, y), lut[a_next, b_next]),
    ):
        entries += weight[..., None, None, None] * corner.astype(np.int32)
    return entries


def pixel_shuffle(entries: NDArray[Any]) -> NDArray[Any]:
    """Arrange every pixel's r x r cells as nine maps.

    Parameters
    ----------
    entries : ndarray, shape (H, W, 9, r, r)

    Returns
    -------
    ndarray, shape (9, r * H, r * W)
    """
    H, W, taps, r, _ = entries.shape
    return entries.transpose(2, 0, 3, 1, 4).reshape(taps, H * r, W * r)


def expand(maps: NDArray[Any], expand_shift: int) -> NDArray[np.int32]:
    """Shift each map in its own direction, reflect at the border, and sum: expanded convolution.

    Parameters
    ----------
    maps : ndarray, shape (9, r * H, r * W)
    expand_shift : int
        How far a map is shifted, in output pixels.

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


def sum_rotations(
    image: NDArray[Any],
    lut: NDArray[np.int8],
    steps: int,
    expand_shift: int,
    relative: bool = False,
) -> NDArray[np.int32]:
    """Upscale an image turned by 0, 90, 180 and 270 degrees, and sum the four results.

    Parameters
    ----------
    image : ndarray of integers, shape (H, W)
        Values of 0..255 levels, in steps.
    lut : ndarray of int8, shape (256, 256, 9, r, r)
    steps : int
        Steps in one level.
    expand_shift : int
    relative : bool
        Whether the entries leave out the pixel's own level, so that every rotation adds it.

    Returns
    -------
    ndarray of int32, shape (r * H, r * W)
        In quarter steps, not rounded or clipped yet.
    """
    r = lut.shape[-1]
    total = np.zeros((image.shape[0] * r, image.shape[1] * r), np.int32)
    for quarter_turns in range(4):
        turned = np.rot90(image, quarter_turns)
        entries: NDArray[Any]
        entries = look_up(turned, lut) if steps == 1 else interpolate(turned, lut, steps)
        total += np.rot90(expand(pixel_shuffle(entries), expand_shift), -quarter_turns)
    if relative:
        total += DIVISOR * image.astype(np.int32).repeat(r, axis=0).repeat(r, axis=1)
    return total


def upscale_reference(
    image: NDArray[Any],
    lut: NDArray[np.int8],
    *,
    expand_shift: int,
    relative: bool = False,
    channel_axis: int | None = None,
) -> NDArray[Any]:
    """Upscale an image with a look-up table, as the paper describes it.

    Parameters
    ----------
    image : ndarray, shape (H, W), or with channels at `channel_axis`
        uint8, uint16, or float32 or float64 in [0, 1]. At least one pixel high and wide.
    lut : ndarray of int8, shape (256, 256, 9, r, r)
        Entries in quarter grey levels: ``[pixel][pixel below][tap][row][column]``.
    expand_shift : int
        Offset of the taps of the expanded convolution, in output pixels: r or 1.
    relative : bool
        Whether the entries leave out the pixel's own level; see `sum_rotations`.
    channel_axis : int, optional
        The axis of the channels. Each channel is upscaled by itself.

    Returns
    -------
    ndarray
        The image with both spatial axes r times longer, of the same dtype.

    References
    ----------
    .. [1] K. Yin and J. Shen, "Efficient Look-Up Table from Expanded Convolutional Network for
       Accelerating Image Super-resolution", AAAI 2024.

    Examples
    --------
    A table with only the pixel's own level in its centre tap repeats pixels:

    >>> import numpy as np
    >>> lut = np.zeros((256, 256, 9, 2, 2), np.int8)
    >>> lut[:, :, 4] = np.minimum(np.arange(256), 127)[:, None, None, None]
    >>> upscale_reference(np.array([[10, 20]], np.uint8), lut, expand_shift=2)
    array([[10, 10, 20, 20],
           [10, 10, 20, 20]], dtype=uint8)
    """
    if channel_axis is not None:
        planes = np.moveaxis(image, channel_axis, 0)
        big = [
            upscale_reference(plane, lut, expand_shift=expand_shift, relative=relative)
            for plane in planes
        ]
        return np.moveaxis(np.stack(big), 0, channel_axis)
    values = image if image.dtype == np.uint8 else to_steps(image)
    sums = sum_rotations(values, lut, steps_per_level(image.dtype), expand_shift, relative)
    out = np.empty(sums.shape, image.dtype)
    from_sums(sums, out, DIVISOR)
    return out
