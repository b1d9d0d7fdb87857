"""Checks of a chain's description, before anything is computed from it.

See `lutsr._chain.description` for what the fields mean.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from .._frame.depth import FLOAT_STEPS
from .description import BORDERS, ROUNDINGS, WALKS, Chain, Layer, LookUp, Place, Rounding, Stage
from .fields import Fields, integer, integers, items, name, one_or_each, short, wrong
from .registers import LARGEST_SUM, Register, joint_reach, moved_reach

if TYPE_CHECKING:
    from .._modelfile import Model

#: Limits that bound the time and memory of a check and, per pixel, of a run.
MOST_STAGES = 16
MOST_LAYERS = 64
MOST_LOOK_UPS = 16
MOST_TABLES = 4096
MOST_INDICES = 4
MOST_CHANNELS = 256
FARTHEST_TAP = 32
LARGEST_HALO = 64
LARGEST_STEP = 256
LARGEST_DIVISOR = 2**20

#: Largest sum, for 8-bit images, that fits int32 for the deepest ones.
DEEPEST_SUM = LARGEST_SUM // FLOAT_STEPS

#: The chains of models, as long as these live: a model is checked when it is read and when opened.
_CHAINS: WeakKeyDictionary[Model, Chain] = WeakKeyDictionary()


def read_chain(
    scale: int, parameters: Mapping[str, Any], tables: Mapping[str, NDArray[Any]]
) -> Chain:
    """Check the description of a chain and its tables.

    Parameters
    ----------
    scale : int
        Enlargement factor of the model.
    parameters : mapping
        As `lutsr._chain.description` describes them.
    tables : mapping of str to ndarray

    Raises
    ------
    ValueError
        If anything is wrong. The error names the field, what came and what was wanted.
    """
    for key, table in tables.items():
        if table.dtype not in (np.int8, np.int16) or table.ndim != 3 or 0 in table.shape:
            raise ValueError(
                f"tables[{key!r}]: got {table.dtype} of shape {short(table.shape)}, "
                "wanted int8 or int16 of shape (tables, entries, channels)"
            )
    fields = Fields("parameters", dict(parameters), ["stages"])
    checker = _Checker(scale, tables)
    stages = tuple(
        checker.stage(where, value) for where, value in fields.items("stages", MOST_STAGES)
    )
    result = checker.stage_registers[stages[-1].out]
    if (result.channels, result.factor) != (1, scale):
        raise ValueError(
            f"parameters.stages: the result has {result.channels} channels and is "
            f"{result.factor} times the image, wanted 1 channel and {scale} times"
        )
    if stages[-1].rounding.clamp != (0, 255):
        where = f"parameters.stages[{len(stages) - 1}].clamp"
        raise wrong(where, stages[-1].rounding.clamp, "[0, 255] in the last stage")
    unused = sorted(set(tables) - checker.used)
    if unused:
        raise ValueError(f"tables[{unused[0]!r}]: no look-up uses it")
    return Chain(scale, stages, result.halo, _is_deep(stages, checker.largest_sum))


def check_model(model: Model) -> Chain:
    """Check the parameters and tables of a model, and return its chain, which is read once."""
    if model not in _CHAINS:
        _CHAINS[model] = read_chain(model.scale, model.parameters, model.tables)
    return _CHAINS[model]


def _is_deep(stages: tuple[Stage, ...], largest_sum: int) -> bool:
    """Return whether a chain is linear in interpolated entries of the image."""
    if len(stages) > 1 or max(largest_sum, 255 * stages[0].rounding.divisor) > DEEPEST_SUM:
        return False
    return all(
        layer.rounding.divisor == 1
        and layer.rounding.clamp is None
        and all(one.source == "image" and one.walk != "floor" for one in layer.look_ups)
        for layer in stages[0].layers
    )


class _Checker:
    """Reads stages in order and keeps what is known of the registers."""

    def __init__(self, scale: int, tables: Mapping[str, NDArray[Any]]) -> None:
        self._scale = scale
        self._tables = tables
        self.used: set[str] = set()
        self._bounds: dict[tuple[str, bool], tuple[int, int]] = {}
        self.largest_sum = 0
        self.stage_registers = {"image": Register(1, 1, 0, 255)}
        self._read: set[str] = set()
        self._registers: dict[str, Register] = {}

    def stage(self, where: str, value: object) -> Stage:
        fields = Fields(
            where,
            value,
            ["out", "layers", "rotations"],
            ["border", "bias", "divisor", "rounding", "clamp"],
        )
        out = fields.name("out")
        if out in self.stage_registers:
            raise wrong(f"{where}.out", out, "a name that no stage has and that is not 'image'")
        rotations = fields.integer("rotations", 1, 4)
        if rotations not in (1, 4):
            raise wrong(f"{where}.rotations", rotations, "1 or 4")
        border = fields.choice("border", BORDERS) if "border" in fields else None
        self._registers, self._read = dict(self.stage_registers), set()
        layers = tuple(
            self._layer(at, item, border) for at, item in fields.items("layers", MOST_LAYERS)
        )
        body = self._registers[layers[-1].out]
        rounding = _rounding(fields, where, 1)
        low, high = body.low * rotations, body.high * rotations
        _check_sum(where, rounding, low, high)
        self.largest_sum = max(-low, high) + int(abs(rounding.bias).max())
        reach = -(-max(body.reach) // self._scale)
        halo = reach + max(self.stage_registers[key].halo for key in self._read)
        if halo > LARGEST_HALO:
            raise ValueError(
                f"{where}: its results depend on pixels {halo} away, wanted at most {LARGEST_HALO}"
            )
        self.stage_registers[out] = Register(
            body.channels, body.factor, *rounding(low, high), halo=halo
        )
        return Stage(out, rotations, border, layers, rounding, reach)

    def _layer(self, where: str, value: object, border: str | None) -> Layer:
        optional = ["look_ups", "add", "residual", "place", "bias", "divisor", "rounding", "clamp"]
        fields = Fields(where, value, ["out"], optional)
        out = fields.name("out")
        if out in self.stage_registers:
            raise wrong(f"{where}.out", out, "a name other than those of the image and of stages")
        look_ups, adds, residuals = [], [], []
        sums: list[Register] = []
        for at, item in fields.items("look_ups", MOST_LOOK_UPS):
            look_up, register = self._look_up(at, item, border)
            look_ups.append(look_up)
            sums.append(register)
        for at, item in fields.items("add", MOST_LOOK_UPS):
            entry = Fields(at, item, ["in"], ["gain"])
            register = self._source(*entry.get("in"))
            limit = LARGEST_DIVISOR
            gains = one_or_each(*entry.get("gain", 1), register.channels, -limit, limit)
            adds.append((entry.name("in"), gains))
            products = np.outer(gains, [register.low, register.high])
            sums.append(register.with_range(int(products.min()), int(products.max())))
        extra = [self._source(*item) for item in fields.items("residual", MOST_LOOK_UPS)]
        residuals = [name(*item) for item in fields.items("residual", MOST_LOOK_UPS)]
        if not sums and not extra:
            raise ValueError(f"{where}: nothing to compute; give look_ups, add or residual")
        channels = _common_shape(where, sums + extra)
        rounding = _rounding(fields, where, channels)
        low, high = sum(one.low for one in sums), sum(one.high for one in sums)
        _check_sum(where, rounding, low, high)
        low, high = rounding(low, high, (sum(e.low for e in extra), sum(e.high for e in extra)))
        _check_range(where, low, high)
        register = Register(
            channels, sums[0].factor if sums else extra[0].factor, low, high,
            joint_reach(one.reach for one in sums + extra),
        )  # fmt: skip
        place = Place()
        if "place" in fields:
            place, register = self._place(*fields.get("place"), register, border)
        self._registers[out] = register
        return Layer(out, tuple(look_ups), tuple(adds), rounding, tuple(residuals), place)

    def _source(self, where: str, value: object) -> Register:
        """Return what is known of a register that is read."""
        key = name(where, value)
        if key not in self._registers:
            known = ", ".join(self._registers)
            raise wrong(where, value, f"a register that is written before: {known}")
        if key in self.stage_registers:
            self._read.add(key)
        return self._registers[key]

    def _look_up(
        self, where: str, value: object, stage_border: str | None
    ) -> tuple[LookUp, Register]:
        fields = Fields(
            where, value, ["table", "in", "taps"], ["low", "step", "walk", "border", "gain"]
        )
        table = fields.name("table")
        if table not in self._tables:
            raise wrong(f"{where}.table", table, f"one of {', '.join(self._tables) or 'no table'}")
        self.used.add(table)
        source, entries = self._source(*fields.get("in")), self._tables[table]
        count, length, channels = entries.shape
        if count > MOST_TABLES or channels > MOST_CHANNELS:
            raise ValueError(
                f"tables[{table!r}]: shape {short(entries.shape)}, wanted at most {MOST_TABLES} "
                f"tables and {MOST_CHANNELS} channels"
            )
        taps = _taps(*fields.get("taps"), count, channels, source.channels)
        levels = round(length ** (1 / taps.shape[2]))
        if levels ** taps.shape[2] != length:
            raise ValueError(
                f"tables[{table!r}]: {length} entries, and {where}.taps have {taps.shape[2]} "
                f"indices; wanted levels ** {taps.shape[2]} entries"
            )
        steps = _steps(*fields.get("step", 1), count, channels)
        low = fields.integer("low", -(2**31), 2**31)
        walk = fields.choice("walk", WALKS, "simplex")
        if walk == "srlut" and taps.shape[2] != 4:
            raise wrong(f"{where}.walk", walk, "'simplex': the fault of SR-LUT is one of 4 indices")
        largest = (source.high - low) / steps.min()
        last = int(largest) if walk == "floor" else -int(-largest // 1)
        if source.low < low or last >= levels:
            raise ValueError(
                f"{where}.in: its values can be {source.low}..{source.high}, and the table's "
                f"levels are {low}..{low + int(steps.min()) * (levels - 1)}"
            )
        gain = fields.integer("gain", -LARGEST_DIVISOR, LARGEST_DIVISOR, 1)
        unit = 1 if walk == "floor" else int(steps.max())
        border = _border(fields, where, stage_border)
        look_up = LookUp(
            fields.name("in"), entries, levels, taps, low, steps, unit, walk, border, gain
        )
        bottom, top = self._sum_of_entries(table, walk == "srlut")
        offsets = [(dy, dx) for dy, dx in taps[..., :2].reshape(-1, 2).tolist()]
        reach = moved_reach(source.reach, offsets, self._scale // source.factor)
        bounds = _times(bottom, top, unit * gain)
        return look_up, Register(channels, source.factor, *bounds, reach)

    def _sum_of_entries(self, table: str, widened: bool) -> tuple[int, int]:
        """Return the smallest and largest sum of one entry of each table, of any channel.

        They are kept, because any number of look-ups may use one table, which may be large.

        Parameters
        ----------
        table : str
        widened : bool
            Whether one weight of the interpolation may be negative, by less than a step.
        """
        if (table, widened) not in self._bounds:
            entries = self._tables[table]
            low, high = (f(axis=1).astype(np.int64) for f in (entries.min, entries.max))
            if widened:
                low, high = 2 * low - high, 2 * high - low
            self._bounds[table, widened] = int(low.sum(0).min()), int(high.sum(0).max())
        return self._bounds[table, widened]

    def _place(
        self, where: str, value: object, register: Register, stage_border: str | None
    ) -> tuple[Place, Register]:
        fields = Fields(where, value, ["cells"], ["shifts", "border"])
        cells = fields.integer("cells", 1, self._scale)
        factor = register.factor * cells
        if self._scale % factor:
            raise wrong(f"{where}.cells", cells, f"a divisor of {self._scale // register.factor}")
        shifts: tuple[tuple[int, int], ...] = ()
        border = "edge"
        if "shifts" in fields:
            offsets = [
                integers(at, item, 2, -FARTHEST_TAP, FARTHEST_TAP)
                for at, item in fields.items("shifts", MOST_CHANNELS)
            ]
            shifts = tuple((dy, dx) for dy, dx in offsets)
            border = _border(fields, where, stage_border)
        elif "border" in fields:
            raise ValueError(f"{where}.border: there are no shifts for it; leave it out")
        maps = max(1, len(shifts))
        channels, rest = divmod(register.channels, maps * cells**2)
        if rest:
            raise ValueError(
                f"{where}: {register.channels} channels, wanted a multiple of "
                f"{maps * cells**2} (shifts * cells * cells)"
            )
        low, high = register.low * maps, register.high * maps
        _check_range(where, low, high)
        reach = register.reach
        if shifts:  # a map that moves down is read from above
            back = [(-dy, -dx) for dy, dx in shifts]
            reach = moved_reach(reach, back, self._scale // factor)
        return Place(cells, shifts, border), Register(channels, factor, low, high, reach)


def _taps(where: str, value: object, count: int, channels: int, sources: int) -> NDArray[np.int64]:
    """Return taps (T, 1 or n, d, 3) of T tables with n channels, on a register's channels."""
    tables = _list_of(where, value, count, "one per table")
    read: list[list[list[list[int]]]] = []
    for at, table in tables:
        inner = items(at, table, MOST_CHANNELS)
        nested = isinstance(inner[0][1], list) and inner[0][1] and isinstance(inner[0][1][0], list)
        outputs = _list_of(at, table, channels, "one per channel") if nested else [(at, table)]
        read.append([[_tap(*tap, sources) for tap in items(*out, MOST_INDICES)] for out in outputs])
    if len({(len(table), len(taps)) for table in read for taps in table}) > 1:
        raise ValueError(f"{where}: not all tables have as many taps, wanted one shape for all")
    taps = np.array(read, np.int64)
    if channels != sources and (taps[..., 2] < 0).any():
        raise ValueError(
            f"{where}: channel -1 is the output's own, and the table has {channels} channels "
            f"while the register has {sources}"
        )
    return taps


def _tap(where: str, value: object, sources: int) -> list[int]:
    dy, dx, channel = integers(where, value, 3, -FARTHEST_TAP, max(FARTHEST_TAP, MOST_CHANNELS))
    integer(f"{where}[0]", dy, -FARTHEST_TAP, FARTHEST_TAP)
    integer(f"{where}[1]", dx, -FARTHEST_TAP, FARTHEST_TAP)
    return [dy, dx, integer(f"{where}[2]", channel, -1, sources - 1)]


def _list_of(where: str, value: object, count: int, what: str) -> list[tuple[str, Any]]:
    """Return the items of a list whose length is known."""
    if not isinstance(value, list) or len(value) != count:
        raise wrong(where, value, f"a list of {count}, {what}")
    return items(where, value, count)


def _steps(where: str, value: object, count: int, channels: int) -> NDArray[np.int64]:
    """Return steps (T, 1 or n)."""
    if isinstance(value, list):
        rows = [
            integers(*row, channels, 1, LARGEST_STEP)
            for row in _list_of(where, value, count, "one per table")
        ]
    else:
        rows = [[integer(where, value, 1, LARGEST_STEP)]] * count
    steps = np.array(rows, np.int64)
    if (steps & (steps - 1)).any():
        raise wrong(where, value, f"powers of two up to {LARGEST_STEP}")
    return steps


def _border(fields: Fields, where: str, stage_border: str | None) -> str:
    if stage_border is None:
        return fields.choice("border", BORDERS)
    if "border" in fields:
        raise ValueError(f"{where}.border: the stage pads once for all; leave one of the two out")
    return stage_border


def _rounding(fields: Fields, where: str, channels: int) -> Rounding:
    limit = LARGEST_SUM
    biases = one_or_each(*fields.get("bias", 0), channels, -limit, limit)
    clamp = None
    if "clamp" in fields:
        low, high = integers(*fields.get("clamp"), 2, -limit, limit)
        if low > high:
            raise wrong(f"{where}.clamp", [low, high], "[low, high] with low <= high")
        clamp = low, high
    divisor = fields.integer("divisor", 1, LARGEST_DIVISOR, 1)
    rounding = fields.choice("rounding", ROUNDINGS, "even")
    return Rounding(biases, divisor, rounding, clamp)


def _common_shape(where: str, registers: list[Register]) -> int:
    """Return the channels of a sum of registers; one channel fits all."""
    if len({register.factor for register in registers}) > 1:
        raise ValueError(f"{where}: its inputs are not all of one size")
    channels = {register.channels for register in registers} - {1}
    if len(channels) > 1:
        raise ValueError(
            f"{where}: its inputs have {sorted(channels)} channels, wanted one number, or 1"
        )
    return channels.pop() if channels else 1


def _times(low: int, high: int, gain: int) -> tuple[int, int]:
    return min(low * gain, high * gain), max(low * gain, high * gain)


def _check_sum(where: str, rounding: Rounding, low: int, high: int) -> None:
    _check_range(where, low, high)
    _check_range(where, low + int(rounding.bias.min()), high + int(rounding.bias.max()))


def _check_range(where: str, low: int, high: int) -> None:
    if low < -LARGEST_SUM or high > LARGEST_SUM:
        raise ValueError(
            f"{where}: values can be {low}..{high}, and int32 holds {-LARGEST_SUM}..{LARGEST_SUM}"
        )
