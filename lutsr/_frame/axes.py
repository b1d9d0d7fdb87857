"""Axes of images: which are spatial, which hold channels, and which number the images of a stack.

`axes` are the axes that ``channel_axis`` names, not negative and in the order in which they were
named; none for a 2-D image. The last one holds channels. The others number the images of a stack,
such as time and depth; each image is upscaled by itself, as *planes*: a view (H, W, C).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

#: Index of one image in a stack: integers on the axes that number images, full slices elsewhere.
Place = tuple[int | slice, ...]


def spatial_axes(ndim: int, axes: tuple[int, ...]) -> tuple[int, ...]:
    """Return the axes of rows and of columns."""
    return tuple(k for k in range(ndim) if k not in axes)


def upscaled_shape(shape: tuple[int, ...], axes: tuple[int, ...], scale: int) -> tuple[int, ...]:
    """Return the shape of the result."""
    return tuple(n if k in axes else n * scale for k, n in enumerate(shape))


def stack_places(shape: tuple[int, ...], axes: tuple[int, ...]) -> Iterator[Place]:
    """Yield the place of every image of a stack; one place if there is but one image."""
    for numbers in np.ndindex(*(shape[k] for k in axes[:-1])):
        place: list[int | slice] = [slice(None)] * len(shape)
        for axis, number in zip(axes, numbers, strict=False):
            place[axis] = number
        yield tuple(place)


def planes_at(pixels: NDArray[Any], axes: tuple[int, ...], place: Place) -> NDArray[Any]:
    """View one image of a stack as planes (H, W, C)."""
    image = pixels[place]
    if not axes:
        return image[..., np.newaxis]
    axis = _channels(axes)
    return image if axis == 2 else np.moveaxis(image, axis, -1)


def from_planes(planes: NDArray[Any], axes: tuple[int, ...]) -> NDArray[Any]:
    """View planes (H, W, C) with their axes as in one image of the stack."""
    if not axes:
        return planes[..., 0]
    return np.moveaxis(planes, -1, _channels(axes))


def _channels(axes: tuple[int, ...]) -> int:
    """Return the axis of channels in one image of the stack."""
    return axes[-1] - sum(axis < axes[-1] for axis in axes[:-1])
