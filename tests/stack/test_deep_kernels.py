"""The kernels for deeper images compute what `lutsr._stack.deep.reference` does."""

from __future__ import annotations

import os

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lutsr import Upscaler, reference
from lutsr._engine import open_engine
from lutsr._stack.layout import Tags

from .models import KINDS, stack, trained

pytestmark = pytest.mark.skipif(
    os.environ.get("NUMBA_DISABLE_JIT") == "1", reason="without numba there is the reference only"
)

#: What kernels are compiled for: channels, first window, scale, levels.
FORMS = [(16, 5, 4, 64), (8, 3, 3, 40), (24, 3, 2, 16), (5, 3, 2, 2)]

SIDES = st.one_of(st.integers(1, 5), st.integers(6, 20))


@pytest.fixture(autouse=True)
def small_steps(monkeypatch):
    """Let small images be computed in several tiles and steps."""
    from lutsr._stack.deep import engine

    monkeypatch.setattr(engine, "TILE", 7)
    monkeypatch.setattr(engine, "STEP", 3)


def values_of(rng, shape, steps, kind):
    """Make an image in steps: noise, black and white, levels, or within one level."""
    white = 255 * steps
    if kind == "noise":
        return rng.integers(0, white + 1, shape, np.int32)
    if kind == "extremes":
        return rng.integers(0, 2, shape, np.int32) * np.int32(white)
    if kind == "levels":
        return rng.integers(0, 256, shape, np.int32) * np.int32(steps)
    return rng.integers(0, 255, dtype=np.int32) * steps + rng.integers(0, steps, shape, np.int32)


@pytest.mark.parametrize("luma", [False, True])
@settings(max_examples=60)
@given(
    form=st.sampled_from(FORMS),
    hidden=st.integers(0, 3),
    tables=st.sampled_from(KINDS),
    height=SIDES,
    width=SIDES,
    steps=st.sampled_from([257, 1 << 14]),
    kind=st.sampled_from(["noise", "extremes", "levels", "near"]),
    seed=st.integers(0, 1 << 16),
    data=st.data(),
)
def test_rows_are_those_of_the_reference(
    luma, form, hidden, tables, height, width, steps, kind, seed, data
):
    channels, size, scale, levels = form
    engine = open_engine(stack(channels, hidden, size, scale, levels, tables, seed))
    values = values_of(np.random.default_rng(seed), (height, width, 3), steps, kind)
    first = data.draw(st.integers(0, height - 1))
    last = data.draw(st.integers(first + 1, height))
    rows = slice(first * scale, last * scale)
    if luma:
        wanted = engine.reference_rgb(values, steps)
        found = engine.sums_rgb(values, steps, first, last)
    else:
        wanted, found = engine.reference(values, steps), engine.sums(values, steps, first, last)
    assert np.array_equal(found, wanted[rows])


@settings(max_examples=40)
@given(
    dtype=st.sampled_from(["uint16", "float32", "float64"]),
    height=SIDES,
    width=SIDES,
    channels=st.sampled_from([1, 3, 4]),
    rgb=st.booleans(),
    seed=st.integers(0, 1 << 16),
    data=st.data(),
)
def test_images_are_those_of_the_reference(dtype, height, width, channels, rgb, seed, data):
    engine = open_engine(stack(8, 2, 3, 4, seed=seed))
    up = Upscaler(stack(8, 2, 3, 4, seed=seed))
    luma = rgb and channels == 3
    rng = np.random.default_rng(seed)
    image = rng.random((height, width, channels)) * 1.002 - 0.001
    image = (image.clip(0, 1) * 65535 if dtype == "uint16" else image).astype(dtype)
    first = data.draw(st.integers(0, height - 1))
    last = data.draw(st.integers(first + 1, height))
    out = np.full((height * 4, width * 4, channels), 1, dtype)
    (engine.fill_rgb if luma else engine.fill)(image, first, last, out)
    inside = image if dtype == "uint16" else image.clip(0, 1)
    wanted = reference.upscale(inside, up, channel_axis=-1, rgb=luma)
    assert np.array_equal(out[first * 4 : last * 4], wanted[first * 4 : last * 4])
    assert (out[: first * 4] == 1).all()
    assert (out[last * 4 :] == 1).all()


def test_instructions_for_any_processor_give_the_same(monkeypatch):
    from lutsr._stack.deep import engine as module
    from lutsr._stack.deep import products

    monkeypatch.setattr(products, "x86_features", lambda context: set())
    # Nothing else is compiled for such tags.
    monkeypatch.setattr(module, "Tags", lambda **tags: Tags(**{**tags, "vector": 1}))
    engine = open_engine(stack(7, 1, 3, 3, 64, "extremes"))
    values = values_of(np.random.default_rng(0), (9, 8, 2), 1 << 14, "noise")
    wanted = engine.reference(values, 1 << 14)
    assert np.array_equal(engine.sums(values, 1 << 14, 0, 9), wanted)


def test_the_real_sizes_of_tiles(monkeypatch):
    from lutsr._stack.deep import engine

    monkeypatch.undo()
    assert engine.TILE > 7
    up = Upscaler(trained())
    image = np.random.default_rng(0).integers(0, 65536, (5, engine.TILE + 3, 3), np.uint16)
    for rgb in (False, True):
        wanted = reference.upscale(image, up, channel_axis=-1, rgb=rgb)
        assert np.array_equal(up(image, channel_axis=-1, rgb=rgb, workers=2), wanted)
