"""Quality: defaults of each format, what is asked for, and what a format cannot have."""

import io

import numpy as np
import pytest
from PIL import Image

from lutsr.cli.imagefile import Animation, ImageFileError, Picture, check_quality, read, write

from .helpers import made, noise, parse, pillow, saved, smooth

PICTURE = smooth((48, 40, 3))


def error_of(data, pixels=PICTURE):
    frame = parse(data).frames[0].astype(int)
    return np.abs(frame - pixels).mean()


@pytest.mark.parametrize("kind", ["JPEG", "WEBP", "AVIF", "JXL"])
def test_less_quality_is_smaller_and_worse(kind):
    pixels = noise((64, 64, 3))
    small, large = (made(pixels, kind, quality=quality) for quality in (30, 95))
    assert len(small) < 0.7 * len(large)
    assert error_of(small, pixels) > error_of(large, pixels)


def test_defaults():
    tables = pillow(made(PICTURE, "JPEG")).quantization
    assert tables == pillow(saved(PICTURE, "JPEG", quality=95)).quantization
    assert made(PICTURE, "AVIF") == made(PICTURE, "AVIF", quality=90)
    assert made(PICTURE, "AVIF") != made(PICTURE, "AVIF", quality=80)
    for kind in ("PNG", "WEBP", "TIFF", "JXL"):
        np.testing.assert_array_equal(
            parse(made(noise((20, 20, 3)), kind)).frames[0], noise((20, 20, 3))
        )


@pytest.mark.parametrize("quality", [40, 95])
def test_jpeg_quality_is_that_of_pillow(quality):
    ours, pillows = made(PICTURE, "JPEG", quality=quality), saved(PICTURE, "JPEG", quality=quality)
    assert pillow(ours).quantization == pillow(pillows).quantization


def is_lossless(data):
    return b"VP8L" in data[:64] and b"VP8 " not in data


FRAMES = [noise((20, 20, 3), seed=seed) for seed in range(2)]


@pytest.mark.parametrize(
    ("options", "lossy"),
    [({"lossless": True}, False), ({"quality": 80}, True), ({"quality": 100}, True),
     ({"quality": 80, "save_all": True, "append_images": [Image.fromarray(FRAMES[1])]}, True)],
)  # fmt: skip
@pytest.mark.parametrize("alpha", [False, True])
def test_a_webp_stays_lossy_or_lossless(options, lossy, alpha):
    pixels = noise((20, 20, 4)) if alpha else FRAMES[0]
    picture = parse(saved(pixels, "WEBP", **options))
    assert picture.lossy == lossy
    written = made(picture.frames, "WEBP", picture)
    assert parse(written).lossy == lossy
    if lossy:
        assert written == made(picture.frames, "WEBP", picture, quality=90)
        assert not parse(made(picture.frames, "WEBP", picture, quality="lossless")).lossy
    else:
        assert parse(made(picture.frames, "WEBP", picture, quality=90)).lossy


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "TIFF", "AVIF"])
def test_other_inputs_become_a_lossless_webp(kind):
    picture = parse(saved(PICTURE, kind))
    assert is_lossless(made(picture.frames, "WEBP", picture))


def test_lossy_animation_of_a_webp():
    source = Picture(FRAMES, animation=Animation([10.0, 20.0], 0), lossy=True)
    picture = parse(made(FRAMES, "WEBP", source))
    assert (len(picture.frames), picture.lossy) == (2, True)


@pytest.mark.parametrize(
    ("kind", "quality", "dtype", "said"),
    [
        ("JPEG", "lossless", "uint8", "a JPEG is never lossless here; write a .png, .webp"),
        ("AVIF", "lossless", "uint8", "an AVIF is never lossless here; write a .png, .webp"),
        ("JXL", 90, "uint16", "a JPEG XL of 16 bits is always lossless here; leave out"),
    ],
)
def test_what_a_format_cannot_have(kind, quality, dtype, said):
    with pytest.raises(ImageFileError, match=said):
        check_quality(kind, quality, dtype)


@pytest.mark.parametrize("kind", ["PNG", "TIFF"])
@pytest.mark.parametrize("quality", [1, "lossless"])
def test_formats_without_a_quality_ignore_it(kind, quality):
    check_quality(kind, quality)
    assert made(PICTURE, kind, quality=quality) == made(PICTURE, kind)


def test_jxl_of_16_bits_states_srgb():
    pixels = noise((30, 20, 3), "uint16")
    file = io.BytesIO()
    write(file, [pixels], Picture([pixels]), format="JXL")
    picture = read(io.BytesIO(file.getvalue()))
    np.testing.assert_array_equal(picture.frames[0], pixels)
    assert picture.notes == []
