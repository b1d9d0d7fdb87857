"""Stages whose registers fit into bytes and whose tables have one index: TinyLUT, ShiftLUT.

Entries are prepared as bytes for every value of the register that is read, interpolated where a
table has fewer levels. All checks are for the largest sums that the tables allow.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .plan import Read, StagePlan, Step, used_registers
from .registers import divide

#: Columns of margin on each side of a row; a tap reaches 32 far.
MARGIN = 64

#: Most bytes of prepared entries of a layer: many times what published models need. Preparing them
#: takes a few times eight bytes for each.
MOST_ENTRIES = 1 << 22


@dataclass(frozen=True)
class ByteRegister:
    """A register of bytes: its values less `low`."""

    channels: int
    low: int
    high: int


@dataclass(frozen=True)
class ByteLayer:
    """A layer, as `lutsr._chain.byte_kernels.run_layer` takes it.

    Attributes
    ----------
    sources, channels : ndarray of int64, shape (groups, T)
        The register that indexes each table, and its channel.
    taps : ndarray of int64, shape (groups, T, 3)
        dx, dy, and whether the border is "reflect".
    margins : tuple of (int, str, int, int)
        Registers that are read beside a pixel, their border, and how far to the left and right.
    tables : ndarray of uint8
    residuals : tuple of int
    rounding, constants : ndarray of int64
    out : ByteRegister
    registers : tuple of ByteRegister or None
        The registers before it.
    planes : tuple of int
        First map in memory of each register, by number. The last one is the output's.
    """

    sources: NDArray[np.int64]
    channels: NDArray[np.int64]
    taps: NDArray[np.int64]
    margins: tuple[tuple[int, str, int, int], ...]
    tables: NDArray[np.uint8]
    residuals: tuple[int, ...]
    rounding: NDArray[np.int64]
    constants: NDArray[np.int64]
    out: ByteRegister
    registers: tuple[ByteRegister | None, ...] = ()
    planes: tuple[int, ...] = ()

    def channels_of(self, number: int) -> int:
        """Return the number of channels of a register."""
        register = self.registers[number]
        return 0 if register is None else register.channels


@dataclass(frozen=True)
class ByteStage:
    """A stage of such layers.

    Attributes
    ----------
    stage : StagePlan
    sources : tuple of ByteRegister or None
        The registers before the stage.
    bodies : tuple of tuple of ByteLayer
    orders : tuple of ndarray
        For each rotation, the map of the result that each channel is added to.
    plane_count : int
        Maps that are in memory at once.
    programs : dict
        What `lutsr._chain.byte_run` has prepared for some rows and sizes.
    """

    stage: StagePlan
    sources: tuple[ByteRegister | None, ...]
    bodies: tuple[tuple[ByteLayer, ...], ...]
    orders: tuple[NDArray[np.int64], ...]
    plane_count: int
    programs: dict[Any, Any] = field(default_factory=dict, compare=False, repr=False)


def as_byte_stage(stage: StagePlan, sources: Sequence[ByteRegister | None]) -> ByteStage | None:
    """Return a stage as one of bytes, if it is one.

    Parameters
    ----------
    stage : StagePlan
    sources : sequence of ByteRegister or None
        The registers before the stage; None for those whose values do not fit into bytes.
    """
    first = stage.bodies[0]
    if stage.border is not None or stage.factor != first[-1].cells:
        return None
    registers = list(sources)
    layers = []
    for number, step in enumerate(first):
        if step.factor != 1 or step.shifts or (step.cells > 1 and number + 1 < len(first)):
            return None
        layer = _as_layer(step, registers)
        if layer is None:
            return None
        layers.append(layer)
        registers.append(layer.out)
    places, count = _planes(first, registers)
    layers = [replace(layer, planes=each) for layer, each in zip(layers, places, strict=True)]
    bodies = [
        tuple(_turned(layer, step, registers) for layer, step in zip(layers, body, strict=True))
        for body in stage.bodies
    ]
    orders = [_order(body[-1], stage.channels) for body in stage.bodies]
    return ByteStage(stage, tuple(sources), tuple(bodies), tuple(orders), count)


def _order(step: Step, channels: int) -> NDArray[np.int64]:
    r = step.cells
    places = [u * r + v for u, v in step.corners]
    return np.array([c * r * r + k for c in range(channels) for k in places], np.int64)


def _as_layer(step: Step, registers: list[ByteRegister | None]) -> ByteLayer | None:
    n = step.channels
    if any(registers[number] is None for number in used_registers(step)):
        return None
    borders = {(read.source, read.border) for read in step.reads}
    if len(borders) > len({source for source, _ in borders}):  # margins have one border
        return None
    if any(read.taps.shape[2] > 1 for read in step.reads):
        return None
    known = [each or ByteRegister(1, 0, 0) for each in registers]
    indexed = [*(read.source for read in step.reads), *(source for source, _ in step.add)]
    size = 256 if any(known[s].high - known[s].low >= 64 for s in indexed) else 64
    if (sum(len(read.table) for read in step.reads) + len(step.add)) * n * size > MOST_ENTRIES:
        return None
    values = [_values(read, known[read.source], n, size) for read in step.reads]
    for source, gain in step.add:
        lines = gain[:, np.newaxis] * (np.arange(size) + known[source].low)
        values.append(np.broadcast_to(lines, (1, n, size)))
    extra = [known[number] for number in step.residual]
    found = np.concatenate([*values, np.zeros((0, n, size), np.int64)])
    bias = np.broadcast_to(step.rounding.bias, n)
    for unit_bits in range(9):
        made = _as_bytes(found, unit_bits)
        if made is not None and (size == 64 or unit_bits == 0):
            tables, base, largest = made
            break
    else:
        return None
    divisor, even = step.rounding.divisor, step.rounding.rounding == "even"
    start = base + bias + divisor // 2
    whole = start // divisor
    limit = int(largest.max()) + divisor - 1
    factors = _division(divisor, limit)
    if factors is None:
        return None
    lows = [divide(int(a), divisor, step.rounding.rounding) for a in base + bias]
    highs = [divide(int(a), divisor, step.rounding.rounding) for a in base + bias + largest]
    low = min(lows) + sum(one.low for one in extra)
    high = max(highs) + sum(one.high for one in extra)
    if step.rounding.clamp is not None:
        low, high = step.rounding.clamp
    offset = whole + sum(one.low for one in extra) - low
    spread = limit // divisor + sum(one.high - one.low for one in extra)
    if high - low > 255 or int(np.abs(offset).max()) + spread > 2**15 - 1:
        return None
    rounding = [size * (2 if unit_bits else 1), size == 256, unit_bits > 0, unit_bits]
    ties = even and divisor % 2 == 0
    rounding += [*factors, divisor, ties, high - low]
    constants = np.stack([start - whole * divisor, whole & 1, offset], axis=1)
    nothing = np.zeros((1, 0), np.int64)
    return ByteLayer(
        nothing, nothing, nothing, (),
        tables,
        step.residual,
        np.array(rounding, np.int64),
        np.ascontiguousarray(constants, np.int64),
        ByteRegister(n, low, high),
        tuple(registers),
    )  # fmt: skip


def _values(read: Read, source: ByteRegister, n: int, size: int) -> NDArray[np.int64]:
    """Return what a look-up adds for each byte of its source, as (T, n, size)."""
    count, length, channels = read.table.shape
    value = np.minimum(np.arange(size), source.high - source.low) + source.low - read.low
    steps = read.steps[:, :, np.newaxis]  # (T, groups, 1)
    level, fraction = np.divmod(value, steps)
    entries = read.table.astype(np.int64).transpose(0, 2, 1)  # (T, channels, levels)
    level = np.broadcast_to(level, (count, channels, size))
    result = np.take_along_axis(entries, level, axis=2)
    if read.walk != 2:
        above = np.take_along_axis(entries, np.minimum(level + 1, length - 1), axis=2)
        result = result * (steps - fraction) + above * fraction
    result = result * read.weights[:, :, np.newaxis]
    return np.broadcast_to(result, (count, n, size))


def _as_bytes(
    values: NDArray[np.int64], unit_bits: int
) -> tuple[NDArray[np.uint8], NDArray[np.int64], NDArray[np.int64]] | None:
    """Split values into bytes of units and bytes of rests.

    Returns
    -------
    tables : ndarray of uint8, flat
        For each channel and table its bytes of units, then its rests if the unit is not 1.
    base, largest : ndarray of int64, shape (n,)
        The sum of values is between `base` and `base` + `largest`.
    """
    units = values >> unit_bits
    least = units.min(axis=2, keepdims=True) if len(values) else units
    units = units - least
    rests = values & ((1 << unit_bits) - 1)
    base = (least[..., 0] << unit_bits).sum(axis=0) if len(values) else np.zeros(values.shape[1])
    largest = (values - (least << unit_bits)).max(axis=2, initial=0).sum(axis=0)
    if units.max(initial=0) > 255 or rests.max(axis=2, initial=0).sum(axis=0).max() > 255:
        return None
    if largest.max() > 2**16 - 1:
        return None
    both = np.stack([units, rests], axis=2) if unit_bits else units
    tables = np.ascontiguousarray(both.swapaxes(0, 1)).astype(np.uint8).reshape(-1)
    return tables, base.astype(np.int64), largest


def _division(divisor: int, limit: int) -> tuple[int, int, int] | None:
    """Return factor, mask and shift so that products in 32 bits divide all of 0..limit exactly."""
    if limit > 2**16 - 1:
        return None
    if divisor == 1:
        return 0, 2**16 - 1, 0
    numbers = np.arange(limit + 1)
    for shift in range(16):
        factor = -(-(2 ** (16 + shift)) // divisor)
        if factor < 2**16 and np.array_equal(numbers * factor >> (16 + shift), numbers // divisor):
            return factor, 0, shift
    return None


def _turned(layer: ByteLayer, step: Step, registers: list[ByteRegister | None]) -> ByteLayer:
    """Return a layer with the taps of one rotation."""
    n = step.channels
    counts = [registers[source].channels for source, _ in step.add]  # type: ignore[union-attr]
    own = any(count > 1 for count in counts)
    groups = n if own or any(read.taps.shape[1] > 1 for read in step.reads) else 1
    sources, taps, margins = [], [], []
    for read in step.reads:
        top, _, left, right = read.reach
        found = np.broadcast_to(read.taps[:, :, 0], (len(read.taps), groups, 3)).swapaxes(0, 1)
        sources.append(np.full(found.shape[:2], read.source))
        taps.append(np.concatenate([found, np.full_like(found[..., :1], 0)], axis=2))
        taps[-1] += [top, left, 0, read.border == "reflect"]
        if left < 0 or right > 0:
            margins.append((read.source, read.border, max(0, -left), max(0, right)))
    for (source, _), count in zip(step.add, counts, strict=True):
        sources.append(np.full((groups, 1), source))
        taps.append(np.zeros((groups, 1, 4), np.int64))
        if count > 1:
            taps[-1][:, 0, 2] = np.arange(groups)
    every = np.concatenate([np.zeros((groups, 0, 4), np.int64), *taps], axis=1)
    return replace(
        layer,
        sources=np.concatenate([np.zeros((groups, 0), np.int64), *sources], axis=1),
        channels=every[..., 2],
        taps=np.ascontiguousarray(every[..., [1, 0, 3]]),
        margins=tuple(margins),
    )


def _planes(
    steps: Sequence[Step], registers: Sequence[ByteRegister | None]
) -> tuple[list[tuple[int, ...]], int]:
    """Place the registers of a stage in memory; a register may replace one that is read no more.

    Returns
    -------
    places : list of tuple of int
        For each layer, the first map of each register up to its output.
    count : int
        Maps in all.
    """
    first_layer = len(registers) - len(steps)
    last_use = {number: len(steps) for number in range(first_layer)}
    for at, step in enumerate(steps):
        for number in used_registers(step):
            last_use[number] = max(at, last_use.get(number, 0))
    count = 0
    places: list[int] = []
    free: list[tuple[int, int]] = []
    result = []
    for number, register in enumerate(registers):
        channels = 0 if register is None else register.channels
        fitting = [each for each in free if each[1] == channels]
        if fitting:
            free.remove(fitting[0])
            places.append(fitting[0][0])
        else:
            places.append(count)
            count += channels
        if number >= first_layer:
            result.append(tuple(places))
            for old in range(first_layer, number + 1):
                if last_use.get(old, old - first_layer) == number - first_layer:
                    known = registers[old]
                    assert known is not None
                    free.append((places[old], known.channels))
    return result, count
