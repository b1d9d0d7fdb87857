"""What the kernels get besides images: numbers and addresses, kept for images of the same shape."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from .._frame.depth import DEEP_KINDS
from .borders import BorderProgram
from .layout import LANES, LINE

#: Pairs of a border cell, at most.
MOST_PAIRS = 64


class Borders(NamedTuple):
    """A `BorderProgram`, with all moves in one array."""

    pair_starts: Any
    starts: Any
    places: Any
    lanes: Any
    level_starts: Any
    level_factors: Any
    #: int32, (moves, 2): those of pairs, two each, then those to pixels, from `level_moves_at` on.
    all_moves: Any
    move_count: int
    level_moves_at: int


class EightBit(NamedTuple):
    """Tables, and where in the scratch memory things are, in bytes from its start.

    Attributes
    ----------
    vertical, horizontal : ndarray of int8 or int16
        Fused tables, with entries of `vertical_entry` and `horizontal_entry` values.
    lut : ndarray of int8
        The table, with entries of `entry` values.
    relative : int
        Whether they leave out the pixel's own level.
    channels : int
    words, sums : int
        16-bit words from one cell's sums to the next, and where those of the first cell are.
    half : int
        Words from the first half of a cell's sums to the second.
    line : int
        Bytes from the sums of a row of cells to those of the next.
    length : int
        Pairs in a row of a ring of offsets.
    offsets : int
        For each channel, rings of the offsets of four rows of vertical pairs, and of three rows of
        horizontal ones.
    level_length, levels : int
        For each channel, a ring of four rows of levels.
    stride, planes : int
        For each channel, the bytes of a row of cells: r rows, `stride` apart.
    moves, entries : int
        The moves of `Borders` in the flat image, and after them entry offsets of a border cell.
    """

    vertical: Any
    horizontal: Any
    vertical_entry: int
    horizontal_entry: int
    lut: Any
    entry: int
    relative: int
    channels: int
    words: int
    sums: int
    half: int
    line: int
    length: int
    offsets: int
    level_length: int
    levels: int
    stride: int
    planes: int
    moves: int
    entries: int


class Deep(NamedTuple):
    """The same for deep images.

    Attributes
    ----------
    vertical, horizontal, lut, relative, channels, length, level_length, stride, planes, moves
        As in `EightBit`.
    vertical_entry, horizontal_entry : int
        Bytes of an entry of the fused tables.
    entry : int
        Values of an entry of `lut`.
    cell, sums : int
        Bytes from one cell's sums, of 32 bits, to the next, and where those of the first cell are.
    pairs : int
        For each channel, rings of four rows of vertical pairs, and of three rows of horizontal
        ones: `numbers` numbers of 32 bits each.
    levels : int
        For each channel, a ring of four rows of places; see ``lutsr._eclut.vectors_deep_pairs``.
    entries : int
        After the moves: three addresses, and two weights, of the pairs of a border cell.
    kind, size : int
        Index of the images' type in `DEEP_KINDS`, and its size in bytes.
    steps, factor : int and float
        Steps per level, and per unit of the image's values.
    """

    vertical: Any
    horizontal: Any
    vertical_entry: int
    horizontal_entry: int
    lut: Any
    entry: int
    relative: int
    channels: int
    cell: int
    sums: int
    length: int
    pairs: int
    level_length: int
    levels: int
    stride: int
    planes: int
    moves: int
    entries: int
    kind: int
    size: int
    steps: int
    factor: float


def borders(program: BorderProgram) -> Borders:
    """Arrange a program for kernels."""
    moves = np.concatenate([program.moves.reshape(-1, 2), program.level_moves])
    return Borders(
        program.pair_starts,
        program.starts,
        program.places,
        program.lanes,
        program.level_starts,
        program.level_factors,
        np.ascontiguousarray(moves),
        len(moves),
        2 * len(program.moves),
    )


def eight_bit(
    tables: tuple[NDArray[Any], NDArray[Any]],
    lut: NDArray[np.int8],
    relative: bool,
    packed: bool,
    channels: int,
    tile: int,
    moves: int,
    ahead: int,
    rows: int,
) -> tuple[EightBit, int]:
    """Plan the scratch memory for images of some channels, in tiles of some columns.

    Parameters
    ----------
    tables, lut, relative
        As in `EightBit`.
    packed : bool
        Whether the fused tables are packed; see ``lutsr._eclut.layout``.
    channels, tile : int
    moves : int
        Number of moves of `Borders`.
    ahead : int
        Prefetch distance, in columns.

    Returns
    -------
    task : EightBit
    size : int
        Of the scratch memory, in bytes.
    """
    r = lut.shape[-1]
    cells = tile + 8
    words = LANES[r] // 2 if packed else LANES[r]
    half = cells * words if packed else 8
    length, level_length, stride = tile + 12, tile + 24, (tile + 4) * r + 16
    line = 2 * cells * words * (2 if packed else 1) + 64
    before = 8 * LANES[r]  # what is written for four cells before the first
    starts = _starts(
        before + rows * line,
        28 * length * channels + 4 * (ahead + 2),
        4 * level_length * channels,
        rows * r * stride * channels,
        4 * moves + 8 * MOST_PAIRS + 8,
    )
    vertical, horizontal = tables
    task = EightBit(
        vertical=vertical,
        horizontal=horizontal,
        vertical_entry=vertical.shape[1],
        horizontal_entry=horizontal.shape[1],
        lut=lut,
        entry=9 * r * r,
        relative=int(relative),
        channels=channels,
        words=words,
        sums=before,
        half=half,
        line=line,
        length=length,
        offsets=starts[1],
        level_length=level_length,
        levels=starts[2],
        stride=stride,
        planes=starts[3],
        moves=starts[4],
        entries=4 * moves + 4 * moves % 8,
    )
    return task, starts[-1]


def deep(
    tables: tuple[NDArray[Any], NDArray[Any]],
    lut: NDArray[np.int8],
    relative: bool,
    channels: int,
    tile: int,
    moves: int,
    ahead: int,
    dtype: np.dtype[Any],
    steps: int,
) -> tuple[Deep, int]:
    """Plan the scratch memory for deep images of some channels, in tiles of some columns.

    Parameters
    ----------
    tables, lut, relative, channels, tile, moves, ahead
        As in `eight_bit`.
    dtype : dtype
        Of `DEEP_KINDS`.
    steps : int
        Steps in one level.

    Returns
    -------
    task : Deep
    size : int
        Of the scratch memory, in bytes.
    """
    r, size = lut.shape[-1], dtype.itemsize
    length, level_length = tile + 12, tile + 24
    cell, stride = 4 * LANES[r], size * ((tile + 4) * r + 16)
    starts = _starts(
        (4 + tile + 8) * cell,
        16 * (7 * length * channels + ahead + 16),
        16 * level_length * channels + 64,
        r * stride * channels,
        4 * moves + 32 * MOST_PAIRS + 8,
    )
    vertical, horizontal = tables
    task = Deep(
        vertical=vertical,
        horizontal=horizontal,
        vertical_entry=vertical.strides[0],
        horizontal_entry=horizontal.strides[0],
        lut=lut,
        entry=9 * r * r,
        relative=int(relative),
        channels=channels,
        cell=cell,
        sums=4 * cell,  # after what is written for four cells before the first
        length=length,
        pairs=starts[1],
        level_length=level_length,
        levels=starts[2],
        stride=stride,
        planes=starts[3],
        moves=starts[4],
        entries=4 * moves + 4 * moves % 8,
        kind=DEEP_KINDS.index(dtype.name),
        size=size,
        steps=steps,
        factor=255.0 * steps if dtype.kind == "f" else 1.0,
    )
    return task, starts[-1]


def _starts(*sizes: int) -> list[int]:
    """Return where parts of some sizes start, and where the last one ends; in cache lines."""
    starts = [0]
    for size in sizes:
        starts.append(starts[-1] + size + -size % LINE)
    return starts
