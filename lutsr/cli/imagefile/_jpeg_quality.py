"""The quality that a JPEG was saved with, from its quantisation table.

References
----------
.. [1] ITU-T T.81 (1992), Annex K, Table K.1; scaled as the Independent JPEG Group's encoder does.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

# Steps for luma of Table K.1, those of quality 50.
_STEPS = (
    16, 11, 10, 16, 24, 40, 51, 61, 12, 12, 14, 19, 26, 58, 60, 55,
    14, 13, 16, 24, 40, 57, 69, 56, 14, 17, 22, 29, 51, 87, 80, 62,
    18, 22, 37, 56, 68, 109, 103, 77, 24, 35, 55, 64, 81, 104, 113, 92,
    49, 64, 78, 87, 103, 121, 120, 101, 72, 92, 95, 98, 112, 100, 103, 99,
)  # fmt: skip


def quality(tables: Mapping[int, Sequence[int]]) -> int | None:
    """Return the quality, 1 to 100, whose steps have the sum that is nearest.

    Encoders have tables of their own; then it is the quality of equally coarse steps.

    Parameters
    ----------
    tables : mapping of int to sequence of int
        The quantisation tables by number, of which the first is that of luma.

    Returns
    -------
    int or None
        None if there is no table.
    """
    if not tables:
        return None
    total = sum(tables[min(tables)])
    return min(range(100, 0, -1), key=lambda one: abs(_total(one) - total))


def _total(wanted: int) -> int:
    percent = 5000 // wanted if wanted < 50 else 200 - 2 * wanted
    return sum(min(max((step * percent + 50) // 100, 1), 255) for step in _STEPS)
