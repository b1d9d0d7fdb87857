"""Measure cold start, memory, tables, video, and time by size, by depth and of `resize`.

``python -m benchmarks.costs [PART ...]``; each part has a file of results, and what it measures
runs in fresh processes.
"""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np

from . import cold_start, depths, memory, records, resizing, scaling, tables, video
from .contenders import CONTENDERS, MODELS
from .measurements import COSTS
from .processes import call_fresh

#: Height and width of the input, x4: that of ``compare``, and one with 100 megapixels of output.
MEMORY_SIZES = ((540, 960), (2500, 2500))


def there(quick: bool) -> list[str]:
    """Return the models that are shipped at x4, or one of them."""
    return [model for model in MODELS if not CONTENDERS[f"lutsr {model}"].missing(4)][
        : 1 if quick else None
    ]


def measure_writing(models: list[str], quick: bool) -> dict[str, Any]:
    """Time filling an output of the size of ``compare``, a lower bound for every method."""
    out = np.ones((2160, 3840, 3), np.uint8)
    seconds = []
    for value in range(25):
        start = time.perf_counter()
        out.fill(value)
        seconds.append(time.perf_counter() - start)
    return {"bytes": out.nbytes, "median_s": median(seconds), "rounds": len(seconds)}


def measure_start(models: list[str], quick: bool) -> dict[str, Any]:
    """Time the first calls of fresh processes."""
    return {
        "import": cold_start.measure_import(3 if quick else 11),
        "first_upscale": [cold_start.measure_first(model, 1 if quick else 5) for model in models],
        "warmup": None if quick else cold_start.measure_warmup(1),
    }


def measure_video(models: list[str], quick: bool) -> dict[str, Any]:
    """Measure the frames per second of raw video."""
    return {"entries": [video.frame_rate(model, 10 if quick else 240) for model in models]}


def measure_memory(models: list[str], quick: bool) -> dict[str, Any]:
    """Measure peak memory by model, size, layout and number of workers."""
    entries: list[dict[str, Any]] = []
    reason = memory.missing()
    for model in [] if reason else models:
        for height, width in MEMORY_SIZES[: 1 if quick else None]:
            for layout in memory.LAYOUTS:
                for workers in (1, 2):
                    case = (model, scaling.SCALE, layout, height, width, workers)
                    extra = call_fresh(memory.peak_extra, *case)
                    keys = ("model", "scale", "layout", "height", "width", "workers")
                    entries.append(dict(zip(keys, case, strict=True)) | {"extra_bytes": extra})
    return {"entries": entries, "missing": reason}


def measure_tables(models: list[str], quick: bool) -> dict[str, Any]:
    """Time the loading of tables, and count their bytes."""
    cases = [(model, scale, 3 if quick else 9) for model in models for scale in (4, 3, 2)]
    return {"entries": [call_fresh(memory.prepared_tables, *case) for case in cases]}


def measure_depths(models: list[str], quick: bool) -> dict[str, Any]:
    """Time images of each depth."""
    return {
        "entries": [
            entry
            for model in models
            for entry in call_fresh(depths.time_depths, model, *MEMORY_SIZES[0], 1 if quick else 11)
        ]
    }


def measure_resizing(models: list[str], quick: bool) -> dict[str, Any]:
    """Time sizes that no model has."""
    size, rounds = MEMORY_SIZES[0], 1 if quick else 25
    return {"entries": call_fresh(resizing.time_resize, models, *size, rounds)}


def measure_scaling(models: list[str], quick: bool) -> dict[str, Any]:
    """Time images of each size."""
    sizes = scaling.SIZES[: 3 if quick else None]
    rounds = 3 if quick else 11
    return {
        "entries": [
            entry
            for model in models
            for entry in call_fresh(scaling.time_per_pixel, model, sizes, rounds)
        ]
    }


MEASURE: dict[str, Callable[[list[str], bool], dict[str, Any]]] = {
    "writing": measure_writing,
    "start": measure_start,
    "video": measure_video,
    "memory": measure_memory,
    "tables": measure_tables,
    "depths": measure_depths,
    "resizing": measure_resizing,
    "scaling": measure_scaling,
}


def main() -> None:
    """Run the measurements, save and print each."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"{', '.join(COSTS)} (or all)")
    parser.add_argument("--results", type=Path, default=records.RESULTS, help="folder to write to")
    parser.add_argument("--quick", action="store_true", help="one model, small images")
    parser.add_argument("--models", nargs="+", help="of these models only; needs --results")
    args = parser.parse_args()
    if unknown := [part for part in args.parts if part not in COSTS]:
        parser.error(f"got {', '.join(unknown)}, wanted names among {', '.join(COSTS)}")
    if (args.models or args.quick) and args.results == records.RESULTS:
        parser.error("a part of the figures would replace all of them: name a folder by --results")
    # Memory of numpy's own threads would be counted as lutsr's.
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    models = args.models or there(args.quick)
    for part in args.parts or COSTS:
        content = records.header(f"python -m benchmarks.costs {part}")
        content |= MEASURE[part](models, args.quick)
        print(tables.COSTS[part](content))
        records.save(args.results / f"{part}.json", content)


if __name__ == "__main__":
    main()
