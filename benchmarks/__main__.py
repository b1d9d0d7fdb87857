"""Run measurements and write the report: ``python -m benchmarks``.

Every measurement saves its results when it ends. So they can be run a few at a time, by their
names, and after an interruption by ``--missing``.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import time

from . import records
from .measurements import COMMANDS


def chosen(names: list[str], missing: bool) -> list[str]:
    """Return the names of the measurements to run: those that are named, or all."""
    if missing:
        return [name for name in names or COMMANDS if not records.path_of(name).exists()]
    return names or list(COMMANDS)


def main() -> None:
    """Run the measurements one after the other, each in its own process."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument(
        "names", nargs="*", metavar="NAME", help=f"{', '.join(COMMANDS)} (default: all of them)"
    )
    parser.add_argument("--missing", action="store_true", help="only those without results")
    args = parser.parse_args()
    if unknown := [name for name in args.names if name not in COMMANDS]:
        parser.error(f"got {', '.join(unknown)}, wanted names among {', '.join(COMMANDS)}")
    for name in chosen(args.names, args.missing):
        start = time.monotonic()
        run(*COMMANDS[name])
        print(f"{name} took {time.monotonic() - start:.0f} s", flush=True)
    run("-m", "benchmarks.report")


def run(*arguments: str) -> None:
    """Run Python with these arguments; exit if it fails."""
    print("+ python", *arguments, flush=True)
    if status := subprocess.run([sys.executable, *arguments], check=False).returncode:
        raise SystemExit(status)


if __name__ == "__main__":
    main()
