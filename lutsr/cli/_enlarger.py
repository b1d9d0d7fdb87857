"""The one enlargement that a run applies to all of its pictures."""

from __future__ import annotations

from argparse import Namespace
from typing import TYPE_CHECKING, Any

from .._frame.alpha import reach
from ._arguments import DEFAULT_SCALE
from ._report import UsageError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from .. import Upscaler


def load_upscaler(args: Namespace) -> Upscaler:
    """Load the model of ``-m`` and ``-s``."""
    from .. import load

    scale = args.scale
    if scale is None and not args.model.endswith(".npy"):
        scale = DEFAULT_SCALE
    try:
        return load(args.model, scale)
    except (ValueError, OSError) as error:
        advice = "; for any other size give --size WxH" if str(error).startswith("scale:") else ""
        raise UsageError(f"{error}{advice}") from error


class Enlarger:
    """Enlarge by a scale, or to a size."""

    def __init__(self, args: Namespace) -> None:
        self._upscaler = load_upscaler(args)  # checks the model where a size is wanted, too
        self._size = args.size
        self._model = args.model
        self._workers = args.workers

    def __call__(self, frame: NDArray[Any], alpha: bool) -> NDArray[Any]:
        """Enlarge pixels, with channels on the last of three axes."""
        axis = None if frame.ndim == 2 else -1
        if self._size is None:
            return self._upscaler(frame, channel_axis=axis, workers=self._workers, alpha=alpha)
        from .. import resize

        return resize(
            frame,
            self.shape(frame.shape),
            channel_axis=axis,
            model=self._model,
            workers=self._workers,
            alpha=alpha,
        )

    def halo(self, alpha: bool) -> int:
        """Return how many pixels around a part of a picture its result depends on."""
        return reach(self._upscaler.halo) if alpha else self._upscaler.halo

    @property
    def report(self) -> str:
        """What to add to a report of what was written."""
        return f", x{self._upscaler.scale}" if self._size is None else ""

    def shape(self, shape: tuple[int, ...]) -> tuple[int, int]:
        """Say what height and width come of those of a picture."""
        height, width = shape[:2]
        if self._size is None:
            return height * self._upscaler.scale, width * self._upscaler.scale
        wanted_width, wanted_height = self._size
        if wanted_width is None:
            return wanted_height, max(1, round(width * wanted_height / height))
        if wanted_height is None:
            return max(1, round(height * wanted_width / width)), wanted_width
        return wanted_height, wanted_width

    @property
    def suffix(self) -> str:
        """What to add to names in an output folder."""
        if self._size is None:
            return f"_x{self._upscaler.scale}"
        return "_" + "x".join(str(side or "") for side in self._size)
