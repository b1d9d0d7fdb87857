"""Tables of a network, rounded to int8, and the network computed with them.

Here the arithmetic is the library's: integers throughout. `upscale` is what training scores, and
what the exported model gives, to the integer.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch.nn import functional

from training.ecnn.network import LEVELS, WINDOW, Network
from training.ecnn.plain import HALF
from training.ecnn.steps import LayerTables, layer_sums

#: Units of an entry in a level of the maps, for the first layer, whose entries are large. Those of
#: the others are in `training.ecnn.network.Shape`.
FIRST_DIVISOR = 4

_INT8 = torch.iinfo(torch.int8)

#: A level that occurs less often, as a fraction of a channel's pixels, does not count for the
#: range of a function: int8 may cut it off there. The penalty counts each level at least so often:
#: rare levels are those of strong edges.
LEAST_USE = 1e-3
PENALISED_USE = 4e-3


@dataclass(frozen=True)
class Tables:
    """All tables of a network.

    Attributes
    ----------
    layers : tuple of LayerTables
        The first, the hidden and the last one.
    flat : int16 tensor (256, N)
        Added to the detail, by the pixel's own level: it makes constant images exact.
    base : int16 tensor (3, 3, 256, N)
        By window row, window column, level and output pixel.
    """

    layers: tuple[LayerTables, ...]
    flat: torch.Tensor
    base: torch.Tensor

    @property
    def units(self) -> int:
        """Units of `flat`, of `base` and of the last layer's entries in a grey level."""
        return self.layers[-1].divisor

    @property
    def reach(self) -> int:
        """Input pixels on each side that a result depends on."""
        return sum(len(layer.entries) // 2 for layer in self.layers)


class Exact(NamedTuple):
    """A layer's tables, in units of an entry, but not rounded."""

    entries: torch.Tensor
    bias: torch.Tensor
    gains: torch.Tensor


def exact_entries(network: Network) -> list[Exact]:
    """Compute the entries (k, k, C, levels, N), biases and gains of all layers, not rounded.

    Differentiable. What a hidden layer adds to a channel by its own level, residual included, is
    close to a multiple of the level, which needs no table: see `own_gains`.
    """
    shape, found = network.shape, []
    values = (torch.arange(LEVELS, device=network.base.device) - HALF) / HALF
    maps = values[:, None].expand(LEVELS, shape.channels)
    for k, weights in enumerate(network.convolutions()):
        N, _, side, _ = weights.shape
        inside = k <= shape.layers
        if k == 0:
            unit = FIRST_DIVISOR * HALF
            by_channel = weights.reshape(N, -1, 1, side, side)
            basis = network.basis.unsqueeze(1)
        else:
            unit = shape.units * HALF if inside else shape.last_units * 255
            by_channel = weights.reshape(N, shape.kinks + 1, shape.channels, side, side)
            features = network.features(maps, k - 1)
            basis = features.reshape(LEVELS, shape.kinks + 1, shape.channels).transpose(1, 2)
        # o: output, f: feature, c: channel, i and j: window place, l: level
        entries = torch.einsum("ofcij,lcf->ijclo", by_channel, basis) * unit
        bias = network.biases[k] * unit if inside else torch.zeros(N, device=weights.device)
        gains = torch.zeros(N, device=weights.device)
        if k and inside:
            residual = torch.eye(N, device=weights.device)[:, None] * values[:, None] * unit
            places = torch.arange(side**2, device=weights.device)
            place = (places == side**2 // 2).reshape(side, side, 1, 1, 1).to(weights)
            entries = entries + place * residual
            gains = own_gains(entries, shape.units)
            own = torch.diag(gains)[:, None] * torch.arange(LEVELS, device=gains.device)[:, None]
            entries = entries - place * own
        if inside:
            bias = bias + unit  # value 0 of a map is the middle level
        found.append(Exact(entries, bias, gains))
    return found


@torch.no_grad()
def own_gains(entries: torch.Tensor, units: int) -> torch.Tensor:
    """Choose the multiple of its own level that each channel's table is without, (C,).

    So that the rest has the smallest range.
    """
    middle_place = entries[len(entries) // 2, len(entries) // 2]
    own = torch.diagonal(middle_place, dim1=0, dim2=2).T  # (C, levels)
    gains = torch.arange(-2 * units, 2 * units + 1, device=own.device)
    levels = torch.arange(LEVELS, device=own.device)
    rest = own[:, None] - (gains[:, None] * levels)
    best = (rest.amax(2) - rest.amin(2)).argmin(1)
    return gains[best].to(own.dtype)


def level_use(network: Network, layer: int) -> torch.Tensor:
    """Return the fraction of pixels at each level of a layer's input, (C, levels, 1)."""
    if layer == 0:
        return torch.full((1, 256, 1), 1 / 256, device=network.base.device)
    return network.use[layer - 1][..., None]


def middle(entries: torch.Tensor, use: torch.Tensor) -> torch.Tensor:
    """Return the middle of each function's range, over the levels that do occur."""
    used = use >= LEAST_USE
    high = entries.detach().masked_fill(~used, -math.inf).amax(3, keepdim=True)
    low = entries.detach().masked_fill(~used, math.inf).amin(3, keepdim=True)
    return (high + low) / 2


def excess(network: Network) -> torch.Tensor:
    """Compute the mean square of what entries exceed the range of int8 by, over all layers.

    Each level counts as often as it occurs, or a little more often.
    """
    found = []
    for k, (entries, _, _) in enumerate(exact_entries(network)):
        use = level_use(network, k)
        over = ((entries - middle(entries, use)).abs() - (_INT8.max - 1)).relu()
        weights = use.clamp(min=PENALISED_USE)
        found.append((over.square() * weights).sum(3).mean())
    return torch.stack(found).sum()


def round_keeping_sums(entries: torch.Tensor) -> torch.Tensor:
    """Round entries (k, k, C, levels, N) so that their sums over the window are rounded sums.

    In flat regions all places of a window have one level: there the rounding errors of its
    entries cancel.
    """
    places = entries.flatten(0, 1)
    low = places.floor()
    up = torch.round(places.sum(0)) - low.sum(0)
    order = (places - low).argsort(0, descending=True).argsort(0)
    rounded: torch.Tensor = (low + (order < up)).unflatten(0, entries.shape[:2])
    return rounded


@torch.no_grad()
def round_tables(network: Network) -> Tables:
    """Round all tables of a network; the middle of each function's range goes into the bias."""
    layers = []
    shape = network.shape
    divisors = [FIRST_DIVISOR, *[shape.units] * shape.layers, shape.last_units]
    for k, (exact, bias, gains) in enumerate(exact_entries(network)):
        use = level_use(network, k)
        centre = torch.round(middle(exact, use))
        centred = round_keeping_sums(exact - centre)
        entries = centred.clamp(_INT8.min, _INT8.max)
        layers.append(
            LayerTables(
                entries.to(torch.int8).contiguous(),
                (torch.round(bias) + centre.sum((0, 1, 2, 3))).to(torch.int32),
                gains.to(torch.int32),
                divisors[k],
                float(((centred - entries).square() * use).sum(3).mean().sqrt()),
            )
        )
    weights = network.base_weights().reshape(-1, WINDOW, WINDOW).permute(1, 2, 0)
    levels = torch.arange(256, device=weights.device)
    base = torch.round(levels[:, None] * weights[:, :, None] * shape.last_units)
    base[WINDOW // 2, WINDOW // 2] = 0
    base[WINDOW // 2, WINDOW // 2] = -base.sum((0, 1))
    flat = -constant_details(layers)
    return Tables(tuple(layers), flat.to(torch.int16), base.to(torch.int16))


def constant_details(layers: Sequence[LayerTables]) -> torch.Tensor:
    """Compute what the layers give for constant images of each level, without `flat`, (256, N)."""
    levels = torch.arange(256, device=layers[0].entries.device)[:, None]
    for layer in layers:
        by_channel = layer.entries.sum((0, 1), dtype=torch.int32)
        channels = torch.arange(len(by_channel), device=levels.device)
        sums = by_channel[channels, levels].sum(1) + layer.bias
        if layer.gains.any():
            sums = sums + layer.gains * levels
        levels = to_levels(sums, layer).long()
    return sums


def to_levels(sums: torch.Tensor, layer: LayerTables) -> torch.Tensor:
    """Divide a layer's sums, round them half up, and clamp them to the levels of maps."""
    levels = torch.div(sums + layer.divisor // 2, layer.divisor, rounding_mode="floor")
    return levels.clamp(0, LEVELS - 1)


def hidden_maps(tables: Tables, image: torch.Tensor) -> list[torch.Tensor]:
    """Compute the levels (B, C, H', W') of the maps after each layer but the last one."""
    maps, found = image.unsqueeze(1), []
    for layer in tables.layers[:-1]:
        levels = to_levels(layer_sums(maps, layer), layer).to(torch.uint8)
        maps = levels.contiguous(memory_format=torch.channels_last)
        found.append(maps)
    return found


def details(tables: Tables, image: torch.Tensor) -> torch.Tensor:
    """Compute the details (B, N, h, w) of images (B, H, W), in units of the last layer."""
    maps = hidden_maps(tables, image)[-1]
    edge = tables.reach
    own = image[:, edge : image.shape[1] - edge, edge : image.shape[2] - edge]
    return layer_sums(maps, tables.layers[-1]) + tables.flat[own.long()].permute(0, 3, 1, 2)


@torch.no_grad()
def upscale(tables: Tables, image: torch.Tensor) -> torch.Tensor:
    """Upscale an image (H, W) of uint8 by tables, borders included: (r * H, r * W)."""
    reach, (height, width) = tables.reach, image.shape
    padded = pad(image, reach)
    sums = details(tables, padded[None])[0]
    for i in range(WINDOW):
        for j in range(WINDOW):
            top, left = reach + i - WINDOW // 2, reach + j - WINDOW // 2
            near = padded[top : top + height, left : left + width]
            sums = sums + tables.base[i, j][near.long()].permute(2, 0, 1)
    units = tables.units
    sums = sums + units * image.to(torch.int32)
    pixels = torch.div(sums + units // 2, units, rounding_mode="floor").clamp(0, 255)
    scale = round(len(pixels) ** 0.5)
    return functional.pixel_shuffle(pixels.to(torch.uint8), scale)[0]


def pad(image: torch.Tensor, reach: int) -> torch.Tensor:
    """Reflect an image at its borders, as often as it takes, like `numpy.pad`."""
    rows, columns = (
        _reflected(length, reach).to(image.device) for length in (image.shape[0], image.shape[1])
    )
    return image[rows[:, None], columns[None, :]]


def _reflected(length: int, reach: int) -> torch.Tensor:
    places = torch.arange(-reach, length + reach)
    if length == 1:
        return torch.zeros_like(places)
    period = 2 * (length - 1)
    places = places.remainder(period)
    return torch.minimum(places, period - places)
