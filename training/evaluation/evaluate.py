"""Quality figures of tables, through lutsr itself, beside rivals: printed, as CSV, as a plot."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

import lutsr
from training.errors import TrainingError
from training.evaluation.methods import BICUBIC, Upscale, rival
from training.evaluation.metrics import psnr_y, ssim_y
from training.evaluation.pictures import Picture, iter_pictures
from training.files import make_folder, write_atomically

SSIM_WINDOW = 11
FIELDS = ("set", "scale", "method", "image", "psnr_y", "ssim_y")
#: What stands for the image in a row of means.
MEAN = "mean"


@dataclass(frozen=True)
class Method:
    """A way to enlarge uint8 RGB images by a scale."""

    name: str
    scale: int
    upscale: Upscale


def set_name(folder: str | Path) -> str:
    """Name a folder of images: ``Set5/HR`` is Set5."""
    folder = Path(folder).resolve()
    return folder.parent.name if folder.name.upper() == "HR" else folder.name


def open_table(table: str | Path, scale: int | None) -> lutsr.Upscaler:
    """Load a table file or a shipped model.

    Raises
    ------
    TrainingError
        If that is not possible; says why.
    """
    try:
        return lutsr.load(table, scale)
    except (OSError, ValueError) as error:
        raise TrainingError(f"cannot load {table}: {error}") from error


def table_method(name: str, upscaler: lutsr.Upscaler) -> Method:
    """Make a method of a table."""
    return Method(name, upscaler.scale, lambda image: upscaler(image, channel_axis=-1))


def pictures_of(folder: str | Path, scale: int) -> Iterator[Picture]:
    """Read a folder's pictures, less those that shaving would make smaller than SSIM's window."""
    return iter_pictures(folder, scale, min_side=2 + -(-SSIM_WINDOW // scale), grey=True)


def score(folder: str | Path, methods: Sequence[Method]) -> list[dict[str, Any]]:
    """Figures of methods of one scale on a folder of HR images, `scale` pixels shaved all round.

    Parameters
    ----------
    folder : path
        Its pictures are shrunk by `training.evaluation.degrade.shrink`, one at a time.
    methods : sequence of Method
        At least one.

    Returns
    -------
    list of dict
        Rows as the CSV has them: for each method one per image, then their mean.
    """
    scale = methods[0].scale
    rows: dict[str, list[dict[str, Any]]] = {method.name: [] for method in methods}
    for picture in pictures_of(folder, scale):
        for method in methods:
            result = method.upscale(picture.lr)
            row = {"set": set_name(folder), "scale": scale, "method": method.name}
            row["image"] = str(picture.path.relative_to(folder))
            row["psnr_y"] = psnr_y(result, picture.hr, shave=scale)
            row["ssim_y"] = ssim_y(result, picture.hr, shave=scale)
            rows[method.name].append(row)
    means = [
        {
            **found[0],
            "image": MEAN,
            **{key: float(np.mean([row[key] for row in found])) for key in ("psnr_y", "ssim_y")},
        }
        for found in rows.values()
    ]
    return [row for found, mean in zip(rows.values(), means, strict=True) for row in (*found, mean)]


def figures(
    table: str | Path | None,
    folders: Sequence[str | Path],
    *,
    scale: int | None = None,
) -> list[dict[str, float]]:
    """Figures of one table on each folder of HR images.

    Parameters
    ----------
    table : path, str or None
        A table file, the name of a shipped model, or None for bicubic.
    folders : sequence of path
        HR images; the inputs are made from them by `training.evaluation.degrade.shrink`.
    scale : int, optional
        Needed for a shipped model and for bicubic.
    """
    if table is not None:
        method = table_method(str(table), open_table(table, scale))
    elif scale is None:
        raise ValueError("scale must be given for bicubic (table=None)")
    else:
        method = Method(BICUBIC, scale, rival(BICUBIC, scale))
    means = [score(folder, [method])[-1] for folder in folders]
    return [{"psnr_y": round(row["psnr_y"], 4), "ssim_y": round(row["ssim_y"], 5)} for row in means]


def methods_of(
    tables: Sequence[str | Path],
    rivals: Sequence[str],
    scale: int | None,
) -> list[list[Method]]:
    """Open everything that is to be compared: bicubic, rivals and tables, scale by scale."""
    opened = [(table, open_table(table, scale)) for table in tables]
    short = [Path(table).name for table in tables]
    scales = {upscaler.scale for _, upscaler in opened} or ({scale} if scale else set())
    if not scales:
        raise TrainingError("rivals alone need a scale: --scale 2, 3 or 4")
    groups = []
    for r in sorted(scales):
        names = dict.fromkeys((BICUBIC, *rivals))  # each once, in the order given
        group = [Method(name, r, rival(name, r)) for name in names]
        for table, upscaler in opened:
            name = Path(table).name
            label = name if short.count(name) == 1 else str(table)
            if upscaler.scale == r and label not in {method.name for method in group}:
                group.append(table_method(label, upscaler))
        groups.append(group)
    return groups


def write_csv(rows: Sequence[dict[str, Any]], path: str | Path) -> None:
    """Write all rows, atomically."""
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, FIELDS)
    writer.writeheader()
    for row in rows:
        writer.writerow({**row, "psnr_y": f"{row['psnr_y']:.4f}", "ssim_y": f"{row['ssim_y']:.5f}"})
    write_atomically(path, text.getvalue().encode())


def draw_bars(rows: Sequence[dict[str, Any]], path: str | Path) -> None:
    """Draw mean PSNR-Y as bars: a panel per scale, a group per set, a colour per method."""
    # Here, so that printing figures does without matplotlib.
    from matplotlib import colormaps
    from matplotlib.figure import Figure

    from training.curves import save_figure

    means = [row for row in rows if row["image"] == MEAN and math.isfinite(row["psnr_y"])]
    if not means:
        raise TrainingError(f"cannot draw {path}: no method has a finite PSNR")
    scales = sorted({row["scale"] for row in means})
    widest = max(sum(row["scale"] == r for row in means) for r in scales)
    size = (max(7.0, 1.5 + 0.62 * widest), 0.6 + 3.8 * len(scales))
    figure = Figure(figsize=size, dpi=110, layout="constrained")
    for panel, r in zip(figure.subplots(len(scales), 1, squeeze=False)[:, 0], scales, strict=True):
        here = [row for row in means if row["scale"] == r]
        sets = list(dict.fromkeys(row["set"] for row in here))
        methods = list(dict.fromkeys(row["method"] for row in here))
        width = 0.86 / len(methods)
        for number, method in enumerate(methods):
            own = [row for row in here if row["method"] == method]
            places = [sets.index(row["set"]) + (number + 0.5) * width - 0.43 for row in own]
            values = [row["psnr_y"] for row in own]
            colour = colormaps["tab10" if len(methods) <= 10 else "tab20"](number)
            bars = panel.bar(places, values, 0.92 * width, label=method, color=colour)
            panel.bar_label(bars, fmt="%.2f", fontsize=8, padding=2)
        values = [row["psnr_y"] for row in here]
        # Differences are what is to be seen; the axis says where it starts.
        low = math.floor(min(values)) - 1
        panel.set_ylim(low, max(values) + 0.08 * (max(values) - low))
        panel.set_xticks(range(len(sets)), sets)
        panel.set_ylabel(f"PSNR-Y (dB), from {low}")
        panel.set_title(f"x{r}")
        panel.grid(axis="y", alpha=0.3)
        panel.set_axisbelow(True)
        panel.legend(loc="center left", bbox_to_anchor=(1.0, 0.5), frameon=False, fontsize=9)
    save_figure(figure, path)


def print_figures(
    tables: Sequence[str | Path],
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
    tables : sequence of path or str
        Table files and names of shipped models; may be empty.
    folders : sequence of path
        HR images.
    rivals : sequence of str
        Of `training.evaluation.methods.RIVALS`.
    scale : int, optional
        Needed for a shipped model, and for rivals alone.
    csv_file, plot_file : path, optional
        Where a row per image, and the means as bars, are to go.
    """
    for file in filter(None, (csv_file, plot_file)):
        make_folder(Path(file).parent)  # what is wrong there should show now, not at the end
    if plot_file is not None and Path(plot_file).suffix.lower() != ".png":
        raise TrainingError(f"the plot is a .png file, got {plot_file}")
    groups = methods_of(tables, rivals, scale)
    rows: list[dict[str, Any]] = []
    wide = max([len("method"), *(len(method.name) for group in groups for method in group)])
    print(f"{'set':<12} {'scale':>5}  {'method':<{wide}} {'PSNR-Y':>7} {'SSIM-Y':>7}")
    for folder in folders:
        for group in groups:
            found = score(folder, group)
            rows += found
            for row in found:
                if row["image"] == MEAN:
                    print(
                        f"{row['set']:<12} {'x' + str(row['scale']):>5}  {row['method']:<{wide}} "
                        f"{row['psnr_y']:7.2f} {row['ssim_y']:7.4f}",
                        flush=True,
                    )
    if csv_file is not None:
        write_csv(rows, csv_file)
    if plot_file is not None:
        draw_bars(rows, plot_file)
