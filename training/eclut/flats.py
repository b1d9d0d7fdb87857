"""Tables that give constant images back, to the last bit and up to the borders.

A constant image of level a reads one entry only, that of the pair (a, a), and every output pixel
is a sum over that entry's values, each taken so many times: 36 in all, nine taps in four
rotations. Which ones depends on where the pixel lies in its cell, and on what borders reflect;
per scale and `expand_shift` there are 1 to 16 different sums. A fit leaves them a little off,
which shows as a dotted pattern where nothing should show. Here the 256 entries of equal pairs are
moved as little as makes every sum 4 a, and so that a mirrored image still gives, inside, the
mirrored result. Between levels entries are interpolated, so constant images of any depth come back
exactly.
"""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.optimize import Bounds, LinearConstraint, milp

from training.eclut.borders import whole_sums
from training.eclut.grid import LEVELS, WINDOW_COLS, WINDOW_ROWS, fuse
from training.eclut.network import ExpandConv
from training.eclut.quantize import ENTRY_MAX, ENTRY_MIN, SHIFT, TAPS
from training.errors import TrainingError

# Of a side; five pixels have every kind of border. For images one pixel wide entries would have to
# move by up to 30.
SIZES = range(2, 6)
PIECES = 2  # of the cost of moving a value: the first step is the cheapest
GAP = 0.02  # of the least cost: how near to it is near enough


def exact_flats(table: np.ndarray, expand_shift: int) -> np.ndarray:
    """Move the entries of equal pairs so that constant images come back exactly.

    Images of two pixels or more each way, of any depth.

    Parameters
    ----------
    table : numpy.ndarray
        int8, (256, 256, 9, r, r).
    expand_shift : int
        1 or the scale.

    Returns
    -------
    numpy.ndarray
        int8; entries of pairs (p, q), p != q, as they were.
    """
    r = table.shape[-1]
    sums, differences = flat_sums(r, expand_shift), mirrored(r, expand_shift)
    both = np.concatenate([sums, differences])
    result = table.copy()
    for level in range(LEVELS):
        values = table[level, level].reshape(-1).astype(np.int64)
        wanted = np.repeat([level << SHIFT, 0], [len(sums), len(differences)])
        result[level, level] = nearest(values, both, wanted).reshape(table.shape[2:])
    return result


def flat_sums(r: int, expand_shift: int) -> NDArray[np.int64]:
    """List the sums that a constant image's pixels are, of any size and anywhere in it.

    Returns
    -------
    numpy.ndarray
        (sums, 9 * r * r), how often each value of the entry is taken.
    """
    count = TAPS * r * r
    # One image for each value of the entry, whose level n stands for the entry with 1 there only.
    entries = torch.eye(count).reshape(count, TAPS, r, r)
    position = torch.zeros(LEVELS * LEVELS, dtype=torch.int64)
    position[torch.arange(count) * (LEVELS + 1)] = torch.arange(count)
    found = []
    for height in SIZES:
        for width in SIZES:
            images = torch.arange(count)[:, None, None].expand(count, height, width)
            maps = whole_sums(images, entries, position, ExpandConv(expand_shift))
            found.append(maps.reshape(count, -1).T.round().to(torch.int64).numpy())
    every: NDArray[np.int64] = np.unique(np.concatenate(found), axis=0)
    return every


def mirrored(r: int, expand_shift: int) -> NDArray[np.int64]:
    """List what must be zero for an equal pair's window to be its own mirror image.

    Returns
    -------
    numpy.ndarray
        (differences, 9 * r * r), how often each value of the entry is taken.
    """
    count = TAPS * r * r
    entries = torch.eye(count).reshape(count, TAPS, r, r)
    cells = fuse(entries, torch.arange(count), expand_shift)
    cells = cells.reshape(count, WINDOW_ROWS, WINDOW_COLS, r, r)
    found = (cells - cells.flip(2, 4)).reshape(count, -1).T.to(torch.int64).numpy()
    found = found[found.any(axis=1)]
    # Each comes with both signs.
    first = found[np.arange(len(found)), (found != 0).argmax(axis=1)]
    every: NDArray[np.int64] = np.unique(found * first[:, None], axis=0)
    return every


def nearest(
    values: NDArray[np.int64], sums: NDArray[np.int64], wanted: NDArray[np.int64]
) -> NDArray[np.int64]:
    """Move whole numbers as little as makes all their sums what is wanted, within int8."""
    owed = wanted - sums @ values
    if not owed.any():
        return values
    # Values that all sums take equally often may stand for one another.
    kinds, kind_of = np.unique(sums, axis=1, return_inverse=True)
    kind_of = kind_of.reshape(-1)
    # How many of each kind can be moved by k + 1, up and then down; the last piece takes the rest.
    kind, sign, cost, room = [], [], [], []
    for direction, free in ((1, ENTRY_MAX - values), (-1, values - ENTRY_MIN)):
        for k in range(PIECES):
            left = np.maximum(free - k, 0)
            left = left if k == PIECES - 1 else np.minimum(left, 1)
            kind.append(np.arange(kinds.shape[1]))
            sign.append(np.full(kinds.shape[1], direction))
            cost.append(np.full(kinds.shape[1], 2 * k + 1))
            room.append(np.bincount(kind_of, left, kinds.shape[1]))
    kind, sign = np.concatenate(kind), np.concatenate(sign)
    found = milp(
        np.concatenate(cost),
        constraints=LinearConstraint(kinds[:, kind] * sign, owed, owed),
        integrality=np.ones(kind.size),
        bounds=Bounds(0, np.concatenate(room)),
        options={"mip_rel_gap": GAP},
    )
    if found.x is None:
        raise TrainingError(f"no entry of int8 has the sums {wanted}: {found.message}")
    totals = np.bincount(kind, np.rint(found.x) * sign).astype(np.int64)
    moved = values.copy()
    for number, total in enumerate(totals):
        members, step = np.flatnonzero(kind_of == number), np.sign(total)
        for _ in range(abs(total)):
            free = [k for k in members if ENTRY_MIN <= moved[k] + step <= ENTRY_MAX]
            moved[min(free, key=lambda k: abs(moved[k] - values[k]))] += step
    return moved
