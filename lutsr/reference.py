"""The methods in plain NumPy, written to be read beside the papers.

`upscale` computes by any model. The steps of ECLUT have functions of their own: `look_up`,
`pixel_shuffle`, `expand`, and `upscale_reference` for all of them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ._eclut.reference import (
    DIVISOR,
    TAPS,
    expand,
    interpolate,
    look_up,
    pixel_shuffle,
    sum_rotations,
    upscale_reference,
)
from ._frame.arguments import check_image
from ._frame.axes import planes_at, stack_places, upscaled_shape
from ._frame.depth import from_sums, steps_per_level, to_steps
from ._frame.ranges import from_unit, to_unit

if TYPE_CHECKING:
    from ._upscaler import Upscaler

__all__ = [
    "DIVISOR",
    "TAPS",
    "expand",
    "interpolate",
    "look_up",
    "pixel_shuffle",
    "sum_rotations",
    "upscale",
    "upscale_reference",
]


def upscale(
    image: ArrayLike,
    upscaler: Upscaler,
    *,
    channel_axis: int | tuple[int, ...] | None = None,
    rgb: bool = False,
    preserve_range: bool = False,
) -> NDArray[Any]:
    """Upscale an image in plain NumPy, to exactly what `upscaler` returns.

    Parameters
    ----------
    image : array_like
        As in :func:`lutsr.upscale`.
    upscaler : Upscaler
        A model, from :func:`lutsr.load`.
    channel_axis : int or tuple of int, optional
        As in :func:`lutsr.upscale`.
    rgb, preserve_range : bool, optional
        As in :func:`lutsr.upscale`.

    Returns
    -------
    ndarray

    Examples
    --------
    >>> import lutsr, skimage
    >>> image, up = skimage.data.camera()[:20, :30], lutsr.load("ecnn", 4)
    >>> bool((upscale(image, up) == up(image)).all())
    True
    """
    checked = check_image(image, channel_axis, rgb=rgb, preserve_range=preserve_range)
    pixels, dtype, axes, span = checked.pixels, checked.dtype, checked.axes, checked.span
    if span is not None:
        pixels = to_unit(pixels, span, dtype)
    engine, steps = upscaler._engine, steps_per_level(dtype)
    compute = engine.reference_rgb if rgb and engine.joint_rgb else engine.reference
    out = np.empty(upscaled_shape(pixels.shape, axes, engine.scale), dtype)
    for place in stack_places(pixels.shape, axes):
        planes = np.asarray(planes_at(pixels, axes, place), dtype)
        sums = compute(to_steps(planes), steps)
        from_sums(sums, planes_at(out, axes, place), engine.divisor, engine.half_even)
    if span is not None:
        from_unit(out, span)
    return out
