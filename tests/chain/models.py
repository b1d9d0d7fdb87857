"""Small models of chains, with random tables, one for each way of writing a chain."""

from __future__ import annotations

import itertools

import numpy as np

from lutsr._eclut.reference import TAPS
from lutsr._modelfile import Model

WINDOW = list(itertools.product((-1, 0, 1), (-1, 0, 1)))


def entries(shape, seed=1, dtype=np.int8):
    info = np.iinfo(dtype)
    return np.random.default_rng(seed).integers(info.min, info.max + 1, shape).astype(dtype)


def stage(layers, **more):
    return {"out": "result", "rotations": 1, "layers": layers, "clamp": [0, 255], **more}


def pair(levels=17, clamp=(0, 255)):
    """Return a small x2 model of two indices, interpolated between random levels."""
    lut = np.random.default_rng(3).integers(-128, 128, (1, levels**2, 4)).astype(np.int8)
    look_up = {
        "table": "lut",
        "in": "image",
        "taps": [[[0, 0, 0], [1, 2, 0]]],
        "step": 256 // (levels - 1),
        "border": "reflect",
    }
    stage = {
        "out": "result",
        "rotations": 4,
        "layers": [{"out": "cells", "look_ups": [look_up], "place": {"cells": 2}}],
        "bias": 128 * 16,
        "divisor": 32,
        "clamp": list(clamp),
    }
    return Model("pair", 2, "chain", {"stages": [stage]}, {"lut": lut})


def expanded(lut, shift):
    """Return ECLUT's table as a chain: two indices, nine displaced maps."""
    r = lut.shape[-1]
    look_up = {
        "table": "lut",
        "in": "image",
        "taps": [[[0, 0, 0], [1, 0, 0]]],
        "border": "reflect",
    }
    shifts = [[dy * shift, dx * shift] for dy, dx in TAPS]
    place = {"cells": r, "shifts": shifts, "border": "reflect"}
    layer = {"out": "maps", "look_ups": [look_up], "place": place}
    stages = [stage([layer], rotations=4, divisor=4, rounding="up")]
    tables = {"lut": lut.reshape(1, 65536, -1)}
    return Model("expanded", r, "chain", {"stages": stages}, tables)


def window_look_up(table, source, channels, **more):
    taps = [[[dy, dx, c]] for c in range(channels) for dy, dx in WINDOW]
    return {"table": table, "in": source, "taps": taps, **more}


def ecnn(levels=16, border="reflect"):
    """Return a small ECNN: two layers of maps, detail added to a base of the image."""
    tables = {
        "first": entries((9, 256, 3), 1),
        "body": entries((27, levels, 3), 2),
        "detail": entries((27, levels, 4), 3),
        "base": entries((9, 256, 4), 4, np.int16) // 16,
    }
    clamp = {"clamp": [0, levels - 1]}
    layers = [
        {
            "out": "h",
            "look_ups": [window_look_up("first", "image", 1)],
            "bias": [4000, -200, 64],
            "divisor": 512,
            "rounding": "up",
            **clamp,
        },
        {
            "out": "h",
            "look_ups": [window_look_up("body", "h", 3)],
            "add": [{"in": "h", "gain": [96, -20, 130]}],
            "divisor": 128,
            "rounding": "up",
            **clamp,
        },
        {
            "out": "cells",
            "look_ups": [
                window_look_up("detail", "h", 3),
                window_look_up("base", "image", 1),
            ],
            "add": [{"in": "image", "gain": 16}],
            "bias": [3, 1, -5, 0],
            "place": {"cells": 2},
        },
    ]
    stages = [stage(layers, border=border, divisor=16, rounding="up")]
    return Model("ecnn", 2, "chain", {"stages": stages}, tables)


def two_stages():
    """Return two stages of four rotations, in which maps between the layers have borders."""
    tables = {
        "one": entries((2, 17**2, 4), 6),
        "two": entries((9, 33, 1), 7),
        "three": entries((1, 17**2, 9 * 4), 8),
    }
    pairs = [[[0, 0, 0], [1, 2, 0]], [[0, 0, 0], [2, -1, 0]]]
    one = {"table": "one", "in": "image", "taps": pairs, "step": 16, "border": "reflect"}
    taps = [[[dy, dx, (dy + dx) % 4]] for dy, dx in WINDOW]
    two = {"table": "two", "in": "h", "taps": taps, "step": 8, "border": "edge"}
    first = [
        {"out": "h", "look_ups": [one], "bias": 4096, "divisor": 32, "clamp": [0, 255]},
        {"out": "h", "look_ups": [two], "divisor": 72, "residual": ["image"]},
    ]
    three = {"table": "three", "in": "codes", "taps": [[[0, 0, 0], [0, 1, 0]]], "step": 16}
    place = {"cells": 2, "shifts": [[dy, dx] for dy, dx in WINDOW], "border": "reflect"}
    second = [{"out": "maps", "look_ups": [three | {"border": "reflect"}], "place": place}]
    stages = [
        {"out": "codes", "rotations": 4, "layers": first, "divisor": 4, "clamp": [0, 255]},
        stage(second, rotations=4, bias=9 * 4 * 16 * 128, divisor=9 * 4 * 16),
    ]
    return Model("two-stages", 2, "chain", {"stages": stages}, tables)


def byte_layers():
    """Return a chain of registers that fit into bytes: of 256 levels, then of 64 between levels."""
    split = {"table": "split", "in": "image", "taps": [[[0, 0, 0]]], "border": "edge"}
    window = {"table": "window", "in": "h", "low": -32, "step": 4, "border": "reflect"}
    window["taps"] = [[[dy, dx, -1]] for dy, dx in WINDOW]
    layers = [
        {"out": "h", "look_ups": [split]},
        {"out": "c", "look_ups": [window], "divisor": 36, "residual": ["h"]},
    ]
    layers[1] |= {"clamp": [-128, 127], "place": {"cells": 2}}
    bits = np.random.default_rng(0).permutation(256) // 4 - 32
    tables = {"split": np.repeat(bits.astype(np.int8), 4).reshape(1, 256, 4)}
    tables["window"] = entries((9, 17, 4))
    stages = [stage(layers, rotations=4, bias=128)]
    return Model("bytes", 2, "chain", {"stages": stages}, tables)
