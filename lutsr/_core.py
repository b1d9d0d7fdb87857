"""From checked arrays to the kernel: layout, bands of rows, threads."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from numpy.typing import NDArray

from ._fusion import FusedTables

#: Below this many output pixels a second thread costs more than it brings.
SERIAL_PIXELS = 256 * 1024

#: Columns of pixels in a tile: their accumulators stay in the second-level cache.
TILE = 128


def available_workers() -> int:
    """Count the cores this process may run on."""
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # not on macOS and Windows
        return os.cpu_count() or 1


def upscale_planes(
    image: NDArray[np.uint8],
    lut: NDArray[np.int8],
    fused: FusedTables,
    expand_shift: int,
    out: NDArray[np.uint8],
    workers: int,
) -> None:
    """Enlarge an image of any layout into an output of any layout.

    Parameters
    ----------
    image : ndarray of uint8, shape (H, W, C)
    lut : ndarray of int8, shape (256, 256, 9, r, r)
    fused : FusedTables
        Of `lut` and `expand_shift`.
    expand_shift : int
    out : ndarray of uint8, shape (r * H, r * W, C)
        Must not overlap `image`.
    workers : int
        Threads, at least 1.
    """
    if image.shape[2] > 1 and not out.flags.c_contiguous:
        # Channels that do not lie side by side are enlarged one by one.
        for c in range(image.shape[2]):
            plane = slice(c, c + 1)
            upscale_planes(image[..., plane], lut, fused, expand_shift, out[..., plane], workers)
        return
    # One layout and one writability, so that the kernel compiles once.
    image = np.ascontiguousarray(image).view()
    image.flags.writeable = False
    target = out if out.flags.c_contiguous else np.empty(out.shape, np.uint8)
    height = image.shape[0]
    if out.size < SERIAL_PIXELS:
        workers = 1
    workers = min(workers, height)
    edges = [height * k // workers for k in range(workers + 1)]

    def run(band: int) -> None:
        _run_band(image, lut, fused, expand_shift, edges[band], edges[band + 1], target)

    if workers == 1:
        run(0)
    else:
        # A pool of its own for each call: threads kept across a fork would be lost in the child.
        with ThreadPoolExecutor(workers, thread_name_prefix="lutsr") as pool:
            list(pool.map(run, range(workers)))
    if target is not out:
        out[...] = target


def _run_band(
    image: NDArray[np.uint8],
    lut: NDArray[np.int8],
    fused: FusedTables,
    expand_shift: int,
    y0: int,
    y1: int,
    out: NDArray[np.uint8],
) -> None:
    # numba takes a third of a second to import: only those who enlarge pay for it.
    from . import _kernels

    _, width, channels = image.shape
    r = lut.shape[-1]
    tile = min(TILE, width)
    # One accumulator per row of pairs: a run starts every r output columns, and the pairs of a
    # tile include one neighbour column on each side (two on the left for horizontal pairs).
    vertical_step = r * (2 * r + 2 * expand_shift)
    horizontal_step = r * (r + 2 * expand_shift)
    run = fused.vertical.shape[1]
    vertical = np.empty((channels, 4, (tile + 1) * vertical_step + run), np.int16)
    horizontal = np.empty((channels, 3, (tile + 2) * horizontal_step + run), np.int16)
    sums = np.empty((r, tile * r), np.int16)
    _kernels.upscale_band(
        image,
        fused.vertical,
        fused.horizontal,
        lut,
        expand_shift,
        y0,
        y1,
        tile,
        vertical,
        horizontal,
        sums,
        out,
    )
