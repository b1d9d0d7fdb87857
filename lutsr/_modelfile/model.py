"""A model in memory, whether read from files or made by a program."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

#: Types of table entries; files hold them as little-endian bytes.
DTYPES = {name: np.dtype(name) for name in ("int8", "uint8", "int16", "int32")}


@dataclass(frozen=True, eq=False)
class Model:
    """The tables of a model, and all that is needed to compute with them.

    Attributes
    ----------
    name : str
    scale : int
        Upscaling factor r.
    family : str
        Method that computes with the tables, one of ``lutsr._engine.FAMILIES``.
    parameters : mapping of str to JSON values
        What the family needs beside the tables. A copy, in plain JSON types: tuples become lists.
    tables : mapping of str to ndarray
        int8, uint8, int16 or int32; C order, native byte order, read-only. Writable arrays are
        copied.
    card : dict or None
        The card that the model was read with; None for a model made in memory.
    """

    name: str
    scale: int
    family: str
    parameters: Mapping[str, Any]
    tables: Mapping[str, NDArray[Any]] = field(repr=False)
    card: dict[str, Any] | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        parameters = plain_parameters(self.parameters)
        tables = {name: _read_only(name, table) for name, table in self.tables.items()}
        object.__setattr__(self, "parameters", MappingProxyType(parameters))
        object.__setattr__(self, "tables", MappingProxyType(tables))

    def __reduce__(self) -> tuple[type[Model], tuple[Any, ...]]:
        parameters, tables = dict(self.parameters), dict(self.tables)
        return Model, (self.name, self.scale, self.family, parameters, tables, self.card)

    @cached_property
    def digest(self) -> str:
        """SHA-256, in hexadecimal, of all that the results depend on.

        That is family, scale, parameters and tables; not the name, the card, or the file format.
        """
        tables = sorted(self.tables.items())
        described = {
            "family": self.family,
            "scale": self.scale,
            "parameters": dict(self.parameters),
            "tables": [[name, table.dtype.name, table.shape] for name, table in tables],
        }
        found = hashlib.sha256(canonical_json(described).encode())
        for _, table in tables:
            found.update(little_endian(table).data)
        return found.hexdigest()


def canonical_json(value: Any) -> str:
    """Return the one JSON text of a value: keys sorted, no spaces, no NaN."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False)


def plain_parameters(parameters: Mapping[str, Any]) -> dict[str, Any]:
    """Return a copy of a model's parameters in plain JSON types.

    Raises
    ------
    ValueError
        If they are no JSON: of another type, NaN, infinite, or nested too deep.
    """
    try:
        plain: dict[str, Any] = json.loads(canonical_json(dict(parameters)))
    except (TypeError, ValueError, RecursionError) as error:
        raise ValueError(f"parameters: cannot be written as JSON: {error}") from error
    return plain


def little_endian(table: NDArray[Any]) -> NDArray[Any]:
    """Return a table in little-endian byte order."""
    return table.astype(table.dtype.newbyteorder("<"), copy=False)


def _read_only(name: str, table: NDArray[Any]) -> NDArray[Any]:
    table = np.asarray(table)
    if table.dtype.name not in DTYPES:
        raise ValueError(
            f"tables: dtype of {name!r} is {table.dtype}, wanted one of {', '.join(DTYPES)}"
        )
    flags = table.flags
    usable = flags.c_contiguous and flags.aligned and table.dtype.isnative
    if flags.writeable or not usable:
        table = np.array(table, table.dtype.newbyteorder("="), order="C")
        table.flags.writeable = False
    return table
