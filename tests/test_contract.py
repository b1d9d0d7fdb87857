"""The contract: tests that every model of every family must pass."""

from __future__ import annotations

import copy
import os
import pickle
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import lutsr
from lutsr import Upscaler, reference
from lutsr._engine import FAMILIES
from lutsr._frame import bands, sink
from lutsr._frame.depth import steps_per_level, to_steps
from lutsr._modelfile import read_model, write_model

from .conftest import ROOT
from .contract import (
    DTYPES,
    KINDS,
    LAYOUTS,
    MODELS,
    SIDES,
    Sink,
    dtypes_of,
    model_named,
    name_of,
    picture,
    upscaler,
)


@pytest.fixture(params=MODELS)
def up(request: pytest.FixtureRequest) -> Upscaler:
    return upscaler(request.param)


def test_every_family_is_in_the_list() -> None:
    assert {model_named(name).family for name in MODELS} == set(FAMILIES)


def test_attributes(up: Upscaler) -> None:
    engine = up._engine
    assert up.scale == engine.scale >= 2
    assert up.halo == engine.halo >= 0
    assert engine.divisor >= 1
    assert 0 <= engine.origin < engine.scale
    assert engine.sum_channels >= 1
    assert engine.direct_channels >= 0
    assert engine.eight_bit_only or 255 * 16384 * engine.divisor < 2**31
    assert all(isinstance(fact, str) and "\n" not in fact for fact in engine.facts().values())
    assert all(not table.flags.writeable for table in up.tables.values())
    assert repr(up) == f"<lutsr.Upscaler {up.name} x{up.scale}>"


@pytest.mark.usefixtures("small_parts")
@pytest.mark.parametrize("name", MODELS)
@settings(max_examples=20)
@given(
    height=SIDES,
    width=SIDES,
    kind=KINDS,
    which=st.integers(0, 4),
    workers=st.integers(1, 4),
    seed=st.integers(0, 99),
)
def test_equals_its_reference(
    name: str, height: int, width: int, kind: str, which: int, workers: int, seed: int
) -> None:
    up = upscaler(name)
    image = picture((height, width), dtypes_of(up)[which % len(dtypes_of(up))], kind, seed)
    before = image.copy()
    big = up(image, workers=workers)
    assert big.dtype == (np.float32 if image.dtype == np.float16 else image.dtype)
    assert big.shape == (height * up.scale, width * up.scale)
    assert np.array_equal(big, reference.upscale(image, up))
    assert np.array_equal(image, before)


@pytest.mark.parametrize("shape", [(1, 1), (1, 70), (70, 1), (2, 2), (3, 2), (61, 47), (9, 600)])
def test_shapes_at_the_real_sizes_of_parts(up: Upscaler, shape: tuple[int, int]) -> None:
    for dtype in dtypes_of(up)[:2]:
        image = picture(shape, dtype)
        assert np.array_equal(up(image), reference.upscale(image, up))


def test_wide_parts_are_divided_in_columns(up: Upscaler, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bands, "MOST_BYTES", 1)
    for dtype in dtypes_of(up)[:2]:
        image = picture((2, up.halo + 2, 2 * bands.CHUNK_HALOS * up.halo + 3), dtype)
        big = up(image, channel_axis=0)
        assert np.array_equal(big, reference.upscale(image, up, channel_axis=0))


def test_parts_are_bounded_and_cover_all(up: Upscaler) -> None:
    engine = up._engine
    for cell, width in ((48, 30000), (3, 7), (10**7, 5)):
        parts = bands._parts(2, 150, width, cell, engine)
        covered = np.zeros((150, width), int)
        for start, stop, left, right in parts:
            covered[start:stop, left:right] += 1
            sides = stop - start + 2 * engine.halo, right - left + 2 * engine.halo
            narrow = right - left <= max(bands.CHUNK_HALOS * engine.halo, 1)
            assert narrow or sides[0] * sides[1] * cell <= bands.MOST_BYTES
        assert covered[:2].sum() == 0
        assert (covered[2:] == 1).all()


@pytest.mark.parametrize("name", MODELS)
@settings(max_examples=20)
@given(height=SIDES, width=SIDES, data=st.data())
def test_row_groups_are_those_of_the_reference(
    name: str, height: int, width: int, data: st.DataObject
) -> None:
    engine = upscaler(name)._engine
    groups = height + (engine.origin > 0)
    first = data.draw(st.integers(0, groups - 1))
    last = data.draw(st.integers(first + 1, groups))
    dtype = data.draw(st.sampled_from(dtypes_of(upscaler(name))))
    channels = data.draw(st.integers(1, min(engine.sum_channels, 3)))
    image = picture((height, width, channels), dtype)
    steps, values = steps_per_level(image.dtype), to_steps(image)
    values.flags.writeable = False
    r = engine.scale
    rows = slice(max(first * r - engine.origin, 0), last * r - engine.origin)
    wanted = engine.reference(values, steps)
    assert wanted.dtype == np.int32
    sums = engine.sums(values, steps, first, last)
    assert sums.dtype == np.int32
    assert np.array_equal(sums, wanted[rows])


@pytest.mark.parametrize("name", MODELS)
@settings(max_examples=20)
@given(data=st.data(), top=st.booleans(), left=st.booleans(), seed=st.integers(0, 99))
def test_a_tile_with_its_halo_is_the_part_of_the_whole(
    name: str, data: st.DataObject, top: bool, left: bool, seed: int
) -> None:
    up = upscaler(name)
    side = 2 * up.halo + 9
    dtype = data.draw(st.sampled_from(dtypes_of(up)))
    image = picture((side, side), dtype, data.draw(KINDS), seed)
    whole = up(image)
    start = [0 if at_border else data.draw(st.integers(0, side - 1)) for at_border in (top, left)]
    stop = [data.draw(st.integers(begin + 1, side)) for begin in start]
    first = [max(begin - up.halo, 0) for begin in start]
    tile = up(image[first[0] : stop[0] + up.halo, first[1] : stop[1] + up.halo])
    r = up.scale
    inside, there = (
        tuple(slice((b - o) * r, (e - o) * r) for b, e, o in zip(start, stop, offsets, strict=True))
        for offsets in (first, (0, 0))
    )
    assert np.array_equal(tile[inside], whole[there])


@pytest.mark.usefixtures("small_parts")
@pytest.mark.parametrize("channels", [1, 3, 5, 9])
def test_channels_are_upscaled_by_themselves(up: Upscaler, channels: int) -> None:
    image = picture((9, 7, channels))
    for axis in (0, 1, -1):
        wanted = np.stack([up(image[..., c]) for c in range(channels)], axis=axis)
        big = up(np.moveaxis(image, -1, axis), channel_axis=axis, workers=2)
        assert np.array_equal(big, wanted)


@pytest.mark.parametrize("axes", [(0, 1), (1, 0), (0, -1), (-1, 0), (3, 2), (1, 2)])
def test_stacks_are_upscaled_image_by_image(
    up: Upscaler, axes: tuple[int, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    images = picture((2, 3, 9, 8))
    wanted = [up(images[place]) for place in np.ndindex(2, 3)]
    stack = np.moveaxis(images, (0, 1), axes)
    one_image = wanted[0].size * up._engine.nanoseconds[0]
    # Threads share the bands of one image or the images of a stack, or there is one thread.
    for limit in (0, 2 * one_image, 1 << 60):
        monkeypatch.setattr(bands, "SERIAL_NANOSECONDS", limit)
        big = np.moveaxis(up(stack, channel_axis=axes, workers=3), axes, (0, 1))
        assert np.array_equal(big.reshape(6, *big.shape[2:]), wanted)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_any_layout(up: Upscaler, layout: str) -> None:
    for dtype in dtypes_of(up):
        image = picture((8, 11, 3), dtype)
        other = LAYOUTS[layout](image)
        other.flags.writeable = False
        big = up(other, channel_axis=-1)
        assert big.dtype.isnative
        assert np.array_equal(big, up(image, channel_axis=-1))
        out = LAYOUTS[layout](np.zeros(big.shape, big.dtype))
        if layout in ("Fortran", "flipped", "strided", "planar"):
            up(image, channel_axis=-1, out=out)
            assert np.array_equal(out, big)


@pytest.mark.parametrize("dtype", DTYPES[1:])
def test_deeper_images_agree_with_8_bits_or_are_refused_by_name(up: Upscaler, dtype: str) -> None:
    image = picture((9, 8))
    white = 65535 if dtype == "uint16" else 1
    deep = (image * np.float64(white / 255)).astype(dtype)
    if up._engine.eight_bit_only:
        with pytest.raises(TypeError, match=f"image: got .*, and model '{up.name}' is defined on"):
            up(deep)
    elif MODELS[name_of(up)].rounds:
        assert (up(deep) * np.float64(255 / white) % 1 > 0).any()
    elif dtype != "float16":  # whose values are not those of 8 bits
        assert np.abs(up(deep) * np.float64(255 / white) - up(image)).max() <= 0.5 + 0.5 / 257


@pytest.mark.parametrize("level", [0, 1, 63, 64, 127, 128, 200, 254, 255])
def test_constant_images(up: Upscaler, level: int) -> None:
    r, side = up.scale, 2 * up.halo + 3
    for height, width in [(side, side + 2), (2, 2), (2, 6), (3, 2)]:
        if MODELS[name_of(up)].flat:
            assert (up(np.full((height, width), level, np.uint8)) == level).all()
    big = up(np.full((side, side), level, np.uint8))
    # Away from borders all cells are the same.
    inside = slice(up.halo * r, (side - up.halo) * r)
    cell = big[inside, inside][:r, :r]
    assert np.array_equal(big[inside, inside], np.tile(cell, (3, 3)))


@pytest.mark.usefixtures("small_parts")
def test_alpha(up: Upscaler, monkeypatch: pytest.MonkeyPatch) -> None:
    image = picture((2 * up.halo + 12, 13, 4))
    monkeypatch.setattr(sink, "BAND_BYTES", 5 * 13 * 4 * up.scale**2)
    # Transparent, opaque and half of both, in blocks larger than one pixel.
    blocks = np.random.default_rng(3).integers(0, 3, (len(image) // 3 + 1, 5))
    opacity = np.array([0, 255, 100], np.uint8)[blocks.repeat(3, 0).repeat(3, 1)]
    image[..., 3] = opacity[: len(image), :13]
    big = up(image, channel_axis=-1, alpha=True)
    other = image.copy()
    other[..., :3] = np.where(image[..., 3:] == 0, 255 - image[..., :3], image[..., :3])
    assert np.array_equal(up(other, channel_axis=-1, alpha=True, workers=3), big)
    banded = Sink(big.shape)
    up(image, channel_axis=-1, alpha=True, out=banded)
    assert banded.writes == -(-len(image) // 5)
    assert np.array_equal(banded.data, big)
    opaque = image.copy()
    opaque[..., 3] = 255
    big = up(opaque, channel_axis=-1, alpha=True)
    assert (big[..., 3] == 255).all()
    assert np.array_equal(big[..., :3], up(image[..., :3], channel_axis=-1))
    series = np.stack([image, opaque])
    wanted = np.stack([up(each, channel_axis=-1, alpha=True) for each in series])
    assert np.array_equal(up(series, channel_axis=(0, -1), alpha=True), wanted)


@pytest.mark.usefixtures("small_parts")
@pytest.mark.parametrize("axes", [None, 0, (0, 1), (2, 0)])
def test_sinks(up: Upscaler, axes: int | tuple[int, ...] | None) -> None:
    shapes: dict[Any, tuple[int, ...]] = {None: (9, 8), 0: (3, 9, 8), (0, 1): (2, 3, 9, 8)}
    image = picture(shapes.get(axes, (3, 9, 2, 8)))
    wanted = up(image, channel_axis=axes)
    out = Sink(wanted.shape)
    up(image, channel_axis=axes, out=out)
    assert np.array_equal(out.data, wanted)


def test_many_threads_share_an_upscaler(up: Upscaler) -> None:
    images = [picture((17, 12, 3), seed=seed) for seed in range(8)]
    wanted = [up(image, channel_axis=-1) for image in images]
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda image: up(image, channel_axis=-1, workers=2), images))
    assert all(map(np.array_equal, found, wanted))


def test_copies_and_pickles_are_the_same_model(up: Upscaler) -> None:
    image = picture((9, 11))
    for same in (pickle.loads(pickle.dumps(up)), copy.deepcopy(up)):  # noqa: S301
        assert (same.name, same.scale, same.halo) == (up.name, up.scale, up.halo)
        assert same.digest == up.digest
        assert np.array_equal(same(image), up(image))
    content = sum(table.nbytes for table in up.tables.values())
    assert len(pickle.dumps(up)) < content + 100_000


def test_files_hold_the_whole_model(up: Upscaler, tmp_path: Any) -> None:
    path = tmp_path / "model.npy"
    write_model(path, model_named(name_of(up)))
    again = read_model(path)
    assert again.digest == up.digest
    assert np.array_equal(Upscaler(again)(picture((6, 7))), up(picture((6, 7))))


def test_digest_is_of_all_that_results_depend_on(up: Upscaler) -> None:
    model = model_named(name_of(up))
    assert replace(model, name="other", card={"licence": "none"}).digest == up.digest
    assert replace(model, scale=model.scale + 1).digest != up.digest
    assert replace(model, parameters={**model.parameters, "more": 1}).digest != up.digest
    for name, table in model.tables.items():
        changed = table.copy()
        changed.flat[-1] ^= 1
        assert replace(model, tables={**model.tables, name: changed}).digest != up.digest


def test_a_model_that_its_family_does_not_know_is_refused(up: Upscaler) -> None:
    model = model_named(name_of(up))
    with pytest.raises(ValueError, match="parameters: "):
        Upscaler(replace(model, parameters={**model.parameters, "more": 1}))
    with pytest.raises(ValueError, match="table"):
        Upscaler(replace(model, tables={}))
    with pytest.raises(ValueError, match=r"family: got 'none', wanted one of .*'eclut'"):
        Upscaler(replace(model, family="none"))


WITHOUT_JIT = """
import pickle, sys
import numpy as np
for up, image, rgb, wanted in pickle.load(open(sys.argv[1], "rb")):
    assert up._engine.direct_channels == 0
    assert np.array_equal(up(image, channel_axis=-1, rgb=rgb, workers=2), wanted), up
print("equal")
"""


def test_without_jit_the_reference_computes(tmp_path: Any) -> None:
    file, image = tmp_path / "models", picture((9, 7, 3))
    cases = [
        (up, image, rgb, up(image, channel_axis=-1, rgb=rgb))
        for up in map(upscaler, MODELS)
        for rgb in (False, True)
    ]
    file.write_bytes(pickle.dumps(cases))
    run = subprocess.run(
        [sys.executable, "-c", WITHOUT_JIT, str(file)],
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
        env={**os.environ, "NUMBA_DISABLE_JIT": "1", "PYTHONPATH": str(ROOT)},
    )
    assert run.stdout == "equal\n", run.stderr


def test_shipped_models_are_covered() -> None:
    promised = {(up.name, up.scale) for up in map(upscaler, MODELS)}
    assert {info.name for info in lutsr.models()} <= {name for name, _ in promised}
