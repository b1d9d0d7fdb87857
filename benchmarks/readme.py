"""The README's tables, from the saved results.

A table stands between the lines ``<!-- table: NAME -->`` and ``<!-- end of table -->``.
"""

from __future__ import annotations

import re
from typing import Any

import lutsr_data

from .contenders import MODELS
from .records import Times
from .tables import milliseconds, table

START, END = "<!-- table: {name} -->", "<!-- end of table -->"
SETS = ("Set5", "Set14")
#: Rows of the table of models: the label, and the method in the results.
ROWS = {
    "bicubic (Pillow)": "Pillow BICUBIC",
    **{f"`{model}`": f"lutsr {model}" for model in MODELS},
    **{name: name for name in ("SR-LUT S", "MuLUT sdy-x2", "TinyLUT-S", "ShiftLUT s7")},
}


def models(files: dict[str, dict[str, Any]]) -> str:
    """Return the table of quality at all scales, and of time and size at x4."""
    psnr = {(e["method"], e["scale"], e["set"]): e["psnr_y"] for e in files["quality"]["entries"]}
    times = Times(files["compare"]["entries"])
    rows = []
    for label, method in ROWS.items():
        if (method, 4, SETS[0]) not in psnr:
            continue
        cells = [" / ".join(_figure(psnr.get((method, r, s))) for s in SETS) for r in (4, 3, 2)]
        path = lutsr_data.table_path(method.removeprefix("lutsr "), 4)
        size = f"{path.stat().st_size / 1e6:.1f}" if path.is_file() else ""
        cells = [cell if cell[0] != " " else "" for cell in cells]
        rows.append([label, *cells, milliseconds(times(method)), size])
    return table(["method", "x4", "x3", "x2", "x4, ms", "x4 tables, MB"], rows)


def _figure(value: float | None) -> str:
    return "" if value is None else f"{value:.2f}"


def resize(files: dict[str, dict[str, Any]]) -> str:
    """Return the table of quality of `lutsr.resize`."""
    entries = files["resize"]["entries"]
    psnr = {(e["scale"], e["method"], e["set"]): e["psnr_y"] for e in entries}
    rows = [
        [f"x{scale:g}", method, *(f"{psnr[scale, method, name]:.2f}" for name in SETS)]
        for scale, method in dict.fromkeys((e["scale"], e["method"]) for e in entries)
    ]
    return table(["scale", "method", *SETS], rows)


#: Tables, and the results that each is made of.
TABLES = {"models": (models, ("compare", "quality")), "resize": (resize, ("resize",))}


def fill(text: str, files: dict[str, dict[str, Any]]) -> str:
    """Return the README's text with its tables made from the results.

    A table whose results are missing stays as it is.

    Raises
    ------
    ValueError
        If the place of a table is missing.
    """
    for name, (make, needed) in TABLES.items():
        start = START.format(name=name)
        parts = re.split(f"({re.escape(start)}\\n).*?({END})", text, flags=re.DOTALL)
        if len(parts) != 4:
            count = len(parts) // 3
            raise ValueError(f"the text has {count} places {start!r} ... {END!r}, wanted one")
        before, opening, closing, after = parts
        if lacking := [each for each in needed if each not in files]:
            print(f"left table {name!r} as it is: no results of {', '.join(lacking)}")
            continue
        text = f"{before}{opening}\n{make(files)}\n\n{closing}{after}"
    return text
