"""Running stages whose registers fit into bytes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from . import byte_kernels
from .byte_plan import MARGIN, ByteLayer, ByteStage
from .byte_vectors import LANES
from .maps import Maps, Rows, border_indices, needed_rows, union_rows

#: Programs that a stage keeps. Most chunks of an image have the same one. Making it is Python's
#: work, during which other workers wait.
MOST_PROGRAMS = 12


@dataclass(frozen=True)
class _Memory:
    """Where the maps of all registers are in one array of bytes.

    Attributes
    ----------
    planes, rows, width : int
        Maps, rows that each can hold, and columns of pixels.
    """

    planes: int
    rows: int
    width: int

    @property
    def stride(self) -> int:
        """Bytes from a row to the next."""
        return -(-self.width // LANES) * LANES + 2 * MARGIN

    def starts(self, planes: NDArray[np.int64], rows: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return where some rows of some planes start: their column 0."""
        return (planes * self.rows + rows) * self.stride + MARGIN


@dataclass(frozen=True)
class _LayerCall:
    """Arguments of the kernels for one layer, but for the memory and scratch.

    Attributes
    ----------
    margins : list of tuple
        Of `byte_kernels.fill_margins`, for each register that is read beside a pixel.
    before, after : tuple
        Of `byte_kernels.run_layer`, before and after the scratch.
    scratch : int
        Length of the scratch.
    """

    margins: list[tuple[Any, ...]]
    before: tuple[Any, ...]
    after: tuple[Any, ...]
    scratch: int


@dataclass(frozen=True)
class _Program:
    """All calls for some rows of a stage's result; the same for every image of that size.

    Attributes
    ----------
    memory : _Memory
    sources : list of Rows or None
        Rows that are needed of the registers before the stage.
    bodies : list of list of _LayerCall
    results : list of tuple
        For each rotation, arguments of `byte_kernels.add_bytes`, but for memory and total.
    """

    memory: _Memory
    sources: list[Rows | None]
    bodies: list[list[_LayerCall]]
    results: list[tuple[Any, ...]]


def run_byte_stage(
    byte_stage: ByteStage, registers: Sequence[Maps | None], rows: Rows, size: tuple[int, int]
) -> NDArray[np.int32]:
    """Sum up some rows of a stage's result, over all rotations."""
    program = _program(byte_stage, len(registers), rows, size)
    stage, memory, r = byte_stage.stage, program.memory, byte_stage.stage.factor
    width, planes = memory.width, byte_stage.bodies[0][0].planes
    maps = np.zeros((memory.planes, memory.rows, memory.stride), np.uint8)
    for number, need in enumerate(program.sources):
        source, known = registers[number], byte_stage.sources[number]
        if need is not None and source is not None and known is not None:
            values = source.data[:, need[0] - source.first : need[1] - source.first]
            inside = maps[planes[number] :][: known.channels, : need[1] - need[0]]
            np.subtract(
                values, known.low, out=inside[:, :, MARGIN : MARGIN + width], casting="unsafe"
            )
    flat = maps.reshape(-1)
    first, last = rows[0] // r, -(-rows[1] // r)
    total = np.zeros((stage.channels * r * r, last - first, width), np.int32)
    for body, (starts, low, order) in zip(program.bodies, program.results, strict=True):
        for call in body:
            for margin in call.margins:
                byte_kernels.fill_margins(flat, *margin)
            scratch = np.empty(call.scratch, np.int64)
            byte_kernels.run_layer(flat, *call.before, scratch, *call.after)
        byte_kernels.add_bytes(flat, starts, memory.stride, low, order, total)
    if r == 1:
        return total
    whole = np.empty((stage.channels, (last - first) * r, width * r), np.int32)
    for k in range(r * r):
        whole[:, k // r :: r, k % r :: r] = total[k :: r * r]
    return np.ascontiguousarray(whole[:, rows[0] - first * r : rows[1] - first * r])


def _program(byte_stage: ByteStage, count: int, rows: Rows, size: tuple[int, int]) -> _Program:
    """Return the program for some rows of an image of a size, made at the first call."""
    kept, key = byte_stage.programs, (rows, size)
    program = kept.get(key)
    if program is None:
        program = _make_program(byte_stage, count, rows, size)
        if len(kept) >= MOST_PROGRAMS:
            kept.clear()
        kept[key] = program
    return program


def _make_program(byte_stage: ByteStage, count: int, rows: Rows, size: tuple[int, int]) -> _Program:
    stage, (height, width), r = byte_stage.stage, size, byte_stage.stage.factor
    needs = [needed_rows(stage, body, count, rows, height) for body in stage.bodies]
    most = max(last - first for each in needs for first, last in filter(None, each))
    sources: list[Rows | None] = [None] * count
    for each in needs:
        for number, one in enumerate(each[:count]):
            if one is not None:
                sources[number] = union_rows(sources[number], one)
    most = max([most, *(need[1] - need[0] for need in sources if need)])
    memory = _Memory(byte_stage.plane_count, most, width)
    result = rows[0] // r, -(-rows[1] // r)
    bodies: list[list[_LayerCall]] = []
    results: list[tuple[Any, ...]] = []
    zero = np.zeros(1, np.int64)
    for each, body, order in zip(needs, byte_stage.bodies, byte_stage.orders, strict=True):
        there = [*sources, *each[count:]]
        there[-1] = result
        calls = [
            _layer_call(layer, memory, there, want, height)
            for layer, want in zip(body, there[count:], strict=True)
            if want is not None
        ]
        out = body[-1]
        starts = memory.starts(out.planes[-1] + np.arange(out.out.channels), zero)
        bodies.append(calls)
        results.append((starts, out.out.low, order))
    return _Program(memory, sources, bodies, results)


def _layer_call(
    layer: ByteLayer, memory: _Memory, there: Sequence[Rows | None], rows: Rows, height: int
) -> _LayerCall:
    """Prepare the computation of some rows of a layer from the rows of registers that are there."""
    planes = np.array(layer.planes)
    lows = np.array([each[0] if each else 0 for each in there])
    zero = np.zeros(1, np.int64)
    margins = []
    for number, border, left, right in layer.margins:
        have = there[number]
        assert have is not None
        channels = np.arange(layer.channels_of(number))
        margins.append(
            (
                memory.starts(planes[number] + channels, zero),
                have[1] - have[0],
                memory.stride,
                memory.width,
                border_indices(-left, 0, memory.width, border),
                border_indices(memory.width, memory.width + right, memory.width, border),
            )
        )
    taps = layer.taps.copy()
    taps[..., 0] += memory.starts(planes[layer.sources] + layer.channels, -lows[layer.sources])
    n = layer.out.channels
    residuals = np.empty((n, len(layer.residuals)), np.int64)
    for k, number in enumerate(layer.residuals):
        which = np.arange(n) if layer.channels_of(number) > 1 else np.zeros(n, np.int64)
        residuals[:, k] = memory.starts(planes[number] + which, -lows[number])
    outs = memory.starts(planes[-1] + np.arange(n), np.array(-rows[0]))
    return _LayerCall(
        margins,
        (memory.stride, rows, height, memory.width, taps),
        (layer.tables, residuals, layer.rounding, layer.constants, outs),
        taps.size // 3,
    )
