"""Any output size: upscale past it with a trained model, then reduce to it."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any, cast

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ._frame import sink
from ._frame.advice import shown
from ._frame.arguments import Image, check_image, check_int, check_out, check_workers
from ._frame.axes import Place, planes_at, spatial_axes, stack_places
from ._frame.ranges import from_unit
from ._frame.stages import Original, Stage
from ._modelinfo import DEFAULT_MODEL
from ._steps import fill, plan_steps, resized
from ._upscaler import check_depth

__all__ = ["resize"]


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
    steps = plan_steps((rows, columns), lengths, model)
    if len(steps) == 1:
        up = steps[0].upscaler
        if lengths == (rows * up.scale, columns * up.scale):
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
    for step in steps:
        check_depth(step.upscaler, dtype)
    places = list(stack_places(pixels.shape, axes))
    chains = [resized(_original(checked, p, alpha), steps, lengths, rgb, alpha) for p in places]
    if isinstance(out, np.ndarray):
        targets = [planes_at(out, axes, place) for place in places]
        fill(chains, targets, workers, (pixels, out))
        if span is not None:
            from_unit(out, span)
        return out
    for place, chain in zip(places, chains, strict=True):

        def compute(start: int, stop: int, chain: Stage = chain) -> NDArray[Any]:
            band = np.empty((stop - start, *chain.shape[1:]), dtype)
            fill([chain], [band], workers, (pixels,), start)
            if span is not None:
                from_unit(band, span)
            return band

        for _ in sink.assign(out, place, axes, chain.shape, 1, compute):
            pass
    return cast("NDArray[Any]", out)


def _original(image: Image, place: Place, alpha: bool) -> Original:
    """Return one image of a stack as a stage."""
    planes = planes_at(image.pixels, image.axes, place)
    return Original(planes, image.dtype, image.overshoots, alpha, image.span)


def _allocate(shape: tuple[int, ...], dtype: np.dtype[Any]) -> NDArray[Any]:
    """Allocate an array; one that is too large fails before the work, not after it."""
    try:
        return np.empty(shape, dtype)
    except (MemoryError, ValueError) as error:
        raise MemoryError(f"output_shape: it takes an array of shape {shape}: {error}") from error


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
