"""Models made of the published tables of MuLUT, TinyLUT and ShiftLUT: chains of several layers.

As in `lutsr._chain.published`: no such file comes with lutsr, and each model gives the same
integers as its authors' program. All are defined on 8-bit images only.
"""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .._modelfile import Model
from .._modelfile.files import cut
from .published_files import check_folder, read_array, read_arrays, read_table

#: MuLUT's patterns by name: offsets of a pixel's four indices.
MULUT_PATTERNS = {
    "s": [(0, 0), (0, 1), (1, 0), (1, 1)],
    "d": [(0, 0), (0, 2), (2, 0), (2, 2)],
    "y": [(0, 0), (1, 1), (1, 2), (2, 1)],
}

#: First bytes of SHA-256 of the entries that MuLUT's authors have published. The tables of one
#: stage have one shape, so that nothing else tells when one stands in for another.
MULUT_DIGESTS = {
    "438cbbd79538c05e": "s1_s",
    "34cb8a68535c0975": "s1_d",
    "28548ff85ec4c565": "s1_y",
    "799b7418c08c2bf3": "s2_s",
    "9abb511714fb1836": "s2_d",
    "ea1f49ad147301ac": "s2_y",
}

#: TinyLUT and ShiftLUT split a pixel, less 128, into its high six bits and its low two.
HIGH = (-32, 31)
LOW = (0, 3)

#: Channels of TinyLUT and ShiftLUT x4: one per pixel of a cell.
CHANNELS = 16

#: Bound of TinyLUT's learnt factors, which are about 1.
LARGEST_FACTOR = 64

_Json = dict[str, Any]
_Tables = dict[str, NDArray[Any]]


def mulut(folder: str | os.PathLike[str]) -> Model:
    """Return MuLUT's model sdy-x2, x4, from a folder with its six fine-tuned tables.

    Raises
    ------
    ValueError
        If a file is not the table that it should be.
    OSError
        If a file cannot be read.
    """
    names = [f"LUT_ft_x4_4bit_int8_s{k}_{pattern}.npy" for k in (1, 2) for pattern in "sdy"]
    folder = check_folder(folder, names)
    tables: _Tables = {}
    stages: list[_Json] = []
    for number, channels in ((1, 1), (2, 16)):
        look_ups = []
        for pattern, offsets in MULUT_PATTERNS.items():
            path = folder / f"LUT_ft_x4_4bit_int8_s{number}_{pattern}.npy"
            key = f"s{number}_{pattern}"
            tables[key] = read_table(path, (17**4, channels))[np.newaxis]
            _check_pattern(path, key, tables)
            taps = [[[dy, dx, 0] for dy, dx in offsets]]
            source = "image" if number == 1 else "codes"
            look_ups.append(_look_up(key, source, taps, "edge", step=16))
        layer = {"out": "sum", "look_ups": look_ups, "place": {"cells": 4 if number == 2 else 1}}
        stages.append({"rotations": 4, "layers": [layer], "clamp": [0, 255]})
    # The first stage has 3 tables and 4 rotations; the entries are codes less 127. The second
    # sums its rotations, and takes the mean of its tables.
    stages[0] |= {"out": "codes", "divisor": 12 * 16, "bias": 127 * 12 * 16}
    stages[1] |= {"out": "result", "divisor": 3 * 16}
    return Model("mulut-sdy-x2", 4, "chain", {"stages": stages}, tables)


def _check_pattern(path: Path, key: str, tables: _Tables) -> None:
    """Refuse a table of MuLUT that is known to be another one, or is there twice."""
    digest = hashlib.sha256(tables[key].tobytes()).hexdigest()[:16]
    known = MULUT_DIGESTS.get(digest, key)
    if known != key:
        raise ValueError(f"{path}: got the published table {known}, wanted {key}; files swapped?")
    for other, table in tables.items():
        if other != key and np.array_equal(table, tables[key]):
            raise ValueError(f"{path}: got the same entries as {other}, wanted those of {key}")


def tinylut(folder: str | os.PathLike[str]) -> Model:
    """Return the model of TinyLUT-S, x4.

    Parameters
    ----------
    folder : str or path
        With its six tables, and ``clip.npz``: hh1, hl1, hh2 and hl2, the learnt factors of the
        authors' checkpoint.

    Raises
    ------
    ValueError
        If a file is not the table that it should be.
    OSError
        If a file cannot be read.
    """
    names = [
        f"Model_V_{part}_x4_{bits}.npy"
        for part in ("L1_Depth", "L1_Point", "UP")
        for bits in ("H6", "L2")
    ]
    folder = check_folder(folder, [*names, "clip.npz"])
    factors = _factors(folder / "clip.npz")
    tables: _Tables = {}
    layers: list[_Json] = []
    for part, suffix, (low, high) in (("h", "H6", HIGH), ("l", "L2", LOW)):
        levels = high - low + 1
        layers.append(_split(tables, part))
        depth = read_table(folder / f"Model_V_L1_Depth_x4_{suffix}.npy", (9 * levels, 16, 1, 1))
        tables[f"{part}_depth"] = depth.reshape(9, levels, 16)
        taps = [[[dy, dx, 0]] for dy in (-2, -1, 0) for dx in (-2, -1, 0)]
        bounds = {"low": low}
        clamp = {"clamp": [low, high]}
        look_up = _look_up(f"{part}_depth", part, taps, "reflect", **bounds)
        layers.append(_layer(part, look_up, 9, residual=[part], **clamp))
        for number, name in ((1, "L1_Point"), (2, "UP")):
            factor = factors[f"h{part}{number}"]
            path = folder / f"Model_V_{name}_x4_{suffix}.npy"
            table = read_array(path)
            scaled = np.rint(np.arange(low, high + 1, dtype=np.float32)[:, None] * factor)
            scaled = scaled.astype(np.int64)
            remapped = np.clip(scaled, low, high).astype(np.int8)
            tables[f"{part}_remap{number}"] = remapped[np.newaxis]
            own = _look_up(f"{part}_remap{number}", part, [[[0, 0, -1]]], "edge", **bounds)
            layers.append({"out": part, "look_ups": [own]})
            tables[f"{part}_point{number}"] = _rows_by_level(path, table, scaled, low, levels)
            taps = [[[0, 0, c]] for c in range(CHANNELS)]
            look_up = _look_up(f"{part}_point{number}", part, taps, "edge", **bounds)
            end = {"clamp": [-128, 127]} if name == "UP" else clamp
            layers.append(_layer(part, look_up, CHANNELS, residual=[part], **end))
    both = {"out": "cells", "residual": ["h", "l"], "clamp": [-128, 127], "place": {"cells": 4}}
    return Model("tinylut-s", 4, "chain", {"stages": [_rotated([*layers, both])]}, tables)


def _factors(path: Path) -> dict[str, NDArray[np.float32]]:
    """Return TinyLUT's learnt factors, by name, one per channel."""
    arrays, factors = read_arrays(path), {}
    for name in ("hh1", "hl1", "hh2", "hl2"):
        found = arrays.get(name)
        if found is None or found.shape != (CHANNELS,) or found.dtype.kind != "f":
            got = "none" if found is None else f"{found.dtype} of shape {found.shape}"
            raise ValueError(f"{path}: {name}: got {got}, wanted {CHANNELS} floats")
        if not (np.abs(found) < LARGEST_FACTOR).all():
            raise ValueError(f"{path}: {name}: wanted finite factors below {LARGEST_FACTOR}")
        factors[name] = found.astype(np.float32)
    return factors


def _rows_by_level(
    path: Path, table: NDArray[Any], scaled: NDArray[np.int64], low: int, levels: int
) -> NDArray[np.int8]:
    """Return TinyLUT's rows, of which each channel has as many as it needs, as (16, levels, 16)."""
    first, last = scaled.min(axis=0), scaled.max(axis=0)
    counts = last - first + 1
    if table.dtype != np.int8 or table.shape != (counts.sum(), CHANNELS, 1, 1):
        raise ValueError(
            f"{path}: got {table.dtype} of shape {table.shape}, wanted int8 of shape "
            f"({counts.sum()}, {CHANNELS}, 1, 1), by the factors in clip.npz"
        )
    rows = np.zeros((CHANNELS, levels, CHANNELS), np.int8)
    starts = np.cumsum(counts) - counts
    for c in range(CHANNELS):
        for value in range(max(low, first[c]), min(low + levels - 1, last[c]) + 1):
            rows[c, value - low] = table[starts[c] + value - first[c], :, 0, 0]
    return rows


def shiftlut(folder: str | os.PathLike[str]) -> Model:
    """Return a model of ShiftLUT, x4, from the folder of its tables and ``offset.npy``.

    Raises
    ------
    ValueError
        If a file is not the table that it should be.
    OSError
        If a file cannot be read.
    """
    folder = check_folder(folder, ["offset.npy"])
    offsets = read_array(folder / "offset.npy")
    if offsets.dtype.kind not in "iu" or offsets.ndim != 3 or offsets.shape[1:] != (2, CHANNELS):
        raise ValueError(
            f"{folder / 'offset.npy'}: got {offsets.dtype} of shape {offsets.shape}, wanted "
            f"integers of shape (blocks, 2, {CHANNELS})"
        )
    parts = ["DW0_LSB", "UP_MSB"]
    parts += [f"{part}{block}_MSB" for block in range(len(offsets)) for part in ("DW", "PW")]
    check_folder(folder, [part + end for part in parts for end in (".npz", ".json")])
    tables: _Tables = {}
    layers = [_split(tables, "h"), _split(tables, "l")]
    window = [(dy, dx) for dy in (-1, 0, 1) for dx in (-1, 0, 1)]
    each = [[[0, 0, c]] for c in range(CHANNELS)]
    identity = np.arange(HIGH[0], HIGH[1] + 1, dtype=np.int8)
    tables["identity"] = np.repeat(identity[np.newaxis, :, np.newaxis], CHANNELS, axis=2)
    clamp = {"clamp": list(HIGH)}
    for block, (rows, columns) in enumerate(offsets):
        residual = ["h"]
        # The first layer reads one channel, the others their own.
        taps = [[[dy, dx, -1 if block else 0]] for dy, dx in window]
        if block == 0:
            look_up = _read_steps(folder, "DW0_LSB", 9, tables, "l", taps, 0)
            layers.append(_layer("l", look_up, 9, residual=["l"], clamp=list(LOW)))
            residual = ["h", "l"]
        look_up = _read_steps(folder, f"DW{block}_MSB", 9, tables, "h", taps, HIGH[0])
        layers.append(_layer("h", look_up, 9, residual=residual, **clamp))
        moves = [[[[int(dy), int(dx), -1]] for dy, dx in zip(rows, columns, strict=True)]]
        move = _look_up("identity", "h", moves, "edge", low=HIGH[0])
        layers.append({"out": "h", "look_ups": [move]})
        look_up = _read_steps(folder, f"PW{block}_MSB", CHANNELS, tables, "h", each, HIGH[0])
        layers.append(_layer("h", look_up, CHANNELS, residual=["h"], **clamp))
    look_up = _read_steps(folder, "UP_MSB", CHANNELS, tables, "h", each, HIGH[0])
    last = _layer("cells", look_up, CHANNELS, residual=["h"], clamp=[-128, 127])
    stage = _rotated([*layers, last | {"place": {"cells": 4}}])
    return Model(f"shiftlut-{folder.name}", 4, "chain", {"stages": [stage]}, tables)


def _read_steps(
    folder: Path, name: str, count: int, tables: _Tables, source: str, taps: Any, low: int
) -> _Json:
    """Read ShiftLUT's 1-D tables of one layer, each of which has a step of its own."""
    path = folder / f"{name}.npz"
    levels = LOW[1] + 1 if low == 0 else HIGH[1] - HIGH[0] + 1
    entries = np.zeros((count, levels, CHANNELS), np.int8)
    steps = np.zeros((count, CHANNELS), np.int64)
    arrays = read_arrays(path)
    try:
        with path.with_suffix(".json").open("rb") as file:
            listed = json.loads(file.read(1 << 20))["LUTs"]
        if len(arrays) != steps.size or len(listed) != steps.size:
            raise ValueError(
                f"got {len(arrays)} tables and {len(listed)} steps, wanted {steps.size}"
            )
        for about in listed:
            i, o, step = about["in"], about["out"], about["step"]
            if min(i, o) < 0 or step not in (1, 2, 4, 8, 16):
                raise ValueError(f"got {cut(repr(about))}")
            steps[i, o] = step
        for i, o in np.ndindex(steps.shape):
            one, step = arrays[f"i{i}o{o}"], steps[i, o]
            length = levels if step == 1 else levels // step + 1
            # Whole numbers, in float32 in some files.
            with np.errstate(invalid="ignore"):
                whole = one.astype(np.int8) if one.dtype.kind in "if" else None
            if one.shape != (length,) or whole is None or not np.array_equal(whole, one):
                raise ValueError(
                    f"i{i}o{o}: got {one.dtype} of shape {one.shape}, wanted {length} whole "
                    f"numbers, by its step {step} in {path.stem}.json"
                )
            entries[i, :length, o] = whole
    except (KeyError, IndexError, TypeError, ValueError, RecursionError) as error:
        raise ValueError(f"{path}: not the tables of a layer of ShiftLUT: {error}") from error
    tables[name] = entries
    return _look_up(name, source, taps, "edge", low=low, step=steps.tolist())


def _split(tables: _Tables, part: str) -> _Json:
    """Return the layer for the high bits ("h") or the low bits ("l") of the image, less 128."""
    value = np.arange(256) - 128
    bits = value >> 2 if part == "h" else value & 3
    tables[f"split_{part}"] = bits.astype(np.int8).reshape(1, 256, 1)
    return {"out": part, "look_ups": [_look_up(f"split_{part}", "image", [[[0, 0, 0]]], "edge")]}


def _rotated(layers: list[_Json]) -> _Json:
    """Return a stage of four rotations; its sum is the result, less 128."""
    return {
        "out": "result",
        "rotations": 4,
        "layers": layers,
        "bias": 128,
        "clamp": [0, 255],
    }


def _look_up(table: str, source: str, taps: Any, border: str, **more: Any) -> _Json:
    return {"table": table, "in": source, "taps": taps, "border": border, **more}


def _layer(out: str, look_up: _Json, count: int, **more: Any) -> _Json:
    """Return a layer that takes the mean over so many tables."""
    step = look_up.get("step", 1)
    unit = max(max(row) for row in step) if isinstance(step, list) else step
    return {"out": out, "look_ups": [look_up], "divisor": count * unit, **more}
