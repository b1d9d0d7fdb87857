"""Tags of TIFF pages: metadata read from them, and written to finished pages."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING, Any, BinaryIO

from numpy.typing import NDArray

from .._colour import fitting
from .._metadata import _descriptions, _exif, _geo, _ifd, _xmp
from .._metadata._change import Change
from .._picture import Metadata, Picture, Resolution
from ._checks import photometric
from ._main_pages import owner_of

if TYPE_CHECKING:
    from tifffile import TiffPage

_XMP, _ICC = 700, 34675
_X_RESOLUTION, _Y_RESOLUTION = 282, 283
# Tags about how the pixels are stored, those that tifffile writes, and the resolution.
_STORAGE = {*range(254, 260), 262, 263, *range(264, 267), 273, *range(277, 285), 288, 289, 292, 293}
_STORAGE |= {296, 317, 320, *range(322, 331), 332, 334, 336, *range(338, 342), 347, 532}
_STORAGE |= {*range(512, 532), _XMP, _ICC}
# Tags that are true of the output, too, and their names in messages.
_NAMES = {286: "XPosition", 287: "YPosition", 297: "PageNumber"}
_NAMES |= {318: "WhitePoint", 319: "PrimaryChromaticities"}
_COLOURS = {318, 319}
#: Programs whose descriptions state sizes and scales that are not changed here.
_PROGRAMS = ("metaseries", "philips", "scanimage", "scn", "streak")
#: A description of tifffile that states nothing but the shape of the pixels.
_ONLY_SHAPE = re.compile(
    r'\{"shape": \[[\d, ]*\](, "axes": "(YXS?|SYX)")?\}|shape=\([\d, ]*\)', re.ASCII
)


def read(
    file: BinaryIO,
    page: TiffPage,
    pixels: NDArray[Any],
    icc: bytes | None,
    picture: Picture,
) -> tuple[Metadata, int]:
    """Return the metadata of a page, and its orientation."""
    tags = _exif.page_tags(file, page, picture.notes)
    owner = owner_of(page)
    if owner is not page:  # most are in the directory of the thumbnail
        more = _exif.page_tags(file, owner, picture.notes)
        tags = {code: tag for code, tag in more.items() if code not in _STORAGE} | tags
    text = _descriptions.text_of(tags)
    unknown = any(getattr(page, f"is_{name}") for name in _PROGRAMS)
    read_by_programs = unknown or _descriptions.kind(text) is not None
    wanted = _exif.TIFF_TAGS - ({_exif.DESCRIPTION} if read_by_programs else set())
    size = page.imagewidth, page.imagelength
    exif, orientation = _exif.from_tags(
        {code: tag for code, tag in tags.items() if code in wanted}, size, picture.notes
    )
    turned = Change.turned(size, orientation)
    kept = _kept(page, tags, turned)
    if read_by_programs and not unknown and not _ONLY_SHAPE.fullmatch(text):
        frame = turned.after[::-1] + pixels.shape[2:]
        kept |= _described(page, text, turned, frame, picture)
    codes = {*tags, *(tag.code for p in (page, owner) for tag in p.tags)}
    _note_others(page, codes - _STORAGE - wanted - kept.keys(), picture)
    xmp = page.tags.valueof(_XMP, default=owner.tags.valueof(_XMP))
    return Metadata(
        icc=fitting(icc, pixels, picture.notes),
        exif=exif,
        xmp=_xmp.read(xmp if isinstance(xmp, bytes) else None, turned, picture.notes),
        resolution=_resolution(page, orientation) or _resolution(owner, orientation),
        tags=kept,
    ), orientation


def profile(page: TiffPage) -> bytes | None:
    """Return the colour profile of a page."""
    return page.iccprofile or owner_of(page).iccprofile


def names(tags: dict[int, _ifd.Tag]) -> list[str]:
    """Return what tags that only a TIFF has are about."""
    found = []
    if text := _descriptions.text_of(tags):
        who = _descriptions.kind(text)
        found.append("description with a pixel size" if who == "text" else f"{who} description")
    if tags.keys() & _geo.TAGS:
        found.append("georeference")
    return found + [_NAMES[code] for code in _NAMES if code in tags]


def _kept(page: TiffPage, tags: _ifd.Tree, turned: Change) -> dict[int, _ifd.Tag]:
    """Return the tags that only a TIFF has, and that are true of the upright picture."""
    found = {code: tag for code, tag in tags.items() if isinstance(tag, _ifd.Tag)}
    kept = {code: tag for code, tag in found.items() if code in _NAMES}
    if photometric(page) == "SEPARATED":  # its colours are converted
        kept = {code: tag for code, tag in kept.items() if code not in _COLOURS}
    geo = {code: tag for code, tag in found.items() if code in _geo.TAGS}
    return kept | (geo if turned.orientation == 1 and _geo.is_known(geo) else {})


def _described(
    page: TiffPage, text: str, turned: Change, frame: tuple[int, ...], picture: Picture
) -> dict[int, _ifd.Tag]:
    """Return the tag of a description that programs read, if it can be made true."""
    checked = _descriptions.checked(text, page.shape, frame)
    who = _descriptions.kind(text)
    if checked is None or (turned.orientation != 1 and who in ("ImageJ", "OME")):
        return {}
    if who == "OME" and any(getattr(other, "is_reduced", False) for other in page.parent.pages):
        return {}  # it counts all pages
    if _descriptions.has_regions(text):
        picture.note("the regions (ROI) in its OME description were left out")
    if others := _descriptions.other_keys(text):
        picture.note(f"its description was kept with {', '.join(others)} unchanged")
    return {_exif.DESCRIPTION: _descriptions.tag_of(checked)}


def _note_others(page: TiffPage, codes: set[int], picture: Picture) -> None:
    """Add a note about tags that are left out."""
    import tifffile

    others = {tifffile.TIFF.TAGS.get(code, str(code)) for code in codes}
    if _ONLY_SHAPE.fullmatch(page.description):
        others.discard("ImageDescription")
    if others:
        picture.note(f"its tags {', '.join(sorted(others))} were left out")


def _resolution(page: TiffPage, orientation: int) -> Resolution | None:
    if _X_RESOLUTION not in page.tags or _Y_RESOLUTION not in page.tags:
        return None
    x, y = (_ratio(page.tags[code].value) for code in (_X_RESOLUTION, _Y_RESOLUTION))
    unit = {2: "inch", 3: "cm"}.get(page.tags.valueof(296, default=2))
    physical = page.parent.is_imagej or page.parent.is_ome
    physical = physical or _descriptions.makes_scale(page.description, unit is not None)
    if min(x, y) <= 0 or (x == y == 1 and unit is None):
        return None
    return Resolution(x, y, unit, bool(physical)).turned(orientation)


def _ratio(value: Any) -> float:
    """Return the number that a tag states, of the type that it should have or of another one."""
    numbers = value if isinstance(value, tuple) else (value,)
    numbers = (*numbers, 1) if len(numbers) == 1 else numbers
    if len(numbers) != 2 or not all(isinstance(n, int | float) for n in numbers) or not numbers[1]:
        return 0.0
    return float(numbers[0] / numbers[1])


def options(frame: NDArray[Any], metadata: Metadata) -> dict[str, Any]:
    """Return the arguments with which tifffile writes a page; `add` adds other tags."""
    channels = 1 if frame.ndim == 2 else frame.shape[2]
    options: dict[str, Any] = {
        "photometric": "rgb" if channels > 2 else "minisblack",
        "compression": "zlib",
        "predictor": True,
        "metadata": None,
        "software": False,
    }
    if channels > 1:
        options["planarconfig"] = "contig"
    if channels in (2, 4):
        options["extrasamples"] = ["unassalpha"]
    if metadata.icc:
        options["iccprofile"] = metadata.icc
    if metadata.xmp:
        options["extratags"] = [(_XMP, 1, len(metadata.xmp), metadata.xmp, True)]
    if (resolution := metadata.resolution) is not None:
        unit = "cm" if resolution.unit == "metre" else resolution.unit
        options["resolution"] = resolution.per(unit) if unit else (resolution.x, resolution.y)
        options["resolutionunit"] = {"inch": 2, "cm": 3}.get(unit or "", 1)
    return options


def add(file: BinaryIO, pages: list[Metadata]) -> None:
    """Add EXIF data and other tags, which tifffile does not write, to the pages of a file."""
    if not any(page.exif or page.tags for page in pages):
        return
    layout, chain = _ifd.chain(file)
    # From the last page to the first, because each directory holds the offset of the next one.
    for page, (link, directory) in reversed(list(zip(pages, chain, strict=True))):
        if page.exif or page.tags:
            tags = _exif.tree(page.exif) if page.exif else {}
            _add(file, layout, link, directory.offset, tags | page.tags)


def _add(file: BinaryIO, layout: _ifd.Layout, link: int, offset: int, more: _ifd.Tree) -> None:
    """Write a directory again with more tags, at the end of the file, and redirect the link."""
    directory = _ifd.locate(file, offset, layout)  # its `next` may have changed
    more = {code: tag for code, tag in more.items() if code not in _STORAGE}
    end = file.seek(0, os.SEEK_END)
    start = end + end % 2
    data = bytes(end % 2) + _ifd.encode(more, start, layout.big)
    file.write(data + bytes(len(data) % 2))
    entries = {
        int.from_bytes(entry[:2], "little"): entry
        for part in (_ifd.locate(file, start, layout), directory)  # the page's own tags prevail
        for _, entry in _ifd.entries(file, part, layout)
    }
    place = file.seek(0, os.SEEK_END)
    kept = [entries[code] for code in sorted(entries)]
    file.write(_ifd.join(kept, directory.next or 0, layout))
    file.seek(link)
    file.write(layout.offset_field.pack(place))
