"""Random crops of pictures."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from training.evaluation.pictures import LoadedPicture, Picture


def held(picture: Picture) -> LoadedPicture:
    """Copy a picture into memory, plane by plane: a crop of a channel is then cut in few steps."""
    hr, lr = (
        np.moveaxis(np.ascontiguousarray(np.moveaxis(image, -1, 0)), 0, -1)
        for image in (picture.hr, picture.lr)
    )
    return LoadedPicture(picture.path, hr, lr)


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
    equal : bool
        Whether every picture has the same chance. Else every place has, and a few large
        photographs, which are soft in each pixel, can be nearly all that is seen. Shipped tables
        of EC-LUT have been made with places of the same chance, so that is the default.
    """

    def __init__(
        self,
        pictures: Sequence[Picture],
        crop: int,
        margin: int,
        batch: int,
        seed: int,
        equal: bool = False,
    ) -> None:
        self.pictures, self.crop, self.margin = pictures, crop, margin
        self.batch, self.seed = batch, seed
        self.scale = pictures[0].hr.shape[0] // pictures[0].lr.shape[0]
        sizes = np.array([p.lr.shape[:2] for p in pictures])
        places = np.ones(len(sizes)) if equal else np.prod(sizes - crop + 1.0, 1)
        self.chances = places / places.sum()

    def __call__(self, step: int) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
        """Return inputs (B, crop, crop) and targets (B, r * n, r * n), n = crop - 2 * margin."""
        rng = np.random.default_rng([self.seed, step])
        r, m, inner = self.scale, self.margin, self.crop - 2 * self.margin
        inputs = np.empty((self.batch, self.crop, self.crop), np.uint8)
        targets = np.empty((self.batch, r * inner, r * inner), np.uint8)
        for slot, which in enumerate(rng.choice(len(self.pictures), self.batch, p=self.chances)):
            # Each access to a picture of the cache may open its file again.
            lr, hr = self.pictures[which].lr, self.pictures[which].hr
            y, x = (int(rng.integers(side - self.crop + 1)) for side in lr.shape[:2])
            channel, turn = int(rng.integers(3)), (-1 if rng.integers(2) else 1)
            low = lr[y : y + self.crop, x : x + self.crop, channel]
            top, left = r * (y + m), r * (x + m)
            high = hr[top : top + r * inner, left : left + r * inner, channel]
            inputs[slot], targets[slot] = low[:, ::turn], high[:, ::turn]
        return inputs, targets
