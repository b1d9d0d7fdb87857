"""Colours are kept: valid profiles, CMYK to sRGB, and colour chunks of PNG."""

import io
import itertools
import struct

import imagecodecs
import numpy as np
import pytest
import skimage.color
from PIL import Image, ImageCms

from lutsr.cli.imagefile import Picture

from .helpers import chunk, made, noise, parse, pillow, png, saved, smooth, tiff

SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
GREY = imagecodecs.cms_profile("gray", gamma=1.8)
LINEAR = struct.pack(">I", 100_000)
WITHOUT = "CMYK colours were converted to sRGB without a profile and may look different"
WITH = "CMYK colours were converted to sRGB with its profile"


@pytest.fixture(scope="module")
def press():
    """Make a minimal CMYK profile, of a press with dull inks."""
    levels = np.arange(256, dtype=np.uint8).tobytes()
    corners = []
    for c, m, y, k in itertools.product((0, 1), repeat=4):
        rgb = np.array([[0.9 - 0.6 * ink for ink in (c, m, y)]]) * (0.3 if k else 1)
        light, a, b = skimage.color.rgb2lab(rgb)[0]
        corners += [round(light * 2.55), round(a + 128), round(b + 128)]
    matrix = struct.pack(">9i", *(65536 * (i % 4 == 0) for i in range(9)))
    table = b"mft1" + struct.pack(">I4B", 0, 4, 3, 2, 0) + matrix
    table += levels * 4 + bytes(corners) + levels * 3
    head = struct.pack(
        ">II4s4s4s12x4s24xI3i",
        2,
        0x02400000,
        b"prtr",
        b"CMYK",
        b"Lab ",
        b"acsp",
        0,
        63190,
        65536,
        54061,
    )
    head = head[4:].ljust(124, b"\0")
    tags = struct.pack(">I4sII", 1, b"A2B0", 144, len(table))
    return struct.pack(">I", 144 + len(table)) + (bytes(4) + head)[:124] + tags + table


def inks(shape=(8, 8), dtype="uint8"):
    return noise((*shape, 4), dtype)


def in_srgb(pixels, profile):
    """Convert with Pillow."""
    transform = ImageCms.buildTransform(
        ImageCms.ImageCmsProfile(io.BytesIO(profile)),
        ImageCms.createProfile("sRGB"),
        "CMYK",
        "RGB",
        ImageCms.Intent.RELATIVE_COLORIMETRIC,
        ImageCms.Flags.BLACKPOINTCOMPENSATION,
    )
    return np.asarray(ImageCms.applyTransform(Image.fromarray(pixels, "CMYK"), transform))


def cmyk_image(pixels):
    return Image.frombytes("CMYK", pixels.shape[1::-1], pixels.tobytes())


def test_cmyk_jpeg_with_its_profile(press):
    data = saved(cmyk_image(inks()), "JPEG", icc_profile=press, quality=100)
    picture = parse(data)
    with pillow(data) as image:
        wanted = ImageCms.profileToProfile(
            image,
            ImageCms.ImageCmsProfile(io.BytesIO(press)),
            ImageCms.createProfile("sRGB"),
            ImageCms.Intent.RELATIVE_COLORIMETRIC,
            outputMode="RGB",
            flags=ImageCms.Flags.BLACKPOINTCOMPENSATION,
        )
        naive = image.convert("RGB")
    assert np.abs(picture.frames[0].astype(int) - np.asarray(wanted)).max() <= 1
    assert np.abs(picture.frames[0].astype(int) - np.asarray(naive)).max() > 20
    assert picture.notes == [WITH]
    assert picture.pages[0].icc is None


@pytest.mark.parametrize("kind", ["JPEG", "TIFF"])
def test_cmyk_without_a_profile_is_converted_as_pillow_does(kind):
    data = saved(cmyk_image(inks()), kind)
    picture = parse(data)
    wanted = np.asarray(pillow(data).convert("RGB")).astype(int)
    assert np.abs(picture.frames[0] - wanted).max() <= 1
    assert picture.notes == [WITHOUT]


def test_cmyk_of_16_bits_keeps_them(press):
    pixels = inks(dtype="uint16")
    for options, note in (({"iccprofile": press}, WITH), ({}, WITHOUT)):
        picture = parse(tiff(pixels, photometric="separated", **options))
        eight = parse(tiff((pixels >> 8).astype(np.uint8), photometric="separated", **options))
        assert picture.frames[0].dtype == np.uint16
        assert np.abs(picture.frames[0] / 257 - eight.frames[0]).max() < 2.5
        assert len(np.unique(picture.frames[0] % 257)) > 50
        assert picture.notes == [note]


def test_damaged_profile_of_cmyk_is_said(press):
    damaged = press[:200] + bytes(len(press) - 200)
    picture = parse(saved(cmyk_image(inks()), "JPEG", icc_profile=damaged[:170]))
    assert picture.notes == ["its colour profile is damaged and was left out", WITHOUT]


@pytest.mark.parametrize(
    ("shape", "profile", "fits"),
    [
        ((4, 4), GREY, True),
        ((4, 4, 2), GREY, True),
        ((4, 4), SRGB, False),
        ((4, 4, 3), SRGB, True),
        ((4, 4, 4), SRGB, True),
        ((4, 4, 3), GREY, False),
        ((4, 4, 3), b"no profile at all", False),
    ],
)
def test_a_profile_is_kept_where_it_fits(shape, profile, fits):
    photometric = "rgb" if shape[2:] in ((3,), (4,)) else "minisblack"
    options = (
        {"planarconfig": "contig", "extrasamples": ["unassalpha"]}
        if shape[2:] in ((2,), (4,))
        else {}
    )
    picture = parse(tiff(noise(shape), photometric=photometric, iccprofile=profile, **options))
    assert picture.pages[0].icc == (profile if fits else None)
    said = ["its colour profile is damaged or not for its colours and was left out"]
    assert picture.notes == ([] if fits else said)


def test_grey_with_a_profile_becomes_srgb_in_webp():
    frame = np.arange(256, dtype=np.uint8).reshape(16, 16)
    source = parse(tiff(frame, iccprofile=GREY))
    picture = parse(made(frame, "WEBP", source))
    assert source.notes == ["a WebP cannot hold grey with its profile: converted to sRGB"]
    assert picture.pages[0].icc is None
    linear = (frame / 255) ** 1.8
    wanted = np.where(linear > 0.0031308, 1.055 * linear ** (1 / 2.4) - 0.055, 12.92 * linear)
    assert np.abs(picture.frames[0][..., 1] - 255 * wanted).max() < 3


def test_png_colour_chunks_are_kept_in_png():
    pieces = [
        chunk(b"cICP", bytes((9, 16, 0, 1))),
        chunk(b"gAMA", LINEAR),
        chunk(b"mDCV", bytes(24)),
    ]
    picture = parse(png(8, 0, bytes(4), *pieces))
    for strip in (False, True):  # without them colours would change
        data = made(picture.frames, "PNG", picture, strip=strip)
        assert all(piece in data for piece in pieces)
    assert picture.notes == []


@pytest.mark.parametrize("kind", ["JPEG", "WEBP", "TIFF"])
@pytest.mark.parametrize(
    ("chunks", "noted"),
    [
        ([chunk(b"gAMA", LINEAR)], "gAMA"),
        ([chunk(b"gAMA", struct.pack(">I", 45455))], None),
        ([chunk(b"sRGB", b"\0"), chunk(b"gAMA", LINEAR)], None),
        ([chunk(b"sRGB", b"\0"), chunk(b"cICP", bytes((9, 16, 0, 1)))], "cICP"),
        ([chunk(b"cICP", bytes((1, 13, 0, 1)))], None),
        ([], None),
    ],
)
def test_colour_that_only_a_png_states_is_said(chunks, noted, kind):
    picture = parse(png(8, 2, bytes(12), *chunks))
    made(picture.frames, kind, picture)
    name = {"JPEG": "a JPEG", "WEBP": "a WebP", "TIFF": "a TIFF"}[kind]
    said = f"{name} cannot hold its {noted}: colours may differ"
    assert picture.notes == ([said] if noted else [])


def test_gamma_beside_a_profile_is_not_missed():
    frame = smooth((8, 8, 3))
    data = saved(frame, "PNG", icc_profile=SRGB)
    picture = parse(data[:33] + chunk(b"gAMA", LINEAR) + data[33:])
    made(frame, "JPEG", picture)
    assert picture.notes == []
    assert parse(made(frame, "JPEG", Picture([frame], pages=picture.pages))).pages[0].icc == SRGB
