"""Tables that return constant images exactly, borders included.

For a constant image of level a only one entry is looked up, that of the pair (a, a). Every output
pixel is a sum of 36 of its values (nine taps in four rotations), some of them several times. Which
ones depends on the pixel's place in its cell and on the reflections at the borders; for each scale
and `expand_shift` there are 1 to 16 different sums. After a fit these sums are slightly wrong,
which shows as a dotted pattern in constant areas. Here the 256 entries of equal pairs are changed
as little as possible so that every sum is 4 a (0 in a relative table), and so that the result of a
mirrored image still is, inside, the mirrored result. Between levels entries are interpolated, so
this is exact for constant images of any depth.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.optimize import Bounds, LinearConstraint, milp

from training.eclut.borders import whole_sums
from training.eclut.constants import (
    ENTRIES_PER_LEVEL,
    ENTRY_MAX,
    ENTRY_MIN,
    LEVELS,
    PAIRS,
    TAPS,
    WINDOW,
)
from training.eclut.grid import full_windows
from training.eclut.network import ExpandConv
from training.errors import TrainingError

#: Sides of images; with five pixels, every kind of border occurs. Images one pixel wide are left
#: out: for them entries would have to change by up to 30.
SIZES = range(2, 6)
#: Cost of changing a value by one, and of each further one.
FIRST_COST, FURTHER_COST = 1, 3
#: Relative distance from the least cost at which the search stops.
GAP = 0.02


def exact_flats(
    table: NDArray[np.int8],
    expand_shift: int,
    relative: bool = False,
    levels: Iterable[int] = range(LEVELS),
) -> NDArray[np.int8]:
    """Change the entries of equal pairs so that constant images come back exactly.

    This holds for images of at least two pixels each way, of any depth.

    Parameters
    ----------
    table : numpy.ndarray
        int8, (256, 256, 9, r, r).
    expand_shift : int
        1 or the scale.
    relative : bool
        Whether the table leaves out the pixels' own levels: all sums are then 0.
    levels : iterable of int
        Levels whose constant images shall come back; by default all.

    Returns
    -------
    numpy.ndarray
        int8; entries of pairs (p, q), p != q, are unchanged.
    """
    r = table.shape[-1]
    sums, differences = flat_sums(r, expand_shift), mirrored(r, expand_shift)
    both = np.concatenate([sums, differences])
    result = table.copy()
    for level in levels:
        values = table[level, level].reshape(-1).astype(np.int64)
        own = 0 if relative else level * ENTRIES_PER_LEVEL
        wanted = np.repeat([own, 0], [len(sums), len(differences)])
        result[level, level] = nearest(values, both, wanted).reshape(table.shape[2:])
    return result


def flat_sums(r: int, expand_shift: int) -> NDArray[np.int64]:
    """List the different sums that the pixels of a constant image are, in `SIZES`.

    Returns
    -------
    numpy.ndarray
        (sums, 9 * r * r), how often each value of the entry occurs in each sum.
    """
    entries = _single_values(r)
    count = len(entries)
    # One image for each of them: the pair (n, n) has the entry with a 1 at place n.
    position = torch.zeros(PAIRS, dtype=torch.int64)
    position[torch.arange(count) * (LEVELS + 1)] = torch.arange(count)
    found = []
    for height in SIZES:
        for width in SIZES:
            images = torch.arange(count)[:, None, None].expand(count, height, width)
            maps = whole_sums(images, entries, position, ExpandConv(expand_shift))
            found.append(maps.reshape(count, -1).T.round().to(torch.int64).numpy())
    return np.unique(np.concatenate(found), axis=0)


def mirrored(r: int, expand_shift: int) -> NDArray[np.int64]:
    """List the sums that are 0 if an equal pair's window is its own mirror image.

    Returns
    -------
    numpy.ndarray
        (differences, 9 * r * r), how often each value of the entry occurs in each.
    """
    entries = _single_values(r)
    count = len(entries)
    cells = full_windows(entries, torch.arange(count), expand_shift)
    cells = cells.reshape(count, *WINDOW, r, r)
    found = (cells - cells.flip(2, 4)).reshape(count, -1).T.to(torch.int64).numpy()
    # Each occurs with both signs: keep those whose first nonzero value is positive.
    first = found[np.arange(len(found)), (found != 0).argmax(axis=1)]
    return np.unique(found[first > 0], axis=0)


def _single_values(r: int) -> torch.Tensor:
    """Return entries (9 * r * r, 9, r, r), the n-th of them with a 1 at place n, else 0."""
    return torch.eye(TAPS * r * r).reshape(-1, TAPS, r, r)


def nearest(
    values: NDArray[np.int64], sums: NDArray[np.int64], wanted: NDArray[np.int64]
) -> NDArray[np.int64]:
    """Change integers as little as possible so that their sums are as wanted, within int8.

    Parameters
    ----------
    values : numpy.ndarray
        (n,).
    sums : numpy.ndarray
        (m, n), how often each value occurs in each sum.
    wanted : numpy.ndarray
        (m,).

    Raises
    ------
    TrainingError
        If there is no solution.
    """
    owed = wanted - sums @ values
    if not owed.any():
        return values
    # Values that occur equally often in all sums are interchangeable: one unknown for each kind.
    kinds, kind_of = np.unique(sums, axis=1, return_inverse=True)
    kind_of = kind_of.reshape(-1)
    count = kinds.shape[1]
    # Steps that each kind can make: first ones up, further ones up, first down, further down.
    steps = [
        left
        for free in (ENTRY_MAX - values, values - ENTRY_MIN)
        for left in (np.minimum(free, 1), np.maximum(free - 1, 0))
    ]
    room = np.concatenate([np.bincount(kind_of, left, count) for left in steps])
    kind, sign = np.tile(np.arange(count), 4), np.repeat([1, 1, -1, -1], count)
    found = milp(
        np.repeat([FIRST_COST, FURTHER_COST, FIRST_COST, FURTHER_COST], count),
        constraints=LinearConstraint(kinds[:, kind] * sign, owed, owed),
        integrality=np.ones(kind.size),
        bounds=Bounds(0, room),
        options={"mip_rel_gap": GAP},
    )
    if found.x is None:
        raise TrainingError(f"no entry of int8 has the sums {wanted}: {found.message}")
    totals = np.bincount(kind, np.rint(found.x) * sign).astype(np.int64)
    changed = values.copy()
    for number, total in enumerate(totals):
        members, step = np.flatnonzero(kind_of == number), np.sign(total)
        for _ in range(abs(total)):
            free = [k for k in members if ENTRY_MIN <= changed[k] + step <= ENTRY_MAX]
            changed[min(free, key=lambda k: abs(changed[k] - values[k]))] += step
    return changed
