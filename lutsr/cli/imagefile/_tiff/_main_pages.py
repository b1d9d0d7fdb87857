"""The pictures of a TIFF file: its pages, without the copies that belong to them."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from .._picture import ImageFileError, Picture

if TYPE_CHECKING:
    from tifffile import TiffPage

_DNG_VERSION = 50706
_RAW = (32803, 34892)  # colours of a sensor: one per pixel, and linear ones


def main_pages(pages: list[TiffPage], picture: Picture | None) -> list[TiffPage]:
    """Return pages without reduced copies; in place of a thumbnail, its picture in a SubIFD.

    Raises
    ------
    ImageFileError
        If there are none, or it is not clear which picture is the main one.
    """
    copies = [_sub_pages(page) for page in pages]
    chosen = [_full_page(page, own) for page, own in zip(pages, copies, strict=True)]
    full = [page for page in chosen if not page.is_reduced]
    raw = any(_DNG_VERSION in page.tags and page.subifds for page in pages)
    if not full or raw or any(page.photometric in _RAW for page in full):
        raise ImageFileError(
            "is raw camera data or holds previews only; develop it into a picture first"
        )
    if picture is not None:
        thumbnails = sum(len(page.treeindex) > 1 for page in full)
        if thumbnails:
            picture.note("its picture is in a SubIFD; the thumbnail beside it was left out")
        if len(full) < len(pages):
            picture.note("the reduced copies in it were left out")
        if sum(len(page.subifds or ()) for page in pages) > thumbnails:
            picture.note("the pictures in its SubIFDs, as of a pyramid, were left out")
    return full


def owner_of(page: TiffPage) -> TiffPage:
    """Return the page whose SubIFD a page is, or the page itself."""
    first, *below = page.treeindex
    return cast("TiffPage", page.parent.pages[first]) if below else page


def _full_page(page: TiffPage, copies: list[TiffPage]) -> TiffPage:
    """Return the page, or the larger picture whose thumbnail it is."""
    size = page.imagewidth, page.imagelength
    for index, copy in enumerate(copies):
        if copy.imagewidth <= size[0] and copy.imagelength <= size[1]:
            continue
        if copy.imagewidth < size[0] or copy.imagelength < size[1] or copy.is_reduced:
            raise ImageFileError(
                f"holds a larger picture in SubIFD {index}, which may be the main one; extract"
                f" it first, as by vips copy 'name.tif[subifd={index}]' full.tif"
            )
        page, size = copy, (copy.imagewidth, copy.imagelength)
    return page


def _sub_pages(page: TiffPage) -> list[TiffPage]:
    """Return the pages of a page's SubIFDs; a damaged one is logged by tifffile and left out."""
    import tifffile

    if not page.subifds:
        return []
    try:
        return [copy for copy in page.pages or () if isinstance(copy, tifffile.TiffPage)]
    except (ValueError, tifffile.TiffFileError) as error:
        raise ImageFileError(f"has damaged SubIFDs ({error}); get an intact copy") from error
