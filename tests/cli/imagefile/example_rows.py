"""The examples of each row of the table in docs/cli.md, by format."""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import Any

import imagecodecs
from PIL import Image

from .examples import (
    PANO,
    RGB,
    SRGB,
    Example,
    animated,
    axes,
    chunk_of,
    comments,
    damaged,
    exif,
    geo,
    jpeg,
    kind,
    mode,
    opened,
    others,
    palette,
    png,
    printed,
    resolution,
    scale,
    segment,
    stack,
    stored,
    tag,
    text,
    tiff_of_axes,
    times,
    with_auxiliary_picture,
    with_block,
    with_exif,
    with_pointer,
    with_sub_directory,
    with_xmp,
    xmp_of,
)  # fmt: skip
from .helpers import EXIF_IFD, ORIENTATION, chunk, made, noise, pillow, saved, smooth, tiff

NOT_TRUE = "do not apply to the output"
FOUR = ("PNG", "JPEG", "WEBP", "TIFF")
FIVE = (*FOUR, "AVIF")
SIX = (*FIVE, "JXL")
PICTURE_AT = {0x9214: (5, 2)}
MOTION = 'c:MotionPhoto="1"'
THUMBNAIL = struct.pack("<HHHIIHHIII", 2, 0x201, 4, 1, 56, 0x202, 4, 1, 4, 0) + b"\xff\xd8\xff\xd9"
BLOCK = b"II*\0\x08\0\0\0" + struct.pack("<HHHI4sI", 1, 0x010F, 2, 4, b"abc\0", 26)
CUT = b"II*\0\x08\0\0\0" + struct.pack(
    "<HHHI4sHHIII", 2, 0x010F, 2, 4, b"abc\0", 0x8825, 4, 1, 9999, 0
)


Row = dict[str, Example]


def same(data: Callable[[str], bytes], look: Any, *formats: str, **rest: Any) -> Row:
    """Return the examples of several formats that are looked at alike."""
    return {format: Example(data(format), look, **rest) for format in formats}


def inputs() -> dict[str, Row]:
    """Return the examples of the rows about inputs, which are written in their own format."""
    grey, deep, floats = smooth((8, 12)), noise((8, 12), "uint16"), noise((8, 12), "float32")
    bits = Image.fromarray(grey).convert("1")
    rgba, cmyk = noise((8, 12, 4)), Image.fromarray(RGB).convert("CMYK")
    multiplied = {"extrasamples": ["assocalpha"]}
    unknown = {"extrasamples": ["unspecified"]}
    deeper, inks = noise((8, 12, 3), "uint16"), noise((8, 12, 5))
    unassociated = {"extrasamples": ["unassalpha"]}
    two = saved(Image.fromarray(RGB), "MPO", save_all=True, append_images=[Image.fromarray(RGB)])
    wide = f"{{{PANO}}}FullPanoWidthPixels"
    iptc = segment(0xED, b"Photoshop 3.0\0" + bytes(20))

    def profile(format: str, content: bytes = SRGB) -> bytes:
        name = "iccprofile" if format == "TIFF" else "icc_profile"
        return stored(format, RGB, **{name: content})

    return {
        "grey": same(lambda f: stored(f, grey), kind, "PNG", "JPEG", "TIFF", "AVIF", "JXL"),
        "RGB": same(lambda f: stored(f, RGB), kind, *SIX),
        "alpha": same(lambda f: stored(f, rgba), kind, "PNG", "WEBP", "TIFF", "AVIF", "JXL"),
        "16 bits": same(lambda f: stored(f, deep), kind, "PNG", "TIFF")
        | {
            "JPEG": Example(imagecodecs.ljpeg_encode(deep), kind),
            "JXL": Example(made(deep, "JXL"), kind),
        },
        "9 to 15 bits": {
            "JPEG": Example(imagecodecs.jpeg8_encode(deep >> 4, bitspersample=12), kind),
            "TIFF": Example(stored("TIFF", deep >> 4, bitspersample=12), note="12 bits"),
            "AVIF": Example(imagecodecs.avif_encode(deeper >> 6, bitspersample=10), kind),
        },
        "signed integers of 8 and 16 bits": same(
            lambda f: stored(f, deep.astype("int16")), kind, "TIFF"
        ),
        "32-bit floats in [0, 1]": same(lambda f: stored(f, floats), kind, "TIFF"),
        "64-bit floats in [0, 1]": same(
            lambda f: stored(f, floats.astype("float64")), kind, "TIFF"
        ),
        "floats beyond [0, 1]": same(lambda f: stored(f, floats + 1), kind, "TIFF"),
        "palette": same(palette, mode, "PNG", "TIFF", after="RGB"),
        "1 bit per pixel": same(lambda f: saved(bits, f), kind, "PNG", "TIFF", note="1 bit"),
        "colours multiplied by alpha": same(
            lambda f: stored(f, rgba, **multiplied), kind, "TIFF", note="multiplied by alpha"
        ),
        "fourth channel that is not alpha": same(
            lambda f: stored(f, rgba, **unknown), kind, "TIFF", note="not stated to be alpha"
        ),
        "CMYK": same(lambda f: saved(cmyk, f), kind, "JPEG", "TIFF", note="CMYK"),
        "CMYK with alpha": same(
            lambda f: stored(f, inks, photometric="separated", **unassociated), kind, "TIFF",
            note="CMYK",
        ),
        "CIELAB and other colours": same(
            lambda f: stored(f, RGB, photometric="cielab"), kind, "TIFF"
        ),
        "pages": {"TIFF": Example(tiff([grey, grey]), kind)},
        "animation": same(animated, times, "PNG", "WEBP", "AVIF"),
        "coding with loss": {
            "WEBP": Example(saved(RGB, "WEBP"), lambda d: b"VP8 " in d),
        },
        "further pictures, reduced copies": {
            "JPEG": Example(two, note="several pictures"),
            "TIFF": Example(with_sub_directory(8), note="SubIFDs"),
            "AVIF": Example(with_auxiliary_picture(), note="gain map"),
        },
        "picture in a SubIFD, with a thumbnail": {
            "TIFF": Example(with_sub_directory(32), note="the thumbnail beside it")
        },
        "raw camera data": {
            "TIFF": Example(stored("TIFF", noise((8, 12, 3)), photometric=34892))
        },
        "damaged pixels": same(damaged, kind, *SIX),
        "colour profile": same(profile, lambda d: pillow(d).info.get("icc_profile"), *FIVE)
        | {
            "JXL": Example(
                imagecodecs.jpegxl_encode(deep, lossless=True), note="colour profile cannot be"
            )
        },
        "damaged colour profile": same(
            lambda f: profile(f, b"bad" * 50), kind, *FIVE, note="colour profile is damaged"
        ),
        "EXIF": same(lambda f: with_exif(f, {0x010F: "Maker"}), tag(0x010F), *SIX),
        "orientation": same(
            lambda f: with_exif(f, {ORIENTATION: 6}),
            lambda d: opened(d).size, *FIVE, after=(16, 24),
        ),
        "sizes in EXIF": same(
            lambda f: with_exif(f, {}, {0xA002: 12}), tag(0xA002, EXIF_IFD), *SIX, after=24
        ),
        "coding of the input in EXIF": same(
            lambda f: with_exif(f, {0x0103: 6, 0x010F: "Maker"}), tag(0x010F),
            *FOUR[:3], "AVIF", "JXL", note="Compression do not apply",
        ),
        "places in EXIF": same(
            lambda f: with_exif(f, {}, PICTURE_AT), tag(0x9214, EXIF_IFD), *SIX, after=(11, 5)
        ),
        "damaged parts of EXIF": same(
            lambda f: with_block(f, CUT), kind, *SIX, note="the GPS directory"
        ),
        "thumbnail in EXIF": same(
            lambda f: with_block(f, BLOCK + THUMBNAIL), kind, *FOUR[:3], "AVIF", "JXL",
            note="the thumbnail",
        ),
        "XMP": same(
            lambda f: with_xmp(f, 'dc:title="a"'),
            lambda d: xmp_of(d, "{http://purl.org/dc/elements/1.1/}title"), *SIX,
        ),
        "sizes and places in XMP": same(
            lambda f: with_xmp(f, 'GPano:FullPanoWidthPixels="50"'),
            lambda d: xmp_of(d, wide), *SIX, after="100",
        ),
        "damaged XMP": same(
            lambda f: with_xmp(f, "="), kind, *SIX, note="its XMP data are damaged"
        ),
        "other damaged parts beside the pixels": {
            "PNG": Example(png(chunk(b"gAMA", b"x")), note="chunk gAMA is damaged"),
            "JPEG": Example(jpeg(segment(0xEE, b"Adobe")), note="are damaged and were left out"),
            "TIFF": Example(with_pointer(0x0131), note="damaged tags were left out: Software"),
        },
        "XMP about parts that go": same(lambda f: with_xmp(f, MOTION), kind, *SIX, note=NOT_TRUE),
        "resolution of the print": same(printed, resolution, *SIX),
        "scale of ImageJ, OME or a description": {
            "TIFF": Example(stack(), scale, ("um", (10, 1)))
        },
        "georeference": {
            "TIFF": Example(
                stored("TIFF", grey, extratags=[(33550, 12, 3, (1.0, 2.0, 0.0), True)]),
                geo, (0.5, 1.0, 0.0),
            )
        },
        "axes of tifffile": {"TIFF": Example(tiff_of_axes(), axes)},
        "comments": {
            "JPEG": Example(jpeg(segment(0xFE, b"one"), segment(0xFE, b"two")), comments)
        },
        "texts": {"PNG": Example(text(), lambda d: pillow(d).text)},
        "chunks about colour": {
            "PNG": Example(png(chunk(b"gAMA", b"\0\1\x86\xa0")), chunk_of(b"gAMA\0\1\x86\xa0"))
        },
        "chunks about the input": {"PNG": Example(png(chunk(b"tIME", bytes(7))), note=NOT_TRUE)},
        "Photoshop and IPTC data": {
            "JPEG": Example(jpeg(iptc), note="Photoshop and IPTC"),
            "TIFF": Example(
                stored("TIFF", RGB, extratags=[(34377, 1, 4, b"abcd", True)]), note="ImageResources"
            ),
        },
        "other segments, chunks, tags, boxes": same(others, kind, *SIX, note="were left out"),
        "bytes behind the end": same(
            lambda f: stored(f, RGB) + b"more", kind, *FOUR[:3], "AVIF", "JXL",
            note="4 bytes behind its end",
        ),
    }  # fmt: skip


def outputs() -> dict[str, Row]:
    """Return the examples of the rows about inputs of another format."""
    deep = stored("TIFF", noise((8, 12, 3), "uint16"))
    floats = stored("TIFF", noise((8, 12), "float32"))
    grey = saved(smooth((8, 12)), "PNG")
    pages = tiff([smooth((8, 12)), smooth((8, 12))])
    comment = jpeg(segment(0xFE, b"one"))
    long = with_exif("PNG", {0x010E: "x" * 70_000})
    gamma = png(chunk(b"gAMA", b"\0\1\x86\xa0"))
    place = stored("TIFF", RGB, extratags=[(33550, 12, 3, (1.0, 2.0, 0.0), True)])
    blocks = saved(
        RGB, "WEBP", icc_profile=SRGB, exif=exif({0x010F: "Maker"}).tobytes(), lossless=True
    )
    return {
        "alpha": dict.fromkeys(SIX, Example(stored("WEBP", noise((8, 12, 4))), kind)),
        "16 bits": dict.fromkeys(SIX, Example(deep, kind)),
        "32-bit floats": dict.fromkeys(SIX, Example(floats, kind)),
        "grey": dict.fromkeys(SIX, Example(grey, kind, note="cannot hold grey")),
        "pages": dict.fromkeys(SIX, Example(pages, kind)),
        "animation": dict.fromkeys(SIX, Example(animated("PNG"), times, note="the times"))
        | {"AVIF": Example(animated("PNG"), note="number of repetitions")},
        "profile, EXIF, XMP, resolution": dict.fromkeys(SIX, Example(blocks, tag(0x010F)))
        | {"JXL": Example(blocks, note="converted to sRGB")},
        "EXIF or XMP of more than 64 KB": dict.fromkeys(
            SIX, Example(long, tag(0x010E), note="as long as these")
        ),
        "comments of a JPEG": dict.fromkeys(SIX, Example(comment, comments, note="its comment")),
        "texts of a PNG": dict.fromkeys(
            SIX, Example(text(), lambda d: pillow(d).text, note="its texts: Author")
        ),
        "chunks about colour of a PNG": dict.fromkeys(
            SIX, Example(gamma, chunk_of(b"gAMA\0\1\x86\xa0"), note="colours may differ")
        ),
        "scale and georeference of a TIFF": dict.fromkeys(
            SIX, Example(place, geo, (0.5, 1.0, 0.0), note="its georeference")
        ),
    }
