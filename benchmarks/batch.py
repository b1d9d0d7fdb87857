"""Time the command on folders of photographs, with one worker and with two.

``python -m benchmarks.batch``

A run is a process of its own, from its start to its end. Runs with one worker and with two take
turns, on a machine that does nothing else.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from . import images, records, tables
from .places import ROOT
from .processes import environment
from .rounds import summary

COUNT = 20
#: Height and width of the photographs.
SIZES = ((640, 960), (266, 400))
FORMATS = {"PNG": {}, "JPEG": {"quality": 95, "subsampling": 0}}
WORKERS = (1, 2)


def make(folder: Path, format: str, height: int, width: int, count: int) -> None:
    """Write parts of a photograph, each a few rows below the one before."""
    whole = images.photograph(height + 8 * count, width)
    for k in range(count):
        part = Image.fromarray(np.ascontiguousarray(whole[8 * k : 8 * k + height]))
        part.save(folder / f"{k:02}.{format.lower()}", format=format, **FORMATS[format])


def run(source: Path, workers: int) -> float:
    """Enlarge the files of a folder into a new one, and return the seconds that it takes."""
    with tempfile.TemporaryDirectory() as target:
        command = ["-m", "lutsr", str(source), "-o", target, "-j", str(workers), "-q"]
        start = time.perf_counter()
        subprocess.run([sys.executable, *command], cwd=ROOT, env=environment(), check=True)
        taken = time.perf_counter() - start
        if len(list(Path(target).iterdir())) != len(list(source.iterdir())):
            raise RuntimeError(f"{target} has not as many files as {source}")
    return taken


def measure(
    format: str, size: tuple[int, int], rounds: int, count: int = COUNT
) -> list[dict[str, Any]]:
    """Time a batch with each number of workers, in turn."""
    height, width = size
    taken: dict[int, list[float]] = {workers: [] for workers in WORKERS}
    with tempfile.TemporaryDirectory() as folder:
        make(Path(folder), format, height, width, count)
        for turn in range(-1, rounds):  # the first one may compile
            for workers in WORKERS:
                seconds = run(Path(folder), workers)
                if turn >= 0:
                    taken[workers].append(seconds)
    return [
        {
            "format": format,
            "count": count,
            "height": height,
            "width": width,
            "workers": workers,
        }
        | summary(seconds)
        for workers, seconds in taken.items()
    ]


def main(argv: Iterable[str] | None = None) -> None:
    """Run the measurement, save and print it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", type=Path, default=records.path_of("batch"))
    parser.add_argument("--rounds", type=int, default=5)
    args = parser.parse_args(None if argv is None else list(argv))
    content = records.header(records.command_line("benchmarks.batch"))
    entries = [
        entry
        for size in SIZES
        for format in FORMATS
        for entry in measure(format, size, args.rounds)
    ]
    records.save(args.json, content | {"entries": entries})
    print(tables.batch(entries))


if __name__ == "__main__":
    main()
