"""The end of JPEG XL codestreams: bytes behind it are noted, and large ones are decoded once."""

from functools import cache

import imagecodecs
import numpy as np
import pytest

from lutsr.cli.imagefile import _jxl_end

from .helpers import noise, parse

CODINGS = {
    "lossless": {"lossless": True},
    "level 90": {"level": 90},
    "effort 7": {"level": 60, "effort": 7},
}


@cache
def codestream(shape, coding, dtype="uint8"):
    """Return the codestream of a noisy image, without a container."""
    data = bytes(imagecodecs.jpegxl_encode(noise(shape, dtype) // 2, **CODINGS[coding]))
    if data.startswith(b"\xff\x0a"):
        return data
    start = data.index(b"jxlc") + 4  # its container has one more box: that of the level
    return data[start : start - 8 + int.from_bytes(data[start - 8 : start - 4])]


def is_whole(data):
    """Return whether a decoder can read a file."""
    try:
        imagecodecs.jpegxl_decode(data)
    except imagecodecs.JpegxlError:
        return False
    return True


@pytest.mark.parametrize("coding", CODINGS)
@pytest.mark.parametrize("dtype", ["uint8", "uint16"])
@pytest.mark.parametrize("shape", [(520, 1100), (900, 600, 3), (530, 530, 4), (40, 2100, 3)])
def test_a_picture_of_several_sections_is_decoded_once(shape, dtype, coding, monkeypatch):
    data = codestream(shape, coding, dtype)
    expected = imagecodecs.jpegxl_decode(data)
    assert not is_whole(data[:-1])
    decode, calls = imagecodecs.jpegxl_decode, []
    monkeypatch.setattr(
        imagecodecs, "jpegxl_decode", lambda *args: calls.append(args) or decode(*args)
    )
    picture = parse(data)
    assert len(calls) == 1
    np.testing.assert_array_equal(picture.frames[0], expected)
    assert not any("behind its end" in note for note in picture.notes)


@pytest.mark.parametrize("coding", CODINGS)
@pytest.mark.parametrize("shape", [(20, 30, 3), (300, 280), (600, 520, 3)])
@pytest.mark.parametrize("rest", [b"x", b"\xff\x0a" * 50, bytes(range(1, 256)) * 9])
def test_bytes_behind_the_end_are_counted(shape, coding, rest):
    data = codestream(shape, coding)
    assert parse(data + rest).notes == [f"{len(rest):,} bytes behind its end were left out"]


@pytest.mark.parametrize("coding", CODINGS)
@pytest.mark.parametrize("shape", [(20, 30, 3), (300, 280), (600, 520, 3)])
def test_nothing_is_behind_the_end(shape, coding):
    assert parse(codestream(shape, coding)).notes == []


@pytest.mark.parametrize("share", [0.2, 0.9, 1])
def test_an_end_that_is_cut_is_not_found(share):
    data = codestream((600, 520, 3), "lossless")
    assert _jxl_end._is_filled(data, 520, 600)
    assert not _jxl_end._is_filled(data[: int(len(data) * share) - 1], 520, 600)
