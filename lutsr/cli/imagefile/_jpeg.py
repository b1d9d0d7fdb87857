"""JPEG, written by Pillow and read by it, except for the kinds of `_jpeg_kinds`."""

from __future__ import annotations

from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from . import _jpeg_kinds, _jpeg_quality, _jpeg_segments, _pillow
from ._colour import from_cmyk, upright
from ._picture import Metadata, Picture, Resolution, damaged

MAX_SIDE = 65500
_SEGMENT = 65533 - len(b"http://ns.adobe.com/xap/1.0/\0")
_QUALITY = 95


def size(file: BinaryIO) -> tuple[int, int, int]:
    """Return width, height and the number of frames, 1, from the header."""
    unusual = _jpeg_kinds.examine(file)
    with _jpeg_segments.opened(unusual.disguised() if unusual else file, Picture([])) as image:
        return *image.size, 1


def read(file: BinaryIO) -> Picture:
    """Read a JPEG file."""
    picture = Picture([])
    unusual = _jpeg_kinds.examine(file)
    with _jpeg_segments.opened(unusual.disguised() if unusual else file, picture) as image:
        if unusual is None:
            picture.quality = _jpeg_quality.quality(getattr(image, "quantization", {}))
            image.load()
        icc = image.info.get("icc_profile")
        if icc is None and "icc_profile" in image.info:
            picture.note("its colour profile is damaged and was left out")
        pixels = np.asarray(image) if unusual is None else unusual.decode(picture)
        if image.mode == "CMYK":
            pixels, icc = from_cmyk(pixels, icc, picture.notes), None
        elif image.mode not in ("L", "RGB"):
            raise damaged(f"its colours are {image.mode}")
        image.info["exif"] = _jpeg_segments.exif(image, picture)
        metadata, orientation = _pillow.read_metadata(image, icc, pixels, picture)
        if "jfif_density" in image.info:
            metadata.resolution = _resolution(image, metadata, orientation)
        metadata.comments = _jpeg_segments.comments(image)
        if "photoshop" in image.info:
            picture.note("its Photoshop and IPTC data were left out")
        _jpeg_segments.note_others(image, file, picture)
    picture.frames, picture.pages = [upright(pixels, orientation)], [metadata]
    return picture


def encode(
    file: BinaryIO,
    pixels: NDArray[Any],
    metadata: Metadata,
    picture: Picture,
    quality: int | str | None = None,
) -> None:
    """Write a JPEG with colours at full resolution."""
    from PIL import Image

    options = _pillow.options(metadata)
    if "exif" in options:
        options["exif"] = b"Exif\0\0" + options["exif"]
    for key, name in (("exif", "EXIF"), ("xmp", "XMP")):
        if len(options.get(key, b"")) > _SEGMENT:
            del options[key]
            picture.note(f"a JPEG cannot hold {name} data as long as these; they were left out")
    density = metadata.resolution.per("inch") if metadata.resolution else None
    if density and all(0.5 <= value < 65535 for value in density):
        options["dpi"] = density
    options["extra"] = _jpeg_segments.encoded_comments(metadata.comments, picture)
    options |= {"quality": quality or _QUALITY, "subsampling": 0}
    Image.fromarray(pixels).save(file, format="JPEG", **options)


def _resolution(image: Any, metadata: Metadata, orientation: int) -> Resolution | None:
    """Return the resolution that the segment of JFIF states."""
    x, y = image.info["jfif_density"]
    if not (x and y):
        return None
    unit = {1: "inch", 2: "cm"}.get(image.info.get("jfif_unit"))
    if unit is None and x == y:  # equal values only state that pixels are square
        return metadata.resolution
    return Resolution(x, y, unit).turned(orientation)
