"""RC-LUT as torch modules, by the names of its paper.

Every module knows the int8 entries of its table, and computes with them: the tables are in the
loop. So `export` copies entries, and the chain's output is that of the network in `eval` mode.

In training a table with four indices is evaluated only where the crops look it up, a part of its
83,521 entries; on a GPU as a whole, since that takes less time than to wait for their numbers.

The published network takes the mean over a window, and a tanh of it. The tanh would not be a table
with one index; here the clamp of the code stands for it. A mean of n * n int8 entries gives a pixel
at most 1 / (n * n) of a code's range; so the sum is divided by less, see `RC`.

References
----------
.. [1] G. Liu, Y. Ding, M. Li, M. Sun, X. Wen and B. Wang, "Reconstructed Convolution Module Based
   Look-Up Tables for Efficient Image Super-Resolution", ICCV 2023.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import nn
from torch.nn import functional

from training.device import computes_bfloat16
from training.rclut.kernels import SIDE
from training.rclut.lookups import snap, sum_cells, sum_windows, used_entries

#: Half the range of codes: entries are codes less this.
MIDDLE = 127
#: Sides of the windows of the three branches.
WINDOWS = (3, 5, 7)
#: What the sum of a window's entries is divided by.
DIVISORS = {3: 1, 5: 2, 7: 2}
#: Codes that index the tables after them, in the two stages.
PIXELS = ((4, 4, 4), (1, 4, 1))
#: Interpolated entries count so many times.
UNIT = 16
ROTATIONS = 4

_INT8 = torch.iinfo(torch.int8)


@dataclass(frozen=True)
class Shape:
    """What a network is made of.

    Attributes
    ----------
    scale : int
        Upscaling factor r.
    width : int
        Channels of hidden layers.
    curved : bool
        Whether the tables of windows have an activation inside; else they are straight lines, as
        in the released code.
    """

    scale: int = 4
    width: int = 64
    curved: bool = True


class RC(nn.Module):
    """The reconstructed convolution: a table per pixel of a window, summed, rounded to a code.

    Parameters
    ----------
    side : int
        Of the window, n.
    width : int
        Channels between the two layers of each table.
    curved : bool
        See `Shape`.
    """

    def __init__(self, side: int, width: int, curved: bool) -> None:
        super().__init__()
        self.side, self.curved = side, curved
        self.divisor = DIVISORS[side]
        places = side * side
        self.expand = nn.Parameter(torch.randn(places, 2, width))
        self.reduce = nn.Parameter(torch.randn(places, width) * 0.1 / width**0.5)
        self.bias = nn.Parameter(torch.zeros(places))
        y, x = torch.meshgrid(torch.arange(side), torch.arange(side), indexing="ij")
        nearest = (y * y + x * x).flatten().argsort(stable=True)[: self.divisor]
        start = torch.zeros(places)
        start[nearest] = 1  # a network starts as the mean of a few pixels
        self.register_buffer("start", start, persistent=False)
        self.start: torch.Tensor

    def entries(self) -> torch.Tensor:
        """Compute the tables (n, n, 256, 1)."""
        level = torch.arange(256, device=self.bias.device) - MIDDLE
        features = torch.stack([level / MIDDLE, torch.ones_like(level)], 1)
        hidden = features @ self.expand  # (places, 256, width)
        if self.curved:
            hidden = hidden.relu()
        curves = torch.einsum("plw,pw->pl", hidden, self.reduce) + self.bias[:, None]
        values = MIDDLE * self.divisor / len(curves) * curves + self.start[:, None] * level
        return snap(values, _INT8.min, _INT8.max).reshape(self.side, self.side, 256, 1)

    def forward(self, codes: list[torch.Tensor]) -> list[torch.Tensor]:
        """Compute the codes (B, h, w) of codes (B, h + n - 1, w + n - 1), several times."""
        tables = self.entries()
        sums = (sum_windows(each, tables)[..., 0] for each in codes)
        return [snap(each / self.divisor + MIDDLE, 0, 255) for each in sums]


class Conv(nn.Module):
    """A table of one code, or of 2 x 2 codes: Conv1-4, Conv4-1 and Conv4-4 of the paper.

    Parameters
    ----------
    pixels : int
        1 or 4.
    outputs : int
        1, or r * r.
    width : int
        Channels of hidden layers.
    share : float
        How much of the first pixel's code a network starts with.
    """

    def __init__(self, pixels: int, outputs: int, width: int, share: float) -> None:
        super().__init__()
        self.share = share
        self.first = nn.Linear(pixels, width)
        self.dense = nn.ModuleList([nn.Linear(k * width, width) for k in range(1, 5)])
        self.last = nn.Linear(5 * width, outputs)
        for layer in (self.first, *self.dense):
            nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")
            nn.init.zeros_(layer.bias)
        nn.init.normal_(self.last.weight, std=0.01 / (5 * width) ** 0.5)
        nn.init.zeros_(self.last.bias)
        codes = torch.arange(256)[:, None]
        if pixels > 1:
            axis = torch.arange(SIDE) * 256 // (SIDE - 1)
            codes = torch.cartesian_prod(axis, axis, axis, axis)
        self.register_buffer("codes", codes.float(), persistent=False)
        self.codes: torch.Tensor

    def entries(self, used: torch.Tensor | None = None) -> torch.Tensor:
        """Compute the table (entries, outputs); only the given entries are right, if any are."""
        codes = self.codes if used is None else self.codes[used]
        fast = computes_bfloat16(codes.device)  # elsewhere float32 takes a fraction of the time
        with torch.autocast(codes.device.type, torch.bfloat16, enabled=fast):
            maps = self.first(codes / MIDDLE - 1).relu()
            for layer in self.dense:
                maps = torch.cat([maps, layer(maps).relu()], 1)
            added = self.last(maps).float()
        start = codes[:, :1] * self.share - (MIDDLE if self.share == 1 else 0)
        values = snap(start + MIDDLE * added, _INT8.min, _INT8.max)
        if used is None:
            return values
        return values.new_zeros(len(self.codes), values.shape[1]).index_copy(0, used, values)

    def forward(self, codes: list[torch.Tensor]) -> list[torch.Tensor]:
        """Sum entries at codes (B, h + 1, w + 1), or (B, h, w): (B, h, w, outputs), times 16."""
        if self.first.in_features == 1:
            table = self.entries()[None, None]
            return [UNIT * sum_windows(each, table) for each in codes]
        table = self.entries(used_entries(codes) if self.training else None)
        return [sum_cells(each, table) for each in codes]


class Stage(nn.Module):
    """Three branches, RC and Conv, and four rotations of them.

    Parameters
    ----------
    pixels : tuple of int
        Codes that index the second table of each branch.
    outputs : int
        1, or r * r.
    shape : Shape
    """

    def __init__(self, pixels: tuple[int, ...], outputs: int, shape: Shape) -> None:
        super().__init__()
        share = 1.0 if outputs == 1 else 1 / ROTATIONS
        self.windows = nn.ModuleList([RC(n, shape.width, shape.curved) for n in WINDOWS])
        self.convs = nn.ModuleList([Conv(p, outputs, shape.width, share) for p in pixels])
        self.pixels = pixels
        self.reach = max(n - 1 + (p > 1) for n, p in zip(WINDOWS, pixels, strict=True))

    def branches(self) -> Iterator[tuple[RC, Conv, int]]:
        """Yield the two modules of each branch, and the codes that index the second."""
        for rc, conv, pixels in zip(self.windows, self.convs, self.pixels, strict=True):
            assert isinstance(rc, RC)
            assert isinstance(conv, Conv)
            yield rc, conv, pixels

    def forward(self, codes: torch.Tensor) -> torch.Tensor:
        """Sum all branches and rotations at codes (B, H, W): (B, r * H, r * W), times 16."""
        reach, turned = self.reach, [torch.rot90(codes, k, (1, 2)) for k in range(ROTATIONS)]
        if codes.shape[1] == codes.shape[2]:  # as crops are: one batch, for fewer operations
            turned = [torch.cat(turned)]
        padded = [functional.pad(each[:, None], (0, reach, 0, reach), "replicate")[:, 0]
                  for each in turned]  # fmt: skip
        found: list[list[torch.Tensor]] = []
        for rc, conv, pixels in self.branches():
            spare = reach - (rc.side - 1) - (pixels > 1)
            cut = [each[:, : each.shape[1] - spare, : each.shape[2] - spare] for each in padded]
            found.append(conv(rc(cut)))
        maps: list[torch.Tensor] = []
        for one, two, three in zip(*found, strict=True):
            sums = (one + two + three).permute(0, 3, 1, 2)
            r = round(sums.shape[1] ** 0.5)
            maps += functional.pixel_shuffle(sums, r)[:, 0].split(len(codes))
        back = [torch.rot90(each, -k, (1, 2)) for k, each in enumerate(maps)]
        return torch.stack(back).sum(0)


class RCLUT(nn.Module):
    """The network: two stages, with a map of codes between them.

    Parameters
    ----------
    shape : Shape
    """

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.shape = shape
        self.first = Stage(PIXELS[0], 1, shape)
        self.last = Stage(PIXELS[1], shape.scale**2, shape)

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        """Compute grey levels (B, r * H, r * W), neither rounded nor clipped, of (B, H, W)."""
        count = len(WINDOWS) * ROTATIONS * UNIT
        codes = snap(self.first(image) / count + MIDDLE, 0, 255)
        levels: torch.Tensor = self.last(codes) / (len(WINDOWS) * UNIT)
        return levels

    @torch.no_grad()
    def upscale(self, image: torch.Tensor) -> torch.Tensor:
        """Upscale uint8 images (B, H, W), with all entries of the tables."""
        self.eval()
        levels: torch.Tensor = self(image.float())
        return levels.round().clamp(0, 255).to(torch.uint8)
