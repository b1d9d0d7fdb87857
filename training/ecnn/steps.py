"""The differentiable parts of a training step: the whole stack of layers, and the error.

Convolutions (`training.ecnn.convolutions`) are of bfloat16 maps, channels last in memory. What
lies between them is `training.ecnn.compiled` on the CPU and `training.ecnn.fused` elsewhere. The
backward pass of the stack is written out, so that the gradient of a residual is added where it is
needed.
"""

from __future__ import annotations

from collections.abc import Sequence
from types import ModuleType
from typing import Any, NamedTuple

import torch

from training.ecnn import compiled, fused, plain
from training.ecnn.convolutions import convolve, convolve_backward, half_precision


class LayerTables(NamedTuple):
    """Tables of one layer.

    Attributes
    ----------
    entries : int8 tensor (k, k, C, levels, N)
        By window row, window column, input channel, level of that channel and output channel.
    bias : int32 tensor (N,)
        Added to the sum of the entries.
    gains : int32 tensor (N,)
        In hidden layers, a channel's own level is added so many times. 0 in the others.
    divisor : int
        Sums are divided by it and rounded half up.
    lost : float
        Root mean square of what int8 cuts off, in units of an entry, over the levels in use.
    """

    entries: torch.Tensor
    bias: torch.Tensor
    gains: torch.Tensor
    divisor: int
    lost: float


class Rounding(NamedTuple):
    """How exactly a network is computed.

    Attributes
    ----------
    half : float
        Half the number of levels of hidden maps; 0 for maps that are not rounded.
    tables : sequence of LayerTables, optional
        Tables of all layers to compute with, in place of the convolutions.
    image : uint8 tensor (B, 1, H, W), optional
        The image itself; needed with tables.
    white : float
        Sum of the last layer that stands for white.
    """

    half: float = 0
    tables: Sequence[LayerTables] | None = None
    image: torch.Tensor | None = None
    white: float = 1


def operations(device: torch.device) -> ModuleType:
    """Return the module with the operations for a device."""
    return compiled if device.type == "cpu" else fused


def hidden_features(
    features: torch.Tensor,
    mode: Rounding,
    weights: Sequence[torch.Tensor],
    biases: Sequence[torch.Tensor],
    kinks: Sequence[torch.Tensor],
) -> tuple[list[torch.Tensor], torch.Tensor | None]:
    """Compute the features that each layer reads, and with tables the last levels."""
    ops = operations(features.device)
    every, levels = [features], mode.image
    for k, (bias, kink) in enumerate(zip(biases, kinks, strict=True)):
        if mode.tables is None:
            change = convolve(every[-1], weights[k], bias)
            before = every[-1][:, : len(weights[k])] if k else None
            out = ops.update_maps(before, change, kink, mode.half)
        else:
            sums = layer_sums(levels, mode.tables[k])
            levels, out = ops.update_levels(sums, mode.tables[k].divisor, kink)
        every.append(out)
    return every, levels


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
        every, levels = hidden_features(features, mode, weights, biases, kinks)
        ctx.save_for_backward(*every, *weights, *kinks)
        ctx.half = mode.half
        if mode.tables is None:
            return convolve(every[-1], weights[-1])
        return (layer_sums(levels, mode.tables[-1]) / mode.white).to(torch.bfloat16)

    @staticmethod
    def backward(ctx: Any, *grads: torch.Tensor) -> Any:
        """Compute the gradients of all parameters."""
        ops = operations(grads[0].device)
        layers = (len(ctx.saved_tensors) - 2) // 3
        features = ctx.saved_tensors[: layers + 1]
        weights = ctx.saved_tensors[layers + 1 : 2 * layers + 2]
        kinks = ctx.saved_tensors[2 * layers + 2 :]
        found: list[list[Any]] = [[None] * (layers + 1), [None] * layers, [None] * layers]
        grad, after = grads[0], None
        for k in range(layers, -1, -1):
            change, found[0][k], bias = convolve_backward(
                grad, features[k], weights[k], first=k == 0, biased=k < layers
            )
            if k < layers:
                found[1][k] = bias
            if change is not None:
                grad, found[2][k - 1] = ops.update_maps_backward(
                    features[k], change, kinks[k - 1], ctx.half, after
                )
                after = grad
        every = [g if g is None else g.float() for kind in found for g in kind]
        return None, None, None, *every


def layer_sums(levels: torch.Tensor | None, layer: LayerTables) -> torch.Tensor:
    """Sum a layer's entries at levels (B, C, H, W), own levels and bias: (B, N, h, w)."""
    assert levels is not None
    sums: torch.Tensor = operations(layer.entries.device).look_up(levels, layer.entries)
    if layer.gains.any():
        sums = sums + plain.inner(levels, sums) * layer.gains[:, None, None]
    return sums + layer.bias[:, None, None]


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
        errors, means = operations(added.device).squared_errors(image, added, base, flats, wanted)
        ctx.save_for_backward(image, errors)
        found: torch.Tensor = means
        return found

    @staticmethod
    def backward(ctx: Any, *grads: torch.Tensor) -> Any:
        """Compute the gradients of what the network and the base add, and of `flats`."""
        image, errors = ctx.saved_tensors
        ops = operations(errors.device)
        added, flats = ops.squared_errors_backward(image, errors, grads[0])
        return None, added, added, flats, None
