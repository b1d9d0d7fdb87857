"""The differentiable parts of a training step on the CPU: the whole stack, and the error.

Convolutions are torch's, on bfloat16 maps, channels last in memory; what lies between them is
compiled (`training.ecnn.kernels`). The backward pass of the stack is written out: so the gradient
of a residual is added where it is needed, without maps of zeros around it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple, Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional

from training.ecnn import kernels

_LAST = (0, 2, 3, 1)


class LayerTables(Protocol):
    """Tables of one layer; see `training.ecnn.tables`."""

    divisor: int

    def sums(self, maps: NDArray[np.uint8]) -> NDArray[np.int32]:
        """Sum the entries of maps (B, H, W, C), and the bias: (B, h, w, N)."""
        ...


class Rounding(NamedTuple):
    """How exactly a network is computed.

    Attributes
    ----------
    half : float
        Half the number of levels of hidden maps; 0 for maps that are not rounded.
    tables : sequence of LayerTables, optional
        Tables of all layers to compute with, in place of the convolutions.
    image : ndarray of uint8, shape (B, H, W, 1), optional
        The image itself; needed with tables.
    white : float
        What the last layer's sum is for white.
    """

    half: float = 0
    tables: Sequence[LayerTables] | None = None
    image: Any = None
    white: float = 1


def bits(maps: torch.Tensor) -> NDArray[np.uint16]:
    """View bfloat16 maps (B, C, H, W) as their bits (B, H, W, C)."""
    return maps.permute(_LAST).contiguous().view(torch.uint16).numpy()


def empty_maps(batch: int, height: int, width: int, channels: int) -> torch.Tensor:
    """Allocate bfloat16 maps (B, C, H, W), channels last in memory."""
    return torch.empty((batch, height, width, channels), dtype=torch.bfloat16).permute(0, 3, 1, 2)


def half_precision(weights: torch.Tensor) -> torch.Tensor:
    """Convert weights for a convolution of bfloat16 maps."""
    return weights.detach().to(torch.bfloat16).contiguous(memory_format=torch.channels_last)


class Stack(torch.autograd.Function):
    """All layers of a network, the last one without its sum."""

    @staticmethod
    def forward(
        ctx: Any,
        features: torch.Tensor,
        mode: Rounding,
        layers: int,
        *parameters: torch.Tensor,
    ) -> torch.Tensor:
        """Compute what the network adds, (B, N, h, w), bfloat16.

        Parameters
        ----------
        features : bfloat16 (B, F, H, W)
            Features of the image.
        mode : Rounding
            With tables, the result is theirs, and the gradient that of the convolutions.
        layers : int
            All but the last one.
        parameters : tensors
            Weights of all layers and of the last one; then biases (C,) and kinks (C, K) of all
            but the last one.
        """
        weights = [half_precision(w) for w in parameters[: layers + 1]]
        biases, kinks = parameters[layers + 1 : 2 * layers + 1], parameters[2 * layers + 1 :]
        every = [features]
        levels = mode.image
        for k in range(layers):
            C, _, side, _ = weights[k].shape
            B, _, H, W = every[-1].shape
            out = empty_maps(B, H - side + 1, W - side + 1, (kinks[k].shape[1] + 1) * C)
            numbers = kinks[k].detach().numpy()
            if mode.tables is None:
                change = functional.conv2d(every[-1], weights[k], biases[k].to(torch.bfloat16))
                before = bits(every[-1])[..., :C] if k else np.empty((B, 0, 0, C), np.uint16)
                kernels.update_maps(before, bits(change), numbers, mode.half, bits(out))
            else:
                layer = mode.tables[k]
                sums = layer.sums(levels)
                before = levels if k else np.empty((B, 0, 0, C), np.uint8)
                levels = np.empty(sums.shape, np.uint8)
                kernels.update_levels(before, sums, layer.divisor, numbers, levels, bits(out))
            every.append(out)
        ctx.save_for_backward(*every, *weights, *kinks)
        ctx.half = mode.half
        if mode.tables is None:
            return functional.conv2d(every[-1], weights[-1])
        sums = mode.tables[-1].sums(levels)
        return (torch.from_numpy(sums) / mode.white).to(torch.bfloat16).permute(0, 3, 1, 2)

    @staticmethod
    def backward(ctx: Any, *grads: torch.Tensor) -> Any:
        """Compute the gradients of all parameters."""
        layers = (len(ctx.saved_tensors) - 2) // 3
        features = ctx.saved_tensors[: layers + 1]
        weights = ctx.saved_tensors[layers + 1 : 2 * layers + 2]
        kinks = ctx.saved_tensors[2 * layers + 2 :]
        found: list[list[Any]] = [[None] * (layers + 1), [None] * layers, [None] * layers]
        grad = grads[0]
        after = np.empty((grad.shape[0], 0, 0, 1), np.uint16)
        for k in range(layers, -1, -1):
            grad, found[0][k], bias = torch.ops.aten.convolution_backward(
                grad,
                features[k],
                weights[k],
                [weights[k].shape[0]],
                [1, 1],
                [0, 0],
                [1, 1],
                False,
                [0, 0],
                1,
                [k > 0, True, k < layers],
            )
            if k < layers:
                found[1][k] = bias
            if k:
                B, _, h, w = features[k].shape
                change = empty_maps(B, h, w, kinks[k - 1].shape[0])
                kink_grads = torch.zeros_like(kinks[k - 1])
                kernels.update_maps_backward(
                    bits(features[k]),
                    bits(grad),
                    kinks[k - 1].detach().numpy(),
                    ctx.half,
                    after,
                    bits(change),
                    kink_grads.numpy(),
                )
                found[2][k - 1] = kink_grads
                grad, after = change, bits(change)
        found_grads = [g if g is None else g.float() for kind in found for g in kind]
        return None, None, None, *found_grads


class SquaredErrors(torch.autograd.Function):
    """Mean squared error of each crop, in grey levels; see `kernels.squared_errors`."""

    @staticmethod
    def forward(
        ctx: Any,
        image: torch.Tensor,
        added: torch.Tensor,
        base: torch.Tensor,
        flats: torch.Tensor,
        wanted: torch.Tensor,
    ) -> torch.Tensor:
        """Compare with the wanted pixels (B, h, w, N), uint16 in 1/256 of a level."""
        B, N, h, w = added.shape
        errors = np.empty((B, h, w, N), np.float32)
        means = torch.empty(B, dtype=torch.float64)
        ctx.image = image.numpy()
        kernels.squared_errors(
            ctx.image,
            bits(added),
            bits(base),
            flats.detach().numpy(),
            wanted.numpy(),
            errors,
            means.numpy(),
        )
        ctx.errors = errors
        return means.float()

    @staticmethod
    def backward(ctx: Any, *grads: torch.Tensor) -> Any:
        """Compute the gradients of what the network and the base add, and of `flats`."""
        B, h, w, N = ctx.errors.shape
        added = empty_maps(B, h, w, N)
        flats = torch.zeros(256, N)
        kernels.squared_errors_backward(
            ctx.image, ctx.errors, grads[0].double().numpy(), bits(added), flats.numpy()
        )
        return None, added, added, flats, None
