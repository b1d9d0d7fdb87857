"""Tables of a network, rounded to int8, and the network computed with them.

Here the arithmetic is the library's: whole numbers throughout. `exact_upscale` is what training
scores and what the exported model gives, to the integer.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from training.ecnn import kernels
from training.ecnn.network import HALF, LEVELS, WINDOW, Network

#: Entries of hidden layers are in 1/16 of a level of the maps, those of the last layer and of the
#: base in 1/16 of a grey level. The sums of the first layer are divided by less, as its entries
#: are larger.
DIVISOR = 16
FIRST_DIVISOR = 4


@dataclass(frozen=True)
class Layer:
    """One layer's tables.

    Attributes
    ----------
    entries : ndarray of int8, shape (k, k, C, levels, N)
        By window row, window column, input channel, level of that channel and output channel.
    bias : ndarray of int32, shape (N,)
        Added to the sum of the entries.
    divisor : int
        Sums are divided by it and rounded half up.
    lost : float
        Root mean square of what int8 cuts off, in units of an entry.
    """

    entries: NDArray[np.int8]
    bias: NDArray[np.int32]
    divisor: int
    lost: float

    def sums(self, maps: NDArray[np.uint8]) -> NDArray[np.int32]:
        """Sum the entries of maps (B, H, W, C), and the bias: (B, H - k + 1, W - k + 1, N)."""
        B, H, W, _ = maps.shape
        side = len(self.entries) - 1
        sums = np.empty((B, H - side, W - side, self.entries.shape[-1]), np.int32)
        kernels.look_up(maps, self.entries, sums)
        sums += self.bias
        return sums


@dataclass(frozen=True)
class Tables:
    """All tables of a network.

    Attributes
    ----------
    layers : tuple of Layer
        The first, the hidden and the last one.
    flat : ndarray of int16, shape (256, N)
        Added to the detail, by the pixel's own level: it makes constant images exact.
    base : ndarray of int16, shape (3, 3, 256, N)
        By window row, window column, level and output pixel; in 1/16 of a grey level.
    """

    layers: tuple[Layer, ...]
    flat: NDArray[np.int16]
    base: NDArray[np.int16]
    #: What white is, in units of `flat`, `base` and the last layer's entries.
    white: int = 255 * DIVISOR


def _rounded(exact: torch.Tensor, bias: torch.Tensor, divisor: int) -> Layer:
    """Round entries (k, k, C, levels, N), their middle over the levels moved into the bias."""
    middle = torch.round((exact.amax(3, keepdim=True) + exact.amin(3, keepdim=True)) / 2)
    centred = torch.round(exact - middle)
    entries = centred.clamp(-128, 127)
    total = torch.round(bias) + middle.sum((0, 1, 2, 3))
    lost = float((centred - entries).square().mean().sqrt())
    return Layer(
        entries.to(torch.int8).contiguous().numpy(),
        total.to(torch.int32).numpy(),
        divisor,
        lost,
    )


@torch.no_grad()
def exact_entries(network: Network) -> list[tuple[torch.Tensor, torch.Tensor]]:
    """Compute the entries of all layers and their biases, in units of an entry, not rounded."""
    shape, found = network.shape, []
    values = (torch.arange(LEVELS) - HALF) / HALF
    for k, weights in enumerate(network.convolutions()):
        N, _, side, _ = weights.shape
        unit = FIRST_DIVISOR * HALF if k == 0 else DIVISOR * (HALF if k <= shape.layers else 255)
        if k == 0:
            by_channel = weights.reshape(N, -1, 1, side, side)
            basis = network.basis.unsqueeze(1)  # (levels, 1, F)
        else:
            by_channel = weights.reshape(N, shape.kinks + 1, shape.channels, side, side)
            maps = values[:, None].expand(LEVELS, shape.channels)
            every = network.features(maps, k - 1)
            basis = every.reshape(LEVELS, shape.kinks + 1, shape.channels).transpose(1, 2)
        # o output, f feature, c channel, i and j places, l level
        entries = torch.einsum("ofcij,lcf->ijclo", by_channel, basis) * unit
        bias = network.biases[k] * unit if k <= shape.layers else torch.zeros(N)
        found.append((entries, bias))
    return found


@torch.no_grad()
def round_tables(network: Network) -> Tables:
    """Round all tables of a network."""
    divisors = [FIRST_DIVISOR] + [DIVISOR] * (network.shape.layers + 1)
    layers = tuple(
        _rounded(*one, divisor)
        for one, divisor in zip(exact_entries(network), divisors, strict=True)
    )
    weights = network.base_weights().reshape(-1, WINDOW, WINDOW).permute(1, 2, 0)
    levels = torch.arange(256, dtype=torch.float32)
    base = torch.round(levels[:, None] * weights[:, :, None] * DIVISOR)
    base[WINDOW // 2, WINDOW // 2] = 0
    base[WINDOW // 2, WINDOW // 2] = -base.sum((0, 1))
    without = Tables(
        layers, np.zeros((256, network.shape.scale**2), np.int16), base.short().numpy()
    )
    side = 2 * network.shape.reach + 1
    flats = np.repeat(np.arange(256, dtype=np.uint8), side * side).reshape(256, side, side)
    return Tables(layers, -details(without, flats)[:, 0, 0].astype(np.int16), without.base)


def hidden_maps(tables: Tables, image: NDArray[np.uint8]) -> list[NDArray[np.uint8]]:
    """Compute the levels of the maps (B, H', W', C) behind each layer but the last one."""
    maps, found = image[..., np.newaxis], []
    for k, layer in enumerate(tables.layers[:-1]):
        sums = layer.sums(maps)
        change = (sums + layer.divisor // 2) // layer.divisor
        if k:
            edge = (maps.shape[1] - change.shape[1]) // 2
            change += maps[:, edge : maps.shape[1] - edge, edge : maps.shape[2] - edge]
        maps = np.clip(change, 0, LEVELS - 1).astype(np.uint8)
        found.append(maps)
    return found


def details(tables: Tables, image: NDArray[np.uint8]) -> NDArray[np.int32]:
    """Compute the details (B, h, w, N) of images (B, H, W), in 1/16 of a grey level."""
    maps = hidden_maps(tables, image)[-1]
    edge = (image.shape[1] - maps.shape[1]) // 2 + WINDOW // 2
    own = image[:, edge : image.shape[1] - edge, edge : image.shape[2] - edge]
    return tables.layers[-1].sums(maps) + tables.flat[own]


def exact_upscale(tables: Tables, image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Upscale an image (H, W) by tables, borders included.

    Returns
    -------
    ndarray of uint8, shape (r * H, r * W)
    """
    reach = sum(len(layer.entries) // 2 for layer in tables.layers)
    padded = np.pad(image, reach, mode="reflect")
    height, width = image.shape
    sums = details(tables, padded[np.newaxis])[0]
    for i in range(WINDOW):
        for j in range(WINDOW):
            top, left = reach + i - WINDOW // 2, reach + j - WINDOW // 2
            sums += tables.base[i, j][padded[top : top + height, left : left + width]]
    sums += DIVISOR * image[..., np.newaxis].astype(np.int32)
    pixels = np.clip((sums + DIVISOR // 2) // DIVISOR, 0, 255).astype(np.uint8)
    scale = int(pixels.shape[-1] ** 0.5)
    cells = pixels.reshape(height, width, scale, scale).transpose(0, 2, 1, 3)
    return cells.reshape(height * scale, width * scale)
