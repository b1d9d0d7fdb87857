"""The public functions: check what came, prepare it, hand it to the core.

`lutsr._tables` is imported inside functions: half of what ``import lutsr`` would cost is in it.
"""

from __future__ import annotations

import operator
import os
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from . import _core, _fusion

if TYPE_CHECKING:
    from ._tables import ModelInfo, Table

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
    """

    def __init__(self, table: Table) -> None:
        self.model = table.model
        self.scale = table.scale
        self.expand_shift = table.expand_shift
        self.lut = table.lut
        self.card = table.card
        self._fused = _fusion.fuse(table.lut, table.expand_shift)

    def __repr__(self) -> str:
        return f"<lutsr.Upscaler {self.model} x{self.scale}, expand_shift={self.expand_shift}>"

    def __call__(
        self,
        image: ArrayLike,
        *,
        channel_axis: int | None = None,
        workers: int | None = None,
        out: NDArray[np.uint8] | None = None,
    ) -> NDArray[np.uint8]:
        """Enlarge an image; see :func:`lutsr.upscale` for the parameters."""
        pixels = _check_image(image)
        axis = _check_channel_axis(channel_axis, pixels)
        workers = _check_workers(workers)
        planes = pixels[..., np.newaxis] if axis is None else np.moveaxis(pixels, axis, -1)
        if 0 in pixels.shape:
            raise ValueError(f"image: shape {pixels.shape} has an empty axis; nothing to enlarge")
        shape = tuple(
            length if axis is not None and k == axis else length * self.scale
            for k, length in enumerate(pixels.shape)
        )
        if out is None:
            out = np.empty(shape, np.uint8)
        else:
            _check_out(out, shape, pixels)
        target = out[..., np.newaxis] if axis is None else np.moveaxis(out, axis, -1)
        _core.upscale_planes(planes, self.lut, self._fused, self.expand_shift, target, workers)
        return out


def upscale(
    image: ArrayLike,
    scale: int,
    *,
    model: str | os.PathLike[str] = "eclut",
    channel_axis: int | None = None,
    workers: int | None = None,
    out: NDArray[np.uint8] | None = None,
) -> NDArray[np.uint8]:
    """Enlarge an image with a trained look-up table.

    Parameters
    ----------
    image : array_like of uint8, shape (H, W), or with channels at `channel_axis`
        Grey levels 0..255. Any memory layout; never written to.
    scale : int
        Enlargement factor of both spatial axes, one of those that :func:`lutsr.models` lists.
    model : str or path, optional
        Name of a shipped model, or the path of a table with its card beside it.
    channel_axis : int, optional
        The axis that holds channels, as in scikit-image. None means a 2-D image.
    workers : int, optional
        Threads to use. None means all cores that the process may run on. The result does not
        depend on it.
    out : ndarray of uint8, optional
        Where to write the result; of the result's shape, and not overlapping `image`.

    Returns
    -------
    ndarray of uint8
        The enlarged image, channels where they were; `out` if it was given.

    Raises
    ------
    TypeError
        If the image is not of dtype uint8, or an argument is of a wrong type.
    ValueError
        If an argument's value or shape is wrong; the message says what was wanted.

    References
    ----------
    .. [1] K. Yin and J. Shen, "Efficient Look-Up Table from Expanded Convolutional Network for
       Accelerating Image Super-resolution", AAAI 2024.

    Examples
    --------
    >>> import numpy as np
    >>> import lutsr
    >>> image = np.full((30, 40, 3), 128, np.uint8)
    >>> lutsr.upscale(image, 4, channel_axis=-1).shape
    (120, 160, 3)
    """
    upscaler = load(model, scale)
    return upscaler(image, channel_axis=channel_axis, workers=workers, out=out)


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
    from ._tables import read_table

    if scale is not None:
        scale = _check_int("scale", scale)
    if not isinstance(model, (str, os.PathLike)):
        raise TypeError(f"model: got {type(model).__name__}, wanted a name or a path")
    if isinstance(model, os.PathLike) or model.endswith(".npy"):
        if expand_shift is not None:
            expand_shift = _check_int("expand_shift", expand_shift)
        return Upscaler(read_table(model, scale, expand_shift))
    if scale is None:
        raise ValueError(f"scale: needed with a model's name, as in load({model!r}, 4)")
    upscaler = _load_shipped(model, scale)
    if expand_shift not in (None, upscaler.expand_shift):
        raise ValueError(
            f"expand_shift: got {expand_shift!r}, and {model!r} x{scale} was made for "
            f"{upscaler.expand_shift}; leave it out"
        )
    return upscaler


@lru_cache(maxsize=8)
def _load_shipped(model: str, scale: int) -> Upscaler:
    from ._tables import read_shipped

    return Upscaler(read_shipped(model, scale))


def models() -> list[ModelInfo]:
    """List the shipped tables.

    Returns
    -------
    list of ModelInfo
        Name, scale, expand_shift, size in bytes and PSNR-Y by test set in dB.

    Examples
    --------
    >>> import lutsr
    >>> sorted({model.name for model in lutsr.models()})
    ['eclut', 'eclut-fast']
    """
    from ._tables import shipped_models

    return shipped_models()


def warmup() -> None:
    """Compile the kernels for the shipped tables now rather than at the first call.

    For grey and RGB images. Compiled code is cached on disk where a cache folder is writable, so
    this takes seconds once and then a fraction of a second.

    Examples
    --------
    >>> import lutsr
    >>> lutsr.warmup()
    """
    for model in models():
        up = load(model.name, model.scale)
        up(np.zeros((5, 5), np.uint8))
        up(np.zeros((5, 5, 3), np.uint8), channel_axis=-1)


def _check_image(image: ArrayLike) -> NDArray[np.uint8]:
    pixels: NDArray[Any] = np.asarray(image)
    if pixels.dtype == np.uint8:
        return pixels
    if pixels.dtype == np.uint16 or pixels.dtype.kind == "f":
        raise TypeError(
            f"image: dtype {pixels.dtype} is not supported yet, only uint8; until it is, call "
            "skimage.util.img_as_ubyte(image), which rounds to 8 bits"
        )
    raise TypeError(
        f"image: got dtype {pixels.dtype}, wanted uint8; convert it first, for bool or float "
        "with skimage.util.img_as_ubyte(image), for integers that hold 0..255 with "
        "image.astype(numpy.uint8)"
    )


def _check_channel_axis(channel_axis: int | None, pixels: NDArray[np.uint8]) -> int | None:
    if channel_axis is None:
        if pixels.ndim == 3:
            raise ValueError(
                f"image: shape {pixels.shape} has three axes; if the last one holds channels, "
                "pass channel_axis=-1"
            )
        if pixels.ndim != 2:
            raise ValueError(f"image: shape {pixels.shape}, wanted (H, W) without channel_axis")
        return None
    axis = _check_int("channel_axis", channel_axis)
    if pixels.ndim != 3:
        raise ValueError(f"image: shape {pixels.shape}, wanted three axes with channel_axis={axis}")
    if not -3 <= axis < 3:
        raise ValueError(f"channel_axis: got {axis}, wanted -3..2 for an image of three axes")
    return axis % 3


def _check_workers(workers: int | None) -> int:
    if workers is None:
        return _core.available_workers()
    count = _check_int("workers", workers)
    if count < 1:
        raise ValueError(f"workers: got {count}, wanted at least 1, or None for all cores")
    return count


def _check_out(out: Any, shape: tuple[int, ...], pixels: NDArray[np.uint8]) -> None:
    if not isinstance(out, np.ndarray):
        raise TypeError(f"out: got {type(out).__name__}, wanted a numpy array")
    if out.dtype != np.uint8 or out.shape != shape:
        raise ValueError(f"out: got {out.dtype} of shape {out.shape}, wanted uint8 of {shape}")
    if not out.flags.writeable:
        raise ValueError("out: the array is read-only, wanted a writable one")
    if np.may_share_memory(out, pixels):
        raise ValueError("out: shares memory with the image, which is never written to")


def _check_int(name: str, value: Any) -> int:
    if isinstance(value, (bool, np.bool_)):
        raise TypeError(f"{name}: got {value!r}, wanted an integer")
    try:
        return operator.index(value)
    except TypeError:
        raise TypeError(f"{name}: got {value!r}, wanted an integer") from None
