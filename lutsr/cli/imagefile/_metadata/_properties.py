"""Properties of XMP and of texts that depend on the picture or on its file, by kind.

A property has a name with a prefix, such as ``exif:PixelXDimension``. Rules are about kinds of
names, because programs use more of them than a list could have.
"""

from __future__ import annotations

import re
from fractions import Fraction

from ._change import Change

#: Prefixes under which the rules know namespaces; of others they know the prefix of the text.
PREFIXES = {
    "http://ns.adobe.com/tiff/1.0/": "tiff",
    "http://ns.adobe.com/exif/1.0/": "exif",
    "http://ns.adobe.com/xap/1.0/": "xmp",
    "http://ns.adobe.com/xmp/note/": "xmpNote",
    "http://ns.adobe.com/camera-raw-settings/1.0/": "crs",
    "http://ns.adobe.com/hdr-gain-map/1.0/": "hdrgm",
    "http://ns.adobe.com/xap/1.0/sType/Dimensions#": "stDim",
    "http://ns.adobe.com/xmp/sType/Area#": "stArea",
    "http://ns.acdsee.com/sType/Dimensions#": "stDim",  # with the same fields
    "http://ns.acdsee.com/sType/Area#": "stArea",
    "http://www.metadataworkinggroup.com/schemas/regions/": "mwg-rs",
    "http://iptc.org/std/Iptc4xmpExt/2008-02-29/": "Iptc4xmpExt",
    "http://www.w3.org/1999/02/22-rdf-syntax-ns#": "rdf",
    "http://ns.google.com/photos/1.0/panorama/": "GPano",
    "http://ns.google.com/photos/1.0/camera/": "GCamera",
    "http://ns.google.com/photos/1.0/container/": "Container",
    "http://ns.google.com/photos/1.0/container/item/": "Item",
    "http://ns.google.com/photos/1.0/depthmap/": "GDepth",
    "http://ns.google.com/photos/1.0/image/": "GImage",
    "http://ns.google.com/photos/1.0/audio/": "GAudio",
    "http://ns.google.com/photos/1.0/focus/": "GFocus",
    "http://ns.apple.com/HDRGainMap/1.0/": "HDRGainMap",
    "http://ns.apple.com/pixeldatainfo/1.0/": "apdi",
}

# What is not in the output, or not in the same form: parts behind the picture and their offsets,
# gain maps, depth maps and other pictures, thumbnails, checksums of other metadata, and how the
# input was coded.
_ABSENT = re.compile(
    r"""^(Container|Item|hdrgm|HDRGainMap|apdi|GDepth|GImage|GAudio|GFocus|[Dd]evice):
    | :(MotionPhoto|MicroVideo|EmbeddedVideo|O?LivePhoto|Video(Length|Offset)|DepthMap|GainMap)
    | (^|:)Thumb(nails?\b|::)
    | (Digest|HasExtendedXMP|DewarpData|VignettingData)$
    | ^(tiff:(Compression|YCbCrSubSampling)|exif:CompressedBitsPerPixel)$""",
    re.VERBOSE,
)
# Sizes of the whole picture.
_PICTURE = re.compile(r"^(tiff:Image(Width|Length)|exif:(Pixel[XY]Dimension|ExifImage\w+))$")
_AXES = (
    re.compile(r"([Ww]idth|Left|XDimension|XSize|SizeX|CenterX|Dim:w)(Pixels?)?$"),
    re.compile(r"([Hh]eight|ImageLength|Top|YDimension|YSize|SizeY|CenterY|Dim:h)(Pixels?)?$"),
)
# Both in one text, such as ``800x600`` or ``800 * 600 pixels``.
_BOTH = re.compile(r"(dimensions?|size|resolution)$", re.IGNORECASE)
_WIDTH_HEIGHT = re.compile(
    r"(\s*)(\d{1,9})(\s*[x*\u00d7,;/ ]\s*)(\d{1,9})(\s*(px|pixels?)?\s*)", re.IGNORECASE | re.ASCII
)
# Places and lengths in the picture, in pixels.
_IN_PIXELS = re.compile(r"^GPano:.*(Pixels|Rect\w+)$|Pixels$|OpticalCenter[XY]$")
_PIXELS_PER_UNIT = re.compile(r"FocalPlane([XY])Resolution$|Calibrated(F)ocalLength$")
# Parts of the picture in forms that are not turned with it; those of mwg-rs are.
_PARTS = re.compile(r"^crs:Crop(Top|Left|Bottom|Right|Angle)$|^(?!mwg-rs).*:(Region\w+|Rectangle)$")

# Of as many digits as programs write; `Fraction` would compute any exponent.
_NUMBER = re.compile(r"\s*[+-]?(\d{1,18}(\.\d{0,30}|/\d{1,18})?|\.\d{1,30})\s*", re.ASCII)


def is_absent(name: str) -> bool:
    """Return whether a property is about something that the output does not contain."""
    return bool(_ABSENT.search(name))


def is_part(name: str) -> bool:
    """Return whether a property is about a part of the picture that cannot be turned with it."""
    return bool(_PARTS.search(name))


def true_text(name: str, text: str, change: Change) -> str | None:
    """Return the text of a property of the changed picture; None if it is not known."""
    axis = next((axis for axis, rule in enumerate(_AXES) if rule.search(name)), None)
    if axis is not None and _PICTURE.search(name):
        return str(change.after[axis])
    if axis is not None and text.strip() == str(change.before[axis]):
        return str(change.after[axis])
    both = _WIDTH_HEIGHT.fullmatch(text) if _BOTH.search(name) else None
    if both and (int(both[2]), int(both[4])) == change.before:
        return f"{both[1]}{change.after[0]}{both[3]}{change.after[1]}{both[5]}"
    if axis is not None and _IN_PIXELS.search(name):
        if change.orientation != 1:
            return None
    elif match := _PIXELS_PER_UNIT.search(name):
        axis = match[1] == "Y"
    else:
        return text
    factor = change.scales[axis]
    return text if factor == 1 else _multiplied(text, factor)


def number(text: str) -> Fraction | None:
    """Return the number that a text states: whole, decimal or a fraction; None if it is none."""
    try:
        return Fraction(text.strip()) if _NUMBER.fullmatch(text) else None
    except ZeroDivisionError:
        return None


def _multiplied(text: str, factor: Fraction) -> str | None:
    """Return a number, in the form that it has: whole, decimal or a fraction."""
    value = number(text)
    if value is None:
        return None
    value *= factor
    if "/" in text:
        return f"{value.numerator}/{value.denominator}"
    return str(round(value)) if text.strip().lstrip("+-").isdigit() else f"{float(value):.10g}"
