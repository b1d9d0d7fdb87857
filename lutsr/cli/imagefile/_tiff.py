"""TIFF read by tifffile, all pages, with a check that nothing is missing."""

from __future__ import annotations

import contextlib
import json
import logging
import math
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from ._colour import fitting, from_cmyk, upright
from ._exif import DESCRIPTION, TIFF_TAGS, read_tiff, upright_xmp
from ._picture import ImageFileError, Metadata, Picture, Resolution, check_pixels, damaged
from ._tiff_tags import STORAGE, XMP_TAG, chain

if TYPE_CHECKING:
    from tifffile import TiffPage

SIGNATURES = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
_PHOTOMETRIC = {"MINISBLACK": 1, "MINISWHITE": 1, "PALETTE": 1}
_PHOTOMETRIC |= {"RGB": 3, "YCBCR": 3, "SEPARATED": 4}
_DNG_VERSION = 50706


def size(file: BinaryIO) -> tuple[int, int, int]:
    """Return width and height of the first page, and the number of pages."""
    with opened(file) as pages:
        return pages[0].imagewidth, pages[0].imagelength, len(pages)


def read(file: BinaryIO) -> Picture:
    """Read all pages of a TIFF file."""
    picture = Picture([], pages=[])
    with opened(file, picture) as pages:
        for page in pages:
            refuse(page)
            check_pixels(page.imagewidth, page.imagelength, len(pages))
            check_segments(page)
        alphas = set()
        for page in pages:
            pixels, icc, alpha = _pixels(page, picture)
            metadata, orientation = metadata_of(file, page, pixels, icc, picture)
            picture.pages.append(metadata)
            picture.frames.append(upright(pixels, orientation))
            alphas.add(alpha)
    if len(alphas) > 1:
        raise ImageFileError("has pages with and without alpha; split it into a file per page")
    picture.alpha = alphas.pop()
    return picture


@contextlib.contextmanager
def opened(file: BinaryIO, picture: Picture | None = None) -> Iterator[list[TiffPage]]:
    """Open a TIFF and yield its pages; what tifffile only logs becomes a note."""
    import tifffile

    chain(file)
    said = _Said()
    logger = logging.getLogger("tifffile")
    propagate, logger.propagate = logger.propagate, False
    logger.addHandler(said)
    try:
        file.seek(0)
        with tifffile.TiffFile(file, name="file") as tif:
            pages = [page for page in tif.pages if isinstance(page, tifffile.TiffPage)]
            full = [page for page in pages if not page.is_reduced]
            if not full or any(_DNG_VERSION in page.tags for page in pages):
                raise ImageFileError(
                    "is raw camera data or holds previews only; develop it into a picture first"
                )
            if picture is not None and len(full) < len(pages):
                picture.note("the reduced copies in it were left out")
            yield full
    finally:
        logger.removeHandler(said)
        logger.propagate = propagate
    if picture is not None and said.errors:
        picture.note("some of its tags are damaged and were left out")


class _Said(logging.Handler):
    """Count the errors that a library logs rather than raises."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.errors = 0

    def emit(self, record: logging.LogRecord) -> None:
        self.errors += 1


def refuse(page: TiffPage) -> None:
    """Refuse what the frames of a picture would not hold faithfully."""
    said = None
    said_images = re.search(r"^images=(\d+)", page.description, re.MULTILINE)
    images = int(said_images[1]) if page.is_imagej and said_images else 1
    truncated = page.is_shaped and '"truncated": true' in page.description
    if page.imagedepth > 1 or page.is_stk or truncated or images > len(page.parent.pages):
        said = "several images in one page"
    elif photometric(page) not in _PHOTOMETRIC:
        said = f"{photometric(page)} colours"
    elif photometric(page) == "YCBCR" and page.compression not in (6, 7, 34892):
        said = "YCbCr colours that are not compressed as JPEG"
    elif page.axes not in ("YX", "YXS", "SYX"):
        said = f"axes {page.axes}"
    if said:
        raise ImageFileError(f"has {said}, which lutsr cannot keep; convert it to RGB pages first")
    dtype = np.dtype(page.dtype or "V")
    if dtype.name not in ("bool", "uint8", "uint16", "float16", "float32"):
        raise ImageFileError(
            f"has {dtype.name} samples; convert them to 8 or 16 bits, or to 32-bit floats in [0, 1]"
        )
    whole = (8, 16) if page.samplesperpixel > 1 else (1, 2, 4, 8, 16)
    if dtype.kind != "f" and page.bitspersample not in whole:
        raise ImageFileError(
            f"has {page.bitspersample} bits per sample; convert them to 8 or 16 bits first"
        )
    colours = _PHOTOMETRIC[photometric(page)]
    extra = page.samplesperpixel - colours
    if extra and (extra != 1 or colours == 4 or page.extrasamples[:1] not in ((1,), (2,))):
        raise ImageFileError(
            f"has {page.samplesperpixel} channels, of which only {colours} are known to be colours"
            " and none alpha; save it as grey, RGB or RGBA first"
        )


def photometric(page: TiffPage) -> str:
    import tifffile

    return tifffile.PHOTOMETRIC(page.photometric).name


def check_segments(page: TiffPage) -> None:
    """Check that all data are there: what is missing, tifffile fills with zeros."""
    end = page.parent.filehandle.size
    if len(page.dataoffsets) != len(page.databytecounts) or (
        len(page.dataoffsets) < math.prod(page.chunked)
    ):
        raise damaged("it has fewer pixels than it says")
    for offset, count in zip(page.dataoffsets, page.databytecounts, strict=True):
        if not (offset and count):
            raise damaged("some of its pixels are missing")
        if offset + count > end:
            raise damaged("it ends too early")
    if page.compression == 1 and sum(page.databytecounts) < math.prod(page.shape) * (
        page.bitspersample / 8
    ):
        raise damaged("it has fewer pixels than it says")


def _pixels(page: TiffPage, picture: Picture) -> tuple[NDArray[Any], bytes | None, bool]:
    """Return the pixels, grey or RGB, with alpha if there is any, and their profile."""
    try:
        pixels = page.asarray()
    except (ValueError, NotImplementedError) as error:
        if "not supported" not in str(error):
            raise
        raise ImageFileError(
            f"is stored in a way that cannot be read ({error}); convert it first"
        ) from error
    if page.axes == "SYX":
        pixels = np.moveaxis(pixels, 0, -1)
    if pixels.dtype == np.float16:
        pixels = pixels.astype(np.float32)
        picture.note("16-bit floats became 32-bit ones")
    # NaN fails both comparisons.
    if pixels.dtype.kind == "f" and not (pixels.min() >= 0 and pixels.max() <= 1):
        raise ImageFileError("has values outside [0, 1]; scale them into it first")
    icc = page.iccprofile
    kind = photometric(page)
    if pixels.dtype == bool:
        pixels = pixels.astype(np.uint8)
    if kind == "PALETTE":
        return _looked_up(pixels, page.colormap), icc, False
    if page.bitspersample < 8:
        pixels = pixels * np.uint8(255 // (2**page.bitspersample - 1))
        if page.bitspersample == 1:
            picture.note("1 bit per pixel became 8")
    if kind == "SEPARATED":
        return from_cmyk(pixels, icc, picture.notes), None, False
    alpha = page.samplesperpixel in (2, 4)
    if alpha and page.extrasamples[0] == 1:
        pixels = _divided(pixels)
        picture.note("colours multiplied by alpha were divided by it")
    if kind == "MINISWHITE":
        pixels = pixels.copy()
        grey = pixels[..., 0] if alpha else pixels
        top = 1 if pixels.dtype.kind == "f" else np.iinfo(pixels.dtype).max
        np.subtract(top, grey, out=grey)
    return pixels, icc, alpha


def _looked_up(pixels: NDArray[Any], colours: NDArray[Any] | None) -> NDArray[Any]:
    if colours is None or pixels.max() >= colours.shape[1]:
        raise damaged("its palette is missing or too short")
    # 8-bit colours are stored in 16 bits, as v * 257 or, less often, as v * 256.
    if not (colours % 257).any() or not (colours % 256).any():
        colours = (colours >> 8).astype(np.uint8)
    return np.ascontiguousarray(np.moveaxis(colours[:, pixels], 0, -1))


def _divided(pixels: NDArray[Any]) -> NDArray[Any]:
    """Undo the multiplication of colours by alpha."""
    alpha = pixels[..., -1:].astype(np.float64)
    top = 1 if pixels.dtype.kind == "f" else np.iinfo(pixels.dtype).max
    colours = np.minimum(pixels[..., :-1] * (top / np.where(alpha > 0, alpha, np.inf)), top)
    if pixels.dtype.kind != "f":
        colours = np.rint(colours)
    return np.concatenate((colours.astype(pixels.dtype), pixels[..., -1:]), axis=-1)


def metadata_of(
    file: BinaryIO,
    page: TiffPage,
    pixels: NDArray[Any],
    icc: bytes | None,
    picture: Picture,
) -> tuple[Metadata, int]:
    wanted = TIFF_TAGS
    others = {tag.name for tag in page.tags if tag.code not in STORAGE | wanted} - {"Orientation"}
    if page.is_ome or page.is_shaped:  # they state the picture's size, in forms of their own
        wanted = wanted - {DESCRIPTION}
        if page.is_ome or json.loads(page.description).keys() - {"shape", "axes"}:
            others.add("ImageDescription")
    exif, orientation = read_tiff(file, page, wanted, picture.notes)
    if others:
        picture.note(f"its tags {', '.join(sorted(others))} were left out")
    resolution = None
    if 282 in page.tags and 283 in page.tags:
        x, y = _ratio(page.tags[282].value), _ratio(page.tags[283].value)
        unit = {2: "inch", 3: "cm"}.get(page.tags.valueof(296, default=2))
        if min(x, y) > 0 and (unit or x != y):
            resolution = Resolution(x, y, unit).turned(orientation)
    xmp = page.tags.valueof(XMP_TAG)
    return Metadata(
        icc=fitting(icc, pixels, picture.notes),
        exif=exif,
        xmp=upright_xmp(xmp if isinstance(xmp, bytes) else None, orientation),
        resolution=resolution,
    ), orientation


def _ratio(value: Any) -> float:
    numerator, denominator = value
    return numerator / denominator if denominator else 0.0
