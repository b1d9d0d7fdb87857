"""What a run writes besides its weights: options, versions, data sets, log."""

from __future__ import annotations

import csv
import io
import json
import platform
import subprocess
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

from training.errors import TrainingError
from training.files import write_atomically

if TYPE_CHECKING:
    from training.evaluation.pictures import Picture


def commit() -> str:
    """Return the commit of this code, marked if files differ from it; "unknown" outside git."""
    command = ["git", "describe", "--always", "--abbrev=40", "--dirty", "--exclude=*"]
    try:
        done = subprocess.run(
            command, cwd=Path(__file__).parent, capture_output=True, text=True, check=True
        )
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
    return done.stdout.strip()


def versions(*packages: str) -> dict[str, str]:
    """Return the versions of Python and of the libraries that a run's result depends on.

    Parameters
    ----------
    *packages : str
        Names of libraries besides those that every run uses.
    """
    names = ("numpy", "pillow", "torch", *packages)
    return {"python": platform.python_version(), **{name: metadata.version(name) for name in names}}


def data_sets(pictures: Sequence[Picture], folder: str | Path) -> list[dict[str, Any]]:
    """Count the pictures of each data set: of each sub-folder, or of the folder itself.

    Returns
    -------
    list of dict
        ``{"name": ..., "images": ...}``, sorted by name.
    """
    folder = Path(folder)
    names = Counter(
        inside.parts[0] if len(inside.parts) > 1 else folder.name
        for inside in (picture.path.relative_to(folder) for picture in pictures)
    )
    return [{"name": name, "images": count} for name, count in sorted(names.items())]


def with_licences(
    data: Sequence[Mapping[str, Any]], licences: Mapping[str, str]
) -> list[dict[str, Any]]:
    """Add the licence of each data set of a run, "unknown" where none is given.

    Raises
    ------
    TrainingError
        If a licence is for a data set that the run does not have.
    """
    names = [entry["name"] for entry in data]
    for name in licences:
        if name not in names:
            raise TrainingError(f"no data set {name!r} in this run; it has {', '.join(names)}")
    return [{**entry, "licence": licences.get(entry["name"], "unknown")} for entry in data]


def write_json(path: Path, value: Any) -> None:
    """Write JSON, indented, atomically."""
    write_atomically(path, (json.dumps(value, indent=2) + "\n").encode())


def read_json(path: Path) -> Any:
    """Read JSON.

    Raises
    ------
    TrainingError
        If the file is missing or is not JSON.
    """
    try:
        return json.loads(path.read_text())
    except (OSError, ValueError) as error:
        raise TrainingError(f"cannot read {path}: {error}") from error


def read_log(path: Path, last_step: int) -> list[dict[str, Any]]:
    """Return the rows of a log up to a step, which are those that a resumed run keeps."""
    if not path.exists():
        return []
    with path.open(newline="") as file:
        return [row for row in csv.DictReader(file) if int(row["step"]) <= last_step]


def write_log(path: Path, rows: Iterable[Mapping[str, Any]], fields: Sequence[str]) -> None:
    """Write the whole log as CSV, atomically."""
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, fields)
    writer.writeheader()
    writer.writerows(rows)
    write_atomically(path, text.getvalue().encode())
