"""The passes of the fit over all pictures, which stay where they are.

A plane is read from its picture in every pass: where a cache maps the pictures, what takes memory
does not depend on how many there are.
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

from training.eclut.fit.kernels import PADDING, coarse_gram, fit_pass, predict
from training.eclut.windows import LEVELS, WINDOW, beside, sum_of_parts
from training.evaluation.metrics import psnr_y
from training.evaluation.pictures import Picture

#: Every pass adds up in this many parts, whatever the machine: the result is the same.
PARTS = 2
#: Input pixels at each side whose cells lack a contribution from outside.
MARGIN = 2
#: Cells that the Gram matrix of the coarse features is estimated from.
GRAM_CELLS = 600_000

T = TypeVar("T")


@dataclass(frozen=True)
class Plane:
    """One colour channel of a picture."""

    picture: Picture
    channel: int
    shape: tuple[int, int]

    @property
    def image(self) -> np.ndarray:
        """The shrunk channel, (h, w), copied."""
        return np.ascontiguousarray(self.picture.lr[:, :, self.channel])

    @property
    def target(self) -> np.ndarray:
        """The channel at full size, (r * h, r * w), not copied."""
        view = self.picture.hr[:, :, self.channel]
        view.flags.writeable = False  # as what is mapped is: the passes are compiled for one kind
        return view


def planes_of(picture: Picture) -> list[Plane]:
    """Name the channels of a picture."""
    h, w, channels = picture.lr.shape
    return [Plane(picture, channel, (h, w)) for channel in range(channels)]


def _tables(windows: torch.Tensor) -> tuple[np.ndarray, np.ndarray]:
    """Flat, padded windows of the pairs above each other, and of those beside each other."""
    tables = np.zeros((2, windows.numel() + PADDING), np.float32)
    tables[0, : windows.numel()] = windows.numpy().reshape(-1)
    tables[1, : windows.numel()] = beside(windows).numpy().reshape(-1)
    return tables[0], tables[1]


def _lengths(scale: int) -> tuple[tuple[int, ...], ...]:
    """Tuples whose lengths tell the compiler what it must know."""
    return (0,) * scale, (0,) * 3, (0,) * 4


def _places(width: int) -> tuple[np.ndarray, np.ndarray]:
    return np.empty((4, width), np.int32), np.empty((4, width), np.int32)


class Passes:
    """The passes over all planes of pictures, with the arrays that they need.

    Parameters
    ----------
    pictures : sequence of Picture
        At least 5 x 5 each, shrunk.
    scale : int
        2, 3 or 4.
    """

    device = torch.device("cpu")

    def __init__(self, pictures: Sequence[Picture], scale: int) -> None:
        self.scale = scale
        planes = [plane for picture in pictures for plane in planes_of(picture)]
        # Big planes first, dealt out in turn, so that the parts take equally long.
        order = sorted(range(len(planes)), key=lambda k: -math.prod(planes[k].shape))
        self.parts = [[planes[k] for k in order[part::PARTS]] for part in range(PARTS)]
        shapes = [plane.shape for plane in planes]
        self.widest = max(w for _, w in shapes)
        self.cells = sum((h - 2 * MARGIN) * (w - 2 * MARGIN) for h, w in shapes)
        self.values = self.cells * scale**2

    @cached_property
    def _sums(self) -> list[np.ndarray]:
        """Sums of each part."""
        size = LEVELS * LEVELS * WINDOW[0] * WINDOW[1] * self.scale**2 + PADDING
        return [np.empty((2, size), np.float32) for _ in range(PARTS)]

    def _in_parts(self, do: Callable[[int], T]) -> list[T]:
        with ThreadPoolExecutor(PARTS) as pool:
            return list(pool.map(do, range(PARTS)))

    def __call__(self, windows: torch.Tensor, goal: float = 4.0) -> tuple[torch.Tensor, float]:
        """Sum residuals per pair.

        Parameters
        ----------
        windows : torch.Tensor
            (256, 256, 4, 3, r, r), symmetric.
        goal : float
            4 for residuals against the pictures, in quarter grey levels; 0 for what the
            windows alone add up to.

        Returns
        -------
        sums : torch.Tensor
            Half the gradient of the summed squares, as windows.
        squares : float
            The sum of squared residuals.
        """
        r = self.scale
        tables = _tables(windows)

        def run_part(part: int) -> float:
            sums = self._sums[part]
            sums.fill(0)
            cells = np.empty(self.widest * r * r + PADDING, np.uint8)
            row = np.empty((4, (self.widest + 2) * r * r + PADDING), np.float32)
            squares = np.zeros(1)
            for plane in self.parts[part]:
                fit_pass(
                    plane.image, plane.target, np.float32(goal), *tables, *sums,
                    *_places(self.widest), cells, row, squares, *_lengths(r),
                )  # fmt: skip
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
        """How often each pair occurs, in either order: (256, 256)."""

        def count_part(part: int) -> np.ndarray:
            total = np.zeros(LEVELS * LEVELS, np.int64)
            for plane in self.parts[part]:
                image = plane.image.astype(np.int32)
                for ones, others in ((image[:-1], image[1:]), (image[:, :-1], image[:, 1:])):
                    pairs = (ones * LEVELS + others).ravel()
                    total += np.bincount(pairs, minlength=LEVELS * LEVELS)
            return total

        total = torch.from_numpy(sum(self._in_parts(count_part))).reshape(LEVELS, LEVELS)
        return ((total + total.T) / 2).to(torch.float32)

    def gram(self, nodes: np.ndarray, parts: np.ndarray, count: int) -> torch.Tensor:
        """Gram matrix of coarse features, from a sample of the cells; see `coarse_gram`.

        Parameters
        ----------
        nodes, parts : numpy.ndarray
            (65536, K), int32 and float32.
        count : int
            Number of nodes.

        Returns
        -------
        torch.Tensor
            float64, (24 * count, 24 * count).
        """
        # An odd step does not fall in step with the (mostly even) widths of pictures.
        step = max(1, self.cells // GRAM_CELLS) | 1

        def run_part(part: int) -> np.ndarray:
            gram = np.zeros((24 * count, 24 * count))
            for number, plane in enumerate(self.parts[part]):
                coarse_gram(plane.image, float(step), step, number % step, nodes, parts, gram)
            return gram

        return torch.from_numpy(sum(self._in_parts(run_part)))


def mean_psnr_y(windows: torch.Tensor, pictures: Sequence[Picture]) -> float:
    """Mean PSNR-Y of pictures enlarged with windows, two input pixels shaved at every side."""
    r = windows.shape[-1]
    tables = _tables(windows)

    def score(picture: Picture) -> float:
        h, w, channels = picture.lr.shape
        scratch = np.zeros(w * r * r + PADDING, np.uint8)
        row = np.empty((w + 2) * r * r + PADDING, np.float32)
        big = np.empty((h * r, w * r, channels), np.uint8)
        for channel in range(channels):
            buffer = np.empty(h * w * r * r + PADDING, np.uint8)
            cells = buffer[: h * w * r * r].reshape(h, w, r * r)
            plane = np.ascontiguousarray(picture.lr[:, :, channel])
            predict(plane, *tables, *_places(w), scratch, row, cells, *_lengths(r))
            big[:, :, channel] = (
                cells.reshape(h, w, r, r).transpose(0, 2, 1, 3).reshape(h * r, w * r)
            )
        return psnr_y(big, picture.hr, shave=MARGIN * r)

    with ThreadPoolExecutor(PARTS) as pool:
        return float(np.mean(list(pool.map(score, pictures))))
