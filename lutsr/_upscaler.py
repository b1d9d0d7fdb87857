"""The class `Upscaler`: a loaded model that checks the arguments of a call and upscales."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, cast

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ._engine import open_engine
from ._frame import alpha as alpha_channel
from ._frame.arguments import Image, check_image, check_out, check_workers
from ._frame.axes import planes_at, stack_places, upscaled_shape
from ._frame.bands import is_serial, upscale_planes
from ._frame.ranges import from_unit, to_unit
from ._frame.stages import Stage, Upscaled
from ._frame.threads import share

if TYPE_CHECKING:
    from ._modelfile import Model

__all__ = ["Upscaler"]


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
        Method that computes with the tables, such as ``"chain"``.
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
        preserve_range: bool = False,
        workers: int | None = None,
        out: Any = None,
    ) -> NDArray[Any]:
        """Upscale an image; see :func:`lutsr.upscale` for the parameters.

        Examples
        --------
        >>> import lutsr, skimage
        >>> double = lutsr.load("ecnn", 2)
        >>> double(skimage.data.camera()).shape
        (1024, 1024)
        """
        checked = check_image(image, channel_axis, alpha, rgb, preserve_range)
        pixels, dtype, axes, span = checked.pixels, checked.dtype, checked.axes, checked.span
        check_depth(self, dtype)
        workers = check_workers(workers)
        shape = upscaled_shape(pixels.shape, axes, self.scale)
        if out is None or isinstance(out, np.ndarray):
            result: NDArray[Any] = np.empty(shape, dtype) if out is None else out
            if out is not None:
                check_out(out, shape, dtype, pixels)
            if span is not None:
                checked = checked._replace(pixels=to_unit(pixels, span, dtype))
            self._upscale_stack(checked, result, rgb, alpha, workers)
            if span is not None:
                from_unit(result, span)
            return result
        from ._frame import sink

        def upscale_band(planes: NDArray[Any], band: NDArray[Any]) -> None:
            if span is None:
                self._upscale(planes, band, rgb, alpha, workers)
            else:
                self._upscale(to_unit(planes, span, dtype), band, rgb, alpha, workers)
                from_unit(band, span)

        sink.check_sink(out, shape, dtype)
        sink.upscale_into(out, pixels, axes, self.scale, self._reach(alpha), upscale_band)
        return cast("NDArray[Any]", out)

    def _upscale_stack(
        self, image: Image, out: NDArray[Any], rgb: bool, alpha: bool, workers: int
    ) -> None:
        """Upscale every image of a stack; small ones in parallel, large ones band by band."""
        pixels, axes = image.pixels, image.axes
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
