"""Choosing, among tables with the same windows, the one with the best borders.

Inside an image only the windows of pairs matter (see `training.eclut.windows`), and many tables
have the same windows: where the entries of (p, q) and (q, p) overlap, or two taps of one entry,
only their sum affects the image. At the borders, where every rotation reflects its own maps, the
tables differ: an even split gives wrong grey levels along the borders of every image. Here a
small network predicts how much to move between such entries. It is trained on small patches that
are upscaled as if they were whole images. The inner parts of images do not change at all.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from tqdm import tqdm

from training.crops import CropSampler
from training.device import one_thread
from training.eclut.borders import PATCH, repeated, whole_sums
from training.eclut.constants import (
    ENTRIES_PER_LEVEL,
    ENTRY_MAX,
    ENTRY_MIN,
    LEVELS,
    PAIRS,
    TAPS,
    tap_offsets,
)
from training.eclut.grid import (
    WINDOW_COLS,
    WINDOW_ROWS,
    all_pairs,
    evaluate_all,
    evaluate_pairs,
    full_windows,
    pairs_in,
    swap_pairs,
)
from training.eclut.network import SRNet
from training.eclut.options import ALPHA
from training.eclut.quantize import clamp_through, grey_error
from training.errors import TrainingError
from training.evaluation.pictures import Picture

#: Patches per step.
BATCH = 64
#: Highest learning rate.
PEAK_RATE = 3e-3


def moved(entries: torch.Tensor, swapped: torch.Tensor, expand_shift: int) -> torch.Tensor:
    """Project entries (U, 9, r, r) onto those whose windows are zero: they only move values.

    Parameters
    ----------
    entries : torch.Tensor
        Any values; with each pair its swapped pair.
    swapped : torch.Tensor
        (U,) index of each pair's swapped pair.
    expand_shift : int

    Returns
    -------
    torch.Tensor
        (U, 9, r, r).
    """
    r = entries.shape[-1]
    one = torch.zeros(1, dtype=torch.int64, device=entries.device)
    count = full_windows(torch.ones_like(entries[:1]), one, expand_shift).clamp(min=1)
    share = full_windows(entries, swapped, expand_shift) / count
    cells = share.reshape(-1, WINDOW_ROWS, WINDOW_COLS, r, r).permute(0, 1, 3, 2, 4)
    picture = cells.reshape(-1, WINDOW_ROWS * r, WINDOW_COLS * r)
    shown = [
        picture[:, r + dy : 2 * r + dy, r + dx : 2 * r + dx] for dy, dx in tap_offsets(expand_shift)
    ]
    return entries - torch.stack(shown, dim=1)


@one_thread()
def better_borders(
    table: NDArray[np.int8],
    expand_shift: int,
    pictures: Sequence[Picture],
    *,
    steps: int,
    relative: bool = False,
    seed: int = 1,
    device: str | torch.device = "cpu",
) -> NDArray[np.int8]:
    """Move values between the entries of a table so that borders come out right.

    Parameters
    ----------
    table : numpy.ndarray
        int8, (256, 256, 9, r, r).
    expand_shift : int
        1 or the scale.
    pictures : sequence of Picture
        Training data.
    steps : int
        With 0, the table is returned as it is.
    relative : bool
        Whether the table leaves out the pixels' own levels.
    seed : int
    device : torch.device

    Returns
    -------
    numpy.ndarray
        int8, with the same windows.
    """
    if not steps:
        return table
    r = table.shape[-1]
    torch.manual_seed(seed)
    net = SRNet(r, expand_shift).to(device)
    with torch.no_grad():  # at first, no value moves
        net.head.weight.zero_()
    optimizer = torch.optim.Adam(net.parameters())
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, PEAK_RATE, total_steps=steps + 1)
    side = min(PATCH, *(min(p.lr.shape[:2]) for p in pictures))
    sampler = CropSampler(pictures, side, 0, BATCH, seed)
    given = torch.from_numpy(table.reshape(PAIRS, TAPS, r, r)).to(device, torch.float32)
    bar = tqdm(range(steps), desc="borders", unit="step", file=sys.stderr)
    for step in bar:
        images, targets = (torch.from_numpy(array).to(device) for array in sampler(step))
        images = images.to(torch.int64)
        present, position, swapped = pairs_in(images)
        change = moved(evaluate_pairs(net, present, ALPHA, False), swapped, expand_shift)
        lut = clamp_through(given[present] + change, ENTRY_MIN, ENTRY_MAX)
        sums = whole_sums(images, lut, position, net.expand)
        if relative:
            sums = sums + ENTRIES_PER_LEVEL * repeated(images, r)
        loss = grey_error(sums, targets.to(torch.float32))
        if not torch.isfinite(loss):
            raise TrainingError(f"borders: the loss is {loss.item()} at step {step}")
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
        if step % 20 == 0:
            bar.set_postfix_str(f"mse {loss.item():.1f}", refresh=False)
    with torch.no_grad():
        wish = evaluate_all(net, ALPHA, rounding=False)
        change = moved(wish, swap_pairs(all_pairs(wish.device)), expand_shift)
    return round_moves(table, change.reshape(table.shape).cpu().numpy(), expand_shift)


def round_moves(
    table: NDArray[np.int8], change: NDArray[np.floating[Any]], expand_shift: int
) -> NDArray[np.int8]:
    """Add a change whose windows are zero to a table, in integers; windows stay exactly the same.

    The entries that contribute to a value of a window are rounded one after the other, each with
    the rounding error of those before it. Where int8 leaves no room, the old entries stay.

    Parameters
    ----------
    table : numpy.ndarray
        int8, (256, 256, 9, r, r).
    change : numpy.ndarray
        float, of the same shape, see `moved`.
    expand_shift : int

    Returns
    -------
    numpy.ndarray
        int8.
    """
    r = table.shape[-1]
    p, q = np.triu_indices(LEVELS, 1)
    level = np.arange(LEVELS)
    result = table.copy()
    wish = table + change
    for first, second in ((p, q), (level, level)):
        alone = first is second  # equal pairs: both entries are the same one
        rows, cols = WINDOW_ROWS * r, WINDOW_COLS * r
        owed = np.zeros((rows * cols, len(first)))
        members: list[tuple[int, tuple[Any, ...]]] = []
        for turned in (False,) if alone else (False, True):
            a, b = (second, first) if turned else (first, second)
            for tap, (dy, dx) in enumerate(tap_offsets(expand_shift)):
                for u, v in np.ndindex(r, r):
                    value = (r + dy + u) * cols + r + dx + v
                    other = rows * cols - 1 - value
                    value = min(value, other) if alone else other if turned else value
                    entry = (a, b, tap, u, v)
                    members.append((value, entry))
                    exact = wish[entry] + owed[value]
                    whole = np.clip(np.rint(exact), ENTRY_MIN, ENTRY_MAX)
                    owed[value] = exact - whole
                    result[entry] = whole
        failed = np.rint(owed) != 0
        for value, entry in members:
            if failed[value].any():
                result[entry] = np.where(failed[value], table[entry], result[entry])
    return result
