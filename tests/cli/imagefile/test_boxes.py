"""Boxes of AVIF, HEIC and JPEG XL files: EXIF data as they are, and what is named."""

import struct

import numpy as np
import pytest
from PIL import Image

from lutsr.cli.imagefile import _boxes

from .examples import jxl
from .helpers import ORIENTATION, made, noise, parse, pillow, refusal, saved
from .test_damaged_exif import DAMAGES, KEPT, block, kept

PIXELS = noise((7, 9, 3))
VIDEO = b"\0\0\0\x18ftypmp42" + bytes(12) + b"frames"


def box(name, content):
    return struct.pack(">I4s", len(content) + 8, name) + content


def avif(exif, orientation=1, pixels=PIXELS):
    """Return an AVIF whose boxes state an orientation, with any bytes as EXIF data."""
    tags = Image.Exif()
    tags[0x010E] = "x" * (len(exif) - 27)
    plain = tags.tobytes().removeprefix(b"Exif\0\0")
    assert len(plain) == len(exif)
    tags[ORIENTATION] = orientation
    data = saved(pixels, "AVIF", exif=tags.tobytes())
    # Pillow writes big-endian tags, without the orientation.
    place = data.index(b"x" * 9)
    start = data.rindex(b"MM\0*", 0, place)
    return data[:start] + exif + data[start + len(exif) :]


@pytest.mark.parametrize("damage", DAMAGES)
def test_only_the_damaged_part_of_exif_goes(damage):
    exif, lost = DAMAGES[damage]
    data = avif(exif, 6)
    assert _boxes.exif_of(data) == exif
    picture = parse(data)
    decoded = np.asarray(pillow(saved(PIXELS, "AVIF")))
    np.testing.assert_array_equal(picture.frames[0], np.rot90(decoded, -1))
    assert [note for note in picture.notes if "link to its" not in note] == (
        [f"damaged parts of its EXIF data were left out: {lost}"] if lost else []
    )
    for kind in ("AVIF", "PNG"):
        tags = kept(made(picture.frames, kind, picture))
        tags.setdefault(ORIENTATION, 1)
        assert {code: tags.get(code) for code in KEPT} == KEPT
    again = parse(jxl(PIXELS, exif=exif))
    np.testing.assert_array_equal(again.frames[0], PIXELS)  # its codestream states no turn
    assert again.notes == picture.notes


@pytest.mark.parametrize("exif", [b"nonsense" * 9, block()[:8] + b"\xff" * 60, b"x" * 60])
def test_exif_that_cannot_be_read_does_not_prevent_the_picture(exif):
    for data in (avif(exif), jxl(PIXELS, exif=exif)):
        picture = parse(data)
        assert picture.frames[0].shape == PIXELS.shape
        assert len(picture.notes) == 1
        assert picture.notes[0].endswith("left out") or "damaged parts" in picture.notes[0]


@pytest.mark.parametrize("orientation", range(1, 9))
def test_orientation_is_that_of_the_boxes(orientation):
    data = avif(block(), orientation, noise((8, 12, 3)))
    decoded = pillow(data)
    frame = parse(data).frames[0]
    turned = decoded.transpose(TURNS[orientation]) if orientation > 1 else decoded
    np.testing.assert_array_equal(frame, np.asarray(turned))


TURNS = dict(zip(range(2, 9), [Image.Transpose.FLIP_LEFT_RIGHT, Image.Transpose.ROTATE_180,
    Image.Transpose.FLIP_TOP_BOTTOM, Image.Transpose.TRANSPOSE, Image.Transpose.ROTATE_270,
    Image.Transpose.TRANSVERSE, Image.Transpose.ROTATE_90], strict=True))  # fmt: skip


@pytest.mark.parametrize("before", ["PNG", "WEBP", "AVIF", "JXL"])
@pytest.mark.parametrize("after", ["AVIF", "JXL"])
def test_text_and_maker_note_stay_byte_for_byte(before, after):
    tags = Image.Exif()
    tags[ORIENTATION], tags[0x013B] = 6, "J\u00f6rg".encode()
    tags[0x8769] = {0x927C: b"a maker's note"}
    block = tags.tobytes().removeprefix(b"Exif\0\0")
    data = {
        "AVIF": lambda: avif(block, 6),
        "JXL": lambda: jxl(PIXELS, exif=block),
    }.get(before, lambda: saved(PIXELS, before, exif=block))()
    picture = parse(data)
    written = made(picture.frames, after, picture)
    for text in (b"J\xc3\xb6rg", b"a maker's note"):
        assert text in written
    assert picture.notes == []
    if after == "AVIF":
        assert kept(written).get(ORIENTATION, 1) == 1


def test_extents_that_share_bytes_do_not_fill_the_memory():
    many, number = 60_000, b"\0\1"
    extent = struct.pack(">II", 0, 90_000)  # offsets and lengths of 32 bits
    entry = number + bytes(2) + struct.pack(">H", many) + extent * many
    iloc = box(b"iloc", bytes(4) + b"\x44\0" + b"\0\1" + entry)
    infe = box(b"infe", b"\2\0\0\0" + number + b"\0\0Exif\0")
    iinf = box(b"iinf", bytes(4) + b"\0\1" + infe)
    data = box(b"meta", bytes(4) + iinf + iloc)
    assert _boxes.exif_of(data) == b"?"


@pytest.mark.parametrize(
    ("more", "notes"),
    [
        (box(b"mpvd", VIDEO), ["its boxes mpvd were left out"]),
        (box(b"uuid", bytes(16) + b"c2pa") * 2, ["its boxes uuid were left out"]),
        (box(b"free", b"abc"), []),
        (bytes(100), []),
        (b"SEFT" * 30, ["120 bytes behind its end were left out"]),
        (box(b"mpvd", VIDEO)[:-3], ["35 bytes behind its end were left out"]),
    ],
)
def test_what_follows_the_pictures_of_an_avif(more, notes):
    assert parse(saved(PIXELS, "AVIF") + more).notes == notes


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("urn:com:apple:photo:2020:aux:hdrgainmap", "gain map"),
        ("urn:mpeg:mpegB:cicp:systems:auxiliary:depth", "depth"),
        ("urn:mpeg:hevc:2015:auxid:2", "depth"),
        ("urn:com:apple:photo:2019:aux:semanticskinmatte", "semanticskinmatte"),
    ],
)
def test_further_pictures_of_an_avif_are_named(name, kind):
    data = saved(noise((7, 9, 4)), "AVIF")
    assert parse(data).notes == []  # its alpha is one of them
    more = box(b"skip", box(b"auxC", bytes(4) + name.encode() + b"\0"))
    assert parse(data + more).notes == [f"its further pictures ({kind}) were left out"]


def test_what_follows_a_jpeg_xl():
    data = jxl(PIXELS)
    assert parse(data + b"SEFT" * 30).notes == ["120 bytes behind its end were left out"]
    assert parse(data + bytes(100)).notes == []
    assert parse(data + box(b"jumb", b"c2pa")).notes == ["its boxes jumb were left out"]
    assert refusal(data + box(b"xml ", b"<a/>")[:-1]).startswith("is damaged (it ends too early)")
