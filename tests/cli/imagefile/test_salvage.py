"""Files whose pixels are all there and whose end is cut, or whose checksums are wrong."""

import io
import zlib

import numpy as np
import pytest
from PIL import Image

from lutsr.cli.imagefile import Animation, ImageFileError, Picture, read

from .examples import jxl
from .helpers import chunk, made, noise, parse, pillow, png, refusal, saved, smooth, tiff

RGB = noise((40, 33, 3))
CUT = "is damaged and was salvaged: its end is missing; all its pixels are there"
CHECKSUM = "is damaged and was salvaged: a checksum is wrong: some pixels may be wrong, too"


def salvaged(data):
    return read(io.BytesIO(data), salvage=True)


def salvage_refusal(data):
    with pytest.raises(ImageFileError) as caught:
        salvaged(data)
    return str(caught.value)


def corrupted(data, place):
    return data[:place] + bytes([data[place] ^ 0x40]) + data[place + 1 :]


def interlaced():
    """Make an interlaced PNG by hand: 3 x 5 pixels of grey."""
    passes = [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2),
              (0, 1, 1, 2)]  # fmt: skip
    pixels = noise((5, 3))
    rows = b"".join(
        b"\0" + row.tobytes() for x, y, dx, dy in passes for row in pixels[y::dy, x::dx] if row.size
    )
    header = (3).to_bytes(4) + (5).to_bytes(4) + bytes([8, 0, 0, 0, 1])
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        (chunk(b"IHDR", header), chunk(b"IDAT", zlib.compress(rows)), chunk(b"IEND", b""))
    )


PNGS = {
    "RGB": saved(RGB, "PNG"),
    "16 bit": made(noise((9, 7, 4), "uint16"), "PNG"),
    "1 bit": png(1, 0, b"\xa0"),
    "interlaced": interlaced(),
    "with text after the pixels": png(8, 0, bytes(4), after_pixels=[chunk(b"tEXt", b"a\0b")]),
}


@pytest.mark.parametrize("name", PNGS)
@pytest.mark.parametrize("missing", [1, 4, 11, 12, 13, 16])
def test_png_without_its_end(name, missing):
    whole = parse(PNGS[name]).frames[0]
    data = PNGS[name][:-missing]
    assert "damaged" in refusal(data)
    picture = salvaged(data)
    assert picture.notes[-1:] == [CUT]
    np.testing.assert_array_equal(picture.frames[0], whole)


@pytest.mark.parametrize("missing", [60, 200, 1500])
def test_png_without_all_pixels_is_not_salvaged(missing):
    data = saved(RGB, "PNG")
    assert salvage_refusal(data[:-missing]).startswith("is damaged (it ends too early)")


def test_png_with_wrong_checksums():
    data = saved(RGB, "PNG")
    for place in (len(data) - 13, len(data) - 17, 29):  # of IDAT, of zlib, of the header
        wrong = corrupted(data, place)
        assert "damaged" in refusal(wrong)
        picture = salvaged(wrong)
        assert picture.notes == [CHECKSUM]
        np.testing.assert_array_equal(picture.frames[0], RGB)


def test_a_whole_file_is_read_as_without():
    for data in (saved(RGB, "PNG"), saved(RGB, "JPEG"), saved(RGB, "WEBP"), tiff(RGB)):
        picture = salvaged(data)
        assert picture.notes == parse(data).notes
        np.testing.assert_array_equal(picture.frames[0], parse(data).frames[0])


def test_animation_without_its_end():
    frames = [noise((9, 8, 3), seed=seed) for seed in range(3)]
    data = made(frames, "PNG", Picture(frames, animation=Animation([10.0] * 3, 0)))
    picture = salvaged(data[:-12])
    np.testing.assert_array_equal(picture.frames, frames)
    assert picture.notes == [CUT]
    assert "damaged" in salvage_refusal(data[:-20])  # in the last frame
    assert "damaged" in salvage_refusal(data[: data.rindex(b"fcTL") - 4])


JPEGS = {
    "RGB": saved(smooth((40, 33, 3)), "JPEG"),
    "noise": saved(RGB, "JPEG", quality=90),
    "grey": saved(RGB[..., 0], "JPEG"),
    "progressive": saved(RGB, "JPEG", progressive=True),
    "progressive grey": saved(RGB[..., 0], "JPEG", progressive=True),
    "restarts": saved(RGB, "JPEG", restart_marker_blocks=2),
}


@pytest.mark.parametrize("name", JPEGS)
@pytest.mark.parametrize("missing", [1, 2])
def test_jpeg_without_its_end(name, missing):
    data = JPEGS[name][:-missing]
    picture = salvaged(data)
    np.testing.assert_array_equal(picture.frames[0], np.asarray(pillow(JPEGS[name])))
    assert picture.notes in ([CUT], [])  # Pillow itself reads some of them


@pytest.mark.parametrize("name", JPEGS)
def test_jpeg_without_all_pixels_is_not_salvaged(name):
    data = JPEGS[name]
    for missing in (8, 20, len(data) // 8, len(data) // 3):
        assert salvage_refusal(data[:-missing]).startswith("is damaged")


def test_progressive_jpeg_that_ends_between_two_scans_is_not_salvaged():
    data = JPEGS["progressive"]
    places = [k for k in range(len(data)) if data[k : k + 2] == b"\xff\xda"]
    assert len(places) > 5
    for place in places[1:]:
        begin = data.rfind(b"\xff\xc4", 0, place)  # the tables of this scan
        assert salvage_refusal(data[:begin]).startswith("is damaged")


@pytest.mark.parametrize("lossless", [False, True])
def test_webp_without_its_end(lossless):
    whole = saved(
        RGB,
        "WEBP",
        lossless=lossless,
        exif=b"Exif\0\0II*\0\x08\0\0\0\0\0",
        xmp=b"<a>" + b"y" * 29 + b"</a>",
    )
    for missing in (1, 10, 36):
        picture = salvaged(whole[:-missing])
        np.testing.assert_array_equal(picture.frames[0], np.asarray(pillow(whole)))
        assert CUT in picture.notes
    assert salvage_refusal(whole[: len(whole) // 2]).startswith("is damaged")


def test_jpeg_xl_without_its_end():
    data = jxl(RGB, xmp=b"<a>" + b"y" * 29 + b"</a>")
    for missing in (1, 20, 35):
        assert refusal(data[:-missing]).startswith("is damaged (it ends too early)")
        picture = salvaged(data[:-missing])
        np.testing.assert_array_equal(picture.frames[0], RGB)
        assert picture.notes == [CUT]
    for missing in (60, len(data) // 2):
        assert salvage_refusal(data[:-missing]).startswith("is damaged")


def test_tiff_without_the_end_of_its_chain():
    pages = [noise((9, 8), seed=seed) for seed in range(3)]
    whole = tiff(pages, photometric="minisblack")
    first = salvaged(whole_without_later_pages(whole))
    np.testing.assert_array_equal(first.frames[0], pages[0])
    said = "is damaged and was salvaged: its end is missing; what was read ends with page 1"
    assert first.notes[-1] == said


def whole_without_later_pages(data):
    """Let the link of the first page point behind the end of the file."""
    import struct

    (offset,) = struct.unpack_from("<I", data, 4)
    (count,) = struct.unpack_from("<H", data, offset)
    link = offset + 2 + 12 * count
    return data[:link] + struct.pack("<I", len(data) + 99) + data[link + 4 :]


@pytest.mark.parametrize(
    "data", [b"", b"no image", b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"II*\0"]
)
def test_what_cannot_be_salvaged(data):
    assert salvage_refusal(data) == refusal(data)


@pytest.mark.parametrize("count", [1, 3])
def test_gif_without_its_end(count):
    images = [Image.fromarray(noise((20, 16, 3), seed=seed)).quantize(16) for seed in range(count)]
    options = {"save_all": True, "append_images": images[1:]} if count > 1 else {}
    data = saved(images[0], "GIF", comment=b"x" * 300, **options)
    whole = parse(data)
    for missing in (1, 2):
        assert refusal(data[:-missing]) == "is damaged (it ends too early); get an intact copy"
        picture = salvaged(data[:-missing])
        np.testing.assert_array_equal(picture.frames, whole.frames)
        assert picture.notes[-1].endswith("salvaged: its end is missing, and frames may be")
    assert salvage_refusal(data[: len(data) // 2 - 8]).startswith("is damaged")
