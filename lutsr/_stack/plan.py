"""Stacks among chains: what makes a chain one, and its tables as the kernels want them.

A *stack* is a chain of one stage, padded once, whose look-ups are tables of one index: a window of
the image, then windows of 3 x 3 of hidden maps, then details that are added to a base.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .._chain.description import Chain, Layer, LookUp, Rounding
from .._engine import SCALES
from .layout import LINE, LOW, Form

#: Limits of what the kernels are compiled for: their code grows with the channels.
MOST_CHANNELS = 32
MOST_LEVELS = 256
WINDOWS = (3, 5)

_INT16 = np.iinfo(np.int16)


@dataclass(frozen=True)
class Stack:
    """Tables of a stack, by window row, window column and channel.

    Attributes
    ----------
    scale, halo, levels : int
    first : ndarray of int8, shape (k, k, 1, 256, C)
    body : list of ndarray of int8, shape (3, 3, C, levels, C)
    last : ndarray of int8, shape (3, 3, C, levels, r * r)
    flat : ndarray of int64, shape (256, r * r)
    base : ndarray of int32, shape (3, 3, 1, 256, r * r)
        With the pixel's own level.
    own : int
        How often the pixel's own level counts in it.
    gains : list of ndarray of int64, shape (C,)
        Of the hidden layers: a channel's own level counts so many times.
    biases : list of ndarray of int64
        Of the first, the hidden and the last layers, with half a divisor.
    shifts : list of int
        Binary logarithms of the divisors of the first and the hidden layers.
    shift, bias : int
        The same of the stage, without the half.
    """

    scale: int
    halo: int
    levels: int
    first: NDArray[np.int8]
    body: list[NDArray[np.int8]]
    last: NDArray[np.int8]
    flat: NDArray[np.int64]
    base: NDArray[np.int32]
    own: int
    gains: list[NDArray[np.int64]]
    biases: list[NDArray[np.int64]]
    shifts: list[int]
    shift: int
    bias: int

    @property
    def channels(self) -> int:
        """Channels of hidden maps."""
        return int(self.first.shape[-1])

    @property
    def reach(self) -> int:
        """Pixels on each side by which the windows of all layers extend an output pixel."""
        return len(self.first) // 2 + len(self.body) + 1

    @property
    def divisor(self) -> int:
        """The divisor of the stage: entries of the last layer in a grey level."""
        return 1 << self.shift

    @property
    def base_alone(self) -> NDArray[np.int16]:
        """The base without the pixel's own level."""
        base = self.base.copy()
        base[1, 1, 0] -= self.own * np.arange(256, dtype=np.int32)[:, np.newaxis]
        return base.astype(np.int16)


class _OtherChainError(Exception):
    """The chain is no stack, or one that the kernels cannot compute."""


def find_stack(chain: Chain) -> Stack | None:
    """Return the stack that a chain is, or None if it is none that the kernels can compute."""
    try:
        return _read(chain)
    except _OtherChainError:
        return None


def _want(condition: bool) -> None:
    if not condition:
        raise _OtherChainError


def _read(chain: Chain) -> Stack:
    _want(len(chain.stages) == 1 and chain.scale in SCALES)
    stage = chain.stages[0]
    _want(stage.rotations == 1 and stage.border == "reflect" and len(stage.layers) > 1)
    _want(stage.rounding.clamp == (0, 255))
    *layers, last = stage.layers
    rounding = layers[0].rounding
    _want(rounding.clamp is not None)
    assert rounding.clamp is not None
    low, top = rounding.clamp
    channels = int(layers[0].look_ups[0].entries.shape[-1]) if layers[0].look_ups else 0
    _want(low == 0 and 1 <= top < MOST_LEVELS and 1 <= channels <= MOST_CHANNELS)
    source, tables, gains = "image", [], []
    for number, layer in enumerate(layers):
        _want(layer.place.cells == 1 and not layer.place.shifts)
        _want(len(layer.look_ups) == 1 and layer.rounding.clamp == (0, top))
        _want(not layer.residual)
        if number:
            tables.append(_window(layer.look_ups[0], source, channels, top + 1, (3,)))
            gains.append(_own_gains(layer, source, channels))
        else:
            _want(not layer.add)
            tables.append(_window(layer.look_ups[0], source, 1, 256, WINDOWS))
        _want(tables[-1].shape[-1] == channels)
        source = layer.out
    detail, flat, base, own = _read_last(last, source, channels, top + 1, chain.scale)
    halfs = [layer.rounding for layer in layers]
    stack = Stack(
        scale=chain.scale,
        halo=chain.halo,
        levels=top + 1,
        first=tables[0],
        body=tables[1:],
        last=detail,
        flat=flat,
        base=base,
        own=own,
        gains=gains,
        biases=[*(one.bias + one.divisor // 2 for one in halfs), last.rounding.bias],
        shifts=[_shift(one) for one in halfs],
        shift=_shift(stage.rounding),
        bias=int(stage.rounding.bias[0]),
    )
    _check_sums(stack)
    return stack


def _own_gains(layer: Layer, source: str, channels: int) -> NDArray[np.int64]:
    """Return how often each channel's own level counts in a layer."""
    _want(all(name == source for name, _ in layer.add))
    return sum((gain for _, gain in layer.add), start=np.zeros(channels, np.int64))


def _shift(rounding: Rounding) -> int:
    """Return the binary logarithm of a divisor that is a power of two."""
    divisor = rounding.divisor
    _want(divisor & (divisor - 1) == 0 and divisor <= _INT16.max)
    _want(divisor == 1 or rounding.rounding == "up")
    return divisor.bit_length() - 1


def _window(
    look_up: LookUp, source: str, channels: int, levels: int, windows: tuple[int, ...]
) -> NDArray[Any]:
    """Return a look-up's entries by window row and column, channel and level.

    Where there is no table for a place, its entries are zeros.
    """
    taps = look_up.taps
    _want(look_up.source == source and look_up.low == 0 and look_up.gain == 1)
    _want(bool((look_up.steps == 1).all()) and taps.shape[1:3] == (1, 1))
    rows, columns, which = taps[:, 0, 0].T
    reach = int(np.abs(taps[:, 0, 0, :2]).max())
    _want(reach <= windows[-1] // 2 and bool((which >= 0).all()))
    _want(look_up.entries.shape[1] >= levels)
    size = min(window for window in windows if window // 2 >= reach)
    places = ((rows + size // 2) * size + columns + size // 2) * channels + which
    _want(len(np.unique(places)) == len(places))
    entries = look_up.entries[:, :levels]
    found = np.zeros((size * size * channels, *entries.shape[1:]), entries.dtype)
    found[places] = entries
    return found.reshape(size, size, channels, *entries.shape[1:])


def _read_last(
    layer: Layer, source: str, channels: int, levels: int, scale: int
) -> tuple[NDArray[np.int8], NDArray[np.int64], NDArray[np.int32], int]:
    """Return the tables of the detail, the flat one, the base with the own level, and its gain."""
    _want(layer.place.cells == scale and not layer.place.shifts and not layer.residual)
    _want(layer.rounding.divisor == 1 and layer.rounding.clamp is None)
    cell = scale * scale
    flat = np.zeros((256, cell), np.int64)
    base = np.zeros((3, 3, 1, 256, cell), np.int32)
    details = []
    for look_up in layer.look_ups:
        if look_up.source == source:
            details.append(_window(look_up, source, channels, levels, (3,)))
            continue
        table = _window(look_up, "image", 1, 256, (3,))
        if is_flat(look_up):
            flat = flat + table[1, 1, 0]
        else:
            base += table
    _want(all(name == "image" for name, _ in layer.add))
    own = sum(int(gain[0]) for _, gain in layer.add)
    base[1, 1, 0] += own * np.arange(256, dtype=np.int32)[:, np.newaxis]
    _want(len(details) == 1 and details[0].shape[-1] == cell)
    # Otherwise there is nothing to add the detail of another channel to.
    _want(
        bool(layer.add) or any(one.source == "image" and not is_flat(one) for one in layer.look_ups)
    )
    return details[0], flat, base, own


def is_flat(look_up: LookUp) -> bool:
    """Return whether a look-up on the image belongs to the detail: its only tap is the pixel."""
    return len(look_up.taps) == 1 and not look_up.taps.any()


def _check_sums(stack: Stack) -> None:
    """Check that sums fit into 16 bits, for every image."""
    layers = [stack.first, *stack.body]
    _want(all(layer.dtype == np.int8 for layer in (*layers, stack.last)))
    for number, layer in enumerate(layers):
        low, high = (bound + stack.biases[number] for bound in sum_bounds(layer))
        if number:
            own = stack.gains[number - 1] * (stack.levels - 1)
            low, high = low + np.minimum(own, 0), high + np.maximum(own, 0)
            _want(bool((np.abs(own) <= _INT16.max).all()))
        _want(low.min() >= _INT16.min and high.max() <= _INT16.max)
    low, high = stack.biases[-1] + stack.bias, stack.biases[-1] + stack.bias + (1 << stack.shift)
    for table in (stack.last, stack.flat[np.newaxis, np.newaxis, np.newaxis], stack.base):
        bounds = sum_bounds(table)
        low, high = low + bounds[0], high + bounds[1]
    _want(low.min() >= _INT16.min and high.max() <= _INT16.max)


def sum_bounds(entries: NDArray[Any]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the smallest and largest sum of entries, for each output channel."""
    low, high = entries.min(3), entries.max(3)
    return low.sum((0, 1, 2), dtype=np.int64), high.sum((0, 1, 2), dtype=np.int64)


def lay_out(layers: list[NDArray[Any]], form: Form) -> NDArray[np.int8]:
    """Lay the tables of layers out in memory, by layer, window row and channel.

    Parameters
    ----------
    layers : list of ndarray, shape (rows, columns, channels, levels, values)
    form : Form

    Returns
    -------
    ndarray of int8, flat
        It starts with a cache line.
    """
    found = [np.zeros(0, np.int8)]
    for entries in layers:
        rows, columns, channels, levels, values = entries.shape
        slots = np.zeros((rows, channels, levels, columns, form.lanes), np.int64)
        # The window's last column comes first.
        slots[..., :values] = entries[:, ::-1].transpose(0, 2, 3, 1, 4)
        words = _words(slots, form).reshape(rows * channels, levels, -1)
        tables = np.zeros((rows * channels, form.table(levels) // 2), np.uint16)
        places = tables[:, : levels * form.entry // 2].reshape(rows * channels, levels, -1)
        places[..., : words.shape[2]] = words
        tables[:, : levels * form.entry // 2] = places.reshape(rows * channels, -1)
        found.append(tables.reshape(-1).view(np.int8))
    size = sum(map(len, found))
    room = np.zeros(size + LINE, np.int8)
    start = -room.ctypes.data % LINE
    return np.concatenate(found, out=room[start : start + size])


def _words(slots: NDArray[np.int64], form: Form) -> NDArray[np.uint16]:
    if not form.packed:
        return slots.astype(np.uint16)
    low, high = slots[..., : form.words], slots[..., form.words :]
    return ((low + LOW) | high << 8).astype(np.uint16)


def padded(values: NDArray[np.int64], form: Form) -> NDArray[np.int16]:
    """Return the values of a slot's lanes."""
    return np.pad(values, (0, form.lanes - len(values))).astype(np.int16)


def slot_start(bias: NDArray[np.int64], addends: int, form: Form) -> NDArray[np.int16]:
    """Return what the words of a slot start with, before so many entries are added."""
    values = padded(bias, form).astype(np.int64)
    if not form.packed:
        return values.astype(np.int16)
    low, high = values[: form.words] - LOW * addends, values[form.words :]
    return np.concatenate([low + (high << 8), high]).astype(np.int16)
