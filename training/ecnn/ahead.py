"""Crops made ahead of their step by other processes: degrading takes longer than a step."""

from __future__ import annotations

from collections import deque
from concurrent.futures import Future, ProcessPoolExecutor
from multiprocessing import get_context

import numpy as np
from numpy.typing import NDArray

from training.degradation.named import load_degradation
from training.ecnn.degraded import DegradedCrops
from training.evaluation.pictures import Picture

Batch = tuple[NDArray[np.uint8], NDArray[np.uint16]]

#: Steps that are made ahead, for each process.
AHEAD = 3

_crops: DegradedCrops | None = None


class CropsAhead:
    """The crops of a `DegradedCrops`, made by `workers` processes before they are asked for.

    Parameters
    ----------
    workers : int
    degrade : str
        Name of the degradation, see `training.degradation.named.load_degradation`.
    pictures, crop, margin, batch, seed
        See `DegradedCrops`.
    """

    def __init__(
        self,
        workers: int,
        degrade: str,
        pictures: list[Picture],
        crop: int,
        margin: int,
        batch: int,
        seed: int,
    ) -> None:
        self.ahead = AHEAD * workers
        self.queue: deque[tuple[int, Future[Batch]]] = deque()
        self.executor = ProcessPoolExecutor(
            workers,
            mp_context=get_context("spawn"),
            initializer=_start,
            initargs=(degrade, pictures, crop, margin, batch, seed),
        )

    def __call__(self, step: int) -> Batch:
        """Return the crops of a step, and have those of the next steps made."""
        if self.queue and self.queue[0][0] != step:
            self.queue.clear()
        next_step = step + len(self.queue)
        for later in range(next_step, step + self.ahead):
            self.queue.append((later, self.executor.submit(_make, later)))
        return self.queue.popleft()[1].result()

    def close(self) -> None:
        """End the processes."""
        self.executor.shutdown(cancel_futures=True)


def _start(degrade: str, *rest: object) -> None:
    global _crops
    pictures, *sizes = rest
    _crops = DegradedCrops(pictures, load_degradation(degrade), *sizes)  # type: ignore[arg-type]


def _make(step: int) -> Batch:
    assert _crops is not None
    return _crops(step)
