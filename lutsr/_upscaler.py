"""The public functions: check what came, prepare it, hand it to the core.

`lutsr._modelfile` is imported inside functions: half of what ``import lutsr`` would cost is in it.
"""

from __future__ import annotations

import os
from functools import lru_cache, partial
from typing import TYPE_CHECKING, Any, cast

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ._eclut import fusion
from ._frame import bands
from ._frame.alpha import fill_hidden, hold_extremes
from ._frame.arguments import as_planes, check_image, check_int, check_out, check_workers

if TYPE_CHECKING:
    from ._modelfile.table import Table
    from ._modelinfo import ModelInfo

__all__ = ["Upscaler", "load", "models", "upscale", "warmup"]


class Upscaler:
    """A table, loaded and checked and fused once, that enlarges any number of images.

    Made by :func:`lutsr.load`. Safe to call from many threads at once.

    Attributes
    ----------
    model : str
        Name of the model, or the file's stem for a table without a card.
    scale : int
        Enlargement factor r.
    expand_shift : int
        Reach of the expanded convolution's taps, in output pixels.
    lut : ndarray of int8, shape (256, 256, 9, r, r)
        The table; read-only.
    card : dict or None
        The table's card.
    halo : int
        So many input pixels around a tile decide its result: enlarge a tile with so many more on
        each side where the image goes on, cut off ``halo * scale`` pixels there, and what is left
        is the whole image's result, to the bit. With alpha, 8.
    """

    #: Two: a pixel's taps reach one pixel far, and each looks at neighbours of its pixel.
    halo = 2

    def __init__(self, table: Table) -> None:
        self.model = table.model
        self.scale = table.scale
        self.expand_shift = table.expand_shift
        self.lut = table.lut
        self.card = table.card
        self._fused = fusion.fuse(table.lut, table.expand_shift)

    def __repr__(self) -> str:
        return f"<lutsr.Upscaler {self.model} x{self.scale}, expand_shift={self.expand_shift}>"

    def __call__(
        self,
        image: ArrayLike,
        *,
        channel_axis: int | None = None,
        alpha: bool = False,
        workers: int | None = None,
        out: Any = None,
    ) -> NDArray[Any]:
        """Enlarge an image; see :func:`lutsr.upscale` for the parameters.

        Examples
        --------
        >>> import lutsr, skimage
        >>> double = lutsr.load("eclut", 2)
        >>> double(skimage.data.camera()).shape
        (1024, 1024)
        """
        pixels, dtype, axis = check_image(image, channel_axis, alpha)
        workers = check_workers(workers)
        shape = tuple(n if k == axis else n * self.scale for k, n in enumerate(pixels.shape))
        planes = as_planes(pixels, axis)
        if out is None or isinstance(out, np.ndarray):
            result: NDArray[Any] = np.empty(shape, dtype) if out is None else out
            if out is not None:
                check_out(out, shape, dtype, pixels)
            self._enlarge(planes, as_planes(result, axis), alpha=alpha, workers=workers)
            return result
        from ._frame import sink

        sink.check_sink(out, shape, dtype)
        enlarge = partial(self._enlarge, alpha=alpha, workers=workers)
        sink.enlarge_into(out, planes, axis, self.scale, enlarge)
        return cast("NDArray[Any]", out)

    def _enlarge(
        self, planes: NDArray[Any], out: NDArray[Any], *, alpha: bool, workers: int
    ) -> None:
        """Enlarge a checked image (H, W, C) into an output of the result's dtype."""
        filled = planes
        if alpha:
            planes = planes.astype(out.dtype, copy=False)
            filled = fill_hidden(planes)
        bands.upscale_planes(filled, self.lut, self._fused, self.expand_shift, out, workers)
        if alpha:
            hold_extremes(planes[..., -1], out[..., -1])


def upscale(
    image: ArrayLike,
    scale: int,
    *,
    model: str | os.PathLike[str] = "eclut",
    channel_axis: int | None = None,
    alpha: bool = False,
    workers: int | None = None,
    out: Any = None,
) -> NDArray[Any]:
    """Enlarge an image with a trained look-up table.

    Parameters
    ----------
    image : array_like of uint8, uint16 or float, shape (H, W), or with channels at `channel_axis`
        Floats within [0, 1], as in scikit-image. Any memory layout and byte order; never written
        to.
    scale : int
        Enlargement factor of both spatial axes, one of those that :func:`lutsr.models` lists.
    model : str or path, optional
        Name of a shipped model, or the path of a table with its card beside it.
    channel_axis : int, optional
        The axis that holds channels, as in scikit-image. None means a 2-D image.
    alpha : bool, optional
        Whether the last of 2 channels (grey, alpha) or 4 (RGB, alpha), not premultiplied, is
        alpha. It is enlarged by the same table. Colours under alpha 0 never reach the result:
        before, those within four pixels of a visible one become the mean of their neighbours,
        others black; so visible edges get no fringe. What is opaque, or transparent, as far as the
        table sees stays so exactly, and an opaque image's colours come out as without alpha.
    workers : int, optional
        Threads to use. None means all cores that the process may run on. The result does not
        depend on it.
    out : ndarray or array-like, optional
        Where to write the result; of the result's shape and dtype, in native byte order, and not
        overlapping `image`. `numpy.memmap` passes through in little memory, as input and as
        output; what is no NumPy array but takes assignments to slices, as zarr's do, is
        given band by band.

    Returns
    -------
    ndarray
        The enlarged image, channels where they were; `out` if it was given. Its dtype is the
        image's, in native byte order; float16 becomes float32. uint8 is enlarged in the table's
        own levels; uint16 and floats are not rounded to them: the table is interpolated.

    Raises
    ------
    TypeError
        If the image is of another dtype, or an argument of a wrong type.
    ValueError
        If floats are outside [0, 1] or not finite, or an argument's value or shape is wrong. The
        message says what was wanted.

    See Also
    --------
    lutsr.resize : enlarge or reduce to any shape.
    lutsr.load : load a table once for many images.

    References
    ----------
    .. [1] K. Yin and J. Shen, "Efficient Look-Up Table from Expanded Convolutional Network for
       Accelerating Image Super-resolution", AAAI 2024.

    Examples
    --------
    >>> import lutsr, skimage
    >>> lutsr.upscale(skimage.data.camera(), 4).shape
    (2048, 2048)

    Channels, the way scikit-image names their axis:

    >>> lutsr.upscale(skimage.data.astronaut(), 2, channel_axis=-1).shape
    (1024, 1024, 3)

    dtype and range stay what they were:

    >>> deep = skimage.util.img_as_float32(skimage.data.page())
    >>> big = lutsr.upscale(deep, 2)
    >>> big.dtype, bool(big.min() >= 0), bool(big.max() <= 1)
    (dtype('float32'), True, True)

    A black horse on nothing, as grey and alpha:

    >>> import numpy as np
    >>> opacity = skimage.util.img_as_ubyte(~skimage.data.horse())
    >>> sticker = np.stack([np.zeros_like(opacity), opacity], axis=-1)
    >>> lutsr.upscale(sticker, 3, channel_axis=-1, alpha=True).shape
    (984, 1200, 2)
    """
    upscaler = load(model, scale)
    return upscaler(image, channel_axis=channel_axis, alpha=alpha, workers=workers, out=out)


def load(
    model: str | os.PathLike[str] = "eclut",
    scale: int | None = None,
    *,
    expand_shift: int | None = None,
) -> Upscaler:
    """Load a table for repeated use.

    Parameters
    ----------
    model : str or path
        Name of a shipped model, or the path of a ``.npy`` table.
    scale : int, optional
        Needed with a model's name; a table of your own knows its scale.
    expand_shift : int, optional
        For a table without a card: how far its taps reach, in output pixels (the scale, or 1).

    Returns
    -------
    Upscaler

    Raises
    ------
    ValueError
        If there is no such model or scale, or the file is not a valid table.
    OSError
        If the file cannot be read.

    Examples
    --------
    >>> import lutsr
    >>> lutsr.load("eclut", 4)
    <lutsr.Upscaler eclut x4, expand_shift=4>
    """
    from ._modelfile.table import read_table

    if scale is not None:
        scale = check_int("scale", scale)
    if not isinstance(model, (str, os.PathLike)):
        raise TypeError(f"model: got {type(model).__name__}, wanted a name or a path")
    if is_path(model):
        if expand_shift is not None:
            expand_shift = check_int("expand_shift", expand_shift)
        return Upscaler(read_table(model, scale, expand_shift))
    if scale is None:
        raise ValueError(f"scale: needed with a model's name, as in load({model!r}, 4)")
    upscaler = _load_shipped(os.fspath(model), scale)
    if expand_shift not in (None, upscaler.expand_shift):
        raise ValueError(
            f"expand_shift: got {expand_shift!r}, and {model!r} x{scale} was made for "
            f"{upscaler.expand_shift}; leave it out"
        )
    return upscaler


def is_path(model: object) -> bool:
    """Tell the path of a table from a model's name."""
    return isinstance(model, os.PathLike) or (isinstance(model, str) and model.endswith(".npy"))


@lru_cache(maxsize=8)
def _load_shipped(model: str, scale: int) -> Upscaler:
    from ._modelfile.table import read_shipped

    return Upscaler(read_shipped(model, scale))


def models() -> list[ModelInfo]:
    """List the shipped tables.

    Returns
    -------
    list of ModelInfo
        What is known of each without loading it, sorted by name and scale.

    Examples
    --------
    >>> import lutsr
    >>> sorted({model.name for model in lutsr.models()})
    ['eclut', 'eclut-fast']
    """
    from ._modelfile import shipped_models

    return shipped_models()


def warmup() -> None:
    """Compile the kernels for the shipped tables now rather than at the first call.

    For grey, RGB and RGBA images of 8 bits and for deeper ones. Compiled code is cached on disk
    where a cache folder is writable, so this takes a minute once and then a second or two.

    Examples
    --------
    >>> import lutsr
    >>> lutsr.warmup()
    """
    for model in models():
        up = load(model.name, model.scale)
        for channels in (1, 3, 4):
            up(np.zeros((5, 5, channels), np.uint8), channel_axis=-1)
        up(np.zeros((5, 5), np.uint16))
