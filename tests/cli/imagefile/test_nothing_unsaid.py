"""What a file contains and lutsr does not understand is named, not dropped in silence."""

import re
import struct

import imagecodecs
import numpy as np
import pytest
from PIL import Image

from .examples import jxl
from .helpers import chunk, made, parse, pillow, png, saved, smooth

FRAME = smooth((24, 16, 3))
VIDEO = b"\0\0\0\x18ftypmp42" + bytes(12) + b"frames"
REST = re.compile(r"^([\d,]+) bytes behind its end( \(a video\))? were left out$")


def segment(marker, data):
    return b"\xff" + bytes([marker]) + struct.pack(">H", len(data) + 2) + data


def jpeg(*segments, rest=b"", **options):
    """Return a JPEG with further segments before its pixels."""
    data = saved(FRAME, "JPEG", **options)
    return data[:20] + b"".join(segments) + data[20:] + rest


@pytest.mark.parametrize(
    ("segments", "names"),
    [
        ([segment(0xE1, b"FLIR\0\1\0\1" + bytes(90))] * 2, "APP1 (FLIR)"),
        ([segment(0xEB, b"JP\0\1" + bytes(40) + b"c2pa")], "APP11 (JUMBF, as of C2PA)"),
        ([segment(0xE6, b"GoPro\0abc")], "APP6 (GoPro)"),
        ([segment(0xEC, b"Ducky\0"), segment(0xE4, b"\1\2\3")], "APP12 (Ducky), APP4"),
        ([segment(0xE1, b"http://ns.adobe.com/xmp/extension/\0" + b"A" * 40)], "APP1 (more XMP)"),
        ([segment(0xED, b"Adobe_CM\0x")], "APP13 (Adobe_CM)"),
        ([segment(0xE2, b"urn:iso:std:iso:ts:21496:-1\0")], "APP2 (urn:iso:std:iso:ts:21496:-1)"),
        ([segment(0xE0, b"JFXX\0\x13" + bytes(9))], "APP0 (JFXX)"),
        ([segment(0xE8, b"camera data")], "APP8 (camera)"),
    ],
)
def test_segments_of_a_jpeg_are_named(segments, names):
    picture = parse(jpeg(*segments))
    assert picture.notes == [f"its segments {names} were left out"]
    np.testing.assert_array_equal(picture.frames[0], np.asarray(pillow(jpeg())))


def test_thumbnail_of_jfif_is_named():
    data = jpeg()
    header = segment(0xE0, b"JFIF\0\1\2\0\0\1\0\1\1\1" + b"\xff\0\0")
    picture = parse(data[:2] + header + data[20:])
    assert picture.notes == ["its segments thumbnail of APP0 JFIF were left out"]


def test_segments_that_are_read_are_not_named():
    exif = Image.Exif()
    exif[0x010F] = "Maker"
    assert parse(jpeg(exif=exif.tobytes(), comment=b"abc", xmp=b"<a/>", dpi=(300, 300))).notes == []
    assert parse(saved(Image.new("CMYK", (8, 8)), "JPEG")).notes == [
        "CMYK colours were converted to sRGB without a profile and may look different"
    ]


def test_segment_between_the_scans_of_a_progressive_jpeg():
    data = jpeg(progressive=True)
    place = data.rindex(b"\xff\xda")
    picture = parse(data[:place] + segment(0xE9, b"late\0") + data[place:])
    assert picture.notes == ["its segments APP9 (late) were left out"]


@pytest.mark.parametrize("count", [1, 2, 3])
def test_all_comments_are_kept(count):
    texts = [f"comment {k}".encode() + b"\xff" * (k == 2) for k in range(count)]
    picture = parse(jpeg(*(segment(0xFE, text) for text in texts)))
    image = pillow(made(picture.frames, "JPEG", picture))
    assert [data for name, data in image.applist if name == "COM"] == texts
    image = pillow(data := made(picture.frames, "PNG", picture))
    image.load()
    assert data.count(b"iTXtComment") == count
    assert picture.notes == []
    made(picture.frames, "WEBP", picture)
    assert picture.notes == [f"a WebP cannot hold its comment{'s' * (count > 1)}"]


def test_of_two_blocks_of_xmp_one_is_kept_and_said():
    packets = [
        segment(0xE1, b"http://ns.adobe.com/xap/1.0/\0<%s/>" % name) for name in (b"a", b"b")
    ]
    picture = parse(jpeg(*packets))
    assert picture.pages[0].xmp == b"<b/>"
    assert picture.notes == ["of several blocks of XMP data only the last one was kept"]


def test_of_two_blocks_of_exif_the_first_is_obeyed_and_it_is_said():
    blocks = []
    for orientation, maker in ((6, "one"), (3, "two")):
        exif = Image.Exif()
        exif[0x0112], exif[0x010F] = orientation, maker
        blocks.append(segment(0xE1, exif.tobytes()))
    picture = parse(jpeg(*blocks))
    assert picture.frames[0].shape == (16, 24, 3)
    assert picture.notes == ["of several blocks of EXIF data only the first one was kept"]
    assert b"two" not in made(picture.frames, "JPEG", picture)


def test_exif_in_several_segments_is_one_block():
    exif = Image.Exif()
    exif[0x010F], exif[0x0112] = "x" * 900, 6
    data = exif.tobytes()
    parts = [data[:500], b"Exif\0\0" + data[500:]]
    picture = parse(jpeg(*(segment(0xE1, part) for part in parts)))
    assert picture.frames[0].shape == (16, 24, 3)
    assert picture.notes == []
    assert pillow(made(picture.frames, "JPEG", picture)).getexif()[0x010F] == "x" * 900


def files():
    yield "JPEG", jpeg()
    yield "JPEG progressive", jpeg(progressive=True)
    yield "JPEG restarts", jpeg(restart_marker_blocks=1)
    yield "PNG", saved(FRAME, "PNG")
    yield "WEBP", saved(FRAME, "WEBP")
    yield "WEBP odd", saved(FRAME, "WEBP", lossless=True, xmp=b"<abc/>")
    frames = [Image.fromarray(FRAME), Image.fromarray(255 - FRAME)]
    yield "WEBP frames", saved(frames[0], "WEBP", save_all=True, append_images=frames[1:])
    yield "PNG frames", saved(frames[0], "PNG", save_all=True, append_images=frames[1:])


FILES = dict(files())


@pytest.mark.parametrize("name", FILES)
def test_bytes_behind_the_end_are_said(name):
    data = FILES[name]
    whole = parse(data)
    assert whole.notes == []
    for rest in (VIDEO, b"SEFT" * 300, b"\0\0" + b"x" * 9 + b"\0"):
        picture = parse(data + rest)
        (note,) = picture.notes
        count, video = REST.match(note).groups()
        assert int(count.replace(",", "")) == len(rest)
        assert bool(video) == (rest is VIDEO)
        np.testing.assert_array_equal(picture.frames[0], whole.frames[0])
    assert parse(data + bytes(1000)).notes == []  # padding


def test_pictures_that_follow_and_what_follows_them():
    several = "holds several pictures; only the first, the main one, was upscaled"
    gain_map = saved(smooth((12, 8)), "JPEG")
    assert parse(jpeg(rest=gain_map)).notes == [several]
    assert parse(jpeg(rest=bytes(40) + gain_map + bytes(3) + gain_map)).notes == [several]
    notes = parse(jpeg(rest=gain_map + VIDEO)).notes
    assert notes == [several, f"{len(VIDEO)} bytes behind its end (a video) were left out"]


@pytest.mark.parametrize("make", [lambda: saved(FRAME, "AVIF"), lambda: jxl(FRAME)])
def test_video_behind_a_file_of_boxes(make):
    parts = ((b"ftyp", b"mp42" + bytes(4) + b"mp42"), (b"mdat", bytes(99)), (b"moov", bytes(9)))
    video = b"".join(struct.pack(">I4s", len(part) + 8, name) + part for name, part in parts)
    picture = parse(make() + video)
    assert picture.notes == [f"{len(video)} bytes behind its end (a video) were left out"]
    np.testing.assert_array_equal(picture.frames[0], parse(make()).frames[0])


@pytest.mark.parametrize("rest", [b"x", VIDEO, b"SEFT" * 300])
def test_bytes_behind_a_jpeg_xl_without_boxes(rest):
    data = imagecodecs.jpegxl_encode(FRAME, lossless=True)
    assert parse(data).notes == []
    picture = parse(data + rest)
    assert picture.notes[0].startswith(f"{len(rest):,} bytes behind its end")
    np.testing.assert_array_equal(picture.frames[0], FRAME)


@pytest.mark.parametrize("kind", ["WEBP", "WEBP frames"])
def test_chunks_of_a_webp_are_named(kind):
    data = FILES[kind]
    more = b"C2PA" + struct.pack("<I", 3) + b"abc\0" + b"none" + struct.pack("<I", 0)
    size = struct.pack("<I", len(data) + len(more) - 8)
    picture = parse(data[:4] + size + data[8:] + more)
    assert picture.notes == ["its chunks C2PA, none were left out"]


def test_second_block_of_xmp_of_a_png_is_said():
    both = [chunk(b"iTXt", b"XML:com.adobe.xmp" + bytes(5) + b"<%c/>" % name) for name in b"ab"]
    picture = parse(png(8, 0, bytes(4), *both))
    assert picture.notes == ["of several blocks of XMP data only the first one was kept"]
    assert picture.pages[0].xmp == b"<a/>"


def test_second_chunk_of_a_kind_is_said():
    chunks = [chunk(b"eXIf", b"II*\0\x08\0\0\0" + bytes(6)), chunk(b"eXIf", b"x")]
    assert "of several chunks eXIf the first was kept" in parse(png(8, 0, bytes(4), *chunks)).notes
