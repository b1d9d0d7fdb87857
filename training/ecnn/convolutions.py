"""Convolutions of bfloat16 maps, computed in the number format in which the device is fast.

A CPU without instructions for bfloat16 takes some 14 times as long for them as for float32: there
maps are widened before a convolution, and its result is rounded. The values are the same, but for
the order of sums.
"""

from __future__ import annotations

import torch
from torch.nn import functional

from training.device import computes_bfloat16


def half_precision(weights: torch.Tensor) -> torch.Tensor:
    """Convert weights for a convolution of bfloat16 maps."""
    return weights.detach().to(torch.bfloat16).contiguous(memory_format=torch.channels_last)


def convolve(
    maps: torch.Tensor, weights: torch.Tensor, bias: torch.Tensor | None = None
) -> torch.Tensor:
    """Convolve bfloat16 maps (B, C, H, W) with weights (N, C, k, k): bfloat16 (B, N, h, w)."""
    wide = _format(maps)
    bias = None if bias is None else bias.to(torch.bfloat16).to(wide)
    return functional.conv2d(maps.to(wide), weights.to(wide), bias).to(torch.bfloat16)


def convolve_one(maps: torch.Tensor, weights: torch.Tensor) -> torch.Tensor:
    """Convolve bfloat16 maps of one channel, (B, 1, H, W): bfloat16 (B, N, h, w).

    On a GPU by a product of matrices: there the gradient of such weights takes long.
    """
    if maps.device.type == "cpu":
        return convolve(maps, weights)
    return convolve_by_product(maps, weights)


def convolve_by_product(maps: torch.Tensor, weights: torch.Tensor) -> torch.Tensor:
    """Convolve maps with weights (N, C, k, k) as a product of matrices."""
    side = weights.shape[-1]
    height, width = maps.shape[2] - side + 1, maps.shape[3] - side + 1
    sums = weights.flatten(1) @ functional.unfold(maps, side)
    found: torch.Tensor = sums.unflatten(2, (height, width))
    return found


def convolve_backward(
    grads: torch.Tensor, maps: torch.Tensor, weights: torch.Tensor, *, first: bool, biased: bool
) -> tuple[torch.Tensor | None, torch.Tensor, torch.Tensor | None]:
    """Compute the gradients of maps (unless `first`), of weights, and of a bias (if `biased`)."""
    wide = _format(maps)
    change, weight, bias = torch.ops.aten.convolution_backward(
        grads.to(wide),
        maps.to(wide),
        weights.to(wide),
        [weights.shape[0]],
        [1, 1],
        [0, 0],
        [1, 1],
        False,
        [0, 0],
        1,
        [not first, True, biased],
    )
    return (None if first else change.to(torch.bfloat16)), weight, bias


def _format(maps: torch.Tensor) -> torch.dtype:
    return torch.bfloat16 if computes_bfloat16(maps.device) else torch.float32
