"""Any output size: upscale past it with a trained model, then reduce to it."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from functools import lru_cache
from itertools import combinations_with_replacement
from math import prod
from typing import Any, cast

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ._frame import sink
from ._frame.advice import shown
from ._frame.arguments import Image, check_image, check_int, check_out, check_workers
from ._frame.axes import Place, planes_at, spatial_axes, stack_places
from ._frame.mapped import let_go
from ._frame.ranges import from_unit
from ._frame.stages import Original, Reduced, Stage, band_rows, fill_rows
from ._frame.threads import share
from ._loading import is_path, load, models
from ._modelinfo import DEFAULT_MODEL
from ._upscaler import Upscaler, check_depth, upscaled

__all__ = ["resize"]

#: Results of fewer values are computed in one thread: starting others would cost more.
SERIAL_VALUES = 1 << 18


def resize(
    image: ArrayLike,
    output_shape: Sequence[int],
    *,
    channel_axis: int | tuple[int, ...] | None = None,
    model: str | os.PathLike[str] = DEFAULT_MODEL,
    rgb: bool = False,
    alpha: bool = False,
    preserve_range: bool = False,
    workers: int | None = None,
    out: Any = None,
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
    preserve_range : bool, optional
        Whether floats may lie beyond [0, 1]; see :func:`lutsr.upscale`.
    workers : int, optional
        Threads to use. None means all cores that the process may run on. The result does not
        depend on it.
    out : ndarray or array-like, optional
        Where to write the result; see :func:`lutsr.upscale`. No image between two steps is ever in
        memory as a whole, so with a `numpy.memmap` or a zarr array the result may be larger than
        memory.

    Returns
    -------
    ndarray
        The resized image, or `out`, of the image's dtype (float16 becomes float32). Where the
        shape is the image's own it is a copy, and where both axes grow by a scale of the model it
        is what :func:`lutsr.upscale` returns.

    Raises
    ------
    TypeError, ValueError
        As :func:`lutsr.upscale`, and if `output_shape` does not fit the image.
    MemoryError
        If the result does not fit in memory.

    Examples
    --------
    >>> import lutsr, skimage
    >>> lutsr.resize(skimage.data.camera(), (1280, 1280)).shape
    (1280, 1280)
    >>> lutsr.resize(skimage.data.astronaut(), (768, 600), channel_axis=-1).shape
    (768, 600, 3)
    """
    checked = check_image(image, channel_axis, alpha, rgb, preserve_range)
    pixels, dtype, axes = checked.pixels, checked.dtype, checked.axes
    lengths = _check_output_shape(output_shape, pixels, axes)
    workers = check_workers(workers)
    shape = _with_lengths(pixels.shape, axes, lengths)
    if out is None:
        out = _allocate(shape, dtype)
    elif isinstance(out, np.ndarray):
        check_out(out, shape, dtype, pixels)
    else:
        sink.check_sink(out, shape, dtype)
    rows, columns = (pixels.shape[k] for k in spatial_axes(pixels.ndim, axes))
    if lengths == (rows, columns):  # a copy, to the bit
        checked = checked._replace(span=None)
    span = checked.span
    scales, upscaler = _upscalers(model)
    steps = _plan((rows, columns), lengths, scales)
    if len(steps) == 1 and lengths == (rows * steps[0][1], columns * steps[0][1]):
        up = upscaler(steps[0][1])
        up(
            image,
            channel_axis=channel_axis,
            rgb=rgb,
            alpha=alpha,
            preserve_range=preserve_range,
            workers=workers,
            out=out,
        )
        return cast("NDArray[Any]", out)
    ups = [(before, upscaler(scale)) for before, scale in steps]
    for _, up in ups:
        check_depth(up, dtype)
    places = list(stack_places(pixels.shape, axes))
    chains = [_chain(checked, place, ups, lengths, rgb, alpha) for place in places]
    if isinstance(out, np.ndarray):
        targets = [planes_at(out, axes, place) for place in places]
        _fill(chains, targets, workers, (pixels, out))
        if span is not None:
            from_unit(out, span)
        return out
    for place, chain in zip(places, chains, strict=True):

        def compute(start: int, stop: int, chain: Stage = chain) -> NDArray[Any]:
            band = np.empty((stop - start, *chain.shape[1:]), dtype)
            _fill([chain], [band], workers, (pixels,), start)
            if span is not None:
                from_unit(band, span)
            return band

        for _ in sink.assign(out, place, axes, chain.shape, 1, compute):
            pass
    return cast("NDArray[Any]", out)


def _chain(
    image: Image,
    place: Place,
    ups: list[tuple[tuple[int, int], Upscaler]],
    lengths: tuple[int, int],
    rgb: bool,
    alpha: bool,
) -> Stage:
    """Return one image of a stack, to be upscaled and reduced step by step."""
    planes = planes_at(image.pixels, image.axes, place)
    stage: Stage = Original(planes, image.dtype, image.overshoots, alpha, image.span)
    for before, up in ups:
        stage = upscaled(_reduced(stage, before, alpha), up, rgb, alpha)
    return _reduced(stage, lengths, alpha)


def _reduced(stage: Stage, lengths: tuple[int, int], alpha: bool) -> Stage:
    return stage if stage.shape[:2] == lengths else Reduced(stage, lengths, alpha)


def _fill(
    chains: list[Stage],
    targets: list[NDArray[Any]],
    workers: int,
    mapped: tuple[NDArray[Any], ...],
    start: int = 0,
) -> None:
    """Compute images, from row `start` on, into arrays; bands of rows are shared by threads."""
    height = len(targets[0])
    if sum(target.size for target in targets) < SERIAL_VALUES:
        workers = 1
    step = band_rows(chains[0], height, workers if len(chains) == 1 else 1)
    bands = -(-height // step)

    def fill(item: int) -> None:
        number, band = divmod(item, bands)
        first, last = band * step, min((band + 1) * step, height)
        fill_rows(chains[number], start + first, start + last, targets[number][first:last])
        for array in mapped:
            let_go(array)

    items = range(len(chains) * bands)
    share(fill, items, min(workers, len(items)))


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
            f"output_shape: got {shown(output_shape)}, wanted integers: (height, width)"
        ) from error
    lengths = given
    if axes and len(given) == pixels.ndim:
        for axis in axes:
            if given[axis] != pixels.shape[axis]:
                raise ValueError(
                    f"output_shape: got {shown(given)}, and the image has length "
                    f"{pixels.shape[axis]} on axis {axis}, which channel_axis keeps"
                )
        lengths = tuple(given[k] for k in spatial_axes(pixels.ndim, axes))
    if len(lengths) != 2:
        wanted = "(height, width)" + (f", or all {pixels.ndim} axes" if axes else "")
        raise ValueError(f"output_shape: got {shown(given)}, wanted {wanted}")
    if min(lengths) < 1:
        raise ValueError(f"output_shape: got {shown(given)}, wanted at least 1 pixel on each axis")
    return lengths[0], lengths[1]


def _with_lengths(
    shape: tuple[int, ...], axes: tuple[int, ...], lengths: tuple[int, int]
) -> tuple[int, ...]:
    """Return the shape of the result."""
    changed = list(shape)
    for axis, length in zip(spatial_axes(len(shape), axes), lengths, strict=True):
        changed[axis] = length
    return tuple(changed)
