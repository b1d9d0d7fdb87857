"""Upscale an image that need not fit into memory, from one zarr array into another.

    python docs/examples_dask.py in.zarr out.zarr --scale 4 --workers 2

Without an image of your own, ``--make 30000`` writes one to ``in.zarr`` first, of 30,000 x 30,000
grey pixels. The report gives the time and the peak memory.
"""

from __future__ import annotations

import argparse
import resource
import sys
import time

import dask
import dask.array as da
import numpy as np
from dask.diagnostics import ProgressBar

import lutsr.dask

#: Rows and columns of a chunk of input: at x4 its output has 16 MB.
CHUNK = 1024


def main() -> None:
    """Read the arguments, upscale, report."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("source", help="zarr array (H, W) or (H, W, C)")
    parser.add_argument("target", help="zarr array to write; replaced if it exists")
    parser.add_argument("--scale", type=int, default=4)
    parser.add_argument("--workers", type=int, default=None, help="threads; all cores by default")
    parser.add_argument("--make", type=int, metavar="N", help="make the source first, of N x N")
    args = parser.parse_args()
    if args.make:
        make(args.make).to_zarr(args.source, mode="w")

    image = da.from_zarr(args.source)
    axis = None if image.ndim == 2 else -1
    big = lutsr.dask.upscale(image, args.scale, channel_axis=axis)
    print(f"{image.shape} of {image.dtype} to {big.shape}, {big.nbytes / 1e9:.2f} GB")
    start = time.perf_counter()
    with ProgressBar(dt=1), dask.config.set(scheduler="threads", num_workers=args.workers):
        big.to_zarr(args.target, mode="w")
    seconds = time.perf_counter() - start
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss  # in KiB, on macOS in bytes
    peak *= 1 if sys.platform == "darwin" else 1024
    print(f"{seconds:.1f} s, {big.nbytes / seconds / 1e6:.0f} MB/s, peak {peak / 1e6:.0f} MB")


def make(size: int) -> da.Array:
    """Make an image of rings and waves of all directions and widths."""

    def levels(y: np.ndarray, x: np.ndarray) -> np.ndarray:
        rings = np.sin((x * x + y * y) * (3 / size))
        waves = np.sin(x * 0.07) * np.cos(y * 0.11)
        return 127.5 + 80 * rings + 40 * waves

    image = da.fromfunction(levels, shape=(size, size), chunks=CHUNK, dtype=np.float64)
    return image.astype(np.uint8)


if __name__ == "__main__":
    main()
