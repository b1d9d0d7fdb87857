"""Any output size: exact for a model's scales, else aligned and antialiased as elsewhere."""

import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import lutsr
from lutsr import _steps
from lutsr._frame import sink, stages
from lutsr._modelfile import write_model
from lutsr._steps import next_scale

from .chain.models import ecnn
from .frame.test_sink import Sink

IMAGES = {
    "uint8": np.random.default_rng(1).integers(0, 256, (10, 7, 3), np.uint8),
    "uint16": np.random.default_rng(2).integers(0, 1 << 16, (10, 7, 3), np.uint16),
    "float32": np.random.default_rng(3).random((10, 7, 3), np.float32),
    "float64": np.random.default_rng(4).random((10, 7, 3)),
}


@pytest.fixture(scope="module")
def photograph():
    return pytest.importorskip("skimage.data").astronaut()[:240, 100:340]


@pytest.mark.parametrize("dtype", IMAGES)
def test_the_same_shape_is_a_copy(dtype):
    image = IMAGES[dtype]
    same = lutsr.resize(image, (10, 7), channel_axis=-1)
    assert same.dtype == dtype
    assert np.array_equal(same, image)
    assert not np.may_share_memory(same, image)
    assert same.flags.c_contiguous


@pytest.mark.parametrize("scale", [2, 3, 4])
@pytest.mark.parametrize("dtype", IMAGES)
def test_a_trained_scale_is_upscale(dtype, scale):
    image = IMAGES[dtype]
    want = lutsr.upscale(image, scale, channel_axis=-1)
    got = lutsr.resize(image, want.shape, channel_axis=-1)
    assert got.dtype == dtype
    assert np.array_equal(got, want)


@pytest.mark.parametrize("chain", [(3, 2), (4, 2), (3, 3), (4, 3), (4, 4), (4, 4, 2)])
def test_larger_scales_are_repeated(chain):
    image = want = IMAGES["uint8"][:4, :3, 0]
    for scale in chain:
        want = lutsr.upscale(want, scale, model="eclut-fast")
    assert np.array_equal(lutsr.resize(image, want.shape, model="eclut-fast"), want)


@pytest.mark.parametrize(
    ("growth", "scales", "scale"),
    [(1.01, (2, 3, 4), 2), (2.01, (2, 3, 4), 3), (4.01, (2, 3, 4), 3), (6.5, (2, 3, 4), 4),
     (17, (2, 3, 4), 3), (1000, (2, 3, 4), 4), (1.5, (4,), 4), (9.5, (3,), 3)],
)  # fmt: skip
def test_the_next_scale(growth, scales, scale):
    assert next_scale(growth, scales) == scale


@settings(max_examples=60)
@given(
    shape=st.tuples(st.integers(1, 20), st.integers(1, 20)),
    wanted=st.tuples(st.integers(1, 60), st.integers(1, 60)),
    dtype=st.sampled_from(["uint8", "float32"]),
    seed=st.integers(0, 2**32 - 1),
)
def test_any_shape_comes_out_in_range_and_half_a_turn_turns_it(shape, wanted, dtype, seed):
    # With eclut, the result of an image rotated by 180 degrees is rotated by 180 degrees.
    rng = np.random.default_rng(seed)
    image = (rng.random(shape) * (255 if dtype == "uint8" else 1)).astype(dtype)
    big = lutsr.resize(image, wanted, model="eclut")
    assert big.shape == wanted
    assert big.dtype == dtype
    assert 0 <= big.min() <= big.max() <= (255 if dtype == "uint8" else 1)
    turned = lutsr.resize(image[::-1, ::-1], wanted, model="eclut")[::-1, ::-1]
    tolerance = 1 if dtype == "uint8" else 1e-4
    assert np.abs(turned.astype(float) - big).max() <= tolerance


@pytest.mark.parametrize(
    "wanted", [(100, 100), (61, 100), (32, 90), (77, 31), (23, 17), (40, 36), (200, 260)]
)
def test_pixels_are_where_scikit_image_has_them(wanted):
    transform = pytest.importorskip("skimage.transform")
    y, x = np.mgrid[:40, :36]
    ramp = (0.2 + 0.008 * y + 0.006 * x).astype(np.float32)
    other = transform.resize(ramp, wanted, order=1, anti_aliasing=False)
    inside = tuple(slice(n // 5, -(n // 5)) for n in wanted)
    difference = (lutsr.resize(ramp, wanted) - other)[inside]
    # A quarter of a pixel is 0.002 down and 0.0015 across; in places the table is wrong by a level.
    assert abs(difference.mean()) < 0.001
    assert np.abs(difference).max() < 2 / 255


@pytest.mark.parametrize("wanted", [(100, 80), (240, 50), (33, 240), (31, 37)])
def test_reduction_is_that_of_lanczos(photograph, wanted):
    # Pillow's Lanczos. It clips between its two passes, which has no effect on middle greys.
    Image = pytest.importorskip("PIL.Image")
    grey = photograph // 3 + 80
    other = Image.fromarray(grey).resize(wanted[::-1], Image.Resampling.LANCZOS)
    difference = lutsr.resize(grey, wanted, channel_axis=-1) - np.asarray(other).astype(int)
    # At borders lutsr mirrors and Pillow truncates the filter, within three and a half pixels.
    inside = tuple(slice(None) if n == 240 else slice(4, -4) for n in wanted)
    assert np.abs(difference[inside]).max() <= 1
    assert np.abs(difference[inside]).mean() <= 0.2


def test_flat_images_stay_flat_when_reduced():
    for value in (0, 1, 77, 255):
        flat = np.full((50, 40), value, np.uint8)
        assert (lutsr.resize(flat, (17, 33)) == value).all()
    flat = np.full((50, 40), 40_001, np.uint16)
    assert (lutsr.resize(flat, (17, 33)) == 40_001).all()
    flat = np.full((50, 40), 0.3)
    assert np.abs(lutsr.resize(flat, (17, 33)) - 0.3).max() < 1e-15


def test_one_axis_grows_and_the_other_shrinks(photograph):
    original = photograph[..., 1]
    low = lutsr.resize(original, (60, 240))
    truth = lutsr.resize(original, (240, 60))

    def error(image):
        return np.mean((image.astype(float) - truth) ** 2)

    repeated = lutsr.resize(low, (60, 60)).repeat(4, axis=0)
    assert error(lutsr.resize(low, (240, 60))) < 0.6 * error(repeated)


def test_very_long_images():
    image = np.random.default_rng(0).integers(0, 256, (1, 200), np.uint8)
    assert lutsr.resize(image, (300, 200)).shape == (300, 200)
    assert lutsr.resize(image, (1, 7)).shape == (1, 7)
    assert lutsr.resize(image[:, :1], (1, 500)).shape == (1, 500)


@pytest.mark.parametrize("alpha", [False, True])
@pytest.mark.parametrize("dtype", IMAGES)
def test_bands_and_workers_make_no_difference(monkeypatch, dtype, alpha):
    image = np.tile(IMAGES[dtype], (5, 6, 2))[..., :4]
    arguments = {"channel_axis": -1, "alpha": alpha}
    want = lutsr.resize(image, (71, 53), workers=1, **arguments)
    monkeypatch.setattr(stages, "BAND_BYTES", 1)
    monkeypatch.setattr(stages, "BAND_HALOS", 0)
    assert np.array_equal(lutsr.resize(image, (71, 53), workers=1, **arguments), want)
    assert np.array_equal(lutsr.resize(image, (71, 53), workers=3, **arguments), want)


@pytest.mark.parametrize("axis", [0, 1, -1])
def test_channels_may_lie_anywhere(axis):
    image = IMAGES["uint8"]
    want = lutsr.resize(image, (23, 16), channel_axis=-1)
    moved = np.moveaxis(image, -1, axis)
    wanted = np.moveaxis(want, -1, axis).shape
    for shape in ((23, 16), wanted, np.array(wanted)):
        got = lutsr.resize(moved, shape, channel_axis=axis)
        assert got.flags.c_contiguous
        assert np.array_equal(np.moveaxis(got, axis, -1), want)


@pytest.mark.parametrize("dtype", IMAGES)
@pytest.mark.parametrize("wanted", [(25, 18), (4, 5), (4, 30), (60, 42)])
def test_opaque_images_come_out_as_if_alpha_were_absent(dtype, wanted):
    image = IMAGES[dtype]
    white = 1 if image.dtype.kind == "f" else np.iinfo(dtype).max
    opaque = np.concatenate([image, np.full_like(image[..., :1], white)], axis=-1)
    big = lutsr.resize(opaque, wanted, channel_axis=-1, alpha=True)
    assert np.array_equal(big[..., :3], lutsr.resize(image, wanted, channel_axis=-1))
    assert (big[..., 3] == white).all()


@pytest.mark.parametrize("dtype", IMAGES)
@pytest.mark.parametrize("wanted", [(50, 70), (9, 11), (9, 70), (200, 190)])
def test_hidden_colour_never_shows(dtype, wanted):
    rng = np.random.default_rng(6)
    white = 1 if dtype.startswith("float") else np.iinfo(dtype).max
    image = np.zeros((30, 30, 4), dtype)
    image[..., 3] = disc(30) * white
    image[..., :3] = (rng.random((30, 30, 3)) * white).astype(dtype)
    big = lutsr.resize(image, wanted, channel_axis=-1, alpha=True)
    image[image[..., 3] == 0, :3] = white
    assert np.array_equal(lutsr.resize(image, wanted, channel_axis=-1, alpha=True), big)


@pytest.mark.parametrize("dtype", IMAGES)
@pytest.mark.parametrize("wanted", [(50, 70), (9, 11), (9, 70), (200, 190)])
def test_one_colour_stays_one_colour(dtype, wanted):
    # No fringe, even where alpha is almost 0.
    white = 1 if dtype.startswith("float") else np.iinfo(dtype).max
    image = np.zeros((30, 30, 4), dtype)
    image[..., 3] = disc(30) * white
    colour = (np.array([0.25, 0.5, 1]) * white).astype(dtype)
    image[image[..., 3] > 0, :3] = colour
    big = lutsr.resize(image, wanted, channel_axis=-1, alpha=True)
    shown = big[..., 3] > 0
    assert 0.2 < shown.mean() < 0.9
    assert np.abs(big[shown, :3].astype(float) - colour).max() <= 1e-6 * white


def disc(side):
    y, x = np.mgrid[:side, :side]
    return np.clip(side / 3 - np.hypot(y - side / 2, x - side / 2), 0, 1)


def test_a_table_of_ones_own_is_repeated(table_file, random_lut):
    path = table_file(random_lut(3, "middle"), "mine_x3.npy")
    image = IMAGES["uint8"][..., 0]
    up = lutsr.load(path)
    assert np.array_equal(lutsr.resize(image, (90, 63), model=path), up(up(image)))
    assert lutsr.resize(image, (15, 9), model=str(path)).shape == (15, 9)


@pytest.mark.parametrize("scale", [2.5, 8])
def test_quality_is_above_lanczos(photograph, scale):
    Image = pytest.importorskip("PIL.Image")
    psnr = pytest.importorskip("skimage.metrics").peak_signal_noise_ratio
    small = Image.fromarray(photograph).resize((round(240 / scale),) * 2, Image.Resampling.BICUBIC)
    lanczos = np.asarray(small.resize((240, 240), Image.Resampling.LANCZOS))
    big = lutsr.resize(np.asarray(small), (240, 240), channel_axis=-1)
    assert psnr(photograph, big) > psnr(photograph, lanczos) + 0.2


GREY, RGB = np.zeros((4, 5), np.uint8), np.zeros((4, 5, 3), np.uint8)


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"output_shape": 9}, TypeError, r"output_shape: got 9, wanted integers: \(height, width"),
        ({"output_shape": (9.0, 9)}, TypeError, r"output_shape: got \(9.0, 9\), wanted integers"),
        ({"output_shape": (9,)}, ValueError, r"output_shape: got \(9,\), wanted \(height, width\)"),
        ({"output_shape": (9, 9, 1)}, ValueError, r"wanted \(height, width\)$"),
        ({"output_shape": (0, 9)}, ValueError, r"got \(0, 9\), wanted at least 1 pixel"),
        ({"image": RGB}, ValueError, "pass channel_axis=-1"),
        (
            {"image": RGB, "channel_axis": -1, "output_shape": (9, 9, 4)},
            ValueError,
            "the image has length 3 on axis 2, which channel_axis keeps",
        ),
        (
            {"image": RGB, "channel_axis": 2, "output_shape": (9, 9, 3, 1)},
            ValueError,
            "or all 3 axes",
        ),
        ({"image": RGB, "channel_axis": -1, "alpha": True}, ValueError, "3 channels, wanted 2"),
        ({"image": GREY.astype(bool)}, TypeError, "img_as_ubyte"),
        ({"image": GREY[:0]}, ValueError, "empty axis"),
        ({"model": "nope"}, ValueError, "model: 'nope' is not shipped; there is 'ecnn', 'ecnn-l"),
        ({"model": 3}, TypeError, "model: got int"),
        ({"workers": 0}, ValueError, "workers: got 0"),
    ],
)
def test_wrong_arguments_are_named(arguments, error, message):
    arguments = {"image": GREY, "output_shape": (9, 9)} | arguments
    with pytest.raises(error, match=message):
        lutsr.resize(arguments.pop("image"), arguments.pop("output_shape"), **arguments)


@pytest.mark.parametrize("shape", [(11, 13), (8, 20), (4, 5), (8, 10)])
@pytest.mark.parametrize("alpha", [False, True])
def test_stacks_are_resized_image_by_image(shape, alpha):
    images = np.random.default_rng(4).integers(0, 256, (2, 4, 4, 5), dtype=np.uint8)
    stack = np.moveaxis(images, 1, -1)
    big = lutsr.resize(stack, shape, channel_axis=(0, -1), alpha=alpha)
    for image, part in zip(stack, big, strict=True):
        assert np.array_equal(part, lutsr.resize(image, shape, channel_axis=-1, alpha=alpha))
    whole = (2, *shape, 4)
    assert np.array_equal(lutsr.resize(stack, whole, channel_axis=(0, 3), alpha=alpha), big)
    with pytest.raises(ValueError, match="has length 2 on axis 0, which channel_axis keeps"):
        lutsr.resize(stack, (3, *shape, 4), channel_axis=(0, 3))


@pytest.mark.parametrize("alpha", [False, True])
def test_rgb_is_that_of_each_step(tmp_path, alpha):
    path = tmp_path / "stack_x2.npy"
    write_model(path, ecnn())
    image = np.random.default_rng(7).integers(0, 256, (6, 5, 3 + alpha), np.uint8)
    options = {"channel_axis": -1, "alpha": alpha}

    def twice(image, **more):
        return lutsr.upscale(image, 2, model=path, **options, **more)

    big = lutsr.resize(image, (24, 20), model=path, rgb=True, **options)
    assert np.array_equal(big, twice(twice(image, rgb=True), rgb=True))
    own = lutsr.resize(image, (24, 20), model=path, **options)
    assert np.array_equal(own, twice(twice(image)))
    assert not np.array_equal(big, own)
    series = np.stack([image, image[::-1]])
    options["channel_axis"] = (0, -1)
    assert np.array_equal(lutsr.resize(series, (24, 20), model=path, rgb=True, **options)[0], big)


@pytest.mark.parametrize("wanted", [(10**6, 10**8), (10**12, 10**12), (10**30, 2), (2, 10**400)])
def test_a_shape_beyond_memory_is_refused_before_any_work(monkeypatch, wanted):
    monkeypatch.setattr(_steps, "load", None)
    with pytest.raises(MemoryError, match=r"output_shape: it takes an array of shape \("):
        lutsr.resize(IMAGES["uint8"], wanted, channel_axis=-1)


@pytest.mark.parametrize("wanted", [(23, 30), (20, 14), (7, 5), (10, 7), (45, 3), (90, 61)])
@pytest.mark.parametrize("alpha", [False, True])
@pytest.mark.parametrize("dtype", ["uint8", "float32"])
def test_outputs_of_any_kind(monkeypatch, tmp_path, wanted, alpha, dtype):
    image = np.tile(IMAGES[dtype], 2)[..., : 3 + alpha]
    arguments = {"channel_axis": -1, "alpha": alpha}
    want = lutsr.resize(image, wanted, **arguments)
    # A scale of the model is upscaled by whole rows of the image.
    one = 2 if wanted == (20, 14) else 1
    for chunks, rows in ((None, one), ((8, 8, 4), 8)):
        target = Sink(want.shape, dtype, chunks)
        monkeypatch.setattr(sink, "BAND_BYTES", 1)
        assert lutsr.resize(image, wanted, out=target, **arguments) is target
        assert np.array_equal(target.data, want)
        assert len(target.bands) == -(-wanted[0] // rows)
    for layout in (np.zeros_like(want), np.zeros(want.shape[::-1], dtype).T):
        assert lutsr.resize(image, wanted, out=layout, **arguments) is layout
        assert np.array_equal(layout, want)
    mapped = np.memmap(tmp_path / "out", dtype, "w+", shape=want.shape)
    lutsr.resize(image, wanted, out=mapped, **arguments)
    assert np.array_equal(np.fromfile(tmp_path / "out", dtype).reshape(want.shape), want)


def test_stacks_go_to_any_output():
    stack = np.random.default_rng(4).integers(0, 256, (2, 3, 12, 10), dtype=np.uint8)
    want = lutsr.resize(stack, (21, 19), channel_axis=(0, 1))
    target = Sink(want.shape, "uint8")
    lutsr.resize(stack, (21, 19), channel_axis=(0, 1), out=target)
    assert np.array_equal(target.data, want)


@pytest.mark.parametrize(
    ("out", "error"),
    [
        (np.zeros((9, 9), np.uint16), ValueError),
        (np.zeros((9, 8), np.uint8), ValueError),
        ([], TypeError),
    ],
)
def test_wrong_outputs_are_refused(out, error):
    with pytest.raises(error, match=r"^out: got"):
        lutsr.resize(GREY, (9, 9), out=out)


def test_an_image_larger_than_memory(tmp_path):
    # Upscaled three times it would take 144 MB; the result takes 100 MB.
    program = """
import numpy, resource, sys
import lutsr
image = numpy.zeros((4, 4), numpy.uint8)
lutsr.resize(image, (9, 9))
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
image = numpy.memmap(sys.argv[1], numpy.uint8, "w+", shape=(4000, 4000))
out = numpy.memmap(sys.argv[2], numpy.uint8, "w+", shape=(10000, 10000))
image[2000:2010, 2000:2010] = 200
lutsr.resize(image, out.shape, out=out, model="eclut-fast", workers=1)
assert 190 < out[5010, 5010] < 210 and out[0, 0] == 0
print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) >> 10)
"""
    paths = [str(tmp_path / name) for name in "ab"]
    done = subprocess.run([sys.executable, "-c", program, *paths], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) < 60
