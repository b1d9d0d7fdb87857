"""The table and the figure of ``docs/published_tables.md``, from the results of ``published``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from training.files import write_atomically

from . import figure
from .tables import table

#: The table stands between these lines of the document.
BEGIN, END = "<!-- python -m benchmarks.published -->", "<!-- end -->"
SET_NAMES = ("Set5", "Set14")


def table_of(results: dict[str, Any]) -> str:
    """Return the table of all models."""
    area = results["height"] * results["width"]
    height, width = results["numpy_size"]
    second = all("two_s" in entry for entry in results["entries"])
    rows = []
    for entry in results["entries"]:
        slower = entry["numpy_s"] / entry["cpu_s"] * area / (height * width)
        rows.append(
            [
                entry["name"],
                f"{entry['bytes'] / 1e3:,.0f}",
                _pair(entry["published"]),
                _pair(entry["psnr_y"]),
                f"{entry['cpu_s']:.3f}",
                *([f"{entry['one_s'] / entry['two_s']:.2f}"] if second else []),
                f"{entry['numpy_s']:.2f}",
                f"{slower:,.0f}",
            ]
        )
    times = ["time, s", "2 workers"] if second else ["time, s"]
    return table(["model", "tables, kB", "published", "lutsr", *times, "NumPy, s", "ratio"], rows)


def _pair(figures: dict[str, float]) -> str:
    return " / ".join(f"{figures[name]:.2f}" for name in SET_NAMES if name in figures)


def points(results: dict[str, Any]) -> list[tuple[str, float, float]]:
    """Return label, milliseconds and PSNR of all models."""
    return [
        (entry["name"], 1e3 * entry["cpu_s"], entry["psnr_y"][figure.SET])
        for entry in results["entries"]
        if figure.SET in entry["psnr_y"]
    ]


def write(results: dict[str, Any], document: Path, picture: Path) -> None:
    """Replace the table in the document, and draw the figure."""
    text = document.read_text(encoding="utf-8")
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not (begin and end):
        raise SystemExit(f"{document}: wanted a line {BEGIN} and a line {END} after it")
    new = f"{before}{BEGIN}\n\n{table_of(results)}\n\n{END}{after}"
    write_atomically(document, new.encode())
    print(f"wrote {document}")
    found = points(results)
    if found:
        figure.draw(found, results["height"], results["width"], picture)
