"""Reading a table file together with its card."""

from __future__ import annotations

import hashlib
import io
import os
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

import numpy as np
from numpy.lib import format as npy_format
from numpy.typing import NDArray

from .._engine import FAMILIES
from .card import Card, read_card
from .families import check_model
from .files import cut, listing, open_file, short
from .model import Model
from .packed import SUFFIX, unpack

#: Longest header of a table file in bytes; NumPy has the same limit.
LONGEST_HEADER = 10_000


class _Header(NamedTuple):
    shape: tuple[int, ...]
    start: int  # offset of the entries in the file


def read_model(path: str | os.PathLike[str], scale: int | None = None) -> Model:
    """Read a table file and the card beside it.

    Parameters
    ----------
    path : path
        The ``.npy`` file; the card has the same name, ending in ``.json``.
    scale : int, optional
        Scale that is wanted; any if None.

    Raises
    ------
    ValueError
        If one of the files is not valid, there is no card, the card is that of another file, or
        the scale is another one. The message names the file and the field.
    OSError
        If a file cannot be read.
    """
    path = Path(path)
    card_path = path.with_suffix(".json")
    with open_file(path, "table") as file:
        if path.suffix == SUFFIX:
            card = read_card(card_path)
            content = unpack(file, path, card, LONGEST_HEADER)
            header = _read_header(io.BytesIO(content), path)
            _check_shape(header, card, path)
            _check_count(len(content), path, header)
        else:
            header = _read_header(file, path)
            # A symbolic link to a missing file is a card, too: one that cannot be read.
            if not os.path.lexists(card_path):
                raise ValueError(_no_card(path, card_path, header.shape))
            card = read_card(card_path)
            _check_shape(header, card, path)
            content = _read_all(file, path, header)
    if card.sha256 != hashlib.sha256(content).hexdigest():
        raise ValueError(f"{card_path}: sha256 is not that of {path.name}; one has changed")
    tables = _tables(content, header.start, card)
    try:
        model = Model(card.model, card.scale, card.family, card.parameters, tables, card.fields)
        check_model(model)
    except ValueError as error:
        raise ValueError(f"{card_path}: {error}") from error
    if scale is not None and scale != model.scale:
        raise ValueError(f"scale: got {scale!r}, and {path} is a table for {model.scale}")
    return model


def _read_header(file: BinaryIO, path: Path) -> _Header:
    """Read and check the header of a ``.npy`` file, with a bounded read."""
    # NumPy allocates the length that a header claims to have; no more than this is there.
    header = io.BytesIO(file.read(LONGEST_HEADER + 12))
    try:
        version = npy_format.read_magic(header)
        if version not in ((1, 0), (2, 0)):
            raise ValueError(f"unknown .npy version {version}")
        parse = {
            (1, 0): npy_format.read_array_header_1_0,
            (2, 0): npy_format.read_array_header_2_0,
        }[version]
        shape, fortran_order, dtype = parse(header, max_header_size=LONGEST_HEADER)
    except Exception as error:  # a header is a Python expression: parsing may raise anything
        raise ValueError(f"{path}: not a .npy file: {cut(str(error))}") from error
    if dtype != np.dtype(np.int8):
        raise ValueError(f"{path}: dtype is {cut(str(dtype))}, wanted int8")
    if fortran_order:
        raise ValueError(f"{path}: entries are in Fortran order, wanted C order")
    return _Header(shape, header.tell())


def _read_all(file: BinaryIO, path: Path, header: _Header) -> bytes:
    """Read the whole file, whose length must be the one that the checked header implies."""
    size = os.fstat(file.fileno()).st_size
    _check_count(size, path, header)
    file.seek(0)
    content = file.read(size)
    _check_count(len(content), path, header)
    return content


def _check_shape(header: _Header, card: Card, path: Path) -> None:
    if header.shape != card.shape:
        raise ValueError(
            f"{path}: shape is {short(header.shape)}, and by {path.stem}.json it is {card.shape}"
        )


def _check_count(size: int, path: Path, header: _Header) -> None:
    count = int(np.prod(header.shape))
    if size - header.start != count:
        raise ValueError(f"{path}: {size - header.start} bytes of entries, wanted {count}")


def _tables(content: bytes, start: int, card: Card) -> dict[str, NDArray[Any]]:
    return {
        place.name: np.frombuffer(
            content, place.dtype.newbyteorder("<"), place.size, start + place.offset
        ).reshape(place.shape)
        for place in card.places
    }


def _no_card(path: Path, card_path: Path, shape: tuple[int, ...]) -> str:
    """Write the message for a table file without a card."""
    r = shape[-1] if shape else 0
    if shape == (256, 256, 9, r, r):
        fields = (
            f'"format_version": 1, "model": any name, "scale": {r}, "expand_shift": {r} or 1 (step '
            'of the taps in output pixels), "shift": 2, "sha256": that of the .npy file, '
            '"metrics": {}'
        )
    else:
        fields = (
            '"format_version": 2, "family": one of '
            f'{listing(sorted(FAMILIES))}, "model": any name, "scale", "parameters": those of the '
            'family, "tables": a list of name, offset, shape and dtype of each, "sha256": that of '
            "the .npy file"
        )
    return (
        f"{path}: has no card; write {card_path} as a JSON object of {fields}. "
        "docs/file_format.md has an example"
    )
