"""The solvers of the fit: conjugate gradients within limits, and rounding to integers."""

from __future__ import annotations

import math
from typing import Any

import torch

from training.eclut.constants import LEVELS
from training.eclut.fit.objective import Objective, dot

#: Fraction of the useful changes that a round of rounding makes, at first.
CHANGES = 0.25

Limits = tuple[torch.Tensor, torch.Tensor]


class Descent:
    """Conjugate gradients that can be stopped and resumed, optionally within limits.

    `restart` must be called before the first `step`, unless all arguments come from a `state`.

    Parameters
    ----------
    objective : Objective
    windows : torch.Tensor
        The point to start from.
    value : float
        The objective there.
    free, residual, direction : torch.Tensor
        Which values may change (1 or 0); the negative gradient of those; the direction.
    size : float
        Inner product of the residual and the preconditioned residual.
    """

    def __init__(
        self,
        objective: Objective,
        windows: torch.Tensor,
        value: float = math.nan,
        free: torch.Tensor | None = None,
        residual: torch.Tensor | None = None,
        direction: torch.Tensor | None = None,
        size: float = 0.0,
    ) -> None:
        none = torch.zeros(())
        self.objective, self.windows, self.value = objective, windows, value
        self.free = none if free is None else free
        self.residual = none if residual is None else residual
        self.direction = none if direction is None else direction
        self.size = size

    def restart(self, limits: Limits | None = None) -> None:
        """Restart: clamp, and fix the values at a limit whose step would leave it."""
        infinite = self.windows.new_full((), math.inf)
        low, high = limits or (-infinite, infinite)
        self.windows = self.windows.clamp(low, high)
        gradient, self.value = self.objective.gradient(self.windows)
        held = ((self.windows <= low) & (gradient > 0)) | ((self.windows >= high) & (gradient < 0))
        self.free = 1.0 - held.to(torch.float32)
        self.residual = -gradient * self.free
        self.direction = self.objective.precondition(self.residual) * self.free
        self.size = dot(self.residual, self.direction)

    def step(self) -> None:
        """Minimise along the direction, and compute the next direction."""
        bent = self.objective.curvature(self.direction) * self.free
        against = dot(self.direction, bent)
        if self.size <= 0 or against <= 0:  # at the minimum, to the precision of float32
            return
        length = self.size / against
        self.windows = self.windows + length * self.direction
        self.residual = self.residual - length * bent
        self.value -= 0.5 * length * self.size
        step = self.objective.precondition(self.residual) * self.free
        size = dot(self.residual, step)
        self.direction = step + (size / self.size) * self.direction
        self.size = size

    def state(self) -> dict[str, Any]:
        """Return all arguments of a solver that continues from here, but the objective."""
        names = ("windows", "value", "free", "residual", "direction", "size")
        return {name: getattr(self, name) for name in names}


class Rounding:
    """Windows of integers, changed by one where that lowers the objective.

    In every round the gradient gives for each value the gain of a change by one, if it were the
    only one; a random fraction of the useful changes is made. A round that raises the objective is
    undone, and the fraction is halved.

    Parameters
    ----------
    objective : Objective
    limits : tuple of torch.Tensor
        Lowest and highest values.
    windows : torch.Tensor
        The best found so far.
    gradient : torch.Tensor
        The gradient of the objective there.
    value : float
        The objective there.
    share : float
        The fraction.
    unit : float
        Distance of two values that a table can give.
    """

    def __init__(
        self,
        objective: Objective,
        limits: Limits,
        windows: torch.Tensor,
        gradient: torch.Tensor,
        value: float,
        share: float = CHANGES,
        unit: float = 1.0,
    ) -> None:
        self.objective, self.limits, self.unit = objective, limits, unit
        self.windows, self.gradient, self.value, self.share = windows, gradient, value, share

    @classmethod
    def start(
        cls,
        objective: Objective,
        windows: torch.Tensor,
        limits: Limits,
        unit: float = 1.0,
        own: torch.Tensor | float = 0.0,
    ) -> Rounding:
        """Round windows to multiples of `unit`, with `own` added to them, within limits."""
        windows = (((windows + own) / unit).round() * unit - own).clamp(*limits)
        return cls(objective, limits, windows, *objective.gradient(windows), unit=unit)

    def step(self, seed: int) -> None:
        """Do one round."""
        diagonal = self.objective.diagonal.reshape(LEVELS, LEVELS, 1, 1, 1, 1)
        generator = torch.Generator().manual_seed(seed)
        chance = torch.rand(self.windows.shape, generator=generator).to(self.windows.device)
        # The same for all four values that must stay equal.
        chance = torch.maximum(chance, chance.flip(3, 5))
        chance = torch.maximum(chance, chance.transpose(0, 1).flip(2, 3, 4, 5))
        useful = self.gradient.abs() > 0.5 * self.unit * diagonal
        change = -self.unit * torch.sign(self.gradient) * useful
        change *= chance < self.share**0.25
        trial = (self.windows + change).clamp(*self.limits)
        gradient, value = self.objective.gradient(trial)
        if value < self.value:
            self.windows, self.gradient, self.value = trial, gradient, value
        else:
            self.share /= 2

    def state(self) -> dict[str, Any]:
        """Return all arguments of a solver that continues from here, but limits and unit."""
        return {name: getattr(self, name) for name in ("windows", "gradient", "value", "share")}
