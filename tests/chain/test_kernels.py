"""The compiled chain gives the reference's integers, for every kind of layer."""

from __future__ import annotations

import hypothesis
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lutsr._engine import open_engine
from lutsr._modelfile import Model

from .chains import cell_chains, chains, images, row_groups
from .models import entries, stage


def compare(model, values, data, steps=1):
    engine = open_engine(model)
    r = engine.scale
    wanted = engine.reference(values, steps)
    for first, last in data.draw(
        st.lists(st.sampled_from(list(row_groups(len(values)))), min_size=1, max_size=3)
    ):
        assert np.array_equal(engine.sums(values, steps, first, last), wanted[first * r : last * r])


@settings(max_examples=60)
@given(chains(), images(), st.data())
def test_random_chains(model, values, data):
    compare(model, values, data)


@settings(max_examples=60)
@given(cell_chains(), images(), st.data())
def test_interpolated_cells(model, values, data):
    compare(model, values, data)


@settings(max_examples=20)
@given(cell_chains(), images(), st.sampled_from([257, 1 << 14]), st.data())
def test_deeper_images(model, values, steps, data):
    hypothesis.assume(not open_engine(model).eight_bit_only)
    noise = np.random.default_rng(0).integers(0, steps, values.shape, np.int32)
    compare(model, np.minimum(values * steps + noise, 255 * steps), data, steps)


@pytest.mark.parametrize("scale", [3, 4])
@pytest.mark.parametrize("steps", [1, 257])
def test_other_scales(scale, steps):
    """Cells of other sizes, each with a kernel of its own."""
    look_up = {"table": "lut", "in": "image", "step": 16, "border": "reflect", "walk": "srlut"}
    look_up["taps"] = [[[0, 0, 0], [0, 1, 0], [1, 0, 0], [1, 1, 0]]]
    layer = {"out": "cells", "look_ups": [look_up], "place": {"cells": scale}}
    stages = [stage([layer], rotations=4, divisor=16)]
    tables = {"lut": entries((1, 17**4, scale**2))}
    engine = open_engine(Model("srlut", scale, "chain", {"stages": stages}, tables))
    values = np.random.default_rng(0).integers(0, 255 * steps + 1, (7, 6, 2), np.int32)
    assert np.array_equal(engine.sums(values, steps, 0, 7), engine.reference(values, steps))
