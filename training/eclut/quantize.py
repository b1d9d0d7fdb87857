"""How the network's output becomes int8 entries.

The published method scales each map by ``alpha`` and averages the nine taps; four rotations are
then summed. In grey levels (0..255) one map value therefore adds ``255 * alpha / 9 * map`` to the
image. An entry is in quarter grey levels, so that

    entry = round(255 * 4 * alpha / 9 * map), clamped to int8
    pixel = clip((sum of entries + 2) >> 2, 0, 255)

With ``alpha = 1/4`` the four rotations are averaged, and maps from -4.5 to 4.5 fit int8.
"""

from __future__ import annotations

from typing import Any

import torch

from training.eclut.constants import ENTRIES_PER_LEVEL, ENTRY_MAX, ENTRY_MIN, TAPS
from training.eclut.options import ALPHA


class _SnapThrough(torch.autograd.Function):
    """Clamp, and round if asked, in the forward pass; straight through in the backward pass.

    With a plain clamp, a value outside the range gets no gradient and never returns. Here only
    those gradients are dropped whose descent step leads further outside.
    """

    @staticmethod
    def forward(
        ctx: Any, values: torch.Tensor, low: float, high: float, rounding: bool
    ) -> torch.Tensor:
        ctx.save_for_backward(values)
        ctx.bounds = low, high
        snapped = values.clamp(low, high)
        return snapped.round_() if rounding else snapped

    @staticmethod
    def backward(ctx: Any, *grads: torch.Tensor) -> Any:
        (grad,), (values,) = grads, ctx.saved_tensors
        low, high = ctx.bounds
        excess = values - values.clamp(low, high)
        # Descent goes against the gradient: opposite signs lead further outside.
        return grad.masked_fill(excess * grad < 0, 0), None, None, None


def _snap_through(values: torch.Tensor, low: float, high: float, rounding: bool) -> torch.Tensor:
    snapped: torch.Tensor = _SnapThrough.apply(values, low, high, rounding)
    return snapped


def clamp_through(values: torch.Tensor, low: float, high: float) -> torch.Tensor:
    """Clamp to ``[low, high]``, keeping the gradients that move a value back inside."""
    return _snap_through(values, low, high, False)


def entry_gain(alpha: float = ALPHA) -> float:
    """Return the factor from maps to entries."""
    return 255.0 * ENTRIES_PER_LEVEL * alpha / TAPS


def entries_from_maps(
    maps: torch.Tensor, alpha: float = ALPHA, *, rounding: bool = True
) -> torch.Tensor:
    """Compute the entries, as floats, of maps.

    Parameters
    ----------
    maps : torch.Tensor
        Output of the network before ``alpha`` and the mean over taps.
    alpha : float
    rounding : bool
        Whether to clamp to int8 and round, with straight-through gradients. Else the entries are
        exact and may lie outside int8.
    """
    entries = maps * entry_gain(alpha)
    return _snap_through(entries, ENTRY_MIN, ENTRY_MAX, True) if rounding else entries


def snap_maps(maps: torch.Tensor, alpha: float = ALPHA) -> torch.Tensor:
    """Round maps to values whose entries are int8, for the published forward pass."""
    return entries_from_maps(maps, alpha) / entry_gain(alpha)


def grey_from_sum(entry_sum: torch.Tensor) -> torch.Tensor:
    """Convert a sum of entries to grey levels, before the last rounding and clip."""
    return entry_sum / ENTRIES_PER_LEVEL


def grey_error(sums: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
    """Compute the mean squared error in grey levels; both arguments are (B, rows, columns)."""
    grey = clamp_through(grey_from_sum(sums), 0, 255)
    return torch.nn.functional.mse_loss(grey, targets)


def pixel_from_sum(entry_sum: torch.Tensor) -> torch.Tensor:
    """Convert sums to pixels: ``clip((sum + 2) >> 2, 0, 255)`` as uint8."""
    whole = entry_sum.round().to(torch.int32)
    levels = torch.div(whole + ENTRIES_PER_LEVEL // 2, ENTRIES_PER_LEVEL, rounding_mode="floor")
    return levels.clamp(0, 255).to(torch.uint8)
