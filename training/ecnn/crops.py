"""Luma planes of pictures, and random crops of them."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from lutsr._stack.layout import LUMA
from training.evaluation.pictures import Picture


class Planes(NamedTuple):
    """Luma of one picture.

    Attributes
    ----------
    lr : ndarray of uint8, shape (h, w)
        Of the shrunk picture, rounded as the library does.
    hr : ndarray of uint16, shape (r * h, r * w)
        Of the full picture, in 1/256 of a level.
    """

    lr: NDArray[np.uint8]
    hr: NDArray[np.uint16]


def luma(image: NDArray[np.uint8]) -> NDArray[np.uint16]:
    """Compute luma of RGB (H, W, 3), in 1/256 of a level."""
    red, green, blue = (image[..., k].astype(np.uint16) * LUMA[k] for k in range(3))
    return red + green + blue


def planes_of(picture: Picture) -> Planes:
    """Compute the luma planes of a picture."""
    return Planes(rounded_luma(picture.lr), luma(picture.hr))


def rounded_luma(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Compute luma of RGB (H, W, 3) in whole levels, as the library does."""
    return ((luma(image) + 128) >> 8).astype(np.uint8)


class Crops(ABC):
    """Random crops, in all eight orientations.

    Every picture has the same chance, whatever its size: by area, a few large photographs, which
    are soft in each pixel, would be nearly all that is seen. Targets lie anywhere in a picture, up
    to its borders, around which the input is reflected as it is when an image is enlarged. The
    crops of a step depend on the seed and the step alone: resuming needs no state.

    Parameters
    ----------
    sizes : sequence of (int, int)
        Height and width of the reduced pictures, all at least `crop`.
    scale : int
        Upscaling factor r.
    crop : int
        Side of the input, margin included.
    margin : int
        Input pixels on each side without a target.
    batch : int
        Crops per step.
    seed : int
    """

    def __init__(
        self,
        sizes: Sequence[tuple[int, ...]],
        scale: int,
        crop: int,
        margin: int,
        batch: int,
        seed: int,
    ) -> None:
        self.sizes, self.scale = sizes, scale
        self.crop, self.margin, self.batch, self.seed = crop, margin, batch, seed

    @property
    def inner(self) -> int:
        """Side of the part of an input that has a target."""
        return self.crop - 2 * self.margin

    def place(self, rng: np.random.Generator) -> tuple[int, int, int]:
        """Choose a picture, and the row and column at which the targets of a crop begin."""
        which = int(rng.random() * len(self.sizes))
        y, x = (int(rng.integers(length - self.inner + 1)) for length in self.sizes[which])
        return which, y, x

    def choose(self, step: int) -> list[tuple[int, int, int, int]]:
        """Choose picture, row, column and orientation of the crops of a step.

        They are those of `__call__`, if cutting needs no random numbers.
        """
        rng = np.random.default_rng([self.seed, step])
        return [(*self.place(rng), int(rng.integers(8))) for _ in range(self.batch)]

    @abstractmethod
    def cut(
        self, which: int, y: int, x: int, rng: np.random.Generator
    ) -> tuple[NDArray[np.uint8], NDArray[np.uint16]]:
        """Return the luma of a crop, (crop, crop), and of the full picture at its inner part."""

    def reflected(self, part: NDArray[np.uint8], which: int, y: int, x: int) -> NDArray[np.uint8]:
        """Add to the part of a crop that lies in its picture what lies beyond, by reflection."""
        m, (height, width) = self.margin, self.sizes[which]
        beyond = [
            (max(m - start, 0), max(start + self.inner + m - length, 0))
            for start, length in ((y, height), (x, width))
        ]
        return np.pad(part, beyond + [(0, 0)] * (part.ndim - 2), mode="reflect")

    def __call__(self, step: int) -> tuple[NDArray[np.uint8], NDArray[np.uint16]]:
        """Cut inputs (B, crop, crop) and targets (B, n, n, r * r), n being crop - 2 * margin."""
        rng = np.random.default_rng([self.seed, step])
        r, n = self.scale, self.inner
        inputs = np.empty((self.batch, self.crop, self.crop), np.uint8)
        targets = np.empty((self.batch, n, n, r * r), np.uint16)
        for slot in range(self.batch):
            which, y, x = self.place(rng)
            orientation = int(rng.integers(8))
            low, high = self.cut(which, y, x, rng)
            if orientation & 1:
                low, high = low[:, ::-1], high[:, ::-1]
            if orientation & 2:
                low, high = low[::-1], high[::-1]
            if orientation & 4:
                low, high = low.T, high.T
            inputs[slot] = low
            targets[slot] = high.reshape(n, r, n, r).transpose(0, 2, 1, 3).reshape(n, n, r * r)
        return inputs, targets


class LumaCrops(Crops):
    """Crops of pictures as they are; see `Crops`."""

    def __init__(self, planes: list[Planes], crop: int, margin: int, batch: int, seed: int) -> None:
        self.planes = planes
        scale = planes[0].hr.shape[0] // planes[0].lr.shape[0]
        super().__init__([p.lr.shape for p in planes], scale, crop, margin, batch, seed)

    def cut(
        self, which: int, y: int, x: int, rng: np.random.Generator
    ) -> tuple[NDArray[np.uint8], NDArray[np.uint16]]:
        """Return the luma of a crop, (crop, crop), and of the full picture at its inner part."""
        r, m, n, (lr, hr) = self.scale, self.margin, self.inner, self.planes[which]
        part = lr[max(y - m, 0) : y + n + m, max(x - m, 0) : x + n + m]
        high = hr[r * y : r * (y + n), r * x : r * (x + n)]
        return self.reflected(part, which, y, x), high
