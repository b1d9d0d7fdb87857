"""Images deeper than 8 bits by stacks: the rule of `lutsr._stack.deep.reference`."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

import lutsr
from lutsr import Upscaler, reference
from lutsr._chain.card import read_chain
from lutsr._frame import sink
from lutsr._frame.depth import FLOAT_STEPS
from lutsr._modelfile import write_model
from lutsr._stack.deep import reference as deep_reference
from lutsr._stack.plan import find_stack

from ..contract import Sink
from .models import stack, trained


@pytest.fixture(scope="module")
def up():
    return Upscaler(trained())


@pytest.fixture(scope="module")
def plan(up):
    return find_stack(read_chain(up.scale, up.parameters, up.tables))


def shrunk(image, r):
    """Return the means of cells of r x r pixels."""
    height, width = (length // r for length in image.shape)
    cells = image[: height * r, : width * r].reshape(height, r, width, r)
    return cells.mean((1, 3))


def waves(side, seed=0):
    """Return a picture in [0, 1] with edges and slopes."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[:side, :side] / side
    total = np.zeros((side, side))
    for _ in range(12):
        a, b, c = rng.normal(0, 9, 3)
        total += np.tanh(3 * np.sin(a * x + b * y + c))
    return (total - total.min()) / np.ptp(total)


def test_constant_images_are_exact_at_every_16_bit_level(plan):
    detail = deep_reference.constant_details(plan, np.arange(4 * 255 + 1, dtype=np.int32))
    assert np.ptp(detail) > 100
    levels = np.arange(65536, dtype=np.int32)
    # A constant image's sums depend on its level alone, whatever its shape.
    for level in (0, 1, 128, 129, 256, 257, 30000, 65407, 65534, 65535):
        image = np.full((2, 3), level, np.int32)
        assert (deep_reference.deep_sums(image, 257, plan) == plan.divisor * level).all()
    tables = deep_reference.every_fourth(plan.base_alone).sum((0, 1), keepdims=True)
    unit = 4 * 257
    assert not deep_reference.window_sums(levels[np.newaxis, :, np.newaxis], tables, unit).any()


@pytest.mark.parametrize("dtype", ["uint16", "float32", "float64"])
def test_constant_images_are_exact(up, dtype):
    rng = np.random.default_rng(1)
    for value in [0, 1, *rng.random(30)]:
        level = np.array(value * 65535 if dtype == "uint16" else value).astype(dtype)
        big = up(np.full((3, 2), level))
        if dtype == "uint16":
            assert (big == level).all()
        else:  # floats are rounded to steps
            steps = np.rint(np.float64(level) * (255 * FLOAT_STEPS))
            white = 255 * FLOAT_STEPS * up._engine.divisor
            exact = big.dtype.type(steps * up._engine.divisor) / big.dtype.type(white)
            assert (big == exact).all()


def test_constant_colours_are_exact(up):
    rng = np.random.default_rng(2)
    for _ in range(20):
        colour = rng.integers(0, 65536, 3, np.uint16)
        big = up(np.tile(colour, (2, 3, 1)), channel_axis=-1, rgb=True)
        assert (big == colour).all()


@pytest.mark.parametrize("seed", range(3))
def test_a_signal_within_one_level_is_enlarged_by_the_base(plan, seed):
    """Neither a detail nor the rounding of entries disturbs it."""
    small = shrunk(waves(96, seed), 4)
    for offset in (0, 17, 127, 128.6, 250):
        values = np.rint((offset + small) * 257).astype(np.int32)
        assert not deep_reference.details(values, 257, plan).any()
        levels = values / 257
        weights = plan.base_alone[:, :, 0].astype(float)
        slopes = (weights[:, :, 200] - weights[:, :, 40]) / 160
        padded = np.pad(levels, 1, mode="reflect")
        height, width = small.shape
        exact = plan.divisor * levels[..., np.newaxis] + sum(
            padded[i : i + height, j : j + width, np.newaxis] * slopes[i, j]
            for i in range(3)
            for j in range(3)
        )
        r = plan.scale
        exact = exact.reshape(height, width, r, r).transpose(0, 2, 1, 3).reshape(height * r, -1)
        error = deep_reference.deep_sums(values, 257, plan) / 257 - exact
        assert np.abs(error / plan.divisor).max() < 0.03


@pytest.mark.parametrize("step", [1, 7, 60, 257, 700, 3000])
@pytest.mark.parametrize("falling", [False, True])
def test_ramps_stay_monotone(up, step, falling):
    count = min(65535 // step, 200)
    ramp = (65535 - count * step) // 3 + step * np.arange(count)
    image = np.tile(ramp.astype(np.uint16), (3, 1))
    edge = 2 * up.scale
    for turned in (False, True):
        flipped = image[:, ::-1] if falling else image
        big = up(flipped.T if turned else flipped).astype(int)
        steps = np.diff(big.T if turned else big, axis=1)[:, edge:-edge]
        assert ((steps <= 0) if falling else (steps >= 0)).all()


def test_8_bit_values_give_the_8_bit_result_but_for_its_rounding(up):
    image = np.rint(waves(64) * 255).astype(np.uint8)
    deep = up(image * np.uint16(257)) / 257
    assert np.abs(deep - reference.upscale(image, up)).mean() < 0.6


def test_stacks_whose_sums_of_floats_need_more_than_32_bits_take_8_bits_only():
    assert not Upscaler(stack(8, 1, 3, 2))._engine.eight_bit_only
    model = stack(8, 1, 3, 2)
    (stage,) = model.parameters["stages"]
    stage["divisor"] = 1024
    up = Upscaler(model)
    assert up._engine.joint_rgb
    with pytest.raises(TypeError, match="is defined on uint8 only"):
        up(np.zeros((4, 4), np.uint16))
    wide = replace(model, tables=model.tables | {"base": model.tables["base"] * 25})
    assert Upscaler(wide)._engine.eight_bit_only


@pytest.mark.parametrize("dtype", ["uint16", "float32"])
def test_depth_is_kept_in_bands_with_alpha_and_by_resize(up, dtype, monkeypatch, tmp_path):
    colours = waves(48)[:, :20, np.newaxis] * [1, 0.8, 0.5]
    opacity = np.ones((48, 20, 1))
    opacity[:9] = 0
    white = 65535 if dtype == "uint16" else 1
    image = (np.concatenate([colours, opacity], axis=-1) * white).astype(dtype)
    opaque = image.copy()
    opaque[..., 3] = white
    options = {"channel_axis": -1, "rgb": True, "alpha": True}
    plain = up(opaque[..., :3], channel_axis=-1, rgb=True)
    assert np.array_equal(up(opaque, **options)[..., :3], plain)
    other = image.copy()
    other[:9, :, :3] = white // 3
    big = up(image, **options)
    assert np.array_equal(up(other, **options), big)

    monkeypatch.setattr(sink, "BAND_BYTES", 5 * big[:4].nbytes)
    banded = Sink(big.shape)
    banded.data = np.zeros(big.shape, dtype)
    banded.dtype = banded.data.dtype
    up(image, **options, out=banded)
    assert banded.writes > 1
    assert np.array_equal(banded.data, big)
    mapped = np.memmap(tmp_path / "out", dtype, "w+", shape=plain.shape)
    up(opaque[..., :3], channel_axis=-1, rgb=True, out=mapped)
    assert np.array_equal(mapped, plain)

    write_model(tmp_path / "trained_x4.npy", trained())
    name = tmp_path / "trained_x4.npy"
    same = lutsr.resize(image[..., :3], (192, 80), model=name, channel_axis=-1, rgb=True)
    assert np.array_equal(same, up(image[..., :3], channel_axis=-1, rgb=True))
    half = lutsr.resize(image[..., :3], (96, 40), model=name, channel_axis=-1, rgb=True)
    assert half.dtype == dtype
    assert len(np.unique(half)) > 1000


@pytest.mark.parametrize("model", ["ecnn", "ecnn-small", "ecnn-large"])
def test_a_photograph_within_one_grey_level_is_better_than_by_bicubic(model):
    pil, data = pytest.importorskip("PIL.Image"), pytest.importorskip("skimage.data")
    original = (150 + data.coffee()[100:260, 180:340].mean(-1) / 255) / 255
    small = shrunk(original, 4).astype(np.float32)
    found = lutsr.upscale(small, 4, model=model)
    bicubic = np.asarray(pil.fromarray(small).resize((160, 160), pil.Resampling.BICUBIC))
    errors = [((one - original) ** 2).mean() for one in (found, bicubic)]
    assert errors[0] < errors[1]
