"""From checked arrays to the engine: layout, groups of channels, bands of rows, threads."""

from __future__ import annotations

import os
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .._engine import Engine
from .depth import from_sums, steps_per_level, to_steps
from .mapped import is_mapped, let_go
from .threads import share

#: A call that takes less time than this, in nanoseconds, runs in one thread: starting others
#: would cost more than they save.
SERIAL_NANOSECONDS = 3 << 20

#: Each batch of bands, one for each worker, takes 1 / SHARE of the remaining rows: what is left
#: then goes to the workers that are not delayed.
SHARE = 1.25

#: Least number of row groups in a band, where there are enough of them: the halo of each band is
#: computed once more.
BAND_ROWS = 48

#: Bytes of output that are computed at a time where the output takes a copy.
CHUNK_BYTES = 1 << 20

#: Least number of row groups in such a part, as a multiple of the halo, whose rows are computed
#: more than once.
CHUNK_HALOS = 4

#: Bytes of such a part, the rows and columns around it included. Wide parts are divided in columns.
MOST_BYTES = 4 << 20


def available_workers() -> int:
    """Return the number of cores that this process may run on."""
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # not on macOS and Windows
        return os.cpu_count() or 1


def is_serial(engine: Engine, out: NDArray[Any]) -> bool:
    """Return whether an output of this size is computed in one thread."""
    return out.size * engine.nanoseconds[out.dtype != np.uint8] < SERIAL_NANOSECONDS


def upscale_planes(
    image: NDArray[Any],
    engine: Engine,
    out: NDArray[Any],
    workers: int,
    rgb: bool = False,
    inside: tuple[int, int] | None = None,
) -> None:
    """Upscale an image of any layout into an output of any layout.

    Parameters
    ----------
    image : ndarray, shape (H, W, C)
        Of the output's dtype, in any byte order, or float16; floats outside [0, 1] are clipped.
    engine : Engine
    out : ndarray of uint8, uint16, float32 or float64, shape (r * H, r * W, C)
        Must not overlap `image`.
    workers : int
        Number of threads, at least 1.
    rgb : bool
        Whether the first three channels are red, green and blue. An engine that can computes them
        together; all other channels are computed by themselves.
    inside : tuple of int, optional
        The first output row that is needed, and the one after the last. Others may stay undefined.
    """
    height, _, channels = image.shape
    r, origin = engine.scale, engine.origin
    begin, end = inside or (0, height * r)
    first, last = (begin + origin) // r, (end - 1 + origin) // r + 1
    if is_serial(engine, out):
        workers = 1
    direct = engine.direct_channels > 0 and out.dtype.name in engine.direct_types
    bands = _bands(first, last, min(workers, last - first))
    joint = rgb and engine.joint_rgb
    if not direct:
        groups = _groups(channels, engine.sum_channels, joint)
        share(lambda k: _by_sums(image, engine, *bands[k], out, groups), range(len(bands)), workers)
        return
    groups = _groups(channels, engine.direct_channels, joint)

    def upscale_item(item: int) -> None:
        group, band = divmod(item, len(bands))
        some, together = groups[group]
        _directly(image[..., some], out[..., some], engine, *bands[band], together)

    share(upscale_item, range(len(groups) * len(bands)), workers)


def _groups(channels: int, most: int, joint: bool) -> list[tuple[slice, bool]]:
    """Split channels into groups for the engine: which ones, and whether they are RGB together.

    Parameters
    ----------
    channels : int
    most : int
        Largest number of channels that are computed by themselves in one call.
    joint : bool
        Whether the first three are computed together.
    """
    start = 3 if joint else 0
    others = [(slice(c, min(c + most, channels)), False) for c in range(start, channels, most)]
    return [(slice(0, 3), True), *others] if joint else others


def _bands(first: int, last: int, workers: int) -> list[tuple[int, int]]:
    """Split rows into batches of one band for each worker, each batch smaller than the last."""
    if workers == 1:
        return [(first, last)]
    least = max(1, min(BAND_ROWS, (last - first) // (2 * workers)))
    bands: list[tuple[int, int]] = []
    while first < last:
        rows = int((last - first) / SHARE)
        if last - first - rows < least * workers:
            rows = last - first
        edges = [first + rows * k // workers for k in range(workers + 1)]
        bands += pairwise(edges)
        first = edges[-1]
    return bands


def _directly(
    image: NDArray[Any],
    out: NDArray[Any],
    engine: Engine,
    first: int,
    last: int,
    joint: bool,
) -> None:
    """Compute the row groups first <= g < last of an image by the engine's direct path."""
    fill = engine.fill_rgb if joint else engine.fill
    mapped = is_mapped(image) or is_mapped(out)
    if (
        not mapped
        and image.dtype == out.dtype
        and image.flags.c_contiguous
        and out.flags.c_contiguous
    ):
        fill(image, first, last, out)
        return
    width, channels = image.shape[1:]
    copied, cell = not out.flags.c_contiguous, out.itemsize * engine.scale**2 * channels
    for part in _parts(first, last, width, cell, engine, copied):
        _fill_part(image, out, engine, part, fill)
        if mapped:
            let_go(image)
            let_go(out)


def _fill_part(
    image: NDArray[Any],
    out: NDArray[Any],
    engine: Engine,
    part: tuple[int, int, int, int],
    fill: Callable[[NDArray[Any], int, int, NDArray[Any]], None],
) -> None:
    """Compute a part of the output by the direct path, through copies that are in order."""
    start, stop, left, right = part
    r, origin = engine.scale, engine.origin
    height, width, channels = image.shape
    top, bottom = _with_halo(start, stop, height, engine)
    near, far = max(left - engine.halo, 0), min(right + engine.halo, width)
    source = np.ascontiguousarray(image[top:bottom, near:far], out.dtype)
    if out.flags.c_contiguous:
        fill(source, start - top, stop - top, out[top * r : bottom * r])
        return
    target = np.empty((len(source) * r, (far - near) * r, channels), out.dtype)
    fill(source, start - top, stop - top, target)
    begin, end = max(start * r - origin, 0), min(stop * r - origin, height * r)
    inner = target[begin - top * r : end - top * r, (left - near) * r : (right - near) * r]
    out[begin:end, left * r : right * r] = inner


def _by_sums(
    image: NDArray[Any],
    engine: Engine,
    first: int,
    last: int,
    out: NDArray[Any],
    groups: list[tuple[slice, bool]],
) -> None:
    """Compute the row groups first <= g < last by the engine's sums."""
    r, origin = engine.scale, engine.origin
    height, width = image.shape[:2]
    steps = steps_per_level(out.dtype)
    mapped = is_mapped(image) or is_mapped(out)
    most = max(some.stop - some.start for some, _ in groups)
    for start, stop, left, right in _parts(first, last, width, 4 * r * r * most, engine):
        top, bottom = _with_halo(start, stop, height, engine)
        near, far = max(left - engine.halo, 0), min(right + engine.halo, width)
        begin, end = max(start * r - origin, 0), min(stop * r - origin, height * r)
        for some, joint in groups:
            values = to_steps(np.ascontiguousarray(image[top:bottom, near:far, some], out.dtype))
            compute = engine.sums_rgb if joint else engine.sums
            sums = compute(values, steps, start - top, stop - top)
            inner = sums[:, (left - near) * r : (right - near) * r]
            target = out[begin:end, left * r : right * r, some]
            from_sums(inner, target, engine.divisor, engine.half_even)
        if mapped:
            let_go(image)
            let_go(out)


def _parts(
    first: int, last: int, width: int, cell: int, engine: Engine, divided: bool = True
) -> list[tuple[int, int, int, int]]:
    """Split row groups into parts of about `CHUNK_BYTES`, and of `MOST_BYTES` at most.

    Parameters
    ----------
    first, last : int
        First row group, and the one after the last.
    width : int
        Columns of the image.
    cell : int
        Bytes of a row group for each column.
    engine : Engine
    divided : bool
        Whether columns may be divided, too.

    Returns
    -------
    list of (int, int, int, int)
        First row group and column of each part, each followed by the one after the last.
    """
    halo = engine.halo
    rows = max(CHUNK_HALOS * halo, CHUNK_BYTES // (cell * width), 1)
    most = max(CHUNK_HALOS * halo, MOST_BYTES // (cell * (rows + 2 * halo)) - 2 * halo, 1)
    count = -(-width // most) if divided else 1
    columns = -(-width // count)
    return [
        (start, min(start + rows, last), left, min(left + columns, width))
        for start in range(first, last, rows)
        for left in range(0, width, columns)
    ]


def _with_halo(start: int, stop: int, height: int, engine: Engine) -> tuple[int, int]:
    """Return the range of input rows that the row groups start <= g < stop depend on."""
    return max(start - (engine.origin > 0) - engine.halo, 0), min(stop + engine.halo, height)
