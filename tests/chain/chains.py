"""Random chains for hypothesis: valid descriptions with every kind of layer."""

from __future__ import annotations

import itertools

import numpy as np
from hypothesis import strategies as st

from lutsr._modelfile import Model

BORDERS = ["reflect", "edge"]


class Builder:
    """Draws one chain; keeps channels, factor and range of each register."""

    def __init__(self, draw):
        self.draw = draw
        self.tables = {}

    def integer(self, low, high):
        return self.draw(st.integers(low, high))

    def pick(self, *choices):
        return self.draw(st.sampled_from(choices))

    def model(self):
        scale = self.pick(1, 2, 3, 4)
        registers = {"image": (1, 1, 0, 255)}
        count = self.integer(1, 3)
        stages = []
        for number in range(count):
            stages.append(self.stage(f"s{number}", registers, scale, number == count - 1))
        return Model("random", scale, "chain", {"stages": stages}, self.tables)

    def stage(self, out, registers, scale, final):
        border = self.pick(None, None, *BORDERS)
        inside = dict(registers)
        layers = [
            self.layer(f"l{self.integer(0, 2)}", inside, scale, border, None)
            for _ in range(self.integer(0, 2))
        ]
        target = (1, scale) if final else (self.integer(1, 2), 1)
        layers.append(self.layer("end", inside, scale, border, target))
        stage = {"out": out, "rotations": self.pick(1, 4), "layers": layers}
        stage |= self.rounding(1, (0, 255))
        if border:
            stage["border"] = border
        registers[out] = (*inside["end"][:2], 0, 255)
        return stage

    def rounding(self, channels, clamp):
        found = {"clamp": list(clamp), "rounding": self.pick("even", "up")}
        found["divisor"] = self.pick(1, 2, 3, 9, 48, 144, 256)
        if self.pick(True, False):
            bias = [self.integer(-500, 500) for _ in range(channels)]
            found["bias"] = bias if channels > 1 and self.pick(True, False) else bias[0]
        return found

    def addend(self, registers, fitting):
        """Draw a register to be added, with one gain or one for each channel."""
        source = self.pick(*fitting)
        channels = registers[source][0]
        gains = [self.integer(-3, 3) for _ in range(channels)]
        gain = gains if channels > 1 and self.pick(True, False) else gains[0]
        return {"in": source, "gain": gain}

    def layer(self, out, registers, scale, border, target):
        """Draw a layer; `target` is the number of channels and the factor that it must give."""
        if target is None:
            source = self.pick(*registers)
            factor = registers[source][1]
            more = [m for m in (1, 2) if scale % (factor * m) == 0]
            target = (self.integer(1, 4), factor * self.pick(*more))
        channels, to = target
        sources = [k for k, r in registers.items() if to % r[1] == 0]
        factor = registers[self.pick(*sources)][1]
        sources = [k for k, r in registers.items() if r[1] == factor]
        cells = to // factor
        shifts = [[self.integer(-2, 2), self.integer(-2, 2)] for _ in range(self.pick(0, 0, 1, 3))]
        n = channels * cells * cells * max(1, len(shifts))
        look_ups = [
            self.look_up(self.pick(*sources), registers, n, border)
            for _ in range(self.integer(1, 2))
        ]
        layer = {"out": out, "look_ups": look_ups}
        fitting = [k for k in sources if registers[k][0] in (1, n)]
        if fitting and self.pick(True, False):
            layer["add"] = [self.addend(registers, fitting)]
        if fitting and self.pick(True, False):
            layer["residual"] = [self.pick(*fitting)]
        low, high = self.pick((0, 255), (-128, 127), (-32, 31), (0, 15), (5, 5))
        layer |= self.rounding(n, (low, high))
        if cells > 1 or shifts or channels != n:
            layer["place"] = {"cells": cells}
            if shifts:
                layer["place"]["shifts"] = shifts
                if not border:
                    layer["place"]["border"] = self.pick(*BORDERS)
        times = max(1, len(shifts))
        registers[out] = (channels, to, low * times, high * times)
        return layer

    def look_up(self, source, registers, n, border):
        channels, _, low, high = registers[source]
        d = self.integer(1, 4)
        exact = 0 if d < 3 and (high - low + 1) ** d < 70_000 else 4
        bits = self.integer(exact, 8)
        while (-(-(high - low) >> bits) + 1) ** d > 90_000:
            bits += 1
        walk = self.pick("simplex", "simplex", "floor", *(["srlut"] if d == 4 else []))
        count = self.integer(1, 3)
        steps = 2**bits
        levels = ((high - low) >> bits) + 2
        if self.pick(True, False, False):
            steps = [[2 ** self.integer(bits, 8) for _ in range(n)] for _ in range(count)]
        own = channels == n and self.pick(True, False)

        def tap():
            channel = -1 if own else self.integer(0, channels - 1)
            return [self.integer(-3, 3), self.integer(-3, 3), channel]

        each = self.pick(True, False, False)
        taps = [
            [[tap() for _ in range(d)] for _ in range(n)] if each else [tap() for _ in range(d)]
            for _ in range(count)
        ]
        dtype = self.pick(np.int8, np.int8, np.int16)
        limit = 128 if dtype is np.int8 else 1000
        rng = np.random.default_rng(self.integer(0, 99))
        name = f"t{len(self.tables)}"
        shape = (count, levels**d, n)
        self.tables[name] = rng.integers(-limit, limit, shape).astype(dtype)
        look_up = {"table": name, "in": source, "taps": taps, "low": low, "step": steps}
        look_up |= {"walk": walk, "gain": self.pick(1, 1, 2, -3)}
        return look_up if border else look_up | {"border": self.pick(*BORDERS)}


@st.composite
def chains(draw):
    """Draw a valid model of a chain."""
    return Builder(draw).model()


@st.composite
def cell_chains(draw):
    """Draw a model of one or two stages with one layer each: tables of cells, interpolated."""
    build = Builder(draw)
    scale = 2
    stages = []
    for source, out, r in draw(
        st.sampled_from([[("image", "end", scale)], [("image", "c", 1), ("c", "end", scale)]])
    ):
        look_ups = []
        for _ in range(build.integer(1, 3)):
            d = build.pick(4, 4, 4, 3, 2, 1)
            bits = build.pick(4, 5, 8, *([0] if d < 3 else []))
            count = build.integer(1, 2)
            name = f"t{len(build.tables)}"
            shape = (count, (256 // 2**bits + 1) ** d, r * r)
            rng = np.random.default_rng(build.integer(0, 99))
            build.tables[name] = rng.integers(-128, 128, shape).astype(np.int8)
            taps = [
                [[build.integer(-2, 2), build.integer(-2, 2), 0] for _ in range(d)]
                for _ in range(count)
            ]
            look_up = {"table": name, "in": source, "taps": taps, "step": 2**bits}
            look_up["walk"] = build.pick("simplex", "srlut") if d == 4 else "simplex"
            look_ups.append(look_up | {"border": build.pick(*BORDERS)})
        layer = {"out": "sum", "look_ups": look_ups, "place": {"cells": r}}
        stage = {"out": out, "rotations": build.pick(1, 4, 4), "layers": [layer]}
        stages.append(stage | build.rounding(1, (0, 255)))
    return Model("cells", scale, "chain", {"stages": stages}, build.tables)


class ByteBuilder(Builder):
    """Draws layers of tables with one index, on registers of at most 64 values."""

    def model(self):
        scale = self.pick(1, 2)
        registers = {"image": (1, 1, 0, 255)}
        layers = [
            self.byte_layer(out, registers, self.integer(1, 3), 1)
            for out in self.pick(["a"], ["a", "b"], ["a", "b", "a"], ["a", "b", "a", "a"])
        ]
        layers.append(self.byte_layer("end", registers, scale**2, scale))
        stage = {"out": "s", "rotations": self.pick(1, 4), "layers": layers}
        stage |= self.rounding(1, (0, 255))
        return Model("bytes", scale, "chain", {"stages": [stage]}, self.tables)

    def byte_layer(self, out, registers, n, cells):
        sources = self.draw(
            st.lists(st.sampled_from(sorted(registers)), min_size=1, max_size=2, unique=True)
        )
        layer = {"out": out, "look_ups": [self.byte_look_up(k, registers, n) for k in sources]}
        fitting = [k for k in registers if registers[k][0] in (1, n)]
        low, high = self.pick((-128, 127), (0, 63), (-32, 31), (0, 3))
        if fitting and self.pick(True, False):
            layer["residual"] = [self.pick(*fitting)]
        if fitting and self.pick(True, False, False):
            layer["add"] = [self.addend(registers, fitting)]
        layer |= self.rounding(n, (low, high))
        if cells > 1:
            layer["place"] = {"cells": cells}
        registers[out] = (n, 1, low, high)
        return layer

    def byte_look_up(self, source, registers, n):
        channels, _, low, high = registers[source]
        count, bits = self.integer(1, 6), self.integer(0, 4 if high - low < 64 else 0)
        name = f"t{len(self.tables)}"
        shape = (count, ((high - low) >> bits) + 2, n)
        rng = np.random.default_rng(self.integer(0, 99))
        limit = self.pick(128, 128, 20)
        self.tables[name] = rng.integers(-limit, limit, shape).astype(np.int8)
        own = channels == n and self.pick(True, False)

        def tap():
            channel = -1 if own else self.integer(0, channels - 1)
            return [[self.integer(-3, 3), self.integer(-3, 3), channel]]

        each = self.pick(True, False, False)
        taps = [[tap() for _ in range(n)] if each else tap() for _ in range(count)]
        steps = 2**bits
        if high - low < 64 and bits < 4 and self.pick(True, False):
            steps = [[2 ** self.integer(bits, 4) for _ in range(n)] for _ in range(count)]
        look_up = {"table": name, "in": source, "taps": taps, "low": low, "step": steps}
        return look_up | {"border": self.pick(*BORDERS)}


@st.composite
def byte_chains(draw):
    """Draw a model whose registers fit into bytes and whose tables have one index."""
    return ByteBuilder(draw).model()


@st.composite
def images(draw):
    """Draw a small image of one or two channels: noise, or few grey levels."""
    shape = draw(st.integers(1, 9)), draw(st.integers(1, 9)), draw(st.integers(1, 2))
    values = draw(st.sampled_from([list(range(256)), [0, 255], [16, 17, 31, 32, 240]]))
    rng = np.random.default_rng(draw(st.integers(0, 99)))
    return rng.choice(np.array(values, np.int32), shape)


def row_groups(height):
    """Return all first and last row groups."""
    return itertools.combinations(range(height + 1), 2)
