"""Saved results: their header, reading and writing, and look-up of times."""

from __future__ import annotations

import json
import os
import platform
import sys
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from training.files import make_folder, write_atomically

RESULTS = Path("benchmarks/results")
PACKAGES = (
    "lutsr",
    "numpy",
    "numba",
    "llvmlite",
    "opencv-python-headless",
    "pillow",
    "torch",
    "scikit-image",
    "scipy",
)


def machine() -> str:
    """Return a description of the machine from system information, without its name."""
    from llvmlite.binding import get_host_cpu_features

    try:
        cores = len(os.sched_getaffinity(0))
    except AttributeError:  # not on macOS and Windows
        cores = os.cpu_count() or 1
    has = get_host_cpu_features()
    vectors = {"avx512bw": "AVX-512", "avx2": "AVX2", "neon": "NEON"}
    widest = next((name for feature, name in vectors.items() if has.get(feature)), "no")
    parts = [
        f"{cores} core{'s' if cores > 1 else ''}",
        f"{platform.machine().replace('_', '-')} with {widest} vectors",
    ]
    for cache in sorted(Path("/sys/devices/system/cpu/cpu0/cache").glob("index*")):
        if (cache / "type").read_text().strip() != "Instruction":
            level, size = ((cache / name).read_text().strip() for name in ("level", "size"))
            parts.append(f"L{level} {size.removesuffix('K')} KiB")
    info = Path("/proc/cpuinfo")
    if info.exists() and " hypervisor" in info.read_text():
        parts.append("a virtual machine, which shares its host")
    return ", ".join([*parts, platform.system()])


def versions() -> dict[str, str]:
    """Return the versions of Python and of the installed packages among `PACKAGES`."""
    found = {"python": platform.python_version()}
    for name in PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


def header(command: str) -> dict[str, Any]:
    """Return the header of a results file."""
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else None
    return {
        "command": command,
        "date": datetime.now(UTC).date().isoformat(),
        "machine": machine(),
        "load_at_start": load,
        "versions": versions(),
    }


def command_line(module: str) -> str:
    """Return the command that is running."""
    return " ".join(["python -m", module, *sys.argv[1:]])


def path_of(name: str) -> Path:
    """Return where the results of a measurement are saved."""
    return RESULTS / f"{name}.json"


def save(path: Path, content: dict[str, Any]) -> None:
    """Write a results file atomically."""
    make_folder(path.parent)
    write_atomically(path, (json.dumps(content, indent=1) + "\n").encode())
    print(f"wrote {path}")


def load(path: Path) -> dict[str, Any]:
    """Read a results file."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise SystemExit(f"{path}: no such file; run `python -m benchmarks` first") from None
    except ValueError as error:
        raise SystemExit(
            f"{path}: not a results file ({error}); run `python -m benchmarks` again"
        ) from error
    return dict(content)


class Times:
    """Look-up of the times of ``compare`` by name, scale, image, threads and output."""

    def __init__(self, entries: list[dict[str, Any]], key: str = "median_s") -> None:
        fields = ("name", "scale", "kind", "threads", "into")
        self._seconds = {tuple(entry[f] for f in fields): entry[key] for entry in entries}

    def __call__(
        self,
        name: str,
        *,
        scale: int = 4,
        kind: str = "photo",
        threads: int = 1,
        into: bool = False,
    ) -> float | None:
        """Return seconds, or None if it was not timed."""
        return self._seconds.get((name, scale, kind, threads, into))
