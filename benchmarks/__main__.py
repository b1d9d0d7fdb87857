"""Run all measurements and write the report: ``python -m benchmarks``."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from . import records
from .compare import CPUS

MEASUREMENTS = (
    ["compare"],
    *(["compare", "--cpu", name] for name in CPUS),
    ["costs"],
    ["quality"],
    ["resize_quality"],
    ["published"],
)


def condense(saved: dict[str, Any]) -> dict[str, Any]:
    """Return the part of a pytest-benchmark file that the report needs."""
    entries = [
        benchmark["extra_info"]
        | {
            "median_s": benchmark["stats"]["median"],
            "min_s": benchmark["stats"]["min"],
            "rounds": benchmark["stats"]["rounds"],
        }
        for benchmark in saved["benchmarks"]
    ]
    return {**saved["machine_info"], "entries": entries}


def main() -> None:
    """Run the measurements one after the other, each in its own process."""
    start = time.monotonic()
    for name, *options in MEASUREMENTS:
        run("-m", f"benchmarks.{name}", *options)
    with tempfile.TemporaryDirectory() as folder:
        saved = Path(folder, "groups.json")
        run("-m", "pytest", "benchmarks", "-q", "--benchmark-only", "--benchmark-columns=median",
            f"--benchmark-json={saved}")  # fmt: skip
        content = condense(json.loads(saved.read_text(encoding="utf-8")))
        records.save(records.RESULTS / "groups.json", content)
    run("-m", "benchmarks.report")
    print(f"finished after {time.monotonic() - start:.0f} s")


def run(*arguments: str) -> None:
    """Run Python with these arguments; exit if it fails."""
    print("+ python", *arguments, flush=True)
    if status := subprocess.run([sys.executable, *arguments], check=False).returncode:
        raise SystemExit(status)


if __name__ == "__main__":
    main()
