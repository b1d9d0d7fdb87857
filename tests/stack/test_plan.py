"""Which chains are stacks that the kernels can compute."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from lutsr._chain.card import read_chain
from lutsr._stack.plan import find_stack

from ..chain import models as chains
from .models import stack


def found(model):
    return find_stack(read_chain(model.scale, model.parameters, model.tables))


def last_layer(model):
    return model.parameters["stages"][0]["layers"][-1]


def test_what_training_exports_is_a_stack():
    model = stack(16, 4, 5, 4)
    plan = found(model)
    assert plan is not None
    assert (plan.channels, plan.levels, len(plan.body), plan.halo) == (16, 64, 4, 7)
    assert plan.shifts == [2, 4, 4, 4, 4]
    assert np.array_equal(plan.first.reshape(25, 256, 16), model.tables["layer0"])
    assert np.array_equal(plan.body[3].reshape(144, 64, 16), model.tables["layer4"])
    levels = 16 * np.arange(256)[:, np.newaxis]
    assert np.array_equal(plan.base[1, 1, 0], model.tables["base"][4] + levels)


def test_tables_may_come_in_any_order():
    plan = found(chains.ecnn())
    assert plan is not None
    body = chains.ecnn().tables["body"].reshape(3, 3, 3, 16, 3)
    assert np.array_equal(plan.body[0], np.moveaxis(body, 0, 2))


def test_places_without_a_table_add_nothing():
    model = stack(8, 1, 3, 2)
    last_layer(model)["look_ups"][2]["taps"].pop(0)
    plan = found(replace(model, tables=model.tables | {"base": model.tables["base"][1:]}))
    assert plan is not None
    assert not plan.base[0, 0].any()
    assert plan.base[0, 1].any()


def test_tables_of_one_pixel_are_summed_exactly():
    """Two of 16 bits need 17, and then the chain needs the general kernels."""
    model = stack(8, 1, 3, 2)
    last_layer(model)["look_ups"].append(last_layer(model)["look_ups"][1])
    for largest, wanted in ((8000, True), (25000, False)):
        flat = np.full((1, 256, 4), largest, np.int16)
        changed = replace(model, tables=model.tables | {"flat": flat, "base": flat[[0] * 9] // 999})
        last_layer(changed)["bias"] = 3000
        plan = found(changed)
        assert (plan is not None) == wanted
        if plan is not None:
            assert (plan.flat == 2 * largest).all()


def edge(model, stage, layers):
    stage["border"] = "edge"


def rotations(model, stage, layers):
    stage["rotations"] = 4


def rounding(model, stage, layers):
    layers[1]["rounding"] = "even"


def divisor(model, stage, layers):
    layers[1]["divisor"] = 15


def clamp(model, stage, layers):
    layers[1]["clamp"] = [0, 62]


def residual(model, stage, layers):
    layers[1]["residual"] = ["maps0"]


def other_own_levels(model, stage, layers):
    layers[1]["add"] = [{"in": "image", "gain": 3}]


def gain(model, stage, layers):
    layers[1]["look_ups"][0]["gain"] = 2


def twice(model, stage, layers):
    layers[1]["look_ups"][0]["taps"][0] = layers[1]["look_ups"][0]["taps"][1]


def far(model, stage, layers):
    layers[1]["look_ups"][0]["taps"][0] = [[-2, 0, 0]]


def sum_of_16_bits(model, stage, layers):
    layers[1]["bias"] = [32767] * 8


def total_of_16_bits(model, stage, layers):
    stage["bias"] = 30000


@pytest.mark.parametrize(
    "change",
    [
        edge,
        rotations,
        rounding,
        divisor,
        clamp,
        residual,
        other_own_levels,
        gain,
        twice,
        far,
        sum_of_16_bits,
        total_of_16_bits,
    ],
    ids=lambda change: change.__name__,
)
def test_other_chains_are_left_to_the_general_kernels(change):
    model = stack(8, 1, 3, 2)
    assert found(model) is not None
    (stage,) = model.parameters["stages"]
    change(model, stage, stage["layers"])
    assert found(model) is None


def test_a_detail_without_a_base_is_left_to_the_general_kernels():
    model = stack(8, 1, 3, 2)
    last_layer(model)["look_ups"].pop()
    del last_layer(model)["add"]
    tables = {name: table for name, table in model.tables.items() if name != "base"}
    assert found(replace(model, tables=tables)) is None


@pytest.mark.parametrize("make", [chains.pair, chains.two_stages])
def test_chains_of_other_kinds(make):
    assert found(make()) is None
