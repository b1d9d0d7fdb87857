"""Any output size: upscale past it with a trained model, then reduce to it."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from functools import lru_cache
from itertools import combinations_with_replacement
from math import prod
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ._frame.arguments import check_image, check_int, check_workers
from ._frame.axes import from_planes, planes_at, spatial_axes, stack_places
from ._frame.reduce import reduce_planes
from ._upscaler import Upscaler, is_path, load, models

__all__ = ["resize"]


def resize(
    image: ArrayLike,
    output_shape: Sequence[int],
    *,
    channel_axis: int | tuple[int, ...] | None = None,
    model: str | os.PathLike[str] = "eclut",
    rgb: bool = False,
    alpha: bool = False,
    workers: int | None = None,
) -> NDArray[Any]:
    """Resize an image to any shape: `skimage.transform.resize` with a trained table.

    An axis that grows is upscaled by the next larger scale that `model` has, more than once if
    needed (x6 is x3, then x2), and then reduced to the length asked for by an antialiased Lanczos
    filter. An axis that shrinks is only reduced. Pixels are aligned by their centres, as
    in scikit-image, Pillow and OpenCV.

    Parameters
    ----------
    image : array_like of uint8, uint16 or float, shape (H, W), or with axes at `channel_axis`
        As in :func:`lutsr.upscale`.
    output_shape : sequence of int
        Height and width of the result. With `channel_axis`, all axes of the image may be given in
        their order; those that `channel_axis` names must then have the image's own length.
    channel_axis : int or tuple of int, optional
        The axis that holds channels, as in scikit-image, or all axes that are kept; see
        :func:`lutsr.upscale`. None means a 2-D image.
    model : str or path, optional
        Name of a shipped model, or the path of a table with its card beside it.
    rgb : bool, optional
        Whether the channels are red, green and blue, which some models upscale together; see
        :func:`lutsr.upscale`. Reduction treats each channel by itself.
    alpha : bool, optional
        Whether the last channel is alpha; see :func:`lutsr.upscale`. Reduction weights colours by
        alpha.
    workers : int, optional
        Threads to use. None means all cores that the process may run on. The result does not
        depend on it.

    Returns
    -------
    ndarray
        The resized image, a new array of the image's dtype (float16 becomes float32). Where the
        shape is the image's own it is a copy, and where both axes grow by a scale of the model it
        is what :func:`lutsr.upscale` returns.

    Raises
    ------
    TypeError, ValueError
        As :func:`lutsr.upscale`, and if `output_shape` does not fit the image.
    MemoryError
        If the result, or an image between two steps, does not fit in memory.

    Examples
    --------
    >>> import lutsr, skimage
    >>> lutsr.resize(skimage.data.camera(), (1280, 1280)).shape
    (1280, 1280)
    >>> lutsr.resize(skimage.data.astronaut(), (768, 600), channel_axis=-1).shape
    (768, 600, 3)
    """
    pixels, dtype, axes, overshoots = check_image(image, channel_axis, alpha, rgb)
    lengths = _check_output_shape(output_shape, pixels, axes)
    workers = check_workers(workers)
    scales, upscaler = _upscalers(model)
    out = _allocate(_with_lengths(pixels.shape, axes, lengths), dtype)
    for place in stack_places(pixels.shape, axes):
        original = planes_at(pixels, axes, place)
        planes = original.astype(dtype, copy=False)
        if overshoots:
            planes = np.clip(planes, 0, 1)
        result = from_planes(
            _resize_planes(planes, lengths, scales, upscaler, rgb, alpha, workers), axes
        )
        if len(axes) < 2:  # one image: its result is returned, and copied only if it must be
            copied = np.may_share_memory(result, original)
            return np.array(result, order="C", copy=True if copied else None)
        out[place] = result
    return out


def _resize_planes(
    planes: NDArray[Any],
    lengths: tuple[int, int],
    scales: tuple[int, ...],
    upscaler: Callable[[int], Upscaler],
    rgb: bool,
    alpha: bool,
    workers: int,
) -> NDArray[Any]:
    """Resize one image (H, W, C)."""
    steps = _plan((planes.shape[0], planes.shape[1]), lengths, scales)
    for before, scale in steps:
        _allocate((before[0] * scale, before[1] * scale, planes.shape[2]), planes.dtype)
    for before, scale in steps:
        reduced = _reduce(planes, before, alpha, workers)
        up = upscaler(scale)
        planes = up(reduced, channel_axis=2, rgb=rgb, alpha=alpha, workers=workers)
    return _reduce(planes, lengths, alpha, workers)


@lru_cache(maxsize=256)
def next_scale(growth: float, scales: tuple[int, ...]) -> int:
    """Return the scale to upscale by next.

    Parameters
    ----------
    growth : float
        Factor to reach or pass, more than 1.
    scales : tuple of int
        The available scales, in ascending order.

    Returns
    -------
    int
        The largest scale of the shortest list of scales whose product is at least `growth`, and as
        small as possible.

    Examples
    --------
    >>> [next_scale(growth, (2, 3, 4)) for growth in (1.1, 2, 2.5, 6, 8, 17)]
    [2, 2, 3, 3, 4, 3]
    """
    passes = 1
    while scales[-1] ** passes < growth:
        passes += 1
    enough = (c for c in combinations_with_replacement(scales, passes) if prod(c) >= growth)
    return max(min(enough, key=prod))


def _plan(
    lengths: tuple[int, int], wanted: tuple[int, int], scales: tuple[int, ...]
) -> list[tuple[tuple[int, int], int]]:
    """List the steps: the lengths to reduce to before each, and its scale."""
    steps: list[tuple[tuple[int, int], int]] = []
    while True:
        # Axes that shrink are reduced before anything is upscaled, and those that the last step
        # made too long are reduced to the wanted length.
        lengths = min(lengths[0], wanted[0]), min(lengths[1], wanted[1])
        if lengths == wanted:
            return steps
        scale = next_scale(max(wanted[0] / lengths[0], wanted[1] / lengths[1]), scales)
        steps.append((lengths, scale))
        lengths = lengths[0] * scale, lengths[1] * scale


def _allocate(shape: tuple[int, ...], dtype: np.dtype[Any]) -> NDArray[Any]:
    """Allocate an array; one that is too large fails before the work, not after it."""
    try:
        return np.empty(shape, dtype)
    except (MemoryError, ValueError) as error:
        raise MemoryError(f"output_shape: it takes an array of shape {shape}: {error}") from error


def _reduce(
    planes: NDArray[Any], lengths: tuple[int, int], alpha: bool, workers: int
) -> NDArray[Any]:
    return planes if planes.shape[:2] == lengths else reduce_planes(planes, lengths, alpha, workers)


def _upscalers(
    model: str | os.PathLike[str],
) -> tuple[tuple[int, ...], Callable[[int], Upscaler]]:
    """Return the scales of a model, and a function that returns its upscaler of a scale."""
    if is_path(model):
        upscaler = load(model)
        return (upscaler.scale,), lambda scale: upscaler
    scales = tuple(info.scale for info in models() if info.name == model)
    if not scales:
        load(model, 2)  # raises the error for a wrong name
    return scales, lambda scale: load(model, scale)


def _check_output_shape(
    output_shape: Sequence[int], pixels: NDArray[Any], axes: tuple[int, ...]
) -> tuple[int, int]:
    """Return the height and width of the result."""
    try:
        given = tuple(check_int("output_shape", length) for length in output_shape)
    except TypeError as error:
        raise TypeError(
            f"output_shape: got {output_shape!r}, wanted integers: (height, width)"
        ) from error
    lengths = given
    if axes and len(given) == pixels.ndim:
        for axis in axes:
            if given[axis] != pixels.shape[axis]:
                raise ValueError(
                    f"output_shape: got {given}, and the image has length {pixels.shape[axis]} on "
                    f"axis {axis}, which channel_axis keeps"
                )
        lengths = tuple(given[k] for k in spatial_axes(pixels.ndim, axes))
    if len(lengths) != 2:
        wanted = "(height, width)" + (f", or all {pixels.ndim} axes" if axes else "")
        raise ValueError(f"output_shape: got {given}, wanted {wanted}")
    if min(lengths) < 1:
        raise ValueError(f"output_shape: got {given}, wanted at least 1 pixel on each axis")
    return lengths[0], lengths[1]


def _with_lengths(
    shape: tuple[int, ...], axes: tuple[int, ...], lengths: tuple[int, int]
) -> tuple[int, ...]:
    """Return the shape of the result."""
    changed = list(shape)
    for axis, length in zip(spatial_axes(len(shape), axes), lengths, strict=True):
        changed[axis] = length
    return tuple(changed)
