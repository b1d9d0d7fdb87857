"""Files that are written completely or not at all."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from training.errors import TrainingError


def write_atomically(path: str | Path, content: bytes | memoryview) -> None:
    """Write a temporary file in the same folder, flush it to the disk, then rename it.

    Raises
    ------
    TrainingError
        If the disk is full or the folder cannot be written; the old file is untouched.
    """
    path = Path(path)
    partial = None
    try:
        descriptor, partial = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(partial, 0o644)  # mkstemp makes it private
        os.replace(partial, path)
    except OSError as error:
        raise TrainingError(f"cannot write {path}: {error.strerror or error}") from error
    finally:
        if partial is not None and os.path.exists(partial):
            os.unlink(partial)


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
