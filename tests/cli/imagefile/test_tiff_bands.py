"""TIFF read in bands and written tile by tile: the same pixels, and never the whole picture."""

import contextlib
import os
import struct

import numpy as np
import pytest
import tifffile
from hypothesis import given
from hypothesis import strategies as st

from lutsr.cli import imagefile
from lutsr.cli.imagefile import (
    ImageFileError,
    InputError,
    read_large,
    write_large,
)
from lutsr.cli.imagefile._tiff import _bands, _tiles

from .helpers import ORIENTATION, noise, saved, smooth, tiff, times

LAYOUTS = [
    {},
    {"rowsperstrip": 7},
    {"compression": "zlib", "rowsperstrip": 7, "predictor": True},
    {"compression": "lzw", "rowsperstrip": 300},
    {"compression": "zstd", "tile": (16, 48)},
    {"tile": (32, 16)},
    {"byteorder": ">"},
    {"byteorder": ">", "bigtiff": True, "compression": "zlib", "predictor": True},
]
PLANES = [
    {"planarconfig": "separate"},
    {"planarconfig": "separate", "tile": (16, 16), "compression": "zlib"},
    {"planarconfig": "separate", "rowsperstrip": 5, "compression": "lzw"},
]


@pytest.fixture(autouse=True)
def low_limit(monkeypatch):
    monkeypatch.setattr(_bands, "STREAMED_BYTES", 0)


@pytest.fixture
def file(tmp_path):
    """Return a function that writes a file and returns its path."""

    def write(content, name="in.tif"):
        (tmp_path / name).write_bytes(content)
        return str(tmp_path / name)

    return write


def rows(path, bands):
    with read_large(path, times(2)) as large:
        return np.concatenate([large.rows(*band) for band in bands])


def repeat(scale):
    """Return a function that repeats pixels."""
    return lambda part: part.repeat(scale, 0).repeat(scale, 1)


def copied(source, target, scale=1, **options):
    """Copy a TIFF through bands, and return the copy's picture with the notes of both."""
    done = []
    with read_large(source, times(scale)) as large:
        frame = write_large(
            target, large, scale, repeat(scale), done.append, halo=2, workers=2, **options
        )
    assert sum(done) == frame.shape[0] * frame.shape[1]
    picture = imagefile.read(target)
    picture.notes = large.picture.notes + picture.notes
    return picture


@pytest.mark.parametrize("options", LAYOUTS + PLANES)
@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float32"])
def test_bands_are_those_of_the_whole(file, options, dtype):
    pixels = noise((3, 61, 37) if "planarconfig" in options else (61, 37, 3), dtype)
    path = file(tiff(pixels, photometric="rgb", **options))
    bands = [(0, 1), (1, 20), (20, 48), (48, 61)]
    got = rows(path, bands)
    np.testing.assert_array_equal(got, imagefile.read(path).frames[0], strict=True)


@pytest.mark.parametrize("options", LAYOUTS)
def test_bands_of_grey(file, options):
    pixels = noise((61, 37), "uint16")
    got = rows(file(tiff(pixels, photometric="minisblack", **options)), [(0, 33), (33, 61)])
    np.testing.assert_array_equal(got, pixels, strict=True)


def test_bands_of_jpeg_tiles(file):
    options = {"compression": "jpeg", "tile": (16, 32), "photometric": "rgb"}
    path = file(tiff(smooth((61, 37, 3)), **options))
    got = rows(path, [(0, 33), (33, 61)])
    np.testing.assert_array_equal(got, imagefile.read(path).frames[0])


@given(st.integers(1, 60), st.integers(1, 60), st.integers(1, 60), st.integers(0, 8), st.booleans())
def test_bands_may_overlap_and_go_on(tmp_path_factory, height, length, step, halo, tiled):
    pixels = noise((height, 20))
    path = tmp_path_factory.mktemp("bands") / "in.tif"
    options = {"tile": (16 * -(-length // 16), 16)} if tiled else {"rowsperstrip": length}
    path.write_bytes(tiff(pixels, compression="zlib", photometric="minisblack", **options))
    with read_large(str(path), times(2)) as large:
        for start in range(0, height, step):
            first, last = max(start - halo, 0), min(start + step + halo, height)
            np.testing.assert_array_equal(large.rows(first, last), pixels[first:last])


def test_every_strip_is_decoded_once(file, monkeypatch):
    path = file(tiff(noise((90, 20)), compression="zlib", rowsperstrip=8))
    decoded = []
    decode = _bands.LargePicture._decode
    monkeypatch.setattr(
        _bands.LargePicture, "_decode", lambda self, k: decoded.append(k) or decode(self, k)
    )
    rows(path, [(max(k - 2, 0), min(k + 7, 90)) for k in range(0, 90, 5)])
    assert decoded == list(range(12))


@pytest.mark.parametrize("scale", [1, 2, 3, 4])
@pytest.mark.parametrize("shape", [(1, 150), (150, 1), (129, 200), (130, 86, 2), (70, 90, 4)])
def test_what_is_written(file, tmp_path, shape, scale, monkeypatch):
    monkeypatch.setattr(_tiles, "BLOCK_BYTES", 1)  # a tile at a time
    pixels = noise(shape, "uint16")
    extra = {"extrasamples": ["unassalpha"]} if len(shape) > 2 else {}
    kind = "rgb" if len(shape) > 2 and shape[2] > 2 else "minisblack"
    path = file(tiff(pixels, photometric=kind, planarconfig="contig", **extra))
    target = str(tmp_path / "out.tif")
    picture = copied(path, target, scale)
    np.testing.assert_array_equal(picture.frames[0], repeat(scale)(pixels), strict=True)
    assert picture.alpha == (len(shape) > 2)
    with tifffile.TiffFile(target) as tif:
        assert tif.is_bigtiff
        (page,) = tif.pages
        assert page.tile == (256, 256)
        assert page.compression.name == "ADOBE_DEFLATE"
        assert page.predictor.name == "HORIZONTAL"
    assert sorted(os.listdir(tmp_path)) == ["in.tif", "out.tif"]


def test_floats_are_written_as_they_are(file, tmp_path):
    pixels = noise((100, 300, 3), "float32")
    picture = copied(file(tiff(pixels, photometric="rgb")), str(tmp_path / "out.tif"), 3)
    np.testing.assert_array_equal(picture.frames[0], repeat(3)(pixels), strict=True)


def test_metadata_are_those_of_the_normal_path(file, tmp_path):
    icc = bytearray(200)
    icc[16:20], icc[36:40] = b"RGB ", b"acsp"
    xmp = b"<x:xmpmeta xmlns:x='adobe:ns:meta/'><a exif:PixelXDimension='40'/></x:xmpmeta>"
    path = file(
        tiff(
            noise((30, 40, 3)),
            photometric="rgb",
            iccprofile=bytes(icc),
            resolution=(300, 150),
            resolutionunit=2,
            description="a view",
            extratags=[(700, 1, len(xmp), xmp, True), (315, 2, 0, "Ann", True)],
        )
    )
    normal, streamed = str(tmp_path / "normal.tif"), str(tmp_path / "streamed.tif")
    for strip in (False, True):
        whole = imagefile.read(path)
        frames = [repeat(2)(whole.frames[0])]
        imagefile.write(normal, frames, whole, format="TIFF", strip=strip)
        got = copied(path, streamed, 2, strip=strip)
        wanted = imagefile.read(normal)
        assert got.pages == wanted.pages
        assert got.notes == whole.notes + wanted.notes
        assert got.pages[0].icc == bytes(icc)
        assert (got.pages[0].xmp is None) == strip
    copied(path, streamed, 2)
    with tifffile.TiffFile(streamed) as tif:
        tags = tif.pages[0].tags
        assert tags["ImageDescription"].value == "a view"
        assert tags["Artist"].value == "Ann"


@pytest.mark.parametrize(
    ("pixels", "options"),
    [
        ([noise((30, 40)), noise((30, 40))], {}),
        (noise((30, 40)), {"photometric": "miniswhite"}),
        (noise((30, 40)), {"photometric": "palette", "colormap": noise((3, 256), "uint16")}),
        (noise((30, 40, 4)), {"photometric": "separated", "planarconfig": "contig"}),
        (noise((30, 40)).astype(bool), {}),
        (noise((30, 40), "float32").astype(np.float16), {}),
        (noise((30, 40)), {"extratags": [(ORIENTATION, 3, 1, 6, True)]}),
        (noise((30, 40, 4)), {"photometric": "rgb", "extrasamples": ["assocalpha"]}),
    ],
)
def test_what_needs_more_is_left_to_the_normal_path(file, pixels, options):
    path = file(tiff(pixels, **options))
    with read_large(path, times(2)) as large:
        assert large is None
    imagefile.read(path)


def test_small_pictures_and_other_files_are_left_to_the_normal_path(file, tmp_path, monkeypatch):
    grey = noise((30, 40))
    names = [file(saved(grey, "PNG")), file(b"", "none.tif"), str(tmp_path)]
    monkeypatch.setattr(_bands, "STREAMED_BYTES", grey.size * 9)
    names.append(file(tiff(grey), "small.tif"))
    for name in names:
        with read_large(name, times(3)) as large:
            assert large is None
    with read_large(names[-1], times(4)) as large:
        assert large is not None
    monkeypatch.setattr(_bands, "STREAMED_BYTES", grey.size)
    monkeypatch.setattr(_bands, "MAX_PIXELS", grey.size - 1)  # the normal path would refuse it
    with read_large(names[-1], lambda shape: (1, 1)) as large:
        assert large is not None


def test_pipe_is_not_opened(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    # Opening it would wait for a writer.
    with read_large(str(tmp_path / "pipe"), times(2)) as large:
        assert large is None


@pytest.mark.parametrize("rows", [16, 100_000])
def test_header_without_data_is_refused(file, rows):
    # One strip of 16 rows, whose header claims 100,000 rows, with the strip's length or without.
    data = bytearray(tiff(noise((16, 16)), compression="zlib", rowsperstrip=16))
    for code, value in ((256, 100_000), (257, 100_000), (278, rows)):
        at = data.index(struct.pack("<H", code), 8)
        data[at + 2 : at + 12] = struct.pack("<HII", 4, 1, value)
    path = file(data)
    with contextlib.suppress(ImageFileError), read_large(path, times(4)) as large:
        assert large is None
    with pytest.raises(ImageFileError, match=r"too large|damaged"):
        imagefile.read(path)


def test_highly_compressed_header_is_not_believed(file):
    blank = np.zeros((2000, 3000), np.uint8)
    path = file(tiff(blank, compression="zstd", rowsperstrip=2000))
    with read_large(path, times(4)) as large:
        assert large is None
    with read_large(file(tiff(blank, compression="zlib", rowsperstrip=64)), times(4)) as large:
        assert large is not None


def test_large_strips_are_left_to_the_normal_path(file, monkeypatch):
    monkeypatch.setattr(_bands, "MAX_PIXELS", 1000)
    pixels = noise((50, 40))
    with read_large(file(tiff(pixels, compression="zlib", rowsperstrip=50)), times(4)) as large:
        assert large is None
    with read_large(file(tiff(pixels, rowsperstrip=50)), times(4)) as large:
        assert large is not None  # rows without compression can be read at any position


@pytest.mark.parametrize("last", [2, np.nan, -1])
def test_bad_values_are_found_on_the_way(file, tmp_path, last):
    pixels = noise((400, 20), "float32")
    pixels[-1, -1] = last
    path = file(tiff(pixels, photometric="minisblack"))
    with pytest.raises(
        InputError, match=r"^has (NaN or infinite values|values within \[.*\], wanted \[0, 1\])"
    ):
        copied(path, str(tmp_path / "out.tif"), 2)
    assert os.listdir(tmp_path) == ["in.tif"]


def test_damage_is_found_on_the_way(file, tmp_path):
    content = bytearray(tiff(noise((400, 20)), compression="zlib", rowsperstrip=50))
    path = file(content)
    with tifffile.TiffFile(path) as tif:
        offset = tif.pages[0].dataoffsets[-1]
    content[offset : offset + 20] = bytes(20)
    (tmp_path / "out.tif").write_text("an old one")
    with pytest.raises(InputError, match=r"^is damaged \(.*\); get an intact copy$"):
        copied(file(content), str(tmp_path / "out.tif"), 2)
    assert sorted(os.listdir(tmp_path)) == ["in.tif", "out.tif"]
    assert (tmp_path / "out.tif").read_text() == "an old one"


@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), KeyboardInterrupt()])
def test_failure_leaves_nothing(file, tmp_path, error):
    parts = []

    def upscale(part):
        parts.append(part)
        if len(parts) == 3:
            raise error
        return repeat(2)(part)

    path = file(tiff(noise((600, 300)), photometric="minisblack"))
    wanted = ImageFileError if isinstance(error, OSError) else KeyboardInterrupt
    said = "cannot be written: No space left on device" if wanted is ImageFileError else ""
    target, options = str(tmp_path / "out.tif"), {"halo": 2, "workers": 2}
    with read_large(path, times(2)) as large, pytest.raises(wanted, match=said or None):
        write_large(target, large, 2, upscale, print, **options)
    assert os.listdir(tmp_path) == ["in.tif"]


def test_input_may_be_replaced(file):
    pixels = noise((150, 20))
    path = file(tiff(pixels, photometric="minisblack"))
    np.testing.assert_array_equal(copied(path, path, 2).frames[0], repeat(2)(pixels))
