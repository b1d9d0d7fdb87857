"""The numerical part of the fit: smoothness, preconditioner, descent, rounding.

The objective is half the sum of squared residuals, plus smoothness over neighbouring pairs,
plus a slight pull to zero. The pull is there because windows are not unique: what depends
on one pixel alone may be moved between the four pairs that the pixel is part of, and only
small values fit 8 bits.
"""

from __future__ import annotations

import numpy as np
import torch

from training.eclut.fit.data import Passes
from training.eclut.windows import LEVELS, symmetrise

#: Weight of the pull to zero, relative to how often a pair occurs.
PULL = 1e-3
#: Coarse features: hat functions of the difference q - p, at these values of it ...
KNOTS = (0, 1, 2, 3, 4, 6, 8, 11, 16, 23, 32, 48, 64, 96, 128, 192, 255)
#: ... times hat functions of the mean grey level, this many.
MEANS = 3
#: Share of the worthwhile changes that one round of rounding makes, to begin with.
CHANGES = 0.25


def roughness(windows: torch.Tensor) -> torch.Tensor:
    """Half the gradient of the squared differences between neighbouring pairs.

    These are first differences towards the pair one level brighter, and second differences
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
    """Diagonal (256, 256) of `roughness` as a matrix."""
    out = torch.zeros(LEVELS, LEVELS)
    out[1:, 1:] += 1
    out[:-1, :-1] += 1
    for along in (out, out.T):
        along[2:] += 1
        along[1:-1] += 4
        along[:-2] += 1
    return out


def _coarse_features() -> tuple[np.ndarray, np.ndarray, int]:
    """Nodes that every pair is interpolated from, how much of each, and their number."""
    knots = np.array([-k for k in KNOTS[:0:-1]] + list(KNOTS))
    p, q = np.divmod(np.arange(LEVELS * LEVELS), LEVELS)
    left = np.clip(np.searchsorted(knots, q - p, "right") - 1, 0, len(knots) - 2)
    right_part = (q - p - knots[left]) / (knots[left + 1] - knots[left])
    place = (p + q) / 2 / (LEVELS - 1) * (MEANS - 1)
    low = np.clip(place.astype(int), 0, MEANS - 2)
    high_part = place - low
    nodes, parts = [], []
    for across, part in ((left, 1 - right_part), (left + 1, right_part)):
        nodes += [across * MEANS + low, across * MEANS + low + 1]
        parts += [part * (1 - high_part), part * high_part]
    # fmt: off
    return (
        np.stack(nodes, 1).astype(np.int32), np.stack(parts, 1).astype(np.float32),
        len(knots) * MEANS,
    )
    # fmt: on


class Objective:
    """Gradient and value of the objective, with a preconditioner.

    How windows overlap makes the problem badly conditioned, above all for smooth functions of the
    pair: 24 windows, all much alike, add up to one output pixel. But which windows these are is
    the same for all output pixels of a cell. So for *coarse* windows, interpolated between
    a hundred nodes, the normal equations are one small dense matrix, and are solved exactly;
    the rest is divided by the diagonal. The two are kept apart by projections.

    Parameters
    ----------
    passes : Passes
    smoothness : float
        Weight of the roughness, in occurrences of a pair.
    mask : torch.Tensor
        (4, 3, r, r), 1 where windows may be other than zero.
    """

    def __init__(self, passes: Passes, smoothness: float, mask: torch.Tensor) -> None:
        self.passes, self.smoothness = passes, smoothness
        device = passes.device
        diagonal = passes.counts() + smoothness * _roughness_diagonal()
        # Without smoothness, pairs that never occur would have zeros here.
        diagonal = (diagonal * (1 + PULL) + 1e-3).reshape(LEVELS * LEVELS, 1)
        nodes, parts, count = _coarse_features()
        coarse = torch.zeros(LEVELS * LEVELS, count)
        coarse.scatter_add_(1, torch.from_numpy(nodes).to(torch.int64), torch.from_numpy(parts))
        local = coarse.T.double() @ (diagonal.double() * coarse.double())
        rough = roughness(coarse.reshape(LEVELS, LEVELS, count)).reshape(-1, count)
        bend = smoothness * (coarse.T @ rough).double()
        gram = passes.gram(nodes, parts, count).reshape(24, count, 24, count)
        for k in range(24):  # half, because each window has two places: above and beside
            gram[k, :, k] += 0.5 * bend + 0.5 * PULL * local
        # Which of the 24 places may be other than zero differs between the pixels of a cell.
        places = self._by_place(mask[None]).reshape(24, -1) != 0
        self.coarse_inverses = []
        for pattern in places.unique(dim=1).T:
            pixels = (places == pattern[:, None]).all(0).nonzero()[:, 0]
            used = pattern.nonzero()[:, 0]
            part = gram[used][:, :, used].reshape(len(used) * count, len(used) * count)
            part = (part + part.T) / 2
            part += 1e-7 * part.diagonal().mean() * torch.eye(len(part), dtype=torch.float64)
            inverse = torch.linalg.inv(part).to(torch.float32)
            self.coarse_inverses.append(tuple(t.to(device) for t in (pixels, used, inverse)))
        local += 1e-9 * local.diagonal().mean() * torch.eye(count, dtype=torch.float64)
        self.local_inverse = torch.linalg.inv(local).to(device, torch.float32)
        self.diagonal, self.coarse = diagonal.to(device), coarse.to(device)
        self.mask = mask.to(device)

    def penalty(self, windows: torch.Tensor) -> torch.Tensor:
        """Gradient of what does not depend on the pictures."""
        pull = PULL * self.diagonal.reshape(LEVELS, LEVELS, 1, 1, 1, 1) * windows
        return self.smoothness * symmetrise(roughness(windows)) + pull

    def gradient(self, windows: torch.Tensor) -> tuple[torch.Tensor, float]:
        """Gradient, and value, of the objective."""
        sums, squares = self.passes(windows)
        penalty = self.penalty(windows)
        value = 0.5 * (squares + dot(windows, penalty))
        return (sums + penalty) * self.mask, value

    def curvature(self, direction: torch.Tensor) -> torch.Tensor:
        """Change of the gradient along a direction."""
        return (self.passes(direction, 0.0)[0] + self.penalty(direction)) * self.mask

    @staticmethod
    def _by_place(nodes: torch.Tensor) -> torch.Tensor:
        """Values (24, N, r * r) at the places above and beside, of windows (N, 4, 3, r, r)."""
        count, r = len(nodes), nodes.shape[-1]
        above = nodes.permute(1, 2, 0, 3, 4).reshape(12, count, r * r)
        side = nodes.permute(2, 1, 0, 4, 3).reshape(12, count, r * r)
        return torch.cat([above, side])

    def _solve_coarse(self, gradient: torch.Tensor) -> torch.Tensor:
        r = gradient.shape[-1]
        count = self.coarse.shape[1]
        nodes = (self.coarse.T @ gradient.reshape(LEVELS * LEVELS, -1)).reshape(count, 4, 3, r, r)
        values = self._by_place(nodes)
        solved = torch.zeros_like(values)
        for pixels, used, inverse in self.coarse_inverses:
            some = values[used][:, :, pixels]
            some = (inverse @ some.reshape(len(inverse), -1)).reshape(some.shape)
            solved[used[:, None], :, pixels] = some.permute(0, 2, 1)
        above, side = solved.split(12)
        nodes = above.reshape(4, 3, count, r, r).permute(2, 0, 1, 3, 4)
        nodes = nodes + side.reshape(3, 4, count, r, r).permute(2, 1, 0, 4, 3)
        # A quarter: the windows are counted twice on the way in, and twice on the way out.
        return (self.coarse @ (nodes / 4).reshape(count, -1)).reshape(gradient.shape)

    def precondition(self, gradient: torch.Tensor) -> torch.Tensor:
        """Approximate the step that would bring a gradient to zero."""
        C, D, inverse = self.coarse, self.diagonal, self.local_inverse
        fine = gradient.reshape(LEVELS * LEVELS, -1)
        fine = (fine - D * (C @ (inverse @ (C.T @ fine)))) / D
        fine = fine - C @ (inverse @ (C.T @ (D * fine)))
        step = fine.reshape(gradient.shape) + self._solve_coarse(gradient)
        return symmetrise(step) * self.mask


def dot(a: torch.Tensor, b: torch.Tensor) -> float:
    """Inner product."""
    return float(torch.dot(a.reshape(-1), b.reshape(-1)))


class Descent:
    """Conjugate gradients that can be stopped and resumed, within limits where told to.

    Attributes
    ----------
    windows : torch.Tensor
    value : float
        The objective there.
    """

    def __init__(self, objective: Objective, windows: torch.Tensor) -> None:
        self.objective, self.windows = objective, windows
        self.value = float("nan")
        self.free = self.residual = self.direction = torch.zeros(())
        self.size = 0.0

    def restart(
        self, low: torch.Tensor | float = -np.inf, high: torch.Tensor | float = np.inf
    ) -> None:
        """Start afresh from here: clamped, those that press against their limits held there."""
        self.windows = self.windows.clamp(low, high)
        gradient, self.value = self.objective.gradient(self.windows)
        held = ((self.windows <= low) & (gradient > 0)) | ((self.windows >= high) & (gradient < 0))
        self.free = 1.0 - held.to(torch.float32)
        self.residual = -gradient * self.free
        self.direction = self.objective.precondition(self.residual) * self.free
        self.size = dot(self.residual, self.direction)

    def step(self) -> None:
        """Go to the lowest point along the direction, and find the next direction."""
        bent = self.objective.curvature(self.direction) * self.free
        against = dot(self.direction, bent)
        if self.size <= 0 or against <= 0:  # at the bottom, to the precision of float32
            return
        length = self.size / against
        self.windows = self.windows + length * self.direction
        self.residual = self.residual - length * bent
        self.value -= 0.5 * length * self.size
        step = self.objective.precondition(self.residual) * self.free
        size = dot(self.residual, step)
        self.direction = step + (size / self.size) * self.direction
        self.size = size

    def state(self) -> dict[str, torch.Tensor | float]:
        """All that `load` needs."""
        names = ("windows", "value", "free", "residual", "direction", "size")
        return {name: getattr(self, name) for name in names}

    def load(self, state: dict[str, torch.Tensor | float]) -> None:
        """Continue from a `state`."""
        for name, value in state.items():
            setattr(self, name, value)


class Rounding:
    """Whole-numbered windows, changed by one where that lowers the objective.

    In every round the gradient says for each value what a change by one would gain if it were
    alone; a random share of those that gain is made. A round that did not help is undone and
    the share halved.

    Attributes
    ----------
    windows : torch.Tensor
        The best found so far.
    value : float
        The objective there.
    """

    def __init__(
        self, objective: Objective, windows: torch.Tensor, low: torch.Tensor, high: torch.Tensor
    ) -> None:
        self.objective, self.low, self.high = objective, low, high
        self.windows = windows.round().clamp(low, high)
        self.gradient, self.value = objective.gradient(self.windows)
        self.share = CHANGES

    def step(self, seed: int) -> None:
        """One round."""
        diagonal = self.objective.diagonal.reshape(LEVELS, LEVELS, 1, 1, 1, 1)
        generator = torch.Generator().manual_seed(seed)
        chance = torch.rand(self.windows.shape, generator=generator).to(self.windows.device)
        # The same for all four values that must stay equal.
        chance = torch.maximum(chance, chance.flip(3, 5))
        chance = torch.maximum(chance, chance.transpose(0, 1).flip(2, 3, 4, 5))
        change = -torch.sign(self.gradient) * (self.gradient.abs() > 0.5 * diagonal)
        change *= chance < self.share**0.25
        trial = (self.windows + change).clamp(self.low, self.high)
        gradient, value = self.objective.gradient(trial)
        if value < self.value:
            self.windows, self.gradient, self.value = trial, gradient, value
        else:
            self.share /= 2

    def state(self) -> dict[str, torch.Tensor | float]:
        """All that `load` needs."""
        return {name: getattr(self, name) for name in ("windows", "gradient", "value", "share")}

    def load(self, state: dict[str, torch.Tensor | float]) -> None:
        """Continue from a `state`."""
        for name, value in state.items():
            setattr(self, name, value)
