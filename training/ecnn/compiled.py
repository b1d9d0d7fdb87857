"""`training.ecnn.plain` by compiled functions, for the CPU: three times as fast."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray

from training.ecnn import kernels

_LAST = (0, 2, 3, 1)


def bits(maps: torch.Tensor) -> NDArray[np.uint16]:
    """View bfloat16 maps (B, C, H, W) as their bits (B, H, W, C)."""
    found: NDArray[np.uint16] = maps.permute(_LAST).contiguous().view(torch.uint16).numpy()
    return found


def _empty(batch: int, height: int, width: int, channels: int) -> torch.Tensor:
    """Allocate bfloat16 maps (B, C, H, W), channels last in memory."""
    return torch.empty((batch, height, width, channels), dtype=torch.bfloat16).permute(0, 3, 1, 2)


def _none(maps: NDArray[np.generic], channels: int) -> NDArray[np.generic]:
    """Return maps of no rows, which the kernels ignore."""
    return np.empty((len(maps), 0, 0, channels), maps.dtype)


def update_maps(
    before: torch.Tensor | None, change: torch.Tensor, kinks: torch.Tensor, half: float
) -> torch.Tensor:
    """Compute the features of clamp(before + change)."""
    B, C, h, w = change.shape
    features = _empty(B, h, w, (kinks.shape[1] + 1) * C)
    added = bits(change)
    maps = _none(added, C) if before is None else bits(before)
    kernels.update_maps(maps, added, kinks.detach().numpy(), half, bits(features))
    return features


def update_levels(
    sums: torch.Tensor, divisor: int, kinks: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor]:
    """Compute levels (B, C, h, w), uint8, and their features."""
    B, C, h, w = sums.shape
    features = _empty(B, h, w, (kinks.shape[1] + 1) * C)
    levels = torch.empty((B, h, w, C), dtype=torch.uint8)
    rows = sums.permute(_LAST).numpy()
    kernels.update_levels(rows, divisor, kinks.detach().numpy(), levels.numpy(), bits(features))
    return levels.permute(0, 3, 1, 2), features


def update_maps_backward(
    features: torch.Tensor,
    grads: torch.Tensor,
    kinks: torch.Tensor,
    half: float,
    after: torch.Tensor | None,
) -> tuple[torch.Tensor, torch.Tensor]:
    """Compute the gradients of the change, and of the kinks (C, K)."""
    B, _, h, w = features.shape
    C = len(kinks)
    change, kink_grads = _empty(B, h, w, C), torch.empty_like(kinks)
    rows = bits(grads)
    later = _none(rows, C) if after is None else bits(after)
    kernels.update_maps_backward(
        bits(features),
        rows,
        kinks.detach().numpy(),
        half,
        later,
        bits(change),
        kink_grads.numpy(),
        np.empty((kinks.shape[1] + 1, C), np.float32),
    )
    return change, kink_grads


def look_up(levels: torch.Tensor, entries: torch.Tensor) -> torch.Tensor:
    """Sum the entries (k, k, C, levels, N) at levels (B, C, H, W), uint8: int32 (B, N, h, w)."""
    B, C, H, W = levels.shape
    side, outputs = len(entries) - 1, entries.shape[-1]
    blocks = -(-outputs // 16)
    fields = np.zeros((*entries.shape[:-1], 16 * blocks), np.uint16)
    fields[..., :outputs] = entries.numpy().astype(np.int16) + 128
    words = np.moveaxis(fields.view(np.uint64).reshape(*entries.shape[:-1], blocks, 4), -2, 0)
    sums = np.empty((B, H - side, W - side, 16 * blocks), np.int32)
    rows = levels.permute(_LAST).contiguous().numpy().reshape(B, H, W * C)
    words = np.ascontiguousarray(words).reshape(blocks, side + 1, (side + 1) * C, -1)
    kernels.look_up(rows, words, sums)
    return torch.from_numpy(sums[..., :outputs]).permute(0, 3, 1, 2)


def squared_errors(
    image: torch.Tensor,
    added: torch.Tensor,
    base: torch.Tensor,
    flats: torch.Tensor,
    wanted: torch.Tensor,
) -> tuple[torch.Tensor, torch.Tensor]:
    """Compute errors (B, h, w, N) in grey levels, and their mean square in each crop."""
    B, N, h, w = added.shape
    errors, means = torch.empty(B, h, w, N), torch.empty(B, dtype=torch.float64)
    kernels.squared_errors(
        image.numpy(),
        bits(added),
        bits(base),
        flats.detach().numpy(),
        wanted.numpy(),
        errors.numpy(),
        means.numpy(),
    )
    return errors, means.float()


def squared_errors_backward(
    image: torch.Tensor, errors: torch.Tensor, weights: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor]:
    """Compute the gradients of what is added, (B, N, h, w), and of flats, (256, N)."""
    B, h, w, N = errors.shape
    added, flats = _empty(B, h, w, N), torch.zeros(256, N)
    factors = weights.double().numpy()
    kernels.squared_errors_backward(
        image.numpy(), errors.numpy(), factors, bits(added), flats.numpy()
    )
    return added, flats
