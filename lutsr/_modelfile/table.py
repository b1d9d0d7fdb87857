"""The reader that `lutsr.load` uses until it takes a `Model`; it goes then."""

from __future__ import annotations

import hashlib
import io
import json
import os
import stat
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.lib import format as npy_format
from numpy.typing import NDArray

import lutsr_data

from .._frame.depth import SHIFT

SCALES = (2, 3, 4)
CARD_FORMAT = 1

#: No card is longer, in bytes; a longer file beside a table is something else.
LONGEST_CARD = 1 << 20

#: No header of a table is longer, in bytes, nor does NumPy take longer ones.
LONGEST_HEADER = 10_000

_KINDS = {stat.S_IFDIR: "folder", stat.S_IFIFO: "pipe", stat.S_IFSOCK: "socket"}


@dataclass(frozen=True)
class ModelInfo:
    """What is known of a shipped table without loading it.

    Attributes
    ----------
    name : str
        What to pass as ``model``.
    scale : int
        Enlargement factor r.
    expand_shift : int
        Reach of the expanded convolution's taps, in output pixels.
    nbytes : int
        Size of the table in bytes.
    psnr_y : dict of str to float
        PSNR on luma in dB, by test set, from the card.
    """

    name: str
    scale: int
    expand_shift: int
    nbytes: int
    psnr_y: dict[str, float]


@dataclass(frozen=True)
class Model:
    """A model: what its tables mean, and the tables, from a file or made in memory.

    Attributes
    ----------
    name : str
    scale : int
        Enlargement factor r.
    family : str
        Which family's engine computes with it.
    parameters : mapping
        What the family needs to know besides the tables.
    tables : mapping of str to ndarray
    card : dict or None
    """

    name: str
    scale: int
    family: str
    parameters: Mapping[str, Any]
    tables: Mapping[str, NDArray[Any]]
    card: dict[str, Any] | None = None

    @property
    def digest(self) -> str:
        """SHA-256 of all that decides on results: family, scale, parameters and tables."""
        about = {"family": self.family, "scale": self.scale, "parameters": dict(self.parameters)}
        digest = hashlib.sha256(json.dumps(about, sort_keys=True).encode())
        for name, table in sorted(self.tables.items()):
            digest.update(f"{name} {table.dtype.str} {table.shape}".encode())
            digest.update(np.ascontiguousarray(table).data)
        return digest.hexdigest()


@dataclass(frozen=True)
class Table:
    """A validated table: its entries and what they mean."""

    model: str
    scale: int
    expand_shift: int
    lut: NDArray[np.int8]
    card: dict[str, Any] | None


def model_of(table: Table) -> Model:
    """Describe a table of format 1 as a model of the family eclut."""
    parameters = {"expand_shift": table.expand_shift}
    return Model(table.model, table.scale, "eclut", parameters, {"lut": table.lut}, table.card)


def shipped_models() -> list[ModelInfo]:
    """Describe every shipped table, sorted by name and scale."""
    found = []
    for path in lutsr_data.card_paths():
        card = read_card(path)
        found.append(
            ModelInfo(
                name=card["model"],
                scale=card["scale"],
                expand_shift=card["expand_shift"],
                nbytes=path.with_suffix(".npy").stat().st_size,
                psnr_y={name: row["psnr_y"] for name, row in card["metrics"].items()},
            )
        )
    return sorted(found, key=lambda model: (model.name, model.scale))


def read_shipped(model: str, scale: int) -> Table:
    """Read the shipped table of a model and scale."""
    available = shipped_models()
    names = sorted({info.name for info in available})
    if model not in names:
        raise ValueError(
            f"model: {model!r} is not shipped; there is {_listing(names)}. "
            "For a table of your own pass the path of its .npy file"
        )
    scales = [info.scale for info in available if info.name == model]
    if scale not in scales:
        raise ValueError(f"scale: got {scale!r}, and model {model!r} has {_listing(scales)}")
    return read_table(lutsr_data.table_path(model, scale))


def read_table(
    path: str | os.PathLike[str], scale: int | None = None, expand_shift: int | None = None
) -> Table:
    """Read a table file, and the card beside it if there is one.

    Raises
    ------
    ValueError
        If the file is not a table, disagrees with its card or with the arguments, or has no
        card while `expand_shift` is not given.
    OSError
        If the file cannot be read.
    """
    path = Path(path)
    content, lut = _read_lut(path)
    r = lut.shape[-1]
    card_path = path.with_suffix(".json")
    # A link that leads nowhere is a card, too: one that cannot be read.
    card = read_card(card_path) if os.path.lexists(card_path) else None
    if card is not None:
        if card["scale"] != r:
            raise ValueError(
                f"{card_path}: scale is {_short(card['scale'])}, and the table is for {r}"
            )
        if card["sha256"] != hashlib.sha256(content).hexdigest():
            raise ValueError(f"{card_path}: sha256 is not that of {path.name}; one has changed")
        if expand_shift is None:
            expand_shift = card["expand_shift"]
        elif expand_shift != card["expand_shift"]:
            raise ValueError(
                f"expand_shift: got {expand_shift}, and {card_path} says "
                f"{_short(card['expand_shift'])}"
            )
    if expand_shift is None:
        raise ValueError(
            f"expand_shift: {path} has no card ({card_path.name}) to say it, so give it: "
            f"{r} (taps reach one input pixel) or 1 (one output pixel)"
        )
    if expand_shift not in (1, r):
        where = card_path if card else path
        raise ValueError(
            f"{where}: expand_shift: got {_short(expand_shift)}, wanted 1 or the scale, {r}"
        )
    if scale is not None and scale != r:
        raise ValueError(f"scale: got {scale!r}, and {path} is a table for {r}")
    return Table(card["model"] if card else path.stem, r, int(expand_shift), lut, card)


def read_card(path: Path) -> dict[str, Any]:
    """Read and check a table's card."""
    with _open_file(path, "card") as file:
        content = file.read(LONGEST_CARD + 1)
    if len(content) > LONGEST_CARD:
        raise ValueError(f"{path}: not a card: longer than {LONGEST_CARD} bytes")
    try:
        card = json.loads(content.decode("utf-8"))
    except (ValueError, RecursionError) as error:
        raise ValueError(f"{path}: not a card: {_cut(str(error))}") from error
    if not isinstance(card, dict):
        raise ValueError(f"{path}: not a card: wanted a JSON object")
    if card.get("format_version") != CARD_FORMAT:
        raise ValueError(
            f"{path}: format_version is {_short(card.get('format_version'))}, "
            f"and this lutsr reads {CARD_FORMAT}"
        )
    wanted = {
        "model": str,
        "scale": int,
        "expand_shift": int,
        "shift": int,
        "sha256": str,
        "metrics": dict,
    }
    for key, kind in wanted.items():
        if type(card.get(key)) is not kind:
            raise ValueError(f"{path}: {key} is {_short(card.get(key))}, wanted {kind.__name__}")
    if card["shift"] != SHIFT:
        raise ValueError(f"{path}: shift is {_short(card['shift'])}, and this lutsr reads {SHIFT}")
    for name, row in card["metrics"].items():
        if not isinstance(row, dict) or type(row.get("psnr_y")) not in (int, float):
            raise ValueError(
                f"{path}: metrics of {_short(name)} are {_short(row)}, wanted an object with a "
                "number psnr_y"
            )
    return card


def _read_lut(path: Path) -> tuple[bytes, NDArray[np.int8]]:
    """Read a whole table file and its entries; they are asked for once the header is checked."""
    with _open_file(path, "table") as file:
        # NumPy would ask for all the memory that a header claims to be long; no more is there.
        header = io.BytesIO(file.read(LONGEST_HEADER + 12))
        try:
            version = npy_format.read_magic(header)
            if version not in ((1, 0), (2, 0)):
                raise ValueError(f"unknown .npy version {version}")
            read_header = {
                (1, 0): npy_format.read_array_header_1_0,
                (2, 0): npy_format.read_array_header_2_0,
            }[version]
            shape, fortran_order, dtype = read_header(header, max_header_size=LONGEST_HEADER)
        except Exception as error:  # the header is a Python expression: anything may come of it
            raise ValueError(f"{path}: not a .npy file: {_cut(str(error))}") from error
        r = shape[-1] if shape else 0
        if dtype != np.dtype(np.int8):
            raise ValueError(f"{path}: dtype is {_cut(str(dtype))}, wanted int8")
        if r not in SCALES or shape != (256, 256, 9, r, r):
            raise ValueError(
                f"{path}: shape is {_short(shape)}, wanted (256, 256, 9, r, r) with r in {SCALES}"
            )
        if fortran_order:
            raise ValueError(f"{path}: entries are in Fortran order, wanted C order")
        start, count = header.tell(), 256 * 256 * 9 * r * r
        rest = os.fstat(file.fileno()).st_size - start
        if rest == count:
            file.seek(0)
            content = file.read(start + count)
            rest = len(content) - start
        if rest != count:
            raise ValueError(f"{path}: {rest} bytes of entries, wanted {count}")
        return content, np.frombuffer(content, np.int8, offset=start).reshape(shape)


def _open_file(path: Path, what: str) -> BinaryIO:
    """Open a regular file: a pipe or device could keep its reader waiting, or never end."""
    kind = stat.S_IFMT(path.stat().st_mode) if path.exists() else None
    if kind != stat.S_IFREG:
        found = "" if kind is None else f" (it is a {_KINDS.get(kind, 'device')})"
        raise FileNotFoundError(f"{path}: no such {what} file{found}")
    return path.open("rb")


def _short(value: Any) -> str:
    """Show a value from a file, however long or deep it is."""
    try:
        return _cut(repr(value))
    except (ValueError, RecursionError):  # Python writes no number of more than 4300 digits
        return f"{type(value).__name__} too large to show"


def _cut(text: str) -> str:
    return text if len(text) <= 200 else f"{text[:200]}..."


def _listing(items: list[Any]) -> str:
    return ", ".join(repr(item) for item in items) if items else "none"
