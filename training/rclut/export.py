"""A network's tables as a model that lutsr runs: a chain of two stages."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from lutsr._modelfile import Model
from training.rclut.network import MIDDLE, RCLUT, ROTATIONS, UNIT, WINDOWS, Stage

_PIXELS = [[0, 0, 0], [0, 1, 0], [1, 0, 0], [1, 1, 0]]


@torch.no_grad()
def to_model(name: str, network: RCLUT) -> Model:
    """Make a model of a network, in memory."""
    tables: dict[str, NDArray[Any]] = {}
    count = len(WINDOWS) * UNIT
    first = _stage(tables, network.first, 1, "image")
    first |= {"out": "codes", "bias": MIDDLE * ROTATIONS * count, "divisor": ROTATIONS * count}
    last = _stage(tables, network.last, 2, "codes")
    last |= {"out": "result", "divisor": count}
    last["layers"][-1]["place"] = {"cells": network.shape.scale}
    return Model(name, network.shape.scale, "chain", {"stages": [first, last]}, tables)


def _stage(
    tables: dict[str, NDArray[Any]], stage: Stage, number: int, source: str
) -> dict[str, Any]:
    """Describe a stage, without its name and rounding, and add its tables."""
    layers, look_ups = [], []
    for rc, conv, pixels in stage.branches():
        window, after, codes = f"rc{rc.side}_{number}", f"conv{rc.side}_{number}", f"codes{rc.side}"
        tables[window] = _int8(rc.entries()).reshape(rc.side**2, 256, 1)
        tables[after] = _int8(conv.entries())[np.newaxis]
        taps = [[[i, j, 0]] for i in range(rc.side) for j in range(rc.side)]
        layers.append(
            {
                "out": codes,
                "look_ups": [{"table": window, "in": source, "taps": taps}],
                "bias": MIDDLE * rc.divisor,
                "divisor": rc.divisor,
                "clamp": [0, 255],
            }
        )
        about: dict[str, Any] = {"step": UNIT} if pixels > 1 else {"gain": UNIT}
        look_ups.append({"table": after, "in": codes, "taps": [_PIXELS[:pixels]], **about})
    layers.append({"out": "sum", "look_ups": look_ups})
    return {"rotations": ROTATIONS, "border": "edge", "layers": layers, "clamp": [0, 255]}


def _int8(entries: torch.Tensor) -> NDArray[np.int8]:
    return entries.cpu().numpy().astype(np.int8)
