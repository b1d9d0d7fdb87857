"""Files such as the authors of published tables have released, with random entries."""

from __future__ import annotations

import json

import numpy as np

MULUT_KEYS = [f"s{number}_{pattern}" for number in (1, 2) for pattern in "sdy"]


def random_table(shape, seed=0):
    return np.random.default_rng(seed).integers(-128, 128, shape, np.int8)


def mulut_path(folder, key):
    return folder / f"LUT_ft_x4_4bit_int8_{key}.npy"


def write_srlut(folder):
    path = folder / "Model_S_x2_6bit_int8.npy"
    np.save(path, random_table((5**4, 1, 2, 2)))
    return path


def write_mulut(folder):
    for seed, key in enumerate(MULUT_KEYS):
        channels = 1 if key.startswith("s1") else 16
        np.save(mulut_path(folder, key), random_table((17**4, channels), seed))
    return folder


def write_tinylut(folder):
    """Write tables for factors of 1: each channel has a row for each level."""
    np.savez(folder / "clip.npz", **dict.fromkeys(["hh1", "hl1", "hh2", "hl2"], np.ones(16, "f4")))
    for suffix, levels in (("H6", 64), ("L2", 4)):
        for part, rows in (("L1_Depth", 9), ("L1_Point", 16), ("UP", 16)):
            table = random_table((rows * levels, 16, 1, 1))
            np.save(folder / f"Model_V_{part}_x4_{suffix}.npy", table)
    return folder


def write_layer(folder, name, count, levels, step=1):
    """Write the tables of a layer of ShiftLUT."""
    length = levels if step == 1 else levels // step + 1
    places = [(i, o) for i in range(count) for o in range(16)]
    arrays = {f"i{i}o{o}": random_table(length, 16 * i + o) for i, o in places}
    np.savez(folder / f"{name}.npz", **arrays)
    steps = [{"in": i, "out": o, "step": step} for i, o in places]
    text = json.dumps({"IN": count, "OUT": 16, "LUTs": steps})
    (folder / f"{name}.json").write_text(text, encoding="utf-8")


def write_shiftlut(folder):
    np.save(folder / "offset.npy", np.ones((1, 2, 16), np.int32))
    write_layer(folder, "DW0_LSB", 9, 4)
    write_layer(folder, "DW0_MSB", 9, 64, step=4)
    write_layer(folder, "PW0_MSB", 16, 64, step=2)
    write_layer(folder, "UP_MSB", 16, 64)
    return folder


WRITERS = {
    "sr-lut": write_srlut,
    "mulut": write_mulut,
    "tinylut": write_tinylut,
    "shiftlut": write_shiftlut,
}
