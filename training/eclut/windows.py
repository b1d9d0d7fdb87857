"""Windows: what a pair of grey levels adds around itself; the unknowns of the fit.

A pair, p above q, is looked up by rotations 0 and 180 of the method. What they add together is a
window of 4 x 3 cells (r x r values each) that starts one cell above and left of p's. There are
three constraints, two by the method's rotations and one by training on mirrored pictures:

- the window of (q, p) is that of (p, q), rotated by 180 degrees;
- the window of q to the right of p is that of q below p, rotated by 90 degrees;
- a window equals its own mirror image, left to right; so the second is a transposition.

Windows are float32 arrays (256, 256, 4, 3, r, r): ``[p][q]``, rows and columns of cells, rows and
columns of a cell; in quarter grey levels. Unlike the full windows of `training.eclut.grid`, they
do not contain p in p's own cell and q in q's own cell: a window is the difference from repeated
pixels. The fused tables of lutsr hold the same values, in 8 bits if all of them fit int8.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from training.eclut.constants import ENTRY_MAX, ENTRY_MIN, LEVELS, WINDOW, tap_offsets


def as_picture(windows: torch.Tensor) -> torch.Tensor:
    """Arrange the cells of windows (..., 4, 3, r, r) as pictures (..., 4r, 3r)."""
    *pairs, rows, cols, r, _ = windows.shape
    return windows.transpose(-3, -2).reshape(*pairs, rows * r, cols * r)


def as_cells(pictures: torch.Tensor, r: int) -> torch.Tensor:
    """Invert `as_picture`."""
    *pairs, rows, cols = pictures.shape
    return pictures.reshape(*pairs, rows // r, r, cols // r, r).transpose(-3, -2).contiguous()


def beside(windows: torch.Tensor) -> torch.Tensor:
    """Return the windows (256, 256, 3, 4, r, r) of the pairs beside each other; its own inverse."""
    cells = windows.shape[2:]
    places = _places(cells).permute(1, 0, 3, 2)
    turned = windows.reshape(-1, cells.numel()) @ _moves(places, windows.device)
    return turned.view(*windows.shape[:2], *places.shape)


def _places(cells: torch.Size) -> torch.Tensor:
    """Return the number of each value of a window."""
    return torch.arange(cells.numel()).view(cells)


def _moves(places: torch.Tensor, device: torch.device) -> torch.Tensor:
    """Return the matrix that puts the values of these numbers in this order.

    Each product with it is a value times 1, plus zeros, so it is exact. torch moves values that
    way in a fraction of the time that it takes to gather or to flip them.
    """
    return torch.eye(places.numel(), device=device)[:, places.flatten().to(device)]


def symmetrise(windows: torch.Tensor) -> torch.Tensor:
    """Project onto windows that meet the constraints: average the values that must be equal."""
    places, device = _places(windows.shape[2:]), windows.device
    same, mirrored = _moves(places, device), _moves(places.flip(1, 3), device)
    half = windows.reshape(*windows.shape[:2], -1) @ (same + mirrored)
    # Products of matrices need the swapped pairs in memory in their order.
    turned = half.transpose(0, 1).contiguous() @ same.flip(0)
    return turned.add_(half).mul_(0.25).view(windows.shape)


def sum_of_parts(above: torch.Tensor, side: torch.Tensor) -> torch.Tensor:
    """Compute the adjoint of the map from windows to windows and those `beside`, if symmetric."""
    return symmetrise(above + beside(side))


def reach(scale: int, expand_shift: int) -> torch.Tensor:
    """Return the mask (4, 3, r, r) of values that taps moved by `expand_shift` can change."""
    inside = torch.zeros(WINDOW[0] * scale, WINDOW[1] * scale)
    s = expand_shift
    inside[scale - s : 3 * scale + s, scale - s : 2 * scale + s] = 1
    return as_cells(inside, scale)


def is_relative(scale: int, expand_shift: int) -> bool:
    """Return whether tables are fitted without the own levels of pixels.

    With `expand_shift` r, only one tap reaches a pixel's own cell. Two int8 entries would have to
    hold both the level and the correction there: at most 254 quarter levels, which leaves 14 for
    the corrections of level 240. With `expand_shift` 1, nine taps share the level.
    """
    return expand_shift == scale


def limits(scale: int, expand_shift: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Return the lowest and highest values (256, 256, 4, 3, r, r) that windows can have.

    They are those of int8 fused tables.
    """
    mask = reach(scale, expand_shift).expand(LEVELS, LEVELS, *WINDOW, scale, scale)
    return ENTRY_MIN * mask, ENTRY_MAX * mask


def _same_at_borders(dy: int, dx: int, u: int, v: int, r: int) -> tuple[int, int]:
    """Return the place in tap (dy, dx) whose value (u, v) should equal, for a shift of one pixel.

    At a border the map is reflected: row 1 then replaces row r - 1 of the cell beyond, or row
    r - 2 replaces row 0. Constant areas stay constant there if the two are equal.
    """
    u = {(1, 1): r - 1, (-1, r - 2): 0}.get((dy, u), u)
    v = {(1, 1): r - 1, (-1, r - 2): 0}.get((dx, v), v)
    return u, v


def _spread_over_taps(patch: NDArray[Any], r: int, shift: int) -> NDArray[np.int8]:
    """Compute taps (256, 256, 9, r, r) whose shifted sum is `patch` (256, 256, 3r, 3r).

    A value that several taps reach is divided evenly between those that `_same_at_borders` does
    not determine; the others get only what does not fit.
    """
    offsets = tap_offsets(shift)
    taps = np.zeros((*patch.shape[:-2], len(offsets), r, r), np.int8)
    span = range(-shift, r + shift)
    # From the outside inwards: values that others should equal come first.
    order = sorted(((y, x) for y in span for x in span), key=lambda at: sum(0 <= k < r for k in at))
    for y, x in order:
        left = patch[..., r + y, r + x].astype(np.int32)
        loose: list[tuple[int, int, int]] = []
        bound: list[tuple[int, int, int]] = []
        for tap, (dy, dx) in enumerate(offsets):
            u, v = y - dy, x - dx
            if not (0 <= u < r and 0 <= v < r):
                continue
            like = _same_at_borders(dy, dx, u, v, r) if shift == 1 else (u, v)
            (loose if like == (u, v) else bound).append((tap, u, v))
            if like != (u, v):
                taps[..., tap, u, v] = taps[..., tap, *like]
                left -= taps[..., tap, u, v]
        # Evenly first; then, where some are at their limits, as much as the others can take.
        for places, even in ((loose, True), (loose, False), (bound, True), (bound, False)):
            for due, (tap, u, v) in zip(range(len(places), 0, -1), places, strict=True):
                old = taps[..., tap, u, v].astype(np.int32)
                new = np.clip(old + left // (due if even else 1), ENTRY_MIN, ENTRY_MAX)
                taps[..., tap, u, v] = new
                left -= new - old
        if left.any():
            raise ValueError(
                f"entries must lie in {ENTRY_MIN}..{ENTRY_MAX}, but {abs(left).max()} is left over"
            )
    return taps


def _level_borders(part: NDArray[Any], whole: NDArray[Any], r: int) -> None:
    """Divide the overlap so that constant areas stay constant at the borders of a picture.

    There the method reflects the maps: rows 1 and r - 1 of a cell are exchanged. At the top,
    rotation 0 has row r - 1 of its lower taps in place of row 1, rotation 180 has row 0 of its
    upper taps in place of row r - 2, and the two others do the same with columns. Inside the
    picture only the sum of the two entries matters, so the lower taps can compensate for the
    rest.

    Parameters
    ----------
    part : numpy.ndarray
        The part of each window that the entry (p, q) adds, (256, 256, 4r, 3r); changed in place.
    whole : numpy.ndarray
        The windows, with the own levels that the table contains.
    """
    one, last = 2 * r + 1, 3 * r - 1
    level = np.arange(LEVELS)
    even = whole[level, level].reshape(LEVELS, 4, r, 3 * r).sum(1)
    sideways = even[:, :, 2 * r + 1] - even[:, :, 3 * r - 1]  # (256, r), along the border
    due = part[:, :, 0] - part[:, :, r - 2] - part[:, :, one] + part[:, :, last]
    due[:, :, r : 2 * r] -= sideways[:, None]

    def move(columns: slice, wanted: NDArray[Any]) -> NDArray[Any]:
        """Add to row `one`, subtract from row `last`, within int8; return the remainder."""
        for row, sign, amount in (
            (one, 1, wanted // 2),
            (last, -1, wanted - wanted // 2),
        ):
            mine = part[:, :, row, columns]
            # A view of the other entry's values at the same places of the window.
            theirs = part[:, :, ::-1, ::-1].swapaxes(0, 1)[:, :, row, columns]
            low = np.maximum(ENTRY_MIN - mine, theirs - ENTRY_MAX)
            high = np.minimum(ENTRY_MAX - mine, theirs - ENTRY_MIN)
            change = np.clip(sign * amount, low, high)
            mine += change
            theirs -= change
            wanted = wanted - sign * change
        return wanted

    missing = move(slice(r, 2 * r), due[:, :, r : 2 * r])
    for cols in (slice(0, r), slice(2 * r, 3 * r)):
        move(cols, due[:, :, cols] + missing // 2)


def table_from_windows(windows: torch.Tensor, expand_shift: int) -> NDArray[np.int8]:
    """Compute an int8 table whose windows are exactly these, which must be integers.

    Where the two entries of a pair overlap, only their sum affects the picture: each gets half,
    the first of the two rounded down.

    Parameters
    ----------
    windows : torch.Tensor
        Symmetric, integers within `limits`.
    expand_shift : int
        1 or the scale.

    Returns
    -------
    numpy.ndarray
        int8, (256, 256, 9, r, r); without the pixels' own levels if `is_relative`.
    """
    r = windows.shape[-1]
    whole = as_picture(windows).numpy().astype(np.int32)
    if not np.array_equal(whole, as_picture(windows).numpy()):
        raise ValueError("windows must be integers: round them first")
    level = np.arange(LEVELS, dtype=np.int32)
    if not is_relative(r, expand_shift):
        whole[:, :, r : 2 * r, r : 2 * r] += level[:, None, None, None]
        whole[:, :, 2 * r : 3 * r, r : 2 * r] += level[None, :, None, None]
    own = np.zeros((4 * r, 3 * r), bool)
    own[r - expand_shift : 2 * r + expand_shift, r - expand_shift : 2 * r + expand_shift] = True
    shared = own & own[::-1, ::-1]
    if whole[:, :, ~(own | own[::-1, ::-1])].any():
        raise ValueError("windows must be zero where no tap reaches")
    first = (level[:, None] < level)[:, :, None, None] | (
        (level[:, None] == level)[:, :, None, None] & (np.arange(4 * r) < 2 * r)[:, None]
    )
    half = whole // 2
    part = np.where(shared, np.where(first, half, whole - half), whole * own)
    if expand_shift == r and r > 2:
        _level_borders(part, whole, r)
    return _spread_over_taps(part[:, :, : 3 * r], r, expand_shift)


def windows_from_table(
    table: NDArray[Any], expand_shift: int, relative: bool = False
) -> torch.Tensor:
    """Compute the windows of an int8 or float table (256, 256, 9, r, r), symmetrised."""
    r = table.shape[-1]
    patch = torch.zeros(LEVELS, LEVELS, 3 * r, 3 * r)
    lut = torch.from_numpy(np.array(table, np.float32))
    for tap, (dy, dx) in enumerate(tap_offsets(expand_shift)):
        patch[:, :, r + dy : 2 * r + dy, r + dx : 2 * r + dx] += lut[:, :, tap]
    picture = torch.zeros(LEVELS, LEVELS, 4 * r, 3 * r)
    picture[:, :, : 3 * r] = patch
    picture[:, :, r:] += patch.transpose(0, 1).flip(2, 3)
    windows = as_cells(picture, r)
    if not relative:
        level = torch.arange(LEVELS, dtype=torch.float32)
        windows[:, :, 1, 1] -= level[:, None, None, None]
        windows[:, :, 2, 1] -= level[None, :, None, None]
    return symmetrise(windows)
