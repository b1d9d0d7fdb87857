"""Random crops of pictures."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from training.evaluation.pictures import Picture


class CropSampler:
    """Random crops: inputs with a margin, targets without.

    Each crop is one colour channel, mirrored left to right with probability 1/2. The crops of a
    step depend on the seed and the step alone, so resuming needs no state.

    Parameters
    ----------
    pictures : sequence of Picture
        The shrunk pictures are at least `crop` high and wide.
    crop : int
        Side of an input, margin included.
    margin : int
        Input pixels on each side without a target.
    batch : int
        Crops per step.
    seed : int
    """

    def __init__(
        self, pictures: Sequence[Picture], crop: int, margin: int, batch: int, seed: int
    ) -> None:
        self.pictures, self.crop, self.margin = pictures, crop, margin
        self.batch, self.seed = batch, seed
        self.scale = pictures[0].hr.shape[0] // pictures[0].lr.shape[0]
        places = np.array([np.prod(np.array(p.lr.shape[:2]) - crop + 1.0) for p in pictures])
        self.chances = places / places.sum()

    def __call__(self, step: int) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
        """Return inputs (B, crop, crop) and targets (B, r * n, r * n), n = crop - 2 * margin."""
        rng = np.random.default_rng([self.seed, step])
        r, m, inner = self.scale, self.margin, self.crop - 2 * self.margin
        inputs = np.empty((self.batch, self.crop, self.crop), np.uint8)
        targets = np.empty((self.batch, r * inner, r * inner), np.uint8)
        for slot, which in enumerate(rng.choice(len(self.pictures), self.batch, p=self.chances)):
            picture = self.pictures[which]
            y = int(rng.integers(picture.lr.shape[0] - self.crop + 1))
            x = int(rng.integers(picture.lr.shape[1] - self.crop + 1))
            channel, turn = int(rng.integers(3)), (-1 if rng.integers(2) else 1)
            low = picture.lr[y : y + self.crop, x : x + self.crop, channel]
            top, left = r * (y + m), r * (x + m)
            high = picture.hr[top : top + r * inner, left : left + r * inner, channel]
            inputs[slot], targets[slot] = low[:, ::turn], high[:, ::turn]
        return inputs, targets
