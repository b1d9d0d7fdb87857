"""Choosing among equal tables the one with the best borders.

Inside an image only the windows of pairs matter (see `training.eclut.windows`), and many tables
have the same windows: where the entries of (p, q) and of (q, p) overlap, or two taps of one entry,
only
their sum reaches the image. At the borders, where every rotation reflects its own maps, they
differ: an even split leaves a frame of wrong grey levels around every image. Here a small network
says how much to move between such entries, and learns it on small patches enlarged as if they
were whole images. The insides of images stay as they are, to the integer.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import torch
from tqdm import tqdm

from training.eclut.borders import PATCH, whole_sums
from training.eclut.grid import (
    LEVELS,
    WINDOW_COLS,
    WINDOW_ROWS,
    evaluate_pairs,
    fuse,
    pairs_in,
)
from training.eclut.network import SRNet, tap_offsets
from training.eclut.quantize import (
    ALPHA,
    ENTRY_MAX,
    ENTRY_MIN,
    TAPS,
    clamp_through,
    grey_error,
)
from training.errors import TrainingError
from training.evaluation.pictures import CropSampler, Picture

BATCH = 64
PEAK_RATE = 3e-3


@contextmanager
def one_thread() -> Iterator[None]:
    """Let torch use one thread: with steps so small, more of them mostly wait for each other."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)


def moved(entries: torch.Tensor, swapped: torch.Tensor, expand_shift: int) -> torch.Tensor:
    """Take from entries (U, 9, r, r) what windows would show: the rest only moves values.

    Parameters
    ----------
    entries : torch.Tensor
        Any values; pair (p, q) comes with (q, p).
    swapped : torch.Tensor
        (U,) where each pair's twin stands.
    expand_shift : int

    Returns
    -------
    torch.Tensor
        (U, 9, r, r), the part of `entries` whose windows are zero.
    """
    r = entries.shape[-1]
    one = torch.zeros(1, dtype=torch.int64, device=entries.device)
    count = fuse(torch.ones_like(entries[:1]), one, expand_shift).clamp(min=1)
    share = fuse(entries, swapped, expand_shift) / count
    cells = share.reshape(-1, WINDOW_ROWS, WINDOW_COLS, r, r).permute(0, 1, 3, 2, 4)
    picture = cells.reshape(-1, WINDOW_ROWS * r, WINDOW_COLS * r)
    shown = [
        picture[:, r + dy : 2 * r + dy, r + dx : 2 * r + dx] for dy, dx in tap_offsets(expand_shift)
    ]
    return entries - torch.stack(shown, dim=1)


@one_thread()
def better_borders(
    table: np.ndarray,
    expand_shift: int,
    pictures: list[Picture],
    *,
    steps: int,
    seed: int = 1,
    device: str | torch.device = "cpu",
) -> np.ndarray:
    """Move values between the entries of a table so that borders come out right.

    Parameters
    ----------
    table : numpy.ndarray
        int8, (256, 256, 9, r, r).
    expand_shift : int
        1 or the scale.
    pictures : list of Picture
        To learn from.
    steps : int
        Zero leaves the table as it is.
    seed : int
    device : torch.device
        Where to learn.

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
    with torch.no_grad():  # to begin with, nothing moves
        net.body[-2].weight.zero_()
    optimizer = torch.optim.Adam(net.parameters())
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, PEAK_RATE, total_steps=steps + 1)
    side = min(PATCH, *(min(p.lr.shape[:2]) for p in pictures))
    sampler = CropSampler(pictures, side, 0, BATCH, seed)
    given = torch.from_numpy(table.reshape(LEVELS * LEVELS, TAPS, r, r)).to(device, torch.float32)
    bar = tqdm(range(steps), desc="borders", unit="step", file=sys.stderr)
    for step in bar:
        images, targets = (torch.from_numpy(array).to(device) for array in sampler(step))
        images = images.to(torch.int64)
        present, position, swapped = pairs_in(images)
        change = moved(evaluate_pairs(net, present, ALPHA, False), swapped, expand_shift)
        lut = clamp_through(given[present] + change, ENTRY_MIN, ENTRY_MAX)
        sums = whole_sums(images, lut, position, net.expand)
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
        everything = torch.arange(LEVELS * LEVELS, device=device)
        swapped = (everything % LEVELS) * LEVELS + everything // LEVELS
        parts = everything.split(8192)
        wish = torch.cat([evaluate_pairs(net, part, ALPHA, False) for part in parts])
        change = moved(wish, swapped, expand_shift)
    return round_moves(table, change.reshape(table.shape).cpu().numpy(), expand_shift)


def round_moves(table: np.ndarray, change: np.ndarray, expand_shift: int) -> np.ndarray:
    """Add a change whose windows are zero to a table, in whole numbers, windows kept exactly.

    The entries that share a value of a window are rounded one after the other, each with the
    error of those before it; where int8 leaves no room the old entries stay.

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
        alone = first is second  # p twice: both its entries are the same one
        rows, cols = WINDOW_ROWS * r, WINDOW_COLS * r
        owed = np.zeros((rows * cols, len(first)))
        members: list[tuple[int, tuple]] = []
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
