"""The interpreter of chains, beside other ways of writing the same."""

from __future__ import annotations

import numpy as np
import pytest

from lutsr._chain.card import read_chain
from lutsr._chain.reference import deepen, run, run_sums
from lutsr._eclut.reference import upscale_reference

from .models import WINDOW, ecnn, entries, expanded, stage

IMAGES = [(1, 1), (1, 5), (2, 3), (7, 6)]


def picture(shape, seed=0):
    return np.random.default_rng(seed).integers(0, 256, shape, np.uint8)


def checked(model):
    return read_chain(model.scale, model.parameters, model.tables)


def chain_of(scale, stages, **tables):
    return read_chain(scale, {"stages": stages}, tables)


@pytest.mark.parametrize("expand_shift", [2, 1])
def test_eclut_is_a_chain_of_one_layer(expand_shift):
    lut = entries((256, 256, 9, 2, 2)) // 4
    chain = checked(expanded(lut, expand_shift))
    assert chain.halo == 2
    for shape in IMAGES:
        image = picture(shape)
        wanted = upscale_reference(image, lut, expand_shift=expand_shift)
        assert np.array_equal(run(image, chain), wanted)


def test_eclut_between_levels():
    lut = entries((256, 256, 9, 2, 2)) // 4
    image = np.random.default_rng(0).integers(0, 65536, (6, 5), np.uint16)
    total = run_sums(image.astype(np.int32), deepen(checked(expanded(lut, 2)), 257))
    wanted = upscale_reference(image, lut, expand_shift=2)
    assert np.array_equal(np.clip((total + 2) >> 2, 0, 65535), wanted)


def ecnn_by_hand(image, tables, levels=16):
    """Compute the same with shrinking maps, pixel by pixel sums and shifts."""

    def window(maps, table):
        rows, columns, channels = maps.shape
        total = np.zeros((rows - 2, columns - 2, table.shape[-1]), np.int64)
        for c in range(channels):
            for t, (dy, dx) in enumerate(WINDOW):
                value = maps[1 + dy : rows - 1 + dy, 1 + dx : columns - 1 + dx, c]
                total += table[9 * c + t, value]
        return total

    x = np.pad(image, 3, mode="reflect")[..., None].astype(np.int64)
    h = window(x, tables["first"]) + np.array([4000, -200, 64])
    h = np.clip((h + 256) >> 9, 0, levels - 1)
    own = h[1:-1, 1:-1] * np.array([96, -20, 130])
    h = np.clip((window(h, tables["body"]) + own + 64) >> 7, 0, levels - 1)
    x = x[2:-2, 2:-2]
    total = window(h, tables["detail"]) + window(x, tables["base"]) + 16 * x[1:-1, 1:-1]
    cells = np.clip((total + [3, 1, -5, 0] + 8) >> 4, 0, 255)
    rows, columns, _ = cells.shape
    big = cells.reshape(rows, columns, 2, 2).transpose(0, 2, 1, 3)
    return big.reshape(2 * rows, 2 * columns)


def test_ecnn_padded_once():
    chain, tables = checked(ecnn()), ecnn().tables
    assert chain.halo == 3
    assert not chain.deep
    for shape in IMAGES:
        image = picture(shape)
        assert np.array_equal(run(image, chain), ecnn_by_hand(image, tables))


@pytest.mark.parametrize("rounding", ["even", "up"])
@pytest.mark.parametrize("divisor", [1, 3, 4, 6])
def test_rounding(rounding, divisor):
    layer = {"out": "y", "add": [{"in": "image"}], "bias": -128, "place": {"cells": 1}}
    last = stage([layer], divisor=divisor, rounding=rounding, bias=7)
    chain = chain_of(1, [last])
    image = np.arange(256, dtype=np.uint8)[None]
    exact = (np.arange(256) - 121) / divisor
    wanted = np.rint(exact) if rounding == "even" else np.floor(exact + 0.5)
    assert np.array_equal(run(image, chain)[0], np.clip(wanted, 0, 255))


def test_own_channels_taps_of_each_output_and_steps_of_each_table():
    tables = {"split": entries((1, 256, 2)) // 8 + 16, "moved": entries((1, 17, 2), 5)}
    split = {"table": "split", "in": "image", "taps": [[[0, 0, 0]]], "border": "edge"}
    moved = {
        "table": "moved",
        "in": "f",
        "taps": [[[[0, 1, -1]], [[-2, 0, -1]]]],
        "step": [[2, 4]],
        "border": "edge",
    }
    layers = [
        {"out": "f", "look_ups": [split]},
        {"out": "g", "look_ups": [moved], "residual": ["f"], "bias": 40},
        {
            "out": "c",
            "add": [{"in": "g", "gain": 1}],
            "place": {"cells": 1, "shifts": [[0, 0], [0, 0]], "border": "edge"},
        },
    ]
    chain = chain_of(1, [stage(layers)], **tables)
    assert chain.halo == 2
    image = picture((5, 6))
    f = tables["split"][0][image].astype(int)
    one = np.pad(f[..., 0], ((0, 0), (0, 1)), mode="edge")[:, 1:]
    two = np.pad(f[..., 1], ((2, 0), (0, 0)), mode="edge")[:-2]
    exact = sum(
        np.interp(values, np.arange(17) * step, tables["moved"][0, :, k]) * 4
        for k, (values, step) in enumerate(((one, 2), (two, 4)))
    )
    assert np.array_equal(run(image, chain), np.clip(exact + 80 + f.sum(axis=-1), 0, 255))


def test_floor_takes_the_level_below():
    table = entries((1, 16 * 16, 1))
    look_up = {"table": "t", "in": "image", "taps": [[[0, 0, 0], [0, 1, 0]]], "step": 16}
    look_up |= {"walk": "floor", "border": "edge"}
    chain = chain_of(1, [stage([{"out": "y", "look_ups": [look_up]}], bias=100)], t=table)
    image = picture((4, 5))
    level = np.pad(image // 16, ((0, 0), (0, 1)), mode="edge").astype(int)
    wanted = table[0, level[:, :-1] * 16 + level[:, 1:], 0].astype(int) + 100
    assert np.array_equal(run(image, chain), np.clip(wanted, 0, 255))


def test_interpolation_is_exact_on_a_plane():
    """A table that is a plane is met everywhere, whichever simplex the indices lie in."""
    a, b, c, d = np.meshgrid(*[np.arange(5)] * 4, indexing="ij")
    table = (3 * a - 7 * b + 11 * c + d).reshape(1, -1, 1).astype(np.int8)
    taps = [[[0, 0, 0], [0, 1, 0], [1, 0, 0], [1, 1, 0]]]
    look_up = {"table": "t", "in": "image", "taps": taps, "step": 64, "border": "edge"}
    last = stage([{"out": "y", "look_ups": [look_up]}], bias=64 * 64, divisor=64)
    image = picture((9, 8))
    x = np.pad(image, ((0, 1), (0, 1)), mode="edge").astype(int)
    total = 3 * x[:-1, :-1] - 7 * x[:-1, 1:] + 11 * x[1:, :-1] + x[1:, 1:]
    chain = chain_of(1, [last], t=table)
    assert np.array_equal(run_sums(image.astype(np.int32), chain), total + 64 * 64)


def test_stages_see_all_results_before_them():
    first = {"out": "one", "rotations": 1, "layers": [{"out": "y", "add": [{"in": "image"}]}]}
    first |= {"divisor": 2, "rounding": "up"}
    second = stage([{"out": "y", "add": [{"in": "image"}, {"in": "one", "gain": -1}]}], rotations=4)
    chain = chain_of(1, [first, second])
    image = picture((3, 4)) // 4
    assert np.array_equal(run(image, chain), 4 * (image - (image + 1) // 2))
