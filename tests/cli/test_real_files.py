"""Files as people have them: other libraries decode them, and the reference upscales."""

import cv2
import numpy as np
import pytest
import tifffile
from PIL import Image

import lutsr
import lutsr.reference
from lutsr import cli

from .helpers import pixels
from .imagefile.examples import jpeg, segment, stack, with_sub_directory
from .imagefile.helpers import noise, saved, tiff
from .imagefile.test_conventions import palette_with_alpha
from .imagefile.test_damaged_exif import DAMAGES, with_block


@pytest.fixture
def upscaled(tmp_path, noisy_table, capsys):
    """Return a function that upscales a file to a TIFF, and returns its path and the notes."""

    def run(data, code=0):
        (tmp_path / "in.tif").write_bytes(data)
        out = str(tmp_path / "out.tif")
        assert cli.main([str(tmp_path / "in.tif"), "-o", out, "-m", noisy_table]) == code
        return out, capsys.readouterr().err

    return run


@pytest.fixture
def reference(noisy_table):
    up = lutsr.load(noisy_table)
    return lambda image: lutsr.reference.upscale(
        image, up, channel_axis=-1 if image.ndim == 3 else None, rgb=image.ndim == 3
    )


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
@pytest.mark.parametrize("damage", ["GPS beyond the end", "no link, data in its place"])
def test_sideways_picture_with_damaged_exif(kind, damage, upscaled, reference, tmp_path):
    exif, lost = DAMAGES[damage]
    data = with_block(kind, exif, noise((7, 9, 3)))
    out, said = upscaled(data)
    stored = pixels(tmp_path / "in.tif")
    np.testing.assert_array_equal(pixels(out), reference(np.rot90(stored, -1)))
    assert ("the GPS directory" in said) == bool(lost)


def test_colour_map_of_8_bits(upscaled, reference):
    colours = np.random.default_rng(1).integers(0, 256, (3, 256), np.uint16)
    data = tiff(noise((7, 9)), photometric="palette", colormap=colours)
    out, said = upscaled(data)
    bgr = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
    np.testing.assert_array_equal(pixels(out), reference(bgr[..., ::-1]))
    assert said == ""


@pytest.mark.parametrize("kind", ["palette", "OpenCV"])
def test_alpha_that_common_readers_see(kind, upscaled, noisy_table):
    if kind == "palette":
        image = palette_with_alpha()
        data, rgba = saved(image, "TIFF"), np.asarray(image.convert("RGBA"))
    else:
        bgra = noise((7, 9, 4))
        data, rgba = cv2.imencode(".tif", bgra)[1].tobytes(), bgra[..., [2, 1, 0, 3]]
    out, said = upscaled(data)
    wanted = lutsr.load(noisy_table)(rgba, channel_axis=-1, rgb=True, alpha=True)
    np.testing.assert_array_equal(pixels(out), wanted)
    assert said == ""


def test_scale_of_imagej(upscaled, reference):
    out, said = upscaled(stack())
    with tifffile.TiffFile(out) as tif:
        assert tif.imagej_metadata["unit"] == "um"
        assert tif.pages[0].tags[282].value == (10, 1)
        np.testing.assert_array_equal(tif.asarray(), reference(noise((8, 6))))
    assert said == ""


def test_what_is_left_out_is_printed(upscaled):
    _, said = upscaled(jpeg(segment(0xE1, b"FLIR\0")) + b"\0\0\0\x18ftypmp42")
    assert "note: its segments APP1 (FLIR) were left out" in said
    assert "note: 12 bytes behind its end (a video) were left out" in said


def test_the_full_picture_is_read_in_place_of_its_thumbnail(upscaled, reference):
    out, said = upscaled(with_sub_directory(32))
    np.testing.assert_array_equal(pixels(out), reference(noise((32, 32))))
    assert "the thumbnail beside it" in said


def test_comments_of_a_jpeg_in_a_png(tmp_path, noisy_table):
    (tmp_path / "a.jpg").write_bytes(jpeg(segment(0xFE, b"one"), segment(0xFE, b"two")))
    out = str(tmp_path / "a.png")
    assert cli.main([str(tmp_path / "a.jpg"), "-o", out, "-m", noisy_table]) == 0
    with open(out, "rb") as file:
        assert file.read().count(b"iTXtComment\0") == 2
    with Image.open(out) as image:
        image.load()
        assert image.text["Comment"] in ("one", "two")
