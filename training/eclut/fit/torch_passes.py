"""The passes of the fit in torch, for CUDA.

They use the look-up of the network route, on one strip of a picture at a time, so that neither
pictures nor temporaries need to fit in the device's memory. On CPU tensors they equal the compiled
passes to float tolerance, but take longer.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import torch

from training.eclut.constants import ENTRIES_PER_LEVEL, MARGIN, PAIRS, WINDOW
from training.eclut.fit.passes import Passes
from training.eclut.fit.weights import ranges
from training.eclut.grid import all_pairs, look_up
from training.eclut.windows import symmetrise
from training.evaluation.pictures import Picture

#: Samples of the shrunk picture in a strip; at scale 4 each needs 768 bytes of temporaries.
STRIP = 1 << 18


class TorchPasses(Passes):
    """`Passes` on a torch device; sums are float32, added in any order.

    Parameters
    ----------
    pictures : sequence of Picture
        At least 5 x 5 each, shrunk.
    scale : int
        2, 3 or 4.
    device : torch.device
    flat_weight : float
        See `training.eclut.fit.weights`.
    """

    def __init__(
        self,
        pictures: Sequence[Picture],
        scale: int,
        device: torch.device,
        flat_weight: float = 1.0,
    ) -> None:
        super().__init__(pictures, scale, flat_weight)
        self.pictures, self.device = pictures, device

    def _strips(self) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
        """Yield grey levels (3, n + 4, w) and the full-size inner parts (3, r * n, r * (w - 4))."""
        r, m = self.scale, MARGIN
        for picture in self.pictures:
            lr, hr = picture.lr, picture.hr
            h, w, channels = lr.shape
            rows = max(1, STRIP // (w * channels))
            for top in range(0, h - 2 * m, rows):
                count = min(rows, h - 2 * m - top)
                low = lr[top : top + count + 2 * m]
                high = hr[r * (top + m) : r * (top + m + count), r * m : r * (w - m)]
                # Copies, because torch has no read-only tensors, and mapped files are read-only.
                grey, full = (torch.from_numpy(p.copy()).to(self.device) for p in (low, high))
                yield grey.permute(2, 0, 1), full.permute(2, 0, 1)

    def __call__(
        self, windows: torch.Tensor, goal: float = ENTRIES_PER_LEVEL
    ) -> tuple[torch.Tensor, float]:
        """Sum residuals per pair; see `Passes`."""
        r, m = self.scale, MARGIN
        leaf = windows.reshape(PAIRS, *WINDOW, r * r).detach().requires_grad_()
        position = all_pairs(self.device)
        total = torch.zeros_like(leaf)
        squares = torch.zeros((), dtype=torch.float64, device=self.device)
        for low, high in self._strips():
            sums = look_up(low.to(torch.int64), leaf, position)
            own = low[:, m:-m, m:-m].repeat_interleave(r, 1).repeat_interleave(r, 2)
            residual = sums.detach() - goal * (high.to(torch.float32) - own.to(torch.float32))
            weight = torch.from_numpy(self.weights).to(self.device)[ranges(low)[:, 1:-1, 1:-1]]
            weighted = residual * weight.repeat_interleave(r, 1).repeat_interleave(r, 2)
            squares += (weighted * residual).sum(dtype=torch.float64)
            (found,) = torch.autograd.grad(sums, leaf, weighted)
            total += found
        return symmetrise(total.detach().reshape(windows.shape)), squares.item()


def passes_on(
    device: torch.device, pictures: Sequence[Picture], scale: int, flat_weight: float = 1.0
) -> Passes:
    """Return the fastest passes on a device."""
    if device.type == "cuda":
        return TorchPasses(pictures, scale, device, flat_weight)
    return Passes(pictures, scale, flat_weight)
