"""What a fit may be told; without torch, so that ``--help`` can say the defaults."""

from __future__ import annotations

import math
from dataclasses import dataclass

from training.errors import TrainingError

DEVICES = ("auto", "cpu", "cuda")


@dataclass(frozen=True)
class FitOptions:
    """How a fit goes about it; the shipped tables were made with the defaults.

    Attributes
    ----------
    free, limits, rounding : int
        Iterations of the three phases of `training.eclut.fit.fit`; `free` is at least 1.
    smoothness : float
        Weight of the differences between neighbouring pairs, in occurrences of a pair.
    borders : int
        Steps of `training.eclut.split.better_borders` at the end.
    every : int
        Iterations per checkpoint and validation.
    seed : int
        Seed of the rounding and of the borders.
    device : str
        "auto" is CUDA where there is one.
    """

    free: int = 3
    limits: int = 24
    rounding: int = 8
    smoothness: float = 30.0
    borders: int = 250
    every: int = 4
    seed: int = 1
    device: str = "auto"

    def __post_init__(self) -> None:
        least = {"free": 1, "limits": 0, "rounding": 0, "smoothness": 0, "borders": 0, "every": 1}
        for name, low in least.items():
            value = getattr(self, name)
            if not low <= value < math.inf:
                raise TrainingError(f"{name} must be at least {low}, got {value}")
        if self.device not in DEVICES:
            raise TrainingError(f"device must be one of {', '.join(DEVICES)}, got {self.device}")
