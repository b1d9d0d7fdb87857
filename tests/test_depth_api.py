"""Dtypes of the public functions: those of images are kept, others are refused by name."""

import numpy as np
import pytest

import lutsr
from lutsr import reference
from lutsr._frame import ranges

BYTES = np.random.default_rng(7).integers(0, 256, (11, 9, 3), dtype=np.uint8)
IMAGES = {
    "uint8": BYTES,
    "uint16": np.random.default_rng(8).integers(0, 1 << 16, (11, 9, 3), dtype=np.uint16),
    "float32": np.random.default_rng(9).random((11, 9, 3), np.float32),
    "float64": np.random.default_rng(9).random((11, 9, 3)),
}


@pytest.fixture(scope="module", params=["ecnn", "eclut"])
def up(request):
    return lutsr.load(request.param, 2)


@pytest.mark.parametrize("dtype", IMAGES)
def test_dtype_is_kept_and_the_result_is_the_reference(up, dtype):
    image = IMAGES[dtype]
    before = image.copy()
    big = up(image, channel_axis=-1)
    assert big.dtype == dtype
    assert np.array_equal(big, reference.upscale(image, up, channel_axis=-1))
    assert np.array_equal(image, before)
    assert np.array_equal(lutsr.upscale(image, 2, model=up.name, channel_axis=-1), big)


@pytest.mark.parametrize("dtype", IMAGES)
def test_byte_order_makes_no_difference(up, dtype):
    image = IMAGES[dtype]
    swapped = image.astype(image.dtype.newbyteorder())
    big = up(swapped, channel_axis=-1)
    assert big.dtype == dtype
    assert big.dtype.isnative
    assert np.array_equal(big, up(image, channel_axis=-1))


def test_half_precision_becomes_single(up):
    image = IMAGES["float32"].astype(np.float16)
    big = up(image, channel_axis=-1)
    assert big.dtype == np.float32
    assert np.array_equal(big, up(image.astype(np.float32), channel_axis=-1))


@pytest.mark.parametrize(("dtype", "level"), [("uint16", 257), ("float32", 1 / 255)])
def test_8_bit_values_agree_with_the_8_bit_path_to_its_rounding(dtype, level):
    up = lutsr.load("eclut", 2)  # stacks round less often in deep images
    deep = up((BYTES * np.float64(level)).astype(dtype), channel_axis=-1)
    shallow = up(BYTES, channel_axis=-1)
    assert np.abs(deep / level - shallow).max() <= 0.5 + 0.5 / 257


@pytest.mark.parametrize("model", ["ecnn", "eclut"])
def test_a_16_bit_ramp_stays_smooth(model):
    ramp = np.tile(np.linspace(0, 65535, 512).astype(np.uint16), (8, 1))
    big = lutsr.upscale(ramp, 4, model=model)
    assert len(np.unique(big)) >= 1500


@pytest.mark.parametrize("dtype", IMAGES)
def test_out_has_the_dtype_of_the_result(up, dtype):
    image = IMAGES[dtype]
    out = np.empty((22, 18, 3), dtype)
    assert up(image, channel_axis=-1, out=out) is out
    assert np.array_equal(out, up(image, channel_axis=-1))
    other = "float32" if dtype != "float32" else "float64"
    with pytest.raises(ValueError, match=f"out: got {other} of shape .*, wanted {dtype} of"):
        up(image, channel_axis=-1, out=np.empty((22, 18, 3), other))


def test_out_for_half_precision_is_single(up):
    image = IMAGES["float32"][..., 0].astype(np.float16)
    assert up(image, out=np.empty((22, 18), np.float32)).dtype == np.float32
    with pytest.raises(ValueError, match=r"out: got float16 .* wanted float32"):
        up(image, out=np.empty((22, 18), np.float16))


def test_out_of_foreign_byte_order_is_refused(up):
    out = np.empty((22, 18, 3), np.dtype(np.uint16).newbyteorder())
    with pytest.raises(ValueError, match=r"out: got byte-swapped uint16 .* wanted uint16"):
        up(IMAGES["uint16"], channel_axis=-1, out=out)


def test_out_must_not_share_memory_with_an_image_that_is_converted():
    out = np.zeros((8, 8), np.float32)
    image = out.view(np.float16)[:4, :4]
    with pytest.raises(ValueError, match="shares memory"):
        lutsr.upscale(image, 2, out=out)


def test_the_ends_of_the_range_are_images():
    black_and_white = np.array([[-0.0, 0.0, 1.0], [1.0, 1.0, 0.0]], np.float32)
    big = lutsr.upscale(black_and_white, 2)
    assert 0 <= big.min() <= big.max() <= 1


@pytest.mark.parametrize(
    ("dtype", "advice"),
    [
        ("bool", r"skimage\.util\.img_as_ubyte.*skimage\.util\.img_as_float"),
        (
            "int8",
            r"astype\(numpy\.uint8\) if it holds 0\.\.255.*float64\) with preserve_range=True",
        ),
        ("int16", r"uint16\) if it holds 0\.\.65535.*float64\) with preserve_range=True$"),
        ("int64", r"uint16\) if it holds 0\.\.65535.*float64\) with preserve_range=True$"),
        ("uint32", r"astype\(numpy\.uint16\)"),
        ("complex64", r"image\.real and image\.imag by themselves"),
        ("object", r"if all its items are numbers: image\.astype\(numpy\.float64\)"),
        ("U1", r"text is no image; to read files, call skimage\.io\.imread"),
        ("S3", r"text is no image; to read files"),
        ("u1,u1", r"structured_to_unstructured\(image\)"),
        ("M8[s]", r"such values have no grey levels"),
    ],
)
def test_other_dtypes_are_told_what_to_call(dtype, advice):
    message = rf"image: got dtype .*, wanted uint8, uint16 or float; .*{advice}"
    with pytest.raises(TypeError, match=message):
        lutsr.upscale(np.zeros((4, 4), dtype), 4)


@pytest.mark.skipif(np.dtype("longdouble").itemsize == 8, reason="long double is double here")
def test_long_double_is_told_to_be_double():
    with pytest.raises(TypeError, match=r"image: got dtype .*image\.astype\(numpy\.float64\)"):
        lutsr.upscale(np.zeros((4, 4), np.longdouble), 4)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
def test_values_that_are_not_finite(bad, dtype):
    image = np.full((5, 6), 0.5, dtype)
    image[3, 2] = bad
    with pytest.raises(
        ValueError,
        match=r"image: has NaN or infinite values.*nan_to_num\(image, posinf=1, neginf=0\)",
    ):
        lutsr.upscale(image, 2)


@pytest.mark.parametrize(
    ("low", "high", "message"),
    [
        (
            0,
            255,
            r"within \[0, 255\], wanted \[0, 1\]; if they are grey levels, pass image / 255; to",
        ),
        (0, 201.5, r"within \[0, 201.5\], wanted \[0, 1\].*image / 255; .*preserve_range=True$"),
        (
            12,
            60000,
            r"within \[12, 60000\], wanted \[0, 1\].*image / 65535; .*preserve_range=True$",
        ),
        (
            0,
            1e6,
            r"within \[0, 1000000\], wanted \[0, 1\]; to keep the values.*preserve_range=True",
        ),
        (0, 1.25, r"within \[0, 1.25\], wanted \[0, 1\].*overshot.*numpy\.clip.*preserve_range"),
        (-0.25, 1, r"within \[-0.25, 1\], wanted \[0, 1\].*overshot.*numpy\.clip.*preserve_range"),
    ],
)
def test_floats_outside_0_and_1(low, high, message):
    with pytest.raises(ValueError, match=rf"image: floats are {message}"):
        lutsr.upscale(np.array([[low, high]], float), 2)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("alpha", [False, True])
def test_what_rounding_leaves_outside_is_clipped(dtype, alpha):
    image = np.random.default_rng(1).random((9, 8, 4)).astype(dtype)
    image[:4, :4] = 1
    image[5:, 5:] = 0
    near = image + np.where(image == 1, 9e-7, np.where(image == 0, -9e-7, 0)).astype(dtype)
    assert near.min() < 0
    assert near.max() > 1
    options = {"channel_axis": -1, "alpha": alpha}
    assert np.array_equal(lutsr.upscale(near, 2, **options), lutsr.upscale(image, 2, **options))
    for shape in ((18, 16), (9, 8), (13, 5)):
        wanted = lutsr.resize(image, shape, **options)
        assert np.array_equal(lutsr.resize(near, shape, **options), wanted)


@pytest.mark.parametrize(
    ("value", "shown"), [(1.0000011, "1.0000011"), (1.00001, "1.00001"), (-1.1e-6, "-1.1e-06")]
)
def test_more_than_rounding_is_refused_with_enough_digits(value, shown):
    image = np.array([[0.5, value]])
    with pytest.raises(ValueError, match=rf"within \[.*{shown}.*\], wanted \[0, 1\].*numpy\.clip"):
        lutsr.upscale(image, 2)


@pytest.mark.parametrize(
    ("what", "low", "high"),
    [
        ("L*a*b*", -86.2, 98.2),
        ("z-scores", -3.1, 4.2),
        ("differences", -1, 1),
        ("counts", 0, 1e6),
        ("grey levels with overshoot", -3, 250),
    ],
)
def test_values_that_clipping_would_destroy_are_told_to_keep_their_range(what, low, high):
    with pytest.raises(
        ValueError, match=r"to keep the values .* pass preserve_range=True"
    ) as caught:
        lutsr.upscale(np.array([[low, high]], float), 2)
    assert "clip" not in str(caught.value)
    assert "rescale" not in str(caught.value)


@pytest.mark.parametrize("masked", [True, False])
def test_masked_arrays_are_told_what_to_do(masked):
    image = np.ma.array(np.zeros((4, 4), np.uint8), mask=np.full((4, 4), masked))
    with pytest.raises(TypeError, match=r"masked array.*image\.filled\(0\).*numpy\.ma\.getdata"):
        lutsr.upscale(image, 2)


def test_every_row_of_a_large_image_is_checked(monkeypatch):
    monkeypatch.setattr(ranges, "CHECKED_VALUES", 20)
    for place in np.ndindex(5, 6):
        image = np.full((5, 6), 0.5)
        image[place] = np.nan
        with pytest.raises(ValueError, match="NaN"):
            lutsr.upscale(image, 2)
        image[place] = 1.5
        with pytest.raises(ValueError, match=r"within \[0.5, 1.5\]"):
            lutsr.upscale(image, 2)
