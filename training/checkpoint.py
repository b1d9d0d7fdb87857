"""Checkpoints: tensors and plain values in one file, written atomically."""

from __future__ import annotations

import io
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import torch

from training.errors import TrainingError
from training.files import write_atomically


def save_checkpoint(path: str | Path, state: dict[str, Any]) -> None:
    """Save tensors and plain values, atomically."""
    buffer = io.BytesIO()
    torch.save(state, buffer)
    write_atomically(path, buffer.getvalue())


def load_checkpoint(
    path: str | Path, device: str | torch.device = "cpu", keys: Iterable[str] = ("step",)
) -> dict[str, Any]:
    """Load what `save_checkpoint` saved; never runs code from the file.

    Parameters
    ----------
    path : path
    device : torch.device
        Where tensors go.
    keys : iterable of str
        Keys that the state must have.

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
    except Exception as error:  # torch raises many types for files that are not its own
        raise TrainingError(f"{path} is not a checkpoint of this package ({error})") from error
    if not isinstance(state, dict):
        raise TrainingError(f"{path} is not a checkpoint of this package")
    missing = set(keys) - set(state)
    if missing:
        raise TrainingError(f"{path} lacks {', '.join(sorted(missing))}: not such a checkpoint")
    return state
