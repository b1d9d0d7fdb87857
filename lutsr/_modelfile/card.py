"""Reading cards: every field is checked before any is used.

Format 1 is the family eclut alone, with one table in its own shape. Format 2 names the family and
its parameters, and places any number of tables in one flat array.
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from .._engine import SCALES
from .families import check_family
from .files import cut, listing, open_file, short
from .model import DTYPES, plain_parameters

FORMATS = (1, 2)

#: Longest card in bytes.
LONGEST_CARD = 1 << 20

#: Most bytes of tables in one file.
LARGEST_TABLES = 1 << 28

#: Longest name of a model or table, and most axes of a table.
LONGEST_NAME, MOST_AXES = 200, 8

#: Precision of the entries in format 1: quarter levels. No other value has been used.
SHIFT = 2

_FIELDS = {
    1: {
        "model": str,
        "scale": int,
        "expand_shift": int,
        "shift": int,
        "sha256": str,
        "metrics": dict,
    },
    2: {
        "family": str,
        "model": str,
        "scale": int,
        "parameters": dict,
        "tables": list,
        "sha256": str,
    },
}


@dataclass(frozen=True)
class Place:
    """Name, offset, shape and type of a table in a table file."""

    name: str
    offset: int  # in bytes
    shape: tuple[int, ...]
    dtype: np.dtype[Any]

    @property
    def size(self) -> int:
        """Number of entries."""
        return math.prod(self.shape)

    @property
    def nbytes(self) -> int:
        """Number of bytes."""
        return self.size * self.dtype.itemsize


@dataclass(frozen=True)
class Card:
    """A checked card, the same for all formats.

    Attributes
    ----------
    model, family : str
    scale : int
    parameters : dict
    places : tuple of Place
        Where the tables are, in the order of the card; there are no gaps between them.
    shape : tuple of int
        Shape of the int8 array in the table file.
    sha256 : str
        Of the table file, in hexadecimal.
    psnr_y : dict of str to float
        PSNR on luma in dB, by test set.
    fields : dict
        The whole card as it was read.
    """

    model: str
    family: str
    scale: int
    parameters: dict[str, Any]
    places: tuple[Place, ...]
    shape: tuple[int, ...]
    sha256: str
    psnr_y: dict[str, float]
    fields: dict[str, Any]


def read_card(path: Path) -> Card:
    """Read and check a card.

    Raises
    ------
    ValueError
        If something is wrong with it; the message names the file and the field.
    OSError
        If the file cannot be read.
    """
    with open_file(path, "card") as file:
        content = file.read(LONGEST_CARD + 1)
    try:
        return parse_card(content)
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from error


def parse_card(content: bytes) -> Card:
    """Check the content of a card; errors name the field."""
    if len(content) > LONGEST_CARD:
        raise ValueError(f"not a card: longer than {LONGEST_CARD} bytes")
    try:
        card = json.loads(content.decode("utf-8"))
    except (ValueError, RecursionError) as error:
        raise ValueError(f"not a card: {cut(str(error))}") from error
    if not isinstance(card, dict):
        raise ValueError("not a card: wanted a JSON object")
    version = card.get("format_version")
    if type(version) is not int or version not in FORMATS:
        raise ValueError(f"format_version is {short(version)}, and this lutsr reads {FORMATS}")
    for name, kind in _FIELDS[version].items():
        if type(card.get(name)) is not kind:
            raise ValueError(f"{name} is {short(card.get(name))}, wanted {kind.__name__}")
    if card["scale"] not in SCALES:
        raise ValueError(f"scale is {short(card['scale'])}, wanted one of {SCALES}")
    return (_format_1 if version == 1 else _format_2)(card, _psnr_y(card))


def _format_1(card: dict[str, Any], psnr_y: dict[str, float]) -> Card:
    if card["shift"] != SHIFT:
        raise ValueError(f"shift is {short(card['shift'])}, and this lutsr reads {SHIFT}")
    r = card["scale"]
    shape = (256, 256, 9, r, r)
    return Card(
        model=card["model"],
        family="eclut",
        scale=r,
        parameters={"expand_shift": card["expand_shift"]},
        places=(Place("lut", 0, shape, DTYPES["int8"]),),
        shape=shape,
        sha256=card["sha256"],
        psnr_y=psnr_y,
        fields=card,
    )


def _format_2(card: dict[str, Any], psnr_y: dict[str, float]) -> Card:
    check_family(card["family"])
    parameters = plain_parameters(card["parameters"])
    places = _places(card["tables"])
    return Card(
        model=card["model"],
        family=card["family"],
        scale=card["scale"],
        parameters=parameters,
        places=places,
        shape=(sum(place.nbytes for place in places),),
        sha256=card["sha256"],
        psnr_y=psnr_y,
        fields=card,
    )


def _psnr_y(card: dict[str, Any]) -> dict[str, float]:
    """Return the figures of the field ``metrics``, which format 2 may leave out."""
    metrics = card.get("metrics", {})
    if type(metrics) is not dict:
        raise ValueError(f"metrics is {short(metrics)}, wanted dict")
    for name, row in metrics.items():
        found: Any = row.get("psnr_y") if isinstance(row, dict) else None
        if type(found) not in (int, float) or not -1000 < found < 1000:
            raise ValueError(
                f"metrics of {short(name)} are {short(row)}, wanted an object with a number psnr_y"
            )
    return {name: row["psnr_y"] for name, row in metrics.items()}


def _places(tables: list[Any]) -> tuple[Place, ...]:
    """Check the field ``tables`` of format 2: the tables fill the array without gap or overlap."""
    found = [_place(table, f"tables[{number}]") for number, table in enumerate(tables)]
    if not found:
        raise ValueError("tables is [], wanted at least one table")
    first: dict[str, int] = {}
    for number, place in enumerate(found):
        if first.setdefault(place.name, number) != number:
            raise ValueError(
                f"tables[{number}].name is {short(place.name)}, as is that of "
                f"tables[{first[place.name]}]; wanted one name for each"
            )
    end = 0
    for place in sorted(found, key=lambda place: place.offset):
        if place.offset != end:
            trouble = (
                "bytes before it belong to no table"
                if place.offset > end
                else "it overlaps the table before it"
            )
            raise ValueError(
                f"tables[{first[place.name]}].offset is {place.offset}, wanted {end}: {trouble}"
            )
        end += place.nbytes
        if end > LARGEST_TABLES:
            raise ValueError(f"tables: longer than {LARGEST_TABLES} bytes")
    return tuple(found)


def _place(table: Any, where: str) -> Place:
    """Check one item of the field ``tables``."""
    if type(table) is not dict:
        raise ValueError(f"{where} is {short(table)}, wanted dict")
    found: Any = table.get  # typed as Any: values may be of any type
    name, offset, shape, dtype = map(found, ("name", "offset", "shape", "dtype"))
    if type(name) is not str or not 0 < len(name) <= LONGEST_NAME:
        raise ValueError(f"{where}.name is {short(name)}, wanted 1 to {LONGEST_NAME} characters")
    if not _is_count(offset, 0):
        raise ValueError(
            f"{where}.offset is {short(offset)}, wanted an integer from 0 to {LARGEST_TABLES}"
        )
    if (
        type(shape) is not list
        or not 1 <= len(shape) <= MOST_AXES
        or not all(_is_count(length, 1) for length in shape)
    ):
        raise ValueError(
            f"{where}.shape is {short(shape)}, wanted 1 to {MOST_AXES} integers from 1 to "
            f"{LARGEST_TABLES}"
        )
    if type(dtype) is not str or dtype not in DTYPES:
        raise ValueError(f"{where}.dtype is {short(dtype)}, wanted one of {listing(DTYPES)}")
    return Place(name, offset, tuple(shape), DTYPES[dtype])


def _is_count(value: Any, least: int) -> bool:
    return type(value) is int and least <= value <= LARGEST_TABLES
