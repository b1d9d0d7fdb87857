"""The units of positions, and how entries of deeper images lie; see `lutsr._stack.layout`.

An entry here is a *pair*: what a table has for a level, and for the next one.
"""

from __future__ import annotations

from ..layout import Form, Tags, lanes_for

#: Positions between two levels of a table.
PARTS = 16

#: Grey levels between two levels of an image's table.
SPACING = 4

#: Levels of the tables of an image.
IMAGE_LEVELS = 256 // SPACING + 1

#: Most steps between two levels of the base: weights, from 0 to all, fit int16.
MOST_STEPS = 1 << 14


def deep_forms(tags: Tags) -> tuple[Form, Form, Form, Form]:
    """Return the forms of entries of the first, hidden and last layers and of the base.

    Lanes of 16 bits: a pair of bytes has one, and a pair of the base has two.
    """
    lanes, cell = deep_lanes(tags.channels), deep_lanes(tags.scale**2)
    return (
        Form(tags.window, lanes, False),
        Form(3, lanes, False),
        Form(3, cell, False),
        Form(3, 2 * cell, False),
    )


def deep_lanes(values: int) -> int:
    """Return the lanes of a slot: at least a vector of 16 bytes."""
    return max(8, lanes_for(values))
