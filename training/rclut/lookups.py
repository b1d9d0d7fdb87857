"""Look-ups with gradients, of the codes and of the tables, as torch functions.

Codes are float tensors of whole numbers, 0..255, so that they have gradients.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from training.rclut import kernels

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


def _bytes(codes: torch.Tensor) -> NDArray[np.uint8]:
    found: NDArray[np.uint8] = codes.detach().to("cpu", torch.uint8).contiguous().numpy()
    return found


def _floats(values: torch.Tensor) -> NDArray[np.float32]:
    found: NDArray[np.float32] = values.detach().to("cpu", torch.float32).contiguous().numpy()
    return found


def _slopes(tables: NDArray[np.float32]) -> NDArray[np.float32]:
    """Compute the derivatives (n, n, 256, N) of tables by the code."""
    code = np.arange(256)
    high, low = np.minimum(code + SPAN, 255), np.maximum(code - SPAN, 0)
    rise = tables[:, :, high] - tables[:, :, low]
    return rise / (high - low).astype(np.float32)[:, np.newaxis]


class _SumWindows(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, codes: torch.Tensor, tables: torch.Tensor) -> torch.Tensor:
        ctx.codes, ctx.tables, ctx.device = _bytes(codes), _floats(tables), tables.device
        n, (B, H, W) = len(tables), codes.shape
        sums = np.empty((B, H - n + 1, W - n + 1, tables.shape[-1]), np.float32)
        kernels.sum_windows(ctx.codes, ctx.tables, sums)
        return torch.from_numpy(sums).to(ctx.device)

    @staticmethod
    def backward(ctx: Any, *grads: torch.Tensor) -> Any:
        found = np.zeros(ctx.codes.shape, np.float32), np.zeros_like(ctx.tables)
        kernels.sum_windows_backward(
            ctx.codes, _floats(grads[0]), _slopes(ctx.tables), found[1], found[0]
        )
        return tuple(torch.from_numpy(each).to(ctx.device) for each in found)


class _SumCells(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, codes: torch.Tensor, table: torch.Tensor) -> torch.Tensor:
        ctx.codes, ctx.table, ctx.device = _bytes(codes), _floats(table), table.device
        B, H, W = codes.shape
        sums = np.empty((B, H - 1, W - 1, table.shape[1]), np.float32)
        kernels.sum_cells(ctx.codes, ctx.table, sums)
        return torch.from_numpy(sums).to(ctx.device)

    @staticmethod
    def backward(ctx: Any, *grads: torch.Tensor) -> Any:
        found = np.zeros(ctx.codes.shape, np.float32), np.zeros_like(ctx.table)
        kernels.sum_cells_backward(ctx.codes, _floats(grads[0]), ctx.table, found[1], found[0])
        return tuple(torch.from_numpy(each).to(ctx.device) for each in found)


def sum_windows(codes: torch.Tensor, tables: torch.Tensor) -> torch.Tensor:
    """Sum the entries (n, n, 256, N) at the n x n codes (B, H, W) below and right of each."""
    sums: torch.Tensor = _SumWindows.apply(codes, tables)
    return sums


def sum_cells(codes: torch.Tensor, table: torch.Tensor) -> torch.Tensor:
    """Interpolate a table (17 ** 4, N) at the 2 x 2 codes (B, H, W) below and right; times 16."""
    sums: torch.Tensor = _SumCells.apply(codes, table)
    return sums


def used_entries(codes: list[torch.Tensor]) -> torch.Tensor:
    """Return the numbers of the entries that `sum_cells` reads."""
    used = np.zeros(kernels.SIDE**4, bool)
    for each in codes:
        kernels.mark_cells(_bytes(each), used)
    return torch.from_numpy(np.flatnonzero(used)).to(codes[0].device)
