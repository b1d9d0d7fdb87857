"""Stacks of random one-pixel tables."""

from __future__ import annotations

import itertools

import numpy as np

from lutsr._chain.card import read_chain
from lutsr._modelfile import Model
from lutsr._stack.plan import find_stack

#: How entries of 8 bits are drawn.
KINDS = ("uniform", "extremes", "lowest", "highest", "small")


def entries(rng, kind, shape):
    if kind == "uniform":
        return rng.integers(-128, 128, shape, np.int8)
    if kind == "extremes":
        return rng.choice(np.array([-128, 127], np.int8), shape)
    if kind == "small":
        return rng.integers(-3, 4, shape, np.int8)
    return np.full(shape, -128 if kind == "lowest" else 127, np.int8)


def window(size, channels=1):
    """List the taps of a window, by row, column and channel."""
    reach = range(-(size // 2), size // 2 + 1)
    return [[[*tap]] for tap in itertools.product(reach, reach, range(channels))]


def look_up(table, source, taps):
    return {"table": table, "in": source, "taps": taps}


def stack(channels=16, hidden=1, size=5, scale=4, levels=64, kind="uniform", seed=0):
    """Return a model as training exports it.

    Parameters
    ----------
    channels, hidden : int
        Channels of the maps, and layers between the first and the last one.
    size : int
        Rows and columns of the first layer's window.
    scale, levels : int
    kind : str
        One of `KINDS`. With more than 16 channels entries are halved: their sums must fit int16.
    seed : int
    """
    rng = np.random.default_rng(seed)
    cell = scale * scale
    tables, layers, source = {}, [], "image"
    for number in range(hidden + 1):
        side, inputs, values = (3, channels, levels) if number else (size, 1, 256)
        shape = (side * side * inputs, values, channels)
        tables[f"layer{number}"] = entries(rng, kind, shape) >> (channels > 16)
        layer = {
            "out": f"maps{number}",
            "look_ups": [look_up(f"layer{number}", source, window(side, inputs))],
            "bias": rng.integers(-900, 900, channels).tolist(),
            "divisor": 16 if number else 4,
            "rounding": "up",
            "clamp": [0, levels - 1],
        }
        gains = rng.integers(-40, 41, channels).tolist() if channels > 1 else 7
        layers.append(layer | ({"add": [{"in": source, "gain": gains}]} if number else {}))
        source = f"maps{number}"
    tables["detail"] = entries(rng, kind, (9 * channels, levels, cell)) >> (channels > 16)
    tables["flat"] = rng.integers(-500, 500, (1, 256, cell), np.int16)
    tables["base"] = rng.integers(-300, 300, (9, 256, cell), np.int16)
    layers.append(
        {
            "out": "pixels",
            "look_ups": [
                look_up("detail", source, window(3, channels)),
                look_up("flat", "image", [[[0, 0, 0]]]),
                look_up("base", "image", window(3)),
            ],
            "add": [{"in": "image", "gain": 16}],
            "bias": rng.integers(-900, 900, cell).tolist(),
            "place": {"cells": scale},
        }
    )
    stage = {
        "out": "result",
        "layers": layers,
        "rotations": 1,
        "border": "reflect",
        "bias": int(rng.integers(-50, 50)),
        "divisor": 16,
        "rounding": "up",
        "clamp": [0, 255],
    }
    return Model("stack", scale, "chain", {"stages": [stage]}, tables)


def trained(channels=8, hidden=2, scale=4, divisor=8, seed=0):
    """Return a stack with the properties of a trained one.

    Tables are smooth, the base is a filter whose entries sum up to 0 at each level, and ``flat``
    makes constant images exact.
    """
    rng = np.random.default_rng(seed)
    model = stack(channels, hidden, 3, scale, kind="small", seed=seed)
    tables = dict(model.tables)
    cell = scale * scale
    for name, table in tables.items():
        count, levels, outputs = table.shape
        slopes = rng.normal(0, 8 if name == "detail" else 20, (count, 1, outputs))
        bends = rng.uniform(-1, 1, (count, 1, outputs))
        at = np.linspace(-1, 1, levels)[:, np.newaxis]
        tables[name] = np.clip(np.rint(slopes * np.maximum(at, bends)), -128, 127).astype(np.int8)
    tables["base"] = base_of(scale, divisor)
    tables["flat"] = np.zeros((1, 256, cell), np.int16)
    (stage,) = model.parameters["stages"]
    stage |= {"bias": 0, "divisor": divisor}
    *layers, last = stage["layers"]
    for number, layer in enumerate(layers):
        layer["bias"] = [0 if number else 128] * channels
        if number:
            layer["add"][0]["gain"] = layer["divisor"]
    last["bias"], last["add"][0]["gain"] = [0] * cell, divisor
    found = find_stack(read_chain(scale, model.parameters, tables))
    tables["flat"][0] = -constant_sums(found)
    return Model("trained", scale, "chain", model.parameters, tables)


def base_of(scale, divisor):
    """Return a base: quadratic interpolation, without the pixel's own level."""
    at = (np.arange(scale) + 0.5) / scale - 0.5
    weights = np.stack([(at - 0.5) ** 2 / 2, 0.75 - at**2, (at + 0.5) ** 2 / 2])
    filters = weights[:, np.newaxis, :, np.newaxis] * weights[np.newaxis, :, np.newaxis]
    by_level = np.arange(256)[:, np.newaxis] * divisor * filters.reshape(9, 1, -1)
    base = np.rint(by_level).astype(np.int16)
    base[4] = 0
    base[4] = -base.sum(0)
    return base


def constant_sums(plan):
    """Return the sums of the last layer for constant 8-bit images, (256, r * r)."""
    maps = np.arange(256)[:, np.newaxis]
    for number, tables in enumerate([plan.first, *plan.body]):
        sums = read(tables, maps) + plan.biases[number]
        if number:
            sums += plan.gains[number - 1] * maps
        maps = np.clip(sums >> plan.shifts[number], 0, plan.levels - 1)
    return read(plan.last, maps) + plan.biases[-1]


def read(tables, maps):
    whole = tables.sum((0, 1), dtype=np.int64)
    return sum(whole[c, maps[:, c]] for c in range(len(whole)))
