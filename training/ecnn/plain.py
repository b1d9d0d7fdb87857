"""`training.ecnn.kernels` in torch operations, for devices without compiled kernels.

The same arithmetic on tensors: bfloat16 maps of shape (batch, channels, rows, columns). Results
are equal; gradients of kinks and flats differ by the order of their sums.
"""

from __future__ import annotations

import torch

#: Half the number of levels of hidden maps: value v of a map, -1 <= v < 1, is level 32 * v + 32.
HALF = 32


def inner(maps: torch.Tensor, like: torch.Tensor) -> torch.Tensor:
    """Cut the border of maps that `like` does not have."""
    edge = (maps.shape[2] - like.shape[2]) // 2
    return maps[:, :, edge : maps.shape[2] - edge, edge : maps.shape[3] - edge]


def expand(maps: torch.Tensor, kinks: torch.Tensor) -> torch.Tensor:
    """Compute the features [x, max(0, x + kink)...] of float32 maps that fit bfloat16."""
    shifts = kinks.T[:, None, :, None, None]
    kinked = (maps + shifts).clamp(min=0).to(torch.bfloat16)
    features = torch.cat([maps.to(torch.bfloat16), *kinked], 1)
    return features.contiguous(memory_format=torch.channels_last)


def update_maps(
    before: torch.Tensor | None, change: torch.Tensor, kinks: torch.Tensor, half: float
) -> torch.Tensor:
    """Compute the features of clamp(before + change); see `kernels.update_maps`."""
    maps = change.float()
    if before is not None:
        maps = maps + inner(before, change).float()
    if half > 0:
        maps = torch.floor(maps * half + 0.5) / half
    maps = maps.clamp(-1, 1 - 1 / half if half > 0 else 1).to(torch.bfloat16)
    return expand(maps.float(), kinks)


def update_levels(
    sums: torch.Tensor, divisor: int, kinks: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor]:
    """Compute levels (B, C, h, w), int64, and their features; see `kernels.update_levels`."""
    levels = torch.div(sums + divisor // 2, divisor, rounding_mode="floor")
    levels = levels.clamp(0, 2 * HALF - 1)
    return levels, expand((levels - HALF).float() / HALF, kinks)


def update_maps_backward(
    features: torch.Tensor,
    grads: torch.Tensor,
    kinks: torch.Tensor,
    half: float,
    after: torch.Tensor | None,
) -> tuple[torch.Tensor, torch.Tensor]:
    """Compute the gradients of the change, and of the kinks (C, K)."""
    C, K = kinks.shape
    total = grads[:, :C].float()
    if after is not None:
        inner(total, after).add_(after.float())
    found = []
    for k in range(1, K + 1):
        some = slice(k * C, (k + 1) * C)
        grad = grads[:, some].float() * (features[:, some] != 0)
        total = total + grad
        found.append(grad.sum((0, 2, 3)))
    maps = features[:, :C].float()
    top = 1 - 1 / half if half > 0 else 1
    passing = ((maps > -1) | (total < 0)) & ((maps < top) | (total > 0))
    return (total * passing).to(torch.bfloat16), torch.stack(found, 1)


def look_up(levels: torch.Tensor, entries: torch.Tensor) -> torch.Tensor:
    """Sum the entries (k, k, C, levels, N) at levels (B, C, H, W): int64 (B, N, h, w)."""
    side, _, channels, count, outputs = entries.shape
    height, width = levels.shape[2] - side + 1, levels.shape[3] - side + 1
    table = entries.reshape(-1, outputs).long()
    total = torch.zeros(1, dtype=torch.int64, device=levels.device)
    for place in range(side * side):
        i, j = divmod(place, side)
        window = levels[:, :, i : i + height, j : j + width]
        for c in range(channels):
            total = total + table[(place * channels + c) * count + window[:, c].long()]
    return total.permute(0, 3, 1, 2)


def squared_errors(
    image: torch.Tensor,
    added: torch.Tensor,
    base: torch.Tensor,
    flats: torch.Tensor,
    wanted: torch.Tensor,
) -> tuple[torch.Tensor, torch.Tensor]:
    """Compute errors (B, h, w, N) and mean squares (B,); see `kernels.squared_errors`."""
    value = (added.float() + base.float()).permute(0, 2, 3, 1) - flats[image.long()]
    errors = image.float()[..., None] + 255 * value - wanted.float() / 256
    return errors, errors.double().square().mean((1, 2, 3)).float()


def squared_errors_backward(
    image: torch.Tensor, errors: torch.Tensor, weights: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor]:
    """Compute the gradients of what is added, (B, N, h, w), and of flats, (256, N)."""
    factors = 2 * 255 * weights / errors[0].numel()
    grads = factors[:, None, None, None] * errors
    flats = torch.zeros(256, errors.shape[-1], device=errors.device)
    flats.index_add_(0, image.long().flatten(), -grads.flatten(0, 2))
    return grads.to(torch.bfloat16).permute(0, 3, 1, 2), flats
