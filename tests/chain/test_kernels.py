"""The compiled chain gives the reference's integers, for every kind of layer."""

from __future__ import annotations

import os
import subprocess
import sys
import tracemalloc
from pathlib import Path

import hypothesis
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lutsr._chain import run
from lutsr._chain.card import read_chain
from lutsr._chain.run import CompiledChain
from lutsr._engine import open_engine
from lutsr._frame.depth import from_sums
from lutsr._modelfile import Model

from .chains import byte_chains, cell_chains, chains, images, row_groups
from .models import byte_layers, ecnn, entries, stage, two_stages

ROOT = Path(__file__).parents[2]
CPU = Path("/proc/cpuinfo")
HAS_AVX2 = CPU.exists() and "avx2" in CPU.read_text()


def compare(model, values, data, steps=1):
    engine = open_engine(model)
    r = engine.scale
    wanted = engine.reference(values, steps)
    pixels = np.empty(wanted.shape, np.uint8)
    if steps == 1:
        from_sums(wanted.copy(), pixels, engine.divisor, engine.half_even)
    for first, last in data.draw(
        st.lists(st.sampled_from(list(row_groups(len(values)))), min_size=1, max_size=3)
    ):
        rows = slice(first * r, last * r)
        assert np.array_equal(engine.sums(values, steps, first, last), wanted[rows])
        if steps == 1:
            out = np.empty_like(pixels)
            engine.fill(values.astype(np.uint8), first, last, out)
            assert np.array_equal(out[rows], pixels[rows])


@settings(max_examples=60)
@given(chains(), images(), st.data())
def test_random_chains(model, values, data):
    compare(model, values, data)


@settings(max_examples=60)
@given(cell_chains(), images(), st.data())
def test_interpolated_cells(model, values, data):
    compare(model, values, data)


@settings(max_examples=60)
@given(byte_chains(), images(), st.data())
def test_bytes(model, values, data):
    chain = read_chain(model.scale, model.parameters, model.tables)
    hypothesis.assume(CompiledChain(chain, 1).kinds == ["bytes"])
    compare(model, values, data)


def test_layers_of_many_tables_are_not_made_bytes():
    """Bytes for each level would take gigabytes; the tables themselves are small."""
    taps = [[[0, 0, 0]]] * 4096
    window = {"table": "many", "in": "image", "taps": taps, "step": 128, "border": "edge"}
    last = {"table": "last", "in": "h", "taps": [[[0, 0, 255]]], "low": -4, "border": "edge"}
    layers = [
        {"out": "h", "look_ups": [window], "clamp": [-4, 4]},
        {"out": "cells", "look_ups": [last], "place": {"cells": 2}},
    ]
    tables = {"many": np.zeros((4096, 3, 256), np.int8), "last": entries((1, 9, 4))}
    model = Model("many", 2, "chain", {"stages": [stage(layers)]}, tables)
    chain = read_chain(2, model.parameters, model.tables)
    tracemalloc.start()
    try:
        assert CompiledChain(chain, 1).kinds == ["general"]
        assert tracemalloc.get_traced_memory()[1] < 1 << 24
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("features", ["", "+avx2"])
def test_bytes_on_other_processors(features):
    """Where a processor lacks an instruction, others give the same bytes."""
    if features and not HAS_AVX2:
        pytest.skip("needs a processor with AVX2")
    code = "from tests.chain.test_kernels import check_bytes; check_bytes()"
    environment = os.environ | {"NUMBA_CPU_NAME": "generic", "NUMBA_CPU_FEATURES": features}
    subprocess.run([sys.executable, "-c", code], env=environment, check=True, cwd=ROOT)


def check_bytes():
    model = byte_layers()
    chain = read_chain(model.scale, model.parameters, model.tables)
    assert CompiledChain(chain, 1).kinds == ["bytes"]
    engine = open_engine(model)
    values = np.random.default_rng(0).integers(0, 256, (11, 70, 1), np.int32)
    assert np.array_equal(engine.sums(values, 1, 0, 11), engine.reference(values, 1))


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


@pytest.mark.parametrize("make", [byte_layers, two_stages, lambda: ecnn(border="edge")])
def test_wide_images_are_computed_in_tiles(make, monkeypatch):
    monkeypatch.setattr(run, "TILE", 7)
    engine = open_engine(make())
    for width in (14, 15, 40):
        values = np.random.default_rng(width).integers(0, 256, (6, width, 1), np.int32)
        assert np.array_equal(engine.sums(values, 1, 2, 5), engine.reference(values, 1)[4:10])


@pytest.mark.parametrize("n", [1, 2, 9])
def test_indices_of_several_channels(n):
    """The indices of one table come from different channels, with steps and without."""
    look_ups = [
        {"table": "both", "in": "image", "taps": [[[0, 0, 0]]], "border": "edge"},
        {"table": "exact", "in": "h", "taps": [[[0, 1, 1], [2, 0, 0]]], "border": "edge"},
        {"table": "between", "in": "h", "taps": [[[-1, 0, 1], [0, -2, 0]]], "border": "reflect"},
    ]
    look_ups[2]["step"] = 4
    layers = [
        {"out": "h", "look_ups": look_ups[:1], "clamp": [0, 15]},
        {"out": "c", "look_ups": look_ups[1:], "divisor": 8},
        {"out": "end", "look_ups": [{"table": "last", "in": "c", "low": -2000, "step": 256}]},
    ]
    layers[2]["look_ups"][0] |= {"taps": [[[0, 0, n - 1]]], "border": "edge"}
    tables = {
        "both": entries((1, 256, 2)) & 15,
        "exact": entries((1, 256, n), 2),
        "between": entries((1, 25, n), 3),
        "last": entries((1, 20, 1), 4),
    }
    model = Model("channels", 1, "chain", {"stages": [stage(layers)]}, tables)
    engine = open_engine(model)
    values = np.random.default_rng(0).integers(0, 256, (8, 7, 1), np.int32)
    assert np.array_equal(engine.sums(values, 1, 1, 8), engine.reference(values, 1)[1:])
