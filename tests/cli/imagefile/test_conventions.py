"""TIFF as common readers understand it, where the standard is not followed: Pillow and libtiff."""

import io

import cv2
import numpy as np
import pytest
import tifffile
from PIL import Image

from .helpers import made, noise, parse, pillow, refusal, saved, tiff

UNKNOWN = "its last channel, which is not stated to be alpha, was left out"


def with_tag(data, code, value):
    """Return a TIFF whose tag has another value; without the tag for None."""
    with tifffile.TiffFile(file := io.BytesIO(data), mode="r+") as tif:
        tag = tif.pages[0].tags[code]
        if value is not None:
            tag.overwrite(value)
    if value is None:  # its code becomes one that nobody knows
        place = tag.offset
        data = bytearray(data)
        data[place : place + 2] = (65_001).to_bytes(2, "little")
        return bytes(data)
    return file.getvalue()


def rgba(kind, dtype="uint8", **options):
    """Return an RGBA TIFF whose tag ExtraSamples is of a kind, or missing."""
    pixels = noise((7, 9, 4), dtype)
    data = tiff(pixels, photometric="rgb", extrasamples=["unassalpha"], **options)
    return with_tag(data, 338, kind), pixels


@pytest.mark.parametrize("top", [255, 63, 15])
@pytest.mark.parametrize("bits", [8, 4])
def test_colour_map_of_8_bits_is_read_as_libtiff_does(top, bits):
    rng = np.random.default_rng(1)
    indices = rng.integers(0, 1 << bits, (6, 8), np.uint8)
    colours = rng.integers(0, top + 1, (3, 256), np.uint16)
    data = tiff(indices, photometric="palette", colormap=colours)
    if bits == 4:
        packed = indices[:, ::2] << 4 | indices[:, 1::2]
        data = tiff(packed, photometric="palette", colormap=colours)
        data = with_tag(
            with_tag(with_tag(data, 320, tuple(colours[:, :16].ravel())), 258, 4), 256, 8
        )
    picture = parse(data)
    bgr = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
    np.testing.assert_array_equal(picture.frames[0], bgr[..., ::-1])
    assert picture.frames[0].dtype == np.uint8
    assert picture.notes == []


def test_colour_map_of_one_larger_value_has_16_bits():
    colours = np.full((3, 256), 200, np.uint16)
    colours[0, 0] = 256 * 3 + 7
    frame = parse(tiff(noise((6, 8)), photometric="palette", colormap=colours)).frames[0]
    assert frame.dtype == np.uint16
    assert frame.max() <= 256 * 3 + 7


@pytest.mark.parametrize("kind", [None, 0, 2, 999])
@pytest.mark.parametrize(
    "options", [{}, {"compression": "zlib"}, {"byteorder": "<", "tile": (16, 16)}]
)
def test_fourth_channel_is_what_pillow_makes_of_it(kind, options):
    data, _ = rgba(kind, **options)
    picture = parse(data)
    with pillow(data) as image:
        wanted = np.asarray(image)
    np.testing.assert_array_equal(picture.frames[0], wanted)
    assert picture.alpha == (wanted.shape[2] == 4) == (kind != 0)
    left = [note for note in picture.notes if note != "its tags 65001 were left out"]
    assert left == ([UNKNOWN] if kind == 0 else [])


@pytest.mark.parametrize("dtype", ["uint16", "float32"])
@pytest.mark.parametrize("kind", [None, 0])
def test_fourth_channel_of_other_depths(kind, dtype):
    data, pixels = rgba(kind, dtype)
    picture = parse(data)
    np.testing.assert_array_equal(picture.frames[0], pixels[..., : 3 if kind == 0 else 4])
    assert picture.alpha == (kind is None)


@pytest.mark.parametrize("dtype", ["uint8", "uint16"])
def test_rgba_of_opencv(dtype):
    pixels = noise((7, 9, 4), dtype)
    _, data = cv2.imencode(".tif", pixels)
    picture = parse(data.tobytes())
    assert picture.alpha
    np.testing.assert_array_equal(picture.frames[0], pixels[..., [2, 1, 0, 3]])
    with tifffile.TiffFile(io.BytesIO(made(picture.frames, "TIFF", picture))) as tif:
        assert tif.pages[0].extrasamples == (2,)


@pytest.mark.parametrize("planes", ["contig", "separate"])
def test_planes_of_rgba(planes):
    pixels = noise((7, 9, 4))
    stored = pixels if planes == "contig" else np.moveaxis(pixels, -1, 0)
    data = tiff(stored, photometric="rgb", planarconfig=planes, extrasamples=["unassalpha"])
    np.testing.assert_array_equal(parse(with_tag(data, 338, None)).frames[0], pixels)


def palette_with_alpha():
    image = Image.fromarray(noise((7, 9)), "L").convert("P", palette=Image.Palette.ADAPTIVE)
    image = image.convert("PA")
    image.putalpha(Image.fromarray(noise((7, 9), seed=2)))
    return image


def test_palette_keeps_its_alpha():
    data = saved(palette_with_alpha(), "TIFF")
    with tifffile.TiffFile(io.BytesIO(data)) as tif:
        page = tif.pages[0]
        assert (page.photometric.name, page.samplesperpixel) == ("PALETTE", 2)
    picture = parse(data)
    assert picture.alpha
    with pillow(data) as image:
        np.testing.assert_array_equal(picture.frames[0], np.asarray(image.convert("RGBA")))
    assert picture.notes == []
    again = pillow(made(picture.frames, "PNG", picture))
    np.testing.assert_array_equal(np.asarray(again), picture.frames[0])


def test_palette_with_alpha_and_colours_of_16_bits():
    data = saved(palette_with_alpha(), "TIFF")
    with tifffile.TiffFile(io.BytesIO(data)) as tif:
        indices, alpha = np.moveaxis(tif.pages[0].asarray(), -1, 0)
    colours = np.random.default_rng(3).integers(0, 65536, (3, 256))
    picture = parse(with_tag(data, 320, tuple(int(c) for c in colours.ravel())))
    np.testing.assert_array_equal(
        picture.frames[0][..., :3], np.moveaxis(colours[:, indices], 0, -1)
    )
    np.testing.assert_array_equal(picture.frames[0][..., 3], alpha * np.uint16(257))


def test_palette_with_a_channel_that_is_not_alpha():
    data = with_tag(saved(palette_with_alpha(), "TIFF"), 338, 0)
    picture = parse(data)
    with pillow(data) as image:
        np.testing.assert_array_equal(picture.frames[0], np.asarray(image.convert("RGB")))
    assert picture.notes == [UNKNOWN]


def test_palette_with_premultiplied_alpha_is_refused():
    said = refusal(with_tag(saved(palette_with_alpha(), "TIFF"), 338, 1))
    assert said.startswith("has 2 channels: 1 of colours, and others that are not plain alpha")


def with_more(photometric, *extra):
    """Return a TIFF with channels behind the colours, and its pixels."""
    channels = {"rgb": 3, "separated": 4, "minisblack": 1}[photometric] + len(extra)
    pixels = noise((7, 9, channels))
    return tiff(
        pixels, photometric=photometric, planarconfig="contig", extrasamples=extra
    ), pixels  # fmt: skip


@pytest.mark.parametrize(
    ("extra", "mode"),
    [
        (("unassalpha", "unspecified"), "RGBA"),
        (("unassalpha", "unspecified", "unspecified"), "RGBA"),
        (("unspecified", "unspecified"), "RGB"),
        (("unspecified",) * 3, "RGB"),
    ],
)
def test_several_channels_behind_rgb_are_read_as_pillow_does(extra, mode):
    data, _ = with_more("rgb", *extra)
    picture = parse(data)
    with pillow(data) as image:
        assert image.mode == mode
        np.testing.assert_array_equal(picture.frames[0], np.asarray(image))
    left = len(extra) - (mode == "RGBA")
    assert picture.notes == [
        UNKNOWN
        if left == 1
        else f"its last {left} channels, which are not stated to be alpha, were left out"
    ]


def test_channels_behind_cmyk_are_left_out_as_pillow_does():
    data, pixels = with_more("separated", "unspecified", "unspecified")
    with pillow(data) as image:
        np.testing.assert_array_equal(np.asarray(image), pixels[..., :4])
    plain = parse(tiff(pixels[..., :4], photometric="separated", planarconfig="contig"))
    picture = parse(data)
    np.testing.assert_array_equal(picture.frames[0], plain.frames[0])
    assert "its last 2 channels" in picture.notes[0]


@pytest.mark.parametrize(
    ("photometric", "extra"),
    [
        ("rgb", ("unspecified", "unassalpha")),
        ("minisblack", ("unassalpha", "unspecified")),
        ("minisblack", ("unspecified",)),
    ],
)
def test_channels_that_may_be_pictures_or_alpha_are_refused(photometric, extra):
    said = refusal(with_more(photometric, *extra)[0])
    assert "of colours, and others that are not plain alpha" in said
