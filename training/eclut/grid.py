"""The fast forward pass: evaluate the network once per pair of grey levels, then look up and add.

A network of two 8-bit inputs has 65,536 distinct outputs, and everything after it is linear. So a
training step evaluates each pair that its batch contains once, whatever the batch's size, and the
gradient passes back through the same look-ups.

Rotations 0 and 180 see the same vertical pairs, so their entries are first summed into one
*full window* per pair; rotations 90 and 270 are the same two on the image rotated by 90 degrees.
The window of a pair covers 4 x 3 cells, from the cell above the upper pixel to the one below the
lower pixel. (The windows of `training.eclut.windows` are full windows less the pixels' own
levels.)
"""

from __future__ import annotations

import math
from typing import Any

import torch

from training.eclut.constants import LEVELS, MARGIN, PAIRS, TAPS, WINDOW, tap_offsets
from training.eclut.network import SRNet
from training.eclut.options import ALPHA
from training.eclut.quantize import entries_from_maps

WINDOW_ROWS, WINDOW_COLS = WINDOW

#: Size of temporaries on a CPU, in floats: as much as fits its caches.
CHUNK_FLOATS = 1 << 20

#: Pairs that are evaluated at once where all are needed: all together would take hundreds of MB.
SLICE = 8192


def swap_pairs(pairs: torch.Tensor) -> torch.Tensor:
    """Return the numbers of the swapped pairs: (b, a) of (a, b)."""
    return (pairs % LEVELS) * LEVELS + pairs // LEVELS


def all_pairs(device: torch.device) -> torch.Tensor:
    """Return the numbers of all pairs."""
    return torch.arange(PAIRS, device=device)


def evaluate_pairs(net: SRNet, pairs: torch.Tensor, alpha: float, rounding: bool) -> torch.Tensor:
    """Evaluate the network: entries (N, 9, r, r) of pairs (N,), given by their numbers."""
    image = torch.stack([pairs // LEVELS, pairs % LEVELS]).to(torch.float32) / 255
    maps = net.maps(image[None, None])[0]  # an image of two rows: (9, r, N * r)
    r = net.scale
    lut = maps.reshape(TAPS, r, len(pairs), r).permute(2, 0, 1, 3)
    return entries_from_maps(lut, alpha, rounding=rounding)


@torch.no_grad()
def evaluate_all(net: SRNet, alpha: float, *, rounding: bool) -> torch.Tensor:
    """Evaluate the network for all pairs: entries (65536, 9, r, r), without gradients."""
    slices = all_pairs(next(net.parameters()).device).split(SLICE)
    return torch.cat([evaluate_pairs(net, pairs, alpha, rounding) for pairs in slices])


@torch.no_grad()
def table_from_network(net: SRNet, alpha: float = ALPHA, *, rounding: bool = True) -> torch.Tensor:
    """Tabulate the network: (256, 256, 9, r, r), int8, or float if not rounded."""
    lut = evaluate_all(net, alpha, rounding=rounding)
    lut = lut.reshape(LEVELS, LEVELS, TAPS, net.scale, net.scale).contiguous()
    return lut.to(torch.int8) if rounding else lut


def pairs_of(images: torch.Tensor) -> torch.Tensor:
    """Return the numbers (B, h - 1, w) of the vertical pairs of grey levels (B, h, w)."""
    return images[:, :-1] * LEVELS + images[:, 1:]


def present_pairs(pairs: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """List the pairs that occur, and their swapped pairs.

    Returns
    -------
    present : torch.Tensor
        (U,) pair numbers in rising order; with each pair its swapped pair.
    position : torch.Tensor
        (65536,) index of each pair in `present`; undefined for absent pairs.
    """
    seen = torch.zeros(PAIRS, dtype=torch.bool, device=pairs.device)
    seen[pairs.reshape(-1)] = True
    square = seen.reshape(LEVELS, LEVELS)
    seen = (square | square.T).reshape(-1)
    return seen.nonzero()[:, 0], torch.cumsum(seen, 0) - 1


class _FullWindows(torch.autograd.Function):
    """`full_windows` with its own adjoint: autograd would copy the windows once per tap."""

    @staticmethod
    def forward(
        ctx: Any, lut: torch.Tensor, swapped: torch.Tensor, expand_shift: int
    ) -> torch.Tensor:
        ctx.save_for_backward(swapped)
        ctx.expand_shift = expand_shift
        r = lut.shape[-1]
        patch = lut.new_zeros(len(lut), 3 * r, 3 * r)  # around the pair's own pixel
        for tap, (dy, dx) in enumerate(tap_offsets(expand_shift)):
            patch[:, r + dy : 2 * r + dy, r + dx : 2 * r + dx] += lut[:, tap]
        window = lut.new_zeros(len(lut), WINDOW_ROWS * r, WINDOW_COLS * r)
        window[:, : 3 * r] = patch
        window[:, r:] += patch.flip(1, 2).index_select(0, swapped)
        cells = window.reshape(-1, WINDOW_ROWS, r, WINDOW_COLS, r).permute(0, 1, 3, 2, 4)
        return cells.reshape(-1, WINDOW_ROWS, WINDOW_COLS, r * r)

    @staticmethod
    def backward(ctx: Any, *grads: torch.Tensor) -> Any:
        (grad,), (swapped,) = grads, ctx.saved_tensors  # swapping is its own inverse
        r = math.isqrt(grad.shape[-1])
        window = grad.reshape(-1, WINDOW_ROWS, WINDOW_COLS, r, r).permute(0, 1, 3, 2, 4)
        window = window.reshape(-1, WINDOW_ROWS * r, WINDOW_COLS * r)
        patch = window[:, r:].index_select(0, swapped).flip(1, 2).add_(window[:, : 3 * r])
        taps = [
            patch[:, r + dy : 2 * r + dy, r + dx : 2 * r + dx]
            for dy, dx in tap_offsets(ctx.expand_shift)
        ]
        return torch.stack(taps, dim=1), None, None


def full_windows(lut: torch.Tensor, swapped: torch.Tensor, expand_shift: int) -> torch.Tensor:
    """Compute full windows: what rotations 0 and 180 together add around each pair.

    Parameters
    ----------
    lut : torch.Tensor
        (U, 9, r, r) entries.
    swapped : torch.Tensor
        (U,) index in `lut` of each pair's swapped pair.
    expand_shift : int
        At most r: the window has one cell on each side.

    Returns
    -------
    torch.Tensor
        (U, 4, 3, r * r): cells in rows and columns, pixels of a cell row-major.
    """
    r = lut.shape[-1]
    if not 1 <= expand_shift <= r:
        raise ValueError(f"expand_shift must be from 1 to the scale {r}, got {expand_shift}")
    windows: torch.Tensor = _FullWindows.apply(lut, swapped, expand_shift)
    return windows


def _reaching(row: int, col: int, height: int, width: int) -> tuple[slice, slice]:
    """Return the pairs whose window cells (row, col) are the cells inside the margin."""
    top, left = MARGIN + 1 - row, MARGIN + 1 - col
    return slice(top, top + height), slice(left, left + width)


def _chunks(index: torch.Tensor, window_floats: int) -> range:
    """Return the first images of chunks whose temporaries fit the CPU's caches."""
    per_image = index[0].numel() * window_floats
    step = len(index) if index.is_cuda else max(1, CHUNK_FLOATS // per_image)
    return range(0, len(index), step)


class _GatherAdd(torch.autograd.Function):
    """Look up a window per pair and add them to cells, without autograd's temporaries."""

    @staticmethod
    def forward(ctx: Any, windows: torch.Tensor, index: torch.Tensor) -> torch.Tensor:
        ctx.save_for_backward(index)
        ctx.window_shape = windows.shape
        batch, rows, cols = index.shape
        height, width = rows + 1 - 2 * MARGIN, cols - 2 * MARGIN
        cells = windows.new_zeros(batch, height, width, windows.shape[-1])
        flat = windows.flatten(1)
        chunks = _chunks(index, flat.shape[1])
        for first in chunks:
            some = index[first : first + chunks.step]
            found = flat.index_select(0, some.reshape(-1)).reshape(*some.shape, *windows.shape[1:])
            for row in range(WINDOW_ROWS):
                for col in range(WINDOW_COLS):
                    down, right = _reaching(row, col, height, width)
                    cells[first : first + chunks.step] += found[:, down, right, row, col]
        return cells

    @staticmethod
    def backward(ctx: Any, *grads: torch.Tensor) -> Any:
        (index,) = ctx.saved_tensors
        grad = grads[0].contiguous()
        out = grad.new_zeros(ctx.window_shape[0], ctx.window_shape[1:].numel())
        chunks = _chunks(index, out.shape[1])
        # Cells outside the margin get no gradient: they stay zero.
        spread = grad.new_zeros(chunks.step, *index.shape[1:], *ctx.window_shape[1:])
        for first in chunks:
            some = index[first : first + chunks.step]
            part = spread[: len(some)]
            for row in range(WINDOW_ROWS):
                for col in range(WINDOW_COLS):
                    down, right = _reaching(row, col, *grad.shape[1:3])
                    part[:, down, right, row, col] = grad[first : first + len(some)]
            out.index_add_(0, some.reshape(-1), part.reshape(some.numel(), -1))
        return out.reshape(ctx.window_shape), None


def look_up(images: torch.Tensor, windows: torch.Tensor, position: torch.Tensor) -> torch.Tensor:
    """Sum entries over taps and four rotations, inside a margin of two input pixels.

    Parameters
    ----------
    images : torch.Tensor
        (B, h, w) grey levels 0..255, int64.
    windows : torch.Tensor
        (U, 4, 3, r * r), see `full_windows`.
    position : torch.Tensor
        (65536,) index of each pair's window.

    Returns
    -------
    torch.Tensor
        (B, r * (h - 4), r * (w - 4)) sums, in quarter grey levels.
    """
    least = 2 * MARGIN + 1
    if min(images.shape[1:]) < least:
        raise ValueError(
            f"images must be at least {least} x {least}, got {tuple(images.shape[1:])}"
        )
    r = math.isqrt(windows.shape[-1])
    parts = []
    for k in (0, 1):
        pairs = pairs_of(torch.rot90(images, k, (1, 2)))
        cells: torch.Tensor = _GatherAdd.apply(windows, position[pairs])
        batch, height, width = cells.shape[:3]
        sums = cells.reshape(batch, height, width, r, r).permute(0, 1, 3, 2, 4)
        parts.append(torch.rot90(sums.reshape(batch, height * r, width * r), -k, (1, 2)))
    return parts[0] + parts[1]


def pairs_in(images: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """List the pairs of images in both directions, and their swapped pairs.

    Returns
    -------
    present, position : torch.Tensor
        See `present_pairs`.
    swapped : torch.Tensor
        (U,) index of each pair's swapped pair.
    """
    pairs = [pairs_of(torch.rot90(images, k, (1, 2))).reshape(-1) for k in (0, 1)]
    present, position = present_pairs(torch.cat(pairs))
    return present, position, position[swap_pairs(present)]


def evaluate_present(
    net: SRNet, images: torch.Tensor, alpha: float = ALPHA, *, rounding: bool = True
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Evaluate the pairs that occur in the images, and their swapped pairs.

    Returns
    -------
    lut : torch.Tensor
        (U, 9, r, r) entries, with gradients to the network.
    position : torch.Tensor
        (65536,) index of each pair's entry.
    swapped : torch.Tensor
        (U,) index of each pair's swapped pair.
    """
    present, position, swapped = pairs_in(images)
    return evaluate_pairs(net, present, alpha, rounding), position, swapped


def upscale_interior(
    net: SRNet, images: torch.Tensor, alpha: float = ALPHA, *, rounding: bool = True
) -> torch.Tensor:
    """Compute `look_up` of the network's own table, with gradients to the network.

    Only the pairs that occur in the images are evaluated.
    """
    lut, position, swapped = evaluate_present(net, images, alpha, rounding=rounding)
    return look_up(images, full_windows(lut, swapped, net.expand.expand_shift), position)


def table_windows(table: torch.Tensor, expand_shift: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Compute the full windows, and positions for `look_up`, of a table (256, 256, 9, r, r)."""
    every = all_pairs(table.device)
    lut = table.reshape(PAIRS, *table.shape[2:]).to(torch.float32)
    return full_windows(lut, swap_pairs(every), expand_shift), every
