"""Models made of the table files that the authors of other methods have published.

No such file comes with lutsr: whoever has one can use it. Each function returns a model that gives
the same integers as its authors' program.
"""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np

from .._modelfile import Model
from .published_files import read_array

#: SR-LUT's patterns by name: offsets of a pixel's indices, and how many bits a table may drop.
SRLUT_PATTERNS = {
    "S": ([(0, 0), (0, 1), (1, 0), (1, 1)], range(3, 9)),
    "F": ([(0, 0), (0, 1), (0, 2)], range(3, 9)),
    "V": ([(0, 0), (0, 1)], range(1)),
}


def srlut(path: str | os.PathLike[str], *, corrected: bool = False) -> Model:
    """Return SR-LUT's model from one of its files.

    Parameters
    ----------
    path : str or path
        As ``Model_S_x4_4bit_int8.npy``. Pattern (S, F, V), scale and interval follow from the
        shape of the table.
    corrected : bool, optional
        Whether to interpolate correctly everywhere. By default the one simplex of S that the
        published program takes wrongly is taken as there.

    Raises
    ------
    ValueError
        If the file is no table of SR-LUT.
    """
    path = Path(path)
    table = read_array(path)
    lengths = {
        (256 // 2**bits + 1) ** len(offsets): (pattern, bits)
        for pattern, (offsets, all_bits) in SRLUT_PATTERNS.items()
        for bits in all_bits
    }
    square = table.ndim == 4 and table.shape[1] == 1 and table.shape[2] == table.shape[3]
    if table.dtype != np.int8 or not square or len(table) not in lengths:
        raise ValueError(
            f"{path}: got {table.dtype} of shape {table.shape}, wanted int8 of shape "
            "(levels ** indices, 1, r, r), as SR-LUT's authors have published"
        )
    pattern, bits = lengths[len(table)]
    r = table.shape[-1]
    look_up = {
        "table": "lut",
        "in": "image",
        "taps": [[[dy, dx, 0] for dy, dx in SRLUT_PATTERNS[pattern][0]]],
        "step": 2**bits,
        "walk": "srlut" if pattern == "S" and not corrected else "simplex",
        "border": "reflect",
    }
    stage = {
        "out": "result",
        "rotations": 4,
        "layers": [{"out": "cells", "look_ups": [look_up], "place": {"cells": r}}],
        "divisor": 2**bits,
        "clamp": [0, 255],
    }
    lut = table.reshape(1, len(table), r * r)
    return Model(path.stem, r, "chain", {"stages": [stage]}, {"lut": lut})
