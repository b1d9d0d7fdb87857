"""Borders in the training: the published pass, reflections included, on small patches.

Inside an image many tables are equivalent: what one rotation adds, another can take away. At the
borders they are not, because each rotation's maps are reflected there by themselves. A table
trained on insides alone shows a frame of wrong grey levels around every image. So each step also
enlarges a few small patches as if they were whole images, and their error joins the loss.
"""

from __future__ import annotations

import torch

from training.eclut.grid import LEVELS, MARGIN
from training.eclut.network import ExpandConv, add_row_below, ensemble
from training.eclut.quantize import TAPS

PATCH = 8  # input pixels on a side: nearly all of it is border
WEIGHT = 0.1  # of the patches' mean squared error beside that of the insides


def patches_of(
    images: torch.Tensor, targets: torch.Tensor, scale: int
) -> tuple[torch.Tensor, torch.Tensor]:
    """Cut a patch off each crop: (B, n, n) and (B, r * n, r * n), n = `PATCH` or all there is.

    Parameters
    ----------
    images : torch.Tensor
        (B, h, w) crops with their margin.
    targets : torch.Tensor
        (B, r * (h - 2 * MARGIN), r * (w - 2 * MARGIN)) of the insides.
    scale : int
    """
    side = min(PATCH, images.shape[1] - 2 * MARGIN)
    end = MARGIN + side
    return images[:, MARGIN:end, MARGIN:end], targets[:, : scale * side, : scale * side]


def whole_sums(
    images: torch.Tensor, lut: torch.Tensor, position: torch.Tensor, expand: ExpandConv
) -> torch.Tensor:
    """Sum of entries over taps and rotations, of whole images, borders included.

    Parameters
    ----------
    images : torch.Tensor
        (B, h, w) grey levels 0..255, int64.
    lut : torch.Tensor
        (U, 9, r, r) entries.
    position : torch.Tensor
        (65536,) where each pair's entry stands; each pair needs its swapped twin as well.
    expand : ExpandConv

    Returns
    -------
    torch.Tensor
        (B, r * h, r * w), in quarter grey levels.
    """
    r = lut.shape[-1]

    def one_rotation(turned: torch.Tensor) -> torch.Tensor:
        padded = add_row_below(turned)
        entries = lut[position[padded[:, :-1] * LEVELS + padded[:, 1:]]]
        batch, height, width = turned.shape
        maps = entries.permute(0, 3, 1, 4, 2, 5).reshape(batch, TAPS, height * r, width * r)
        return expand(maps)[:, 0] * TAPS

    return ensemble(one_rotation, images)
