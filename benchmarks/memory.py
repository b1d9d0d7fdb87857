"""Memory that enlarging takes beyond tables, input and output; all of it in fresh processes."""

from __future__ import annotations

import contextlib
import ctypes
import gc
import sys
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np

from . import images

#: Of the array: channels last, channels first, one plane.
LAYOUTS = ("interleaved", "planar", "grey")
STATUS = Path("/proc/self/status")


def missing() -> str | None:
    """Say why the peak cannot be measured here, or give None."""
    return None if STATUS.exists() else f"needs {STATUS}, which {sys.platform} does not have"


def _resident(key: str) -> int:
    """Read bytes from the process's status: `VmRSS` now, `VmHWM` at most."""
    lines = dict(line.split(":", 1) for line in STATUS.read_text().splitlines())
    return int(lines[key].split()[0]) * 1024


def peak_of(call: Callable[[], object]) -> int:
    """Measure how much more memory is resident at the peak of a call than before it, in bytes.

    ``ru_maxrss`` would count what the process held before, and even its parent; the kernel's
    high-water mark can be reset. Memory that was freed but is still resident is given back first,
    or the call would use it unseen.
    """
    gc.collect()
    with contextlib.suppress(AttributeError, OSError):  # only the GNU library has it
        ctypes.CDLL(None).malloc_trim(0)
    Path("/proc/self/clear_refs").write_text("5")  # resets the high-water mark
    before = _resident("VmRSS")
    call()
    return max(0, _resident("VmHWM") - before)


def peak_extra(model: str, scale: int, layout: str, height: int, width: int, workers: int) -> int:
    """Measure the peak of one enlargement beyond tables, input and output, in bytes."""
    import lutsr

    upscaler = lutsr.load(model, scale)
    picture, axis = _lay_out(images.photograph(height, width), layout)
    small, _ = _lay_out(images.photograph(16, 16), layout)
    upscaler(small, channel_axis=axis)  # compiles
    shape = [scale * n for n in picture.shape]
    if axis is not None:
        shape[axis] = picture.shape[axis]
    out = np.ones(shape, np.uint8)
    return peak_of(lambda: upscaler(picture, channel_axis=axis, workers=workers, out=out))


def _lay_out(image: images.Image, layout: str) -> tuple[images.Image, int | None]:
    if layout == "interleaved":
        return image, -1
    if layout == "planar":
        return np.ascontiguousarray(np.moveaxis(image, -1, 0)), 0
    return np.ascontiguousarray(image[..., 0]), None


def fused_tables(model: str, scale: int, rounds: int) -> dict[str, Any]:
    """Time loading a table, compiled already, and count the bytes of what is built.

    The time is that of `lutsr.load` for a path, which keeps nothing: reading, checking, fusing.
    """
    import lutsr
    import lutsr_data

    path = lutsr_data.table_path(model, scale)
    seconds = []
    for _ in range(1 + rounds):
        start = time.perf_counter()
        upscaler = lutsr.load(path)
        seconds.append(time.perf_counter() - start)
    fused = vars(upscaler._engine.fused).values()
    arrays = [part for part in fused if isinstance(part, np.ndarray)]
    return {
        "model": model,
        "scale": scale,
        "median_s": median(seconds[1:]),
        "min_s": min(seconds[1:]),
        "rounds": rounds,
        "bytes": sum(part.nbytes for part in arrays),
    }
