"""Files that are written completely or not at all."""

from __future__ import annotations

from pathlib import Path

from lutsr._modelfile.write import replace_file
from training.errors import TrainingError


def write_atomically(path: str | Path, content: bytes | memoryview) -> None:
    """Write a file as `lutsr` writes models: under another name, then renamed.

    Raises
    ------
    TrainingError
        If the disk is full or the folder cannot be written; the old file is untouched.
    """
    try:
        replace_file(Path(path), content)
    except OSError as error:
        raise TrainingError(f"cannot write {path}: {error.strerror or error}") from error


def make_folder(folder: str | Path) -> None:
    """Make a folder, and its parents where they are missing.

    Raises
    ------
    TrainingError
        If that is not possible.
    """
    try:
        Path(folder).mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise TrainingError(f"cannot make folder {folder}: {error.strerror or error}") from error
