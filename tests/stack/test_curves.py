"""Curves of a stack: what ``lutsr info`` and ``python -m training inspect`` show of its layers."""

from __future__ import annotations

import re

import numpy as np

from lutsr._chain.card import read_chain
from lutsr._engine import open_engine
from lutsr._stack.curves import BLOCKS, Curves, layer_curves, sketch
from lutsr._stack.plan import find_stack

from .models import stack


def curves_of(model):
    found = find_stack(read_chain(model.scale, model.parameters, model.tables))
    assert found is not None
    return layer_curves(found)


def test_curves_are_entries_in_levels_without_the_own_level():
    model = stack(3, 1, 5, 2, levels=8)
    first, body, detail, base = curves_of(model)
    assert [one.name for one in (first, body, detail, base)] == [
        "layer 1", "layer 2", "detail", "base",
    ]  # fmt: skip
    assert np.array_equal(first.values[0, 3, 0], model.tables["layer0"][3] / 4)
    entries = model.tables["layer1"].reshape(3, 3, 3, 8, 3) / 16
    assert np.array_equal(body.values[0, 2], entries[0, 2])
    assert np.array_equal(body.values[1, 1, 0, :, 1], entries[1, 1, 0, :, 1])
    (stage,) = model.parameters["stages"]
    gain = np.broadcast_to(stage["layers"][1]["add"][0]["gain"], 3)
    own = entries[1, 1, 2, :, 2] + (gain[2] / 16 - 1) * np.arange(8)
    assert np.allclose(body.values[1, 1, 2, :, 2], own)
    assert detail.values.shape == (3, 3, 3, 8, 4)
    # The base of these models has the pixel's own level once, which is left out.
    assert np.array_equal(base.values[1, 1, 0], model.tables["base"][4] / 16)


def test_the_strongest_curve_of_each_place():
    values = np.zeros((3, 3, 2, 4, 5))
    values[0, 2, 1, :, 3] = [0, 5, 1, -2]
    values[1, 1, 0, :, 4] = [1, 2, 3, 4]
    values[1, 1, 0, :, 0] = [1, 2, 3, 3]
    curves = Curves("layer 1", "levels", values)
    assert curves.strongest(2) == [(-1, 1, 1, 3), (0, 0, 0, 4)]
    assert curves.curve(-1, 1, 1, 3).tolist() == [0, 5, 1, -2]
    assert curves.strengths[0, 2, 1, 3] == 7
    assert curves.centre == 5 / 12


def test_a_sketch_goes_from_the_lowest_block_to_the_highest():
    assert sketch(np.arange(8.0)) == BLOCKS
    assert sketch(np.array([3.0, 3.0])) == BLOCKS[0] * 2
    assert len(sketch(np.zeros(256))) == 16


def test_facts_have_a_line_for_each_layer():
    facts = open_engine(stack(8, 2, 3, 4)).facts()
    assert list(facts)[-5:] == ["layer 1", "layer 2", "layer 3", "detail", "base"]
    wanted = (
        r"3 x 3 of 8 channels, 64 levels, to 8 channels; \d+ % of the strength in the middle; "
        rf"strongest \(-?\d, -?\d\) of channel \d to \d: [{BLOCKS}]{{16}} "
        r"[-+]\d+\.\d to [-+]\d+\.\d levels"
    )
    assert re.fullmatch(wanted, facts["layer 3"])
    assert facts["detail"].startswith("3 x 3 of 8 channels, 64 levels, to 16 pixels; ")
    assert facts["base"].startswith("3 x 3 of the image, 256 levels, to 16 pixels; ")
    assert facts["base"].endswith(" grey levels")
