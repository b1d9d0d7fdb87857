"""Which model suits a file: ``-m auto``, and the advice for JPEGs."""

from __future__ import annotations

from .._modelinfo import DEFAULT_MODEL
from .imagefile import Picture

AUTO, PHOTO_MODEL = "auto", "ecnn-photo"

#: From this quality on a JPEG is enlarged as a file without loss is.
GOOD_QUALITY = 90
#: Formats whose pixels are those that were saved, unless `Picture` says otherwise. JPEGs
#: without quantisation tables of 8 bits are lossless ones, or have 12 bits.
_FAITHFUL = ("PNG", "TIFF", "BMP", "WEBP", "JPEG")


def is_coarse_jpeg(picture: Picture) -> bool:
    """Return whether a picture is of a JPEG whose losses would be enlarged visibly."""
    return picture.quality is not None and picture.quality < GOOD_QUALITY


def model_for(picture: Picture) -> str:
    """Return the name of the shipped model that suits a picture: that of ``-m auto``."""
    faithful = picture.source in _FAITHFUL and not picture.lossy and not is_coarse_jpeg(picture)
    return DEFAULT_MODEL if faithful else PHOTO_MODEL
