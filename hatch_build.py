"""Build hook of the wheel: the tables are packed, which makes them about five times smaller.

The repository, an editable installation and the source distribution hold plain ``.npy`` files. A
wheel holds ``.packed`` files instead, which `lutsr._modelfile.packed` reads; it describes their
format. Only the standard library is used, so that a build needs nothing but hatchling.
"""

from __future__ import annotations

import json
import lzma
import shutil
import tempfile
import zlib
from math import prod
from operator import eq
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

WIDTHS = {"int8": 1, "uint8": 1, "int16": 2, "int32": 4}

#: Of xz. The next ones take several times as long for a few per cent.
PRESET = 1

#: Of this many bytes of a column, one is compared to find the column most like it.
SAMPLED = 61


class PackTables(BuildHookInterface):
    """Put a packed file into the wheel for each table file."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Pack all tables into a temporary folder."""
        if version == "editable":
            return
        self.folder = tempfile.mkdtemp()
        for path in sorted(Path(self.root, "lutsr_data").glob("*.npy")):
            target = Path(self.folder, path.name).with_suffix(".packed")
            card = json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))
            target.write_bytes(pack(path.read_bytes(), card))
            build_data["force_include"][str(target)] = f"lutsr_data/{target.name}"

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:
        """Remove the temporary folder."""
        if version != "editable":
            shutil.rmtree(self.folder)


def pack(content: bytes, card: dict[str, Any]) -> bytes:
    """Return the packed file of a ``.npy`` file and its card."""
    r = card["scale"]
    tables = card.get("tables", [{"offset": 0, "shape": [256, 256, 9, r, r], "dtype": "int8"}])
    entries = sum(prod(table["shape"]) * WIDTHS[table["dtype"]] for table in tables)
    start = len(content) - entries
    parts = [content[:start]]
    for table in sorted(tables, key=lambda table: table["offset"]):
        width = WIDTHS[table["dtype"]]
        at = start + table["offset"]
        columns = prod(table["shape"][2:]) * width
        parts += _packed_columns(content[at : at + prod(table["shape"]) * width], columns)
    return lzma.compress(b"".join(parts), preset=PRESET)


def _packed_columns(table: bytes, number: int) -> list[bytes]:
    """Return the numbers of the other columns, and the differences of each column."""
    columns = [table[column::number] for column in range(number)]
    samples = [column[::SAMPLED] for column in columns]
    others, packed = [], []
    for this, column in enumerate(columns):
        best, other = minus(column, b"\0" + column[:-1]), this
        if this:
            alike = max(range(this), key=lambda k: sum(map(eq, samples[k], samples[this])))
            found = minus(column, columns[alike])
            if len(zlib.compress(found, 1)) < len(zlib.compress(best, 1)):
                best, other = found, alike
        others.append(other.to_bytes(2, "little"))
        packed.append(best)
    return [b"".join(others), *packed]


def minus(a: bytes, b: bytes) -> bytes:
    """Return the differences of the bytes of two strings of equal length, modulo 256.

    Of all bytes at once, as parts of two large integers. The highest bit of each byte is set in
    one and cleared in the other, so that nothing is borrowed from the next byte; then it is
    replaced by the bit of the difference.
    """
    high = int.from_bytes(b"\x80" * len(a), "little")
    low = int.from_bytes(b"\x7f" * len(a), "little")
    x, y = int.from_bytes(a, "little"), int.from_bytes(b, "little")
    difference = ((x | high) - (y & low)) ^ ((x ^ y ^ high) & high)
    return difference.to_bytes(len(a), "little")
