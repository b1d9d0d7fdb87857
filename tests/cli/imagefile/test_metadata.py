"""EXIF, XMP, profile and resolution: kept and corrected, from every format to every format."""

import io
import itertools
import struct
import zlib

import numpy as np
import pytest
import tifffile
from PIL import ExifTags, Image, ImageCms

from lutsr.cli.imagefile import Picture

from .helpers import (
    EXIF_IFD,
    ORIENTATION,
    chunk,
    made,
    noise,
    parse,
    pillow,
    png,
    saved,
    smooth,
    tiff,
)

KINDS = ["PNG", "JPEG", "WEBP", "TIFF"]
SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
XMP = b"""<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:Description tiff:Orientation="6"
 exif:PixelXDimension='9' dc:title="kept"><tiff:ImageWidth>9</tiff:ImageWidth>
<tiff:ImageLength> 7 </tiff:ImageLength><exif:PixelYDimension>7</exif:PixelYDimension>
<xmp:Thumbnails><rdf:Alt>old</rdf:Alt></xmp:Thumbnails></rdf:Description></x:xmpmeta>"""

THUMBNAILS = "its XMP properties xmp:Thumbnails do not apply to the output and were left out"


def camera_tags(orientation=6):
    tags = Image.Exif()
    tags[ExifTags.Base.Make] = "Maker"
    tags[ExifTags.Base.Artist] = "Jörg".encode()  # UTF-8, as most programs write it
    tags[ExifTags.Base.ImageDescription] = "a description"
    tags[ORIENTATION] = orientation
    tags[0x011A], tags[0x011B], tags[0x0128] = 300.0, 150.0, 2
    tags[0x0213] = 1  # about how a JPEG is stored
    tags[EXIF_IFD] = {0xA002: 9, 0xA003: 7, 0xA434: "Lens", 0x927C: b"a maker's note"}
    tags[0x8825] = {1: "N", 2: (52.0, 31.0, 12.0)}
    return tags.tobytes()


def written_with(kind, pixels, **options):
    """Return a file with metadata, made by another library."""
    xmp = options.pop("xmp")
    if kind == "PNG":
        data = saved(pixels, kind, **options)
        return data[:33] + chunk(b"iTXt", b"XML:com.adobe.xmp" + bytes(5) + xmp) + data[33:]
    if kind == "TIFF":
        tags = Image.Exif()
        tags.load(options["exif"])
        tags[700] = xmp
        tags[ExifTags.Base.Artist] = "Jörg".encode()  # that Pillow itself would write as ASCII
        options["exif"] = tags
    else:
        options["xmp"] = xmp
    return saved(pixels, kind, **options)


def xmp_of(data, kind):
    if kind == "TIFF":
        return tifffile.TiffFile(io.BytesIO(data)).pages[0].tags[700].value
    image = pillow(data)
    image.load()
    value = image.info["XML:com.adobe.xmp" if kind == "PNG" else "xmp"]
    return value.encode() if isinstance(value, str) else value


@pytest.mark.parametrize(("before", "after"), list(itertools.product(KINDS, KINDS)))
def test_all_of_it_goes_from_every_format_to_every_format(before, after):
    pixels = smooth((7, 9, 3))
    data = written_with(
        before, pixels, exif=camera_tags(), icc_profile=SRGB, dpi=(300, 150), xmp=XMP
    )
    picture = parse(data)
    assert picture.frames[0].shape == (9, 7, 3)
    larger = np.zeros((18, 14, 3), np.uint8)
    image = pillow(result := made(larger, after, picture))
    assert picture.notes == [THUMBNAILS]

    assert image.info["icc_profile"] == SRGB
    kept = image.getexif()
    assert kept.get(ORIENTATION, 1) == 1
    assert kept[ExifTags.Base.Make] == "Maker"
    assert kept[ExifTags.Base.ImageDescription] == "a description"
    # Pillow decodes the bytes as Latin-1.
    assert kept[ExifTags.Base.Artist].encode("latin-1") == "Jörg".encode()
    inner = kept.get_ifd(EXIF_IFD)
    assert (inner[0xA002], inner[0xA003]) == (14, 18)
    assert (inner[0xA434], inner[0x927C]) == ("Lens", b"a maker's note")
    assert kept.get_ifd(0x8825) == {1: "N", 2: (52.0, 31.0, 12.0)}

    xmp = xmp_of(result, after)
    assert b'dc:title="kept"' in xmp
    assert b"Thumbnails" not in xmp
    for stated in (
        b'tiff:Orientation="1"',
        b"exif:PixelXDimension='14'",
        b"<tiff:ImageWidth>14</",
        b"<tiff:ImageLength>18</",
        b"<exif:PixelYDimension>18</",
    ):
        assert stated in xmp

    density = parse(result).pages[0].resolution.per("inch")
    assert density == pytest.approx((150, 300), abs=0.02)  # turned; PNG counts per metre
    if "TIFF" not in (before, after):  # in a TIFF they are tags of the page
        assert (kept[0x011A], kept[0x011B]) == pytest.approx((150, 300))
    if after == "TIFF":
        assert 0x0213 not in kept


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("orientation", range(1, 9))
def test_orientation_is_applied(kind, orientation):
    # Position of the stored image's bright corner after turning, by the EXIF standard.
    corner = {1: (0, 0), 2: (0, -1), 3: (-1, -1), 4: (-1, 0)}
    corner |= {5: (0, 0), 6: (0, -1), 7: (-1, -1), 8: (-1, 0)}
    stored = np.zeros((16, 32, 3), np.uint8)
    stored[:8, :8] = 200
    tags = camera_tags(orientation)
    options = {"lossless": True} if kind == "WEBP" else {"quality": 100} if kind == "JPEG" else {}
    frame = parse(saved(stored, kind, exif=tags, **options)).frames[0]
    assert frame.shape == ((16, 32, 3) if orientation < 5 else (32, 16, 3))
    assert frame[corner[orientation]].min() > 190
    assert frame.sum() == pytest.approx(stored.sum(), rel=0.01)


def test_block_of_exif_changes_only_where_it_must():
    exif = camera_tags().removeprefix(b"Exif\0\0")
    picture = parse(saved(smooth((7, 9)), "JPEG", exif=b"Exif\0\0" + exif))
    kept = picture.pages[0].exif
    assert len(kept) == len(exif)
    changed = [k for k in range(len(exif)) if kept[k] != exif[k]]
    # The orientation, 6, became 1, and the offsets of the two resolutions were exchanged.
    assert len(changed) == 3


@pytest.mark.parametrize("last", [True, False])
def test_thumbnail_is_left_out_and_said(last):
    thumbnail = saved(smooth((8, 8)), "JPEG")
    make = struct.pack("<HHI4s", 0x010F, 2, 4, b"abc\0")
    head = b"II*\0\x08\0\0\0" + struct.pack("<H", 1) + make + struct.pack("<I", 26)
    inner = struct.pack("<HHHIIHHIII", 2, 0x201, 4, 1, 56, 0x202, 4, 1, len(thumbnail), 0)
    exif = head + inner + thumbnail + (b"" if last else b"tail")
    assert exif[56:58] == b"\xff\xd8"
    picture = parse(saved(smooth((7, 9)), "JPEG", exif=b"Exif\0\0" + exif))
    assert picture.notes == ["the thumbnail in its EXIF data was left out"]
    again = pillow(made(picture.frames, "JPEG", picture)).getexif()
    assert again[0x010F] == "abc"
    assert again.get_ifd(ExifTags.IFD.IFD1) == {}
    assert b"\xff\xd8" not in picture.pages[0].exif
    assert picture.pages[0].exif.endswith(b"tail") == (not last)


@pytest.mark.parametrize(
    "exif",
    [
        b"nonsense",
        b"II*\0\xff\xff\0\0",
        b"II*\0\x08\0\0\0\x09\0",
        b"MM\0*\0\0\0\x08\0\1\x87\x69\0\4\0\0\0\1\0\0\xff\0" + bytes(4),
    ],
)
def test_damaged_exif_is_left_out_and_said(exif):
    picture = parse(saved(smooth((7, 9)), "JPEG", exif=b"Exif\0\0" + exif))
    assert picture.frames[0].shape == (7, 9)
    assert picture.pages[0].exif is None
    assert picture.notes == ["its EXIF data are damaged and were left out"]


@pytest.mark.parametrize("group", [0x8769, 0x8825])
def test_groups_of_exif_that_go_in_a_circle(group):
    exif = b"II*\0\x08\0\0\0" + struct.pack("<HHHIII", 1, group, 4, 1, 8, 0)
    picture = parse(saved(smooth((7, 9)), "JPEG", exif=b"Exif\0\0" + exif))
    assert len(made(picture.frames, "TIFF", picture)) < 2000


def test_resolution_goes_into_the_exif_data_of_a_webp():
    for exif in (None, b"II*\0\x08\0\0\0" + struct.pack("<HHHI4sI", 1, 271, 2, 4, b"abc\0", 0)):
        picture = parse(
            saved(smooth((7, 9, 3)), "PNG", dpi=(300, 150), **({"exif": exif} if exif else {}))
        )
        again = pillow(made(picture.frames, "WEBP", picture)).getexif()
        assert (again[0x011A], again[0x011B]) == pytest.approx((300, 150), abs=0.02)
        assert again.get(271) == (exif and "abc")


def test_exif_in_the_text_of_an_older_png():
    exif = camera_tags()
    raw = b"\nexif\n%8d\n%s\n" % (len(exif), exif.hex().encode())
    for text in (
        chunk(b"tEXt", b"Raw profile type exif\0" + raw),
        chunk(b"zTXt", b"Raw profile type APP1\0\0" + zlib.compress(raw)),
    ):
        picture = parse(png(8, 0, bytes(4), text))
        assert picture.frames[0].shape == (4, 2)  # it was turned
        written = made(picture.frames, "PNG", picture)
        assert pillow(written).getexif()[ExifTags.Base.Make] == "Maker"
        assert b"Raw profile" not in written
    other = chunk(b"tEXt", b"Raw profile type iptc\0\niptc\n 2\nabcd\n")
    assert parse(png(8, 0, bytes(4), other)).notes == [
        "its text Raw profile type iptc was left out"
    ]


def test_compressed_xmp_of_a_png():
    body = b"XML:com.adobe.xmp\0\1\0\0\0" + zlib.compress(XMP)
    xmp = XMP.replace(b"<xmp:Thumbnails><rdf:Alt>old</rdf:Alt></xmp:Thumbnails>", b"")
    assert parse(png(8, 0, bytes(4), chunk(b"iTXt", body))).pages[0].xmp == xmp


@pytest.mark.parametrize("kind", KINDS)
def test_strip_leaves_the_profile_only(kind):
    texts = chunk(b"tEXt", b"Author\0me")
    data = written_with(
        "PNG", smooth((7, 9, 3)), exif=camera_tags(), icc_profile=SRGB, dpi=(300, 150), xmp=XMP
    )
    picture = parse(data[:33] + texts + data[33:])
    image = pillow(result := made(picture.frames, kind, picture, strip=True))
    image.load()
    assert image.info["icc_profile"] == SRGB
    assert picture.notes == [THUMBNAILS]
    for word in (b"Maker", b"Lens", b"kept", b"Author"):
        assert word not in result
    left = parse(result).pages[0]
    assert (left.exif, left.xmp, left.resolution, left.texts) == (None, None, None, [])


@pytest.mark.parametrize(("unit", "per_inch"), [(2, 1), (3, 2.54)])
def test_resolution_of_a_tiff_stays_the_number_it_is(unit, per_inch):
    data = tiff(noise((5, 4)), resolution=(118.11, 11.5), resolutionunit=unit)
    picture = parse(data)
    with tifffile.TiffFile(io.BytesIO(made(picture.frames, "TIFF", picture))) as tif:
        tags = tif.pages[0].tags
        values = [tags[code].value for code in (282, 283)]
        assert [a / b for a, b in values] == pytest.approx([118.11, 11.5])
        assert tags[296].value == unit
    image = pillow(made(picture.frames, "PNG", picture))
    assert image.info["dpi"] == pytest.approx((118.11 * per_inch, 11.5 * per_inch), abs=0.02)


def test_shape_of_pixels_without_a_unit():
    data = png(8, 0, bytes(4), chunk(b"pHYs", struct.pack(">IIB", 2, 1, 0)))
    picture = parse(data)
    assert chunk(b"pHYs", struct.pack(">IIB", 2, 1, 0)) in made(picture.frames, "PNG", picture)
    with tifffile.TiffFile(io.BytesIO(made(picture.frames, "TIFF", picture))) as tif:
        assert [tif.pages[0].tags[code].value for code in (282, 283)] == [(2, 1), (1, 1)]
        assert tif.pages[0].tags[296].value == 1


def test_a_picture_from_nowhere_has_no_metadata():
    for kind in KINDS:
        frame = smooth((5, 4, 3))
        page = parse(made(frame, kind, Picture([frame]))).pages[0]
        assert (page.icc, page.exif, page.xmp, page.resolution) == (None, None, None, None)
