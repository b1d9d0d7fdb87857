"""Reading packed table files, which wheels hold in place of ``.npy`` files.

A packed file is an xz stream of the same content in another order, as ``hatch_build.py`` writes it:

1. The header of the ``.npy`` file.
2. For each table of the card, by offset: the table as a matrix of bytes, whose columns are those
   of all axes after the second. First, for each column, the number of another one as two
   little-endian bytes. Then the columns, one after another, as differences modulo 256: of each
   byte and the one above it where the number is the column's own, else of the column and that
   other one, which comes before it.
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from .card import Card, Place

#: The last part of the names of packed files.
SUFFIX = ".packed"

#: Most bytes that the decoder may use for its own tables; what is shipped takes 2 MiB.
MOST_MEMORY = 1 << 24

#: Most columns of a table, as their numbers have two bytes.
MOST_COLUMNS = 1 << 16


def unpack(file: BinaryIO, path: Path, card: Card, longest_header: int) -> bytes:
    """Return the content of the ``.npy`` file that was packed.

    Raises
    ------
    ValueError
        If it is not a packed file, or not one of the tables of this card. No more memory is used
        than a few times what the card says that they take.
    OSError
        If this Python has no `lzma`.
    """
    places = sorted(card.places, key=lambda place: place.offset)
    columns = [_columns(place, path) for place in places]
    count = sum(place.nbytes for place in places) + 2 * sum(columns)
    stored = _decompress(file, path, count + longest_header)
    start = len(stored) - count
    if start < 0:
        raise ValueError(f"{path}: {len(stored)} bytes when decompressed, wanted {count} or more")
    content = [stored[:start]]
    for place, number in zip(places, columns, strict=True):
        content.append(_restored(stored, start, place.nbytes, number, path))
        start += place.nbytes + 2 * number
    return b"".join(content)


def _columns(place: Place, path: Path) -> int:
    """Return the number of columns of a table."""
    number = math.prod(place.shape[2:]) * place.dtype.itemsize
    if number > MOST_COLUMNS:
        raise ValueError(
            f"{path}: table {place.name!r} has {number} columns, wanted at most {MOST_COLUMNS}"
        )
    return number


def _decompress(file: BinaryIO, path: Path, most: int) -> bytes:
    """Decompress a whole file, which may hold no more than this many bytes."""
    try:
        import lzma
    except ImportError as error:  # it is optional when Python is built from source
        raise OSError(
            f"{path}: Python's module lzma is needed to read it, and this Python has none; install "
            "liblzma (xz) and build Python again, or install lutsr from a clone by pip install -e"
        ) from error
    # What cannot be compressed is stored, with a few bytes for each 64 KiB.
    longest = most + most // 1000 + 1000
    compressed = file.read(longest + 1)
    if len(compressed) > longest:
        raise ValueError(f"{path}: longer than {longest} bytes, more than its tables can take")
    decoder = lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=MOST_MEMORY)
    try:
        stored = decoder.decompress(compressed, most + 1)
    except lzma.LZMAError as error:
        raise ValueError(f"{path}: not a packed table file: {error}") from error
    if len(stored) > most:
        raise ValueError(f"{path}: more than {most} bytes when decompressed, which is too long")
    if not decoder.eof:
        raise ValueError(f"{path}: not a packed table file: it ends early")
    if decoder.unused_data:
        raise ValueError(f"{path}: not a packed table file: something follows its end")
    return stored


def _restored(stored: bytes, at: int, nbytes: int, number: int, path: Path) -> bytes:
    """Return the bytes of a table, from the place in a file where its columns are."""
    others = np.frombuffer(stored, "<u2", number, at)
    differences = np.frombuffer(stored, np.uint8, nbytes, at + 2 * number)
    table = np.empty((number, nbytes // number), np.uint8)
    matrix: NDArray[np.uint8] = differences.reshape(table.shape)
    for column, other in enumerate(others.tolist()):
        if other > column:
            raise ValueError(f"{path}: column {column} depends on {other}, which comes after it")
        if other == column:
            np.add.accumulate(matrix[column], dtype=np.uint8, out=table[column])
        else:
            np.add(matrix[column], table[other], out=table[column])
    return table.T.tobytes()
