"""What every saved file of figures says beside its figures, and reading and writing it."""

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
    """Describe the machine in words, from what the system says; it is not named."""
    from llvmlite.binding import get_host_cpu_features

    try:
        cores = len(os.sched_getaffinity(0))
    except AttributeError:  # not on macOS and Windows
        cores = os.cpu_count() or 1
    has = get_host_cpu_features()
    vectors = {"avx512bw": "AVX-512", "avx2": "AVX2", "neon": "NEON"}
    widest = next((name for feature, name in vectors.items() if has.get(feature)), "no")
    words = [
        f"{cores} core{'s' if cores > 1 else ''}",
        f"{platform.machine().replace('_', '-')} with {widest} vectors",
    ]
    for cache in sorted(Path("/sys/devices/system/cpu/cpu0/cache").glob("index*")):
        if (cache / "type").read_text().strip() != "Instruction":
            level, size = ((cache / name).read_text().strip() for name in ("level", "size"))
            words.append(f"L{level} {size.removesuffix('K')} KiB")
    info = Path("/proc/cpuinfo")
    if info.exists() and " hypervisor" in info.read_text():
        words.append("a virtual machine, which shares its host")
    return ", ".join([*words, platform.system()])


def versions() -> dict[str, str]:
    """List the versions that matter; a package that is not installed is left out."""
    found = {"python": platform.python_version()}
    for name in PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


def header(command: str) -> dict[str, Any]:
    """Make the part that all files have."""
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else None
    return {
        "command": command,
        "date": datetime.now(UTC).date().isoformat(),
        "machine": machine(),
        "load_at_start": load,
        "versions": versions(),
    }


def command_line(module: str) -> str:
    """Say which command is running."""
    return " ".join(["python -m", module, *sys.argv[1:]])


def save(path: Path, content: dict[str, Any]) -> None:
    """Write a file of figures, whole or not at all."""
    make_folder(path.parent)
    write_atomically(path, (json.dumps(content, indent=1) + "\n").encode())
    print(f"wrote {path}")


def load(path: Path) -> dict[str, Any]:
    """Read a file of figures."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise SystemExit(f"{path}: no such file; run `python -m benchmarks` first") from None
    except ValueError as error:
        raise SystemExit(f"{path}: not a file of figures: {error}") from error
    return dict(content)
