"""Damaged parts beside the pixels: each goes alone, with a note; the picture and the rest stay.

The pixels are those that imagecodecs and tifffile decode; Pillow reads the rest of the results.
"""

import io
import struct

import imagecodecs
import numpy as np
import pytest
import tifffile

from .examples import segment
from .helpers import chunk, chunks, made, noise, parse, pillow, refusal, saved, smooth, tiff
from .test_damaged_exif import block

FRAME = smooth((16, 24, 3))
EXIF = segment(0xE1, b"Exif\0\0" + block())  # with orientation 6
JFIF = 20  # end of the segment with which Pillow begins a JPEG


@pytest.mark.parametrize(
    ("damaged", "name"),
    [
        ([segment(0xEE, b"Adobe\0")], "APP14 (Adobe)"),
        ([segment(0xE2, b"ICC_PROFILE\0")], "APP2 (ICC_PROFILE)"),
        ([segment(0xE0, b"JFIF\0")], "APP0 (JFIF)"),
        ([segment(0xED, b"Photoshop 3.0\x008BIM\4\4")], "APP13 (Photoshop)"),
        ([segment(0xEE, b"Adobe"), segment(0xE2, b"ICC_PROFILE\0\1")],
         "APP14 (Adobe), APP2 (ICC_PROFILE)"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("progressive", [False, True])
def test_segments_of_a_jpeg(damaged, name, progressive):
    data = saved(FRAME, "JPEG", progressive=progressive)
    start = 2 if b"JFIF" in damaged[0] else JFIF
    data = data[:start] + damaged[0] + EXIF + b"".join(damaged[1:]) + data[JFIF:]
    picture = parse(data)
    assert picture.notes == [f"its segments {name} are damaged and were left out"]
    decoded = imagecodecs.jpeg8_decode(data).astype(int)
    assert np.abs(picture.frames[0].astype(int) - np.rot90(decoded, -1)).max() <= 1
    assert pillow(made(picture.frames, "JPEG", picture)).getexif()[0x010F] == "Canon"


def test_damaged_segment_of_a_jpeg_that_pillow_does_not_decode():
    deep = noise((16, 24), "uint16") >> 4
    data = imagecodecs.jpeg8_encode(deep, bitspersample=12)
    picture = parse(data[:2] + EXIF + segment(0xEE, b"Adobe") + data[2:])
    assert "its segments APP14 (Adobe) are damaged and were left out" in picture.notes
    decoded = imagecodecs.jpeg8_decode(data)
    np.testing.assert_array_equal(picture.frames[0] >> 4, np.rot90(decoded, -1))


def test_a_jpeg_that_is_damaged_elsewhere_is_refused_all_the_same():
    data = saved(FRAME, "JPEG")
    size = data.index(b"\xff\xc0") + 5
    assert "is damaged" in refusal(
        data[:JFIF] + EXIF + data[JFIF:size] + bytes(4) + data[size + 4 :]
    )


@pytest.mark.parametrize(
    ("name", "content"),
    [
        (b"gAMA", b"\0\1"), (b"cHRM", b"x" * 31), (b"pHYs", b"\0\0\1"), (b"sRGB", b""),
        (b"cICP", bytes(5)), (b"mDCV", b"a"), (b"cLLI", bytes(9)),
    ],
)  # fmt: skip
def test_chunks_of_a_png(name, content):
    data = saved(FRAME, "PNG", exif=block())
    picture = parse(data[:33] + chunk(name, content) + data[33:])
    assert picture.notes == [f"its chunk {name.decode()} is damaged and was left out"]
    np.testing.assert_array_equal(picture.frames[0], np.rot90(imagecodecs.png_decode(data), -1))
    out = made(picture.frames, "PNG", picture)
    assert name not in dict(chunks(out))
    assert pillow(out).getexif()[0x010F] == "Canon"


def test_number_of_frames_of_a_png():
    data = saved(FRAME, "PNG")
    none = data[:33] + chunk(b"acTL", struct.pack(">II", 2, 0)) + data[33:]
    assert parse(none).notes == ["it states 2 frames and has none: read as a still image"]
    np.testing.assert_array_equal(parse(none).frames[0], FRAME)
    message = refusal(data[:33] + chunk(b"acTL", b"\0") + data[33:])
    assert message == "is damaged (its chunk acTL has a wrong length); get an intact copy"


RATIONAL = struct.pack("<HHI", 282, 5, 1)


@pytest.mark.parametrize(
    ("kind", "content", "kept"),
    [
        (3, struct.pack("<HH", 72, 0), 72),  # a number instead of a ratio
        (11, struct.pack("<f", 72.5), 72.5),
        (2, b"72\0\0", None),  # a text
        (5, None, None),  # 0 / 0
    ],
)
def test_resolution_of_a_tiff(kind, content, kept):
    pixels = noise((7, 9, 3))
    data = bytearray(
        tiff(pixels, photometric="rgb", resolution=(10, 72), extratags=[(274, 3, 1, 6, True)])
    )
    place = data.index(RATIONAL)
    if content is None:
        (at,) = struct.unpack_from("<I", data, place + 8)
        data[at : at + 8] = bytes(8)
    else:
        data[place + 2 : place + 4] = struct.pack("<H", kind)
        data[place + 8 : place + 12] = content
    picture = parse(bytes(data))
    np.testing.assert_array_equal(picture.frames[0], np.rot90(pixels, -1))
    found = picture.pages[0].resolution
    assert (found and (found.x, found.y)) == (kept and (72, kept))  # turned


def test_tiff_that_states_no_size():
    data = bytearray(tiff(noise((7, 9))))
    with tifffile.TiffFile(io.BytesIO(data)) as tif:
        place = tif.pages[0].tags[256].offset
    data[place : place + 2] = struct.pack("<H", 255)
    assert "is damaged (its header states 0 x 7 pixels)" in refusal(bytes(data))
