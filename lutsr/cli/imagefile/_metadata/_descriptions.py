"""Descriptions of a TIFF that programs read: of ImageJ, OME and tifffile, and pixel sizes in texts.

They state the size of the picture or of its pixels, and are made true of the enlarged one. Texts
are bytes decoded as Latin-1, and encoded like that again.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping

from . import _ifd
from ._change import Change
from ._xml import Document

_TAG, _ASCII = 0x010E, 2
_ORIGIN = re.compile(
    r"^([xy])origin=([+-]?\d+(?:\.\d*)?(?:[eE][+-]?\d+)?)$", re.MULTILINE | re.ASCII
)
#: A pixel size in a text, such as ``MPP = 0.25`` of Aperio.
_PIXEL_SIZE = re.compile(
    r"\b((?:MPP[ _-]?|(?:Pixel|Physical)[ _-]?(?:Size[ _-]?|(?=Width|Height)))"
    r"""([XY]|Width|Height|)(?:[ _-]?[un]m)?["']?\s*[=:]\s*)"""
    r"(\d+(?:\.\d*)?(?:e-?\d+)?)",
    re.IGNORECASE,
)

#: A scale in a text, such as ``0.5 um/px`` or ``2 pixels per micron``.
_SCALE = re.compile(
    r"(?<![\d.])(\d+(?:\.\d*)?(?:e-?\d+)?)(\s*(?:(px|pixels?)\s*(?:/|per)\s*(?:\w{0,3}m|microns?)"
    r"|(?:\w{0,3}m|microns?)\s*(?:/|per)\s*(?:px|pixel)))\b",
    re.IGNORECASE,
)

_UNIT = re.compile(r'"unit": "(?!inch)')
_NUMBER = re.compile(r"\d+(?:\.\d*)?(?:[eE][-+]?\d+)?")


def text_of(tags: Mapping[int, _ifd.Tag | _ifd.Tree]) -> str:
    """Return the description among the tags of a page."""
    tag = tags.get(_TAG)
    return tag.data.partition(b"\0")[0].decode("latin-1") if isinstance(tag, _ifd.Tag) else ""


def tag_of(text: str) -> _ifd.Tag:
    """Return the tag of a description."""
    data = text.encode("latin-1") + b"\0"
    return _ifd.Tag(_ASCII, len(data), data, 0)


def kind(text: str) -> str | None:
    """Return who reads a description: ImageJ, OME or tifffile; "text" for one with a pixel size."""
    if text.startswith("ImageJ="):
        return "ImageJ"
    if text[-20:].strip().endswith("OME>"):
        return "OME"
    if text.startswith(('{"shape":', "shape=(")):
        return "tifffile"
    return "text" if _PIXEL_SIZE.search(text) or _SCALE.search(text) else None


def makes_scale(text: str, has_unit: bool) -> bool:
    """Return whether a description makes the resolution of its page that of the scene.

    Parameters
    ----------
    text : str
    has_unit : bool
        Whether the page states a unit of its own, as for a print.
    """
    who = kind(text)
    if who == "tifffile":  # it writes inches unless it is told another unit
        return bool(_UNIT.search(text))
    return who == "text" and not has_unit


def checked(text: str, shape: tuple[int, ...], frame: tuple[int, ...]) -> str | None:
    """Return a description that can be made true, None if it cannot.

    Parameters
    ----------
    text : str
    shape : tuple of int
        Shape of the page as it is stored.
    frame : tuple of int
        Shape of its pixels as they were read, upright.
    """
    who = kind(text)
    if who == "tifffile":
        return _checked_shape(text, shape, frame)
    return _checked_ome(text, frame) if who == "OME" else text


def enlarged(text: str, change: Change, frame: tuple[int, ...]) -> str:
    """Return the description of an enlarged picture, of the shape of `frame`."""
    who = kind(text)
    if who == "OME":
        return _enlarged_ome(text, change)
    if who == "tifffile":
        found = json.loads(text)
        found["shape"] = [*found["shape"][: -len(frame)], *frame]
        for name in ("PhysicalSizeX", "PhysicalSizeY"):
            if isinstance(size := found.get(name), int | float):
                found[name] = size / float(change.scales[name.endswith("Y")])
        return json.dumps(found)
    if who == "ImageJ":
        scales = dict(zip("xy", map(float, change.scales), strict=True))
        return _ORIGIN.sub(lambda m: f"{m[1]}origin={_shown(float(m[2]) * scales[m[1]])}", text)
    text = _PIXEL_SIZE.sub(lambda m: m[1] + _true_length(m[2], m[3], change), text)
    width, height = change.before
    both = rf"(?<![\d.]){width}(\s?[xX]\s?){height}(?![\d.])"  # of the picture
    text = re.sub(both, lambda m: f"{change.after[0]}{m[1]}{change.after[1]}", text)
    factor = float(change.scales[0])
    return _SCALE.sub(lambda m: _shown(float(m[1]) * (factor if m[3] else 1 / factor)) + m[2], text)


def _true_length(side: str, number: str, change: Change) -> str:
    """Return the size of a pixel; some programs call the width of the picture PixelWidth."""
    axis = side[:1].upper() in ("Y", "H")
    if number == str(change.before[axis]):
        return str(change.after[axis])
    return _shown(float(number) / float(change.scales[axis]))


def other_keys(text: str) -> list[str]:
    """Return the names of what tifffile was given beside shape and axes, and was not changed."""
    if kind(text) != "tifffile":
        return []
    return sorted(json.loads(text).keys() - {"shape", "axes", "PhysicalSizeX", "PhysicalSizeY"})


def _checked_shape(text: str, shape: tuple[int, ...], frame: tuple[int, ...]) -> str | None:
    """Return the description with shape and axes of the pixels that were read."""
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):  # the form of early versions, or damage
        return None
    lengths = found.get("shape") if isinstance(found, dict) else None
    if not isinstance(lengths, list) or lengths[-len(shape) :] != list(shape):
        return None
    found["shape"] = [*found["shape"][: -len(shape)], *frame]
    if isinstance(axes := found.get("axes"), str) and len(frame) != len(shape):
        found["axes"] = axes[: -len(shape)] + "YXS"[: len(frame)]
    elif isinstance(axes, str) and axes.endswith("SYX"):
        found["axes"] = axes[:-3] + "YXS"
    return json.dumps(found)


def _checked_ome(text: str, frame: tuple[int, ...]) -> str | None:
    """Return OME-XML that describes this file alone, and pictures of one size."""
    try:
        document = Document(text.encode("latin-1"), {})
    except ValueError:
        return None
    owner = None
    for element in document.elements():
        name, fields = _local(element.name), element.fields
        if name == "OME":
            owner = fields["UUID"].text if "UUID" in fields else None
        size = tuple(fields[k].text for k in ("SizeY", "SizeX") if k in fields)
        lengths = [fields[f"PhysicalSize{k}"].text for k in "XY" if f"PhysicalSize{k}" in fields]
        if name == "Pixels" and (
            size != tuple(map(str, frame[:2])) or not all(map(_NUMBER.fullmatch, lengths))
        ):
            return None
        if name == "UUID" and (element.text is None or element.text.text.strip() != owner):
            return None  # it refers to other files
        if name == "UUID" and "FileName" in fields:
            document.remove(fields["FileName"])
    return document.changed().decode("latin-1")


def _enlarged_ome(text: str, change: Change) -> str:
    document = Document(text.encode("latin-1"), {})
    for element in document.elements():
        if _local(element.name) in ("ROI", "ROIRef"):  # shapes in pixels
            document.remove(element)
        if _local(element.name) != "Pixels":
            continue
        fields = element.fields
        for axis, letter in enumerate("XY"):
            document.replace(fields[f"Size{letter}"], str(change.after[axis]))
            if size := fields.get(f"PhysicalSize{letter}"):
                document.replace(size, _shown(float(size.text) / float(change.scales[axis])))
    return document.changed().decode("latin-1")


def has_regions(text: str) -> bool:
    """Return whether OME-XML has shapes in pixels, which are left out."""
    return kind(text) == "OME" and bool(re.search(r"<(\w+:)?ROI\b", text))


def _local(name: str) -> str:
    return name.rpartition(":")[2]


def _shown(number: float) -> str:
    return f"{number:.12g}"
