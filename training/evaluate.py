"""Quality figures of tables, through lutsr itself, beside bicubic as the rival."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

import lutsr
from training.data import Picture, load_pictures
from training.degrade import enlarge
from training.errors import TrainingError
from training.metrics import psnr_y, ssim_y

SSIM_WINDOW = 11
Upscale = Callable[[np.ndarray], np.ndarray]


def set_name(folder: str | Path) -> str:
    """Name a folder of images: ``Set5/HR`` is Set5."""
    folder = Path(folder).resolve()
    return folder.parent.name if folder.name.upper() == "HR" else folder.name


def open_table(
    table: str | Path, scale: int | None, expand_shift: int | None
) -> tuple[Upscale, int]:
    """Load a table file or a shipped model: a function on uint8 RGB, and its scale."""
    try:
        upscaler = lutsr.load(table, scale, expand_shift=expand_shift)
    except (OSError, ValueError) as error:
        raise TrainingError(f"cannot load {table}: {error}") from error
    return lambda image: upscaler(image, channel_axis=-1), upscaler.scale


def pictures_of(folder: str | Path, scale: int) -> list[Picture]:
    """Load a folder's pictures, less those that shaving would make smaller than SSIM's window."""
    return load_pictures(folder, scale, min_side=2 + -(-SSIM_WINDOW // scale))


def score(upscale: Upscale, pictures: Sequence[Picture], scale: int) -> dict[str, float]:
    """Mean PSNR-Y and SSIM-Y over pictures, `scale` pixels shaved at every side."""
    psnr, ssim = [], []
    for picture in pictures:
        result = upscale(picture.lr)
        psnr.append(psnr_y(result, picture.hr, shave=scale))
        ssim.append(ssim_y(result, picture.hr, shave=scale))
    return {"psnr_y": round(float(np.mean(psnr)), 4), "ssim_y": round(float(np.mean(ssim)), 5)}


def figures(
    table: str | Path | None,
    folders: Sequence[str | Path],
    *,
    scale: int | None = None,
    expand_shift: int | None = None,
) -> list[dict[str, float]]:
    """Figures of one table on each folder of HR images.

    Parameters
    ----------
    table : path, str or None
        A table file, the name of a shipped model, or None for bicubic.
    folders : sequence of path
        HR images; the inputs are made from them by `training.degrade.shrink`.
    scale : int, optional
        Needed for a shipped model and for bicubic.
    expand_shift : int, optional
        For a table without a card.
    """
    if table is None:
        if scale is None:
            raise ValueError("scale must be given for bicubic (table=None)")
        upscale: Upscale = lambda image: enlarge(image, scale)  # noqa: E731
    else:
        upscale, scale = open_table(table, scale, expand_shift)
    return [score(upscale, pictures_of(f, scale), scale) for f in folders]


def print_figures(
    tables: Sequence[str],
    folders: Sequence[str],
    *,
    scale: int | None = None,
    expand_shift: int | None = None,
) -> None:
    """Print a table of figures: one line per table and set, bicubic first."""
    opened = [(name, *open_table(name, scale, expand_shift)) for name in tables]
    print(f"{'set':<12} {'scale':>5}  {'method':<32} {'PSNR-Y':>7} {'SSIM-Y':>7}")
    for folder in folders:
        for r in sorted({table_scale for _, _, table_scale in opened}):
            pictures = pictures_of(folder, r)
            rivals: list[tuple[str, Upscale]] = [("bicubic", lambda image, r=r: enlarge(image, r))]
            rivals += [(Path(name).name, up) for name, up, s in opened if s == r]
            for name, upscale in rivals:
                found = score(upscale, pictures, r)
                print(
                    f"{set_name(folder):<12} {'x' + str(r):>5}  {name:<32} "
                    f"{found['psnr_y']:7.2f} {found['ssim_y']:7.4f}"
                )
