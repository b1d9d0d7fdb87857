"""Crops of degraded pictures, and the base that suits their colours.

The library adds the detail, which is of luma, to a base of each channel. So what the base does to
luma the hidden layers can undo, but noise of colours is what the base leaves of it. For degraded
pictures it is therefore not trained with the rest: it is the linear window that makes the least
squared error of colour differences, with some noise added to them.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from training.degradation.named import Degradation
from training.ecnn.crops import Crops, luma, rounded_luma
from training.evaluation.pictures import Picture

#: Pixels around a crop, of the reduced picture, that are degraded with it.
AROUND = 8
#: Crops that the base is fitted on, and the step whose random numbers they have.
BASE_CROPS, BASE_STEP = 1000, 2**31
#: Standard deviation, in levels, of noise that the base expects in colour differences beside what
#: the degradation makes. Without it the few noisiest crops decide how much the base smooths.
COLOUR_NOISE = 4.0


class DegradedCrops(Crops):
    """Crops whose inputs are degraded anew each time they are cut; see `Crops`.

    Parameters
    ----------
    pictures : list of Picture
    degradation : callable
        See `training.degradation.named.Degradation`.
    crop, margin, batch, seed : int
    """

    def __init__(
        self,
        pictures: list[Picture],
        degradation: Degradation,
        crop: int,
        margin: int,
        batch: int,
        seed: int,
    ) -> None:
        self.pictures, self.degradation = pictures, degradation
        sizes = [picture.lr.shape[:2] for picture in pictures]
        scale = pictures[0].hr.shape[0] // sizes[0][0]
        super().__init__(sizes, scale, crop, margin, batch, seed)

    def pair(
        self, which: int, y: int, x: int, rng: np.random.Generator
    ) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
        """Return a degraded crop, and the full picture at its inner part, RGB."""
        r, m, n, hr = self.scale, self.margin, self.inner, self.pictures[which].hr
        (height, width), edge = self.sizes[which], self.margin + AROUND
        top, left = max(y - edge, 0), max(x - edge, 0)
        bottom, right = min(y + n + edge, height), min(x + n + edge, width)
        around = np.ascontiguousarray(hr[r * top : r * bottom, r * left : r * right])
        low = self.degradation(around, r, rng)
        y, x = y - top, x - left
        part = low[max(y - m, 0) : y + n + m, max(x - m, 0) : x + n + m]
        high = around[r * y : r * (y + n), r * x : r * (x + n)]
        return self.reflected(part, which, y + top, x + left), high

    def cut(
        self, which: int, y: int, x: int, rng: np.random.Generator
    ) -> tuple[NDArray[np.uint8], NDArray[np.uint16]]:
        """Return the luma of a crop, (crop, crop), and of the full picture at its inner part."""
        low, high = self.pair(which, y, x, rng)
        return rounded_luma(low), luma(high)

    def colour_base(self, window: int) -> NDArray[np.float32]:
        """Fit the base to the colour differences of random crops.

        Parameters
        ----------
        window : int
            Its side.

        Returns
        -------
        float32 ndarray (N, window * window)
            Weights of the pixels around, for each of the r x r output pixels, less 1 for the
            pixel itself: they sum to 0.
        """
        r, n, start = self.scale, self.inner, self.margin - window // 2
        middle = window**2 // 2
        square = np.zeros((window**2, window**2))
        mixed = np.zeros((window**2, r * r))
        rng = np.random.default_rng([self.seed, BASE_STEP])
        for _ in range(BASE_CROPS):
            low, high = (_differences(image) for image in self.pair(*self.place(rng), rng))
            orientation = int(rng.integers(4))
            if orientation & 1:
                low, high = low[::-1], high[::-1]
            if orientation & 2:
                low, high = low.swapaxes(0, 1), high.swapaxes(0, 1)
            near = np.stack(
                [
                    low[start + i : start + i + n, start + j : start + j + n]
                    for i in range(window)
                    for j in range(window)
                ],
                -1,
            )
            own = near[..., middle]
            cells = high.reshape(n, r, n, r, 2).transpose(0, 2, 4, 1, 3).reshape(n, n, 2, r * r)
            # With the pixel itself taken off on both sides, weights sum to 1 without a constraint.
            features = (near - own[..., None]).reshape(-1, window**2)
            square += features.T @ features
            mixed += features.T @ (cells - own[..., None]).reshape(-1, r * r)
        # Noise of each pixel, the own one included, adds so much to the sums of products.
        noise = COLOUR_NOISE**2 * 2 * n * n * BASE_CROPS
        square += noise * (np.eye(window**2) + 1)
        mixed += noise
        others = np.arange(window**2) != middle
        found = np.zeros((r * r, window**2), np.float32)
        found[:, others] = np.linalg.solve(square[np.ix_(others, others)], mixed[others]).T
        found[:, middle] = -found.sum(1)
        return found


def _differences(image: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Compute red and blue less luma, (H, W, 2)."""
    values = image.astype(np.float64)
    return values[..., ::2] - luma(image)[..., None] / 256
