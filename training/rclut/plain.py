"""`training.rclut.kernels` in torch operations, for devices without compiled kernels.

Sums of entries, which are whole numbers, are equal; gradients differ by the order of their sums.
Nothing here waits for the device: no shape depends on the values of a tensor.

Codes become uint8 before they index: a value that is not finite, from which a run is going to
stop, would be an index out of range, and on a GPU that ends the process.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch.nn import functional

from training.rclut.kernels import SIDE


def _indices(codes: torch.Tensor) -> torch.Tensor:
    return codes.to(torch.uint8).long()


def _windows(maps: torch.Tensor, n: int) -> torch.Tensor:
    """View the n x n values below and right of each: (B, h, w, ..., n, n)."""
    return maps.unfold(1, n, 1).unfold(2, n, 1)


def sum_windows(codes: torch.Tensor, tables: torch.Tensor) -> torch.Tensor:
    """Sum the entries (n, n, 256, N) at the n x n codes (B, H, W) below and right: (B, h, w, N)."""
    n = len(tables)
    first = 256 * torch.arange(n * n, device=codes.device).reshape(n, n)
    entries = _windows(_indices(codes), n) + first
    return tables.flatten(0, 2)[entries.flatten(3)].sum(3)


def sum_windows_backward(
    codes: torch.Tensor, grads: torch.Tensor, slopes: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor]:
    """Compute the gradients of the codes and of the tables, which have these slopes.

    A code is in n x n windows, and each of them looks it up in another table. So the sums of
    these windows' gradients over the codes of each level are a product of matrices, which is
    faster than to add up single values, and gives the same whenever it is repeated.
    """
    n, outputs = len(slopes), slopes.shape[-1]
    edge = (0, 0, n - 1, n - 1, n - 1, n - 1)
    # The first of the windows around a code is the one whose last pixel it is.
    around = _windows(functional.pad(grads, edge), n).flatten(1, 2).flatten(2)
    levels = _indices(codes).flatten(1)
    rows = slopes.permute(2, 3, 0, 1).flip(2, 3).flatten(1)
    code_grads = (rows[levels] * around).sum(2).reshape(codes.shape)
    hits = (levels[:, None] == torch.arange(256, device=codes.device)[:, None]).float()
    table_grads = torch.bmm(hits, around).sum(0).reshape(256, outputs, n, n)
    return code_grads, table_grads.flip(2, 3).permute(2, 3, 0, 1)


def _walk(codes: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Walk through the cells of 2 x 2 codes by falling fraction, as the kernels do.

    Returns
    -------
    entries : int64 tensor (B, h, w, 5)
    weights : float32 tensor (B, h, w, 5)
    axes : int64 tensor (B, h, w, 4)
        Which of the four codes leads from an entry to the next.
    """
    four = _windows(_indices(codes), 2).flatten(3)
    axis = torch.arange(4, device=codes.device)
    strides = SIDE ** (3 - axis)
    keys = ((four & 15) << 20 | axis << 16 | strides).sort(3, descending=True).values
    corner = ((four >> 4) * strides).sum(3, keepdim=True)
    entries = torch.cat([corner, keys & 0xFFFF], 3).cumsum(3)
    fractions = (keys >> 20).float()
    weights = functional.pad(fractions, (1, 0), value=16) - functional.pad(fractions, (0, 1))
    return entries, weights, keys >> 16 & 15


def sum_cells(codes: torch.Tensor, table: torch.Tensor) -> torch.Tensor:
    """Interpolate a table (17 ** 4, N) at 2 x 2 codes, times 16: (B, h, w, N)."""
    entries, weights, _ = _walk(codes)
    return (table[entries] * weights[..., None]).sum(3)


def sum_cells_backward(
    codes: torch.Tensor, grads: torch.Tensor, table: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor]:
    """Compute the gradients of the codes and of the table."""
    entries, weights, axes = _walk(codes)
    shares = weights[..., None] * grads[..., None, :]
    table_grads = torch.zeros_like(table).index_add_(0, entries.flatten(), shares.flatten(0, 3))
    rises = (table[entries].diff(dim=3) * grads[..., None, :]).sum(4)
    by_axis = torch.zeros_like(rises).scatter_(3, axes, rises)
    h, w = grads.shape[1:3]
    code_grads = grads.new_zeros(codes.shape)
    for axis in range(4):
        y, x = divmod(axis, 2)
        code_grads[:, y : y + h, x : x + w] += by_axis[..., axis]
    return code_grads, table_grads


def used_entries(codes: Sequence[torch.Tensor]) -> None:
    """Return None, for all entries: to count those in use would make the device wait."""
