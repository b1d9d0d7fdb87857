"""Physical scales of TIFFs: of ImageJ, OME, tifffile and GeoTIFF, and pixel sizes in texts.

tifffile reads the results.
"""

import io
import json
import re

import numpy as np
import pytest
import tifffile

from lutsr.cli.imagefile import read_large, write_large
from lutsr.cli.imagefile._tiff import _bands

from .helpers import ORIENTATION, made, noise, parse, refusal, tiff, times

STACK = noise((3, 8, 6))


def written(pixels, **options):
    file = io.BytesIO()
    tifffile.imwrite(file, pixels, **options)
    return file.getvalue()


def enlarged(data, across=2, down=2):
    """Return the enlarged TIFF opened by tifffile, and the notes."""
    picture = parse(data)
    frames = [frame.repeat(down, 0).repeat(across, 1) for frame in picture.frames]
    again = made(frames, "TIFF", picture)
    if not any("unchanged" in note for note in picture.notes):
        assert parse(again).notes == []  # what is written once is not lost in the next enlargement
    return tifffile.TiffFile(io.BytesIO(again)), picture.notes


def per_unit(page):
    (a, b), (c, d) = (page.tags[code].value for code in (282, 283))
    return a / b, c / d


@pytest.mark.parametrize("resolution", [(5, 5), (4.75, 9.5)])
def test_stack_of_imagej(resolution):
    metadata = {"unit": "um", "spacing": 2.0, "axes": "ZYX", "xorigin": 3, "yorigin": 1.5}
    data = written(STACK, imagej=True, resolution=resolution, metadata=metadata)
    tif, notes = enlarged(data, 2, 4)
    found = tif.imagej_metadata
    assert (found["unit"], found["spacing"], found["images"], found["slices"]) == ("um", 2.0, 3, 3)
    assert (found["xorigin"], found["yorigin"]) == (6, 6)
    for page in tif.pages:
        assert per_unit(page) == pytest.approx((2 * resolution[0], 4 * resolution[1]))
        assert page.tags[296].value == 1
    assert tif.series[0].axes == "ZYX"
    np.testing.assert_array_equal(tif.asarray(), STACK.repeat(4, 1).repeat(2, 2))
    assert notes == []


def test_imagej_in_centimetres_is_a_scale_and_a_plain_tiff_is_a_print():
    options = {"resolution": (100, 100), "resolutionunit": 3}
    tif, _ = enlarged(written(STACK, imagej=True, metadata={"unit": "cm"}, **options))
    assert per_unit(tif.pages[0]) == (200, 200)
    tif, _ = enlarged(written(STACK, metadata=None, photometric="minisblack", **options))
    assert per_unit(tif.pages[0]) == (100, 100)


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
def test_what_another_format_cannot_hold_of_a_scale_is_said(kind):
    data = written(STACK[0], imagej=True, resolution=(5, 5), metadata={"unit": "um"})
    picture = parse(data)
    out = made(picture.frames, kind, picture)
    assert any(note.endswith("cannot hold its ImageJ description") for note in picture.notes)
    assert b"unit=um" not in out
    assert b"pHYs" not in out


def ome(metadata=None, pixels=STACK, **options):
    metadata = {"axes": "ZYX", "PhysicalSizeX": 0.5, "PhysicalSizeY": 0.25} | (metadata or {})
    metadata |= {"PhysicalSizeXUnit": "µm", "PhysicalSizeZ": 2.0}
    return written(pixels, ome=True, metadata=metadata, **options)


def pixels_of(tif):
    return re.search("<Pixels ([^>]*)>", tif.ome_metadata)[1]


def test_ome():
    tif, notes = enlarged(ome(resolution=(20000, 40000), resolutionunit=3), 4, 2)
    stated = dict(re.findall(r'(\w+)="([^"]*)"', pixels_of(tif)))
    assert (stated["SizeX"], stated["SizeY"], stated["SizeZ"]) == ("24", "16", "3")
    sizes = [float(stated[f"PhysicalSize{axis}"]) for axis in "XYZ"]
    assert sizes == [0.125, 0.125, 2.0]
    assert stated["PhysicalSizeXUnit"] == "µm"
    assert per_unit(tif.pages[0]) == (80000, 80000)
    assert tif.series[0].kind == "ome"
    assert tif.series[0].axes == "ZYX"
    np.testing.assert_array_equal(tif.series[0].asarray(), STACK.repeat(2, 1).repeat(4, 2))
    assert notes == []


def changed(data, old, new):
    """Return a TIFF in whose description a text is replaced by one of the same length."""
    assert data.count(old) >= 1
    return data.replace(old, new[: len(old)].ljust(len(old)))


@pytest.mark.parametrize(
    ("old", "new"),
    [(b'SizeX="6"', b'SizeX="7"'), (b"</Image>", b"</Omage>"), (b'SizeX="0.5"', b'SizeX="abc"')],
)
def test_ome_that_cannot_be_made_true_is_left_out(old, new):
    tif, notes = enlarged(changed(ome(), old, new))
    assert notes == ["its tags ImageDescription were left out"]
    assert not tif.is_ome
    assert len(tif.pages) == 3


def test_ome_of_several_files_is_left_out():
    data = ome().replace(b' UUID="urn:uuid:', b' XUID="urn:uuid:')
    element = b'<TiffData IFD="0" PlaneCount="3"/>'
    assert data.count(element) == 1
    description = data[data.index(b"<?xml") : data.index(b"</OME>") + 6].decode()
    other = description.replace(
        element.decode(), '<TiffData IFD="0"><UUID FileName="b.tif">urn:uuid:1</UUID></TiffData>'
    )
    file = tiff(list(STACK), description=other.encode())
    assert parse(file).notes == ["its tags ImageDescription were left out"]


def test_regions_of_ome_are_left_out_and_said():
    description = tifffile.TiffFile(io.BytesIO(ome())).pages[0].description
    roi = '<ROI ID="ROI:0"><Union><Point ID="Shape:0" X="1" Y="2"/></Union></ROI>'
    data = tiff(list(STACK), description=description.replace("</OME>", roi + "</OME>").encode())
    tif, notes = enlarged(data)
    assert notes == ["the regions (ROI) in its OME description were left out"]
    assert "ROI" not in tif.ome_metadata
    assert 'SizeX="12"' in tif.ome_metadata


@pytest.mark.parametrize(
    ("pixels", "axes", "options"),
    [
        (STACK, "TYX", {}),
        (noise((2, 3, 8, 6)), "TZYX", {}),
        (noise((2, 8, 6, 3)), "ZYXS", {"photometric": "rgb"}),
        (noise((2, 3, 8, 6)), "CSYX", {"photometric": "rgb", "planarconfig": "separate"}),
    ],
)
def test_axes_of_tifffile_are_kept(pixels, axes, options):
    options = {"photometric": "minisblack"} | options
    tif, notes = enlarged(written(pixels, metadata={"axes": axes}, **options), 2, 3)
    wanted = np.moveaxis(pixels, 1, -1) if axes == "CSYX" else pixels
    assert tif.series[0].axes == axes.replace("SYX", "YXS")
    down = -3 if tif.series[0].axes.endswith("S") else -2
    wanted = wanted.repeat(3, down).repeat(2, down + 1)
    np.testing.assert_array_equal(tif.series[0].asarray(), wanted)
    assert notes == []


def test_other_values_of_tifffile_are_kept_and_named():
    metadata = {"axes": "ZYX", "PhysicalSizeX": 0.5, "PhysicalSizeY": 1, "operator": "me"}
    tif, notes = enlarged(written(STACK, metadata=metadata, photometric="minisblack"), 2, 4)
    found = json.loads(tif.pages[0].description)
    assert (found["PhysicalSizeX"], found["PhysicalSizeY"]) == (0.25, 0.25)
    assert (found["operator"], found["shape"]) == ("me", [3, 32, 12])
    assert notes == ["its description was kept with operator unchanged"]


def test_axes_of_a_palette_gain_the_colours():
    colours = np.arange(768).reshape(3, 256).astype(np.uint16) * 80
    data = written(STACK, photometric="palette", colormap=colours, metadata={"axes": "TYX"})
    tif, _ = enlarged(data)
    assert tif.series[0].axes == "TYXS"
    assert tif.series[0].shape == (3, 16, 12, 3)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (
            "Aperio Image Library\r\n46000x32914|AppMag = 20|MPP = 0.4990|x = 1",
            "MPP = 0.2495|x = 1",
        ),
        ('{"PixelSizeUm": 0.65, "Camera": "a"}', '"PixelSizeUm": 0.325, "Camera"'),
        ("scale 0.5 um/px, 1.2e-1\xb5m per pixel", "scale 0.25 um/px, 0.06\xb5m per pixel"),
        ("4 pixels/mm; 3 px per micron; 5 mm", "8 pixels/mm; 6 px per micron; 5 mm"),
        (
            "[Scan]\r\nPixelWidth=1e-9\r\nPixelHeight=3e-9",
            "PixelWidth=5e-10\r\nPixelHeight=1.5e-09",
        ),
        ("pixelWidth: 6\npixelHeight: 8", "pixelWidth: 12\npixelHeight: 16"),  # of the picture
        (
            "Scan\r\n6x8 [0,100 6x8] (256x256) of 16x80|MPP = 1",
            "12x16 [0,100 12x16] (256x256) of 16x80|MPP = 0.5",
        ),
        ("Pixel Size X: 3, pixel_size_y=1e-1 (nm)", "Pixel Size X: 1.5, pixel_size_y=0.05 (nm)"),
    ],
)
def test_pixel_sizes_in_texts(before, after):
    before = before.encode("latin-1")
    tif, notes = enlarged(tiff(STACK[0], description=before))
    assert after in tif.pages[0].description
    assert notes == []
    picture = parse(tiff(STACK[0], description=before))
    made(picture.frames, "PNG", picture)
    assert picture.notes == ["a PNG cannot hold its description with a pixel size"]


@pytest.mark.parametrize(
    ("software", "description"),
    [
        ("MetaSeries", '<MetaData><prop id="spatial-calibration-x" value="0.65"/></MetaData>'),
        ("Philips DP v1.0", '<DataObject><Attribute Name="DICOM_PIXEL_SPACING"/></DataObject>'),
        ("", '<scn><dimension sizeX="6" sizeY="8"/></scn>'),
        ("SI.1.0", "SI.hRoiManager.pixelsPerLine = 6"),
    ],
)
def test_descriptions_of_other_programs_are_left_out_and_said(software, description):
    tif, notes = enlarged(tiff(STACK[0], description=description, software=software or None))
    assert notes == ["its tags ImageDescription were left out"]
    assert tif.pages[0].description == ""


def keys(kind):
    """Return the key directory of pixels that are areas (1) or points (2)."""
    values = (1, 1, 0, 2, 1024, 0, 1, 1, 1025, 0, 1, kind)
    return (34735, 3, len(values), values, True)


GEO = {
    "scale and point": [
        (33550, 12, 3, (0.5, 0.25, 0.0), True),
        (33922, 12, 6, (2.0, 1.0, 0.0, 100.0, 900.0, 7.0), True),
    ],
    "control points": [
        (33922, 12, 18, (0.0, 0, 0, 10, 20, 0, 5, 1, 0, 11, 22, 0, 3, 7, 0, 15, 30, 0), True)
    ],
    "matrix": [(34264, 12, 16, (0.5, 0.1, 0, 9, 0.2, -0.25, 0, 8, 0, 0, 1, 0, 0, 0, 0, 1), True)],
}


def affine(tif):
    """Return the places of the corners of a picture, by the model of the GeoTIFF standard."""
    page = tif.pages[0]
    geo = page.geotiff_tags
    half = 0.5 if geo.get("GTRasterTypeGeoKey") == 2 else 0
    height, width = page.shape[:2]
    corners = np.array([[0, 0], [width, 0], [0, height], [width, height]]) - half
    if "ModelTransformation" in geo:
        matrix = np.array(geo["ModelTransformation"]).reshape(4, 4)
        return [(matrix @ [x, y, 0, 1])[:2] for x, y in corners]
    i, j, _, x0, y0, _ = np.ravel(geo["ModelTiepoint"])[:6]
    sx, sy, _ = geo["ModelPixelScale"]
    return [(x0 + (x - i) * sx, y0 - (y - j) * sy) for x, y in corners]


@pytest.mark.parametrize("kind", [1, 2])
@pytest.mark.parametrize("form", ["scale and point", "matrix"])
def test_georeference_stays_where_it_was(form, kind):
    data = tiff(STACK[0], extratags=[*GEO[form], keys(kind)])
    tif, notes = enlarged(data, 2, 4)
    assert tif.pages[0].geotiff_tags["GTModelTypeGeoKey"] == 1
    before = affine(tifffile.TiffFile(io.BytesIO(data)))
    np.testing.assert_allclose(affine(tif), before)
    assert notes == []


@pytest.mark.parametrize("kind", [1, 2])
def test_control_points_stay_on_their_pixels(kind):
    data = tiff(STACK[0], extratags=[*GEO["control points"], keys(kind)])
    tif, _ = enlarged(data, 2, 2)
    points = np.reshape(tif.pages[0].tags[33922].value, (-1, 6))
    old = np.reshape(GEO["control points"][0][3], (-1, 6))
    half = 0.5 if kind == 2 else 0
    np.testing.assert_allclose((points[:, :2] + half) / 2, old[:, :2] + half)
    np.testing.assert_array_equal(points[:, 2:], old[:, 2:])


def test_georeference_that_cannot_be_kept_is_said():
    turned = tiff(STACK[0], extratags=[*GEO["matrix"], (ORIENTATION, 3, 1, 6, True)])
    assert parse(turned).notes == ["its tags ModelTransformationTag were left out"]
    odd = tiff(STACK[0], extratags=[(33550, 12, 2, (1.0, 1.0), True)])
    assert parse(odd).notes == ["its tags ModelPixelScaleTag were left out"]
    picture = parse(tiff(STACK[0], extratags=GEO["scale and point"]))
    made(picture.frames, "JPEG", picture)
    assert picture.notes == ["a JPEG cannot hold its georeference"]


def test_scales_of_a_tiff_in_bands(tmp_path, monkeypatch):
    monkeypatch.setattr(_bands, "STREAMED_BYTES", 0)
    path, out = str(tmp_path / "a.tif"), str(tmp_path / "b.tif")
    (tmp_path / "a.tif").write_bytes(tiff(STACK[0], extratags=[*GEO["scale and point"], keys(1)]))
    with read_large(path, times(2)) as large:
        write_large(
            out, large, 2, lambda part: part.repeat(2, 0).repeat(2, 1), lambda n: None,
            halo=2, workers=1,
        )  # fmt: skip
        assert large.picture.notes == []
    with tifffile.TiffFile(path) as before, tifffile.TiffFile(out) as after:
        np.testing.assert_allclose(affine(after), affine(before))


@pytest.mark.parametrize(
    ("code", "kind", "value"),
    [(297, 3, (3, 9)), (318, 5, (3, 10, 33, 100)), (286, 5, (7, 2))],
)
def test_tags_that_are_true_of_the_output_are_kept(code, kind, value):
    data = tiff(STACK[0], extratags=[(code, kind, len(value) // (1 + (kind == 5)), value, True)])
    tif, notes = enlarged(data)
    assert tif.pages[0].tags[code].value == value
    assert notes == []


def with_copies(page, copies, **options):
    file = io.BytesIO()
    with tifffile.TiffWriter(file) as out:
        out.write(page, subifds=len(copies), metadata=None)
        for copy in copies:
            out.write(copy, metadata=None, **options)
    return file.getvalue()


GREY_PROFILE = bytes(16) + b"GRAY" + bytes(16) + b"acsp" + bytes(92)
PYRAMID = "the pictures in its SubIFDs, as of a pyramid, were left out"


@pytest.mark.parametrize("sizes", [[16], [16, 8, 4], [32]])
def test_pyramid_in_sub_directories_is_left_out_and_said(sizes):
    page = noise((32, 32))
    picture = parse(with_copies(page, [noise((n, n)) for n in sizes], subfiletype=1))
    np.testing.assert_array_equal(picture.frames[0], page)
    assert picture.notes == [PYRAMID]


@pytest.mark.parametrize("shape", [(32, 32), (8, 64), (512, 8)])
@pytest.mark.parametrize("reduced", [False, True])
def test_picture_in_a_sub_directory_is_read_instead_of_its_thumbnail(shape, reduced):
    full = noise(shape)
    file = io.BytesIO()
    with tifffile.TiffWriter(file) as out:
        tags = [(ORIENTATION, 3, 1, 6, True), (271, 2, 0, "Maker", True), (65000, 3, 1, 1, True)]
        out.write(
            noise((8, 8)), subifds=2, subfiletype=int(reduced), metadata=None, extratags=tags,
            resolution=(300, 150), iccprofile=GREY_PROFILE,
        )  # fmt: skip
        out.write(full, metadata=None, extratags=[(65001, 3, 1, 1, True)])
        out.write(noise((4, 4)), subfiletype=1, metadata=None)
    picture = parse(file.getvalue())
    np.testing.assert_array_equal(picture.frames[0], np.rot90(full, -1))
    assert picture.notes == [
        "its picture is in a SubIFD; the thumbnail beside it was left out", PYRAMID,
        "its tags 65000, 65001 were left out",
    ]  # fmt: skip
    with tifffile.TiffFile(io.BytesIO(made(picture.frames, "TIFF", picture))) as tif:
        assert tif.pages[0].tags[271].value == "Maker"
        assert tif.pages[0].iccprofile == GREY_PROFILE
        assert per_unit(tif.pages[0]) == (150, 300)


def test_which_picture_is_the_main_one_may_be_unclear():
    for copy in (noise((4, 64)), noise((64, 4))):
        said = refusal(with_copies(noise((8, 8)), [noise((4, 4)), copy]))
        assert said.startswith("holds a larger picture in SubIFD 1, which may be the main one")
    said = refusal(with_copies(noise((8, 8)), [noise((16, 16))], subfiletype=1))
    assert said.startswith("holds a larger picture in SubIFD 0")
    sensor = with_copies(noise((8, 8)), [noise((16, 16))], photometric="cfa")
    assert refusal(sensor).startswith("is raw camera data")


def test_damaged_pointer_to_a_sub_directory_is_said():
    data = bytearray(with_copies(noise((32, 32)), [noise((16, 16))]))
    with tifffile.TiffFile(io.BytesIO(bytes(data))) as tif:
        place = tif.pages[0].tags[330].valueoffset
    data[place : place + 4] = (1 << 20).to_bytes(4, "little")
    assert parse(bytes(data)).notes == [PYRAMID]
