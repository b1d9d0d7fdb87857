"""Metadata that depend on the picture's size, its orientation or its file: true, or left out.

Pillow and ElementTree read the results.
"""

from xml.etree import ElementTree

import numpy as np
import pytest
from PIL import ExifTags, Image, PngImagePlugin
from PIL.TiffImagePlugin import IFDRational

from lutsr.cli.imagefile import Picture

from .helpers import EXIF_IFD, ORIENTATION, made, parse, pillow, saved

KINDS = ["PNG", "JPEG", "WEBP", "TIFF"]
NAMESPACES = {
    "rdf": "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
    "tiff": "http://ns.adobe.com/tiff/1.0/",
    "exif": "http://ns.adobe.com/exif/1.0/",
    "pano": "http://ns.google.com/photos/1.0/panorama/",
    "mwg-rs": "http://www.metadataworkinggroup.com/schemas/regions/",
    "stDim": "http://ns.adobe.com/xap/1.0/sType/Dimensions#",
    "stArea": "http://ns.adobe.com/xmp/sType/Area#",
    "xmpNote": "http://ns.adobe.com/xmp/note/",
    "Camera": "http://ns.google.com/photos/1.0/camera/",
    "Container": "http://ns.google.com/photos/1.0/container/",
    "Item": "http://ns.google.com/photos/1.0/container/item/",
    "hdrgm": "http://ns.adobe.com/hdr-gain-map/1.0/",
    "MP": "http://ns.microsoft.com/photo/1.2/",
    "MPReg": "http://ns.microsoft.com/photo/1.2/t/Region#",
    "drone": "http://www.dji.com/drone-dji/1.0/",
    "Oppo": "http://ns.oplus.com/photos/1.0/camera/",
    "dc": "http://purl.org/dc/elements/1.1/",
    "acdsee-rs": "http://ns.acdsee.com/regions/",
    "acdsee-stDim": "http://ns.acdsee.com/sType/Dimensions#",
    "acdsee-stArea": "http://ns.acdsee.com/sType/Area#",
}


def packet(attributes="", elements=""):
    spaces = " ".join(f'xmlns:{prefix}="{uri}"' for prefix, uri in NAMESPACES.items())
    return (
        '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?><x:xmpmeta '
        f'xmlns:x="adobe:ns:meta/"><rdf:RDF {spaces}><rdf:Description dc:title="a &gt; b" '
        f"{attributes}>{elements}</rdf:Description></rdf:RDF></x:xmpmeta><?xpacket end='w'?>"
    ).encode()


def enlarged(xmp, scale=2, size=(8, 6), orientation=1):
    """Return the properties of an enlarged picture by name, and the notes."""
    exif = Image.Exif()
    exif[ORIENTATION] = orientation
    pixels = np.zeros((size[1], size[0], 3), np.uint8)
    picture = parse(saved(pixels, "WEBP", lossless=True, exif=exif, xmp=xmp))
    data = made(picture.frames[0].repeat(scale, 0).repeat(scale, 1), "WEBP", picture)
    found, places = {}, {}
    for element in ElementTree.fromstring(pillow(data).info["xmp"]).iter():
        for name, text in [(element.tag, element.text), *element.attrib.items()]:
            space, _, local = name.removeprefix("{").partition("}")
            prefix = {uri: prefix for prefix, uri in NAMESPACES.items()}.get(space, space)
            known = f"{prefix}:{local}"
            places[known] = places.get(known, 0) + 1
            found[known if places[known] == 1 else f"{known} {places[known]}"] = text
    assert found["dc:title"] == "a > b"
    return found, picture.notes


def left_out(*names):
    return [f"its XMP properties {', '.join(names)} do not apply to the output and were left out"]


# Of each property: what it states of 8 x 6 pixels, and of the same picture doubled.
DOUBLED = {
    "pano:FullPanoWidthPixels": ("100", "200"),
    "pano:FullPanoHeightPixels": ("50", "100"),
    "pano:CroppedAreaLeftPixels": ("7", "14"),
    "pano:CroppedAreaTopPixels": ("0", "0"),
    "pano:CroppedAreaImageWidthPixels": ("8", "16"),
    "pano:CroppedAreaImageHeightPixels": ("6", "12"),
    "pano:LargestValidInteriorRectWidth": ("5", "10"),
    "pano:LargestValidInteriorRectTop": ("3", "6"),
    "pano:PoseHeadingDegrees": ("8", "8"),
    "tiff:ImageWidth": ("8", "16"),
    "tiff:ImageLength": ("999", "12"),
    "exif:PixelXDimension": ("8", "16"),
    "exif:FocalPlaneXResolution": ("1000/3", "2000/3"),
    "exif:FocalPlaneYResolution": ("300.5", "601"),
    "exif:FocalLength": ("6/1", "6/1"),
    "drone:CalibratedOpticalCenterX": ("4.25", "8.5"),
    "drone:CalibratedFocalLength": ("3666.5", "7333"),
    "drone:RelativeAltitude": ("+6.0", "+6.0"),
    "drone:width": ("8", "16"),
    "drone:height": ("6", "12"),
    "drone:ImageSize": ("8x6", "16x12"),
    "drone:Dimensions": ("8 x 6 pixels", "16 x 12 pixels"),
    "drone:sensorResolution": ("800x600", "800x600"),
    "drone:Title": ("8x6", "8x6"),
}


@pytest.mark.parametrize("form", ["attributes", "elements"])
def test_numbers_follow_the_size(form):
    if form == "attributes":
        xmp = packet(" ".join(f'{name}="{old}"' for name, (old, _) in DOUBLED.items()))
    else:
        xmp = packet("", "".join(f"<{n}> {old} </{n}>" for n, (old, _) in DOUBLED.items()))
    found, notes = enlarged(xmp)
    for name, (_, doubled) in DOUBLED.items():
        assert found[name].strip() == doubled, name
    assert notes == []


@pytest.mark.parametrize(
    ("attributes", "elements", "names"),
    [
        ('xmpNote:HasExtendedXMP="0123456789ABCDEF"', "", ["xmpNote:HasExtendedXMP"]),
        ('Camera:MotionPhoto="1" Camera:MotionPhotoVersion="1"', "",
         ["GCamera:MotionPhoto", "GCamera:MotionPhotoVersion"]),
        ('Camera:MicroVideoOffset="4000"', "", ["GCamera:MicroVideoOffset"]),
        ('hdrgm:Version="1.0"', "", ["hdrgm:Version"]),
        ("", '<Container:Directory><rdf:Seq><rdf:li rdf:parseType="Resource"><Container:Item '
         'Item:Mime="image/jpeg" Item:Length="900"/></rdf:li></rdf:Seq></Container:Directory>',
         ["Container:Directory"]),
        ('exif:NativeDigest="256,257;ABC"', "", ["exif:NativeDigest"]),
        ('drone:DewarpData="2018;1,2"', "", ["drone:DewarpData"]),
        ('tiff:Compression="6" exif:CompressedBitsPerPixel="4/1"', "",
         ["tiff:Compression", "exif:CompressedBitsPerPixel"]),
        ('Oppo:OLivePhotoVersion="2" Oppo:VideoLength="4000"', "",
         ["Oppo:OLivePhotoVersion", "Oppo:VideoLength"]),
    ],
)  # fmt: skip
def test_what_the_output_does_not_contain_is_not_stated(attributes, elements, names):
    found, notes = enlarged(packet(f'{attributes} tiff:Make="kept"', elements))
    assert notes == left_out(*names)
    assert found["tiff:Make"] == "kept"
    stated = {name.partition(" ")[0] for name in found}
    assert not {"Camera", "Container", "Item", "hdrgm"} & {n.partition(":")[0] for n in stated}
    assert not [name for name in stated if name.endswith(("Digest", "HasExtendedXMP", "Data"))]


def faces(area, width=8, height=6):
    return packet(
        "",
        '<mwg-rs:Regions rdf:parseType="Resource">'
        f'<mwg-rs:AppliedToDimensions stDim:w="{width}" stDim:h="{height}" stDim:unit="pixel"/>'
        '<mwg-rs:RegionList><rdf:Bag><rdf:li><rdf:Description mwg-rs:Name="Ann">'
        f"<mwg-rs:Area {area}/></rdf:Description></rdf:li></rdf:Bag></mwg-rs:RegionList>"
        "</mwg-rs:Regions>",
    )


def test_face_in_shares_of_the_picture():
    area = 'stArea:x=".25" stArea:y="0.500" stArea:w="0.1" stArea:h="0.2" stArea:unit="normalized"'
    found, notes = enlarged(faces(area))
    assert (found["stDim:w"], found["stDim:h"], notes) == ("16", "12", [])
    assert [found[f"stArea:{k}"] for k in "xywh"] == [".25", "0.500", "0.1", "0.2"]
    found, notes = enlarged(faces(area), orientation=6)  # a quarter turn clockwise
    assert (found["stDim:w"], found["stDim:h"], notes) == ("12", "16", [])
    assert [float(found[f"stArea:{k}"]) for k in "xywh"] == [0.5, 0.25, 0.2, 0.1]
    assert found["mwg-rs:Name"] == "Ann"


def test_face_in_pixels():
    area = 'stArea:x="2" stArea:y="3" stArea:d="1" stArea:unit="pixel"'
    found, _ = enlarged(faces(area))
    assert [float(found[f"stArea:{k}"]) for k in "xyd"] == [4, 6, 2]
    found, _ = enlarged(faces(area), orientation=3)  # half a turn
    assert [float(found[f"stArea:{k}"]) for k in "xyd"] == [12, 6, 2]


def test_faces_of_other_programs():
    area = 'stArea:x="2" stArea:y="3" stArea:w="2" stArea:h="1" stArea:unit="pixel"'
    xmp = faces(area).decode()
    for prefix in ("mwg-rs:", "stDim:", "stArea:"):
        xmp = xmp.replace(f" {prefix}", f" acdsee-{prefix.replace('mwg-', '')}")
        xmp = xmp.replace(f"<{prefix}", f"<acdsee-{prefix.replace('mwg-', '')}")
        xmp = xmp.replace(f"</{prefix}", f"</acdsee-{prefix.replace('mwg-', '')}")
    found, notes = enlarged(xmp.encode())
    assert (found["acdsee-stDim:w"], found["acdsee-stDim:h"], notes) == ("16", "12", [])
    assert [float(found[f"acdsee-stArea:{k}"]) for k in "xywh"] == [4, 6, 4, 2]


def test_sizes_in_other_units_stay():
    found, _ = enlarged(packet('stDim:w="8" stDim:h="6" stDim:unit="inch"'))
    assert (found["stDim:w"], found["stDim:h"]) == ("8", "6")


@pytest.mark.parametrize("name", ["MPReg:Rectangle", "pano:CroppedAreaLeftPixels", "MP:RegionInfo"])
def test_parts_that_cannot_be_turned_are_left_out(name):
    xmp = packet(f'{name}="7"')
    _, notes = enlarged(xmp, orientation=6)
    assert notes == left_out(name.replace("pano:", "GPano:"))
    assert enlarged(xmp)[1] == []


def test_resolutions_are_exchanged_in_a_turn():
    xmp = packet('tiff:XResolution="300/1" tiff:YResolution="150/1" tiff:Orientation="8"')
    found, notes = enlarged(xmp, orientation=8)
    assert (found["tiff:XResolution"], found["tiff:YResolution"]) == ("150/1", "300/1")
    assert (found["tiff:Orientation"], notes) == ("1", [])


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-32"])
def test_other_encodings(encoding):
    xmp = packet('tiff:ImageWidth="8"').replace("\ufeff".encode(), b"")
    found, _ = enlarged(xmp.decode().encode(encoding))
    assert found["tiff:ImageWidth"] == "16"


@pytest.mark.parametrize(
    "xmp",
    [
        b"<x:xmpmeta><rdf:RDF></x:xmpmeta>",
        b"nonsense",
        b"\xff\xfe<",
        b'<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>',
    ],
)
def test_xmp_that_is_no_xml_is_left_out_and_said(xmp):
    picture = parse(saved(np.zeros((6, 8, 3), np.uint8), "WEBP", xmp=xmp))
    assert picture.pages[0].xmp is None
    assert picture.notes == ["its XMP data are damaged and were left out"]


def marked(x, y, size=(8, 6)):
    """Return black pixels of which one is white."""
    pixels = np.zeros((size[1], size[0], 3), np.uint8)
    pixels[y, x] = 255
    return pixels


def subject(place, orientation=1, code=0x9214, kind="PNG", scale=2):
    """Return the enlarged picture, what its EXIF data state, and the notes."""
    exif = Image.Exif()
    exif[ORIENTATION] = orientation
    exif[EXIF_IFD] = {code: place, 0xA434: "Lens"}
    picture = parse(saved(marked(*place[:2]), kind, exif=exif.tobytes()))
    image = pillow(made(picture.frames[0].repeat(scale, 0).repeat(scale, 1), kind, picture))
    tags = image.getexif().get_ifd(EXIF_IFD)
    assert tags[0xA434] == "Lens"
    return np.asarray(image), tags.get(code), picture.notes


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("place", [(0, 0), (5, 2), (7, 5, 3), (1, 4, 2, 1)])
def test_subject_is_where_the_picture_shows_it(place, orientation):
    pixels, (x, y, *extent), notes = subject(place, orientation)
    assert notes == []
    assert pixels[y, x].min() == 255
    wanted = [2 * n for n in place[2:]]
    assert extent == (wanted[::-1] if orientation > 4 else wanted)


@pytest.mark.parametrize("code", [0x9214, 0xA214])
def test_subject_outside_the_picture_is_left_out(code):
    exif = Image.Exif()
    exif[EXIF_IFD] = {code: (500, 2), 0xA434: "Lens"}
    picture = parse(saved(marked(0, 0), "PNG", exif=exif.tobytes()))
    assert picture.notes == [
        f"its EXIF tags {ExifTags.TAGS[code]} do not apply to the output and were left out"
    ]
    tags = pillow(made(picture.frames, "PNG", picture)).getexif().get_ifd(EXIF_IFD)
    assert tags == {0xA434: "Lens"}


def test_subject_beyond_16_bits_is_left_out():
    exif = Image.Exif()
    exif[EXIF_IFD] = {0x9214: (7, 5)}
    picture = parse(saved(marked(7, 5), "PNG", exif=exif.tobytes()))
    made(np.zeros((1, 80_000), np.uint8), "PNG", picture)
    assert len(picture.notes) == 1
    assert "do not apply to the output" in picture.notes[0]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("orientation", [1, 6])
def test_sensor_has_more_pixels_per_unit(kind, orientation):
    exif = Image.Exif()
    exif[ORIENTATION] = orientation
    across, down = IFDRational(6001, 2), IFDRational(6001, 4)
    exif[EXIF_IFD] = {0xA20E: across, 0xA20F: down, 0xA210: 3, 0xA002: 8}
    loaded = Image.Exif()
    loaded.load(exif.tobytes())
    picture = parse(saved(marked(1, 1), kind, exif=loaded if kind == "TIFF" else exif.tobytes()))
    frame = picture.frames[0]
    tall = frame.repeat(2, 1).repeat(4, 0)  # twice as wide, four times as high
    tags = pillow(made(tall, kind, picture)).getexif().get_ifd(EXIF_IFD)
    stored = (3000.5, 1500.25) if orientation == 1 else (1500.25, 3000.5)
    assert (tags[0xA20E], tags[0xA20F]) == pytest.approx((2 * stored[0], 4 * stored[1]))
    assert tags[0xA002] == tall.shape[1]


def test_compression_of_the_input_is_not_that_of_the_output():
    exif = Image.Exif()
    exif[EXIF_IFD] = {0x9102: 4.0, 0xA434: "Lens"}
    picture = parse(saved(marked(1, 1), "JPEG", exif=exif.tobytes()))
    assert "CompressedBitsPerPixel" in picture.notes[0]
    tags = pillow(made(picture.frames, "JPEG", picture)).getexif().get_ifd(EXIF_IFD)
    assert tags == {0xA434: "Lens"}


@pytest.mark.parametrize(
    "tags",
    [
        {0x0103: 6, 0x0212: (2, 2)},  # compression and subsampling
        {0x0111: 100, 0x0116: 6, 0x0117: 144},  # strips
        {0x0142: 16, 0x0143: 16, 0x0144: (100,), 0x0145: (256,)},  # tiles
        {0x0201: 300, 0x0202: 44},  # a JPEG in the block
        {0xC620: (8, 6), 0xC68D: (0, 0, 6, 8)},  # parts of a sensor
    ],
)
@pytest.mark.parametrize("kind", KINDS[:3])
def test_tags_about_the_coding_of_the_input_go(tags, kind):
    exif = Image.Exif()
    for code, value in tags.items():
        exif[code] = value
    exif[0x010F] = "Canon"
    picture = parse(saved(marked(1, 1), kind, exif=exif.tobytes()))
    names = [ExifTags.TAGS[code] for code in tags]
    (note,) = picture.notes
    assert note.endswith("do not apply to the output and were left out")
    assert all(name in note for name in names)
    assert dict(pillow(made(picture.frames, kind, picture)).getexif()) == {0x010F: "Canon"}


@pytest.mark.parametrize(
    ("mode", "samples", "kept"),
    [("RGB", 3, True), ("CMYK", 4, False), ("L", 1, True), ("L", 3, False)],
)
def test_number_of_channels_is_that_of_the_output(mode, samples, kept):
    exif = Image.Exif()
    colours = {0x0102: (8,) * samples, 0x0106: 5 if mode == "CMYK" else 2, 0x0115: samples}
    for code, value in {**colours, 0x010F: "Canon"}.items():
        exif[code] = value
    element = "<tiff:PhotometricInterpretation>5</tiff:PhotometricInterpretation>"
    xmp = packet(f'tiff:SamplesPerPixel="{samples}" tiff:Make="a"', element)
    image = Image.fromarray(marked(1, 1)).convert(mode)
    picture = parse(saved(image, "JPEG", exif=exif.tobytes(), xmp=xmp))
    again = pillow(made(picture.frames, "JPEG", picture))
    again.load()
    found = {code: again.getexif().get(code) for code in (*colours, 0x010F)}
    if samples == 1:
        colours[0x0102] = 8
    assert found == (colours if kept else dict.fromkeys(colours)) | {0x010F: "Canon"}
    assert (b"SamplesPerPixel" in again.info["xmp"]) == kept
    assert (b"PhotometricInterpretation" in again.info["xmp"]) == kept
    assert any("SamplesPerPixel do not apply" in note for note in picture.notes) != kept


def test_texts_of_a_png_that_are_properties():
    texts = [("exif:PixelXDimension", "8"), ("tiff:ImageLength", "6"), ("Width", "8")]
    texts += [("Thumb::Image::Width", "800"), ("Title", "8")]
    info = PngImagePlugin.PngInfo()
    for name, text in texts:
        info.add_text(name, text)
    picture = parse(saved(marked(1, 1), "PNG", pnginfo=info))
    image = pillow(made(picture.frames[0].repeat(2, 0).repeat(2, 1), "PNG", picture))
    image.load()
    assert image.text == {
        "exif:PixelXDimension": "16", "tiff:ImageLength": "12", "Width": "16", "Title": "8"
    }  # fmt: skip
    assert picture.notes == [
        "its texts Thumb::Image::Width do not apply to the output and were left out"
    ]


def test_metadata_of_a_picture_from_nowhere_are_not_scaled():
    frame = marked(1, 1)
    source = parse(saved(frame, "WEBP", xmp=packet('pano:FullPanoWidthPixels="100"')))
    source.pages[0].size = None
    again = parse(made(frame, "WEBP", Picture([frame], pages=source.pages)))
    assert b'FullPanoWidthPixels="100"' in again.pages[0].xmp
