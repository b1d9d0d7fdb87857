"""Luma planes of pictures, and random crops of them."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from lutsr._stack.reference import LUMA
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
    return Planes(((luma(picture.lr) + 128) >> 8).astype(np.uint8), luma(picture.hr))


class LumaCrops:
    """Random crops, in all eight orientations.

    The crops of a step depend on the seed and the step alone: resuming needs no state.

    Parameters
    ----------
    planes : list of Planes
        All at least `crop` high and wide.
    crop : int
        Side of the input, margin included.
    margin : int
        Input pixels on each side without a target.
    batch : int
        Crops per step.
    seed : int
    """

    def __init__(self, planes: list[Planes], crop: int, margin: int, batch: int, seed: int) -> None:
        self.planes, self.crop, self.margin = planes, crop, margin
        self.batch, self.seed = batch, seed
        self.scale = planes[0].hr.shape[0] // planes[0].lr.shape[0]
        places = [np.prod(np.array(p.lr.shape) - crop + 1.0) for p in planes]
        self.chances = np.cumsum(places) / np.sum(places)

    def __call__(self, step: int) -> tuple[NDArray[np.uint8], NDArray[np.uint16]]:
        """Cut inputs (B, crop, crop) and targets (B, n, n, r * r), n being crop - 2 * margin."""
        rng = np.random.default_rng([self.seed, step])
        r, m, n = self.scale, self.margin, self.crop - 2 * self.margin
        inputs = np.empty((self.batch, self.crop, self.crop), np.uint8)
        targets = np.empty((self.batch, n, n, r * r), np.uint16)
        for slot in range(self.batch):
            which = int(np.searchsorted(self.chances, rng.random(), side="right"))
            lr, hr = self.planes[min(which, len(self.planes) - 1)]
            y, x = (int(rng.integers(length - self.crop + 1)) for length in lr.shape)
            low = lr[y : y + self.crop, x : x + self.crop]
            top, left = r * (y + m), r * (x + m)
            high = hr[top : top + r * n, left : left + r * n]
            orientation = int(rng.integers(8))
            if orientation & 1:
                low, high = low[:, ::-1], high[:, ::-1]
            if orientation & 2:
                low, high = low[::-1], high[::-1]
            if orientation & 4:
                low, high = low.T, high.T
            inputs[slot] = low
            targets[slot] = high.reshape(n, r, n, r).transpose(0, 2, 1, 3).reshape(n, n, r * r)
        return inputs, targets
