"""The model of a command line, and how it upscales a frame: by a scale, or to a size."""

from __future__ import annotations

import contextlib
import gc
import sys
from argparse import Namespace
from collections.abc import Iterator
from copy import copy
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np

from .._frame.alpha import reach
from .._modelinfo import DEFAULT_MODEL
from ._arguments import DEFAULT_SCALE
from ._model_choice import AUTO, model_for
from ._report import UsageError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from .. import Upscaler
    from .._frame.stages import Stage
    from .imagefile import Picture


def load_upscaler(model: str, scale: int | None) -> Upscaler:
    """Load the model of ``-m`` and ``-s``."""
    from .. import load

    if scale is None and not model.endswith(".npy"):
        scale = DEFAULT_SCALE
    try:
        with _no_collection():
            return load(model, scale)
    except (ValueError, OSError) as error:
        advice = ""
        if str(error).startswith("scale:"):
            advice = f"; for any other factor give --size, as in --size {scale}00%"
        raise UsageError(f"{error}{advice}") from error


@contextlib.contextmanager
def _no_collection() -> Iterator[None]:
    """Collect no garbage while numba is imported, and keep what there is then out of collections.

    numba makes tens of thousands of objects, hardly any of which are garbage. Looking through them
    again and again, also at the end of the program, takes a quarter of the time to start.
    """
    if "numba" in sys.modules or not gc.isenabled():
        yield
        return
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()


def without_sign(pixels: NDArray[Any]) -> NDArray[Any]:
    """Move signed integers to those without sign: the lowest is black."""
    unsigned = np.dtype(f"uint{8 * pixels.dtype.itemsize}")
    return (pixels ^ np.iinfo(pixels.dtype).min).view(unsigned)


def with_sign(pixels: NDArray[Any]) -> NDArray[Any]:
    """Move integers without sign back, in place."""
    result = pixels.view(np.dtype(f"int{8 * pixels.dtype.itemsize}"))
    np.bitwise_xor(result, np.iinfo(result.dtype).min, out=result)
    return result


class FrameUpscaler:
    """Upscale frames by the scale of a model, or to a size.

    With ``-m auto`` the model is the default one until `suiting` chooses by a picture.
    """

    def __init__(self, args: Namespace) -> None:
        self._auto, self._scale = args.model == AUTO, args.scale
        self._model = DEFAULT_MODEL if self._auto else args.model or DEFAULT_MODEL
        self._upscaler = self._load()  # checks the model even if a size is wanted
        self._size = args.size
        self._preserve_range = args.preserve_range
        self.workers = args.workers

    def __call__(self, frame: NDArray[Any], alpha: bool) -> NDArray[Any]:
        """Upscale an array (H, W) or (H, W, C): grey or RGB, with or without alpha."""
        if frame.dtype.kind == "i":
            return with_sign(self(without_sign(frame), alpha))
        axis = None if frame.ndim == 2 else -1
        rgb = axis == -1 and frame.shape[-1] - alpha == 3
        if self._size is None:
            return self._upscaler(
                frame,
                channel_axis=axis,
                rgb=rgb,
                alpha=alpha,
                preserve_range=self._preserve_range,
                workers=self.workers,
            )
        from .. import resize

        return resize(
            frame,
            self.shape(frame.shape),
            channel_axis=axis,
            model=self._model,
            rgb=rgb,
            alpha=alpha,
            preserve_range=self._preserve_range,
            workers=self.workers,
        )

    def stage(self, source: Stage, alpha: bool) -> Stage:
        """Return a picture (H, W, C) resized, some rows of which can be computed at a time."""
        from .._steps import plan_steps, resized
        from .._upscaler import check_depth

        height, width, channels = source.shape
        lengths = self.shape(source.shape)
        steps = plan_steps((height, width), lengths, self._model)
        for step in steps:
            check_depth(step.upscaler, source.dtype)
        return resized(source, steps, lengths, channels - alpha == 3, alpha)

    def suiting(self, picture: Picture) -> FrameUpscaler:
        """Return one with the model that suits a picture, for ``-m auto``; else this one."""
        if not self._auto or model_for(picture) == self._model:
            return self
        other = copy(self)
        other._model = model_for(picture)
        other._upscaler = other._load()
        return other

    def _load(self) -> Upscaler:
        return load_upscaler(self._model, self._scale)

    def with_workers(self, workers: int) -> FrameUpscaler:
        """Return one that uses so many threads."""
        other = copy(self)
        other.workers = workers
        return other

    @property
    def scale(self) -> int:
        """Scale of the model."""
        return self._upscaler.scale

    def halo(self, alpha: bool) -> int:
        """Return the number of input pixels around a part of a picture that its result depends on.

        Applies to upscaling by a scale.
        """
        return reach(self._upscaler.halo) if alpha else self._upscaler.halo

    def shape(self, shape: tuple[int, ...]) -> tuple[int, int]:
        """Return height and width of the result for a frame's shape."""
        height, width = shape[:2]
        if self._size is None:
            return height * self.scale, width * self.scale
        if isinstance(self._size, Fraction):
            return max(1, round(height * self._size)), max(1, round(width * self._size))
        wanted_width, wanted_height = self._size
        if wanted_width is None:
            return wanted_height, max(1, round(width * wanted_height / height))
        if wanted_height is None:
            return max(1, round(height * wanted_width / width)), wanted_width
        return wanted_height, wanted_width

    @property
    def report(self) -> str:
        """End of the report of a file: the scale, if by one, and the model that auto chose."""
        scale = f", x{self.scale}" if self._size is None else ""
        return f"{scale}, {self._model}" if self._auto else scale

    @property
    def suffix(self) -> str:
        """Suffix of names in an output folder."""
        if self._size is None:
            return f"_x{self.scale}"
        if isinstance(self._size, Fraction):
            return f"_{float(self._size) * 100:g}pct"
        return "_" + "x".join(str(side or "") for side in self._size)
