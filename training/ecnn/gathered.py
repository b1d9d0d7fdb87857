"""Crops cut on the device: all planes lie in its memory, and a step sends a few numbers."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray

from training.device import send
from training.ecnn.crops import LumaCrops


def to_device(
    batch: tuple[NDArray[np.uint8], NDArray[np.uint16]], device: torch.device
) -> tuple[torch.Tensor, torch.Tensor]:
    """Return inputs, and targets as int32: not every operation on a GPU is there for uint16."""
    return send(batch[0], device), widened(send(batch[1].view(np.int16), device))


def widened(bits: torch.Tensor) -> torch.Tensor:
    """Convert the bits of uint16, as int16, to int32."""
    return bits.int() & 0xFFFF


class GatheredCrops:
    """The crops of a `LumaCrops`, as tensors of a device.

    A crop is a start, and a distance in memory from one row and from one column to the next, both
    with a sign: so are all orientations.

    Parameters
    ----------
    crops : LumaCrops
    device : torch.device
    """

    def __init__(self, crops: LumaCrops, device: torch.device) -> None:
        self.crops, self.device = crops, device
        low = [np.pad(planes.lr, crops.margin, mode="reflect") for planes in crops.planes]
        high = [planes.hr for planes in crops.planes]
        n, r = crops.inner, crops.scale
        self.low = torch.from_numpy(np.concatenate([p.ravel() for p in low])).to(device)
        bits = np.concatenate([p.ravel() for p in high]).view(np.int16)
        self.high = torch.from_numpy(bits).to(device)
        self.starts, self.widths = [_starts(low), _starts(high)], [_widths(low), _widths(high)]
        side = torch.arange(crops.crop, device=device)
        self.low_rows, self.low_columns = side[:, None], side[None, :]
        cells = torch.arange(n, device=device) * r
        inside = torch.arange(r, device=device)
        self.high_rows = cells[:, None, None, None] + inside[:, None]
        self.high_columns = cells[:, None, None] + inside

    def __call__(self, step: int) -> tuple[torch.Tensor, torch.Tensor]:
        """Cut inputs, uint8 (B, crop, crop), and targets, int32 (B, n, n, r * r).

        The numbers are those of `Crops.__call__`.
        """
        crops = self.crops
        r, n = crops.scale, crops.inner
        found = np.empty((2, 3, crops.batch), np.int64)
        for slot, (which, y, x, orientation) in enumerate(crops.choose(step)):
            for kind, (unit, side) in enumerate(((1, crops.crop), (r, r * n))):
                width = self.widths[kind][which]
                start = self.starts[kind][which] + unit * (y * width + x)
                found[kind, :, slot] = _oriented(start, width, side, orientation)
        numbers = send(found, self.device)
        start, down, right = (each[:, None, None] for each in numbers[0])
        low = self.low[start + self.low_rows * down + self.low_columns * right]
        start, down, right = (each[:, None, None, None, None] for each in numbers[1])
        at = start + self.high_rows * down + self.high_columns * right
        high = widened(self.high[at])
        return low, high.reshape(crops.batch, n, n, r * r)


def _starts(planes: Sequence[NDArray[np.generic]]) -> list[int]:
    """Return where each plane starts when all lie one after the other."""
    return [0, *np.cumsum([plane.size for plane in planes]).tolist()]


def _widths(planes: Sequence[NDArray[np.generic]]) -> list[int]:
    return [plane.shape[1] for plane in planes]


def _oriented(start: int, width: int, side: int, orientation: int) -> tuple[int, int, int]:
    """Return where an oriented crop starts, and the distance of its rows and of its columns."""
    down, right = width, 1
    if orientation & 1:
        start, right = start + (side - 1) * right, -right
    if orientation & 2:
        start, down = start + (side - 1) * down, -down
    return (start, right, down) if orientation & 4 else (start, down, right)
