"""Opening of TIFF files by tifffile, which knows many programs by their tags.

What it does about these programs is optional: it may neither hide pages nor prevent the pixels from
being read.
"""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any, BinaryIO

from .._metadata import _ifd
from .._picture import Picture

if TYPE_CHECKING:
    from tifffile import TiffFile, TiffFrame, TiffPage

#: Tags of programs begin here.
_FIRST_PRIVATE = 32768
#: Some of them describe pixels: ImageDepth, TileDepth and the colour profile.
_OF_PIXELS = {32997, 32998, 34675}
_YCBCR, _JPEG_XR_OF_NDPI = 6, 22610
_JPEG = (6, 7, 34892, 33007)
_PLAIN = "what its tags of a special program state cannot be read: it was read as an ordinary TIFF"


def load(file: BinaryIO, picture: Picture | None) -> tuple[TiffFile, list[TiffPage]]:
    """Open a file and return it and its pages; a note is added if a program's tags are damaged."""
    try:
        return _pages(file, is_ndpi=False)
    except MemoryError:
        raise
    except Exception:  # tifffile raises exceptions of many types
        opened = _plainly(file)
        if opened is None:
            raise
        if picture is not None:
            picture.note(_PLAIN)
        return opened


def _plainly(file: BinaryIO) -> tuple[TiffFile, list[TiffPage]] | None:
    """Open a file without the tags of programs; return None if it cannot be read all the same."""
    try:
        return _pages(_without_programs(file), is_lsm=False, is_ndpi=False)
    except MemoryError:
        raise
    except Exception:  # the first one is shown
        return None


def _pages(file: BinaryIO, **flags: Any) -> tuple[TiffFile, list[TiffPage]]:
    """Open a file by tifffile and read the directories of all pages."""
    import tifffile

    file.seek(0)
    # ScanImage's pages would be counted from the first five, and the others have no tags.
    tif = tifffile.TiffFile(file, name="file", is_scanimage=False, **flags)
    first: Any = tif.pages[0] if tif.pages else None
    if first and first.is_ndpi and first.compression == _JPEG_XR_OF_NDPI:
        # Only pixels of this coding have another type than their tags state.
        file.seek(0)
        tif = tifffile.TiffFile(file, name="file", is_scanimage=False)
    return tif, [_whole(page) for page in tif.pages]


def _whole(found: TiffPage | TiffFrame) -> TiffPage:
    """Return a page with all its tags."""
    page: Any = found
    if found.is_frame:  # of an LSM, whose strips have other lengths than stated
        page = found.aspage()
        page.dataoffsets, page.databytecounts = found.dataoffsets, found.databytecounts
    if page.photometric != _YCBCR and page.compression not in _JPEG:
        page.subsampling = None  # it is about YCbCr only
    whole: TiffPage = page
    return whole


def _without_programs(file: BinaryIO) -> BinaryIO:
    """Return a copy in whose directories the tags of programs are replaced by others."""
    file.seek(0)
    data = bytearray(file.read())
    layout, chain = _ifd.chain(file)
    for _, directory in chain:
        for start in range(directory.first, directory.link, layout.entry_bytes):
            code = int.from_bytes(
                data[start : start + 2], "little" if layout.order == "<" else "big"
            )
            if code >= _FIRST_PRIVATE and code not in _OF_PIXELS:
                # A second entry of the first tag is ignored.
                first = data[directory.first : directory.first + layout.entry_bytes]
                data[start : start + layout.entry_bytes] = first
    return io.BytesIO(data)
