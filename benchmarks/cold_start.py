"""Times of a fresh process: import, the first call of `upscale`, and `warmup`."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np

from . import images
from .processes import run_code
from .rounds import summary

IMPORT = """
import time
import numpy
start = time.perf_counter()
import lutsr
print(time.perf_counter() - start)
"""
FIRST_UPSCALE = """
import sys, time
import numpy
import lutsr
image = numpy.load(sys.argv[1])
start = time.perf_counter()
lutsr.upscale(image, 4, model=sys.argv[2], channel_axis=-1, rgb=True)
print(time.perf_counter() - start)
"""
WARMUP = """
import time
import lutsr
start = time.perf_counter()
lutsr.warmup()
print(time.perf_counter() - start)
"""


def measure_import(rounds: int) -> dict[str, Any]:
    """Time ``import lutsr`` after numpy has been imported."""
    seconds = [float(run_code(IMPORT)) for _ in range(rounds)]
    return summary(seconds)


def measure_first(model: str, rounds: int, height: int = 540, width: int = 960) -> dict[str, Any]:
    """Time the first `upscale` x4 of a process, with an empty and then with a filled numba cache.

    Parameters
    ----------
    model : str
    rounds : int
        Number of processes that use the filled cache.
    height, width : int
        Size of the input.
    """
    with tempfile.TemporaryDirectory() as folder:
        image = Path(folder, "image.npy")
        np.save(image, images.photograph(height, width))
        cache = os.path.join(folder, "cache")
        cold, *warm = [
            float(run_code(FIRST_UPSCALE, str(image), model, NUMBA_CACHE_DIR=cache))
            for _ in range(1 + rounds)
        ]
    return {
        "model": model,
        "no_cache_s": cold,
        "warm_median_s": median(warm),
        "warm_min_s": min(warm),
        "rounds": rounds,
    }


def measure_warmup(rounds: int) -> dict[str, Any]:
    """Time `warmup`, which compiles for all shipped models, with an empty and a filled cache."""
    with tempfile.TemporaryDirectory() as folder:
        cold, *warm = [
            float(run_code(WARMUP, NUMBA_CACHE_DIR=folder).splitlines()[-1])
            for _ in range(1 + rounds)
        ]
    return {"no_cache_s": cold, "warm_median_s": median(warm), "warm_min_s": min(warm)}
