"""Running a planned chain on some rows of an image, with the compiled kernels.

Of each register only the rows are computed that the wanted output rows depend on.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from . import kernels
from .byte_plan import ByteRegister, ByteStage, as_byte_stage
from .byte_run import run_byte_stage
from .cells import as_cell_reads, as_cell_stage, run_cell_stage, sum_cells
from .description import Chain, Rounding
from .maps import Maps, Rows, before_place, border_indices, inside_rows, needed_rows, union_rows
from .plan import Read, StagePlan, Step, plan_chain, used_registers

#: Columns of pixels that are computed at a time in wide images, so that registers stay small.
TILE = 1024

#: Least rows that `CompiledChain.fill` computes at a time, also as a multiple of the halo, whose
#: rows are computed twice.
CHUNK_ROWS, CHUNK_HALOS = 24, 4


class CompiledChain:
    """A planned chain, and which of its stages have faster kernels.

    Parameters
    ----------
    chain : Chain
    steps : int
        Steps per level of the images.
    """

    def __init__(self, chain: Chain, steps: int) -> None:
        self._halo = chain.halo
        self._stages = plan_chain(chain)
        self._cells = [as_cell_stage(stage) for stage in self._stages]
        self._bytes: list[ByteStage | None] = []
        registers: list[ByteRegister | None] = [ByteRegister(1, 0, 255) if steps == 1 else None]
        for stage in self._stages:
            self._bytes.append(as_byte_stage(stage, registers))
            low, high = stage.rounding.clamp or (0, 256)
            fits = steps == 1 and high - low < 256
            registers.append(ByteRegister(stage.channels, low, high) if fits else None)

    @property
    def kinds(self) -> list[str]:
        """The kernels that each stage runs on: "cells", "bytes" or "general"."""
        pairs = zip(self._cells, self._bytes, strict=True)
        return ["cells" if c else "bytes" if b else "general" for c, b in pairs]

    def rows(self, values: NDArray[np.int32], first: int, last: int) -> NDArray[np.int32]:
        """Compute the last stage's sums with their bias, not divided, of some rows of pixels.

        Parameters
        ----------
        values : ndarray of int32, shape (H, W)
        first, last : int
            Image rows.

        Returns
        -------
        ndarray of int32, shape ((last - first) * r, W * r)
        """
        width = values.shape[1]
        if width <= 2 * TILE:
            return self._tile(values, first, last)
        r = self._stages[-1].factor
        result = np.empty(((last - first) * r, width * r), np.int32)
        for left in range(0, width, TILE):
            right = min(left + TILE, width)
            begin, end = max(left - self._halo, 0), min(right + self._halo, width)
            tile = self._tile(values[:, begin:end], first, last)
            result[:, left * r : right * r] = tile[:, (left - begin) * r : (right - begin) * r]
        return result

    def fill(self, image: NDArray[np.uint8], first: int, last: int, out: NDArray[np.uint8]) -> None:
        """Enlarge some rows of an 8-bit image; arguments as those of `Engine.fill`."""
        r, rounding = self._stages[-1].factor, self._stages[-1].rounding
        step = max(CHUNK_HALOS * self._halo, CHUNK_ROWS)
        for start in range(first, last, step):
            stop = min(start + step, last)
            top, bottom = max(start - self._halo, 0), min(stop + self._halo, len(image))
            for channel in range(image.shape[2]):
                values = image[top:bottom, :, channel].astype(np.int32)
                kernels.write_rounded(
                    self.rows(values, start - top, stop - top),
                    1 / rounding.divisor,
                    rounding.divisor,
                    rounding.rounding == "even",
                    out[start * r : stop * r],
                    channel,
                )

    def _tile(self, values: NDArray[np.int32], first: int, last: int) -> NDArray[np.int32]:
        """Compute some rows of an image that is not wide."""
        height, width = values.shape
        registers: list[Maps | None] = [Maps(np.ascontiguousarray(values)[np.newaxis], 0, 1)]
        for number, rows in enumerate(self._needs(first, last, height)):
            stage, cells = self._stages[number], self._cells[number]
            if rows is None:
                registers.append(None)
                continue
            if cells is not None:
                total = run_cell_stage(cells, registers, rows, (height, width))
            elif (of_bytes := self._bytes[number]) is not None:
                total = run_byte_stage(of_bytes, registers, rows, (height, width))
            else:
                total = run_stage(stage, registers, rows, (height, width))
            if number + 1 < len(self._stages):
                _round(total, stage.rounding)
                _clamp(total, stage.rounding)
            registers.append(Maps(total, rows[0], stage.factor))
        result: NDArray[np.int32] = total[0]
        result += np.int32(stage.rounding.bias[0])
        return result

    def _needs(self, first: int, last: int, height: int) -> list[Rows | None]:
        """Return the rows of each stage's result that some rows of pixels depend on."""
        needs: list[Rows | None] = [None] * len(self._stages)
        factor = self._stages[-1].factor
        needs[-1] = first * factor, last * factor
        for number in range(len(self._stages) - 1, 0, -1):
            rows = needs[number]
            if rows is not None:
                found = _source_rows(self._stages[number], number + 1, rows, height)
                for source, need in found.items():
                    if source > 0:
                        needs[source - 1] = union_rows(needs[source - 1], need)
        return needs


def _source_rows(stage: StagePlan, count: int, rows: Rows, height: int) -> dict[int, Rows]:
    """Return the rows that a stage reads of each of the registers before it, inside the image."""
    found: dict[int, Rows] = {}
    for body in stage.bodies:
        needs = needed_rows(stage, body, count, rows, height)
        for number, need in enumerate(needs[:count]):
            if need is not None:
                found[number] = union_rows(found.get(number), need)
    if stage.border is None:
        return found
    factors = {read.source: step.factor for body in stage.bodies for step in body
               for read in step.reads}  # fmt: skip
    for body in stage.bodies:
        for step in body:
            factors |= {number: step.factor for number, _ in step.add}
            factors |= dict.fromkeys(step.residual, step.factor)
    return {
        number: inside_rows(need, 0, height * factors[number], stage.border)
        for number, need in found.items()
    }


def run_stage(
    stage: StagePlan, registers: list[Maps | None], rows: Rows, size: tuple[int, int]
) -> NDArray[np.int32]:
    """Run a stage's layers for each rotation and sum up, for some rows of its result."""
    height = size[0]
    margin = stage.reach if stage.border is not None else 0
    count = len(registers)
    total = None
    for body in stage.bodies:
        needs = needed_rows(stage, body, count, rows, height)
        maps: list[Maps | None] = [
            None if one is None or need is None else _padded(one, need, size, margin, stage.border)
            for one, need in zip(registers, needs, strict=False)
        ]
        last_use = {n: at for at, step in enumerate(body) for n in used_registers(step)}
        for at, (step, need) in enumerate(zip(body, needs[count:], strict=True)):
            maps.append(None if need is None else _run_step(step, maps, need, size, margin))
            for number in used_registers(step):  # free memory
                if last_use[number] == at:
                    maps[number] = None
        result = maps[-1]
        assert result is not None
        total = result.data if total is None else total + result.data
    assert total is not None
    cut = margin * stage.factor
    return np.ascontiguousarray(total[:, :, cut : total.shape[2] - cut])


def _padded(maps: Maps, rows: Rows, size: tuple[int, int], margin: int, border: str | None) -> Maps:
    """Return a register with the margin that a stage with a border of its own adds."""
    if border is None:
        return maps
    f, (height, width) = maps.factor, size
    at_rows = border_indices(*rows, height * f, border) - maps.first
    at_columns = border_indices(-margin * f, (width + margin) * f, width * f, border)
    data = np.ascontiguousarray(maps.data[:, at_rows[:, np.newaxis], at_columns])
    return Maps(data, rows[0], f)


def _run_step(
    step: Step, maps: list[Maps | None], rows: Rows, size: tuple[int, int], margin: int
) -> Maps:
    """Run a layer for some rows of its output."""
    f = step.factor
    top, bottom = -margin * f, (size[0] + margin) * f
    columns = (size[1] + 2 * margin) * f
    first, last = before_place(step, rows, margin, size[0])
    cells = as_cell_reads([step.reads], step.channels)
    if cells is not None:
        sums = sum_cells(cells, maps, (first, last), (top, bottom), columns)
        by_pixel = sums.reshape(last - first, columns, step.channels)
        total = np.ascontiguousarray(by_pixel.transpose(2, 0, 1), np.int32)
    else:
        total = np.zeros((step.channels, last - first, columns), np.int32)
        for read in step.reads:
            source = maps[read.source]
            assert source is not None
            _add_look_up(read, source, (first, last), (top, bottom), columns, total)
    for number, gain in step.add:
        gains = gain.astype(np.int32)[:, np.newaxis, np.newaxis]
        total += gains * _rows_of(maps[number], first, last)
    _round(total, step.rounding)
    for number in step.residual:
        total += _rows_of(maps[number], first, last)
    _clamp(total, step.rounding)
    return Maps(_place(step, total, first, rows, size, margin), rows[0], f * step.cells)


def _rows_of(maps: Maps | None, first: int, last: int) -> NDArray[np.int32]:
    assert maps is not None
    return maps.data[:, first - maps.first : last - maps.first]


def _add_look_up(
    read: Read, source: Maps, rows: Rows, domain: Rows, columns: int, total: NDArray[np.int32]
) -> None:
    if read.table.shape[2] < len(total):  # one channel, for all
        one = np.zeros((1, *total.shape[1:]), np.int32)
        _add_look_up(read, source, rows, domain, columns, one)
        total += one
        return
    low, high, left, right = read.reach
    height = domain[1] - domain[0]
    first, last = rows[0] + low - domain[0], rows[1] + high - domain[0]
    at_rows = border_indices(first, last, height, read.border) + (domain[0] - source.first)
    at_columns = border_indices(left, columns + right, columns, read.border)
    data = source.data.view()
    data.flags.writeable = False  # one writability, so that the kernel compiles once
    kernels.add_look_up(
        data,
        at_rows,
        at_columns,
        read.table,
        read.taps,
        read.levels,
        read.low,
        read.steps,
        read.weights,
        read.walk,
        total,
    )


def _place(
    step: Step,
    maps: NDArray[np.int32],
    first: int,
    rows: Rows,
    size: tuple[int, int],
    margin: int,
) -> NDArray[np.int32]:
    """Lay channels out as cells, sum displaced maps, and return some rows of the result."""
    r, count = step.cells, max(1, len(step.shifts))
    n, height, width = maps.shape
    channels = n // (count * r * r)
    placed = maps
    if r > 1:
        split = maps.reshape(count * channels, r * r, height, width)
        placed = np.empty((count * channels, height * r, width * r), np.int32)
        for k, (u, v) in enumerate(step.corners):
            placed[:, u::r, v::r] = split[:, k]
    first *= r
    if not step.shifts:
        return np.ascontiguousarray(placed[:, rows[0] - first : rows[1] - first])
    factor = step.factor * r
    top, bottom = -margin * factor, (size[0] + margin) * factor
    total = np.zeros((channels, rows[1] - rows[0], width * r), np.int32)
    for k, (dy, dx) in enumerate(step.shifts):
        at_rows = border_indices(rows[0] - dy - top, rows[1] - dy - top, bottom - top, step.border)
        at_columns = border_indices(-dx, width * r - dx, width * r, step.border)
        moved = placed[k * channels : (k + 1) * channels]
        total += moved[:, (at_rows + top - first)[:, np.newaxis], at_columns]
    return total


def _round(maps: NDArray[np.int32], rounding: Rounding) -> None:
    """Add the bias, divide and round, in place."""
    if rounding.divisor == 1:
        if rounding.bias.any():
            maps += rounding.bias.astype(np.int32)[:, np.newaxis, np.newaxis]
        return
    bias = np.ascontiguousarray(np.broadcast_to(rounding.bias, len(maps)))
    even = rounding.rounding == "even"
    kernels.round_maps(maps, bias, 1 / rounding.divisor, rounding.divisor, even)


def _clamp(maps: NDArray[np.int32], rounding: Rounding) -> None:
    if rounding.clamp is not None:
        np.clip(maps, *rounding.clamp, out=maps)
