"""From checked arrays to the kernel: layout, bands of rows, threads."""

from __future__ import annotations

import os
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from .._eclut.borders import KINDS, border_program
from .._eclut.fusion import FusedTables
from .._eclut.layout import LANES, cell_origin
from .._eclut.reference import upscale_reference
from .depth import from_sums, steps_per_level, to_steps
from .mapped import is_mapped, let_go
from .threads import share

#: Below so many output values, each of some nanoseconds' work, threads cost more than they bring.
SERIAL_VALUES = 3 << 20

#: How much more work a value of a deep image is.
DEEP_WORK = 4

#: What each worker would get of the rows that are left is so many times its next band: who is
#: held up leaves the rest to the others.
SHARE = 1.1

#: Rows of cells in a band, at least, where there are enough.
BAND_ROWS = 48

#: Columns of pixels in a tile: the entries of a few rows of them stay in the second-level cache.
TILE = 512

#: The same for deep images, whose pairs have three entries.
DEEP_TILE = 128

#: Rows are enlarged so many bytes of output at a time where the output takes a copy.
CHUNK_BYTES = 1 << 20

#: Rows read above and below, more than any kernel looks at.
HALO = 4

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
    image : ndarray, shape (H, W, C)
        Of the output's dtype, in any byte order, or float16; floats within [0, 1].
    lut : ndarray of int8, shape (256, 256, 9, r, r)
    fused : FusedTables or None
        Of `lut` and `expand_shift`; None to use the plain NumPy reference.
    expand_shift : int
    out : ndarray of uint8, uint16, float32 or float64, shape (r * H, r * W, C)
        Must not overlap `image`.
    workers : int
        Threads, at least 1.
    """
    if fused is None:
        native = np.asarray(image, out.dtype)
        out[...] = upscale_reference(native, lut, expand_shift=expand_shift, channel_axis=2)
        return
    for c in range(MOST_CHANNELS, image.shape[2], MOST_CHANNELS):
        some = slice(c, c + MOST_CHANNELS)
        upscale_planes(image[..., some], lut, fused, expand_shift, out[..., some], workers)
    image, out = image[..., :MOST_CHANNELS], out[..., :MOST_CHANNELS]
    tables = _Tables(fused, lut, expand_shift)
    rows = image.shape[0] + cell_origin(tables.scale, expand_shift)
    values = out.size * (1 if out.dtype == np.uint8 else DEEP_WORK)
    workers = 1 if values < SERIAL_VALUES else min(workers, rows)
    bands = _bands(rows, workers)

    def enlarge_band(k: int) -> None:
        _enlarge_rows(image, tables, *bands[k], out)

    share(enlarge_band, range(len(bands)), workers)


def _bands(rows: int, workers: int) -> list[tuple[int, int]]:
    """Split rows into smaller and smaller bands, from both ends, where they take longest."""
    if workers == 1:
        return [(0, rows)]
    least = max(1, min(BAND_ROWS, rows // (2 * workers)))
    bands: list[tuple[int, int]] = []
    first, last = 0, rows
    while first < last:
        size = min(last - first, max(least, int((last - first) / (SHARE * workers))))
        if len(bands) % 2:
            bands.append((last - size, last))
            last -= size
        else:
            bands.append((first, first + size))
            first += size
    return bands


class _Tables(NamedTuple):
    """All that the kernels read besides the image."""

    fused: FusedTables
    lut: NDArray[np.int8]
    expand_shift: int

    @property
    def scale(self) -> int:
        return int(self.lut.shape[-1])


def _enlarge_rows(
    image: NDArray[Any], tables: _Tables, g0: int, g1: int, out: NDArray[Any]
) -> None:
    """Enlarge the rows of cells g0 <= g < g1, at one go or a few at a time."""
    height, width, channels = image.shape
    r, origin = tables.scale, cell_origin(tables.scale, tables.expand_shift)
    fast = out.dtype == np.uint8 and min(height, width) + origin >= KINDS
    mapped = is_mapped(image) or is_mapped(out)
    if fast and not mapped and image.flags.c_contiguous and out.flags.c_contiguous:
        _run_fast(image, tables, g0, g1, out)
        return
    step = max(2, CHUNK_BYTES // (r * r * width * (channels if fast else 4)))
    for start in range(g0, g1, step):
        stop = min(start + step, g1)
        # With rows enough around that the image's borders are the only ones the cells see.
        top, bottom = max(start - HALO, 0), min(stop + HALO, height)
        rows = np.ascontiguousarray(image[top:bottom], out.dtype)
        first, last = max(start * r - origin, 0), min(stop * r - origin, height * r)
        inside = slice(first - top * r, last - top * r)
        if fast:
            target = out[top * r : bottom * r]
            if not out.flags.c_contiguous:
                target = np.empty(target.shape, np.uint8)
            _run_fast(rows, tables, start - top, stop - top, target)
            if not out.flags.c_contiguous:
                out[first:last] = target[inside]
        else:
            for c in range(channels):
                sums = _sum_deep(rows[..., c], tables, start - top, stop - top)
                from_sums(sums[inside], out[first:last, :, c])
        if mapped:
            let_go(image)
            let_go(out)


def _run_fast(
    image: NDArray[np.uint8], tables: _Tables, g0: int, g1: int, out: NDArray[np.uint8]
) -> None:
    """Enlarge rows of cells of an image of bytes, that has every kind of cell both ways."""
    # numba takes a third of a second to import: only those who enlarge pay for it.
    from .._eclut import kernels, vectors

    r = tables.scale
    width, channels = image.shape[1:]
    origin = cell_origin(r, tables.expand_shift)
    tile = min(TILE, width + origin)
    length, spare = (tile + 3) * channels, vectors.AHEAD * channels
    image = image.view()
    image.flags.writeable = False  # one writability, so that the kernel compiles once
    kernels.upscale_band(
        image,
        image.reshape(-1),
        (tables.fused.vertical, tables.fused.horizontal),
        tables.lut.reshape(-1),
        g0,
        g1,
        tile,
        length,
        (np.empty(4 * length + spare, np.int32), np.empty(3 * length + spare, np.int32)),
        np.empty(channels * LANES[r], np.int16),
        out,
        ((0,) * channels, (0,) * r, (0,) * origin),
    )


def _sum_deep(image: NDArray[Any], tables: _Tables, g0: int, g1: int) -> NDArray[np.int32]:
    """Sum up rows of cells of one channel of any type, in quarter steps."""
    from .._eclut import kernels, vectors

    r = tables.scale
    height, width = image.shape
    origin = cell_origin(r, tables.expand_shift)
    steps = steps_per_level(image.dtype)
    values = to_steps(image)
    tile = min(DEEP_TILE, width + origin)
    spare = 3 * vectors.AHEAD
    places = tuple(np.empty(rows * 3 * (tile + 3) + spare, np.int32) for rows in (4, 3))
    weights = tuple(np.empty(rows * 2 * (tile + 3), np.int16) for rows in (4, 3))
    sums = np.empty((height * r, width * r), np.int32)
    kernels.sum_deep_band(
        values,
        values // steps,
        steps,
        (tables.fused.vertical, tables.fused.horizontal),
        tables.lut.reshape(-1),
        border_program(
            r, tables.expand_shift, min(height + origin, KINDS), min(width + origin, KINDS)
        ),
        g0,
        g1,
        tile,
        places,
        weights,
        (np.empty(16, np.int32), np.empty(3 * 32, np.int64), np.empty(2 * 32, np.int16)),
        sums,
        ((0,) * r, (0,) * origin),
    )
    return sums
