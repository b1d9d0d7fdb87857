"""Checkpoints: tensors and plain values in one file, written atomically."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch

from training.errors import TrainingError
from training.files import make_folder, write_atomically

__all__ = ["load_checkpoint", "make_folder", "resumable", "save_checkpoint", "write_atomically"]


@contextmanager
def resumable(folder: str | Path) -> Iterator[None]:
    """Add to what goes wrong while a run saves how to go on."""
    try:
        yield
    except TrainingError as error:
        raise TrainingError(
            f"{error}; what is in {folder} is whole: put that right, then --resume"
        ) from error


def save_checkpoint(path: str | Path, state: dict[str, Any]) -> None:
    """Save tensors and plain values, atomically."""
    buffer = io.BytesIO()
    torch.save(state, buffer)
    write_atomically(path, buffer.getvalue())


def load_checkpoint(path: str | Path, device: str | torch.device = "cpu") -> dict[str, Any]:
    """Load what `save_checkpoint` saved; never runs code from the file.

    Raises
    ------
    TrainingError
        If the file is missing or is not such a checkpoint.
    """
    path = Path(path)
    if not path.is_file():
        raise TrainingError(f"no such checkpoint: {path}")
    try:
        state = torch.load(path, map_location=device, weights_only=True)
    except Exception as error:  # torch raises half a dozen kinds for a file that is not its own
        raise TrainingError(f"{path} is not a checkpoint of this package ({error})") from error
    missing = {"net", "step", "args", "data"} - set(state if isinstance(state, dict) else ())
    if missing:
        raise TrainingError(f"{path} lacks {', '.join(sorted(missing))}: not a training checkpoint")
    return state
