"""Tables that authors of other methods have published, as model files of lutsr.

The tables are not part of the repository; they are read from ``../shared/peers`` where it exists.
"""

from __future__ import annotations

import tempfile
from functools import cache
from pathlib import Path

import lutsr

from .places import PEERS

#: Method for `lutsr.convert`, and path of the authors' files in ``peers``, by name in the tables.
TABLES = {
    "SR-LUT S": ("sr-lut", "sr-lut/Model_S_x{scale}_4bit_int8.npy"),
    "MuLUT sdy-x2": ("mulut", "mulut"),
    "TinyLUT-S": ("tinylut", "tinylut"),
    "ShiftLUT s7": ("shiftlut", "shiftlut/s7"),
}


def missing_tables(name: str, scale: int) -> str | None:
    """Return the reason why there is no model of a scale, or None."""
    path = TABLES[name][1].format(scale=scale)
    if scale != 4 and path == TABLES[name][1]:
        return "its authors have published tables of x4 only"
    return None if (PEERS / path).exists() else f"needs {path} in ../shared/peers"


@cache
def _folder() -> tempfile.TemporaryDirectory[str]:
    """Return a folder that is removed when the process ends."""
    return tempfile.TemporaryDirectory()


@cache
def model_file(name: str, scale: int) -> Path:
    """Convert the tables of `TABLES` once per process, and return the model's path."""
    method, path = TABLES[name]
    target = Path(_folder().name, f"{method}_x{scale}.npy")
    lutsr.convert(PEERS / path.format(scale=scale), target, method=method)
    return target
