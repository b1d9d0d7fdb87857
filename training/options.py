"""Options of every run. Without torch, so that ``--help`` can print the defaults."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from lutsr._engine import SCALES
from training.errors import TrainingError

DEVICES = ("auto", "cpu", "cuda")


@dataclass(frozen=True, kw_only=True)
class RunOptions:
    """Options that every run has, whatever it trains; a family adds its own.

    Attributes
    ----------
    images : str
        Folder of images to train on, searched recursively.
    out : str
        Folder of the run.
    val : str, optional
        Folder of images to validate on. The result does not depend on it.
    scale : int
        2, 3 or 4.
    model : str
        Name of the model.
    seed : int
        Seed of all random numbers.
    device : str
        "auto" is CUDA where there is a CUDA device.
    every : int
        Steps between checkpoints.
    licences : dict
        Licence of each data set (sub-folder of `images`), for the card.
    command : str
        Command line, for the card.

    Raises
    ------
    TrainingError
        If a value is out of range.
    """

    images: str
    out: str
    val: str | None = None
    scale: int = 4
    model: str
    seed: int = 1
    device: str = "auto"
    every: int
    licences: dict[str, str] = field(default_factory=dict)
    command: str = ""

    def __post_init__(self) -> None:
        if self.scale not in SCALES:
            raise TrainingError(f"the scale must be 2, 3 or 4, got {self.scale}")
        if self.device not in DEVICES:
            raise TrainingError(f"device must be one of {', '.join(DEVICES)}, got {self.device}")
        check_least(self, {"every": 1})


def check_least(options: Any, least: Mapping[str, float]) -> None:
    """Check that options are finite and not below their least values.

    Raises
    ------
    TrainingError
        If one is.
    """
    for name, low in least.items():
        value = getattr(options, name)
        if not low <= value < math.inf:
            raise TrainingError(f"{name} must be at least {low}, got {value}")
