"""`training.rclut.plain` by compiled functions, for the CPU."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional

from training.rclut import kernels

#: Places of a window's row that are computed at once.
WIDE = 8
#: The entries that are computed are a multiple of this: torch prepares a product of matrices in
#: bfloat16 anew for each new number of rows, which took a third of the time of the products.
ROWS = 2048


def _bytes(codes: torch.Tensor) -> NDArray[np.uint8]:
    found: NDArray[np.uint8] = codes.detach().to(torch.uint8).contiguous().numpy()
    return found


def _floats(values: torch.Tensor) -> NDArray[np.float32]:
    found: NDArray[np.float32] = values.detach().float().contiguous().numpy()
    return found


def sum_windows(codes: torch.Tensor, tables: torch.Tensor) -> torch.Tensor:
    """Sum the entries (n, n, 256, N) at the n x n codes (B, H, W) below and right: (B, h, w, N)."""
    n, (B, H, W) = len(tables), codes.shape
    sums = np.empty((B, H - n + 1, W - n + 1, tables.shape[-1]), np.float32)
    kernels.sum_windows(_bytes(codes), _floats(tables), sums)
    return torch.from_numpy(sums)


def sum_windows_backward(
    codes: torch.Tensor, grads: torch.Tensor, slopes: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor]:
    """Compute the gradients of the codes and of the tables, which have these slopes.

    Tables of windows, n > 1, have one output: others are not needed.
    """
    n = len(slopes)
    code_grads = np.empty(codes.shape, np.float32)
    if n == 1:
        found = np.zeros(slopes.shape, np.float32)
        kernels.look_up_backward(_bytes(codes), _floats(grads), _floats(slopes), found, code_grads)
        return torch.from_numpy(code_grads), torch.from_numpy(found)
    around = functional.pad(grads[..., 0], (n - 1, WIDE - 1, n - 1, n - 1))
    turned = functional.pad(slopes[..., 0].flip(0, 1).permute(2, 0, 1), (0, WIDE - n))
    wide = np.zeros(turned.shape, np.float32)
    kernels.sum_windows_backward(_bytes(codes), _floats(around), _floats(turned), wide, code_grads)
    table_grads = torch.from_numpy(wide)[..., :n].permute(1, 2, 0).flip(0, 1)[..., None]
    return torch.from_numpy(code_grads), table_grads


def sum_cells(codes: torch.Tensor, table: torch.Tensor) -> torch.Tensor:
    """Interpolate a table (17 ** 4, N) at 2 x 2 codes, times 16: (B, h, w, N)."""
    B, H, W = codes.shape
    sums = np.empty((B, H - 1, W - 1, table.shape[1]), np.float32)
    kernels.sum_cells(_bytes(codes), _floats(table), sums)
    return torch.from_numpy(sums)


def sum_cells_backward(
    codes: torch.Tensor, grads: torch.Tensor, table: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor]:
    """Compute the gradients of the codes and of the table."""
    found = np.zeros(codes.shape, np.float32), np.zeros(table.shape, np.float32)
    kernels.sum_cells_backward(_bytes(codes), _floats(grads), _floats(table), found[1], found[0])
    return torch.from_numpy(found[0]), torch.from_numpy(found[1])


def used_entries(codes: Sequence[torch.Tensor]) -> torch.Tensor:
    """Return the numbers of the entries that `sum_cells` reads, and of some more; see `ROWS`."""
    used = np.zeros(kernels.SIDE**4, bool)
    for each in codes:
        kernels.mark_cells(_bytes(each), used)
    more = -int(np.count_nonzero(used)) % ROWS
    used[np.flatnonzero(~used)[:more]] = True
    return torch.from_numpy(np.flatnonzero(used))
