"""From checked arrays to the kernel: layout, bands of rows, threads."""

from __future__ import annotations

import os
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ._borders import KINDS, border_program
from ._fusion import FusedTables, cell_origin
from .reference import upscale_reference

#: Below this many output pixels a second thread costs more than it brings.
SERIAL_PIXELS = 256 * 1024

#: Columns of pixels in a tile: the entries of a few rows of them stay in the second-level cache.
TILE = 512

#: Interleaved channels that the kernel takes at once.
MOST_CHANNELS = 4


def available_workers() -> int:
    """Count the cores this process may run on."""
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # not on macOS and Windows
        return os.cpu_count() or 1


def upscale_planes(
    image: NDArray[Any],
    lut: NDArray[np.int8],
    fused: FusedTables | None,
    expand_shift: int,
    out: NDArray[Any],
    workers: int,
) -> None:
    """Enlarge an image of any layout into an output of any layout.

    Parameters
    ----------
    image : ndarray of uint8, uint16, float32 or float64, shape (H, W, C)
        Floats within [0, 1].
    lut : ndarray of int8, shape (256, 256, 9, r, r)
    fused : FusedTables or None
        Of `lut` and `expand_shift`; None to use the plain NumPy reference.
    expand_shift : int
    out : ndarray of the image's dtype, shape (r * H, r * W, C)
        Must not overlap `image`.
    workers : int
        Threads, at least 1.
    """
    if fused is None or image.dtype != np.uint8:
        out[...] = upscale_reference(image, lut, expand_shift=expand_shift, channel_axis=2)
        return
    channels = image.shape[2]
    if channels > MOST_CHANNELS or (channels > 1 and not out.flags.c_contiguous):
        # Channels that do not lie side by side are enlarged one by one.
        for c in range(channels):
            plane = slice(c, c + 1)
            upscale_planes(image[..., plane], lut, fused, expand_shift, out[..., plane], workers)
        return
    # One layout and one writability, so that the kernel compiles once.
    image = np.ascontiguousarray(image).view()
    image.flags.writeable = False
    target = out if out.flags.c_contiguous else np.empty(out.shape, np.uint8)
    rows = image.shape[0] + cell_origin(lut.shape[-1], expand_shift)
    if out.size < SERIAL_PIXELS:
        workers = 1
    workers = min(workers, rows)
    edges = [rows * k // workers for k in range(workers + 1)]

    def run(band: int) -> None:
        _run_band(image, lut, fused, expand_shift, edges[band], edges[band + 1], target)

    if workers == 1:
        run(0)
    else:
        # Imported here to keep `import lutsr` cheap.
        from concurrent.futures import ThreadPoolExecutor

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
    g0: int,
    g1: int,
    out: NDArray[np.uint8],
) -> None:
    """Enlarge the rows of cells g0 <= g < g1."""
    # numba takes a third of a second to import: only those who enlarge pay for it.
    from . import _kernels, _vectors

    height, width, channels = image.shape
    r = lut.shape[-1]
    origin = cell_origin(r, expand_shift)
    tile = min(TILE, width + origin)
    length, spare = (tile + 3) * channels, _vectors.AHEAD * channels
    _kernels.upscale_band(
        image,
        (fused.vertical, fused.horizontal),
        lut.reshape(-1),
        border_program(r, expand_shift, min(height + origin, KINDS), min(width + origin, KINDS)),
        g0,
        g1,
        tile,
        length,
        (np.empty(4 * length + spare, np.int32), np.empty(3 * length + spare, np.int32)),
        (np.empty(channels * _vectors.LANES[r], np.int16), np.empty(r * r * channels, np.uint8)),
        out,
        ((0,) * channels, (0,) * r, (0,) * origin),
    )
