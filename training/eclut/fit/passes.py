"""The passes of the fit over all pictures, on a CPU.

A plane is read from its picture in every pass. So if the pictures are mapped from a cache, the
memory in use does not depend on their number.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from typing import TypeVar

import numpy as np
import torch
from numpy.typing import NDArray

from training.eclut.constants import ENTRIES_PER_LEVEL, LEVELS, MARGIN, PAIRS, WINDOW
from training.eclut.fit.kernels import (
    PADDING,
    Lengths,
    PairArrays,
    Scratch,
    coarse_gram,
    fit_pass,
    predict,
)
from training.eclut.fit.weights import pixel_weights, weights_by_range
from training.eclut.pairs import count_pairs
from training.eclut.windows import beside, sum_of_parts
from training.evaluation.metrics import psnr_y
from training.evaluation.pictures import Picture

#: Parts of each pass, one thread each: always the same number, so that results are the same.
PARTS = 2
#: Cells that the Gram matrix of the coarse features is estimated from.
GRAM_CELLS = 600_000
#: Values of a window in cells.
_WINDOW_CELLS = WINDOW[0] * WINDOW[1]

T = TypeVar("T")


@dataclass(frozen=True)
class Plane:
    """One colour channel of a picture."""

    picture: Picture
    channel: int
    shape: tuple[int, int]

    @property
    def image(self) -> NDArray[np.uint8]:
        """The shrunk channel, (h, w), copied."""
        return np.ascontiguousarray(self.picture.lr[:, :, self.channel])

    @property
    def target(self) -> NDArray[np.uint8]:
        """The channel at full size, (r * h, r * w), not copied."""
        view = self.picture.hr[:, :, self.channel]
        view.flags.writeable = False  # as mapped files are: kernels are compiled for one kind
        return view


def planes_of(picture: Picture) -> list[Plane]:
    """Return the channels of a picture."""
    h, w, channels = picture.lr.shape
    return [Plane(picture, channel, (h, w)) for channel in range(channels)]


def _flat_windows(windows: torch.Tensor) -> PairArrays:
    """Return the windows as the kernels need them: flat and padded."""
    flat = np.zeros((2, windows.numel() + PADDING), np.float32)
    flat[0, : windows.numel()] = windows.numpy().reshape(-1)
    flat[1, : windows.numel()] = beside(windows).numpy().reshape(-1)
    return PairArrays(flat[0], flat[1])


def _lengths(scale: int) -> Lengths:
    return Lengths((0,) * scale, (0,) * WINDOW[1], (0,) * WINDOW[0])


def _scratch(width: int, scale: int, rows: int) -> Scratch:
    """Allocate scratch arrays for planes of at most this width."""
    values = scale * scale
    residuals = np.empty((rows, (width + 2) * values + PADDING), np.float32)
    return Scratch(
        PairArrays(np.empty((4, width), np.int32), np.empty((4, width), np.int32)),
        np.zeros(width * values + PADDING, np.uint8),
        residuals,
        residuals.reshape(-1),
    )


class Passes:
    """The passes over all planes of pictures, and the arrays that they need.

    Parameters
    ----------
    pictures : sequence of Picture
        At least 5 x 5 each, shrunk.
    scale : int
        2, 3 or 4.
    flat_weight : float
        See `training.eclut.fit.weights`.
    """

    device = torch.device("cpu")

    def __init__(self, pictures: Sequence[Picture], scale: int, flat_weight: float = 1.0) -> None:
        self.scale = scale
        self.weights = weights_by_range(flat_weight)
        planes = [plane for picture in pictures for plane in planes_of(picture)]
        # Large planes first, to the parts in turn, so that the parts take equally long.
        order = sorted(range(len(planes)), key=lambda k: -math.prod(planes[k].shape))
        self.parts = [[planes[k] for k in order[part::PARTS]] for part in range(PARTS)]
        shapes = [plane.shape for plane in planes]
        self.widest = max(w for _, w in shapes)
        self.cells = sum((h - 2 * MARGIN) * (w - 2 * MARGIN) for h, w in shapes)
        self.values = self.cells * scale**2

    @cached_property
    def _sums(self) -> list[NDArray[np.float32]]:
        """The sums of each part, above and beside."""
        size = PAIRS * _WINDOW_CELLS * self.scale**2 + PADDING
        return [np.empty((2, size), np.float32) for _ in range(PARTS)]

    def _in_parts(self, do: Callable[[int], T]) -> list[T]:
        with ThreadPoolExecutor(PARTS) as pool:
            return list(pool.map(do, range(PARTS)))

    def __call__(
        self, windows: torch.Tensor, goal: float = ENTRIES_PER_LEVEL
    ) -> tuple[torch.Tensor, float]:
        """Sum residuals per pair.

        Parameters
        ----------
        windows : torch.Tensor
            (256, 256, 4, 3, r, r), symmetric.
        goal : float
            `ENTRIES_PER_LEVEL` for residuals against the pictures, in quarter grey levels; 0 for
            the sums of the windows alone.

        Returns
        -------
        sums : torch.Tensor
            Half the gradient of the summed squares, as windows.
        squares : float
            The weighted sum of squared residuals.
        """
        r = self.scale
        flat, lengths = _flat_windows(windows), _lengths(r)

        def run_part(part: int) -> float:
            both = self._sums[part]
            both.fill(0)
            sums = PairArrays(both[0], both[1])
            scratch = _scratch(self.widest, r, rows=4)
            squares = np.zeros(1)
            for plane in self.parts[part]:
                fit_pass(
                    plane.image,
                    plane.target,
                    np.float32(goal),
                    self.weights,
                    flat,
                    sums,
                    scratch,
                    squares,
                    lengths,
                )
            return float(squares[0])

        squares = sum(self._in_parts(run_part))
        total, *others = self._sums
        for other in others:
            total += other
        above, side = torch.from_numpy(total)[:, : windows.numel()]
        return sum_of_parts(
            above.reshape(LEVELS, LEVELS, *WINDOW, r, r),
            side.reshape(LEVELS, LEVELS, *WINDOW[::-1], r, r),
        ), squares

    def counts(self) -> torch.Tensor:
        """Count the occurrences of each pair, in either order and weighted: (256, 256)."""

        def count_part(part: int) -> NDArray[np.float64]:
            total = np.zeros((LEVELS, LEVELS))
            for plane in self.parts[part]:
                total += count_pairs(plane.image, pixel_weights(plane.image, self.weights))
            return total

        total = torch.from_numpy(sum(self._in_parts(count_part)))
        return ((total + total.T) / 2).to(torch.float32)

    def gram(
        self, nodes: NDArray[np.int32], weights: NDArray[np.float32], size: int
    ) -> torch.Tensor:
        """Compute the Gram matrix of coarse features from a sample of the cells.

        Parameters
        ----------
        nodes, weights, size
            See `training.eclut.fit.objective.CoarseFeatures`.

        Returns
        -------
        torch.Tensor
            float64, (24 * size, 24 * size).
        """
        # Odd: with an even step, cells of even-width pictures would be in a few columns only.
        step = max(1, self.cells // GRAM_CELLS) | 1

        def run_part(part: int) -> NDArray[np.float64]:
            features = 2 * _WINDOW_CELLS * size
            gram = np.zeros((features, features))
            found = 2 * _WINDOW_CELLS * nodes.shape[1]
            scratch = np.empty(found, np.int64), np.empty(found, np.float64)
            for number, plane in enumerate(self.parts[part]):
                first = number % step
                coarse_gram(plane.image, self.weights, step, first, nodes, weights, scratch, gram)
            return gram

        return torch.from_numpy(sum(self._in_parts(run_part)))


def mean_psnr_y(windows: torch.Tensor, pictures: Sequence[Picture]) -> float:
    """Return the mean PSNR-Y of windows on pictures, without two input pixels at each side."""
    r = windows.shape[-1]
    flat, lengths = _flat_windows(windows), _lengths(r)

    def score(picture: Picture) -> float:
        h, w, channels = picture.lr.shape
        scratch = _scratch(w, r, rows=1)
        big = np.empty((h * r, w * r, channels), np.uint8)
        for channel in range(channels):
            buffer = np.empty(h * w * r * r + PADDING, np.uint8)
            cells = buffer[: h * w * r * r].reshape(h, w, r * r)
            plane = np.ascontiguousarray(picture.lr[:, :, channel])
            predict(plane, flat, scratch, cells, lengths)
            big[:, :, channel] = (
                cells.reshape(h, w, r, r).transpose(0, 2, 1, 3).reshape(h * r, w * r)
            )
        return psnr_y(big, picture.hr, shave=MARGIN * r)

    with ThreadPoolExecutor(PARTS) as pool:
        return float(np.mean(list(pool.map(score, pictures))))
