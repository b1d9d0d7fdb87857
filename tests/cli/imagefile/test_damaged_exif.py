"""EXIF data that are damaged in part: the picture is turned, and only the damaged part goes."""

import io
import struct
import warnings

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import ExifTags

from .helpers import EXIF_IFD, ORIENTATION, chunk, made, noise, parse, pillow, saved, tiff

GPS_IFD = 0x8825
BLOCKS = ["JPEG", "PNG", "WEBP"]  # formats that hold EXIF data as a block
KEPT = {0x010F: "Canon", ORIENTATION: 1, 0x013B: "me"}


def entry(code, kind, items, value, order="<"):
    field = value if isinstance(value, bytes) else struct.pack(order + "I", value)
    return struct.pack(order + "HHI", code, kind, items) + field.ljust(4, b"\0")


def directory(*entries, following=None, order="<"):
    link = b"" if following is None else struct.pack(order + "I", following)
    return struct.pack(order + "H", len(entries)) + b"".join(entries) + link


def block(*more, order="<", following=0, tail=b""):
    """Return a block with maker, orientation 6 and artist, and further tags."""
    short = struct.pack(order + "H", 6)
    own = [entry(ORIENTATION, 3, 1, short, order), entry(0x013B, 2, 3, b"me\0", order)]
    end = 8 + 2 + 12 * (3 + len(more)) + (0 if following is None else 4)
    maker = entry(0x010F, 2, 6, struct.pack(order + "I", end), order)
    head = struct.pack(order + "2sHI", b"II" if order == "<" else b"MM", 42, 8)
    entries = sorted([maker, *own, *more], key=lambda e: struct.unpack_from(order + "H", e))
    return head + directory(*entries, following=following, order=order) + b"Canon\0" + tail


def truncated_directory():
    """Return a block that ends after three of the five entries that it states."""
    data = bytearray(block()[: 8 + 2 + 12 * 3])
    data[8:10] = struct.pack("<H", 5)
    data[10:22] = entry(0x010F, 2, 4, b"Abc\0")
    return bytes(data)


def inline(code=0x9999, kind=2, items=2, value=b"a\0"):
    return entry(code, kind, items, value)


# Of each damage: the block, and the names of what is lost.
DAMAGES = {
    "GPS beyond the end": (block(entry(GPS_IFD, 4, 1, 9999)), "the GPS directory"),
    "Exif beyond the end": (block(entry(EXIF_IFD, 4, 1, 9999)), "the Exif directory"),
    "Exif in a circle": (block(entry(EXIF_IFD, 4, 1, 8)), "the Exif directory"),
    "value beyond the end": (block(entry(0x010E, 2, 50, 9999)), "ImageDescription"),
    "length of more than the file": (block(entry(0x010E, 2, 1 << 20, 8)), "ImageDescription"),
    "unknown type": (block(entry(0x0131, 77, 1, 0)), "Software"),
    "big-endian": (block(entry(GPS_IFD, 4, 1, b"\0\1\0\0", ">"), order=">"), "the GPS directory"),
    "unknown tag": (block(entry(0x9999, 2, 1 << 31, 9999)), "tag 39321"),
    "two parts": (
        block(entry(GPS_IFD, 4, 1, 9999), entry(0x0131, 2, 50, 9999)),
        "Software, the GPS directory",
    ),
    "version": (block()[:2] + b"\1\1" + block()[4:], None),
    "link to a thumbnail": (block(following=9999), None),
    "no link, data in its place": (block(following=None), None),
    "no link, big-endian": (block(following=None, order=">"), None),
}


def with_block(kind, exif, pixels):
    if kind == "PNG":
        data = saved(pixels, "PNG")
        return data[:33] + chunk(b"eXIf", exif) + data[33:]
    options = {"lossless": True} if kind == "WEBP" else {"quality": 100, "subsampling": 0}
    return saved(pixels, kind, exif=b"Exif\0\0" + exif if kind == "JPEG" else exif, **options)


def kept(data):
    """Return the tags that Pillow reads; a warning about them fails the test."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        exif = pillow(data).getexif()
        dict(exif.get_ifd(EXIF_IFD)), dict(exif.get_ifd(GPS_IFD))
        return dict(exif)


@pytest.mark.parametrize("kind", BLOCKS)
@pytest.mark.parametrize("damage", DAMAGES)
def test_only_the_damaged_part_goes(kind, damage):
    exif, lost = DAMAGES[damage]
    stored = noise((7, 9, 3))
    data = with_block(kind, exif, stored)
    picture = parse(data)
    with warnings.catch_warnings(action="ignore"), pillow(data) as image:
        np.testing.assert_array_equal(picture.frames[0], np.rot90(np.asarray(image), -1))
    if lost:
        assert picture.notes == [f"damaged parts of its EXIF data were left out: {lost}"]
    elif damage == "link to a thumbnail":
        assert picture.notes == ["the link to its thumbnail in its EXIF data was left out"]
    else:
        assert picture.notes == []
    for after in (*BLOCKS, "TIFF"):
        tags = kept(made(picture.frames, after, picture))
        tags.setdefault(ORIENTATION, 1)
        assert {code: tags.get(code) for code in KEPT} == KEPT
        assert not {GPS_IFD, EXIF_IFD, 0x010E, 0x0131, 0x9999} & tags.keys()


@pytest.mark.parametrize("kind", BLOCKS)
def test_directory_that_ends_too_early_keeps_its_beginning(kind):
    picture = parse(with_block(kind, truncated_directory(), noise((7, 9, 3))))
    assert picture.frames[0].shape == (9, 7, 3)
    assert picture.notes == [
        "damaged parts of its EXIF data were left out: the end of the first directory"
    ]
    assert kept(made(picture.frames, kind, picture))[0x013B] == "me"


@pytest.mark.parametrize("kind", BLOCKS)
def test_damage_inside_a_group_leaves_the_rest_of_the_group(kind):
    inner = directory(entry(0xA434, 2, 4, b"Len\0"), entry(0x9286, 7, 99, 9999))  # no link
    exif = block(entry(EXIF_IFD, 4, 1, 8 + 2 + 48 + 4 + 6), tail=inner)
    picture = parse(with_block(kind, exif, noise((7, 9, 3))))
    assert picture.frames[0].shape == (9, 7, 3)
    assert picture.notes == ["damaged parts of its EXIF data were left out: UserComment"]
    data = made(picture.frames, kind, picture)
    assert kept(data)[0x010F] == "Canon"
    assert pillow(data).getexif().get_ifd(EXIF_IFD) == {0xA434: "Len"}


@pytest.mark.parametrize("kind", BLOCKS)
def test_text_in_utf_8_of_exif_3_is_no_damage(kind):
    exif = block(inline(0x9999, 129, 4, "ä\0".encode()))
    picture = parse(with_block(kind, exif, noise((7, 9, 3))))
    assert picture.notes == []
    assert "ä\0".encode() in made(picture.frames, kind, picture)


def with_group(pixels, code, offset):
    """Return a TIFF with some tags and the offset of a group."""
    tags = [(ORIENTATION, 3, 1, 6, True), (0x010F, 2, 6, "Canon", True), (65000, 4, 1, 1, True)]
    data = tiff(pixels, photometric="rgb", extratags=tags)
    # tifffile writes no tag of a group itself.
    return data.replace(entry(65000, 4, 1, 1), entry(code, 4, 1, offset))


@pytest.mark.parametrize("code", [GPS_IFD, EXIF_IFD])
@pytest.mark.parametrize("damage", ["beyond the end", "circle", "value", "no link"])
def test_damaged_groups_of_a_tiff(code, damage):
    stored = noise((7, 9, 3))
    inner = [entry(1, 2, 2, b"N\0"), entry(29, 2, 50, 9999)]
    if code == EXIF_IFD:
        inner = [entry(0xA434, 2, 4, b"Len\0"), entry(0xA435, 2, 50, 9999)]
    offset = {"beyond the end": 1 << 20, "circle": 8}
    data = with_group(stored, code, offset.get(damage) or len(with_group(stored, code, 0)))
    picture = parse(data + directory(*inner[: 1 if damage == "no link" else 2]))
    np.testing.assert_array_equal(picture.frames[0], np.rot90(stored, -1))
    group = "GPS" if code == GPS_IFD else "Exif"
    lost = {
        "no link": None,
        "value": "GPSDateStamp" if group == "GPS" else "BodySerialNumber",
    }.get(damage, f"the {group} directory")
    if lost == "BodySerialNumber":
        lost = ExifTags.TAGS[0xA435]
    assert picture.notes == ([f"damaged tags were left out: {lost}"] if lost else [])
    for kind in (*BLOCKS, "TIFF"):
        written = made(picture.frames, kind, picture)
        assert kept(written)[0x010F] == "Canon"
        again = pillow(written).getexif().get_ifd(code)
        first = {1: "N"} if group == "GPS" else {0xA434: "Len"}
        assert again == (first if damage in ("value", "no link") else {})


@given(st.data())
def test_any_damage_leaves_a_block_that_pillow_reads(data):
    inner = directory(entry(0xA434, 2, 4, b"Len\0"), entry(0xA005, 4, 1, 8), following=0)
    exif = bytearray(block(entry(EXIF_IFD, 4, 1, 68), tail=inner, following=68))
    for _ in range(data.draw(st.integers(1, 5))):
        exif[data.draw(st.integers(8, len(exif) - 1))] = data.draw(st.integers(0, 255))
    exif = exif[: data.draw(st.integers(10, len(exif)))]
    picture = parse(with_block("PNG", bytes(exif), np.zeros((2, 3), np.uint8)))
    for kind in ("PNG", "TIFF"):
        file = io.BytesIO(made(picture.frames, kind, picture))
        assert not [note for note in parse(file.getvalue()).notes if "EXIF" in note]
