"""A wrong description is refused by the name of its field, before anything is computed."""

from __future__ import annotations

import copy
import random

import numpy as np
import pytest

from lutsr._chain.card import read_chain


def parameters():
    """Return a chain x2: a hidden map of 8 levels and 3 channels, then cells."""
    hidden = {
        "table": "one",
        "in": "image",
        "taps": [[[0, 0, 0], [0, 1, 0]], [[0, 0, 0], [2, 0, 0]]],
        "step": 16,
        "border": "edge",
    }
    cells = {"table": "two", "in": "h", "taps": [[[0, 0, 1]]], "border": "edge", "gain": 2}
    layers = [
        {"out": "h", "look_ups": [hidden], "divisor": 512, "bias": [0, 1, 2], "clamp": [0, 7]},
        {"out": "y", "look_ups": [cells], "add": [{"in": "image"}], "place": {"cells": 2}},
    ]
    return {"stages": [{"out": "end", "rotations": 4, "layers": layers, "clamp": [0, 255]}]}


def tables():
    one = np.resize(np.array([-128, 127], np.int8), (2, 17**2, 3))
    return {"one": one, "two": np.full((1, 8, 4), -128, np.int16)}


def changed(path, value):
    """Return the parameters with one field changed, or taken out if the value is None."""
    whole = parameters()
    inner = whole
    for key in path[:-1]:
        inner = inner[key]
    if value is None:
        del inner[path[-1]]
    else:
        inner[path[-1]] = value
    return whole


STAGE = ["stages", 0]
HIDDEN = [*STAGE, "layers", 0]
LOOK = [*HIDDEN, "look_ups", 0]
LAST = [*STAGE, "layers", 1]


def test_a_right_one():
    chain = read_chain(2, parameters(), tables())
    assert chain.halo == 2
    assert not chain.deep
    assert chain.stages[0].layers[0].look_ups[0].levels == 17
    assert chain.stages[0].layers[0].look_ups[0].unit == 16


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        (["stages"], [], r"parameters\.stages: got \[\], wanted a list of 1 to 16 items"),
        (["stages"], None, r"parameters\.stages: missing"),
        (["more"], 1, r"parameters: unknown field 'more'; known are stages"),
        ([*STAGE, "rotations"], 2, r"stages\[0\]\.rotations: got 2, wanted 1 or 4"),
        ([*STAGE, "rotations"], True, r"rotations: got True, wanted an integer from 1 to 4"),
        ([*STAGE, "clamp"], [0, 254], r"stages\[0\]\.clamp: got .*wanted \[0, 255\]"),
        ([*STAGE, "out"], "image", r"stages\[0\]\.out: got 'image', wanted a name that"),
        ([*STAGE, "border"], "reflect", r"look_ups\[0\]\.border: the stage pads once"),
        ([*STAGE, "bias"], [1], r"stages\[0\]\.bias: got a list of 1, wanted an integer"),
        ([*HIDDEN, "out"], "", r"layers\[0\]\.out: got '', wanted a name"),
        ([*HIDDEN, "look_ups"], None, r"layers\[0\]: nothing to compute"),
        ([*HIDDEN, "divisor"], 0, r"divisor: got 0, wanted an integer from 1"),
        ([*HIDDEN, "divisor"], 1.0, r"divisor: got 1\.0, wanted an integer"),
        ([*HIDDEN, "bias"], [1, 2], r"bias: got a list of 2, wanted a list of 3 integers"),
        ([*HIDDEN, "bias"], 2**31 - 1, r"bias: got 2147483647, wanted an integer from"),
        ([*HIDDEN, "clamp"], [3, 2], r"clamp: got .*low <= high"),
        ([*HIDDEN, "clamp"], [-1, 7], r"layers\[1\].look_ups\[0\].in: its values can be -1\.\.7"),
        ([*HIDDEN, "clamp"], [0, 8], r"can be 0\.\.8, and the table's levels are 0\.\.7"),
        ([*HIDDEN, "rounding"], "down", r"rounding: got 'down', wanted one of 'even', 'up'"),
        (
            [*HIDDEN, "residual"],
            ["y"],
            r"residual\[0\]: got 'y', wanted a register that is written",
        ),
        ([*LOOK, "table"], "three", r"table: got 'three', wanted one of one, two"),
        ([*LOOK, "table"], "two", r"taps: got a list of 2, wanted a list of 1, one per table"),
        ([*LOOK, "in"], "h", r"in: got 'h', wanted a register that is written before: image"),
        ([*LOOK, "step"], 3, r"step: got 3, wanted powers of two"),
        (
            [*LOOK, "step"],
            8,
            r"in: its values can be 0\.\.255, and the table's levels are 0\.\.128",
        ),
        ([*LOOK, "step"], [[16] * 3], r"step: got a list of 1, wanted a list of 2, one per table"),
        ([*LOOK, "low"], 1, r"in: its values can be 0\.\.255"),
        ([*LOOK, "walk"], "srlut", r"walk: got 'srlut', wanted 'simplex'"),
        ([*LOOK, "border"], None, r"border: missing, wanted one of 'reflect', 'edge'"),
        ([*LOOK, "border"], "wrap", r"border: got 'wrap', wanted one of"),
        ([*LOOK, "gain"], 2**30, r"gain: got 1073741824"),
        (
            [*LOOK, "taps", 0, 1],
            [0, 33, 0],
            r"taps\[0\]\[1\]\[1\]: got 33, wanted an integer from -32",
        ),
        (
            [*LOOK, "taps", 0, 1],
            [0, 0, 1],
            r"taps\[0\]\[1\]\[2\]: got 1, wanted an integer from -1",
        ),
        ([*LOOK, "taps", 0, 1], [0, 0, -1], r"taps: channel -1 is the output's own"),
        ([*LOOK, "taps", 0], [[0, 0, 0]], r"taps: not all tables have as many taps"),
        ([*LOOK, "taps"], [[[0, 0, 0]] * 3] * 2, r"289 entries, and .* have 3 indices"),
        ([*LAST, "place", "cells"], 3, r"cells: got 3, wanted an integer from 1 to 2"),
        ([*LAST, "place", "cells"], 1, r"stages: the result has 4 channels and is 1 times"),
        ([*LAST, "place", "border"], "edge", r"place\.border: there are no shifts for it"),
        ([*LAST, "place", "shifts"], [[0, 0]] * 3, r"place\.border: missing"),
        ([*LAST, "add", 0, "gain"], [1], r"gain: got a list of 1, wanted an integer from"),
        (
            [*LAST, "add", 0],
            {"in": "h", "gain": [1, 2]},
            r"add\[0\]\.gain: got a list of 2, wanted a list of 3 integers",
        ),
        ([*LAST, "add", 0, "in"], "h", r"layers\[1\]: its inputs have \[3, 4\] channels"),
    ],
)
def test_refused_by_name(path, value, message):
    with pytest.raises(ValueError, match=message):
        read_chain(2, changed(path, value), tables())


def test_sums_stay_inside_int32():
    wrong = changed([*LAST, "add"], [{"in": "image", "gain": 2**20}] * 9)
    with pytest.raises(ValueError, match=r"layers\[1\]: values can be .*int32 holds"):
        read_chain(2, wrong, tables())


def test_far_stages_are_refused():
    layer = {"out": "h", "add": [{"in": "image"}]}
    far = {"table": "t", "in": "h", "taps": [[[32, 0, 0]]], "border": "edge"}
    again = {"out": "h", "look_ups": [far], "clamp": [0, 255]}
    stage = {"out": "end", "rotations": 1, "layers": [layer, again, again], "clamp": [0, 255]}
    table = {"t": np.zeros((1, 256, 1), np.int8)}
    assert read_chain(1, {"stages": [stage]}, table).halo == 64
    stage["layers"] = [layer, again, again, again]
    with pytest.raises(ValueError, match=r"stages\[0\]: its results depend on pixels 96 away"):
        read_chain(1, {"stages": [stage]}, table)


@pytest.mark.parametrize(
    ("table", "message"),
    [
        (np.zeros((2, 289, 3), np.int32), r"tables\['one'\]: got int32 of shape"),
        (np.zeros((2, 289), np.int8), r"tables\['one'\]: got int8 of shape \(2, 289\), wanted"),
        (np.zeros((0, 289, 3), np.int8), r"tables\['one'\]: got int8 of shape \(0, 289, 3\)"),
        (np.zeros((2, 289, 257), np.int8), r"tables\['one'\]: shape .*256 channels"),
        (np.zeros((2, 290, 3), np.int8), r"tables\['one'\]: 290 entries"),
    ],
)
def test_tables_of_a_wrong_shape(table, message):
    with pytest.raises(ValueError, match=message):
        read_chain(2, parameters(), tables() | {"one": table})


class Watched(np.ndarray):
    """A table that counts how often it is searched for its extremes."""

    searched = 0

    def min(self, *arguments, **options):
        Watched.searched += 1
        return np.asarray(self).min(*arguments, **options)


def test_a_table_is_searched_once_however_many_look_ups_use_it():
    Watched.searched = 0
    look_ups = [copy.deepcopy(parameters()["stages"][0]["layers"][0]["look_ups"][0])] * 16
    read_chain(
        2,
        changed([*HIDDEN, "look_ups"], look_ups),
        {k: v.view(Watched) for k, v in tables().items()},
    )
    assert Watched.searched == 2


@pytest.mark.parametrize(
    ("path", "item", "message"),
    [
        ([*STAGE, "layers"], {"out": "h", "add": [{"in": "image"}]}, "layers: got a list of 5000"),
        (["stages"], {}, r"parameters\.stages: got a list of 5000, wanted a list of 1 to 16"),
        ([*HIDDEN, "look_ups"], {}, r"look_ups: got a list of 5000, wanted a list of 1 to 16"),
        ([*HIDDEN, "residual"], "image", "residual: got a list of 5000, wanted a list of 1 to 16"),
    ],
)
def test_thousands_of_parts(path, item, message):
    with pytest.raises(ValueError, match=message):
        read_chain(2, changed(path, [item] * 5000), tables())


def test_a_table_that_nothing_uses():
    with pytest.raises(ValueError, match=r"tables\['spare'\]: no look-up uses it"):
        read_chain(2, parameters(), tables() | {"spare": np.zeros((1, 2, 1), np.int8)})


def containers(value):
    """Return all lists and dicts in a description, with their keys."""
    keys = range(len(value)) if isinstance(value, list) else list(value)
    found = [(value, key) for key in keys]
    for key in keys:
        if isinstance(value[key], (list, dict)):
            found += containers(value[key])
    return found


ODD = [
    None,
    True,
    -1,
    0,
    1,
    10**30,
    -(10**5000),
    1.5,
    float("nan"),
    "",
    "image",
    "\n" * 999,
    [],
    {},
]
ODD += [[[[[]]]], [0] * 9999, {"out": {}}, [1, [2]]]


def test_damaged_descriptions_raise_nothing_but_value_errors():
    pick = random.Random(5)
    messages = []
    for _ in range(3000):
        whole = parameters()
        for _ in range(pick.choice((1, 1, 2))):
            inner, key = pick.choice(containers(whole))
            inner[key] = copy.deepcopy(pick.choice(ODD))
        try:
            read_chain(2, whole, tables())
        except ValueError as error:
            messages.append(str(error))
    assert len(messages) > 2500
    assert max(map(len, messages)) < 400
