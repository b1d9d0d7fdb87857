"""A network's tables as a model that lutsr runs: a chain of look-ups."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from lutsr._modelfile import Model
from lutsr._modelfile.model import plain_parameters
from training.ecnn.network import LEVELS, WINDOW
from training.ecnn.steps import LayerTables
from training.ecnn.tables import Tables

_OTHER = "it is not a model of `python -m training ecnn`, whose layers could be trained further"


def to_model(name: str, tables: Tables) -> Model:
    """Make a model of tables, in memory.

    Its parameters are those of a chain (`lutsr._chain.description`): one stage, whose layers are
    the network's; the last one adds the detail, the base and the pixel's own level, and the stage
    rounds once.
    """
    scale = round(tables.flat.shape[1] ** 0.5)
    arrays: dict[str, NDArray[Any]] = {}
    layers: list[dict[str, Any]] = []
    source = "image"
    for number, layer in enumerate(tables.layers[:-1]):
        table = f"layer{number}"
        arrays[table] = _flat_tables(layer)
        layers.append(
            {
                "out": f"maps{number}",
                "look_ups": [{"table": table, "in": source, "taps": _taps(layer)}],
                **_own_levels(layer, source),
                "bias": layer.bias.tolist(),
                "divisor": layer.divisor,
                "rounding": "up",
                "clamp": [0, LEVELS - 1],
            }
        )
        source = f"maps{number}"
    last = tables.layers[-1]
    arrays["detail"] = _flat_tables(last)
    arrays["flat"] = tables.flat.cpu().numpy()[np.newaxis]
    arrays["base"] = tables.base.cpu().numpy().reshape(WINDOW**2, 256, -1)
    reach = WINDOW // 2
    around = [[[i - reach, j - reach, 0]] for i in range(WINDOW) for j in range(WINDOW)]
    layers.append(
        {
            "out": "pixels",
            "look_ups": [
                {"table": "detail", "in": source, "taps": _taps(last)},
                {"table": "flat", "in": "image", "taps": [[[0, 0, 0]]]},
                {"table": "base", "in": "image", "taps": around},
            ],
            "add": [{"in": "image", "gain": tables.units}],
            "bias": last.bias.tolist(),
            "place": {"cells": scale},
        }
    )
    stage = {
        "out": "result",
        "layers": layers,
        "rotations": 1,
        "border": "reflect",
        "divisor": tables.units,
        "rounding": "up",
        "clamp": [0, 255],
    }
    return Model(name, scale, "chain", {"stages": [stage]}, arrays, None)


def _own_levels(layer: LayerTables, source: str) -> dict[str, Any]:
    """Describe what a layer adds of each channel's own level."""
    gains = layer.gains.tolist()
    if not any(gains):
        return {}
    return {"add": [{"in": source, "gain": gains if len(gains) > 1 else gains[0]}]}


def _flat_tables(layer: LayerTables) -> NDArray[np.int8]:
    """Arrange a layer's entries as a chain has them: (tables, levels, outputs)."""
    entries: NDArray[np.int8] = layer.entries.cpu().numpy()
    return entries.reshape(-1, *entries.shape[3:])


def _taps(layer: LayerTables) -> list[list[list[int]]]:
    """List row, column and channel that each table is indexed by."""
    rows, columns, channels = layer.entries.shape[:3]
    return [
        [[i - rows // 2, j - columns // 2, c]]
        for i in range(rows)
        for j in range(columns)
        for c in range(channels)
    ]


def from_model(model: Model) -> Tables:
    """Return the tables that `to_model` has made a model of.

    Raises
    ------
    ValueError
        If the model is of another kind.
    """
    try:
        stage = model.parameters["stages"][0]
        found = [_layer(model, layer, stage["divisor"]) for layer in stage["layers"]]
        flat, base = model.tables["flat"][0], model.tables["base"]
        tables = Tables(
            tuple(found),
            torch.from_numpy(flat.astype(np.int16)),
            torch.from_numpy(base.astype(np.int16)).unflatten(0, (WINDOW, WINDOW)),
        )
        same = to_model(model.name, tables)
    except (KeyError, ValueError, RuntimeError, IndexError, TypeError) as error:
        raise ValueError(_OTHER) from error
    if plain_parameters(same.parameters) != plain_parameters(model.parameters):
        raise ValueError(_OTHER)
    return tables


def _layer(model: Model, layer: Mapping[str, Any], last_divisor: int) -> LayerTables:
    """Return the tables of a layer of a model; the last layer is divided by the stage."""
    look_up = layer["look_ups"][0]
    table, last = model.tables[look_up["table"]], look_up["table"] == "detail"
    channels = 1 + max(tap[0][2] for tap in look_up["taps"])
    side = round((len(table) / channels) ** 0.5)
    gains = np.zeros(table.shape[-1], np.int32)
    for add in () if last else layer.get("add", ()):
        gains[:] = add["gain"]
    return LayerTables(
        torch.from_numpy(np.array(table)).reshape(side, side, channels, *table.shape[1:]),
        torch.tensor(layer["bias"], dtype=torch.int32),
        torch.from_numpy(gains),
        last_divisor if last else layer["divisor"],
        0.0,
    )
