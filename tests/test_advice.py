"""Errors of the public functions: short, true, and with the remedy that fits."""

from pathlib import Path

import numpy as np
import pytest

import lutsr

GREY = np.zeros((40, 50), np.uint8)
LONGEST = 350


def said(function, *args, **options):
    """Return the message of an error, which must be short."""
    with pytest.raises((TypeError, ValueError)) as caught:
        function(*args, **options)
    assert len(str(caught.value)) < LONGEST
    return str(caught.value)


@pytest.mark.parametrize(
    ("scale", "shown"),
    [
        (GREY, "an array of shape (40, 50), wanted an integer; the image comes first"),
        (np.zeros((3, 900), np.float32), "an array of shape (3, 900), wanted an integer"),
        ([list(range(999))] * 99, "[[0, 1, 2, 3, 4, 5, ...], "),
        pytest.param("4" * 5000, "'444"),
        pytest.param(10**5000, "int too large to show", id="huge"),
    ],
)
def test_arguments_are_shown_shortly(scale, shown):
    assert said(lutsr.upscale, 2, scale).startswith(f"scale: got {shown}")


@pytest.mark.parametrize(
    ("name", "value"),
    [("alpha", GREY), ("rgb", [1] * 999), ("workers", GREY), ("channel_axis", GREY),
     ("channel_axis", (0,) * 999), ("model", "m" * 5000), ("preserve_range", GREY)],
)  # fmt: skip
def test_other_arguments_are_shown_shortly(name, value):
    assert said(lutsr.upscale, GREY, 2, **{name: value}).startswith((f"{name}: got", "model: 'mm",
                                                                     "image: shape"))  # fmt: skip


@pytest.mark.parametrize("shape", [GREY, [1] * 999, "9" * 999, [[0] * 999]])
def test_output_shape_is_shown_shortly(shape):
    assert said(lutsr.resize, GREY, shape).startswith("output_shape: got")


@pytest.mark.parametrize(
    ("image", "message"),
    [
        (None, "image: got None, wanted an array; some readers return None for a file that"),
        ("a.png", "image: got 'a.png', wanted an array; read the file first, as with skimage.io"),
        (Path("a.png"), "image: got PosixPath('a.png'), wanted an array; read the file first"),
        (b"\x89PNG", r"image: got b'\x89PNG', wanted an array; read the file first"),
        ({"image": 1}, "image: got {'image': 1}, wanted an array of numbers"),
        (["a.png", "b.png"], "image: got dtype <U5, wanted uint8, uint16 or float; text is no"),
        ([[1, 2], [3]], "image: got list, wanted rows of one length"),
        (object(), "image: got <object object at"),
    ],
)
def test_what_is_no_image(image, message):
    found = said(lutsr.upscale, image, 2)
    assert found.replace("Windows", "Posix").startswith(message)
    assert "astype" not in found


@pytest.mark.parametrize(
    ("image", "advised"),
    [
        (np.zeros((4, 4), np.int16), " image.astype(numpy.float64) with preserve_range=True"),
        ([[1, 2], [3, 4]], "numpy.asarray(image).astype(numpy.uint8) if it holds 0..255, numpy."),
        ([[0.5, 7.0]], "pass numpy.asarray(image) / 255; to keep"),
        (np.full((4, 4), 7.0), "pass image / 255; to keep"),
        ([[1j, 2]], "upscale image.real and image.imag by themselves, with preserve_range=True"),
    ],
)
def test_advice_can_be_followed(image, advised):
    assert advised in said(lutsr.upscale, image, 2)


@pytest.mark.parametrize(
    ("shape", "advised", "not_advised"),
    [
        ((64, 64, 3), "channel_axis=-1", "channel_axis=0"),
        ((30, 64, 1), "channel_axis=-1", "channel_axis=0"),
        ((3, 64, 64), "channel_axis=0", "channel_axis=-1"),
        ((2, 480, 640), "channel_axis=0", "channel_axis=-1"),
        ((30, 64, 64), "channel_axis=0 if the first one numbers the images of a stack, or", "(0"),
        ((200, 512, 400), "the axis that is named is kept, the other two are enlarged", "(0"),
        ((9, 64, 64, 3), "channel_axis=(0, -1)", "(0, 1)"),
        ((9, 8, 64, 64), "channel_axis=(0, 1)", "-1"),
    ],
)
def test_stacks_are_told_from_channels(shape, advised, not_advised):
    message = said(lutsr.upscale, np.zeros(shape, np.uint8), 2)
    assert advised in message
    assert not_advised not in message


@pytest.mark.parametrize("scale", [2.5, 5, 1, 1.5, np.float32(3.3), np.int64(7)])
def test_other_scales_point_to_resize(scale):
    assert said(lutsr.upscale, GREY, scale).endswith("call lutsr.resize(image, (height, width))")


@pytest.mark.parametrize("scale", [0, -2, True, "4", None, 4.0, float("nan")])
def test_what_is_no_scale_does_not(scale):
    assert "resize" not in said(lutsr.upscale, GREY, scale)


# What NumPy would drop silently


class Masked:
    """An array with a mask, as other libraries have it."""

    def __init__(self, data, mask):
        self.data, self.mask = data, mask

    def __array__(self, dtype=None, copy=None):
        return self.data


MASKED = np.ma.array(GREY, mask=GREY == 0)


class Lazy:
    """An array that is masked only once it is converted, as one of dask."""

    def __array__(self, dtype=None, copy=None):
        return MASKED


@pytest.mark.parametrize(
    "image", [MASKED, [MASKED, MASKED], (GREY, MASKED), Masked(GREY, GREY == 0), Lazy()]
)
@pytest.mark.parametrize("function", [lutsr.upscale, lambda im, s, **o: lutsr.resize(im, 9, **o)])
def test_masks_are_refused(image, function):
    axis = 0 if isinstance(image, (list, tuple)) else None
    assert "a mask cannot be upscaled; fill" in said(function, image, 2, channel_axis=axis)


@pytest.mark.parametrize("declared", [True, False])
@pytest.mark.parametrize("several", [True, False])
def test_masks_inside_arrays_of_dask_are_refused(declared, several):
    da = pytest.importorskip("dask.array")
    plain = da.from_array(GREY, chunks=20)
    array = da.ma.masked_equal(plain, 0)
    if not declared:  # only its chunks are masked
        array = plain.map_blocks(lambda part: np.ma.masked_equal(part, 0), meta=np.empty((0, 0)))
    if several and declared:
        array = [array, array]
    elif several:
        array = da.stack([array, array])
    message = said(lutsr.upscale, array, 2, channel_axis=0 if several else None)
    assert "dask.array.ma.filled(image, 0)" in message
    np.testing.assert_array_equal(lutsr.upscale(plain, 2), lutsr.upscale(GREY, 2))


def test_pillow_images_of_floats_are_told_what_can_be_followed():
    Image = pytest.importorskip("PIL.Image")
    image = Image.new("F", (5, 4), 200)
    assert "pass numpy.asarray(image) / 255" in said(lutsr.upscale, image, 2)
    assert lutsr.upscale(np.asarray(image) / 255, 2).shape == (8, 10)


def test_a_masked_output_is_refused():
    out = np.ma.zeros((80, 100), np.uint8)
    assert "pass numpy.ma.getdata(out)" in said(lutsr.upscale, GREY, 2, out=out)


def test_an_object_with_a_method_mask_is_an_image():
    class Frame(Masked):
        def __init__(self):
            self.data, self.mask = GREY, lambda condition: self

    assert lutsr.upscale(Frame(), 2).shape == (80, 100)
    assert lutsr.upscale(Masked(GREY, None), 2).shape == (80, 100)


@pytest.mark.parametrize(
    ("mode", "remedy"),
    [
        ("1", "convert('L')"),
        ("P", "convert('RGB'), or 'RGBA'"),
        ("PA", "convert('RGBA')"),
        ("LAB", "PIL.ImageCms"),
        ("HSV", "convert('RGB')"),
        ("La", "convert('LA')"),
        ("RGBa", "convert('RGBA')"),
    ],
)
def test_pillow_modes_that_hold_no_levels(mode, remedy):
    Image = pytest.importorskip("PIL.Image")
    image = Image.new(mode, (5, 4))
    for what, axis in [(image, -1), ([image, image], (0, -1))]:
        message = said(lutsr.upscale, what, 2, channel_axis=axis)
        assert message.startswith(f"image: got a Pillow image of mode {mode}, which holds ")
        assert remedy in message


def test_pillow_image_with_a_transparent_colour():
    Image = pytest.importorskip("PIL.Image")
    image = Image.new("RGB", (5, 4))
    assert lutsr.upscale(image, 2, channel_axis=-1).shape == (8, 10, 3)
    image.info["transparency"] = (0, 0, 0)
    assert "convert('RGBA'), or numpy.asarray" in said(lutsr.upscale, image, 2, channel_axis=-1)


@pytest.mark.parametrize("mode", ["L", "LA", "RGB", "RGBA", "CMYK", "YCbCr", "F", "I;16"])
def test_pillow_modes_that_hold_levels(mode):
    Image = pytest.importorskip("PIL.Image")
    axis = None if mode in ("L", "F", "I;16") else -1
    assert lutsr.upscale(Image.new(mode, (5, 4)), 2, channel_axis=axis).shape[:2] == (8, 10)
