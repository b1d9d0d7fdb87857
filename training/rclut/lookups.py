"""Look-ups with gradients, of the codes and of the tables, as torch functions.

Codes are float tensors of whole numbers, 0..255, so that they have gradients. The look-ups are
`training.rclut.compiled` on the CPU and `training.rclut.plain` elsewhere.
"""

from __future__ import annotations

from collections.abc import Sequence
from types import ModuleType
from typing import Any

import torch

from training.rclut import compiled, plain

#: Codes on either side that the slope of a table is measured over: its entries are rounded.
SPAN = 4


class _Snap(torch.autograd.Function):
    """Round and clamp; straight through backward, but for gradients that lead further outside."""

    @staticmethod
    def forward(ctx: Any, values: torch.Tensor, low: int, high: int) -> torch.Tensor:
        snapped = values.round().clamp_(low, high)
        ctx.save_for_backward(values.detach() - values.clamp(low, high))
        return snapped

    @staticmethod
    def backward(ctx: Any, *grads: torch.Tensor) -> Any:
        (excess,) = ctx.saved_tensors
        return grads[0].masked_fill(excess * grads[0] < 0, 0), None, None


def snap(values: torch.Tensor, low: int, high: int) -> torch.Tensor:
    """Round to integers, ties to even, and clamp."""
    snapped: torch.Tensor = _Snap.apply(values, low, high)
    return snapped


def operations(device: torch.device) -> ModuleType:
    """Return the module with the look-ups for a device."""
    return compiled if device.type == "cpu" else plain


def _slopes(tables: torch.Tensor) -> torch.Tensor:
    """Compute the derivatives (n, n, 256, N) of tables by the code."""
    code = torch.arange(256, device=tables.device)
    high, low = (code + SPAN).clamp(max=255), (code - SPAN).clamp(min=0)
    return (tables[:, :, high] - tables[:, :, low]) / (high - low).float()[:, None]


class _SumWindows(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, codes: torch.Tensor, tables: torch.Tensor) -> torch.Tensor:
        ctx.save_for_backward(codes, tables)
        sums: torch.Tensor = operations(codes.device).sum_windows(codes, tables)
        return sums

    @staticmethod
    def backward(ctx: Any, *grads: torch.Tensor) -> Any:
        codes, tables = ctx.saved_tensors
        ops = operations(codes.device)
        return ops.sum_windows_backward(codes, grads[0], _slopes(tables))


class _SumCells(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, codes: torch.Tensor, table: torch.Tensor) -> torch.Tensor:
        ctx.save_for_backward(codes, table)
        sums: torch.Tensor = operations(codes.device).sum_cells(codes, table)
        return sums

    @staticmethod
    def backward(ctx: Any, *grads: torch.Tensor) -> Any:
        codes, table = ctx.saved_tensors
        return operations(codes.device).sum_cells_backward(codes, grads[0], table)


def sum_windows(codes: torch.Tensor, tables: torch.Tensor) -> torch.Tensor:
    """Sum the entries (n, n, 256, N) at the n x n codes (B, H, W) below and right of each."""
    sums: torch.Tensor = _SumWindows.apply(codes, tables)
    return sums


def sum_cells(codes: torch.Tensor, table: torch.Tensor) -> torch.Tensor:
    """Interpolate a table (17 ** 4, N) at the 2 x 2 codes (B, H, W) below and right; times 16."""
    sums: torch.Tensor = _SumCells.apply(codes, table)
    return sums


def used_entries(codes: Sequence[torch.Tensor]) -> torch.Tensor | None:
    """Return the numbers of the entries that `sum_cells` reads; None if all are to be computed."""
    used: torch.Tensor | None = operations(codes[0].device).used_entries(codes)
    return used
