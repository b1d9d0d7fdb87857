"""The pictures of a TIFF file: its pages, without the copies that belong to them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .._picture import ImageFileError, Picture

if TYPE_CHECKING:
    from tifffile import TiffFile, TiffPage

_DNG_VERSION = 50706


def main_pages(tif: TiffFile, picture: Picture | None) -> list[TiffPage]:
    """Return the pages, without reduced copies.

    Raises
    ------
    ImageFileError
        If there are none, or one of them is a thumbnail.
    """
    import tifffile

    pages = [page for page in tif.pages if isinstance(page, tifffile.TiffPage)]
    full = [page for page in pages if not page.is_reduced]
    if not full or any(_DNG_VERSION in page.tags for page in pages):
        raise ImageFileError(
            "is raw camera data or holds previews only; develop it into a picture first"
        )
    for page in full:
        for index, copy in enumerate(_sub_pages(page)):
            if copy.imagewidth > page.imagewidth or copy.imagelength > page.imagelength:
                raise ImageFileError(
                    f"holds a thumbnail whose full picture is in SubIFD {index}; extract it"
                    f" first, as by vips copy 'name.tif[subifd={index}]' full.tif"
                )
    if picture is not None:
        if len(full) < len(pages):
            picture.note("the reduced copies in it were left out")
        if any(page.subifds for page in full):
            picture.note("the pictures in its SubIFDs, as of a pyramid, were left out")
    return full


def _sub_pages(page: TiffPage) -> list[TiffPage]:
    """Return the pages of a page's SubIFDs; a damaged one is logged by tifffile and left out."""
    import tifffile

    if not page.subifds:
        return []
    try:
        return [copy for copy in page.pages or () if isinstance(copy, tifffile.TiffPage)]
    except (ValueError, tifffile.TiffFileError) as error:
        raise ImageFileError(f"has damaged SubIFDs ({error}); get an intact copy") from error
