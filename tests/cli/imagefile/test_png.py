"""PNG of other programs: all depths and colour types, transparency, unusual chunks."""

import struct
import zlib

import imagecodecs
import numpy as np
import pytest
from PIL import Image, PngImagePlugin

from lutsr.cli.imagefile import _png

from .helpers import chunk, chunks, made, noise, parse, png, refusal, saved

PALETTE = chunk(b"PLTE", bytes([10, 20, 30, 200, 0, 0, 0, 200, 0, 1, 2, 3]))


@pytest.mark.parametrize(
    ("depth", "row", "levels"),
    [
        (1, b"\xa0", [255, 0, 255, 0]),
        (2, b"\x1b", [0, 85, 170, 255]),
        (4, b"\x0f\x37", [0, 255, 51, 119]),
    ],
)
def test_grey_of_fewer_bits_spans_the_full_range(depth, row, levels):
    picture = parse(png(depth, 0, row))
    np.testing.assert_array_equal(picture.frames[0], [levels, levels])
    assert picture.notes == (["1 bit per pixel became 8"] if depth == 1 else [])


@pytest.mark.parametrize(("colour_type", "channels"), [(0, 1), (2, 3), (4, 2), (6, 4)])
def test_16_bits_are_read_as_16(colour_type, channels):
    values = np.arange(257, 257 + 4 * channels, dtype=">u2")
    frame = parse(png(16, colour_type, values.tobytes())).frames[0]
    assert frame.dtype == np.uint16
    np.testing.assert_array_equal(frame[0].ravel(), values)


@pytest.mark.parametrize(
    ("depth", "row"), [(1, b"\x50"), (2, b"\x11"), (4, b"\x01\x01"), (8, b"\0\1\0\1")]
)
def test_palette_becomes_rgb(depth, row):
    picture = parse(png(depth, 3, row, PALETTE))
    assert picture.frames[0][0].tolist() == [[10, 20, 30], [200, 0, 0]] * 2
    assert not picture.alpha
    assert picture.notes == []


def test_palette_with_transparency_becomes_rgba():
    picture = parse(png(8, 3, b"\0\1\2\3", PALETTE, chunk(b"tRNS", bytes([7, 0]))))
    assert picture.frames[0][0].tolist() == [
        [10, 20, 30, 7],
        [200, 0, 0, 0],
        [0, 200, 0, 255],
        [1, 2, 3, 255],
    ]
    assert picture.alpha


@pytest.mark.parametrize(
    ("depth", "colour_type", "row", "transparent", "alpha"),
    [
        (8, 0, b"\1\2\3\2", b"\0\2", [255, 0, 255, 0]),
        (2, 0, b"\x1b", b"\0\1", [255, 0, 255, 255]),  # compared before levels are stretched
        (16, 0, b"\0\1\0\2\1\2\0\2", b"\0\2", [65535, 0, 65535, 0]),
        (8, 2, b"\1\2\3\1\2\4\1\2\3\0\0\0", b"\0\1\0\2\0\3", [0, 255, 0, 255]),
    ],
)
def test_transparent_colour_becomes_alpha(depth, colour_type, row, transparent, alpha):
    picture = parse(png(depth, colour_type, row, chunk(b"tRNS", transparent)))
    assert picture.frames[0][0, :, -1].tolist() == alpha
    assert picture.alpha


def test_interlaced_png_is_read():
    # Adam7 of a 1x1 image is the same bytes as no interlacing.
    data = bytearray(png(8, 0, b"\x2a", height=1, width=1))
    data[28] = 1
    data[29:33] = struct.pack(">I", zlib.crc32(bytes(data[12:29])))
    np.testing.assert_array_equal(parse(bytes(data)).frames[0], [[42]])


def test_texts_of_all_kinds_are_kept_as_they_are_wherever_they_stand():
    before = [
        chunk(b"tEXt", b"Author\0J\xf6rg"),
        chunk(b"zTXt", b"Long\0\0" + zlib.compress(b"y" * 5000)),
    ]
    after = [chunk(b"iTXt", b"Title\0\0\0de\0Titel\0\xc3\x84")]
    picture = parse(png(8, 0, bytes(4), *before, after_pixels=after))
    written = made(picture.frames, "PNG", picture)
    texts = [(name, data) for name, data in chunks(written) if name in (b"tEXt", b"zTXt", b"iTXt")]
    assert texts == [(c[4:8], c[8:-4]) for c in before + after]
    assert picture.notes == []


@pytest.mark.parametrize("kind", ["JPEG", "WEBP", "TIFF"])
def test_texts_that_a_format_cannot_hold_are_named(kind):
    picture = parse(
        png(8, 2, bytes(12), chunk(b"tEXt", b"Author\0me"), chunk(b"tEXt", b"Title\0it"))
    )
    made(picture.frames, kind, picture)
    assert len(picture.notes) == 1
    assert "cannot hold its texts: Author, Title" in picture.notes[0]


def test_no_warning_of_the_decoder_about_a_bad_profile_reaches_stderr(capfd):
    # libpng prints warnings about chunks; only those with pixels are passed to it.
    data = png(8, 2, bytes(12), chunk(b"iCCP", b"x\0\0" + zlib.compress(b"nonsense" * 40)))
    imagecodecs.png_decode(data)
    capfd.readouterr()
    picture = parse(data)
    assert picture.notes == [
        "its colour profile is damaged or not for its colours and was left out"
    ]
    assert capfd.readouterr() == ("", "")


def test_damaged_chunk_beside_the_pixels_is_left_out_and_said():
    bad = bytearray(chunk(b"tEXt", b"Author\0me"))
    bad[-1] ^= 1
    picture = parse(png(8, 0, bytes(4), bytes(bad)))
    assert picture.notes == ["its chunk tEXt is damaged and was left out"]
    assert picture.pages[0].texts == []


def test_unknown_chunks_are_named():
    picture = parse(png(8, 0, bytes(4), chunk(b"prVt", b"x"), chunk(b"oFFs", bytes(9))))
    assert picture.notes == ["its chunks oFFs, prVt were left out"]


@pytest.mark.parametrize(
    "damage",
    [
        lambda d: d.replace(b"IHDR", b"IHDX"),
        lambda d: d[:29] + b"\0\0\0\0" + d[33:],  # the checksum of the header
        lambda d: d.replace(chunk(b"IDAT", dict(chunks(d))[b"IDAT"]), b""),
        lambda d: d[:24] + b"\x07" + d[25:],  # 7 bits
    ],
)
def test_damage_is_refused(damage):
    assert refusal(damage(png(8, 0, bytes(4)))).startswith("is damaged")


def test_palette_image_of_pillow_with_long_text():
    info = PngImagePlugin.PngInfo()
    info.add_text("Comment", "y" * 5000)
    image = Image.new("P", (3, 3), 1)
    image.putpalette([9, 8, 7, 6, 5, 4])
    picture = parse(saved(image, "PNG", pnginfo=info))
    assert (picture.frames[0] == [6, 5, 4]).all()


def test_16_bit_noise_of_another_writer():
    pixels = noise((30, 20, 4), "uint16")
    np.testing.assert_array_equal(parse(imagecodecs.png_encode(pixels)).frames[0], pixels)


def test_chunks_that_are_not_true_of_the_output_are_left_out_and_said():
    old = [chunk(b"tIME", bytes(7)), chunk(b"sBIT", b"\5"), chunk(b"vpAg", bytes(9))]
    picture = parse(png(8, 0, bytes(4), *old))
    assert picture.notes == [
        "its chunks sBIT, tIME, vpAg do not apply to the output and were left out"
    ]
    assert [name for name, _ in chunks(made(picture.frames, "PNG", picture))] == [
        b"IHDR",
        b"IDAT",
        b"IEND",
    ]


def smooth_noise(shape, dtype):
    image = np.cumsum(np.random.default_rng(1).normal(0, 2.0, shape), axis=1) + 128
    image = np.clip((image + np.roll(image, 1, 0)) / 2, 0, 255)
    return np.rint(image * (257 if dtype == "uint16" else 1)).astype(dtype)


@pytest.mark.parametrize("dtype", ["uint8", "uint16"])
@pytest.mark.parametrize("channels", [1, 2, 3, 4])
@pytest.mark.parametrize("shape", [(1, 1), (1, 50), (9, 3), (90, 70)])
def test_pixels_are_encoded_without_loss(dtype, channels, shape):
    drawing = np.kron(np.eye(2), np.ones((45, 35)))[: shape[0], : shape[1]]
    for frame in (smooth_noise((*shape, channels), dtype), drawing[..., None] * np.ones(channels)):
        frame = frame.astype(dtype)[..., 0] if channels == 1 else frame.astype(dtype)
        np.testing.assert_array_equal(imagecodecs.png_decode(_png.encode_still(frame)), frame)


def test_photographs_and_drawings_are_compressed_by_settings_of_their_own():
    photo = smooth_noise((200, 300, 3), "uint8")
    drawing = np.kron(np.eye(4, dtype=np.uint8)[..., None] * np.uint8(200), np.ones((50, 50, 3)))
    drawing = drawing.astype(np.uint8)
    usual = [len(imagecodecs.png_encode(image, level=3)) for image in (photo, drawing)]
    assert len(_png.encode_still(photo)) < 0.95 * usual[0]
    assert len(_png.encode_still(drawing)) == usual[1]


@pytest.mark.parametrize("size", [4, 9])
def test_png_for_apple_devices_is_named(size):
    standard = png(8, 6, bytes(16))
    data = standard[:8] + chunk(b"CgBI", bytes(size)) + standard[8:]
    said = refusal(data)
    assert said.startswith(
        "is a PNG for Apple devices (CgBI), not a standard one; convert it first"
    )
    assert "damaged" not in said
