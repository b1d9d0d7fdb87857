"""How entries lie in memory, and how vector registers hold the sums of neighbouring pixels.

An *entry* is what one input value adds to the output pixels of one window row: `window` *slots* of
`lanes` values, one slot for each window column. Going along a row, the sums of `window`
neighbouring output pixels are kept in registers, slot by slot. An input pixel adds its entries to
all of them; then the pixel of slot 0 has all its addends, and the others move down by one slot.
So the slot of the window's last column comes first in an entry.

Entries of 8 bits are *packed*: a slot is made of lanes / 2 words of 16 bits, and word k holds the
values k (low byte, stored with 128 more than its value, so never negative) and k + lanes / 2 (high
byte). Words are summed as they are, and once more shifted right by 8 bits, which gives the sums of
the high values; the low ones are the difference. Sums are exact where they fit 16 bits, whatever
overflows on the way.
"""

from __future__ import annotations

from typing import NamedTuple

#: Bytes that come into the caches together.
LINE = 64

#: Maps of levels hold level * UNIT: a processor scales that by 1, 2, 4 or 8 in an address.
UNIT = 16

#: Luma is (77 R + 150 G + 29 B) / 256.
LUMA = (77, 150, 29)

#: Added to the low value of a packed word.
LOW = 128


class Piece(NamedTuple):
    """The part of an entry that is added in one register.

    Attributes
    ----------
    start, width : int
        In bytes.
    together : int
        Entries whose parts are put side by side in one register, to be added at once.
    """

    start: int
    width: int
    together: int


class Form(NamedTuple):
    """The form of the entries of one layer.

    Attributes
    ----------
    window : int
        Slots: columns of the window.
    lanes : int
        Values in a slot, a power of two from 4 on.
    packed : bool
        Whether values are bytes, two in a word; or else they are words.
    """

    window: int
    lanes: int
    packed: bool

    @property
    def words(self) -> int:
        """Words of 16 bits in a slot."""
        return self.lanes // 2 if self.packed else self.lanes

    @property
    def entry(self) -> int:
        """Bytes from one entry to the next: a power of two, so that few lie across cache lines."""
        return 1 << (2 * self.words * self.window - 1).bit_length()

    def table(self, levels: int) -> int:
        """Return the bytes from one table to the next.

        That is an odd number of cache lines: the entries of one level in all tables of a layer are
        used together, and must not compete for the same few lines of the cache.
        """
        return (-(-levels * self.entry // LINE) | 1) * LINE

    def pieces(self, vector: int) -> list[Piece]:
        """Cut an entry into pieces for registers of so many bytes."""
        pieces, start, total = [], 0, 2 * self.words * self.window
        while start < total:
            width = min(vector, 1 << (total - start - 1).bit_length())
            pieces.append(Piece(start, width, vector // width))
            start += width
        return pieces


class Tags(NamedTuple):
    """What kernels are compiled for.

    Attributes
    ----------
    vector : int
        Bytes of a vector register.
    window : int
        Rows and columns of the first layer's window.
    channels : int
        Channels of hidden maps.
    levels : int
        Levels of hidden maps.
    scale : int
    planes : int
        Channels of the image.
    bits : int
        Bits of an output value: 8, or 32 if sums are wanted.
    """

    vector: int
    window: int
    channels: int
    levels: int
    scale: int
    planes: int
    bits: int

    def by_function(self) -> tuple[Tags, Tags, Tags]:
        """Return what the functions for maps, for details and for cells have to know of it."""
        zeros = dict.fromkeys(self._fields, 0)
        needed = (
            ("window", "channels", "levels"),
            ("channels", "levels", "scale"),
            ("scale", "planes", "bits"),
        )
        maps, details, cells = (
            Tags(**{**zeros, **{name: getattr(self, name) for name in ("vector", *names)}})
            for names in needed
        )
        return maps, details, cells


def lanes_for(values: int) -> int:
    """Return the lanes of a slot that holds so many values."""
    return max(4, 1 << (values - 1).bit_length())
