"""The engine of chains, by the frame's protocol."""

from __future__ import annotations

import numpy as np
import pytest

import lutsr
from lutsr import Upscaler
from lutsr._chain import card
from lutsr._chain.card import read_chain
from lutsr._chain.reference import run
from lutsr._engine import open_engine
from lutsr._modelfile import read_model, write_model

from .models import ecnn, entries, expanded, pair, two_stages


@pytest.mark.parametrize("steps", [1, 257, 1 << 14])
@pytest.mark.parametrize("height", [1, 2, 5, 12])
def test_row_groups_are_those_of_the_whole_image(height, steps):
    engine = open_engine(pair())
    rng = np.random.default_rng(height)
    values = rng.integers(0, 255 * steps + 1, (height, 7, 2), dtype=np.int32)
    whole = engine.reference(values, steps)
    assert whole.dtype == np.int32
    assert whole.shape == (2 * height, 14, 2)
    for first in range(height):
        for last in range(first + 1, height + 1):
            rows = engine.sums(values, steps, first, last)
            assert np.array_equal(rows, whole[2 * first : 2 * last])


@pytest.mark.parametrize("height", [1, 9, 17])
@pytest.mark.parametrize(
    "make", [ecnn, two_stages, lambda: expanded(entries((256, 256, 9, 2, 2)), 1)]
)
def test_row_groups_of_chains_with_borders_between_layers(make, height):
    engine = open_engine(make())
    values = np.random.default_rng(height).integers(0, 256, (height, 6, 1), dtype=np.int32)
    whole = engine.reference(values, 1)
    for first in range(height):
        rows = engine.sums(values, 1, first, first + 1)
        assert np.array_equal(rows, whole[2 * first : 2 * first + 2])


def test_halo_is_reached():
    """A pixel so far away changes the result, and one pixel further does not."""
    engine = open_engine(two_stages())
    assert engine.halo == 5
    values = np.full((15, 15, 1), 100, np.int32)
    middle = slice(14, 16)
    wanted = engine.reference(values, 1)[middle, middle]
    for distance, same in ((engine.halo, False), (engine.halo + 1, True)):
        for row in (7 - distance, 7 + distance):
            changed = values.copy()
            changed[row] = 240
            result = engine.reference(changed, 1)[middle, middle]
            assert np.array_equal(result, wanted) is same


@pytest.mark.parametrize("steps", [257, 1 << 14])
def test_between_levels_is_the_same_line(steps):
    engine = open_engine(pair())
    values = np.random.default_rng(0).integers(0, 256, (9, 8, 1), dtype=np.int32)
    assert np.array_equal(
        engine.reference(values * steps, steps), steps * engine.reference(values, 1)
    )


def test_a_model_file_holds_the_whole_model(tmp_path):
    model = pair()
    write_model(tmp_path / "pair_x2.npy", model)
    again = read_model(tmp_path / "pair_x2.npy")
    assert again.digest == model.digest
    values = np.random.default_rng(0).integers(0, 256, (5, 6, 3), dtype=np.int32)
    wanted = open_engine(model).reference(values, 1)
    assert np.array_equal(open_engine(again).reference(values, 1), wanted)


def test_what_the_frame_asks_for():
    engine = open_engine(pair())
    assert (engine.scale, engine.halo, engine.divisor) == (2, 2, 32)
    assert engine.half_even
    assert not engine.eight_bit_only
    assert engine.facts()["receptive field"] == "5 x 5 pixels"


def test_a_wrong_description_is_refused():
    with pytest.raises(ValueError, match=r"stages\[0\].clamp: got .*wanted \[0, 255\]"):
        open_engine(pair(clamp=(0, 254)))


def test_a_load_reads_the_chain_once(tmp_path, monkeypatch):
    read = []

    def count(*arguments):
        read.append(arguments)
        return read_chain(*arguments)

    monkeypatch.setattr(card, "read_chain", count)
    write_model(tmp_path / "pair.npy", pair())
    for _ in range(2):
        read.clear()
        assert lutsr.load(tmp_path / "pair.npy").scale == 2
        assert len(read) == 1


@pytest.mark.parametrize("make", [pair, ecnn, two_stages])
def test_an_upscaler_gives_the_reference_s_images(make):
    model = make()
    chain = read_chain(model.scale, model.parameters, model.tables)
    image = np.random.default_rng(0).integers(0, 256, (20, 9), np.uint8)
    assert np.array_equal(Upscaler(model)(image, workers=2), run(image, chain))


def test_deeper_images_are_refused_where_levels_are_whole():
    with pytest.raises(TypeError, match=r"model '.*' is defined on uint8 only"):
        Upscaler(two_stages())(np.zeros((4, 4)))
