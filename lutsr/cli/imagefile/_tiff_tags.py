"""TIFF written by tifffile, and EXIF, which it does not write, added to the finished pages."""

from __future__ import annotations

import os
import struct
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from . import _ifd
from ._exif import resized, resized_xmp, tree
from ._picture import Metadata, damaged

CLASSIC_LIMIT = 4_000_000_000  # offsets have 32 bits; above it the file is a BigTIFF
XMP_TAG, _ICC_TAG = 700, 34675
# Tags about how the pixels are stored, and those that tifffile writes.
STORAGE = {*range(254, 267), *range(273, 285), *range(288, 294), 296, 297, *range(317, 342), 347}
STORAGE |= {*range(512, 534), XMP_TAG, _ICC_TAG}


def chain(file: BinaryIO) -> list[tuple[int, int]]:
    """Follow the chain of pages, of which tifffile drops the rest where it is broken.

    Return where the place of each page's list of tags is written, and that place.
    """
    end = file.seek(0, os.SEEK_END)
    file.seek(0)
    order = "<" if file.read(2) == b"II" else ">"

    def number(code: str) -> int:
        data = file.read(struct.calcsize(code))
        if len(data) != struct.calcsize(code):
            raise damaged("it ends too early")
        return int(struct.unpack(order + code, data)[0])

    big = number("H") == 43
    count_code, offset_code, size = _ifd.FORMS[big]
    pointer = file.seek(8 if big else 4)
    places: dict[int, int] = {}
    while offset := number(offset_code):
        if offset >= end:
            raise damaged("it ends too early")
        if offset in places:
            raise damaged("its pages go in a circle")
        places[offset] = pointer
        file.seek(offset)
        length = number(count_code) * size
        if length > end:
            raise damaged("it ends too early")
        pointer = file.seek(offset + struct.calcsize(count_code) + length)
    if not places:
        raise damaged("it has no pages")
    return [(pointer, offset) for offset, pointer in places.items()]


def encode(file: BinaryIO, frames: list[NDArray[Any]], pages: list[Metadata]) -> None:
    """Write the frames as pages, compressed without loss."""
    import tifffile

    big = sum(frame.nbytes for frame in frames) > CLASSIC_LIMIT
    with tifffile.TiffWriter(file, bigtiff=big, byteorder="<") as writer:
        for frame, metadata in zip(frames, pages, strict=True):
            writer.write(np.ascontiguousarray(frame), **options_of(frame, metadata))
    # The last one first, because each holds the place of the next.
    for page, (pointer, offset) in reversed(list(enumerate(chain(file)))):
        if exif := pages[page].exif:
            height, width = frames[page].shape[:2]
            add_tags(file, pointer, offset, big, tree(resized(exif, width, height)))


def options_of(frame: NDArray[Any], metadata: Metadata) -> dict[str, Any]:
    height, width = frame.shape[:2]
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
        xmp = resized_xmp(metadata.xmp, width, height)
        options["extratags"] = [(XMP_TAG, 1, len(xmp), xmp, True)]
    if (resolution := metadata.resolution) is not None:
        unit = "cm" if resolution.unit == "metre" else resolution.unit
        options["resolution"] = resolution.per(unit) if unit else (resolution.x, resolution.y)
        options["resolutionunit"] = {"inch": 2, "cm": 3}.get(unit or "", 1)
    return options


def add_tags(file: BinaryIO, pointer: int, offset: int, big: bool, more: _ifd.Tree) -> None:
    """Write a page's list of tags anew, behind all else, with more of them."""
    count_code, offset_code, size = _ifd.FORMS[big]
    more = {code: tag for code, tag in more.items() if code not in STORAGE}
    end = file.seek(0, os.SEEK_END)
    data = bytes(end % 2) + _ifd.layout(more, end + end % 2, big)
    file.write(data + bytes(len(data) % 2))

    entries: dict[int, bytes] = {}
    following = b""
    for start in (end + end % 2, offset):
        file.seek(start)
        (number,) = struct.unpack(f"<{count_code}", file.read(struct.calcsize(count_code)))
        for _ in range(number):
            entry = file.read(size)
            entries[int.from_bytes(entry[:2], "little")] = entry
        following = file.read(struct.calcsize(offset_code))
    place = file.seek(0, os.SEEK_END)
    listed = b"".join(entries[code] for code in sorted(entries))
    file.write(struct.pack(f"<{count_code}", len(entries)) + listed + following)
    file.seek(pointer)
    file.write(struct.pack(f"<{offset_code}", place))
