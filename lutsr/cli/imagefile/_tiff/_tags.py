"""Tags of TIFF pages: metadata read from them, and written to finished pages."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any, BinaryIO

from numpy.typing import NDArray

from .._colour import fitting
from .._metadata import _exif, _ifd, _xmp
from .._metadata._change import Change
from .._picture import Metadata, Picture, Resolution

if TYPE_CHECKING:
    from tifffile import TiffPage

_XMP, _ICC = 700, 34675
# Tags about how the pixels are stored, and those that tifffile writes.
_STORAGE = {*range(254, 267), *range(273, 285), *range(288, 294), 296, 297, *range(317, 342), 347}
_STORAGE |= {*range(512, 534), _XMP, _ICC}


def read(
    file: BinaryIO,
    page: TiffPage,
    pixels: NDArray[Any],
    icc: bytes | None,
    picture: Picture,
) -> tuple[Metadata, int]:
    """Return the metadata of a page, and its orientation."""
    wanted = _exif.TIFF_TAGS
    others = {tag.name for tag in page.tags if tag.code not in _STORAGE | wanted} - {"Orientation"}
    if page.is_ome or page.is_shaped:  # descriptions that state the image's size in their own form
        wanted = wanted - {_exif.DESCRIPTION}
        if page.is_ome or json.loads(page.description).keys() - {"shape", "axes"}:
            others.add("ImageDescription")
    exif, orientation = _exif.read_tiff(file, page, wanted, picture.notes)
    if others:
        picture.note(f"its tags {', '.join(sorted(others))} were left out")
    resolution = None
    if 282 in page.tags and 283 in page.tags:
        x, y = _ratio(page.tags[282].value), _ratio(page.tags[283].value)
        unit = {2: "inch", 3: "cm"}.get(page.tags.valueof(296, default=2))
        if min(x, y) > 0 and (unit or x != y):
            resolution = Resolution(x, y, unit).turned(orientation)
    xmp = page.tags.valueof(_XMP)
    turned = Change.turned((page.imagewidth, page.imagelength), orientation)
    return Metadata(
        icc=fitting(icc, pixels, picture.notes),
        exif=exif,
        xmp=_xmp.read(xmp if isinstance(xmp, bytes) else None, turned, picture.notes),
        resolution=resolution,
    ), orientation


def _ratio(value: Any) -> float:
    numerator, denominator = value
    return numerator / denominator if denominator else 0.0


def options(frame: NDArray[Any], metadata: Metadata) -> dict[str, Any]:
    """Return the arguments with which tifffile writes a page, except EXIF data."""
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


def add_exif(file: BinaryIO, pages: list[Metadata]) -> None:
    """Add the EXIF data, which tifffile does not write, to the pages of a finished file."""
    if not any(page.exif for page in pages):
        return
    layout, chain = _ifd.chain(file)
    # From the last page to the first, because each directory holds the offset of the next one.
    for page, (link, directory) in reversed(list(zip(pages, chain, strict=True))):
        if page.exif:
            _add(file, layout, link, directory.offset, _exif.tree(page.exif))


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
