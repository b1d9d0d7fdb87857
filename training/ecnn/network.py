"""ECNN as a torch module whose layers are exactly one-pixel tables.

A layer of the network adds up, over all channels c and window places t, a function of the one
number x_c(p + t) for each output channel: it is a set of tables with one index each. Here the
functions are piecewise linear: a * x + sum over k of b_k * max(0, x + kink_k), the kinks being
common to all places and outputs of a channel. So a layer is a point-wise expansion and an ordinary
convolution, and `training.ecnn.tables` reads its tables off.

References
----------
.. [1] K. Yin and J. Shen, ECNN, ACM MM 2024.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch import nn

from training.ecnn.convolutions import convolve_one, half_precision
from training.ecnn.plain import HALF
from training.ecnn.steps import (
    Rounding,
    SquaredErrors,
    Stack,
    hidden_features,
)

if TYPE_CHECKING:
    from training.ecnn.tables import Tables

#: Levels of hidden maps.
LEVELS = 2 * HALF

WINDOW = 3


@dataclass(frozen=True)
class Shape:
    """Size of a network.

    Attributes
    ----------
    scale : int
        Upscaling factor r.
    channels : int
        Channels of hidden maps.
    layers : int
        Hidden layers, besides the first and the last one.
    window : int
        Side of the first layer's window; the others have 3 x 3.
    kinks : int
        Kinks of the functions of a hidden channel.
    knots : int
        Linear pieces of the functions of the image.
    units : int
        Units of an entry of a hidden layer in a level of the maps, a power of two.
    last_units : int
        Units of an entry of the last layer, and of the base, in a grey level, a power of two.
    """

    scale: int
    channels: int = 16
    layers: int = 4
    window: int = 5
    kinks: int = 1
    knots: int = 8
    units: int = 16
    last_units: int = 8

    @property
    def reach(self) -> int:
        """Input pixels on each side that a result depends on."""
        return self.window // 2 + self.layers + 1


class Network(nn.Module):
    """The network.

    What it adds to the image is the sum of a *base*, linear in the 3 x 3 pixels around, and a
    *detail*, made by the hidden layers. Both are zero on constant images: the base because its
    weights sum to 0, the detail because what it would be there, a function of the pixel's own
    level, is subtracted.

    Weights of convolutions are kept as matrices (outputs, inputs * places).
    """

    basis: torch.Tensor
    use: torch.Tensor

    def __init__(self, shape: Shape, generator: torch.Generator | None = None) -> None:
        super().__init__()
        self.shape = shape
        C, N, r = shape.channels, shape.scale**2, shape.layers

        def weights(outputs: int, inputs: int, gain: float) -> nn.Parameter:
            return nn.Parameter(
                torch.randn(outputs, inputs, generator=generator) * gain / math.sqrt(inputs)
            )

        hidden = C * (shape.kinks + 1) * WINDOW**2
        self.first = weights(C, shape.knots * shape.window**2, 1.0)
        self.hidden = nn.ParameterList([weights(C, hidden, 0.3) for _ in range(r)])
        self.last = weights(N, hidden, 0.03)
        self.base = nn.Parameter(torch.zeros(N, WINDOW**2))
        self.biases = nn.ParameterList([nn.Parameter(torch.zeros(C)) for _ in range(r + 1)])
        spread = torch.linspace(-0.5, 0.5, shape.kinks) if shape.kinks > 1 else torch.zeros(1)
        self.kinks = nn.ParameterList(
            [
                nn.Parameter(spread + 0.1 * torch.randn(C, shape.kinks, generator=generator))
                for _ in range(r + 1)
            ]
        )
        levels = torch.arange(256)[:, None] / 255
        knots = torch.arange(1, shape.knots) / shape.knots
        basis = torch.cat([2 * levels - 1, 2 * (levels - knots).relu()], 1)
        self.register_buffer("basis", basis, persistent=False)
        # How often each level of each hidden channel occurs; nothing is known at first.
        self.register_buffer("use", torch.full((r + 1, C, LEVELS), 1 / LEVELS))

    def matrices(self) -> list[nn.Parameter]:
        """Return the weights of all layers of the detail, first to last."""
        return [self.first, *self.hidden, self.last]

    def convolutions(self) -> list[torch.Tensor]:
        """Return the weights of the detail, first to last, as (outputs, inputs, rows, columns)."""
        matrices = self.matrices()
        sides = [self.shape.window] + [WINDOW] * (self.shape.layers + 1)
        return [
            matrix.reshape(len(matrix), -1, side, side)
            for matrix, side in zip(matrices, sides, strict=True)
        ]

    def base_weights(self) -> torch.Tensor:
        """Return the base's weights (N, 1, 3, 3), which sum to 0."""
        middle = torch.arange(WINDOW**2, device=self.base.device) == WINDOW**2 // 2
        weights = self.base - self.base.sum(1, keepdim=True) * middle
        return weights.reshape(-1, 1, WINDOW, WINDOW)

    def features(self, maps: torch.Tensor, layer: int) -> torch.Tensor:
        """Expand maps (..., C) for the layer after `layer`: x, max(0, x + kink)..."""
        kinks = self.kinks[layer]
        every = [maps] + [(maps + kinks[:, k]).relu() for k in range(self.shape.kinks)]
        return torch.cat(every, -1)

    def flats(self, rounded: bool) -> torch.Tensor:
        """Compute the detail of constant images, (256, N), before it is subtracted."""

        def clamp(maps: torch.Tensor) -> torch.Tensor:
            if rounded:
                exact = maps.detach()
                maps = maps + ((exact * HALF + 0.5).floor() / HALF - exact)
            return maps.clamp(-1, 1 - 1 / HALF if rounded else 1)

        sums = [weights.sum((2, 3)).T for weights in self.convolutions()]
        maps = clamp(self.basis @ sums[0] + self.biases[0])
        for k in range(self.shape.layers):
            change = self.features(maps, k) @ sums[k + 1] + self.biases[k + 1]
            maps = clamp(maps + change)
        return self.features(maps, self.shape.layers) @ sums[-1]

    @torch.no_grad()
    def observe(self, image: torch.Tensor, share: float) -> None:
        """Count the levels of hidden maps of images (B, H, W) into a running mean.

        Parameters
        ----------
        image : uint8 (B, H, W)
        share : float
            Weight of these images in the mean.
        """
        weights = [half_precision(w) for w in self.convolutions()]
        every, _ = hidden_features(
            self._image_features(image),
            Rounding(HALF),
            weights,
            list(self.biases),
            list(self.kinks),
        )
        channels = self.shape.channels
        first = LEVELS * torch.arange(channels, device=image.device)[:, None, None]
        for k, maps in enumerate(every[1:]):
            levels = (maps[:, :channels].float() * HALF + HALF).long() + first
            counts = torch.bincount(levels.flatten(), minlength=channels * LEVELS)
            counts = counts.reshape(channels, LEVELS)
            self.use[k].lerp_(counts / counts.sum(1, keepdim=True), share)

    def _image_features(self, image: torch.Tensor) -> torch.Tensor:
        return self.basis.to(torch.bfloat16)[image.long()].permute(0, 3, 1, 2)

    def errors(
        self,
        image: torch.Tensor,
        wanted: torch.Tensor,
        rounded: bool,
        tables: Tables | None = None,
    ) -> torch.Tensor:
        """Compute the mean squared error of each crop, in grey levels.

        Parameters
        ----------
        image : uint8 (B, H, W)
        wanted : uint16 (B, h, w, N)
            h = H - 2 * reach; the r x r pixels of each input pixel, in 1/256 of a level.
        rounded : bool
            Whether hidden maps are rounded to their levels.
        tables : Tables, optional
            The network's rounded tables, to compute the detail with; `rounded` must be True.
        """
        reach, (height, width) = self.shape.reach, image.shape[1:]
        mode, flats = Rounding(HALF if rounded else 0), self.flats(rounded)
        if tables is not None:
            white = 255 * tables.units
            mode = Rounding(HALF, tables.layers, image.unsqueeze(1), white)
            flats = flats + (-tables.flat / white - flats).detach()
        detail = Stack.apply(
            self._image_features(image),
            mode,
            self.shape.layers + 1,
            *self.convolutions(),
            *self.biases,
            *self.kinks,
        )
        edge = reach - WINDOW // 2
        near = image[:, edge : height - edge, edge : width - edge]
        weights = (self.base_weights() * (256 / 255)).to(torch.bfloat16)
        base = convolve_one(  # of exact numbers: levels / 256 fit bfloat16
            (near.to(torch.bfloat16) / 256).unsqueeze(1),
            weights.contiguous(memory_format=torch.channels_last),
        )
        own = image[:, reach : height - reach, reach : width - reach].contiguous()
        errors: torch.Tensor = SquaredErrors.apply(own, detail, base, flats, wanted)
        return errors
