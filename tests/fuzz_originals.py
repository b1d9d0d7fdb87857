"""The valid model files that `tests/fuzz_modelfiles.py` changes: one for each family and path."""

from __future__ import annotations

import hashlib
import json
import struct
from pathlib import Path
from typing import Any

import numpy as np
from stack.models import stack

from lutsr._modelfile import Model, write_model


class Original:
    """A valid table file and its card."""

    def __init__(self, path: Path) -> None:
        self.content = path.read_bytes()
        self.card: dict[str, Any] = json.loads(path.with_suffix(".json").read_text())
        start = 10 + struct.unpack("<H", self.content[8:10])[0]
        self.head, self.entries = self.content[:start], self.content[start:]


def chain(rng: np.random.Generator) -> Model:
    """Make a chain of two stages that has every kind of field."""
    tables = {
        "codes": rng.integers(-128, 128, (2, 17**2, 3), dtype=np.int8),
        "cells": rng.integers(-9000, 9000, (3, 256, 4), dtype=np.int16),
    }
    window = {
        "table": "codes",
        "in": "image",
        "taps": [[[0, 0, 0], [0, 1, 0]], [[0, 0, 0], [1, 1, 0]]],
        "step": 16,
        "border": "reflect",
    }
    pixel = {"table": "cells", "in": "hidden", "taps": [[[0, 0, c]] for c in range(3)]}
    first = {
        "out": "hidden",
        "rotations": 4,
        "layers": [{"out": "sum", "look_ups": [window], "bias": [1, 2, 3], "rounding": "up"}],
        "bias": 127,
        "divisor": 128,
        "clamp": [0, 255],
    }
    last = {
        "out": "result",
        "rotations": 1,
        "border": "edge",
        "layers": [
            {
                "out": "detail",
                "look_ups": [pixel],
                "add": [{"in": "image", "gain": 2}],
                "divisor": 3,
                "place": {"cells": 2},
            }
        ],
        "divisor": 64,
        "rounding": "even",
        "clamp": [0, 255],
    }
    return Model("fuzzed", 2, "chain", {"stages": [first, last]}, tables)


def originals(path: Path, seed: int) -> list[Original]:
    """Write one model of each kind to the same path, and remember its files."""
    rng = np.random.default_rng(seed)
    lut = rng.integers(-128, 128, (256, 256, 9, 2, 2), dtype=np.int8)
    metrics = {"Set5": {"psnr_y": 30.0, "ssim_y": 0.9}}
    models = [
        Model("fuzzed", 2, "eclut", {"expand_shift": 2}, {"lut": lut}),
        chain(rng),
        stack(channels=5, hidden=1, size=3, scale=2, levels=16, seed=seed),
        stack(channels=4, hidden=2, size=5, scale=3, levels=32, kind="extremes", seed=seed),
    ]
    found = []
    for model in models:
        write_model(path, model, metrics=metrics)
        found.append(Original(path))
    np.save(path, lut)
    card = {
        "format_version": 1,
        "model": "fuzzed",
        "scale": 2,
        "expand_shift": 2,
        "shift": 2,
        "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
        "metrics": metrics,
    }
    path.with_suffix(".json").write_text(json.dumps(card))
    found.insert(1, Original(path))
    return found
