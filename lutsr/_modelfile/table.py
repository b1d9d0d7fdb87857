"""What `lutsr.load` uses until it takes a `Model` and no `expand_shift`; it goes then."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from . import shipped
from .model import Model
from .read import read_model


@dataclass(frozen=True)
class Table:
    """A table of the family eclut."""

    model: str
    scale: int
    expand_shift: int
    lut: NDArray[np.int8]
    card: dict[str, Any] | None


def read_shipped(name: str, scale: int) -> Table:
    """Read a shipped table."""
    return _table(shipped.read_shipped(name, scale))


def read_table(
    path: str | os.PathLike[str], scale: int | None = None, expand_shift: int | None = None
) -> Table:
    """Read a table file, with its card or with `expand_shift`."""
    path = Path(path)
    if expand_shift is None or os.path.lexists(path.with_suffix(".json")) or not path.exists():
        table = _table(read_model(path, scale))
        if expand_shift not in (None, table.expand_shift):
            raise ValueError(
                f"expand_shift: got {expand_shift}, and {path.with_suffix('.json')} says "
                f"{table.expand_shift}"
            )
        return table
    lut = np.load(path, allow_pickle=False)
    lut.flags.writeable = False
    if scale not in (None, lut.shape[-1]):
        raise ValueError(f"scale: got {scale!r}, and {path} is a table for {lut.shape[-1]}")
    return Table(path.stem, lut.shape[-1], expand_shift, lut, None)


def _table(model: Model) -> Table:
    lut, shift = model.tables["lut"], model.parameters["expand_shift"]
    return Table(model.name, model.scale, shift, lut, model.card)
