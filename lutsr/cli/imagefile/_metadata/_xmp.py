"""XMP: properties that depend on the picture or its file are made true, or removed."""

from __future__ import annotations

from ._change import Change
from ._properties import PREFIXES, is_absent, is_part, number, true_text
from ._xml import Document, Element, Value

_PLACES = ("exif:SubjectArea", "exif:SubjectLocation")
_SAMPLES = "tiff:SamplesPerPixel"
#: True if there are as many channels as in the input.
_COLOURS = ("tiff:BitsPerSample", "tiff:PhotometricInterpretation", _SAMPLES)
_PAIRS = [(f"{name}XResolution", f"{name}YResolution") for name in ("tiff:", "exif:FocalPlane")]


def read(xmp: bytes | None, change: Change, notes: list[str]) -> bytes | None:
    """Return the XMP of a picture that was turned upright.

    `notes` gains a line for everything that is left out.
    """
    if not xmp:
        return None
    try:
        document = Document(xmp, PREFIXES)
    except ValueError:  # of invalid characters, too
        notes.append("its XMP data are damaged and were left out")
        return None
    lost = []
    for element in document.elements():
        for part in _parts(element):
            if is_absent(part.name):
                document.remove(part)
                lost.append(part.name)
    if change.orientation != 1:
        lost += _turn(document, change)
        lost += _apply(document, change)
    _note(lost, notes)
    return document.changed() if any(document.elements()) else None


def enlarged(xmp: bytes, change: Change, notes: list[str], channels: int) -> bytes:
    """Return the XMP of an enlarged picture; `xmp` is a result of `read`."""
    document = Document(xmp, PREFIXES)
    lost = []
    elements = list(document.elements())
    if any(_states_other(element, channels) for element in elements):
        for part in (part for element in elements for part in _parts(element)):
            if part.name in _COLOURS:
                document.remove(part)
                lost.append(part.name)
    _note(lost + _apply(document, change), notes)
    return document.changed()


def _turn(document: Document, change: Change) -> list[str]:
    """Change what only depends on the orientation, and return the names of what was removed."""
    lost = []
    for element in document.elements():
        found = element.fields
        if "tiff:Orientation" in found:
            document.replace(found["tiff:Orientation"], "1")
        for one, other in _PAIRS if change.orientation > 4 else ():
            if one in found and other in found:
                document.replace(found[one], found[other].text)
                document.replace(found[other], found[one].text)
        for part in _parts(element):
            if is_part(part.name):
                document.remove(part)
                lost.append(part.name)
    return lost


def _apply(document: Document, change: Change) -> list[str]:
    """Change what depends on the picture's size, and return the names of what was removed."""
    lost = []
    for element in document.elements():
        found = element.fields
        if element.name in _PLACES:
            known = _change_place(document, element, change)
        elif found.keys() >= {"stDim:w", "stDim:h"}:
            known = _change_size(document, found, change)
        elif found.keys() >= {"stArea:x", "stArea:y"}:
            known = _change_area(document, found, change)
        else:
            unit = found.get("Iptc4xmpExt:rbUnit")
            known = unit is None or unit.text != "pixel"
        if not known:
            document.remove(element)
            lost.append(element.name)
            continue
        for value in element.properties:
            text = true_text(value.name, value.text, change)
            if text is None:
                document.remove(value)
                lost.append(value.name)
            elif text != value.text and not value.name.startswith("stDim:"):
                document.replace(value, text)
    return lost


def _states_other(element: Element, channels: int) -> bool:
    """Return whether an element states another number of channels."""
    stated = element.fields.get(_SAMPLES)
    return stated is not None and stated.text.strip() != str(channels)


def _parts(element: Element) -> list[Value | Element]:
    return [*element.attributes, element]


def _change_place(document: Document, element: Element, change: Change) -> bool:
    """Change a list of two to four numbers, as EXIF has them."""
    items = [item.text for sequence in element.children for item in sequence.children]
    values = [item for item in items if item is not None]
    numbers = [round(n) for v in values if (n := number(v.text)) is not None]
    if len(numbers) != len(items) or len(items) not in (2, 3, 4):
        return False
    moved = change.area(numbers)
    for value, place in zip(values, moved or (), strict=False):
        document.replace(value, str(place))
    return moved is not None


def _change_size(document: Document, found: dict[str, Value], change: Change) -> bool:
    """Change a width and a height."""
    if "stDim:unit" in found and not found["stDim:unit"].text.startswith("pixel"):
        return True
    width, height = number(found["stDim:w"].text), number(found["stDim:h"].text)
    if width is None or height is None:
        return False
    for name, side in zip(("stDim:w", "stDim:h"), change.size(width, height), strict=True):
        document.replace(found[name], str(round(side)))
    return True


def _change_area(document: Document, found: dict[str, Value], change: Change) -> bool:
    """Change a point, circle or rectangle, whose place is that of its centre."""
    in_pixels = "stArea:unit" in found and found["stArea:unit"].text.startswith("pixel")
    before = (1, 1) if in_pixels else change.before
    after = (1, 1) if in_pixels else change.after
    if not in_pixels and change.orientation == 1:  # shares of the picture stay the same
        return True
    numbers = {}
    for name in {f"stArea:{letter}" for letter in "xywhd"} & found.keys():
        stated = number(found[name].text)
        if stated is None:
            return False
        numbers[name[-1]] = stated
    x, y = change.place(numbers["x"] * before[0], numbers["y"] * before[1])
    moved = {"x": float(x / after[0]), "y": float(y / after[1])}
    if "w" in numbers and "h" in numbers:
        w, h = change.size(numbers["w"] * before[0], numbers["h"] * before[1])
        moved |= {"w": float(w / after[0]), "h": float(h / after[1])}
    if "d" in numbers:
        moved["d"] = change.diameter(float(numbers["d"])) if in_pixels else float(numbers["d"])
    for name, value in moved.items():
        document.replace(found[f"stArea:{name}"], f"{value:.10g}")
    return True


def _note(lost: list[str], notes: list[str]) -> None:
    if names := ", ".join(dict.fromkeys(lost)):
        notes.append(f"its XMP properties {names} do not apply to the output and were left out")
