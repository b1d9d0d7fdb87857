"""Weights to start a network from: those that make a model's tables, as closely as they can.

A table's function of a level is fitted by least squares with the network's own functions, each
level counting as often as it occurs in pictures. Tables were rounded from such functions, so what
is lost is little more than their rounding.
"""

from __future__ import annotations

import torch

from lutsr._modelfile import read_model, read_shipped
from training.ecnn.export import from_model
from training.ecnn.network import LEVELS, WINDOW, Network, Shape
from training.ecnn.plain import HALF
from training.ecnn.tables import Tables, hidden_maps
from training.errors import TrainingError

#: Levels count at least so often.
LEAST = 1e-4
#: Values that are tried for the kink of a channel, and rounds in which several kinks are chosen.
KINKS = torch.linspace(-1, 1, 4 * LEVELS + 1)
ROUNDS = 3


def read_tables(name: str) -> Tables:
    """Read the tables of a model file, or of a shipped model such as ``ecnn_x4``.

    Raises
    ------
    TrainingError
        If there is no such model, or it is of another family.
    """
    try:
        if name.endswith(".npy"):
            return from_model(read_model(name))
        model, _, scale = name.rpartition("_x")
        if not scale.isdecimal():
            raise ValueError("wanted a checkpoint (.pt), a model file (.npy), or NAME_xSCALE")
        return from_model(read_shipped(model, int(scale)))
    except (OSError, ValueError) as error:
        raise TrainingError(f"cannot start from {name}: {error}") from error


def shape_of(tables: Tables, kinks: int, knots: int) -> Shape:
    """Return the size of the network that has made tables."""
    first = tables.layers[0].entries
    scale = round(tables.flat.shape[1] ** 0.5)
    hidden = tables.layers[1:-1]
    units = hidden[0].divisor if hidden else Shape.units
    return Shape(scale, first.shape[-1], len(hidden), len(first), kinks, knots, units, tables.units)


@torch.no_grad()
def network_of(tables: Tables, images: torch.Tensor, kinks: int, knots: int) -> Network:
    """Make a network whose tables are close to the given ones.

    Parameters
    ----------
    tables : Tables
    images : uint8 tensor (B, H, W)
        Luma, of which the levels of the hidden maps are counted.
    kinks, knots : int
        See `training.ecnn.network.Shape`.
    """
    network = Network(shape_of(tables, kinks, knots), torch.Generator().manual_seed(0))
    shape = network.shape
    for k, maps in enumerate(hidden_maps(tables, images)):
        for c in range(shape.channels):
            counts = torch.bincount(maps[:, c].flatten().long(), minlength=LEVELS)
            network.use[k, c] = counts / counts.sum()
    values = (torch.arange(LEVELS) - HALF) / HALF
    for k, (layer, weights) in enumerate(zip(tables.layers, network.matrices(), strict=True)):
        inside = k <= shape.layers
        unit = layer.divisor * (HALF if inside else 255)
        exact = layer.entries.float()
        if k and inside:
            own = layer.gains[:, None] * torch.arange(LEVELS) - values * unit
            for c in range(shape.channels):
                exact[WINDOW // 2, WINDOW // 2, c, :, c] += own[c]
        rows = exact.permute(2, 3, 0, 1, 4).flatten(2) / unit  # channel, level, place and output
        found, constants = [], torch.zeros(rows.shape[-1])
        for c, wanted in enumerate(rows):
            if k == 0:
                constant = torch.ones(256, 1)
                basis = torch.cat([network.basis, constant], 1).double()
                use = torch.full((256,), 1 / 256)
            else:
                use = network.use[k - 1, c]
                network.kinks[k - 1][c] = _kinks(wanted, values, use, network.kinks[k - 1][c])
                basis = _basis(values, network.kinks[k - 1][c])
            fitted = _solve(basis, wanted, use)
            found.append(fitted[:-1])
            constants += fitted[-1]
        side, outputs = len(layer.entries), layer.entries.shape[-1]
        every = torch.stack(found).unflatten(2, (side, side, outputs))  # channel, feature, window
        weights.copy_(every.permute(4, 1, 0, 2, 3).flatten(1))
        if inside:
            total = constants.reshape(-1, outputs).sum(0) + layer.bias / unit - 1
            network.biases[k].copy_(total)
    levels = torch.arange(256.0)
    slopes = torch.einsum("ijln,l->nij", tables.base.float(), levels) / levels.square().sum()
    network.base.copy_(slopes.flatten(1) / tables.units)
    return network


def deepened(weights: dict[str, torch.Tensor], layers: int) -> dict[str, torch.Tensor]:
    """Return a network's weights with hidden layers added at the end, which add nothing yet.

    A network with at least so many hidden layers is returned as it is. The result of a deeper one
    is unchanged, but for what its larger margin takes from the borders.
    """
    had = sum(name.startswith("hidden.") for name in weights)
    if not 0 < had < layers:
        return weights
    found = dict(weights)
    for k in range(had, layers):
        found[f"hidden.{k}"] = torch.zeros_like(weights[f"hidden.{had - 1}"])
        found[f"biases.{k + 1}"] = torch.zeros_like(weights[f"biases.{had}"])
        found[f"kinks.{k + 1}"] = weights[f"kinks.{had}"].clone()
    more = weights["use"][-1:].expand(layers - had, -1, -1)
    found["use"] = torch.cat([weights["use"], more])
    return found


def _basis(values: torch.Tensor, kinks: torch.Tensor) -> torch.Tensor:
    """Return functions of channels with kinks (..., K), and 1: (..., levels, K + 2)."""
    own = values[:, None].expand(*kinks.shape[:-1], -1, 1)
    bent = (values[:, None] + kinks[..., None, :]).relu()
    return torch.cat([own, bent, torch.ones_like(own)], -1).double()


def _solver(basis: torch.Tensor, use: torch.Tensor) -> torch.Tensor:
    """Return what fits functions of levels by bases (..., levels, n): (..., n, levels)."""
    weighted = (basis * (use + LEAST)[:, None]).mT
    square = weighted @ basis + 1e-9 * torch.eye(basis.shape[-1])
    found: torch.Tensor = torch.linalg.solve(square, weighted)
    return found


def _solve(basis: torch.Tensor, wanted: torch.Tensor, use: torch.Tensor) -> torch.Tensor:
    """Fit functions (levels, m) by a basis (levels, n): (n, m)."""
    return (_solver(basis, use) @ wanted.double()).float()


def _kinks(
    wanted: torch.Tensor, values: torch.Tensor, use: torch.Tensor, kinks: torch.Tensor
) -> torch.Tensor:
    """Choose the kinks of a channel with the least error, one after the other."""
    kinks = kinks.clone()
    products = wanted.double() @ wanted.double().T
    for _ in range(ROUNDS if len(kinks) > 1 else 1):
        for one in range(len(kinks)):
            tried = kinks.repeat(len(KINKS), 1)
            tried[:, one] = KINKS
            basis = _basis(values, tried)
            solver = _solver(basis, use)
            # What is left of functions is a product with this matrix, whatever the functions are.
            left = torch.eye(len(values)) - basis @ solver
            squares = ((products - basis @ (solver @ products)) * left).sum(2)
            kinks = tried[(squares @ (use + LEAST).double()).argmin()]
    return kinks
