"""What a model of the family eclut must have."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from .._engine import SCALES
from .._modelfile.files import cut, listing, short

if TYPE_CHECKING:
    from .._modelfile import Model


def check_model(model: Model) -> None:
    """Check the parameters and the table of an eclut model.

    Raises
    ------
    ValueError
        If something is missing, wrong or not known. The message begins with its name.
    """
    r = model.scale
    if r not in SCALES:
        raise ValueError(f"scale: got {r!r}, wanted one of {SCALES}")
    if set(model.parameters) - {"relative"} != {"expand_shift"}:
        raise ValueError(
            f"parameters: got {cut(listing(model.parameters))}, wanted 'expand_shift', and "
            "perhaps 'relative'"
        )
    relative = model.parameters.get("relative", False)
    if type(relative) is not bool:
        raise ValueError(f"relative: got {short(relative)}, wanted true or false")
    shift = model.parameters["expand_shift"]
    if type(shift) is not int or shift not in (1, r):
        raise ValueError(f"expand_shift: got {short(shift)}, wanted 1 or the scale, {r}")
    if set(model.tables) != {"lut"}:
        raise ValueError(f"tables: got {cut(listing(model.tables))}, wanted 'lut' alone")
    lut = model.tables["lut"]
    if lut.dtype != np.int8 or lut.shape != (256, 256, 9, r, r):
        raise ValueError(
            f"tables: 'lut' is {lut.dtype} {lut.shape}, wanted int8 {(256, 256, 9, r, r)}"
        )
