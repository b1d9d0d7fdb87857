"""Borders in training: the published forward pass, with reflections, on small patches.

Inside an image many tables are equivalent: what one rotation adds, another may subtract. At the
borders they differ, because each rotation's maps are reflected separately. A table trained on
inner parts alone gives wrong grey levels along the borders of every image. So each step also
upscales a few small patches as if they were whole images, and adds their error to the loss.
"""

from __future__ import annotations

import torch

from training.eclut.constants import LEVELS, MARGIN, TAPS
from training.eclut.network import ExpandConv, add_row_below, ensemble

#: Side of a patch, in input pixels: most of it is near a border.
PATCH = 8
#: Weight of the patches' mean squared error, relative to that of the inner parts.
WEIGHT = 0.1


def patches_of(
    images: torch.Tensor, targets: torch.Tensor, scale: int
) -> tuple[torch.Tensor, torch.Tensor]:
    """Cut a patch from each crop: (B, n, n) and (B, r * n, r * n), n = `PATCH` or less.

    Parameters
    ----------
    images : torch.Tensor
        (B, h, w) crops with a margin.
    targets : torch.Tensor
        (B, r * (h - 2 * MARGIN), r * (w - 2 * MARGIN)), of the inner parts.
    scale : int
    """
    side = min(PATCH, images.shape[1] - 2 * MARGIN)
    end = MARGIN + side
    return images[:, MARGIN:end, MARGIN:end], targets[:, : scale * side, : scale * side]


def whole_sums(
    images: torch.Tensor, lut: torch.Tensor, position: torch.Tensor, expand: ExpandConv
) -> torch.Tensor:
    """Sum entries over taps and rotations, of whole images, borders included.

    Parameters
    ----------
    images : torch.Tensor
        (B, h, w) grey levels 0..255, int64.
    lut : torch.Tensor
        (U, 9, r, r) entries.
    position : torch.Tensor
        (65536,) index of each pair's entry; for each pair its swapped pair is needed, too.
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
        total: torch.Tensor = expand(maps)[:, 0] * TAPS
        return total

    return ensemble(one_rotation, images)


def repeated(images: torch.Tensor, r: int) -> torch.Tensor:
    """Repeat the pixels of images (B, h, w) to (B, r * h, r * w)."""
    return images.repeat_interleave(r, 1).repeat_interleave(r, 2)
