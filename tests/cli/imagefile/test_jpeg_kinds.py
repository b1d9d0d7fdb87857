"""JPEGs that Pillow does not decode: of 12 bits, lossless ones, JPEG-LS; and what few decode."""

import imagecodecs
import numpy as np
import pytest
from PIL import Image

from lutsr.cli.imagefile import size

from .helpers import ORIENTATION, noise, parse, refusal, saved, smooth

NOISE = noise((24, 40, 3), "uint16")


def with_exif(data):
    """Insert the EXIF data of a camera that was turned, after the first marker."""
    exif = Image.Exif()
    exif[ORIENTATION] = 6
    exif[0x010E] = "from a scanner"
    segment = b"Exif\0\0" + exif.tobytes()
    return data[:2] + b"\xff\xe1" + (len(segment) + 2).to_bytes(2) + segment + data[2:]


def scaled(pixels, bits, wanted):
    return np.rint(pixels * ((2**wanted - 1) / (2**bits - 1))).astype(f"uint{wanted}")


@pytest.mark.parametrize("shape", [(24, 40), (24, 40, 3)])
@pytest.mark.parametrize("optimize", [False, True])
def test_12_bits(shape, optimize):
    pixels = smooth(shape).astype(np.uint16) * 16 + 7
    data = imagecodecs.jpeg8_encode(pixels, level=98, bitspersample=12, optimize=optimize)
    picture = parse(data)
    assert picture.notes == ["12 bits per pixel became 16"]
    (frame,) = picture.frames
    assert frame.dtype == np.uint16
    wanted = scaled(pixels, 12, 16).astype(int)
    if len(shape) == 2:
        assert np.abs(frame - wanted).max() < 16 * 12
    assert np.abs(frame - wanted).mean() < 16 * 30  # colours are subsampled
    np.testing.assert_array_equal(frame, scaled(imagecodecs.jpeg8_decode(data), 12, 16))


@pytest.mark.parametrize("encode", [imagecodecs.jpeg8_encode, imagecodecs.ljpeg_encode])
@pytest.mark.parametrize("bits", [8, 12, 16])
def test_lossless_jpegs(encode, bits):
    pixels = NOISE[..., 0] >> (16 - bits)
    pixels = pixels.astype(np.uint8) if bits == 8 else pixels
    options = {"lossless": True} if encode is imagecodecs.jpeg8_encode else {}
    picture = parse(encode(pixels, bitspersample=bits, **options))
    wanted = scaled(pixels, bits, 8 if bits == 8 else 16)
    np.testing.assert_array_equal(picture.frames[0], wanted)
    assert picture.notes == ([] if bits != 12 else ["12 bits per pixel became 16"])


@pytest.mark.parametrize("pixels", [NOISE, NOISE[..., 0], (NOISE >> 8).astype(np.uint8)])
def test_jpeg_ls(pixels):
    picture = parse(imagecodecs.jpegls_encode(pixels))
    np.testing.assert_array_equal(picture.frames[0], pixels)
    assert picture.notes == []


def test_rgb_of_16_bits_without_loss():
    picture = parse(imagecodecs.jpeg8_encode(NOISE, lossless=True, bitspersample=16))
    np.testing.assert_array_equal(picture.frames[0], NOISE)


KINDS = {
    "12 bits": imagecodecs.jpeg8_encode(NOISE[..., 0] >> 4, bitspersample=12),
    "lossless": imagecodecs.ljpeg_encode(NOISE[..., 0]),
    "JPEG-LS": imagecodecs.jpegls_encode(NOISE[..., 0]),
}


@pytest.mark.parametrize("kind", KINDS)
def test_their_metadata_and_size_are_read(kind, tmp_path):
    plain = parse(KINDS[kind]).frames[0]
    data = with_exif(KINDS[kind])
    picture = parse(data)
    np.testing.assert_array_equal(picture.frames[0], np.rot90(plain, -1))
    assert b"from a scanner" in picture.pages[0].exif
    (tmp_path / "a.jpg").write_bytes(data)
    assert size(str(tmp_path / "a.jpg"))[2] == 1
    assert set(size(str(tmp_path / "a.jpg"))[:2]) == {40, 24}


@pytest.mark.parametrize("kind", KINDS)
def test_damaged_ones_are_refused(kind):
    data = KINDS[kind]
    for end in (len(data) // 2, 30):
        said = refusal(data[:end]) if kind == "JPEG-LS" or end == 30 else "is damaged"
        assert said.startswith("is damaged")
    at = max(data.find(bytes((0xFF, mark))) for mark in (0xC0, 0xC1, 0xC3, 0xF7))
    for height in (b"\0\0", b"\xff\xff"):
        said = refusal(data[: at + 5] + height + data[at + 7 :])
        assert said.startswith(("is damaged", "is too large"))


@pytest.mark.parametrize(
    ("marker", "kind"),
    [
        (0xC5, "hierarchical"),
        (0xC7, "hierarchical"),
        (0xCB, "lossless and arithmetic-coded"),
        (0xCE, "hierarchical and arithmetic-coded"),
    ],
)
def test_kinds_that_are_not_read_are_named(marker, kind):
    data = bytearray(saved(smooth((16, 16)), "JPEG"))
    data[data.index(b"\xff\xc0") + 1] = marker
    said = f"is a {kind} JPEG, which few programs read; convert it to an ordinary one"
    assert refusal(bytes(data)) == said


def test_fill_bytes_before_the_frame_header():
    data = saved(smooth((16, 16)), "JPEG")
    at = data.index(b"\xff\xc0")
    np.testing.assert_array_equal(
        parse(data[:at] + b"\xff\xff" + data[at:]).frames[0], parse(data).frames[0]
    )
