"""The contract for ``rgb=True``: tests that every model of every family must pass."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lutsr import Upscaler, reference
from lutsr._frame import bands, sink

from .contract import (
    JOINT,
    KINDS,
    LAYOUTS,
    MODELS,
    SIDES,
    Array,
    Sink,
    dtypes_of,
    name_of,
    picture,
    upscaler,
)


@pytest.fixture(params=MODELS)
def up(request: pytest.FixtureRequest) -> Upscaler:
    return upscaler(request.param)


@pytest.fixture(params=JOINT)
def joint(request: pytest.FixtureRequest) -> Upscaler:
    """Return a model that computes RGB images together."""
    return upscaler(request.param)


def rgb(up: Upscaler, image: Array, **options: object) -> Array:
    """Upscale an image (H, W, 3)."""
    return up(image, channel_axis=-1, rgb=True, **options)  # type: ignore[arg-type]


def test_models_that_compute_rgb_together(up: Upscaler) -> None:
    assert up._engine.joint_rgb == (name_of(up) in JOINT)


@pytest.mark.usefixtures("small_parts")
@pytest.mark.parametrize("name", MODELS)
@settings(max_examples=20)
@given(
    height=SIDES,
    width=SIDES,
    kind=KINDS,
    which=st.integers(0, 4),
    workers=st.integers(1, 4),
    axis=st.sampled_from([-1, 0, 1]),
    seed=st.integers(0, 99),
)
def test_equals_its_reference(
    name: str, height: int, width: int, kind: str, which: int, workers: int, axis: int, seed: int
) -> None:
    up = upscaler(name)
    dtypes = dtypes_of(up)
    image = picture((height, width, 3), dtypes[which % len(dtypes)], kind, seed)
    moved = np.moveaxis(image, -1, axis)
    big = np.moveaxis(up(moved, channel_axis=axis, rgb=True, workers=workers), axis, -1)
    assert np.array_equal(big, reference.upscale(image, up, channel_axis=-1, rgb=True))
    if name not in JOINT:
        assert np.array_equal(big, up(image, channel_axis=-1))


def test_shapes_at_the_real_sizes_of_parts(joint: Upscaler) -> None:
    for shape in [(1, 1), (1, 70), (70, 1), (61, 47), (9, 600)]:
        image = picture((*shape, 3))
        wanted = reference.upscale(image, joint, channel_axis=-1, rgb=True)
        assert np.array_equal(rgb(joint, image, workers=2), wanted)


def test_channels_mix_only_where_asked_for(up: Upscaler) -> None:
    image = picture((9, 8, 3))
    other = image.copy()
    other[..., 1] = 255 - image[..., 1]
    others = np.s_[..., ::2]
    assert np.array_equal(up(image, channel_axis=-1)[others], up(other, channel_axis=-1)[others])
    mixed = not np.array_equal(rgb(up, image)[others], rgb(up, other)[others])
    assert mixed == (name_of(up) in JOINT)


def test_grey_images_are_upscaled_as_one_channel(up: Upscaler) -> None:
    grey = picture((11, 9))
    big = rgb(up, np.repeat(grey[..., np.newaxis], 3, axis=-1))
    assert np.array_equal(big, np.repeat(up(grey)[..., np.newaxis], 3, axis=-1))


def test_edges_of_saturated_colours(joint: Upscaler) -> None:
    """The detail is the luma's, so a colour's edge that luma does not have gets none."""
    image = np.zeros((20, 20, 3), np.uint8)
    image[:, :10] = 255, 0, 0
    image[:, 10:] = 0, 116, 81
    # The same luma on both sides of the edge.
    assert len(np.unique((image @ np.array([77, 150, 29]) + 128) >> 8)) == 1
    big, own = rgb(joint, image), joint(image, channel_axis=-1)
    assert not np.array_equal(big, own)
    assert np.array_equal(big, reference.upscale(image, joint, channel_axis=-1, rgb=True))
    # The detail is the same in every cell. The base has a window of 3 x 3, so all columns but
    # those beside the edge look the same.
    r = joint.scale
    for inside in (np.s_[:, : 9 * r], np.s_[:, 11 * r :]):
        cells = big[inside].reshape(20, r, -1, r, 3)
        assert (cells == cells[:1, :, :1]).all()


@pytest.mark.parametrize("seed", range(8))
def test_a_tile_with_its_halo_is_the_part_of_the_whole(joint: Upscaler, seed: int) -> None:
    h, r, side = joint.halo, joint.scale, 2 * joint.halo + 9
    image = picture((side, side, 3), seed=seed)
    rng = np.random.default_rng(seed)
    (top, bottom), (left, right) = (sorted(rng.choice(side + 1, 2, False)) for _ in range(2))
    rows, columns = max(top - h, 0), max(left - h, 0)
    tile = rgb(joint, image[rows : bottom + h, columns : right + h])
    part = tile[
        (top - rows) * r : (bottom - rows) * r, (left - columns) * r : (right - columns) * r
    ]
    assert np.array_equal(part, rgb(joint, image)[top * r : bottom * r, left * r : right * r])


@pytest.mark.usefixtures("small_parts")
@pytest.mark.parametrize("layout", LAYOUTS)
def test_any_layout(joint: Upscaler, layout: str) -> None:
    image = picture((8, 11, 3))
    other = LAYOUTS[layout](image)
    other.flags.writeable = False
    big = rgb(joint, image)
    assert np.array_equal(rgb(joint, other, workers=2), big)
    if layout in ("Fortran", "flipped", "strided", "planar"):
        out = LAYOUTS[layout](np.zeros(big.shape, big.dtype))
        rgb(joint, image, out=out)
        assert np.array_equal(out, big)


@pytest.mark.parametrize("axes", [(0, 1), (0, -1), (-1, 0), (3, 2), (1, 2)])
def test_colours_are_along_the_last_axis_named(
    joint: Upscaler, axes: tuple[int, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    images = picture((2, 9, 8, 3))
    wanted = [rgb(joint, image) for image in images]
    stack = np.moveaxis(images, (0, -1), axes)
    for limit in (0, 1 << 60):
        monkeypatch.setattr(bands, "SERIAL_NANOSECONDS", limit)
        big = joint(stack, channel_axis=axes, rgb=True, workers=3)
        assert np.array_equal(np.moveaxis(big, axes, (0, -1)), wanted)


@pytest.mark.usefixtures("small_parts")
def test_alpha(joint: Upscaler, monkeypatch: pytest.MonkeyPatch) -> None:
    image = picture((2 * joint.halo + 12, 13, 4))
    monkeypatch.setattr(sink, "BAND_BYTES", 5 * 13 * 4 * joint.scale**2)
    blocks = np.random.default_rng(3).integers(0, 3, (len(image) // 3 + 1, 5))
    opacity = np.array([0, 255, 100], np.uint8)[blocks.repeat(3, 0).repeat(3, 1)]
    image[..., 3] = opacity[: len(image), :13]
    big = rgb(joint, image, alpha=True)
    assert np.array_equal(big[..., 3], joint(image, channel_axis=-1, alpha=True)[..., 3])
    other = image.copy()
    other[..., :3] = np.where(image[..., 3:] == 0, 255 - image[..., :3], image[..., :3])
    assert np.array_equal(rgb(joint, other, alpha=True, workers=3), big)
    banded = Sink(big.shape)
    rgb(joint, image, alpha=True, out=banded)
    assert banded.writes == -(-len(image) // 5)
    assert np.array_equal(banded.data, big)
    first = joint(np.moveaxis(image, -1, 0), channel_axis=0, rgb=True, alpha=True)
    assert np.array_equal(np.moveaxis(first, 0, -1), big)
    opaque = image.copy()
    opaque[..., 3] = 255
    assert np.array_equal(rgb(joint, opaque, alpha=True)[..., :3], rgb(joint, image[..., :3]))


@pytest.mark.usefixtures("small_parts")
def test_sinks(joint: Upscaler) -> None:
    image = picture((9, 8, 3))
    out = Sink(rgb(joint, image).shape)
    rgb(joint, image, out=out)
    assert np.array_equal(out.data, rgb(joint, image))


@pytest.mark.parametrize("dtype", ["uint16", "float16", "float32", "float64"])
def test_the_depth_of_an_image_is_kept(joint: Upscaler, dtype: str) -> None:
    image = picture((9, 8, 3), dtype)
    big = rgb(joint, image)
    assert big.dtype == ("float32" if dtype == "float16" else dtype)
    assert len(np.unique(big)) > 256
