"""The README's figure: quality against time, one labelled point per method."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

from training.files import make_folder, write_atomically

from .records import Times

SET = "Set14"
#: Positions of a label: offset from its marker in points, and alignment.
ABOVE, BELOW = (0, 9, "center", "bottom"), (0, -9, "center", "top")
BELOW_RIGHT = (6, -3, "left", "top")
RIGHT, LEFT = (9, 0, "left", "center"), (-9, 0, "right", "center")


def points(compare: dict[str, Any], quality: dict[str, Any]) -> list[tuple[str, float, float]]:
    """Return label, milliseconds and PSNR of each method, x4; of lutsr with two workers, too."""
    times = Times(compare["entries"])
    found = []
    for row in quality["entries"]:
        apart = row["method"].endswith("channels apart")
        if row["set"] != SET or row["scale"] != 4 or apart:
            continue
        name = row["method"]
        for threads in (1, 2) if name.startswith("lutsr") else (1,):
            seconds = times(name, threads=threads)
            if seconds is not None:
                label = name if threads == 1 else f"{name}, 2 workers"
                found.append((label, 1e3 * seconds, row["psnr_y"]))
    return found


def draw(found: list[tuple[str, float, float]], height: int, width: int, path: Path) -> None:
    """Draw the points and write a PNG file atomically.

    Parameters
    ----------
    found : list of (label, milliseconds, PSNR)
    height, width : int
        Size of the image that was timed.
    path : Path
    """
    from matplotlib.figure import Figure

    figure = Figure(figsize=(10, 6.2), dpi=120, layout="constrained")
    axes = figure.subplots()
    milliseconds, psnr = [x for _, x, _ in found], [y for *_, y in found]
    spread = max(psnr) - min(psnr)
    axes.set_xscale("log")
    axes.set_xlim(min(milliseconds) / 5, max(milliseconds) * 6)
    axes.set_ylim(min(psnr) - 0.12 * spread, max(psnr) + 0.16 * spread)
    axes.xaxis.set_major_formatter("{x:,.0f}")
    axes.set_xlabel(
        f"time to enlarge {width} x {height} RGB four times, ms "
        "(log scale, one thread unless said; left is better)"
    )
    axes.set_ylabel(f"PSNR-Y on {SET} x4, dB (up is better)")
    axes.grid(which="major", alpha=0.3)
    axes.set_axisbelow(True)
    for label, x, y in found:
        colour = "tab:red" if label.startswith("lutsr") else "tab:blue"
        inside = "white" if label.endswith("workers") else colour
        axes.plot(x, y, "o", color=colour, ms=9, mfc=inside, mew=1.8, zorder=3)
    if any(label.endswith("workers") for label, *_ in found):
        axes.plot([], [], "o", color="tab:red", ms=9, mfc="white", mew=1.8, label="2 workers")
        axes.legend(loc="lower right")
    figure.draw_without_rendering()  # sets the position of the axes
    _label(axes, found)
    content = io.BytesIO()
    figure.savefig(content, format="png")
    make_folder(path.parent)
    write_atomically(path, content.getvalue())
    print(f"wrote {path}")


def _label(axes: Any, found: list[tuple[str, float, float]]) -> None:
    """Write a label beside each marker, where it overlaps no other marker or label.

    Markers of two workers have none: they are left of that of one, at the same height.
    """
    from matplotlib.transforms import Bbox

    pixels = axes.transData.transform([(x, y) for _, x, y in found])
    taken = [Bbox.from_bounds(x - 10, y - 10, 20, 20) for x, y in pixels]
    frame = axes.get_window_extent()
    for k in sorted(range(len(found)), key=lambda k: not found[k][0].startswith("lutsr")):
        label, x, y = found[k]
        if label.endswith("workers"):
            continue
        ours = label.startswith("lutsr")
        for dx, dy, across, up in _order(ours):
            text = axes.annotate(
                label, (x, y), (dx, dy), textcoords="offset points", ha=across, va=up,
                fontsize=10, fontweight="bold" if ours else "normal",
            )  # fmt: skip
            box = text.get_window_extent().padded(2)
            others = [other for n, other in enumerate(taken) if n != k]
            if _within(box, frame) and not any(box.overlaps(other) for other in others):
                break
            text.remove()
        else:  # no free position: overlap is better than no label
            text = axes.annotate(label, (x, y), (0, 9), textcoords="offset points", ha="center")
        taken.append(text.get_window_extent())


def _order(ours: bool) -> tuple[tuple[int, int, str, str], ...]:
    """Return the positions of a label, the best one first."""
    sides, others = (RIGHT, LEFT), (ABOVE, BELOW)
    return (*sides, *others, BELOW_RIGHT) if ours else (*others, *sides, BELOW_RIGHT)


def _within(box: Any, frame: Any) -> bool:
    across = frame.x0 < box.x0 and box.x1 < frame.x1
    return bool(across and frame.y0 < box.y0 and box.y1 < frame.y1)
