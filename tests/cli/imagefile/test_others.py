"""GIF, BMP, AVIF, HEIC and JPEG XL; the oracle is Pillow, or the pixels that were encoded."""

import io
import struct
import sys
import types

import imagecodecs
import numpy as np
import pytest
from PIL import Image, ImageCms

from lutsr.cli import imagefile
from lutsr.cli.imagefile import Animation, Picture, size

from .helpers import ORIENTATION, made, noise, parse, pillow, refusal, saved, smooth

PROFILE = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def exif_of(orientation=1):
    exif = Image.Exif()
    exif[ORIENTATION] = orientation
    exif[0x010E] = "a view"
    return exif.tobytes()


def palette_image(transparent=None):
    image = Image.fromarray(noise((9, 8)) % 4, "P")
    image.putpalette([10, 20, 30, 200, 0, 0, 0, 200, 0, 1, 2, 3])
    if transparent is not None:
        image.info["transparency"] = transparent
    return image


@pytest.mark.parametrize("transparent", [None, 2])
def test_gif(transparent):
    image = palette_image(transparent)
    data = saved(image, "GIF", comment=b"from the web")
    picture = parse(data)
    wanted = np.asarray(pillow(data).convert("RGB" if transparent is None else "RGBA"))
    np.testing.assert_array_equal(picture.frames[0], wanted)
    assert picture.alpha == (transparent is not None)
    assert picture.pages[0].comments == [b"from the web"]
    assert (picture.format, picture.notes) == ("PNG", [])


def gif_with(*blocks, rest=b""):
    """Return a GIF with further blocks before its image, and bytes behind its end."""
    data = saved(palette_image(), "GIF")
    place = data.index(b"\x2c", 13)
    return data[:place] + b"".join(blocks) + data[place:] + rest


def gif_block(kind, *parts):
    body = b"".join(bytes([len(part)]) + part for part in parts)
    return b"\x21" + bytes([kind]) + body + b"\0"


def test_blocks_of_a_gif():
    xmp = b"<a>" + b"x" * 300 + b"</a>"
    trailer = b"\1" + bytes(range(255, -1, -1)) + b"\0"
    data = gif_with(
        gif_block(0xFE, b"one"),
        gif_block(0xFF, b"XMP DataXMP")[:-1] + xmp + trailer,
        gif_block(0xFE, b"t" * 255, b"wo"),
        gif_block(0xFF, b"ICCRGBG1012", PROFILE[:200], PROFILE[200:400], PROFILE[400:]),
        gif_block(0xFF, b"NETSCAPE2.0", b"\1\0\0"),
        gif_block(0xFF, b"MAGPIE..1.0", b"abc"),
        gif_block(0x01, bytes(12), b"text"),
        rest=b"more",
    )  # fmt: skip
    picture = parse(data)
    (page,) = picture.pages
    assert page.comments == [b"one", b"t" * 255 + b"wo"]
    assert (page.xmp, page.icc) == (xmp, PROFILE)
    assert picture.notes == [
        "its blocks MAGPIE.., plain text were left out", "4 bytes behind its end were left out"
    ]  # fmt: skip
    np.testing.assert_array_equal(picture.frames[0], np.asarray(pillow(data).convert("RGB")))
    assert parse(gif_with(rest=bytes(9))).notes == []


def test_comment_behind_the_image_of_a_gif():
    data = gif_with()
    picture = parse(data[:-1] + gif_block(0xFE, b"late") + data[-1:])
    assert picture.pages[0].comments == [b"late"]


@pytest.mark.parametrize(("loop", "plays"), [(None, 1), (0, 0), (3, 4)])
def test_animated_gif(loop, plays, tmp_path):
    images = [Image.fromarray(noise((9, 8, 3), seed=seed)).quantize(16) for seed in range(3)]
    options = {} if loop is None else {"loop": loop}
    data = saved(
        images[0], "GIF", save_all=True, append_images=images[1:], duration=[40, 80, 120], **options
    )
    picture = parse(data)
    assert picture.animation == Animation([40.0, 80.0, 120.0], plays)
    for frame, image in zip(picture.frames, images, strict=True):
        np.testing.assert_array_equal(frame, np.asarray(image.convert("RGB")))
    (tmp_path / "a.gif").write_bytes(data)
    assert size(str(tmp_path / "a.gif")) == (8, 9, 3)
    again = parse(made(picture.frames, "PNG", picture))
    assert again.animation == picture.animation


@pytest.mark.parametrize("mode", ["1", "L", "P", "RGB", "RGBA"])
def test_bmp(mode):
    image = {
        "1": lambda: Image.fromarray(noise((9, 8))).convert("1"),
        "L": lambda: Image.fromarray(noise((9, 8))),
        "P": palette_image,
        "RGB": lambda: Image.fromarray(noise((9, 8, 3))),
        "RGBA": lambda: Image.fromarray(noise((9, 8, 4))),
    }[mode]()
    data = saved(image, "BMP", dpi=(300, 200))
    picture = parse(data)
    opened = pillow(data)
    plain = opened.convert({"1": "L", "P": "RGB"}.get(opened.mode, opened.mode))
    np.testing.assert_array_equal(picture.frames[0], np.asarray(plain))
    assert picture.notes == (["1 bit per pixel became 8"] if mode == "1" else [])
    np.testing.assert_allclose(picture.pages[0].resolution.per("inch"), (300, 200), rtol=1e-3)
    assert picture.format == "PNG"


@pytest.mark.parametrize(
    ("kind", "profile", "notes"),
    [
        (b"DEBM", PROFILE, []),
        (
            b"DEBM",
            b"bad",
            ["its colour profile is damaged or not for its colours and was left out"],
        ),
        (b"DEBM", b"", ["its colour profile is damaged or not for its colours and was left out"]),
        (b"KNIL", b"c:\\a.icc", ["its colour profile is in another file and was left out"]),
        (b"BGRs", b"", []),
    ],
)
def test_colour_profile_of_a_bmp(kind, profile, notes):
    pixels = noise((4, 4, 3))
    data = bytearray(saved(pixels, "BMP"))
    body = bytes(data[14 + 40 :])
    header = bytearray(124)
    header[:40] = data[14:54]
    header[:4] = (124).to_bytes(4, "little")
    header[56:60] = kind
    header[112:120] = struct.pack("<II", 124 + len(body), len(profile))
    data[10:14] = (14 + 124).to_bytes(4, "little")
    data[2:6] = (14 + 124 + len(body) + len(profile)).to_bytes(4, "little")
    picture = parse(bytes(data[:14] + header + body + profile))
    assert picture.notes == notes
    assert picture.pages[0].icc == (PROFILE if profile is PROFILE else None)
    np.testing.assert_array_equal(picture.frames[0], pixels)


def test_bytes_behind_a_bmp():
    data = saved(noise((4, 4, 3)), "BMP")
    assert parse(data + b"more").notes == ["4 bytes behind its end were left out"]
    unstated = data[:2] + bytes(4) + data[6:]
    assert parse(unstated + b"more").notes == []


@pytest.mark.parametrize("shape", [(20, 30), (20, 30, 3), (20, 30, 4)])
def test_avif(shape):
    data = saved(noise(shape), "AVIF", quality=70)
    picture = parse(data)
    np.testing.assert_array_equal(picture.frames[0], np.asarray(pillow(data)))
    assert picture.alpha == (shape[-1] == 4)
    assert (picture.format, picture.notes) == ("AVIF", [])


@pytest.mark.parametrize("bits", [10, 12])
@pytest.mark.parametrize("channels", [3, 4])
def test_avif_of_more_than_8_bits(bits, channels):
    pixels = noise((20, 30, channels), "uint16") >> (16 - bits)
    data = imagecodecs.avif_encode(pixels, level=100, bitspersample=bits)
    picture = parse(data)
    stored = imagecodecs.avif_decode(data)
    np.testing.assert_array_equal(picture.frames[0], np.rint(stored * (65535 / (2**bits - 1))))
    assert picture.frames[0].dtype == np.uint16
    assert picture.notes == [f"{bits} bits per pixel became 16"]


def test_metadata_of_an_avif_are_read_and_written():
    pixels = noise((20, 30, 3))
    data = saved(pixels, "AVIF", exif=exif_of(6), xmp=b"<x>y</x>", icc_profile=PROFILE)
    picture = parse(data)
    np.testing.assert_array_equal(picture.frames[0], np.rot90(np.asarray(pillow(data)), -1))
    again = pillow(made(picture.frames, "AVIF", picture))
    assert again.info["icc_profile"] == PROFILE
    assert again.info["xmp"] == b"<x>y</x>"
    assert again.getexif()[0x010E] == "a view"
    assert again.getexif().get(ORIENTATION, 1) == 1


def test_animated_avif():
    frames = [smooth((16, 16, 3)), 255 - smooth((16, 16, 3))]
    source = Picture(frames, animation=Animation([40.0, 80.0], 2))
    picture = parse(made(frames, "AVIF", source))
    assert picture.animation.durations == [40.0, 80.0]
    assert [
        np.abs(a.astype(int) - b).max() < 40 for a, b in zip(picture.frames, frames, strict=True)
    ]
    assert source.notes == [
        "an AVIF cannot hold the number of repetitions: it is repeated for ever"
    ]


@pytest.mark.parametrize("shape", [(20, 30), (20, 30, 2), (20, 30, 3), (20, 30, 4), (16, 16, 3)])
@pytest.mark.parametrize("dtype", ["uint8", "uint16"])
def test_jpeg_xl_of_another_writer(shape, dtype, tmp_path):
    pixels = noise(shape, dtype)
    data = imagecodecs.jpegxl_encode(pixels, lossless=True)
    picture = parse(data)
    np.testing.assert_array_equal(picture.frames[0], pixels)
    assert picture.alpha == (shape[-1] in (2, 4))
    linear = "its colour profile cannot be read and was left out: colours may differ"
    assert picture.notes == ([] if dtype == "uint8" else [linear])
    (tmp_path / "a.jxl").write_bytes(data)
    assert size(str(tmp_path / "a.jxl")) == (shape[1], shape[0], 1)


@pytest.mark.parametrize("dtype", ["uint8", "uint16"])
@pytest.mark.parametrize("shape", [(20, 30), (20, 30, 3), (20, 30, 4)])
def test_jpeg_xl_is_written_without_loss_and_with_metadata(shape, dtype):
    pixels = noise(shape, dtype)
    source = parse(saved(Image.new("RGB", (4, 4)), "PNG", exif=exif_of(), dpi=(300, 300)))
    source.frames, source.alpha = [pixels], shape[-1] == 4
    source.pages[0].xmp = b"<x>y</x>"
    data = made(pixels, "JXL", source)
    np.testing.assert_array_equal(imagecodecs.jpegxl_decode(data), pixels)
    picture = parse(data)
    np.testing.assert_array_equal(picture.frames[0], pixels)
    assert b"a view" in picture.pages[0].exif
    assert picture.pages[0].xmp == b"<x>y</x>"
    np.testing.assert_allclose(picture.pages[0].resolution.per("inch"), (300, 300), rtol=1e-3)
    assert (source.notes, picture.notes) == ([], [])


def test_jpeg_xl_converts_a_profile_that_it_cannot_hold():
    pixels = noise((8, 8, 3))
    source = Picture([pixels])
    source.pages[0].icc = PROFILE
    frame = parse(made(pixels, "JXL", source)).frames[0]
    assert np.abs(frame.astype(int) - pixels).max() <= 3
    assert source.notes == ["a JPEG XL cannot hold its colour profile here: converted to sRGB"]


def test_damaged_boxes_of_a_jpeg_xl():
    data = made(noise((20, 30, 3)), "JXL")
    for end in (1, 13, 40, len(data) // 2):
        assert "damaged" in refusal(data[:end]) or "not an image" in refusal(data[:end])


HEIC = b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + bytes(50)


@pytest.mark.parametrize("brand", [b"heic", b"heix", b"mif1", b"msf1"])
def test_heic_says_what_to_install(monkeypatch, brand):
    monkeypatch.setitem(sys.modules, "pillow_heif", None)
    said = refusal(HEIC[:8] + brand + HEIC[12:])
    assert said == "is a HEIC file; to read it, install pillow-heif: pip install pillow-heif"


def test_heic_is_read_where_pillow_heif_is_installed(monkeypatch):
    pixels = noise((9, 8, 3))

    def register():
        class Heif(Image.Image):
            format = "HEIF"

            def seek(self, frame):
                assert frame == 0

        image = Heif()
        image._im, image._mode, image._size = Image.fromarray(pixels).im, "RGB", (8, 9)
        image.info, image.n_frames = {"bit_depth": 10}, 2
        monkeypatch.setattr(Image, "open", lambda file, formats: image)

    monkeypatch.setitem(
        sys.modules, "pillow_heif", types.SimpleNamespace(register_heif_opener=register)
    )
    picture = parse(HEIC)
    np.testing.assert_array_equal(picture.frames[0], pixels)
    assert picture.notes == [
        "holds several pictures; only the first, the main one, was upscaled",
        "10 bits per pixel became 8",
    ]


@pytest.mark.parametrize("kind", ["GIF", "BMP", "AVIF"])
def test_damaged_files_are_refused(kind):
    data = saved(noise((40, 40, 3)), kind)
    for end in (7, 20, len(data) // 2):
        said = refusal(data[:end])
        assert "damaged" in said or "is not an image" in said
    assert imagefile.read(io.BytesIO(data)).frames


def test_grey_stays_grey_in_an_avif():
    pixels = smooth((20, 30))
    picture = parse(made(pixels, "AVIF"))
    assert picture.frames[0].shape == pixels.shape
    assert np.abs(picture.frames[0].astype(int) - pixels).max() < 20


@pytest.mark.parametrize("stated", [(9, 16), (12, 13), (1, 8)])
def test_other_colours_than_srgb_are_kept_by_a_png_and_noted_by_others(stated):
    data = saved(noise((20, 30, 3)), "AVIF")
    at = data.index(b"colrnclx") + 8
    picture = parse(data[:at] + bytes((0, stated[0], 0, stated[1])) + data[at + 4 :])
    assert picture.pages[0].colours == {b"cICP": bytes((*stated, 0, 1))}
    assert b"cICP" + bytes((*stated, 0, 1)) in made(picture.frames, "PNG", picture)
    assert picture.notes == []
    made(picture.frames, "AVIF", picture)
    assert picture.notes == ["an AVIF cannot hold its cICP: colours may differ"]


def test_srgb_of_an_avif_is_not_mentioned():
    picture = parse(saved(noise((20, 30, 3)), "AVIF"))
    assert picture.pages[0].colours == {}
