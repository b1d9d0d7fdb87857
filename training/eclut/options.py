"""Options of the two routes to a table. Without torch, so that ``--help`` can print defaults."""

from __future__ import annotations

from dataclasses import dataclass, field

from training.errors import TrainingError
from training.options import RunOptions, check_least

#: Factor of the network's maps: with 1/4, the four rotations are averaged.
ALPHA = 0.25
#: Weight of cells where the picture is flat. With 1, tables make dots there.
FLAT_WEIGHT = 16.0


@dataclass(frozen=True, kw_only=True)
class EclutOptions(RunOptions):
    """Options of both routes.

    Attributes
    ----------
    expand_shift : int
        Output pixels that a tap moves its map by: the scale, or 1.
    """

    model: str = "eclut"
    expand_shift: int

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.expand_shift not in (1, self.scale):
            raise TrainingError(
                f"expand_shift must be 1 or the scale {self.scale}, got {self.expand_shift}"
            )


@dataclass(frozen=True, kw_only=True)
class TrainOptions(EclutOptions):
    """Options of the network route.

    Attributes
    ----------
    steps : int
        Training steps.
    batch : int
        Crops per step.
    crop : int
        Side of a crop's inner part, in input pixels.
    lr : float
        Highest learning rate.
    every : int
        Steps between checkpoints and validations.
    width : int
        Channels of the network's hidden layers.
    alpha : float
        Factor of the network's maps.
    """

    steps: int = 6500
    batch: int = 16
    crop: int = 48
    lr: float = 5e-3
    every: int = 500
    width: int = 64
    alpha: float = ALPHA


@dataclass(frozen=True, kw_only=True)
class FitOptions(EclutOptions):
    """Options of a fit; the shipped tables were made with the defaults.

    Attributes
    ----------
    free, limits, rounding : int
        Iterations of the three phases of `training.eclut.fit`; `free` is at least 1.
    smoothness : float
        Weight of the differences between neighbouring pairs, in occurrences of a pair.
    flat_weight : float, optional
        Weight of cells where the picture is flat; see `training.eclut.fit.weights`. By default
        `FLAT_WEIGHT`, and 1 with `expand_shift` 1, whose tables make few dots.
    borders : int
        Steps of `training.eclut.split.better_borders` at the end.
    every : int
        Iterations between checkpoints and validations.
    init : str, optional
        A model file (.npy) or the checkpoint of a network to start from.
    metrics : dict
        Folder of full-size images of each set whose figures the card gets.
    """

    free: int = 3
    limits: int = 24
    rounding: int = 8
    smoothness: float = 30.0
    flat_weight: float | None = None
    borders: int = 250
    every: int = 4
    init: str | None = None
    metrics: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        super().__post_init__()
        counts = {"free": 1, "limits": 0, "rounding": 0, "smoothness": 0, "borders": 0}
        check_least(self, {**counts, "weight_of_flats": 1})

    @property
    def weight_of_flats(self) -> float:
        """The weight of flat places, given or by default."""
        if self.flat_weight is not None:
            return self.flat_weight
        return FLAT_WEIGHT if self.expand_shift == self.scale else 1.0
