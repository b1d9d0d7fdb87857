"""Metadata of an enlarged picture."""

from __future__ import annotations

from dataclasses import replace

from .._picture import Metadata
from . import _descriptions, _exif, _geo, _ifd, _xmp
from ._change import Change
from ._properties import is_absent, true_text


def enlarged(metadata: Metadata, shape: tuple[int, ...], notes: list[str]) -> Metadata:
    """Return the metadata that are true of the picture enlarged to the shape of an array.

    `notes` gains a line for everything that is left out.
    """
    size = shape[1], shape[0]
    change = Change(metadata.size or size, size)
    channels = shape[2] if len(shape) > 2 else 1
    resolution = metadata.resolution
    return replace(
        metadata,
        size=change.after,
        exif=metadata.exif and _exif.enlarged(metadata.exif, change, notes, channels),
        resolution=resolution and resolution.enlarged(*map(float, change.scales)),
        tags=_true_tags(metadata.tags, change, shape),
        xmp=metadata.xmp and _xmp.enlarged(metadata.xmp, change, notes, channels),
        texts=_true_texts(metadata.texts, change, notes),
    )


def _true_tags(
    tags: dict[int, _ifd.Tag], change: Change, shape: tuple[int, ...]
) -> dict[int, _ifd.Tag]:
    """Return the tags of a TIFF page."""
    found = _geo.enlarged(tags, change)
    if _exif.DESCRIPTION in tags:
        text = _descriptions.enlarged(_descriptions.text_of(tags), change, shape)
        found[_exif.DESCRIPTION] = _descriptions.tag_of(text)
    return found


def _true_texts(
    texts: list[tuple[bytes, bytes]], change: Change, notes: list[str]
) -> list[tuple[bytes, bytes]]:
    """Return the texts of a PNG; some programs write properties of EXIF and XMP as such."""
    kept, lost = [], []
    for kind, data in texts:
        keyword, _, text = data.partition(b"\0")
        name = keyword.decode("latin-1")
        true = None if is_absent(name) else text.decode("latin-1")
        if kind == b"tEXt" and true is not None:
            true = true_text(name, true, change)
            text = (true or "").encode("latin-1")
        if true is None:
            lost.append(name)
        else:
            kept.append((kind, keyword + b"\0" + text))
    if lost:
        notes.append(f"its texts {', '.join(lost)} do not apply to the output and were left out")
    return kept
