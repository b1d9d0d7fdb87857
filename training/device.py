"""The device that torch computes on."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from numpy.typing import NDArray

from training.errors import TrainingError


def pick_device(name: str) -> torch.device:
    """Return the device of a name; ``auto`` is CUDA where there is a CUDA device, else the CPU."""
    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "cpu"
    if name == "cuda" and not torch.cuda.is_available():
        raise TrainingError("--device cuda: this machine has no CUDA device; use --device cpu")
    return torch.device(name)


def computes_bfloat16(device: torch.device) -> bool:
    """Return whether a device has instructions for bfloat16."""
    if device.type != "cpu":
        return True
    supported = getattr(torch.ops.mkldnn, "_is_mkldnn_bf16_supported", None)
    return supported is not None and bool(supported())


def send(array: NDArray[Any], device: torch.device) -> torch.Tensor:
    """Return an array as a tensor of a device, without waiting for it."""
    tensor = torch.from_numpy(array)
    if device.type == "cuda":
        tensor = tensor.pin_memory()
    return tensor.to(device, non_blocking=True)


def load_optimizer(optimizer: torch.optim.Optimizer, state: dict[str, Any]) -> None:
    """Load the state of an optimizer, which may come from a run on another device."""
    own: list[dict[str, Any]] = [
        {name: group[name] for name in ("lr", "fused", "capturable") if name in group}
        for group in optimizer.param_groups
    ]
    optimizer.load_state_dict(state)
    for group, values in zip(optimizer.param_groups, own, strict=True):
        group.update(values)
        for parameter in group["params"]:
            found = optimizer.state.get(parameter, {})
            if "step" in found:
                on_device = group.get("fused") or group.get("capturable")
                found["step"] = found["step"].to(parameter.device if on_device else "cpu")


@contextmanager
def one_thread() -> Iterator[None]:
    """Limit torch to one thread: steps are so small that more threads mostly wait."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)
