"""Constants of the method that all parts of its training share."""

from __future__ import annotations

import numpy as np

from lutsr._eclut.reference import DIVISOR
from lutsr._eclut.reference import TAPS as TAP_DIRECTIONS

#: Grey levels of an 8-bit image. Pair (a, b) of levels has the number ``a * LEVELS + b``.
LEVELS = 256
PAIRS = LEVELS * LEVELS

#: Number of taps of the expanded convolution.
TAPS = len(TAP_DIRECTIONS)

#: Entries are in 1 / ENTRIES_PER_LEVEL of a grey level.
ENTRIES_PER_LEVEL = DIVISOR

#: Limits of int8.
ENTRY_MIN, ENTRY_MAX = int(np.iinfo(np.int8).min), int(np.iinfo(np.int8).max)

#: Cells that a pair contributes to: rows and columns of its window.
WINDOW = (4, 3)

#: Input pixels at each side whose cells lack a contribution from outside the image.
MARGIN = 2


def tap_offsets(expand_shift: int) -> list[tuple[int, int]]:
    """Return the offset (dy, dx) of each tap's map, in output pixels."""
    return [(dy * expand_shift, dx * expand_shift) for dy, dx in TAP_DIRECTIONS]
