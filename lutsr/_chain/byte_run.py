"""Running stages whose registers fit into bytes."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from . import byte_kernels
from .byte_plan import MARGIN, ByteLayer, ByteStage
from .byte_vectors import LANES
from .maps import Maps, Rows, border_indices, needed_rows, union_rows


class _Memory:
    """The maps of all registers, and which rows of each are there."""

    def __init__(self, planes: int, rows: int, width: int) -> None:
        self.stride = -(-width // LANES) * LANES + 2 * MARGIN
        self.plane = rows * self.stride
        self.bytes = np.zeros(planes * self.plane, np.uint8)
        self.width = width

    def starts(self, planes: NDArray[np.int64], rows: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return where some rows of some planes start: their column 0."""
        return planes * self.plane + rows * self.stride + MARGIN


def run_byte_stage(
    byte_stage: ByteStage, registers: Sequence[Maps | None], rows: Rows, size: tuple[int, int]
) -> NDArray[np.int32]:
    """Sum up some rows of a stage's result, over all rotations."""
    stage, (height, width) = byte_stage.stage, size
    count, r = len(registers), byte_stage.stage.factor
    needs = [needed_rows(stage, body, count, rows, height) for body in stage.bodies]
    most = max(last - first for each in needs for first, last in filter(None, each))
    sources: list[Rows | None] = [None] * count
    for each in needs:
        for number, one in enumerate(each[:count]):
            if one is not None:
                sources[number] = union_rows(sources[number], one)
    most = max([most, *(need[1] - need[0] for need in sources if need)])
    memory = _Memory(byte_stage.plane_count, most, width)
    planes = byte_stage.bodies[0][0].planes
    for number, need in enumerate(sources):
        maps, known = registers[number], byte_stage.sources[number]
        if need is not None and maps is not None and known is not None:
            values = maps.data[:, need[0] - maps.first : need[1] - maps.first] - known.low
            view = memory.bytes.reshape(-1, most, memory.stride)
            first = planes[number]
            inside = view[first : first + known.channels, : need[1] - need[0]]
            inside[:, :, MARGIN : MARGIN + width] = values
    first, last = rows[0] // r, -(-rows[1] // r)
    total = np.zeros((stage.channels * r * r, last - first, width), np.int32)
    for each, body, order in zip(needs, byte_stage.bodies, byte_stage.orders, strict=True):
        there = [*sources, *each[count:]]
        for number, layer in enumerate(body):
            want = there[count + number]
            if number + 1 == len(body):
                want = first, last
            if want is not None:
                there[count + number] = want
                _run_layer(layer, memory, there, want, height)
        out = body[-1]
        starts = memory.starts(out.planes[-1] + np.arange(out.out.channels), np.zeros(1, np.int64))
        byte_kernels.add_bytes(memory.bytes, starts, memory.stride, out.out.low, order, total)
    if r == 1:
        return total
    whole = np.empty((stage.channels, (last - first) * r, width * r), np.int32)
    for k in range(r * r):
        whole[:, k // r :: r, k % r :: r] = total[k :: r * r]
    return np.ascontiguousarray(whole[:, rows[0] - first * r : rows[1] - first * r])


def _run_layer(
    layer: ByteLayer, memory: _Memory, there: Sequence[Rows | None], rows: Rows, height: int
) -> None:
    """Compute some rows of a layer from the rows of other registers that are there."""
    planes = np.array(layer.planes)
    lows = np.array([each[0] if each else 0 for each in there])
    zero = np.zeros(1, np.int64)
    for number, border, left, right in layer.margins:
        have = there[number]
        assert have is not None
        channels = np.arange(layer.channels_of(number))
        byte_kernels.fill_margins(
            memory.bytes,
            memory.starts(planes[number] + channels, zero),
            have[1] - have[0],
            memory.stride,
            memory.width,
            border_indices(-left, 0, memory.width, border),
            border_indices(memory.width, memory.width + right, memory.width, border),
        )
    taps = layer.taps.copy()
    taps[..., 0] += memory.starts(planes[layer.sources] + layer.channels, -lows[layer.sources])
    n = layer.out.channels
    residuals = np.empty((n, len(layer.residuals)), np.int64)
    for k, number in enumerate(layer.residuals):
        which = np.arange(n) if layer.channels_of(number) > 1 else np.zeros(n, np.int64)
        residuals[:, k] = memory.starts(planes[number] + which, -lows[number])
    byte_kernels.run_layer(
        memory.bytes,
        memory.stride,
        rows,
        height,
        memory.width,
        taps,
        np.empty(taps.size // 3, np.int64),
        layer.tables,
        residuals,
        layer.rounding,
        layer.constants,
        memory.starts(planes[-1] + np.arange(n), np.array(-rows[0])),
    )
