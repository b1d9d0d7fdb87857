"""Measure cold start, memory, tables, time by size and by depth, and video, in fresh processes.

``python -m benchmarks.costs``
"""

from __future__ import annotations

import argparse
import os
import time
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np

from . import cold_start, depths, memory, records, scaling, video
from .contenders import CONTENDERS, MODELS
from .processes import call_fresh

#: Height and width of the input, x4: that of ``compare``, and one with 100 megapixels of output.
MEMORY_SIZES = ((540, 960), (2500, 2500))


def there(quick: bool) -> list[str]:
    """Return the models that are shipped at x4, or one of them."""
    return [model for model in MODELS if not CONTENDERS[f"lutsr {model}"].missing(4)][
        : 1 if quick else None
    ]


def measure_memory(quick: bool) -> list[dict[str, Any]]:
    """Measure peak memory by model, size, layout and number of workers."""
    entries = []
    for model in there(quick):
        for height, width in MEMORY_SIZES[: 1 if quick else None]:
            for layout in memory.LAYOUTS:
                for workers in (1, 2):
                    case = (model, scaling.SCALE, layout, height, width, workers)
                    extra = call_fresh(memory.peak_extra, *case)
                    keys = ("model", "scale", "layout", "height", "width", "workers")
                    entries.append(dict(zip(keys, case, strict=True)) | {"extra_bytes": extra})
    return entries


def measure_writing(rounds: int) -> dict[str, Any]:
    """Time filling an output of the size of ``compare``, a lower bound for every method."""
    out = np.ones((2160, 3840, 3), np.uint8)
    seconds = []
    for value in range(rounds):
        start = time.perf_counter()
        out.fill(value)
        seconds.append(time.perf_counter() - start)
    return {"bytes": out.nbytes, "median_s": median(seconds), "rounds": rounds}


def measure(quick: bool) -> dict[str, Any]:
    """Run all measurements of this module; `quick` leaves out the slow ones."""
    models = there(quick)
    reason = memory.missing()
    return {
        "writing": measure_writing(25),
        "import": cold_start.measure_import(3 if quick else 11),
        "first_upscale": [cold_start.measure_first(model, 1 if quick else 5) for model in models],
        "warmup": None if quick else cold_start.measure_warmup(1),
        "video": [video.frame_rate(model, 10 if quick else 240) for model in models],
        "memory": [] if reason else measure_memory(quick),
        "memory_missing": reason,
        "tables": [
            call_fresh(memory.prepared_tables, model, scale, 3 if quick else 9)
            for model in models
            for scale in (4, 3, 2)
        ],
        "depths": [
            entry
            for model in models
            for entry in call_fresh(
                depths.time_depths, model, *(MEMORY_SIZES[0]), 1 if quick else 11
            )
        ],
        "scaling": [
            entry
            for model in models
            for entry in call_fresh(
                scaling.time_per_pixel,
                model,
                scaling.SIZES[: 3 if quick else None],
                3 if quick else 11,
            )
        ],
    }


def main() -> None:
    """Run the measurements and save them."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", type=Path, default=records.RESULTS / "costs.json")
    parser.add_argument("--quick", action="store_true", help="one model, small images")
    args = parser.parse_args()
    # Memory of numpy's own threads would be counted as lutsr's.
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    content = records.header(records.command_line("benchmarks.costs"))
    records.save(args.json, content | measure(args.quick))


if __name__ == "__main__":
    main()
