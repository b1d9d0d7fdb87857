"""JPEG and WebP of other programs."""

import numpy as np
import pytest
from PIL import Image

from lutsr.cli.imagefile import ImageFileError, Picture, write

from .helpers import made, noise, parse, pillow, saved, smooth


def test_jpeg_followed_by_a_preview_says_that_only_the_first_is_read():
    first, second = (Image.fromarray(smooth((n, n, 3))) for n in (24, 12))
    data = saved(first, "MPO", save_all=True, append_images=[second])
    assert pillow(data).n_frames == 2
    picture = parse(data)
    assert len(picture.frames) == 1
    assert picture.frames[0].shape == (24, 24, 3)
    assert picture.notes == ["holds several pictures; only the first, the main one, was upscaled"]


@pytest.mark.parametrize("progressive", [False, True])
@pytest.mark.parametrize("shape", [(33, 21), (33, 21, 3)])
def test_jpeg_pixels_are_those_of_pillow(shape, progressive):
    data = saved(smooth(shape), "JPEG", progressive=progressive)
    np.testing.assert_array_equal(parse(data).frames[0], np.asarray(pillow(data)))


@pytest.mark.parametrize("lossless", [False, True])
@pytest.mark.parametrize("channels", [3, 4])
def test_webp_pixels_are_those_of_pillow(channels, lossless):
    data = saved(noise((33, 21, channels)), "WEBP", lossless=lossless)
    picture = parse(data)
    np.testing.assert_array_equal(picture.frames[0], np.asarray(pillow(data)))
    assert picture.alpha == (channels == 4)


def test_comment_of_a_jpeg():
    picture = parse(saved(smooth((9, 9)), "JPEG", comment="grün".encode()))
    assert pillow(made(picture.frames, "JPEG", picture)).info["comment"] == "grün".encode()
    image = pillow(made(picture.frames, "PNG", picture))
    image.load()
    assert image.text == {"Comment": "grün"}
    assert picture.notes == []
    made(picture.frames, "TIFF", picture)
    assert picture.notes == ["a TIFF cannot hold its comment"]


def test_comment_that_is_not_unicode():
    picture = parse(saved(smooth((9, 9)), "JPEG", comment=b"gr\xfcn"))
    assert pillow(made(picture.frames, "JPEG", picture)).info["comment"] == b"gr\xfcn"
    image = pillow(made(picture.frames, "PNG", picture))
    image.load()
    assert image.text == {"Comment": "grün"}


def test_warnings_of_pillow_become_notes(monkeypatch):
    import warnings

    from lutsr.cli.imagefile import _pillow

    def warn(*_args):
        warnings.warn("something odd", stacklevel=1)
        return real(*_args)

    real = _pillow.read_metadata
    monkeypatch.setattr(_pillow, "read_metadata", warn)
    assert parse(saved(smooth((9, 9)), "JPEG")).notes == ["something odd"]


def test_too_long_metadata_for_a_jpeg_are_left_out_and_said(tmp_path):
    exif = Image.Exif()
    exif[270] = "x" * 70_000
    frame = smooth((9, 9))
    picture = parse(saved(frame, "PNG", exif=exif))
    write(str(tmp_path / "a.jpg"), [frame], picture, format="JPEG")
    assert picture.notes == ["a JPEG cannot hold EXIF data as long as these; they were left out"]
    assert parse((tmp_path / "a.jpg").read_bytes()).pages[0].exif is None


def test_too_large_a_webp_fails_before_it_is_encoded():
    frame = np.zeros((1, 16384, 3), np.uint8)
    with pytest.raises(ImageFileError, match="a WebP holds at most 16383 pixels a side"):
        made(frame, "WEBP", Picture([frame]))
