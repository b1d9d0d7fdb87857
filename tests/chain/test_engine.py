"""The engine of chains, by the frame's protocol."""

from __future__ import annotations

import numpy as np
import pytest

from lutsr._engine import open_engine
from lutsr._modelfile import Model, read_model, write_model


def pair_model(levels=17, clamp=(0, 255)):
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


@pytest.mark.parametrize("steps", [1, 257, 1 << 14])
@pytest.mark.parametrize("height", [1, 2, 5, 12])
def test_row_groups_are_those_of_the_whole_image(height, steps):
    engine = open_engine(pair_model())
    rng = np.random.default_rng(height)
    values = rng.integers(0, 255 * steps + 1, (height, 7, 2), dtype=np.int32)
    whole = engine.reference(values, steps)
    assert whole.dtype == np.int32
    assert whole.shape == (2 * height, 14, 2)
    for first in range(height):
        for last in range(first + 1, height + 1):
            rows = engine.sums(values, steps, first, last)
            assert np.array_equal(rows, whole[2 * first : 2 * last])


@pytest.mark.parametrize("steps", [257, 1 << 14])
def test_between_levels_is_the_same_line(steps):
    engine = open_engine(pair_model())
    values = np.random.default_rng(0).integers(0, 256, (9, 8, 1), dtype=np.int32)
    assert np.array_equal(
        engine.reference(values * steps, steps), steps * engine.reference(values, 1)
    )


def test_a_model_file_holds_the_whole_model(tmp_path):
    model = pair_model()
    write_model(tmp_path / "pair_x2.npy", model)
    again = read_model(tmp_path / "pair_x2.npy")
    assert again.digest == model.digest
    values = np.random.default_rng(0).integers(0, 256, (5, 6, 3), dtype=np.int32)
    wanted = open_engine(model).reference(values, 1)
    assert np.array_equal(open_engine(again).reference(values, 1), wanted)


def test_what_the_frame_asks_for():
    engine = open_engine(pair_model())
    assert (engine.scale, engine.halo, engine.divisor) == (2, 2, 32)
    assert engine.half_even
    assert not engine.eight_bit_only
    assert engine.facts()["receptive field"] == "5 x 5 pixels"


def test_a_wrong_description_is_refused():
    with pytest.raises(ValueError, match=r"stages\[0\].clamp: got .*wanted \[0, 255\]"):
        open_engine(pair_model(clamp=(0, 254)))
