"""The public functions: check the arguments, load a model, upscale.

`lutsr._modelfile` is imported inside functions: it would double the time of ``import lutsr``.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any, cast

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ._engine import open_engine
from ._frame import alpha as alpha_channel
from ._frame.arguments import Image, check_image, check_int, check_out, check_workers
from ._frame.axes import planes_at, stack_places, upscaled_shape
from ._frame.bands import is_serial, upscale_planes
from ._frame.stages import Stage, Upscaled
from ._frame.threads import share

if TYPE_CHECKING:
    from ._modelfile import Model
    from ._modelinfo import ModelInfo

__all__ = ["Upscaler", "load", "models", "upscale", "warmup"]


class Upscaler:
    """A model, loaded, checked and prepared once, that upscales any number of images.

    Made by :func:`lutsr.load`. It can be called from many threads at once, and pickled.

    Parameters
    ----------
    model : Model
        A model in memory, such as training makes to score a table without writing it.

    Attributes
    ----------
    name : str
        Name of the model.
    scale : int
        Upscaling factor r.
    family : str
        Method that computes with the tables, such as ``"eclut"``.
    parameters : mapping
        What the family needs besides the tables.
    tables : mapping of str to ndarray
        The trained tables; read-only.
    card : dict or None
        The model's card; None for a model made in memory.
    digest : str
        SHA-256 of all that results depend on: family, scale, parameters and tables.
    halo : int
        Number of input pixels around a tile that its result depends on. If a tile is upscaled with
        `halo` more pixels on each side where the image goes on, and ``halo * scale`` pixels are cut
        off there, the rest equals that part of the whole image's result exactly. With alpha, three
        times as many are needed.

    Raises
    ------
    ValueError
        If parameters or tables do not fit the family.
    """

    def __init__(self, model: Model) -> None:
        self._model = model
        self._engine = open_engine(model)
        self.name = model.name
        self.scale = model.scale
        self.family = model.family
        self.parameters = model.parameters
        self.tables = model.tables
        self.card = model.card
        self.halo = self._engine.halo

    @property
    def digest(self) -> str:
        """SHA-256 of all that results depend on."""
        return self._model.digest

    def __repr__(self) -> str:
        return f"<lutsr.Upscaler {self.name} x{self.scale}>"

    def __reduce__(self) -> tuple[type[Upscaler], tuple[Model]]:
        return Upscaler, (self._model,)

    def __call__(
        self,
        image: ArrayLike,
        *,
        channel_axis: int | tuple[int, ...] | None = None,
        rgb: bool = False,
        alpha: bool = False,
        workers: int | None = None,
        out: Any = None,
    ) -> NDArray[Any]:
        """Upscale an image; see :func:`lutsr.upscale` for the parameters.

        Examples
        --------
        >>> import lutsr, skimage
        >>> double = lutsr.load("eclut", 2)
        >>> double(skimage.data.camera()).shape
        (1024, 1024)
        """
        checked = check_image(image, channel_axis, alpha, rgb)
        pixels, dtype, axes, _ = checked
        check_depth(self, dtype)
        workers = check_workers(workers)
        shape = upscaled_shape(pixels.shape, axes, self.scale)
        if out is None or isinstance(out, np.ndarray):
            result: NDArray[Any] = np.empty(shape, dtype) if out is None else out
            if out is not None:
                check_out(out, shape, dtype, pixels)
            self._upscale_stack(checked, result, rgb, alpha, workers)
            return result
        from ._frame import sink

        def upscale_band(planes: NDArray[Any], band: NDArray[Any]) -> None:
            self._upscale(planes, band, rgb, alpha, workers)

        sink.check_sink(out, shape, dtype)
        sink.upscale_into(out, pixels, axes, self.scale, self._reach(alpha), upscale_band)
        return cast("NDArray[Any]", out)

    def _upscale_stack(
        self, image: Image, out: NDArray[Any], rgb: bool, alpha: bool, workers: int
    ) -> None:
        """Upscale every image of a stack; small ones in parallel, large ones band by band."""
        pixels, _, axes, _ = image
        places = list(stack_places(pixels.shape, axes))
        each = 1 if len(places) > 1 and is_serial(self._engine, out[places[0]]) else workers

        def upscale_one(number: int) -> None:
            source, target = (planes_at(a, axes, places[number]) for a in (pixels, out))
            self._upscale(source, target, rgb, alpha, each)

        if each == workers:
            for number in range(len(places)):
                upscale_one(number)
        else:
            several = 1 if is_serial(self._engine, out) else min(workers, len(places))
            share(upscale_one, range(len(places)), several)

    def _reach(self, alpha: bool) -> int:
        """Return the halo of images with or without alpha."""
        return alpha_channel.reach(self.halo) if alpha else self.halo

    def _upscale(
        self,
        planes: NDArray[Any],
        out: NDArray[Any],
        rgb: bool,
        alpha: bool,
        workers: int,
        inside: tuple[int, int] | None = None,
    ) -> None:
        """Upscale a checked image (H, W, C) into an output of the result's dtype.

        Of the output only the rows `inside`, from the first up to the one before the last, are
        needed; None means all.
        """
        filled = planes
        if alpha:
            planes = planes.astype(out.dtype, copy=False)
            if planes.dtype.kind == "f":  # what overshoots white is opaque, too
                planes = np.clip(planes, 0, 1)
            filled = alpha_channel.fill_hidden(planes, self.halo)
        upscale_planes(filled, self._engine, out, workers, rgb, inside)
        if alpha:
            alpha_channel.hold_extremes(planes[..., -1], out[..., -1], self.halo)


def check_depth(upscaler: Upscaler, dtype: np.dtype[Any]) -> None:
    """Refuse images deeper than 8 bits where the model is not defined on them."""
    if upscaler._engine.eight_bit_only and dtype != np.uint8:
        raise TypeError(
            f"image: got {dtype}, and model {upscaler.name!r} is defined on uint8 only; convert "
            "the image, as with skimage.util.img_as_ubyte, or use another model"
        )


def upscaled(stage: Stage, upscaler: Upscaler, rgb: bool, alpha: bool) -> Stage:
    """Return a stage of resizing, upscaled."""

    def upscale(planes: NDArray[Any], out: NDArray[Any], inside: tuple[int, int]) -> None:
        upscaler._upscale(planes, out, rgb, alpha, 1, inside)

    return Upscaled(stage, upscaler.scale, upscaler._reach(alpha), upscale)


def facts(upscaler: Upscaler) -> Mapping[str, str]:
    """Return what the model's family knows about it, for ``lutsr info``."""
    return upscaler._engine.facts()


def upscale(
    image: ArrayLike,
    scale: int,
    *,
    model: str | os.PathLike[str] = "eclut",
    channel_axis: int | tuple[int, ...] | None = None,
    rgb: bool = False,
    alpha: bool = False,
    workers: int | None = None,
    out: Any = None,
) -> NDArray[Any]:
    """Upscale an image with trained look-up tables.

    Parameters
    ----------
    image : array_like of uint8, uint16 or float, shape (H, W), or with axes at `channel_axis`
        Floats within [0, 1], as in scikit-image; what lies outside by rounding alone (1e-6) is
        clipped. Any memory layout and byte order; never written to.
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
        several axes, along the last one that `channel_axis` names. A model that can, which is one
        of stacked one-pixel tables, then computes detail from the luma once and adds it to all
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
        If floats are outside [0, 1] or not finite, or an argument's value or shape is wrong. The
        message names the argument and what was wanted.

    See Also
    --------
    lutsr.resize : enlarge or reduce to any shape.
    lutsr.load : load a model once for many images.

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

    A black horse on a transparent ground, as grey and alpha:

    >>> opacity = skimage.util.img_as_ubyte(~skimage.data.horse())
    >>> sticker = np.stack([np.zeros_like(opacity), opacity], axis=-1)
    >>> lutsr.upscale(sticker, 3, channel_axis=-1, alpha=True).shape
    (984, 1200, 2)
    """
    upscaler = load(model, scale)
    return upscaler(
        image, channel_axis=channel_axis, rgb=rgb, alpha=alpha, workers=workers, out=out
    )


def load(
    model: str | os.PathLike[str] = "eclut",
    scale: int | None = None,
) -> Upscaler:
    """Load a model for repeated use.

    Parameters
    ----------
    model : str or path
        Name of a shipped model, or the path of a ``.npy`` table with its card beside it.
    scale : int, optional
        Needed with a model's name; a table's card names its scale.

    Returns
    -------
    Upscaler

    Raises
    ------
    ValueError
        If there is no such model or scale, or the file or its card is not valid.
    OSError
        If a file cannot be read.

    Examples
    --------
    >>> import lutsr
    >>> lutsr.load("eclut", 4)
    <lutsr.Upscaler eclut x4>
    """
    if scale is not None:
        scale = check_int("scale", scale)
    if not isinstance(model, (str, os.PathLike)):
        raise TypeError(f"model: got {type(model).__name__}, wanted a name or a path")
    if is_path(model):
        from ._modelfile import read_model

        return Upscaler(read_model(model, scale))
    if scale is None:
        raise ValueError(f"scale: needed with a model's name, as in load({model!r}, 4)")
    return _load_shipped(os.fspath(model), scale)


def is_path(model: object) -> bool:
    """Return whether this is the path of a table, not the name of a model."""
    return isinstance(model, os.PathLike) or (isinstance(model, str) and model.endswith(".npy"))


@lru_cache(maxsize=8)
def _load_shipped(model: str, scale: int) -> Upscaler:
    from ._modelfile import read_shipped

    return Upscaler(read_shipped(model, scale))


def models() -> list[ModelInfo]:
    """List the shipped models.

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
    """Compile the kernels of the shipped models now rather than at the first call.

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
        if not up._engine.eight_bit_only:
            up(np.zeros((5, 5), np.uint16))
