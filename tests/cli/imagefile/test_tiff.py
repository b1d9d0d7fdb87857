"""TIFF of other programs: pages, layouts, compressions, depths, and refusals."""

import io

import numpy as np
import pytest
import tifffile
from PIL import Image

from lutsr.cli import imagefile
from lutsr.cli.imagefile import ImageFileError, Picture, check_target, size
from lutsr.cli.imagefile._tiff import _pages

from .helpers import (
    ORIENTATION,
    chunk,
    made,
    noise,
    parse,
    pillow,
    png,
    refusal,
    saved,
    smooth,
    tiff,
)


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"compression": "lzw", "predictor": True},
        {"compression": "packbits"},
        {"compression": "zstd"},
        {"compression": "zlib", "rowsperstrip": 7},
        {"tile": (16, 16)},
        {"planarconfig": "separate"},
        {"planarconfig": "separate", "tile": (16, 16), "compression": "zlib"},
        {"bigtiff": True},
        {"byteorder": ">"},
        {"byteorder": ">", "bigtiff": True, "compression": "zlib"},
    ],
)
@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float32"])
def test_layouts_and_compressions(options, dtype):
    shape = (3, 33, 21) if options.get("planarconfig") else (33, 21, 3)
    pixels = noise(shape, dtype)
    frame = parse(tiff(pixels, photometric="rgb", **options)).frames[0]
    wanted = np.moveaxis(pixels, 0, -1) if options.get("planarconfig") else pixels
    np.testing.assert_array_equal(frame, wanted)
    assert frame.dtype == dtype


def test_jpeg_inside_a_tiff():
    pixels = smooth((40, 30, 3))
    data = tiff(pixels, photometric="rgb", compression="jpeg", compressionargs={"level": 95})
    with tifffile.TiffFile(io.BytesIO(data)) as tif:
        assert tif.pages[0].photometric.name == "YCBCR"
    assert np.abs(parse(data).frames[0].astype(int) - pixels).max() <= 12


def test_all_pages_are_kept_and_may_differ(tmp_path):
    pages = [noise((5, 4)), noise((9, 7)), noise((2, 3), seed=3)]
    path = tmp_path / "a.tif"
    path.write_bytes(tiff(pages))
    assert size(str(path)) == (4, 5, 3)
    picture = imagefile.read(str(path))
    again = parse(made(picture.frames, "TIFF", picture))
    for frames in (picture.frames, again.frames):
        assert len(frames) == 3
        for frame, page in zip(frames, pages, strict=True):
            np.testing.assert_array_equal(frame, page)
    assert again.notes == []


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
def test_pages_do_not_fit_other_formats(kind):
    picture = parse(tiff([noise((5, 4)), noise((5, 4), seed=2)]))
    with pytest.raises(ImageFileError, match=r"cannot hold 2 pages; write a \.tif$"):
        check_target(kind, [(frame.shape, frame.dtype) for frame in picture.frames], picture)


def test_pages_keep_their_own_metadata():
    data = io.BytesIO()
    with tifffile.TiffWriter(data) as out:
        for number in (1, 2):
            out.write(
                noise((5, 4)),
                description=f"page {number}",
                resolution=(number, number),
                resolutionunit=3,
                metadata=None,
                software=False,
            )
    picture = parse(data.getvalue())
    written = made(picture.frames, "TIFF", picture)
    with tifffile.TiffFile(io.BytesIO(written)) as tif:
        assert [page.description for page in tif.pages] == ["page 1", "page 2"]
        assert [page.tags[282].value for page in tif.pages] == [(1, 1), (2, 1)]
        assert [page.tags[296].value for page in tif.pages] == [3, 3]
        assert all(305 not in page.tags for page in tif.pages)


@pytest.mark.parametrize(("bits", "levels"), [(2, [0, 85, 170, 255]), (4, [0, 17, 34, 51])])
def test_few_bits_of_grey_span_the_full_range(bits, levels):
    # One row of 4 samples, by hand: tifffile writes no such depths without a codec.
    packed = {2: b"\x1b", 4: b"\x01\x23"}[bits]
    data = tiff(np.frombuffer(packed, np.uint8)[None])
    with tifffile.TiffFile(file := io.BytesIO(data), mode="r+") as tif:
        tags = tif.pages[0].tags
        tags["BitsPerSample"].overwrite(bits)
        tags["ImageWidth"].overwrite(4)
    np.testing.assert_array_equal(parse(file.getvalue()).frames[0], [levels])


@pytest.mark.parametrize("photometric", ["minisblack", "miniswhite"])
def test_one_bit_becomes_grey(photometric):
    pixels = noise((9, 13)) > 127
    picture = parse(tiff(pixels, photometric=photometric))
    white = pixels if photometric == "minisblack" else ~pixels
    np.testing.assert_array_equal(picture.frames[0], np.where(white, 255, 0))
    assert picture.notes == ["1 bit per pixel became 8"]


@pytest.mark.parametrize("compression", ["group3", "group4", "tiff_lzw"])
def test_one_bit_of_pillow(compression):
    pixels = noise((9, 16)) > 127
    data = saved(Image.fromarray(pixels), "TIFF", compression=compression)
    np.testing.assert_array_equal(parse(data).frames[0], np.where(pixels, 255, 0))


@pytest.mark.parametrize("dtype", ["uint8", "uint16"])
def test_white_as_zero_is_turned_round(dtype):
    pixels = noise((5, 4), dtype)
    frame = parse(tiff(pixels, photometric="miniswhite")).frames[0]
    np.testing.assert_array_equal(frame, np.iinfo(dtype).max - pixels)


@pytest.mark.parametrize(("factor", "dtype"), [(257, "uint8"), (256, "uint8"), (1000, "uint16")])
def test_palette_becomes_rgb_of_its_own_depth(factor, dtype):
    colours = (np.arange(768).reshape(3, 256) % 60 * factor).astype(np.uint16)
    pixels = noise((5, 4))
    frame = parse(tiff(pixels, photometric="palette", colormap=colours)).frames[0]
    assert frame.dtype == dtype
    wanted = np.moveaxis(colours, 0, -1)[pixels] // (factor if dtype == "uint8" else 1)
    np.testing.assert_array_equal(frame, wanted)


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float32"])
@pytest.mark.parametrize("channels", [2, 4])
def test_multiplied_alpha_is_divided_out(dtype, channels):
    frame = noise((16, 16, channels), dtype)
    top = 1 if dtype == "float32" else np.iinfo(dtype).max
    frame[..., -1] = np.maximum(frame[..., -1], top * 3 // 4 if top > 1 else 0.5)
    alpha = frame[..., -1:] / top
    multiplied = np.concatenate([frame[..., :-1] * alpha, frame[..., -1:]], -1)
    multiplied = (np.rint(multiplied) if top > 1 else multiplied).astype(dtype)
    multiplied[0, 0] = 0
    photometric = "rgb" if channels == 4 else "minisblack"
    picture = parse(
        tiff(
            multiplied, photometric=photometric, planarconfig="contig", extrasamples=["assocalpha"]
        )
    )
    assert picture.alpha
    assert picture.frames[0][0, 0].tolist() == [0] * channels
    difference = np.abs(picture.frames[0].astype(float) - frame)[1:]
    assert difference.max() <= (1 if top > 1 else 1e-6)
    assert picture.notes == ["colours multiplied by alpha were divided by it"]


def test_half_floats_become_floats_without_loss():
    pixels = noise((5, 4), "float32").astype(np.float16)
    picture = parse(tiff(pixels))
    assert picture.frames[0].dtype == np.float32
    np.testing.assert_array_equal(picture.frames[0], pixels)
    assert picture.notes == ["16-bit floats became 32-bit ones"]


@pytest.mark.parametrize("value", [-0.001, 1.001, np.nan, np.inf])
def test_floats_outside_the_range_are_refused(value):
    pixels = np.full((3, 3), 0.5, np.float32)
    pixels[1, 1] = value
    assert refusal(tiff(pixels)).startswith(
        "has NaN or infinite values" if not np.isfinite(value) else "has values within ["
    )


@pytest.mark.parametrize("dtype", ["uint32", "int32", "int64", "uint64", "complex64"])
def test_other_types_are_refused(dtype):
    said = refusal(tiff(np.ones((3, 3), dtype)))
    assert said.startswith(f"has {dtype} samples; convert them to 8 or 16 bits, or to floats")


@pytest.mark.parametrize("channels", [2, 4, 5])
def test_channels_of_unknown_meaning_are_refused(channels):
    data = tiff(noise((6, 5, channels)), photometric="minisblack", planarconfig="contig")
    assert f"has {channels} channels: 1 of colours, and others that are not plain alpha" in refusal(
        data
    )


def test_other_colours_are_refused():
    data = tiff(noise((6, 5, 3)), photometric="cielab")
    assert refusal(data).startswith("has CIELAB colours, which lutsr cannot keep")


def test_ycbcr_that_is_not_jpeg_is_refused():
    data = tiff(noise((6, 5, 3)), photometric="ycbcr")
    assert "YCbCr colours that are not compressed as JPEG" in refusal(data)


def test_compression_that_is_not_supported_is_not_called_damage():
    data = tiff(noise((8, 8)))
    with tifffile.TiffFile(file := io.BytesIO(data), mode="r+") as tif:
        tif.pages[0].tags["Compression"].overwrite(34676)
    said = refusal(file.getvalue())
    assert said.startswith("is stored in a way that cannot be read (<COMPRESSION.SGILOG")


def test_volumes_and_hidden_images_are_refused():
    assert "several images in one page" in refusal(
        tiff(noise((16, 16, 16)), photometric="minisblack", volumetric=True, tile=(16, 16, 16))
    )
    data = io.BytesIO()
    tifffile.imwrite(data, noise((3, 8, 8)), truncate=True, photometric="minisblack")
    assert "several images in one page" in refusal(data.getvalue())
    assert "several images in one page" in refusal(
        tiff(noise((8, 8)), description="ImageJ=1.11a\nimages=3\n")
    )


def test_pages_with_and_without_alpha_are_refused():
    first, second = noise((6, 5, 3)), noise((6, 5, 4))
    data = io.BytesIO()
    with tifffile.TiffWriter(data) as out:
        out.write(first, photometric="rgb")
        out.write(second, photometric="rgb", extrasamples=["unassalpha"])
    assert "pages with and without alpha" in refusal(data.getvalue())


def test_reduced_copies_are_left_out_and_said():
    data = io.BytesIO()
    with tifffile.TiffWriter(data) as out:
        out.write(pixels := noise((32, 32)), metadata=None)
        out.write(pixels[::2, ::2], subfiletype=1, metadata=None)
    picture = parse(data.getvalue())
    assert len(picture.frames) == 1
    assert picture.notes == ["the reduced copies in it were left out"]


def test_raw_camera_data_are_refused():
    only_preview = tiff(noise((8, 8)), subfiletype=1)
    sensor = tiff(noise((8, 8, 3)), photometric=34892)
    dng = io.BytesIO()
    with tifffile.TiffWriter(dng) as out:
        version = (50706, 1, 4, b"\1\4\0\0", True)
        out.write(noise((8, 8)), subifds=1, metadata=None, extratags=[version])
        out.write(noise((8, 8, 3)), photometric=34892, metadata=None)
    for data in (only_preview, sensor, dng.getvalue()):
        assert "is raw camera data or holds previews only" in refusal(data)


def test_description_of_tifffile_itself_is_not_kept_and_not_said():
    data = io.BytesIO()
    tifffile.imwrite(data, noise((8, 8)))
    picture = parse(data.getvalue())
    assert picture.notes == []
    assert b"shape" not in made(noise((32, 32)), "TIFF", picture)


def test_tags_that_are_left_out_are_named():
    for code, name in ((42113, "GDAL_NODATA"), (42112, "GDAL_METADATA"), (65000, "65000")):
        data = tiff(noise((8, 8)), extratags=[(code, 2, 3, "12", True)])
        assert parse(data).notes == [f"its tags {name} were left out"]


def test_pages_in_a_circle_are_refused():
    data = bytearray(tiff([noise((5, 4)), noise((5, 4))]))
    with tifffile.TiffFile(io.BytesIO(bytes(data))) as tif:
        last = tif.pages.next_page_offset
        first = tif.pages[0].offset
    place = data.rindex(bytes(4)) if last is None else last
    data[place : place + 4] = first.to_bytes(4, "little")
    assert refusal(bytes(data)) == "is damaged (its pages go in a circle); get an intact copy"


def test_broken_chain_of_pages_is_not_a_shorter_file():
    # tifffile alone would give the first page and log the rest.
    data = tiff([noise((50, 40)), noise((50, 40)), noise((50, 40))], compression="zlib")
    with tifffile.TiffFile(io.BytesIO(data)) as tif:
        second = tif.pages[1].offset
    assert refusal(data[:second]).startswith("is damaged")


def test_missing_strip_is_refused():
    # tifffile alone would fill it with zeros.
    data = tiff(noise((32, 32)), rowsperstrip=8)
    with tifffile.TiffFile(file := io.BytesIO(data), mode="r+") as tif:
        tag = tif.pages[0].tags["StripByteCounts"]
        tag.overwrite((*tag.value[:-1], 0))
    assert "some of its pixels are missing" in refusal(file.getvalue())


def test_height_beyond_the_strips_is_refused():
    data = tiff(noise((32, 32)), rowsperstrip=8, compression="zlib")
    with tifffile.TiffFile(file := io.BytesIO(data), mode="r+") as tif:
        tif.pages[0].tags["ImageLength"].overwrite(64)
    assert "fewer pixels than it states" in refusal(file.getvalue())


def test_width_beyond_the_strips_is_refused():
    # Otherwise the data of the next page would be read as pixels.
    data = tiff([noise((32, 32)), noise((32, 32), seed=2)])
    with tifffile.TiffFile(file := io.BytesIO(data), mode="r+") as tif:
        tif.pages[0].tags["ImageWidth"].overwrite(40)
    assert "fewer pixels than it states" in refusal(file.getvalue())


def test_absurd_numbers_of_tags():
    head = b"II+\0\x08\0\0\0" + (16).to_bytes(8, "little")
    assert refusal(head + b"\xff" * 100) == "is damaged (it ends too early); get an intact copy"
    data = tiff(noise((8, 8)), bigtiff=True, extratags=[(65000, 16, 1, 0, True)])
    place = data.index((65000).to_bytes(2, "little"))
    bad = data[:place] + (0x8769).to_bytes(2, "little") + data[place + 2 :]
    place += 12
    bad = bad[:place] + len(bad).to_bytes(8, "little") + bad[place + 8 :] + b"\xff" * 60
    picture = parse(bad)
    assert picture.frames[0].shape == (8, 8)
    assert picture.notes == ["damaged tags were left out: the Exif directory"]


def test_damaged_tag_is_said_once_and_the_others_are_good(caplog, capfd):
    turned = [(ORIENTATION, 3, 1, 6, True)]
    data = bytearray(tiff(noise((8, 5)), description="x" * 50, extratags=turned))
    place = data.index(
        b"\x0e\x01\x02\0"
    )  # the entry of the description; its text is outside the file now
    data[place + 8 : place + 12] = b"\xff\xff\xff\x7f"
    picture = parse(bytes(data))
    assert picture.notes == ["damaged tags were left out: ImageDescription"]
    assert picture.frames[0].shape == (5, 8)
    assert not caplog.records
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("orientation", range(1, 9))
def test_orientation_of_a_page(orientation):
    pixels = noise((4, 7))
    data = tiff(pixels, extratags=[(ORIENTATION, 3, 1, orientation, True)], resolution=(100, 50))
    picture = parse(data)
    exif = Image.Exif()
    exif[ORIENTATION] = orientation
    same = parse(saved(pixels, "PNG", exif=exif))
    np.testing.assert_array_equal(picture.frames[0], same.frames[0])
    assert picture.pages[0].resolution.x == (100 if orientation < 5 else 50)
    with tifffile.TiffFile(io.BytesIO(made(picture.frames, "TIFF", picture))) as tif:
        assert tif.pages[0].tags.valueof(ORIENTATION, default=1) == 1


def test_above_four_gigabytes_it_is_a_bigtiff(monkeypatch):
    # The limit is lowered instead.
    monkeypatch.setattr(_pages, "CLASSIC_LIMIT", 10)
    exif = Image.Exif()
    exif[271] = "Maker"
    exif[0x8769] = {0xA434: "Lens"}
    source = parse(saved(noise((5, 4)), "PNG", exif=exif))
    frames = [noise((9, 8)), noise((9, 8), seed=2)]
    data = made(frames, "TIFF", Picture(frames, pages=source.pages))
    assert data[:4] == b"II+\0"
    for page in parse(data).pages:
        assert b"Maker\0" in page.exif
        assert b"Lens\0" in page.exif
    with tifffile.TiffFile(io.BytesIO(data)) as tif:
        np.testing.assert_array_equal(tif.asarray(key=1), frames[1])
        assert tif.pages[1].tags[34665].value == {"LensModel": "Lens"}


def test_png_chunks_and_files_of_pillow_agree():
    data = png(8, 2, bytes(12), chunk(b"pHYs", b"\0\0\x2e\x23\0\0\x2e\x23\1"))  # 11811 per metre
    picture = parse(data)
    written = made(picture.frames, "TIFF", picture)
    assert pillow(written).info["dpi"] == pytest.approx((299.9994, 299.9994))
    with tifffile.TiffFile(io.BytesIO(written)) as tif:
        numerator, denominator = tif.pages[0].tags[282].value
    assert numerator / denominator == pytest.approx(118.11)
