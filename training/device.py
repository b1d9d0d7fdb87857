"""The device that torch computes on."""

from __future__ import annotations

import torch

from training.errors import TrainingError


def pick_device(name: str) -> torch.device:
    """Return the device of a name; ``auto`` is CUDA where there is a CUDA device, else the CPU."""
    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "cpu"
    if name == "cuda" and not torch.cuda.is_available():
        raise TrainingError("--device cuda: this machine has no CUDA device; use --device cpu")
    return torch.device(name)
