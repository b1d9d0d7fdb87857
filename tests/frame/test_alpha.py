"""Alpha: hidden colours have no effect, and visible colours do not mix with them."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import lutsr
from lutsr._frame.alpha import fill_hidden

from ..models import eclut

WHITE = {"uint8": 255, "uint16": 65535, "float32": 1, "float64": 1}
DTYPES = list(WHITE)


@pytest.fixture(scope="module")
def upscalers(random_lut):
    """Return upscalers of shipped and of random tables; in these every pixel in reach matters."""
    shipped = [lutsr.load("eclut", 4), lutsr.load("eclut-fast", 3)]
    return [
        *shipped,
        *(eclut(random_lut(2, "middle"), s) for s in (1, 2)),
    ]


def values(rng, dtype, shape):
    if np.dtype(dtype).kind == "f":
        return rng.random(shape).astype(dtype)
    return rng.integers(0, WHITE[dtype] + 1, shape, dtype)


def cut_out(rng, dtype, height, width, channels=4):
    """Make random colours, with clusters of hidden pixels and of half visible ones."""
    image = values(rng, dtype, (height, width, channels))
    blocks = rng.integers(0, 3, (-(-height // 3), -(-width // 3))).repeat(3, 0).repeat(3, 1)
    blocks = blocks[:height, :width]
    image[..., -1][blocks == 0] = 0
    image[..., -1][blocks == 1] = WHITE[dtype]
    return image


@settings(max_examples=40)
@given(
    height=st.integers(1, 12),
    width=st.integers(1, 12),
    which=st.integers(0, 3),
    dtype=st.sampled_from(DTYPES),
    channels=st.sampled_from([2, 4]),
    seed=st.integers(0, 2**32 - 1),
)
def test_hidden_colour_changes_nothing(upscalers, height, width, which, dtype, channels, seed):
    rng = np.random.default_rng(seed)
    image = cut_out(rng, dtype, height, width, channels)
    other = image.copy()
    other[..., :-1] = np.where(
        image[..., -1:] == 0, values(rng, dtype, image[..., :-1].shape), image[..., :-1]
    )
    up = upscalers[which]
    big = up(image, channel_axis=-1, alpha=True)
    assert np.array_equal(up(other, channel_axis=-1, alpha=True), big)
    assert np.array_equal(up(image, channel_axis=-1, alpha=True, workers=3), big)


@settings(max_examples=40)
@given(
    height=st.integers(1, 12),
    width=st.integers(1, 12),
    which=st.integers(0, 3),
    dtype=st.sampled_from(["uint8", "uint16", "float32"]),
    seed=st.integers(0, 2**32 - 1),
)
def test_one_colour_stays_one_colour(upscalers, height, width, which, dtype, seed):
    # Wherever there is alpha, the colour is that of a constant image's result: no fringe.
    rng = np.random.default_rng(seed)
    image = cut_out(rng, dtype, height, width)
    visible = image[..., -1] > 0
    colour = values(rng, dtype, 3)
    image[visible, :-1] = colour
    up = upscalers[which]
    big = up(image, channel_axis=-1, alpha=True)
    flat = up(np.broadcast_to(colour, (height, width, 3)), channel_axis=-1)
    shown = big[..., -1] > 0
    assert np.array_equal(big[shown, :-1], flat[shown])


@pytest.mark.parametrize("dtype", DTYPES)
def test_opaque_images_come_out_as_if_alpha_were_absent(upscalers, dtype):
    rng = np.random.default_rng(1)
    image = values(rng, dtype, (9, 11, 4))
    image[..., -1] = WHITE[dtype]
    for up in upscalers:
        big = up(image, channel_axis=-1, alpha=True)
        assert np.array_equal(big[..., :3], up(image[..., :3], channel_axis=-1))
        assert (big[..., 3] == WHITE[dtype]).all()


@pytest.mark.parametrize("dtype", DTYPES)
def test_visible_colour_and_alpha_are_upscaled_as_they_are(upscalers, dtype):
    # If nothing is hidden, each channel is upscaled by itself.
    image = values(np.random.default_rng(2), dtype, (9, 11, 4))
    image[..., -1] = np.maximum(image[..., -1], np.array(0.004 * WHITE[dtype], dtype))
    for up in upscalers:
        big = up(image, channel_axis=-1, alpha=True)
        assert np.array_equal(big, up(image, channel_axis=-1))


@pytest.mark.parametrize("dtype", DTYPES)
def test_wholly_transparent_stays_so(upscalers, dtype):
    image = values(np.random.default_rng(3), dtype, (6, 5, 4))
    image[..., -1] = 0
    for up in upscalers:
        assert (up(image, channel_axis=-1, alpha=True)[..., -1] == 0).all()


def test_only_what_nothing_else_decides_on_is_held(upscalers):
    image = cut_out(np.random.default_rng(8), "uint8", 40, 37)
    image[5:25, 3:30, 3] = 0
    image[20:, 12:, 3] = 255
    opacity = image[..., 3]
    for up in upscalers:
        want = up(opacity)
        for y, x in np.ndindex(opacity.shape):
            around = opacity[max(y - 2, 0) : y + 3, max(x - 2, 0) : x + 3]
            if around.min() == around.max() and opacity[y, x] in (0, 255):
                cell = np.s_[y * up.scale : (y + 1) * up.scale, x * up.scale : (x + 1) * up.scale]
                want[cell] = opacity[y, x]
        assert np.array_equal(up(image, channel_axis=-1, alpha=True)[..., 3], want)


def test_half_precision_and_foreign_byte_order():
    image = cut_out(np.random.default_rng(9), "float32", 8, 7).astype(np.float16)
    want = lutsr.upscale(image.astype(np.float32), 2, channel_axis=-1, alpha=True)
    for other in (image, image.astype(image.dtype.newbyteorder())):
        assert np.array_equal(lutsr.upscale(other, 2, channel_axis=-1, alpha=True), want)
        wanted = lutsr.resize(image.astype(np.float32), (13, 9), channel_axis=-1, alpha=True)
        assert np.array_equal(lutsr.resize(other, (13, 9), channel_axis=-1, alpha=True), wanted)


@pytest.mark.parametrize("axis", [0, 1, 2, -1, -2, -3])
def test_alpha_is_last_along_any_channel_axis(axis):
    up = lutsr.load("eclut", 2)
    image = cut_out(np.random.default_rng(4), "uint8", 8, 7)
    moved = np.moveaxis(image, -1, axis)
    big = np.moveaxis(up(moved, channel_axis=axis, alpha=True), axis, -1)
    want = up(image, channel_axis=-1, alpha=True)
    assert np.array_equal(big, want)
    out = np.empty_like(np.moveaxis(want, -1, axis))
    assert up(moved, channel_axis=axis, alpha=True, out=out) is out
    assert np.array_equal(np.moveaxis(out, axis, -1), want)


def test_the_image_is_not_written_to():
    image = cut_out(np.random.default_rng(5), "uint8", 8, 7)
    before = image.copy()
    image.flags.writeable = False
    lutsr.upscale(image, 2, channel_axis=-1, alpha=True)
    assert np.array_equal(image, before)


def test_filling_by_hand():
    # Colours 10 and 21 at the ends of a row, hidden 99 between: means of neighbours, ring by ring.
    row = np.full((1, 13, 2), 99, np.uint8)
    row[..., 1] = 0
    row[0, 0], row[0, 12] = (10, 255), (21, 1)
    assert fill_hidden(row, 2)[0, :, 0].tolist() == [10] * 5 + [0, 0, 0] + [21] * 5
    assert fill_hidden(row[:, :1], 2).tolist() == [[[10, 255]]]
    near = row[:, 9:].copy()
    near[0, 0] = (10, 255)
    assert fill_hidden(near, 2)[0, :, 0].tolist() == [10, 10, 21, 21]
    meeting = row[:, 10:].copy()
    meeting[0, 0] = (10, 255)
    assert fill_hidden(meeting, 2)[0, :, 0].tolist() == [10, 16, 21]


def test_composites_of_a_photograph():
    # On any background, upscaling with alpha is as close to the original as upscaling the
    # composite, and closer than upscaling with hidden white.
    data = pytest.importorskip("skimage.data")
    psnr = pytest.importorskip("skimage.metrics").peak_signal_noise_ratio
    truth = np.empty((256, 256, 4), np.uint8)
    truth[..., :3] = data.astronaut()[:256, 96:352]
    y, x = np.mgrid[-128:128, -128:128]
    star = 80 + 30 * np.cos(7 * np.arctan2(y, x)) - np.hypot(y, x)
    truth[..., 3] = np.clip(star * 170 + 128, 0, 255)
    small = lutsr.resize(truth, (64, 64), channel_axis=-1, alpha=True)
    small[small[..., 3] == 0, :3] = 255
    big = lutsr.upscale(small, 4, channel_axis=-1, alpha=True)
    careless = lutsr.upscale(small, 4, channel_axis=-1)
    for ground in (0, 128, 255):

        def over(image, ground=ground):
            opacity = image[..., 3:] / 255
            return np.rint(image[..., :3] * opacity + ground * (1 - opacity)).astype(np.uint8)

        composed = lutsr.upscale(over(small), 4, channel_axis=-1)
        assert psnr(over(truth), over(big)) >= psnr(over(truth), composed)
        assert psnr(over(truth), over(big)) >= psnr(over(truth), over(careless)) + 0.3
        assert np.abs(over(big) - composed.astype(float)).mean() <= 2.2
