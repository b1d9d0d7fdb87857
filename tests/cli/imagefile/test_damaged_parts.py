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


NUMBER = struct.pack(">II", 1, 0)
FRAME_CONTROL = struct.pack(">IIIIIHHBB", 0, 24, 16, 0, 0, 1, 30, 0, 0)
MORE_CONTROL = struct.pack(">IIIIIHHBB", 1, 24, 16, 0, 0, 1, 30, 0, 0)
BAD_SUM = chunk(b"acTL", NUMBER)[:-1] + b"?"
LEFT_OUT = "its chunk acTL is damaged and was left out: read as a still image"


@pytest.mark.parametrize(
    ("before", "notes"),
    [
        ([chunk(b"acTL", struct.pack(">II", 2, 0))],
         ["it states 2 frames and has none: read as a still image"]),
        ([chunk(b"acTL", b"\0")], [LEFT_OUT]),
        ([chunk(b"acTL", b"")], [LEFT_OUT]),
        ([chunk(b"acTL", bytes(9))], [LEFT_OUT]),
        ([BAD_SUM], [LEFT_OUT]),
        ([chunk(b"acTL", NUMBER[:7]), chunk(b"fcTL", FRAME_CONTROL)], [LEFT_OUT]),
        ([BAD_SUM, chunk(b"fcTL", FRAME_CONTROL)], [LEFT_OUT]),
        ([chunk(b"acTL", struct.pack(">II", 9, 0)), chunk(b"fcTL", FRAME_CONTROL)],
         ["it states 9 frames and has 1: read as a still image"]),
        ([chunk(b"acTL", NUMBER), chunk(b"fcTL", FRAME_CONTROL[:9])],
         ["its chunk fcTL is damaged and was left out"]),
        ([chunk(b"acTL", NUMBER), chunk(b"fcTL", FRAME_CONTROL)], []),
    ],
)  # fmt: skip
def test_still_image_beside_a_damaged_number_of_frames(before, notes):
    data = saved(FRAME, "PNG")
    picture = parse(data[:33] + b"".join(before) + data[33:])
    assert picture.notes == notes
    assert picture.animation is None
    (frame,) = picture.frames
    np.testing.assert_array_equal(frame, np.asarray(pillow(data)))
    assert not {b"acTL", b"fcTL"} & dict(chunks(made(frame, "PNG", picture))).keys()


@pytest.mark.parametrize("control", [chunk(b"acTL", b"\0"), chunk(b"acTL", bytes(9)), BAD_SUM])
@pytest.mark.parametrize("still_first", [False, True])
def test_animation_with_a_damaged_number_of_frames_is_refused(control, still_first):
    data = saved(FRAME, "PNG")
    first = b"" if still_first else chunk(b"fcTL", FRAME_CONTROL)
    (pixels,) = (content for name, content in chunks(data) if name == b"IDAT")
    number = 2 - still_first
    more = chunk(b"fcTL", FRAME_CONTROL if still_first else MORE_CONTROL)
    more += chunk(b"fdAT", struct.pack(">I", number) + pixels)
    whole = data[:33], first + data[33:-12] + more + data[-12:]
    intact = chunk(b"acTL", struct.pack(">II", number, 0))
    assert len(parse(whole[0] + intact + whole[1]).frames) == 2
    assert refusal(whole[0] + control + whole[1]) == (
        "is damaged (its chunk acTL, which states the number of frames, cannot be read); get an"
        " intact copy"
    )
    assert parse(whole[0] + whole[1]).notes == [
        "it has frames without the chunk acTL; they were left out"
    ]


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
