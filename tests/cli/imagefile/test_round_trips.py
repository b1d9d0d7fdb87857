"""Written files are read back bit for bit, by lutsr and by other libraries."""

import contextlib
import io
import os
import threading

import imagecodecs
import numpy as np
import pytest
import tifffile

from lutsr.cli.imagefile import EXTENSIONS, ImageFileError, Picture, check_target, read, size

from .helpers import TOPS, made, noise, parse, pillow, smooth

HELD = {
    "PNG": ["uint8", "uint16"],
    "WEBP": ["uint8"],
    "TIFF": ["uint8", "uint16", "float32"],
    "JXL": ["uint8", "uint16"],
}
CHANNELS = [(), (2,), (3,), (4,)]
LOSSLESS = [(kind, dtype, c) for kind, dtypes in HELD.items() for dtype in dtypes for c in CHANNELS]


def expected(kind, frame):
    """Return the frame as the format can hold it: WebP has no grey."""
    if kind != "WEBP" or (frame.ndim == 3 and frame.shape[2] > 2):
        return frame
    grey = frame.reshape(*frame.shape[:2], -1)
    return np.concatenate([grey[..., :1]] * 3 + [grey[..., 1:]], axis=-1)


def test_the_cases_are_all_that_is_accepted():
    accepted = []
    for kind in dict.fromkeys(EXTENSIONS.values()):
        for dtype in TOPS:
            for channels in CHANNELS:
                with contextlib.suppress(ImageFileError):
                    check_target(kind, [((5, 7, *channels), dtype)], Picture([]))
                    accepted.append((kind, dtype, channels))
    jpeg = [("JPEG", "uint8", ()), ("JPEG", "uint8", (3,))]
    avif = [("AVIF", "uint8", channels) for channels in CHANNELS]
    assert sorted(accepted) == sorted(LOSSLESS + jpeg + avif)


@pytest.mark.parametrize("shape", [(5, 7), (1, 1), (3, 3), (1, 9), (40, 2)])
@pytest.mark.parametrize(("kind", "dtype", "channels"), LOSSLESS)
def test_lossless_formats_give_back_what_was_written(kind, dtype, channels, shape):
    frame = noise((*shape, *channels), dtype)
    picture = parse(made(frame, kind))
    assert len(picture.frames) == 1
    np.testing.assert_array_equal(picture.frames[0], expected(kind, frame))
    assert picture.frames[0].dtype == dtype
    assert picture.alpha == (channels in ((2,), (4,)))
    assert picture.notes == []


@pytest.mark.parametrize(("kind", "dtype", "channels"), LOSSLESS)
def test_other_libraries_read_the_same(kind, dtype, channels):
    frame = noise((9, 6, *channels), dtype)
    data = made(frame, kind)
    if kind == "TIFF":
        again = tifffile.imread(io.BytesIO(data))
    elif kind == "WEBP":
        again = imagecodecs.webp_decode(data)
    elif kind == "JXL":
        again = imagecodecs.jpegxl_decode(data)
    else:
        again = imagecodecs.png_decode(data)
    np.testing.assert_array_equal(again, expected(kind, frame))
    if dtype == "uint8" and kind != "JXL":
        np.testing.assert_array_equal(np.asarray(pillow(data)), expected(kind, frame))


@pytest.mark.parametrize("shape", [(40, 30), (40, 30, 3)])
def test_jpeg_is_close_and_not_subsampled(shape):
    pixels = smooth(shape)
    data = made(pixels, "JPEG")
    assert all(layer[1:3] == (1, 1) for layer in pillow(data).layer)
    again = parse(data).frames[0]
    assert again.shape == pixels.shape
    assert np.abs(again.astype(int) - pixels).max() <= 6


@pytest.mark.parametrize(("kind", "channels"), [("PNG", (4,)), ("WEBP", (4,)), ("TIFF", (4,))])
def test_colour_under_full_transparency_is_kept(kind, channels):
    frame = noise((8, 8, *channels))
    frame[..., -1] = 0
    np.testing.assert_array_equal(parse(made(frame, kind)).frames[0], frame)


def test_webp_says_that_it_has_no_grey():
    frame = noise((4, 4))
    picture = Picture([frame])
    made(frame, "WEBP", picture)
    assert picture.notes == ["a WebP cannot hold grey: written as RGB"]


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "TIFF", "AVIF", "JXL"])
def test_size_is_read_from_the_header(tmp_path, kind):
    path = tmp_path / "a"
    path.write_bytes(made(noise((40, 30, 3)), kind))
    assert size(str(path)) == (30, 40, 1)


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "TIFF", "AVIF", "JXL"])
@pytest.mark.parametrize("name", ["a.png", "b.txt", "ünï cødé 图片 .tiff", "no extension"])
def test_content_decides_and_any_name_does(tmp_path, kind, name):
    path = tmp_path / name
    frame = smooth((20, 20, 3))
    path.write_bytes(made(frame, kind))
    assert read(str(path)).frames[0].shape == frame.shape


class Pipe(io.RawIOBase):
    """A stream that can only be read forwards, as stdin is."""

    def __init__(self, data):
        self.rest = io.BytesIO(data)

    def readable(self):
        return True

    def readinto(self, buffer):
        return self.rest.readinto(buffer)


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "TIFF", "AVIF", "JXL"])
def test_streams_that_cannot_seek(kind):
    frame = smooth((20, 20, 3))
    picture = read(Pipe(made(frame, kind)))
    assert np.abs(picture.frames[0].astype(int) - frame).max() <= 6


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="named pipes of POSIX")
@pytest.mark.parametrize("kind", ["PNG", "TIFF"])
def test_named_pipe(tmp_path, kind):
    pipe, frame = tmp_path / "pipe", noise((20, 20, 3))
    os.mkfifo(pipe)
    writer = threading.Thread(target=pipe.write_bytes, args=(made(frame, kind),))
    writer.start()
    np.testing.assert_array_equal(read(str(pipe)).frames[0], frame)
    writer.join()
