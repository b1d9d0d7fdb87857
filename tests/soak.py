"""Upscale 100,000 images of random shapes and types in one process, and watch its memory.

    python tests/soak.py [--images 100000] [--seed 0] [--every 100]

Every 100th result is compared with the reference. Resident memory is read after each 500 images;
after the first 1000 it may not grow by more than 5 MB, neither from its first reading to its last
nor along the line that fits its readings best. Exit code 1 if it does, or if a result is wrong.
Needs glibc.

Freed memory that the C library's allocator keeps is not counted: it uses one arena, and returns all
freed memory to the system before memory is read. By default it keeps up to 64 MB, depending on the
last sizes; the report states how much.
"""

from __future__ import annotations

import argparse
import ctypes
import gc
import resource
import sys
import time
from collections import Counter
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

import lutsr
from lutsr import reference

#: Images before memory must stay constant: every kernel is then loaded, the allocator is steady.
FIRST = 1000

#: Bytes of growth allowed after them.
GROWTH = 5_000_000

#: Name of the number of arenas in glibc's ``mallopt``.
M_ARENA_MAX = -8

DTYPES = ("uint8", "uint8", "uint8", "uint16", "float16", "float32", "float64", ">u2")

#: Images between two readings of memory.
BETWEEN = 500


def main() -> int:
    """Run the test and report; return 0 if results and memory are as promised, else 1."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--images", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--every", type=int, default=100, help="compare every so many")
    args = parser.parse_args()
    libc = ctypes.CDLL(None)
    libc.mallopt(M_ARENA_MAX, 1)
    rng = np.random.default_rng(args.seed)
    upscalers = [lutsr.load(model.name, model.scale) for model in lutsr.models()]
    readings: list[tuple[int, int]] = []
    kinds: Counter[str] = Counter()
    compared, wrong, pixels, most, start = 0, 0, 0, 0, time.perf_counter()
    for number in range(args.images):
        up = upscalers[rng.integers(len(upscalers))]
        image, axis = draw(rng)
        big = up(image, channel_axis=axis, workers=int(rng.integers(1, 4)))
        kinds[image.dtype.name] += 1
        pixels += big.size
        if number % args.every == 0:
            native = image.astype(big.dtype)
            want = reference.upscale(native, up, channel_axis=axis)
            compared += 1
            if not (big.dtype == want.dtype and np.array_equal(big, want)):
                wrong += 1
                print(f"image {number}, {image.dtype} {image.shape}: not the reference's result")
        if number + 1 >= FIRST and (number + 1) % BETWEEN == 0:
            gc.collect()
            most = max(most, resident())
            libc.malloc_trim(0)
            readings.append((number + 1, resident()))
    seconds = time.perf_counter() - start
    print(
        f"{args.images} images, {pixels / 1e6:.0f} million output values, {seconds:.0f} s: "
        + ", ".join(f"{kinds[name]} {name}" for name in sorted(kinds))
    )
    print(f"{compared} compared with the reference, {wrong} wrong")
    print(f"memory with what the allocator keeps: at most {most / 1e6:.1f} MB")
    return 1 if wrong or not is_flat(readings) else 0


def draw(rng: np.random.Generator) -> tuple[NDArray[np.generic], int | None]:
    """Draw an image, mostly small, in one of many layouts, and its axis of channels."""
    most = rng.choice([8, 32, 64, 64, 400], p=[0.3, 0.3, 0.2, 0.19, 0.01])
    shape = [int(n) for n in rng.integers(1, most + 1, 2)]
    axis = None
    if rng.random() < 0.5:
        axis = int(rng.integers(-3, 3))
        shape.insert(axis % 3, int(rng.integers(1, 6)))
    dtype = np.dtype(DTYPES[rng.integers(len(DTYPES))])
    if dtype.kind == "f":
        image = rng.random(shape).astype(dtype)
    else:
        image = rng.integers(0, np.iinfo(dtype).max, shape, endpoint=True).astype(dtype)
    if rng.random() < 0.2:
        image = image[::-1]
    if rng.random() < 0.2:
        image = np.asfortranarray(image)
    return image, axis


def resident() -> int:
    """Read the resident memory of this process in bytes."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize()


def is_flat(readings: list[tuple[int, int]]) -> bool:
    """Report the growth of memory, and return whether it is within the limit."""
    if len(readings) < 2:
        print(f"memory: too few images; it is read after {FIRST} and each {BETWEEN} more")
        return True
    numbers, sizes = np.array(readings, float).T
    growth = sizes[-1] - sizes[0]
    slope = np.polyfit(numbers, sizes, 1)[0]
    along = slope * (numbers[-1] - numbers[0])
    print(
        f"memory from image {numbers[0]:.0f} on: {sizes[0] / 1e6:.1f} MB to {sizes[-1] / 1e6:.1f} "
        f"MB ({growth / 1e6:+.1f}), at most {sizes.max() / 1e6:.1f}; "
        f"slope {slope * 1e3 / 1e6:+.4f} MB per 1000 images ({along / 1e6:+.1f} in all)"
    )
    return bool(max(growth, along) <= GROWTH)


if __name__ == "__main__":
    sys.exit(main())
