"""Metadata of an enlarged picture."""

from __future__ import annotations

from dataclasses import replace

from .._picture import Metadata
from . import _exif, _xmp
from ._change import Change


def enlarged(metadata: Metadata, width: int, height: int, notes: list[str]) -> Metadata:
    """Return the metadata that are true of the picture enlarged to a size.

    `notes` gains a line for everything that is left out.
    """
    change = Change(metadata.size or (width, height), (width, height))
    exif = metadata.exif and _exif.enlarged(metadata.exif, change, notes)
    xmp = metadata.xmp and _xmp.resized(metadata.xmp, width, height)
    return replace(metadata, size=change.after, exif=exif, xmp=xmp)
