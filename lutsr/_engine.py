"""What the frame knows of a model: the protocol `Engine`, and the families that implement it.

The *frame* (argument checks, channels, bands of rows, threads, alpha, streaming, dask, resize)
calls an engine through this protocol only and imports no family. A *family* is a folder with a
module that defines ``open_engine(model)``; `FAMILIES` names it, and it is imported on first use.

Terms
-----
level
    One of the 256 grey levels of an 8-bit image.
step
    The unit of pixel values that are passed to `Engine.sums`: ``steps`` steps make one level (1
    for uint8, 257 for uint16, 16384 for floats; see ``lutsr._frame.depth``). A pixel of level v
    in an 8-bit image is v * steps.
row group
    The output rows that are computed together; the frame divides an image into *bands* of whole
    row groups. Group g holds the output rows from ``g * scale - origin`` on, `scale` of them,
    without those outside the image. An image of H rows has ``H + (1 if origin else 0)`` groups.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from ._modelfile import Model

__all__ = ["FAMILIES", "SCALES", "Engine", "open_engine"]

#: Upscaling factors that models may have.
SCALES = (2, 3, 4)

#: Module of each family, imported when a model of it is opened.
FAMILIES = {
    "eclut": "lutsr._eclut.engine",
    "chain": "lutsr._chain.engine",
}


class Engine(Protocol):
    """One model, prepared to compute sums for any number of images.

    A family's engine subclasses this protocol and so inherits the defaults below. All attributes
    are constant after construction, and all methods may be called from several threads at once:
    scratch arrays belong to one call, or to one thread.

    An engine treats the array that it is given as a whole image, with its borders at the edges of
    the array. Where the frame passes a part of an image, it passes `halo` more rows on each side
    where the image goes on, and discards what the engine computes for them. So an engine that
    pads does it once, by its halo, and needs no other code for tiles.

    With ``NUMBA_DISABLE_JIT`` an engine computes `sums` by its own `reference`, and
    `direct_channels` is 0.

    Attributes
    ----------
    scale : int
        Upscaling factor r.
    halo : int
        Number of input pixels on each side of a pixel that its r x r output pixels depend on.
    divisor : int
        Sums are in units of 1 / divisor of a step, at least 1. The frame divides, rounds and
        clips them once. ``255 * 16384 * divisor`` must fit in int32 unless `eight_bit_only`.
    half_even : bool
        Whether quotients that lie halfway between two integers are rounded to the even one; by
        default they are rounded up.
    origin : int
        Distance, in output pixels, by which the first row group starts before the first row of
        the image: 0 (the default) to r - 1.
    eight_bit_only : bool
        Whether the model is defined on 8-bit codes only. The frame then refuses deeper images.
    sum_channels : int
        Largest number of channels that `sums` takes at once.
    direct_channels : int
        Largest number of channels that `fill` takes at once; 0 if there is no direct path.
    direct_types : tuple of str
        Names of the types of images that `fill` takes: "uint8", and maybe deeper ones.
    joint_rgb : bool
        Whether the model has a way of its own to upscale RGB images: it computes detail from the
        luma once, and adds it to all three channels. Such an engine has `reference_rgb`, and
        `fill_rgb` if it has a direct path. The frame calls them where ``rgb=True`` is asked for;
        other engines upscale each channel by itself then.
    nanoseconds : tuple of float
        Approximate time per output value on one core, of uint8 images and of deeper ones. Calls
        of less than a few milliseconds are not divided between threads.
    """

    scale: int
    halo: int
    divisor: int
    half_even: bool = False
    origin: int = 0
    eight_bit_only: bool = False
    sum_channels: int = 1
    direct_channels: int = 0
    direct_types: tuple[str, ...] = ("uint8",)
    joint_rgb: bool = False
    nanoseconds: tuple[float, float] = (1.0, 4.0)

    def sums(
        self, values: NDArray[np.int32], steps: int, first: int, last: int
    ) -> NDArray[np.int32]:
        """Compute the sums of the row groups ``first <= g < last``.

        Parameters
        ----------
        values : ndarray of int32, shape (H, W, C)
            Pixels in steps, within ``[0, 255 * steps]``; C-contiguous, read-only for the engine,
            with at most `sum_channels` channels. Any height and width from 1 up.
        steps : int
            Steps per level; 1 if `eight_bit_only`.
        first, last : int
            Row groups, ``0 <= first < last``.

        Returns
        -------
        ndarray of int32, shape (rows, r * W, C)
            Sums in 1 / (divisor * steps) of a level, before division, rounding and clipping, of
            the output rows of these groups that lie inside the image. Of any memory layout; the
            frame overwrites it.
        """
        ...

    def reference(self, values: NDArray[np.int32], steps: int) -> NDArray[np.int32]:
        """Compute the sums of a whole image in plain NumPy, as the papers describe them.

        Parameters
        ----------
        values : ndarray of int32, shape (H, W, C)
            As in `sums`, with any number of channels.
        steps : int

        Returns
        -------
        ndarray of int32, shape (r * H, r * W, C)
            Every other path of the engine gives exactly these integers.
        """
        ...

    def facts(self) -> Mapping[str, str]:
        """Return what ``lutsr info`` prints about the model, by name, in order.

        Each value is one line of text, such as the receptive field.
        """
        ...

    def fill(self, image: NDArray[Any], first: int, last: int, out: NDArray[Any]) -> None:
        """Compute the row groups ``first <= g < last`` of an image without int32 sums.

        Optional: called only if `direct_channels` is not 0.

        Parameters
        ----------
        image : ndarray of one of `direct_types`, shape (H, W, C)
            C-contiguous, at most `direct_channels` channels.
            Floats outside [0, 1] are clipped.
        first, last : int
            Row groups.
        out : ndarray of the same type, shape (r * H, r * W, C)
            C-contiguous. Only the rows of these groups are written.
        """
        family = type(self).__name__
        raise NotImplementedError(f"{family} has no direct path: its direct_channels is 0")

    def reference_rgb(self, values: NDArray[np.int32], steps: int) -> NDArray[np.int32]:
        """Compute the sums of a whole RGB image (H, W, 3) in plain NumPy.

        Optional: called only if `joint_rgb`. Parameters and result are those of `reference`.
        """
        family = type(self).__name__
        raise NotImplementedError(f"{family} has no joint path for RGB: its joint_rgb is False")

    def sums_rgb(
        self, values: NDArray[np.int32], steps: int, first: int, last: int
    ) -> NDArray[np.int32]:
        """Compute the sums of some row groups of an RGB image (H, W, 3).

        Called only if `joint_rgb`. Parameters and result are those of `sums`. By default, it
        computes the whole array by `reference_rgb`; the frame passes a few rows and their halo.
        """
        begin, end = (max(group * self.scale - self.origin, 0) for group in (first, last))
        return self.reference_rgb(values, steps)[begin:end]

    def fill_rgb(self, image: NDArray[Any], first: int, last: int, out: NDArray[Any]) -> None:
        """Compute some row groups of an RGB image (H, W, 3) without int32 sums.

        Optional: called only if `joint_rgb` and `direct_channels` is not 0. Parameters are those
        of `fill`.
        """
        family = type(self).__name__
        raise NotImplementedError(f"{family} has no direct joint path for RGB")


def open_engine(model: Model) -> Engine:
    """Prepare a model: import its family, check its parameters and tables, make its engine.

    Parameters
    ----------
    model : Model

    Raises
    ------
    ValueError
        If there is no such family, or the parameters or tables do not fit it.
    """
    if model.family not in FAMILIES:
        known = ", ".join(map(repr, FAMILIES))
        raise ValueError(f"family: got {model.family!r}, wanted one of {known}")
    module: Any = import_module(FAMILIES[model.family])
    engine: Engine = module.open_engine(model)
    return engine
