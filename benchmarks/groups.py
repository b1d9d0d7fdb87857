"""Run the groups of pytest-benchmark, and keep what the report needs of them.

``python -m benchmarks.groups``
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from . import records

COMMAND = "pytest benchmarks -q --benchmark-only --benchmark-columns=median"


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
    """Run the groups and save their times."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", type=Path, default=records.RESULTS / "groups.json")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        saved = Path(folder, "groups.json")
        command = [sys.executable, "-m", *COMMAND.split(), f"--benchmark-json={saved}"]
        if status := subprocess.run(command, check=False).returncode:
            raise SystemExit(status)
        records.save(args.json, condense(json.loads(saved.read_text(encoding="utf-8"))))


if __name__ == "__main__":
    main()
