"""Options of a training of ECNN. Without torch, so that ``--help`` can print the defaults."""

from __future__ import annotations

from dataclasses import dataclass

from training.errors import TrainingError
from training.options import RunOptions, check_least

#: What `units` and `last_units` may be: divisors of sums are powers of two.
UNITS = (8, 16, 32, 64)


@dataclass(frozen=True, kw_only=True)
class EcnnOptions(RunOptions):
    """Options of a training of ECNN.

    Attributes
    ----------
    channels, layers, window, kinks, knots, units, last_units : int
        Size of the network; see `training.ecnn.network.Shape`.
    steps : int
        Steps of the run.
    batch : int
        Crops per step.
    crop : int
        Side of a crop, in pixels of the shrunk picture, margin included.
    lr : float
        Highest learning rate of Muon.
    offset : float
        Added to a crop's mean squared error, in squares of grey levels, before its logarithm.
    round_at : float
        Fraction of the run from which on hidden maps are rounded to their levels.
    tables_at : float
        Fraction of the run from which on the result is that of the rounded tables.
    excess : float
        Weight of the penalty on entries that exceed the range of int8.
    excess_at : float
        Fraction of the run from which on there is a penalty.
    init : str, optional
        What to start from: the checkpoint of another run, a model file, or the name of a shipped
        model, whose scale may be another. Weights of the same shape are taken over; hidden layers
        that it lacks are added at its end.
    teacher : str, optional
        A model file, or the name of a shipped model of the same scale, whose pictures are mixed
        into the targets; see `training.ecnn.teacher`.
    teacher_share : float
        Its share in the targets.
    degrade : str, optional
        Degradation of the inputs, of `training.degradation.named`; by default pictures are only
        reduced.
    workers : int
        Processes that degrade the crops of coming steps; 0 does it in this one.
    """

    model: str = "ecnn"
    every: int = 2500
    channels: int = 16
    layers: int = 4
    window: int = 5
    kinks: int = 1
    knots: int = 8
    units: int = 16
    last_units: int = 8
    steps: int = 60_000
    batch: int = 8
    crop: int = 96
    lr: float = 0.02
    offset: float = 50.0
    round_at: float = 0.1
    tables_at: float = 1.0
    excess: float = 0.00001
    excess_at: float = 0.0
    init: str | None = None
    teacher: str | None = None
    teacher_share: float = 0.5
    degrade: str | None = None
    workers: int = 0

    def __post_init__(self) -> None:
        super().__post_init__()
        least = {"channels": 1, "layers": 0, "window": 1, "kinks": 0, "knots": 1, "steps": 1}
        check_least(self, {**least, "batch": 1, "lr": 0, "offset": 0, "excess": 0, "workers": 0})
        if self.workers and self.degrade is None:
            raise TrainingError("workers are for degraded inputs; leave them out, or add degrade")
        if self.teacher is not None and self.degrade is not None:
            raise TrainingError(
                "a teacher is for inputs that are only reduced; leave it out, or leave out degrade"
            )
        for name in ("round_at", "tables_at", "excess_at", "teacher_share"):
            if not 0 <= getattr(self, name) <= 1:
                raise TrainingError(f"{name} must be within 0 and 1, got {getattr(self, name)}")
        if self.tables_at < self.round_at:
            raise TrainingError(
                f"tables_at must not be below round_at, {self.round_at}, got {self.tables_at}: "
                "tables need hidden maps of whole levels"
            )
        for name in ("units", "last_units"):
            if getattr(self, name) not in UNITS:
                raise TrainingError(f"{name} must be one of {UNITS}, got {getattr(self, name)}")
        if self.window % 2 == 0:
            raise TrainingError(f"window must be odd, got {self.window}")
        margin = self.window // 2 + self.layers + 1
        if self.crop <= 2 * margin:
            raise TrainingError(f"crop must be more than {2 * margin}, got {self.crop}")
