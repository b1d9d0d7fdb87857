"""Reading and writing image files: what is kept, what is refused by name, nothing half-written."""

import io
import os
import struct
import zlib

import numpy as np
import pytest
from PIL import ExifTags, Image, ImageCms, PngImagePlugin

from lutsr import _imagefile
from lutsr._imagefile import ImageFileError, Picture, read, write

ORIENTATION = ExifTags.Base.Orientation
EXIF_IFD = 0x8769


@pytest.fixture
def grey():
    return np.random.default_rng(1).integers(0, 256, (7, 5), np.uint8)


@pytest.fixture
def rgb():
    return np.random.default_rng(2).integers(0, 256, (7, 5, 3), np.uint8)


def smooth(shape):
    """Return something that JPEG keeps nearly as it is."""
    rows, columns = np.mgrid[: shape[0], : shape[1]]
    plane = (3 * rows + 2 * columns).astype(np.uint8)
    return plane if len(shape) == 2 else np.stack([plane, 200 - plane, plane // 2], axis=-1)


def chunk(name, data):
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def png(path, depth, colour_type, row, *before_pixels, height=2, width=4):
    """Write a PNG file of any depth and colour type, by hand."""
    header = struct.pack(">IIBBBBB", width, height, depth, colour_type, 0, 0, 0)
    body = [chunk(b"IHDR", header), *before_pixels]
    body += [chunk(b"IDAT", zlib.compress((b"\0" + row) * height)), chunk(b"IEND", b"")]
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + b"".join(body))
    return str(path)


def refusal(path):
    with pytest.raises(ImageFileError) as caught:
        read(str(path))
    return str(caught.value)


# What is read


@pytest.mark.parametrize("name", ["grey", "rgb"])
def test_png_round_trip_is_exact(tmp_path, name, request):
    pixels = request.getfixturevalue(name)
    path = str(tmp_path / "a.png")
    write(path, pixels, Picture(pixels))
    again = read(path)
    np.testing.assert_array_equal(again.pixels, pixels)
    assert again.pixels.dtype == np.uint8
    assert again.notes == []
    assert os.listdir(tmp_path) == ["a.png"]


@pytest.mark.parametrize("shape", [(40, 30), (40, 30, 3)])
@pytest.mark.parametrize("extension", [".jpg", ".jpeg", ".JPG"])
def test_jpeg_round_trip_is_close_and_not_subsampled(tmp_path, shape, extension):
    pixels = smooth(shape)
    path = str(tmp_path / f"a{extension}")
    write(path, pixels, Picture(pixels))
    with Image.open(path) as image:
        assert image.format == "JPEG"
        assert all(layer[1:3] == (1, 1) for layer in image.layer)
    again = read(path).pixels
    assert again.shape == pixels.shape
    assert np.abs(again.astype(int) - pixels).max() <= 6


def test_content_decides_not_the_extension(tmp_path, grey):
    Image.fromarray(grey).save(tmp_path / "a.jpg", format="PNG")
    np.testing.assert_array_equal(read(str(tmp_path / "a.jpg")).pixels, grey)


@pytest.mark.parametrize(("depth", "row", "levels"), [(2, b"\x1b", [0, 85, 170, 255])])
def test_grey_of_fewer_bits_spans_the_full_range(tmp_path, depth, row, levels):
    path = png(tmp_path / "a.png", depth, 0, row)
    np.testing.assert_array_equal(read(path).pixels, [levels, levels])


def test_interlaced_png_is_read(tmp_path):
    # Adam7 of a 1x1 image is the same bytes as no interlacing.
    path = tmp_path / "a.png"
    png(path, 8, 0, b"\x2a", height=1, width=1)
    data = bytearray(path.read_bytes())
    data[28] = 1
    data[29:33] = struct.pack(">I", zlib.crc32(bytes(data[12:29])))
    path.write_bytes(data)
    np.testing.assert_array_equal(read(str(path)).pixels, [[42]])


def test_jpeg_followed_by_a_preview_says_that_only_the_first_is_read(tmp_path):
    first, second = (Image.fromarray(smooth((n, n, 3))) for n in (24, 12))
    path = tmp_path / "a.jpg"
    first.save(path, format="MPO", save_all=True, append_images=[second])
    picture = read(str(path))
    assert picture.pixels.shape == (24, 24, 3)
    assert "only the first" in picture.notes[0]


# What is refused


@pytest.mark.parametrize(
    ("depth", "colour_type", "row", "said"),
    [
        (16, 0, bytes(8), "16 bits per channel"),
        (16, 2, bytes(24), "16 bits per channel"),
        (16, 4, bytes(16), "16 bits per channel"),
        (16, 6, bytes(32), "16 bits per channel"),
        (1, 0, b"\xa0", "1 bit per pixel"),
        (8, 4, bytes(8), "an alpha channel"),
        (8, 6, bytes(16), "an alpha channel"),
    ],
)
def test_png_that_8_bits_would_not_hold_is_refused(tmp_path, depth, colour_type, row, said):
    path = png(tmp_path / "a.png", depth, colour_type, row)
    with Image.open(path) as image:
        image.load()  # a valid file: the refusal is ours
    assert refusal(path) == (
        f"has {said}, which lutsr cannot keep yet; convert it to 8-bit grey or RGB first"
    )


@pytest.mark.parametrize("depth", [1, 2, 4, 8])
def test_palette_is_refused(tmp_path, depth):
    path = png(tmp_path / "a.png", depth, 3, bytes(depth), chunk(b"PLTE", bytes(6)))
    assert "has a palette" in refusal(path)


@pytest.mark.parametrize(("colour_type", "row"), [(0, bytes(4)), (2, bytes(12))])
def test_transparent_colour_is_refused(tmp_path, colour_type, row):
    transparent = chunk(b"tRNS", bytes(2 if colour_type == 0 else 6))
    path = png(tmp_path / "a.png", 8, colour_type, row, transparent)
    assert "has a transparent colour (tRNS)" in refusal(path)


def test_animation_is_refused(tmp_path, grey):
    frames = [Image.fromarray(grey), Image.fromarray(255 - grey)]
    path = tmp_path / "a.png"
    frames[0].save(path, save_all=True, append_images=frames[1:])
    assert "several frames (an animation)" in refusal(path)


def test_cmyk_jpeg_is_refused(tmp_path):
    Image.new("CMYK", (8, 8)).save(tmp_path / "a.jpg")
    assert "has CMYK colours" in refusal(tmp_path / "a.jpg")


@pytest.mark.parametrize("kind", ["TIFF", "GIF", "BMP", "WEBP"])
def test_other_formats_are_refused_by_name(tmp_path, grey, kind):
    # The extension claims PNG: only the content counts.
    Image.fromarray(grey).save(tmp_path / "a.png", format=kind)
    assert refusal(tmp_path / "a.png") == f"is a {kind} file, not PNG or JPEG; convert it first"


@pytest.mark.parametrize("content", [b"", b"not an image", b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff"])
def test_what_is_no_image_is_refused(tmp_path, content):
    path = tmp_path / "a.png"
    path.write_bytes(content)
    assert refusal(path) == "is damaged or not an image; lutsr reads PNG and JPEG"


@pytest.mark.parametrize("kind", ["PNG", "JPEG"])
def test_truncated_file_is_refused(tmp_path, kind):
    noise = np.random.default_rng(3).integers(0, 256, (64, 64, 3), np.uint8)
    data = io.BytesIO()
    Image.fromarray(noise).save(data, format=kind)
    path = tmp_path / "a"
    path.write_bytes(data.getvalue()[: len(data.getvalue()) // 2])
    assert "is damaged (" in refusal(path)


def test_missing_file_and_folder(tmp_path):
    assert refusal(tmp_path / "none.png") == "cannot be opened: No such file or directory"
    assert refusal(tmp_path).startswith("cannot be opened: ")


def test_huge_header_without_pixels_is_refused(tmp_path):
    path = png(tmp_path / "a.png", 8, 2, b"", width=50_000, height=50_000)
    assert "is too large (" in refusal(path)


def test_large_image_below_pillows_limit_brings_no_warning(tmp_path, grey, monkeypatch):
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", grey.size * 2 // 3)
    Image.fromarray(grey).save(tmp_path / "a.png")
    picture = read(str(tmp_path / "a.png"))
    np.testing.assert_array_equal(picture.pixels, grey)
    assert picture.notes == []


# What is kept


@pytest.mark.parametrize("extension", [".png", ".jpg"])
def test_profile_and_resolution_are_kept(tmp_path, rgb, extension):
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    source = tmp_path / "a.png"
    Image.fromarray(rgb).save(source, icc_profile=profile, dpi=(300, 150))
    target = str(tmp_path / f"b{extension}")
    write(target, rgb, read(str(source)))
    with Image.open(target) as image:
        assert image.info["icc_profile"] == profile
        assert image.info["dpi"] == pytest.approx((300, 150), abs=0.02)  # PNG counts per metre


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("extension", [".png", ".jpg"])
def test_orientation_is_applied_and_dropped_and_other_tags_stay(tmp_path, orientation, extension):
    # Where the corner of the stored image that is bright comes to lie, by the EXIF standard.
    corner = {1: (0, 0), 2: (0, -1), 3: (-1, -1), 4: (-1, 0)}
    corner |= {5: (0, 0), 6: (0, -1), 7: (-1, -1), 8: (-1, 0)}
    stored = np.zeros((16, 32), np.uint8)
    stored[:8, :8] = 200
    tags = Image.Exif()
    tags[ORIENTATION] = orientation
    tags[ExifTags.Base.Make] = "Maker"
    tags[EXIF_IFD] = {0xA002: 32, 0xA003: 16}
    source = tmp_path / "a.png"
    Image.fromarray(stored).save(source, exif=tags)

    picture = read(str(source))
    assert picture.pixels.shape == ((16, 32) if orientation < 5 else (32, 16))
    assert picture.pixels[corner[orientation]] == 200
    assert picture.pixels.sum() == stored.sum()

    target = str(tmp_path / f"b{extension}")
    write(target, np.zeros((60, 90), np.uint8), picture)
    with Image.open(target) as image:
        kept = image.getexif()
        assert ORIENTATION not in kept
        assert kept[ExifTags.Base.Make] == "Maker"
        assert kept.get_ifd(EXIF_IFD) == {0xA002: 90, 0xA003: 60}


def test_damaged_exif_is_left_out_and_said(tmp_path, grey):
    Image.fromarray(grey).save(tmp_path / "a.jpg", exif=b"Exif\0\0nonsense")
    picture = read(str(tmp_path / "a.jpg"))
    assert picture.pixels.shape == grey.shape
    assert picture.exif is None
    assert picture.notes == ["its EXIF data are damaged and were left out"]


def test_warnings_of_pillow_become_notes(tmp_path, grey, monkeypatch):
    import warnings

    def warn(*_args):
        warnings.warn("something odd", stacklevel=1)

    monkeypatch.setattr(_imagefile, "_refuse", warn)
    Image.fromarray(grey).save(tmp_path / "a.png")
    assert read(str(tmp_path / "a.png")).notes == ["something odd"]


LINEAR = struct.pack(">I", 100_000)


def test_png_colour_chunks_are_kept_in_png(tmp_path):
    source = png(tmp_path / "a.png", 8, 0, bytes(4), chunk(b"gAMA", LINEAR))
    target = tmp_path / "b.png"
    picture = read(source)
    write(str(target), picture.pixels, picture)
    assert chunk(b"gAMA", LINEAR) in target.read_bytes()
    assert picture.notes == []


@pytest.mark.parametrize(
    ("chunks", "noted"),
    [
        ([chunk(b"gAMA", LINEAR)], True),
        ([chunk(b"gAMA", struct.pack(">I", 45455))], False),
        ([chunk(b"sRGB", b"\0"), chunk(b"gAMA", LINEAR)], False),
        ([], False),
    ],
)
def test_colour_that_a_jpeg_cannot_state_is_said(tmp_path, chunks, noted):
    picture = read(png(tmp_path / "a.png", 8, 0, bytes(4), *chunks))
    write(str(tmp_path / "b.jpg"), picture.pixels, picture)
    said = ["a JPEG cannot hold its gAMA: colours may differ"]
    assert picture.notes == (said if noted else [])


# Whole or not at all


@pytest.mark.parametrize("extension", [".png", ".jpg"])
@pytest.mark.parametrize(
    ("error", "raised"),
    [
        (OSError(28, "No space left on device"), ImageFileError),
        (ValueError("EXIF data is too long"), ImageFileError),
        (KeyboardInterrupt(), KeyboardInterrupt),
        (MemoryError(), MemoryError),
    ],
)
def test_failure_half_way_leaves_the_old_file_and_nothing_else(
    tmp_path, grey, monkeypatch, extension, error, raised
):
    def half(self, file, **options):
        file.write(b"half")
        file.flush()
        assert len(os.listdir(tmp_path)) == 2  # it is on the disk when the failure comes
        raise error

    target = tmp_path / f"out{extension}"
    target.write_bytes(b"old")
    monkeypatch.setattr(Image.Image, "save", half)
    with pytest.raises(raised) as caught:
        write(str(target), grey, Picture(grey))
    assert os.listdir(tmp_path) == [target.name]
    assert target.read_bytes() == b"old"
    if raised is ImageFileError:
        assert str(caught.value) == f"cannot be written: {getattr(error, 'strerror', error)}"


def test_exif_too_long_for_a_jpeg_fails_whole(tmp_path, grey):
    tags = Image.Exif()
    tags[ExifTags.Base.ImageDescription] = "x" * 70_000
    with pytest.raises(ImageFileError, match="EXIF data is too long"):
        write(str(tmp_path / "a.jpg"), grey, Picture(grey, exif=tags.tobytes()))
    assert os.listdir(tmp_path) == []


def test_output_folder_that_is_not_there(tmp_path, grey):
    with pytest.raises(ImageFileError, match="cannot be written: No such file or directory"):
        write(str(tmp_path / "none" / "a.png"), grey, Picture(grey))


def test_link_keeps_pointing_at_its_file(tmp_path, grey):
    real = tmp_path / "folder" / "real.png"
    real.parent.mkdir()
    real.write_bytes(b"old")
    link = tmp_path / "link.png"
    try:
        link.symlink_to(real)
    except OSError:
        pytest.skip("no symbolic links here")
    write(str(link), grey, Picture(grey))
    assert link.is_symlink()
    np.testing.assert_array_equal(read(str(real)).pixels, grey)


@pytest.mark.skipif(os.name != "posix", reason="permissions of POSIX")
def test_output_has_ordinary_permissions(tmp_path, grey):
    write(str(tmp_path / "a.png"), grey, Picture(grey))
    (tmp_path / "plain").write_bytes(b"")
    assert (tmp_path / "a.png").stat().st_mode == (tmp_path / "plain").stat().st_mode


def test_text_chunks_do_not_hide_what_follows_them(tmp_path):
    info = PngImagePlugin.PngInfo()
    info.add_text("Comment", "y" * 5000)
    path = tmp_path / "a.png"
    Image.new("P", (3, 3)).save(path, pnginfo=info)
    assert "has a palette" in refusal(path)
    transparent = chunk(b"tEXt", b"Comment\0" + b"z" * 5000) + chunk(b"tRNS", bytes(2))
    assert "tRNS" in refusal(png(path, 8, 0, bytes(4), transparent))
