"""The kernels of stacks compute what the chain's reference does.

``-k equal_to_the_reference --hypothesis-profile=thorough`` is the long run: 10,000 cases, of more
forms.
"""

from __future__ import annotations

import os
from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import lutsr.reference
from lutsr import Upscaler
from lutsr._chain.card import read_chain
from lutsr._chain.reference import round_sums
from lutsr._engine import open_engine
from lutsr._stack.reference import luma

from .models import KINDS, stack

pytestmark = pytest.mark.skipif(
    os.environ.get("NUMBA_DISABLE_JIT") == "1", reason="without numba there is the reference only"
)

#: What kernels are compiled for: bytes of a register, channels, first window, scale, levels.
RGB_FORMS = [(64, 16, 5, 4, 64), (32, 8, 3, 3, 40)]
FORMS = [*RGB_FORMS, (32, 16, 5, 2, 64), (64, 5, 3, 2, 2), (32, 24, 3, 2, 16)]

#: Others of the long run: each takes a few seconds to compile.
MORE_FORMS = [(32, 4, 3, 4, 256), (64, 2, 5, 3, 7), (32, 12, 5, 4, 33), (64, 9, 5, 3, 128)]
MORE_FORMS += [(64, 32, 3, 2, 3), (32, 3, 3, 2, 255)]
LONG = settings.default.max_examples >= 10_000

SIDES = st.one_of(st.integers(1, 5), st.integers(6, 20))


@pytest.fixture(autouse=True)
def small_steps(monkeypatch):
    """Let small images be computed in several tiles and steps."""
    from lutsr._stack import engine

    monkeypatch.setattr(engine, "TILE", 7)
    monkeypatch.setattr(engine, "STEP", 3)


def test_one_kernel_serves_images_of_one_and_three_channels():
    from lutsr._stack.kernels import fill_band

    up = Upscaler(stack(3, 1, 3, 2, 11))
    image = np.random.default_rng(0).integers(0, 256, (5, 6, 4), np.uint8)
    before = len(fill_band.signatures)
    for part in (image[..., 0], image[..., :3]):
        axis = {3: -1}.get(part.ndim)
        for rgb in (False, part.ndim == 3):
            wanted = lutsr.reference.upscale(part, up, channel_axis=axis, rgb=rgb)
            assert np.array_equal(up(part, channel_axis=axis, rgb=rgb), wanted)
    up(image, channel_axis=-1, rgb=True, alpha=True)
    assert len(fill_band.signatures) == before + 1


def upscaler_of(form, hidden, kind, seed):
    from lutsr._stack import engine

    vector, channels, size, scale, levels = form
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(engine, "vector_bytes", lambda: vector)
        made = Upscaler(stack(channels, hidden, size, scale, levels, kind, seed))
    assert made._engine._stack is not None
    return made


cached_upscaler = cache(upscaler_of)


def engine_of(form, hidden, kind, seed):
    return upscaler_of(form, hidden, kind, seed)._engine


def pixels(engine, sums):
    """Divide, round and clip sums."""
    rounding = engine._chain.stages[-1].rounding
    return round_sums(sums, replace(rounding, bias=np.zeros(1, np.int64)))


def images(rng, shape, flat):
    return (
        rng.integers(0, 2, shape, np.uint8) * 255 if flat else rng.integers(0, 256, shape, np.uint8)
    )


@pytest.mark.usefixtures("small_parts")
@given(
    form=st.sampled_from(FORMS + MORE_FORMS * LONG),
    hidden=st.integers(0, 4),
    kind=st.sampled_from(KINDS),
    seed=st.integers(0, 1),
    sides=st.tuples(st.integers(1, 12), st.integers(1, 12)),
    colours=st.sampled_from([None, False, True]),
    pixels=st.integers(0, 1 << 16),
    flat=st.booleans(),
    workers=st.integers(1, 5),
    tile=st.sampled_from([1, 2, 5, 7, 512]),
    step=st.integers(1, 5),
)
def test_equal_to_the_reference(
    form, hidden, kind, seed, sides, colours, pixels, flat, workers, tile, step
):
    from lutsr._stack import engine

    engine.TILE, engine.STEP = tile, step  # put back by the fixture
    up = cached_upscaler(form, hidden, kind, seed)
    shape, how = sides, {}
    if colours is not None and form in RGB_FORMS:
        shape, how = (*sides, 3), {"channel_axis": -1, "rgb": colours}
    image = images(np.random.default_rng(pixels), shape, flat)
    wanted = lutsr.reference.upscale(image, up, **how)
    assert np.array_equal(up(image, workers=workers, **how), wanted)


@given(
    form=st.sampled_from(FORMS),
    hidden=st.integers(0, 4),
    kind=st.sampled_from(KINDS),
    height=SIDES,
    width=SIDES,
    flat=st.booleans(),
    seed=st.integers(0, 1 << 16),
    data=st.data(),
)
def test_rows_are_those_of_the_reference(form, hidden, kind, height, width, flat, seed, data):
    engine = engine_of(form, hidden, kind, seed)
    image = images(np.random.default_rng(seed), (height, width, 1), flat)
    first = data.draw(st.integers(0, height - 1))
    last = data.draw(st.integers(first + 1, height))
    r = engine.scale
    wanted = engine.reference(image.astype(np.int32), 1)
    rows = slice(first * r, last * r)
    assert np.array_equal(engine.sums(image.astype(np.int32), 1, first, last), wanted[rows])
    out = np.full((height * r, width * r, 1), 77, np.uint8)
    engine.fill(image, first, last, out)
    assert np.array_equal(out[rows], pixels(engine, wanted[rows]))
    assert (out[: rows.start] == 77).all()
    assert (out[rows.stop :] == 77).all()


@pytest.mark.parametrize("detail", ["luma", "own"])
@given(
    form=st.sampled_from(RGB_FORMS),
    hidden=st.integers(0, 2),
    height=SIDES,
    width=SIDES,
    seed=st.integers(0, 1 << 16),
    data=st.data(),
)
def test_rgb_rows_are_those_of_the_reference(detail, form, hidden, height, width, seed, data):
    engine = engine_of(form, hidden, "uniform", seed)
    image = np.random.default_rng(seed).integers(0, 256, (height, width, 3), np.uint8)
    first = data.draw(st.integers(0, height - 1))
    last = data.draw(st.integers(first + 1, height))
    values = image.astype(np.int32)
    sums = engine.reference_rgb(values, 1) if detail == "luma" else engine.reference(values, 1)
    wanted = pixels(engine, sums)
    out = np.full(wanted.shape, 77, np.uint8)
    (engine.fill_rgb if detail == "luma" else engine.fill)(image, first, last, out)
    rows = slice(first * engine.scale, last * engine.scale)
    assert np.array_equal(out[rows], wanted[rows])
    assert (out[: rows.start] == 77).all()
    assert (out[rows.stop :] == 77).all()


def test_grey_rgb_images_have_the_detail_of_each_channel():
    engine = engine_of(FORMS[0], 2, "uniform", 1)
    grey = np.random.default_rng(0).integers(0, 256, (9, 8, 1), np.int32)
    rgb = np.repeat(grey, 3, 2)
    assert np.array_equal(luma(rgb), grey[..., 0])
    assert np.array_equal(engine.reference_rgb(rgb, 1), engine.reference(rgb, 1))


def test_the_real_sizes_of_tiles(monkeypatch):
    from lutsr._stack import engine

    monkeypatch.undo()
    assert engine.TILE > 7
    up = Upscaler(stack(16, 1, 5, 4))
    chain = read_chain(4, up.parameters, up.tables)
    image = np.random.default_rng(0).integers(0, 256, (5, engine.TILE + 3, 4), np.uint8)
    wanted = open_engine(stack(16, 1, 5, 4)).reference(image.astype(np.int32), 1)
    rounding = replace(chain.stages[-1].rounding, bias=np.zeros(1, np.int64))
    assert np.array_equal(up(image, channel_axis=-1, workers=2), round_sums(wanted, rounding))
