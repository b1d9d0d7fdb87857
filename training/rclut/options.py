"""Options of a training of RC-LUT. Without torch, so that ``--help`` can print the defaults."""

from __future__ import annotations

from dataclasses import dataclass

from training.errors import TrainingError
from training.options import RunOptions, check_least

#: Kinds of the tables of windows: with an activation inside, or as in the released code.
TABLES = ("curves", "lines")


@dataclass(frozen=True, kw_only=True)
class RclutOptions(RunOptions):
    """Options of a training of RC-LUT; the paper's, but for the number of steps.

    Attributes
    ----------
    tables : str
        One of `TABLES`.
    width : int
        Channels of hidden layers.
    steps : int
        Steps of the run.
    batch : int
        Crops per step.
    crop : int
        Side of a crop, in pixels of the shrunk picture.
    lr : float
        Highest learning rate.
    """

    model: str = "rclut"
    every: int = 250
    tables: str = "curves"
    width: int = 64
    steps: int = 20_000
    batch: int = 16
    crop: int = 48
    lr: float = 0.001

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.tables not in TABLES:
            raise TrainingError(f"tables must be one of {', '.join(TABLES)}, got {self.tables}")
        check_least(self, {"width": 1, "steps": 1, "batch": 1, "crop": 1, "lr": 0})
