"""Figures of quality of methods on folders of images: printed, as CSV, as a plot."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from training.errors import TrainingError
from training.evaluation.methods import BICUBIC, Method, model_method, open_model, rival
from training.evaluation.metrics import flat_noise, psnr_rgb, psnr_y, ssim_y
from training.evaluation.pictures import Picture, iter_pictures
from training.files import make_folder, write_atomically

SSIM_WINDOW = 11
FIELDS = ("set", "scale", "method", "image", "psnr_y", "ssim_y", "psnr_rgb", "flat_noise")
FIGURES = FIELDS[-4:]
#: Stands for the image in a row of means.
MEAN = "mean"

#: A row of the CSV file, by `FIELDS`.
Row = dict[str, Any]


def set_name(folder: str | Path) -> str:
    """Return the name of a folder of images: ``Set5/HR`` is Set5."""
    folder = Path(folder).resolve()
    return folder.parent.name if folder.name.upper() == "HR" else folder.name


def pictures_of(folder: str | Path, scale: int) -> Iterator[Picture]:
    """Read a folder's pictures, without those too small for the window of SSIM."""
    return iter_pictures(folder, scale, min_side=2 + -(-SSIM_WINDOW // scale), grey=True)


def score(folder: str | Path, methods: Sequence[Method]) -> list[Row]:
    """Measure methods of one scale on a folder of full-size images.

    Parameters
    ----------
    folder : path
        Its pictures are shrunk by `training.evaluation.degrade.shrink`, one at a time.
    methods : sequence of Method
        At least one.

    Returns
    -------
    list of dict
        For each method one row per image, then their mean. `scale` pixels at each side are not
        measured.
    """
    scale = methods[0].scale
    rows: dict[str, list[Row]] = {method.name: [] for method in methods}
    for picture in pictures_of(folder, scale):
        for method in methods:
            result = method.upscale(picture.lr)
            rows[method.name].append(
                {
                    "set": set_name(folder),
                    "scale": scale,
                    "method": method.name,
                    "image": str(picture.path.relative_to(folder)),
                    "psnr_y": psnr_y(result, picture.hr, shave=scale),
                    "ssim_y": ssim_y(result, picture.hr, shave=scale),
                    "psnr_rgb": psnr_rgb(result, picture.hr, shave=scale),
                    "flat_noise": flat_noise(result, picture.hr),
                }
            )
    for found in rows.values():
        means = {key: mean([row[key] for row in found]) for key in FIGURES}
        found.append({**found[0], "image": MEAN, **means})
    return [row for found in rows.values() for row in found]


def mean(values: Sequence[float]) -> float:
    """Return the mean of the values that are there: not every image has flat samples."""
    there = [value for value in values if not np.isnan(value)]
    return float(np.mean(there)) if there else float("nan")


def figures(method: Method, folders: Mapping[str, str | Path]) -> dict[str, dict[str, float]]:
    """Return the mean figures of a method on sets of images, as cards have them.

    Parameters
    ----------
    method : Method
    folders : mapping of str to path
        Folder of full-size images of each set.
    """
    means = {name: score(folder, [method])[-1] for name, folder in folders.items()}
    return {
        name: {"psnr_y": round(row["psnr_y"], 4), "ssim_y": round(row["ssim_y"], 5)}
        for name, row in means.items()
    }


def methods_of(
    models: Sequence[str | Path], rivals: Sequence[str], scale: int | None
) -> list[list[Method]]:
    """Open everything that is to be compared, by scale: bicubic, rivals, models."""
    opened = [(model, open_model(model, scale)) for model in models]
    short = [Path(model).name for model in models]
    scales = {upscaler.scale for _, upscaler in opened} or ({scale} if scale else set())
    if not scales:
        raise TrainingError("rivals alone need a scale: --scale 2, 3 or 4")
    groups = []
    for r in sorted(scales):
        names = dict.fromkeys((BICUBIC, *rivals))  # each once, in the order given
        group = [rival(name, r) for name in names]
        for model, upscaler in opened:
            name = Path(model).name
            label = name if short.count(name) == 1 else str(model)
            if upscaler.scale == r and label not in {method.name for method in group}:
                group.append(model_method(upscaler, label))
        groups.append(group)
    return groups


def write_csv(rows: Sequence[Row], path: str | Path) -> None:
    """Write all rows, atomically."""
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, FIELDS)
    writer.writeheader()
    for row in rows:
        rounded = {key: f"{row[key]:.5f}" for key in FIGURES}
        writer.writerow({**row, **rounded})
    write_atomically(path, text.getvalue().encode())


def print_figures(
    models: Sequence[str | Path],
    folders: Sequence[str | Path],
    *,
    rivals: Sequence[str] = (),
    scale: int | None = None,
    csv_file: str | Path | None = None,
    plot_file: str | Path | None = None,
) -> None:
    """Print a line per set and method, bicubic first; the ``evaluate`` command.

    Parameters
    ----------
    models : sequence of path or str
        Model files and names of shipped models; may be empty.
    folders : sequence of path
        Full-size images.
    rivals : sequence of str
        Of `training.evaluation.methods.RIVALS`.
    scale : int, optional
        Needed for a shipped model, and for rivals alone.
    csv_file, plot_file : path, optional
        Files for a row per image, and for the means as bars.
    """
    for file in (csv_file, plot_file):
        if file is not None:
            make_folder(Path(file).parent)  # an error there shows before the work
    if plot_file is not None and Path(plot_file).suffix.lower() != ".png":
        raise TrainingError(f"the plot is a .png file, got {plot_file}")
    groups = methods_of(models, rivals, scale)
    rows: list[Row] = []
    wide = max([len("method"), *(len(method.name) for group in groups for method in group)])
    print(f"{'set':<12} {'scale':>5}  {'method':<{wide}} {'PSNR-Y':>7} {'SSIM-Y':>7} {'CPSNR':>7}")
    for folder in folders:
        for group in groups:
            found = score(folder, group)
            rows += found
            for row in found:
                if row["image"] == MEAN:
                    print(
                        f"{row['set']:<12} {'x' + str(row['scale']):>5}  {row['method']:<{wide}} "
                        f"{row['psnr_y']:7.2f} {row['ssim_y']:7.4f} {row['psnr_rgb']:7.2f}",
                        flush=True,
                    )
    if csv_file is not None:
        write_csv(rows, csv_file)
    if plot_file is not None:
        # Imported here: printing needs no matplotlib.
        from training.evaluation.plots import draw_bars

        draw_bars([row for row in rows if row["image"] == MEAN], plot_file)
