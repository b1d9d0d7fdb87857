"""Times of calls in interleaved rounds."""

from __future__ import annotations

import time
from collections.abc import Callable, Hashable, Mapping
from statistics import median
from typing import Any, TypeVar

import numpy as np

Case = TypeVar("Case", bound=Hashable)


def interleaved(calls: Mapping[Case, Callable[[], object]], rounds: int) -> dict[Case, list[float]]:
    """Time calls, each once in every round, in random order, after a round that may compile.

    The speed of a machine changes over minutes: only times of the same rounds are to be compared.

    Parameters
    ----------
    calls : mapping
        What to call, by case.
    rounds : int

    Returns
    -------
    dict
        Seconds by case, one per round.
    """
    cases, rng = list(calls), np.random.default_rng(0)
    taken: dict[Case, list[float]] = {case: [] for case in cases}
    for turn in range(-1, rounds):
        for k in rng.permutation(len(cases)):
            start = time.perf_counter()
            calls[cases[k]]()
            seconds = time.perf_counter() - start
            if turn >= 0:
                taken[cases[k]].append(seconds)
    return taken


def summary(seconds: list[float]) -> dict[str, Any]:
    """Return what is saved of the times of a case."""
    return {"median_s": median(seconds), "min_s": min(seconds), "rounds": len(seconds)}
