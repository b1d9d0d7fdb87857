"""Tags of special programs in a TIFF: they neither hide pages nor prevent reading of the pixels.

The pixels are those that Pillow decodes, which does not look at these tags.
"""

import io

import numpy as np
import pytest
import tifffile
from PIL import Image

from lutsr.cli.imagefile import read_large
from lutsr.cli.imagefile._tiff import _bands

from .helpers import noise, parse, pillow, refusal, tiff, times

NONSENSE = [
    (1, 4, b"abcd"),
    (2, 0, "x" * 30),
    (3, 3, (1, 2, 3)),
    (5, 1, (1, 0)),
    (7, 9, b"\xff" * 9),
]
#: Tags by which tifffile knows LSM, MetaMorph, FluoView, NIH Image, MD Gel, MicroManager, Andor,
#: Nuvu, TVIPS, FEI, SEM, SIS, MC, NDPI, DNG, TIFF/EP and EER files; and one that is about YCbCr.
CODES = [34412, 33628, 33629, 34362, 43314, 33445, 51123, 4864, 65000, 65001, 37706, 34680]
CODES += [34118, 33560, 33471, 50288, 65420, 65441, 50706, 37398, 530]
NDPI = [(271, 2, 0, "Hamamatsu", False), (65420, 4, 1, 1, False), (65441, 4, 1, 7, False)]
LSM = [(34412, 7, 9, b"\xff" * 9, False)]
PLAIN = "what its tags of a special program state cannot be read: it was read as an ordinary TIFF"


def decoded(data):
    """Return the pages of a TIFF as Pillow reads them."""
    image = pillow(data)
    found = []
    for page in range(image.n_frames):
        image.seek(page)
        found.append(np.asarray(image))
    return found


def check(data, pages):
    picture = parse(data)
    expected = decoded(data)
    assert len(picture.frames) == len(expected) == pages
    for frame, page in zip(picture.frames, expected, strict=True):
        np.testing.assert_array_equal(frame, page)
    return picture


@pytest.mark.parametrize("compression", [None, "zlib", "lzw"])
@pytest.mark.parametrize("code", CODES)
def test_nonsense_in_a_tag_of_a_program(code, compression):
    pixels = noise((12, 14, 3))
    for kind, count, value in NONSENSE:
        extra = [(271, 2, 0, "Hamamatsu", False), (code, kind, count, value, False)]
        data = tiff(pixels, photometric="rgb", compression=compression, extratags=extra)
        picture = check(data, 1)
        name = tifffile.TIFF.TAGS.get(code, str(code))
        if code != 530:  # it says nothing about RGB
            assert any(name in note for note in picture.notes)


def test_a_tag_that_prevents_opening_goes_with_a_note():
    picture = check(tiff(noise((12, 14)), compression="zlib", extratags=LSM), 1)
    assert picture.notes == [PLAIN, "its tags CZ_LSMINFO were left out"]


@pytest.mark.parametrize("byteorder", ["<", ">"])
@pytest.mark.parametrize("bigtiff", [False, True])
def test_a_tag_that_prevents_reading_of_the_page_goes_with_a_note(byteorder, bigtiff):
    pixels = noise((12, 14, 2))
    data = tiff(
        pixels, photometric="minisblack", planarconfig="contig", extrasamples=["unassalpha"],
        extratags=[*LSM, (34675, 7, 4, b"icc?", True)], byteorder=byteorder, bigtiff=bigtiff,
    )  # fmt: skip
    picture = parse(data)
    # Pillow does not read all of these; what was written is known.
    np.testing.assert_array_equal(picture.frames[0], pixels)
    assert picture.alpha
    assert PLAIN in picture.notes


@pytest.mark.parametrize("everywhere", [False, True])
@pytest.mark.parametrize("compression", [None, "zlib", "lzw"])
@pytest.mark.parametrize("tags", [{"software": "SI.5"}, {"extratags": LSM}, {"extratags": NDPI}])
def test_no_page_is_hidden_or_changed(tags, compression, everywhere):
    file = io.BytesIO()
    with tifffile.TiffWriter(file) as out:
        for index in range(7):
            more = tags if everywhere or index == 0 else {}
            page = noise((12, 14, 3), seed=index)
            out.write(page, photometric="rgb", metadata=None, compression=compression, **more)
    check(file.getvalue(), 7)


def test_planes_of_metamorph_are_refused_where_a_valid_tag_states_several():
    one, several = ((33629, 5, n, (1, 2) * n, False) for n in (1, 3))
    mark = (33628, 4, 2, (0, 1), False)
    check(tiff(noise((9, 8)), extratags=[mark, one]), 1)
    assert "several images in one page" in refusal(tiff(noise((9, 8)), extratags=[mark, several]))


def test_missing_pixels_are_refused_all_the_same():
    data = tiff(noise((40, 50)), compression="zlib", extratags=LSM)
    with tifffile.TiffFile(io.BytesIO(data), is_lsm=False) as tif:
        (start,), (length,) = tif.pages[0].dataoffsets, tif.pages[0].databytecounts
    message = refusal(data[:start] + b"\xff" * length + data[start + length :])
    assert message.startswith("is damaged (")
    assert "index out of range" not in message


def test_the_same_for_pictures_that_are_read_in_bands(tmp_path, monkeypatch):
    monkeypatch.setattr(_bands, "STREAMED_BYTES", 100)
    path = tmp_path / "large.tif"
    path.write_bytes(tiff(noise((40, 50)), compression="zlib", rowsperstrip=8, extratags=LSM))
    with Image.open(path) as image:
        expected = np.asarray(image)
    with read_large(str(path), times(2)) as large:
        np.testing.assert_array_equal(large.rows(3, 31), expected[3:31])
        assert PLAIN in large.picture.notes
