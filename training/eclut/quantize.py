"""How the network's output becomes int8 entries: the one place that says so.

The published method scales each map by ``alpha`` and averages the nine taps; four
rotations are then summed. In grey levels (0..255) one map value therefore adds
``255 * alpha / 9 * map`` to the image. An entry counts quarter grey levels, so that

    entry = round(255 * 4 * alpha / 9 * map), clamped to int8
    pixel = clip((sum of entries + 2) >> 2, 0, 255)

With ``alpha = 1/4`` the four rotations are averaged, and maps within about +-4.5 fit int8.
"""

from __future__ import annotations

import torch

ALPHA = 0.25
TAPS = 9
SHIFT = 2
ENTRY_MIN, ENTRY_MAX = -128, 127


class _SnapThrough(torch.autograd.Function):
    """Clamp, and round if asked, in the forward pass; straight through in the backward pass.

    A plain clamp kills the gradient of every value outside its range, which then never
    comes back. Here only gradients whose descent step leads further outside are dropped.
    """

    @staticmethod
    def forward(ctx, values: torch.Tensor, low: float, high: float, rounding: bool) -> torch.Tensor:
        ctx.save_for_backward(values)
        ctx.bounds = low, high
        snapped = values.clamp(low, high)
        return snapped.round_() if rounding else snapped

    @staticmethod
    def backward(ctx, grad: torch.Tensor):
        (values,) = ctx.saved_tensors
        low, high = ctx.bounds
        excess = values - values.clamp(low, high)
        # Descent goes against the gradient: opposite signs lead further outside.
        return grad.masked_fill(excess * grad < 0, 0), None, None, None


def clamp_through(values: torch.Tensor, low: float, high: float) -> torch.Tensor:
    """Clamp to ``[low, high]``, keeping the gradients that push a value back inside."""
    return _SnapThrough.apply(values, low, high, False)


def entry_gain(alpha: float = ALPHA) -> float:
    """Entries (quarter grey levels) per unit of a map."""
    return 255.0 * (1 << SHIFT) * alpha / TAPS


def entries_from_maps(
    maps: torch.Tensor, alpha: float = ALPHA, *, rounding: bool = True
) -> torch.Tensor:
    """Entries, as floats, that the maps stand for.

    Parameters
    ----------
    maps : torch.Tensor
        Output of the network before ``alpha`` and the mean.
    alpha : float
        The scaling of the published method.
    rounding : bool
        Clamp to int8 and round, with straight-through gradients. Without it the entries
        are exact and may lie outside int8.
    """
    entries = maps * entry_gain(alpha)
    return _SnapThrough.apply(entries, ENTRY_MIN, ENTRY_MAX, True) if rounding else entries


def snap_maps(maps: torch.Tensor, alpha: float = ALPHA) -> torch.Tensor:
    """Move maps to the values that int8 entries can stand for; for the naive pass."""
    return entries_from_maps(maps, alpha) / entry_gain(alpha)


def grey_from_sum(entry_sum: torch.Tensor) -> torch.Tensor:
    """Grey levels that a sum of entries stands for, before the last rounding and clip."""
    return entry_sum / (1 << SHIFT)


def grey_error(sums: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
    """Mean squared error, in grey levels, of sums of entries; both (B, rows, columns)."""
    grey = clamp_through(grey_from_sum(sums), 0, 255)
    return torch.nn.functional.mse_loss(grey, targets)


def pixel_from_sum(entry_sum: torch.Tensor) -> torch.Tensor:
    """Turn sums into pixels: ``clip((sum + 2) >> 2, 0, 255)`` as uint8."""
    whole = entry_sum.round().to(torch.int32)
    return ((whole + (1 << (SHIFT - 1))) >> SHIFT).clamp(0, 255).to(torch.uint8)
