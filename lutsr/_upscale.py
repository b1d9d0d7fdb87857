"""The function `lutsr.upscale`."""

from __future__ import annotations

import os
from typing import Any

from numpy.typing import ArrayLike, NDArray

from ._loading import load_for_image
from ._modelinfo import DEFAULT_MODEL

__all__ = ["upscale"]


def upscale(
    image: ArrayLike,
    scale: int,
    *,
    model: str | os.PathLike[str] = DEFAULT_MODEL,
    channel_axis: int | tuple[int, ...] | None = None,
    rgb: bool = False,
    alpha: bool = False,
    preserve_range: bool = False,
    workers: int | None = None,
    out: Any = None,
) -> NDArray[Any]:
    """Upscale an image with trained look-up tables.

    Parameters
    ----------
    image : array_like of uint8, uint16 or float, shape (H, W), or with axes at `channel_axis`
        Floats within [0, 1], as in scikit-image, unless `preserve_range` is True; what lies outside
        by rounding alone (1e-6) is clipped. Any memory layout and byte order; never written to.
    scale : int
        Upscaling factor of both spatial axes, one of those that :func:`lutsr.models` lists.
    model : str or path, optional
        Name of a shipped model, or the path of a table with its card beside it.
    channel_axis : int or tuple of int, optional
        The axis that holds channels, as in scikit-image. None means a 2-D image. A tuple names
        several axes, all of which are kept: ``(0, -1)`` for a time series of colour images,
        ``(0, 1)`` for z-stacks of several channels. Every channel is upscaled by itself, unless
        `rgb` is True.
    rgb : bool, optional
        Whether the three channels (not counting alpha) are red, green and blue, in this order; of
        several axes, along the last one that `channel_axis` names. The ``"ecnn"`` models, and
        others of stacked one-pixel tables, then compute detail from the luma once and add it to all
        three channels, which takes less than half the time. Other models, such as ``"eclut"``,
        compute each channel by itself as without it. By default channels never mix.
    alpha : bool, optional
        Whether the last of 2 channels (grey, alpha) or 4 (RGB, alpha), not premultiplied, is
        alpha; of several axes, along the last one that `channel_axis` names. Alpha is upscaled as
        a channel of its own. Colours under alpha 0 never affect the result: before upscaling,
        those near a visible pixel are replaced by the mean of their neighbours, and others by
        black, so visible edges get no fringe. Pixels that are fully opaque, or fully transparent,
        as far as the model sees (`Upscaler.halo`) stay exactly so, and the colours of an opaque
        image are those without alpha.
    preserve_range : bool, optional
        Whether floats may lie beyond [0, 1], such as counts, heights, L*a*b* or z-scores. Then the
        range of the whole image, of all channels and images of a stack together, is scaled to
        [0, 1], enlarged, and scaled back. So the result lies within the range of the image, in
        steps of a four-millionth of it. Images within [0, 1], and integers, are not changed by this
        argument. Not for floats beyond [0, 1] with `alpha`.
    workers : int, optional
        Number of threads. None means all cores that the process may run on. The result does not
        depend on it.
    out : ndarray or array-like, optional
        Where to write the result; of the result's shape and dtype, in native byte order, and not
        overlapping `image`. A `numpy.memmap` needs little memory, as input and as output. Other
        objects that take assignments to slices, such as zarr arrays, are written band by band.

    Returns
    -------
    ndarray
        The upscaled image, channels where they were; `out` if it was given. Its dtype is the
        image's, in native byte order; float16 becomes float32. uint16 and floats are not rounded
        to 8 bits: tables are interpolated between their levels.

    Raises
    ------
    TypeError
        If the image is of another dtype, or masked, or an argument is of a wrong type.
    ValueError
        If floats are outside [0, 1] without `preserve_range`, or not finite, or an argument's value
        or shape is wrong. The message names the argument and what was wanted.

    See Also
    --------
    lutsr.resize : enlarge or reduce to any shape.
    lutsr.load : load a model once for many images.

    References
    ----------
    .. [1] K. Yin and J. Shen, ECNN, ACM MM 2024: the method of the ``"ecnn"`` models.
    .. [2] K. Yin and J. Shen, "Efficient Look-Up Table from Expanded Convolutional Network for
       Accelerating Image Super-resolution", AAAI 2024: that of ``"eclut"`` and ``"eclut-fast"``.

    Examples
    --------
    >>> import lutsr, skimage
    >>> lutsr.upscale(skimage.data.camera(), 4).shape
    (2048, 2048)

    Channels, the way scikit-image names their axis:

    >>> lutsr.upscale(skimage.data.astronaut(), 2, channel_axis=-1).shape
    (1024, 1024, 3)

    The channels of a photograph are colours:

    >>> lutsr.upscale(skimage.data.astronaut(), 2, channel_axis=-1, rgb=True).shape
    (1024, 1024, 3)

    A time series of two grey images:

    >>> import numpy as np
    >>> series = np.stack([skimage.data.camera(), skimage.data.camera()])
    >>> lutsr.upscale(series, 2, channel_axis=0).shape
    (2, 1024, 1024)

    dtype and range stay what they were:

    >>> deep = skimage.util.img_as_float32(skimage.data.page())
    >>> big = lutsr.upscale(deep, 2)
    >>> big.dtype, bool(big.min() >= 0), bool(big.max() <= 1)
    (dtype('float32'), True, True)

    Any other range, with `preserve_range`:

    >>> lab = skimage.color.rgb2lab(skimage.data.astronaut())
    >>> big = lutsr.upscale(lab, 2, channel_axis=-1, preserve_range=True)
    >>> bool(big.min() >= lab.min()), bool(big.max() <= lab.max())
    (True, True)

    A black horse on a transparent ground, as grey and alpha:

    >>> opacity = skimage.util.img_as_ubyte(~skimage.data.horse())
    >>> sticker = np.stack([np.zeros_like(opacity), opacity], axis=-1)
    >>> lutsr.upscale(sticker, 3, channel_axis=-1, alpha=True).shape
    (984, 1200, 2)
    """
    upscaler = load_for_image(model, scale)
    return upscaler(
        image,
        channel_axis=channel_axis,
        rgb=rgb,
        alpha=alpha,
        preserve_range=preserve_range,
        workers=workers,
        out=out,
    )
