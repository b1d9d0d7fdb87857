"""EXIF: the orientation is reset, and what depends on the picture's size is made true of it.

A block is changed in place, because a maker note in it may hold offsets.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator
from fractions import Fraction
from typing import TYPE_CHECKING, BinaryIO

import numpy as np

from . import _ifd
from ._change import Change
from ._exif_block import Block, name_of, tag_name

if TYPE_CHECKING:
    from tifffile import TiffPage

DESCRIPTION, ORIENTATION = 0x010E, 0x0112
# Tags of a TIFF page that describe the picture, not how the file stores it.
TIFF_TAGS = {269, DESCRIPTION, 271, 272, 285, 305, 306, 315, 316, 18246, 18249, 33432}
TIFF_TAGS |= {ORIENTATION, *range(40091, 40096), _ifd.EXIF, _ifd.GPS}
_X_RESOLUTION, _Y_RESOLUTION, _UNIT = 0x011A, 0x011B, 0x0128
# Tags that depend on the size of the picture, by kind; the others do not.
_WIDTHS, _HEIGHTS = (0x0100, 0xA002, 0x1001), (0x0101, 0xA003, 0x1002)
_PIXELS_PER_UNIT = ((0xA20E, 0xA20F), (0x920E, 0x920F))  # of the focal plane
_PLACES = (0x9214, 0xA214)  # a pixel, with the diameter of a circle or the size of a rectangle
# How the input was coded: bits per pixel, compression, subsampling, places of its strips, tiles
# and JPEG; and parts of a sensor, in its pixels.
_CODING = (0x9102, 0x0103, 0x0212, 0x0111, 0x0116, 0x0117, *range(0x0142, 0x0146), 0x0201, 0x0202)
_CODING += (0xC61F, 0xC620, 0xC68D, 0xC68E)
# Bits of each sample, colours, and samples: true if there are as many channels as in the input.
_SAMPLES = 0x0115
_COLOURS = (0x0102, 0x0106, _SAMPLES)
_HEADER = b"II*\0\x08\0\0\0"
_DAMAGED = "its EXIF data are damaged and were left out"
DAMAGED_TAGS = "damaged tags were left out"
_SHOWN = 5


def read(
    exif: bytes | None, size: tuple[int, int], notes: list[str], orientation: int | None = None
) -> tuple[bytes | None, int]:
    """Return the block for the upright picture, and the orientation that it had.

    Parameters
    ----------
    exif : bytes or None
    size : tuple of int
        Width and height of the picture as it is stored.
    notes : list of str
        Gains a line for everything that is left out.
    orientation : int, optional
        That of the picture, if it is not the one that the block states.
    """
    turn = orientation or 1
    if not exif:
        return None, turn
    try:
        block = Block(exif)
        own = _orientation(block)
        turn = own if orientation is None else orientation
        if turn > 4:
            for pair in ((_X_RESOLUTION, _Y_RESOLUTION), *_PIXELS_PER_UNIT):
                one, other = (next(_found(block.tree, code), None) for code in pair)
                if one and other:
                    block.swap(one, other)
        thumbnail = block.drop_thumbnail()
        untrue = _remove(block, _CODING)
        untrue += _move_places(block, Change.turned(size, turn))
        tree(bytes(block.data))
    except (ValueError, IndexError, struct.error):
        notes.append(_DAMAGED)
        return None, turn
    if block.lost:
        notes.append(f"damaged parts of its EXIF data were left out: {_listed(block.lost)}")
    if thumbnail:
        notes.append(f"{thumbnail} in its EXIF data was left out")
    _note_untrue(untrue, notes)
    return bytes(block.data), turn


def page_tags(file: BinaryIO, page: TiffPage, notes: list[str]) -> _ifd.Tree:
    """Return the tags of a TIFF page."""
    layout = _ifd.Layout(page.parent.byteorder, page.parent.is_bigtiff)
    lost: list[_ifd.Lost] = []
    tags = _ifd.tree(file, page.offset, layout, lost)
    if lost:
        notes.append(f"{DAMAGED_TAGS}: {_listed([name_of(part) for part in lost])}")
    return tags


def from_tags(tags: _ifd.Tree, size: tuple[int, int], notes: list[str]) -> tuple[bytes | None, int]:
    """Return the same as `read`, from tags."""
    return read(_HEADER + _ifd.encode(tags, len(_HEADER)) if tags else None, size, notes)


def enlarged(exif: bytes, change: Change, notes: list[str], channels: int) -> bytes:
    """Return the block for an enlarged picture."""
    block = Block(exif)
    for codes, value in zip((_WIDTHS, _HEIGHTS), change.after, strict=True):
        for tag in _found(block.tree, *codes):
            block.set_number(tag, _ifd.LONG, value)
    untrue = list[int]()
    if any(tag.value() != channels for tag in _found(block.tree, _SAMPLES)):
        untrue += _COLOURS
    for pair in _PIXELS_PER_UNIT:
        for code, scale in zip(pair, change.scales, strict=True):
            for tag in _found(block.tree, code):
                numbers = _numbers(tag)
                if tag.kind == _ifd.RATIONAL and len(numbers) == 2 and numbers[1]:
                    block.put(tag, _pair(Fraction(*numbers) * scale))
                else:
                    untrue.append(code)
    names = _remove(block, untrue)
    _note_untrue(names + _move_places(block, change), notes)
    return bytes(block.data)


def tree(exif: bytes) -> _ifd.Tree:
    """Return the tags of a block."""
    return Block(exif).tree


def without_orientation(exif: bytes) -> bytes:
    """Return a block without the tag of the orientation."""
    block = Block(exif)
    block.remove(ORIENTATION)
    return bytes(block.data)


def with_resolution(exif: bytes | None, x: float, y: float) -> bytes:
    """Add a resolution in pixels per inch, for formats that hold it nowhere else."""
    tags = tree(exif) if exif else {}
    for code, value in ((_X_RESOLUTION, x), (_Y_RESOLUTION, y)):
        ratio = Fraction(value).limit_denominator(10_000)
        data = struct.pack("<II", ratio.numerator, ratio.denominator)
        tags[code] = _ifd.Tag(_ifd.RATIONAL, 1, data, 0)
    tags[_UNIT] = _ifd.Tag(_ifd.SHORT, 1, struct.pack("<H", 2), 0)
    return _HEADER + _ifd.encode(tags, len(_HEADER))


def resolution(exif: bytes | None) -> tuple[float, float, str] | None:
    """Return the resolution stated by a block, with its unit."""
    tags = tree(exif) if exif else {}
    found = [next(_found(tags, code), None) for code in (_X_RESOLUTION, _Y_RESOLUTION)]
    (x1, x2), (y1, y2) = (
        struct.unpack("<II", (tag.data if tag else b"").ljust(8, b"\0")[:8]) for tag in found
    )
    if not (x1 and x2 and y1 and y2):
        return None
    unit = next((tag.value() for tag in _found(tags, _UNIT)), 2)
    return x1 / x2, y1 / y2, "cm" if unit == 3 else "inch"


def _orientation(block: Block) -> int:
    """Return the orientation, and reset it."""
    for tag in _found(block.tree, ORIENTATION):
        orientation = tag.value()
        block.set_number(tag, _ifd.SHORT, 1)
        return orientation if orientation in range(1, 9) else 1
    return 1


def _found(tree: _ifd.Tree, *codes: int) -> Iterator[_ifd.Tag]:
    """Yield the tags that exist, of the first directory and its groups except GPS."""
    for code, tag in tree.items():
        if not isinstance(tag, _ifd.Tag):
            yield from _found(tag, *codes) if code != _ifd.GPS else ()
        elif code in codes and tag.items:
            yield tag


def _numbers(tag: _ifd.Tag) -> list[int]:
    return [int(n) for n in np.frombuffer(tag.data, f"<u{_ifd.NUMBER_BYTES[tag.kind]}")]


def _pair(ratio: Fraction) -> list[int]:
    """Return numerator and denominator of 32 bits each."""
    if max(ratio.numerator, ratio.denominator) >> 32:
        ratio = ratio.limit_denominator(max(1, int((1 << 31) / max(ratio, Fraction(1)))))
    return [min(ratio.numerator, (1 << 32) - 1), ratio.denominator]


def _move_places(block: Block, change: Change) -> list[str]:
    """Change places in the picture, and return the names of those that had to be removed."""
    untrue = []
    for code in _PLACES:
        for tag in _found(block.tree, code):
            numbers = _numbers(tag)
            moved = change.area(numbers) if len(numbers) in (2, 3, 4) else None
            if moved is None or max(moved) >> 8 * _ifd.NUMBER_BYTES[tag.kind]:
                untrue += _remove(block, [code])
                break
            else:
                block.put(tag, moved)
    return untrue


def _remove(block: Block, codes: Iterable[int]) -> list[str]:
    """Remove tags, and return the names of those that were there."""
    names = []
    for code in codes:
        if any(_found(block.tree, code)):
            block.remove(code)
            names.append(tag_name(code))
    return names


def _note_untrue(names: list[str], notes: list[str]) -> None:
    if names:
        notes.append(f"its EXIF tags {_listed(names)} do not apply to the output and were left out")


def _listed(names: list[str]) -> str:
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return ", ".join(names[:_SHOWN]) + more
