"""The running mean of a run's losses, read from the device now and then."""

from __future__ import annotations

import math

import torch

from training.errors import TrainingError

#: Steps whose losses are read together: a GPU has to be waited for each time.
TOGETHER = 20


class RunningLoss:
    """The running mean of the losses of a run.

    Parameters
    ----------
    newest : float
        Weight of the newest step in the mean.
    lr : float
        The highest learning rate, for the message of an error.

    Attributes
    ----------
    mean : float
        Of the losses that have been read; not a number before the first.
    """

    def __init__(self, newest: float, lr: float) -> None:
        self.newest, self.lr, self.mean = newest, lr, math.nan
        self._unread: dict[int, torch.Tensor] = {}

    def add(self, step: int, loss: torch.Tensor) -> None:
        """Add the loss of a step; see `read`."""
        self._unread[step] = loss
        if len(self._unread) == TOGETHER:
            self.read()

    def read(self) -> float:
        """Read the losses since the last call, and return the mean.

        Raises
        ------
        TrainingError
            If one is not finite. A step may follow on it, but no row of the log and no checkpoint.
        """
        steps, losses = list(self._unread), list(self._unread.values())
        self._unread.clear()
        values = torch.stack(losses).tolist() if losses else []
        for step, value in zip(steps, values, strict=True):
            if not math.isfinite(value):
                raise TrainingError(
                    f"the loss is {value} at step {step}; the last checkpoint is complete. "
                    f"Try a lower --lr than {self.lr}"
                )
            old = value if math.isnan(self.mean) else self.mean
            self.mean = old + self.newest * (value - old)
        return self.mean
