"""What a run leaves behind besides its weights: arguments, versions, log."""

from __future__ import annotations

import csv
import io
import json
import platform
import subprocess
from collections.abc import Iterable, Sequence
from importlib import metadata
from pathlib import Path
from typing import Any

from training.checkpoint import write_atomically
from training.errors import TrainingError

LOG_FIELDS = ("step", "loss", "lr", "val_psnr_y", "seconds")


def commit() -> str:
    """Name the commit of this code, marked when files differ; "unknown" outside git."""
    command = ["git", "describe", "--always", "--abbrev=40", "--dirty", "--exclude=*"]
    try:
        done = subprocess.run(
            command, cwd=Path(__file__).parent, capture_output=True, text=True, check=True
        )
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
    return done.stdout.strip()


def versions() -> dict[str, str]:
    """Versions of Python and of the libraries that decide a run's result."""
    found = {name: metadata.version(name) for name in ("numpy", "pillow", "torch")}
    return {"python": platform.python_version(), **found}


def write_json(path: Path, value: Any) -> None:
    """Write JSON, indented, atomically."""
    write_atomically(path, (json.dumps(value, indent=2) + "\n").encode())


def read_json(path: Path) -> Any:
    """Read JSON.

    Raises
    ------
    TrainingError
        If the file is missing or broken.
    """
    try:
        return json.loads(path.read_text())
    except (OSError, ValueError) as error:
        raise TrainingError(f"cannot read {path}: {error}") from error


def read_log(path: Path, last_step: int) -> list[dict[str, Any]]:
    """Rows of a log up to a step: what a resumed run keeps."""
    if not path.exists():
        return []
    with path.open(newline="") as file:
        return [row for row in csv.DictReader(file) if int(row["step"]) <= last_step]


def write_log(
    path: Path, rows: Iterable[dict[str, Any]], fields: Sequence[str] = LOG_FIELDS
) -> None:
    """Write the whole log, atomically."""
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, fields)
    writer.writeheader()
    writer.writerows(rows)
    write_atomically(path, text.getvalue().encode())
