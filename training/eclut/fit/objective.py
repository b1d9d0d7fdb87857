"""The objective of the fit, its gradient, and a preconditioner.

The objective is half the sum of squared residuals, plus a penalty on differences between
neighbouring pairs (smoothness), plus a slight penalty on the values themselves. The last one is
needed because windows are not unique: what depends on one pixel alone can be moved between the
four pairs that the pixel is part of, and only small values fit 8 bits.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

from training.eclut.constants import LEVELS, PAIRS, WINDOW
from training.eclut.fit.passes import Passes
from training.eclut.windows import symmetrise

#: Weight of the penalty on values, relative to the number of occurrences of a pair.
PULL = 1e-3
#: Coarse features: hat functions of the difference q - p, with their peaks at these values ...
KNOTS = (0, 1, 2, 3, 4, 6, 8, 11, 16, 23, 32, 48, 64, 96, 128, 192, 255)
#: ... times this many hat functions of the mean grey level.
MEANS = 3
#: Places of a pair's window that reach a cell: 12 of pairs above, 12 of pairs beside each other.
PLACES = 24


def roughness(windows: torch.Tensor) -> torch.Tensor:
    """Compute half the gradient of the squared differences between neighbouring pairs.

    These are first differences to the pair that is one level brighter, and second differences
    along either level.
    """
    out = torch.zeros_like(windows)
    step = windows[1:, 1:] - windows[:-1, :-1]
    out[1:, 1:] += step
    out[:-1, :-1] -= step
    for low, mid, high in (
        (np.s_[:-2], np.s_[1:-1], np.s_[2:]),
        (np.s_[:, :-2], np.s_[:, 1:-1], np.s_[:, 2:]),
    ):
        bend = windows[high] - 2 * windows[mid] + windows[low]
        out[high] += bend
        out[mid] -= 2 * bend
        out[low] += bend
    return out


def _roughness_diagonal() -> torch.Tensor:
    """Return the diagonal (256, 256) of `roughness` as a matrix."""
    out = torch.zeros(LEVELS, LEVELS)
    out[1:, 1:] += 1
    out[:-1, :-1] += 1
    for along in (out, out.T):
        along[2:] += 1
        along[1:-1] += 4
        along[:-2] += 1
    return out


class CoarseFeatures(NamedTuple):
    """How windows of all pairs are interpolated from those of a few nodes.

    Attributes
    ----------
    nodes : int32 (65536, K)
        Numbers of the nodes of each pair.
    weights : float32 (65536, K)
        Their weights.
    size : int
        Number of nodes.
    """

    nodes: NDArray[np.int32]
    weights: NDArray[np.float32]
    size: int


def coarse_features() -> CoarseFeatures:
    """Compute nodes and weights of all pairs, by `KNOTS` and `MEANS`."""
    knots = np.array([-k for k in KNOTS[:0:-1]] + list(KNOTS))
    p, q = np.divmod(np.arange(PAIRS), LEVELS)
    left = np.clip(np.searchsorted(knots, q - p, "right") - 1, 0, len(knots) - 2)
    right_part = (q - p - knots[left]) / (knots[left + 1] - knots[left])
    place = (p + q) / 2 / (LEVELS - 1) * (MEANS - 1)
    low = np.clip(place.astype(int), 0, MEANS - 2)
    high_part = place - low
    nodes, parts = [], []
    for across, part in ((left, 1 - right_part), (left + 1, right_part)):
        nodes += [across * MEANS + low, across * MEANS + low + 1]
        parts += [part * (1 - high_part), part * high_part]
    return CoarseFeatures(
        np.stack(nodes, 1).astype(np.int32),
        np.stack(parts, 1).astype(np.float32),
        len(knots) * MEANS,
    )


class Objective:
    """Gradient and value of the objective, with a preconditioner.

    Because windows overlap, the problem is badly conditioned, above all for smooth functions of
    the pair: 24 windows, all similar, add up to one output pixel. But these are the same windows
    for all output pixels of a cell. So for *coarse* windows, interpolated between a hundred
    nodes, the normal equations are one small dense matrix, which is inverted; the rest is divided
    by the diagonal. Projections separate the two.

    Parameters
    ----------
    passes : Passes
    smoothness : float
        Weight of the roughness, in occurrences of a pair.
    mask : torch.Tensor
        (4, 3, r, r), 1 where windows may be nonzero.
    """

    def __init__(self, passes: Passes, smoothness: float, mask: torch.Tensor) -> None:
        self.passes, self.smoothness = passes, smoothness
        device = passes.device
        diagonal = passes.counts() + smoothness * _roughness_diagonal()
        # Without smoothness, this would be 0 for pairs that never occur.
        diagonal = (diagonal * (1 + PULL) + 1e-3).reshape(PAIRS, 1)
        features = coarse_features()
        count = features.size
        coarse = torch.zeros(PAIRS, count)
        coarse.scatter_add_(
            1, torch.from_numpy(features.nodes).to(torch.int64), torch.from_numpy(features.weights)
        )
        local = coarse.T.double() @ (diagonal.double() * coarse.double())
        rough = roughness(coarse.reshape(LEVELS, LEVELS, count)).reshape(-1, count)
        bend = smoothness * (coarse.T @ rough).double()
        gram = passes.gram(*features).reshape(PLACES, count, PLACES, count)
        for k in range(PLACES):  # half, because each window has two places: above and beside
            gram[k, :, k] += 0.5 * bend + 0.5 * PULL * local
        self.coarse_inverses = self._invert(gram, mask, device)
        local += 1e-9 * local.diagonal().mean() * torch.eye(count, dtype=torch.float64)
        self.local_inverse = torch.linalg.inv(local).to(device, torch.float32)
        self.diagonal, self.coarse = diagonal.to(device), coarse.to(device)
        self.mask = mask.to(device)

    def _invert(
        self, gram: torch.Tensor, mask: torch.Tensor, device: torch.device
    ) -> list[tuple[torch.Tensor, torch.Tensor, torch.Tensor]]:
        """Invert the coarse normal equations, for each pattern of places that may be nonzero.

        Which of the 24 places may be nonzero differs between the pixels of a cell.

        Returns
        -------
        list of tuple
            Pixels of the pattern, its places, and the inverse.
        """
        count = gram.shape[1]
        places = self._by_place(mask[None]).reshape(PLACES, -1) != 0
        inverses = []
        for pattern in places.unique(dim=1).T:
            pixels = (places == pattern[:, None]).all(0).nonzero()[:, 0]
            used = pattern.nonzero()[:, 0]
            part = gram[used][:, :, used].reshape(len(used) * count, len(used) * count)
            part = (part + part.T) / 2
            part += 1e-7 * part.diagonal().mean() * torch.eye(len(part), dtype=torch.float64)
            inverse = torch.linalg.inv(part).to(torch.float32)
            inverses.append((pixels.to(device), used.to(device), inverse.to(device)))
        return inverses

    def penalty(self, windows: torch.Tensor) -> torch.Tensor:
        """Compute the gradient of the terms that do not depend on the pictures."""
        pull = PULL * self.diagonal.reshape(LEVELS, LEVELS, 1, 1, 1, 1) * windows
        return self.smoothness * symmetrise(roughness(windows)) + pull

    def gradient(self, windows: torch.Tensor) -> tuple[torch.Tensor, float]:
        """Compute the gradient and the value of the objective."""
        sums, squares = self.passes(windows)
        penalty = self.penalty(windows)
        value = 0.5 * (squares + dot(windows, penalty))
        return (sums + penalty) * self.mask, value

    def curvature(self, direction: torch.Tensor) -> torch.Tensor:
        """Compute the change of the gradient along a direction."""
        return (self.passes(direction, 0.0)[0] + self.penalty(direction)) * self.mask

    @staticmethod
    def _by_place(nodes: torch.Tensor) -> torch.Tensor:
        """Return the values (24, N, r * r), by place, of windows (N, 4, 3, r, r)."""
        count, r = len(nodes), nodes.shape[-1]
        above = nodes.permute(1, 2, 0, 3, 4).reshape(PLACES // 2, count, r * r)
        side = nodes.permute(2, 1, 0, 4, 3).reshape(PLACES // 2, count, r * r)
        return torch.cat([above, side])

    def _solve_coarse(self, gradient: torch.Tensor) -> torch.Tensor:
        """Solve the normal equations of coarse windows."""
        r = gradient.shape[-1]
        count = self.coarse.shape[1]
        nodes = (self.coarse.T @ gradient.reshape(PAIRS, -1)).reshape(count, *WINDOW, r, r)
        values = self._by_place(nodes)
        solved = torch.zeros_like(values)
        for pixels, used, inverse in self.coarse_inverses:
            some = values[used][:, :, pixels]
            some = (inverse @ some.reshape(len(inverse), -1)).reshape(some.shape)
            solved[used[:, None], :, pixels] = some.permute(0, 2, 1)
        above, side = solved[: PLACES // 2], solved[PLACES // 2 :]
        nodes = above.reshape(*WINDOW, count, r, r).permute(2, 0, 1, 3, 4)
        nodes = nodes + side.reshape(*WINDOW[::-1], count, r, r).permute(2, 1, 0, 4, 3)
        # A quarter: windows are counted twice on the way in, and twice on the way out.
        return (self.coarse @ (nodes / 4).reshape(count, -1)).reshape(gradient.shape)

    def precondition(self, gradient: torch.Tensor) -> torch.Tensor:
        """Compute approximately the step that makes a gradient zero."""
        C, D, inverse = self.coarse, self.diagonal, self.local_inverse
        fine = gradient.reshape(PAIRS, -1)
        fine = (fine - D * (C @ (inverse @ (C.T @ fine)))) / D
        fine = fine - C @ (inverse @ (C.T @ (D * fine)))
        step = fine.reshape(gradient.shape) + self._solve_coarse(gradient)
        return symmetrise(step) * self.mask


def dot(a: torch.Tensor, b: torch.Tensor) -> float:
    """Return the inner product."""
    return float(torch.dot(a.reshape(-1), b.reshape(-1)))
