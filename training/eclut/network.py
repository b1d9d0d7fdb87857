"""The network and the expanded convolution, with the published forward pass.

This is the slow and obvious form. Training uses ``training.eclut.grid``, which computes the same
numbers from the table; tests compare the two.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from torch import nn

from lutsr._engine import SCALES
from training.eclut.constants import TAPS, tap_offsets


def reflect_pad(maps: torch.Tensor, pad: int) -> torch.Tensor:
    """Pad the last two axes as ``np.pad(mode="reflect")`` does, also beyond an axis's length."""
    for axis in (-2, -1):
        # NumPy pads the indices: torch refuses pads that are as long as the axis.
        source = np.pad(np.arange(maps.shape[axis]), pad, mode="reflect")
        maps = maps.index_select(axis, torch.from_numpy(source).to(maps.device))
    return maps


def add_row_below(image: torch.Tensor) -> torch.Tensor:
    """Add the reflected row below the last one; a one-row image repeats itself."""
    below = image[..., -2:-1, :] if image.shape[-2] > 1 else image
    return torch.cat([image, below], dim=-2)


class ExpandConv(nn.Module):
    """The mean of nine maps, each moved by its tap's offset, with reflected borders.

    Parameters
    ----------
    expand_shift : int
        Output pixels that a tap moves its map by: 1 as published, or the scale.
    """

    def __init__(self, expand_shift: int) -> None:
        super().__init__()
        if expand_shift < 1:
            raise ValueError(f"expand_shift must be 1 or more, got {expand_shift}")
        self.expand_shift = expand_shift

    def forward(self, maps: torch.Tensor) -> torch.Tensor:
        """Combine maps (N, 9, H, W) to one, (N, 1, H, W)."""
        if maps.ndim != 4 or maps.shape[1] != TAPS:
            raise ValueError(f"maps must have shape (N, 9, H, W), got {tuple(maps.shape)}")
        height, width = maps.shape[-2:]
        pad = self.expand_shift
        padded = reflect_pad(maps, pad)
        moved = [
            padded[:, tap, pad - dy : pad - dy + height, pad - dx : pad - dx + width]
            for tap, (dy, dx) in enumerate(tap_offsets(self.expand_shift))
        ]
        return torch.stack(moved, dim=1).sum(dim=1, keepdim=True) / TAPS


class SRNet(nn.Module):
    """The two-pixel network: a pixel and the one below it give nine r x r maps.

    Parameters
    ----------
    scale : int
        2, 3 or 4.
    expand_shift : int
        See `ExpandConv`.
    width : int
        Channels of the hidden layers.
    """

    def __init__(self, scale: int, expand_shift: int, width: int = 64) -> None:
        super().__init__()
        if scale not in SCALES:
            raise ValueError(f"scale must be one of {SCALES}, got {scale}")
        self.scale = scale
        layers: list[nn.Module] = [nn.Conv2d(1, width, (2, 1)), nn.ReLU()]
        for _ in range(4):
            layers += [nn.Conv2d(width, width, 1), nn.ReLU()]
        # The head's channels run [tap][u][v], so that PixelShuffle leaves one map per tap.
        layers += [nn.Conv2d(width, TAPS * scale * scale, 1), nn.PixelShuffle(scale)]
        self.body = nn.Sequential(*layers)
        self.expand = ExpandConv(expand_shift)
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, nonlinearity="relu")
                assert module.bias is not None
                nn.init.zeros_(module.bias)

    @property
    def head(self) -> nn.Conv2d:
        """The last convolution."""
        head = self.body[-2]
        assert isinstance(head, nn.Conv2d)
        return head

    def maps(self, padded: torch.Tensor) -> torch.Tensor:
        """Compute the maps (N, 9, rH, rW), before any scaling.

        Parameters
        ----------
        padded : torch.Tensor
            (N, 1, H + 1, W), with the row below the last one.
        """
        maps: torch.Tensor = self.body(padded)
        return maps

    def forward(
        self,
        x: torch.Tensor,
        alpha: float,
        snap: Callable[[torch.Tensor, float], torch.Tensor] | None = None,
    ) -> torch.Tensor:
        """Compute the image of one rotation.

        Parameters
        ----------
        x : torch.Tensor
            (B, C, H, W), values in [0, 1].
        alpha : float
            Factor of the maps; besides it there is only the mean over taps.
        snap : callable, optional
            Function of the maps and alpha, such as `training.eclut.quantize.snap_maps` for the
            int8 table's result.

        Returns
        -------
        torch.Tensor
            (B, C, rH, rW).
        """
        if x.ndim != 4:
            raise ValueError(f"x must have shape (B, C, H, W), got {tuple(x.shape)}")
        batch, channels, height, width = x.shape
        maps = self.maps(add_row_below(x.reshape(batch * channels, 1, height, width)))
        if snap is not None:
            maps = snap(maps, alpha)
        image: torch.Tensor = self.expand(maps * alpha)
        return image.reshape(batch, channels, height * self.scale, width * self.scale)


def ensemble(forward: Callable[[torch.Tensor], torch.Tensor], x: torch.Tensor) -> torch.Tensor:
    """Sum over four rotations: rotate by k quarter turns, apply, rotate back."""
    turned_back = [
        torch.rot90(forward(torch.rot90(x, k, (-2, -1))), -k, (-2, -1)) for k in range(4)
    ]
    return torch.stack(turned_back).sum(dim=0)
