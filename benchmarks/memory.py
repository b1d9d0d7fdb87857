"""Memory of a call beyond tables, input and output. Each function runs in a fresh process."""

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

#: Memory layouts of the image: channels last, channels first, one plane.
LAYOUTS = ("interleaved", "planar", "grey")
STATUS = Path("/proc/self/status")


def missing() -> str | None:
    """Return the reason why peak memory cannot be measured here, or None."""
    return None if STATUS.exists() else f"needs {STATUS}, which {sys.platform} does not have"


def _resident(key: str) -> int:
    """Return resident memory in bytes: `VmRSS` is the current value, `VmHWM` the peak."""
    lines = dict(line.split(":", 1) for line in STATUS.read_text().splitlines())
    return int(lines[key].split()[0]) * 1024


def peak_of(call: Callable[[], object]) -> int:
    """Return by how many bytes the peak of resident memory during a call exceeds that before it.

    ``ru_maxrss`` would include the peak before the call, and even that of the parent process. The
    peak in ``/proc`` can be reset. Freed memory that is still resident is returned to the system
    first, because the call could use it without raising the peak.
    """
    gc.collect()
    with contextlib.suppress(AttributeError, OSError):  # only glibc has it
        ctypes.CDLL(None).malloc_trim(0)
    Path("/proc/self/clear_refs").write_text("5")  # resets the peak
    before = _resident("VmRSS")
    call()
    return max(0, _resident("VmHWM") - before)


def peak_extra(model: str, scale: int, layout: str, height: int, width: int, workers: int) -> int:
    """Return the peak memory of one call beyond tables, input and output, in bytes."""
    import lutsr

    upscaler = lutsr.load(model, scale)
    picture, axis = _lay_out(images.photograph(height, width), layout)
    small, _ = _lay_out(images.photograph(16, 16), layout)
    rgb = axis is not None
    upscaler(small, channel_axis=axis, rgb=rgb)  # compiles
    shape = [scale * n for n in picture.shape]
    if axis is not None:
        shape[axis] = picture.shape[axis]
    out = np.ones(shape, np.uint8)
    options: dict[str, Any] = {"channel_axis": axis, "rgb": rgb, "workers": workers, "out": out}
    return peak_of(lambda: upscaler(picture, **options))


def _lay_out(image: images.Image, layout: str) -> tuple[images.Image, int | None]:
    if layout == "interleaved":
        return image, -1
    if layout == "planar":
        return np.ascontiguousarray(np.moveaxis(image, -1, 0)), 0
    return np.ascontiguousarray(image[..., 0]), None


def prepared_tables(model: str, scale: int, rounds: int) -> dict[str, Any]:
    """Time loading a shipped model after compilation, and return the size of its tables.

    `lutsr.load` with a path caches nothing, so it reads, checks and prepares each time. Prepared
    are the tables of eclut, fused, or those of a stack, laid out.
    """
    import lutsr
    import lutsr_data

    path = lutsr_data.table_path(model, scale)
    seconds = []
    for _ in range(1 + rounds):
        start = time.perf_counter()
        upscaler = lutsr.load(path)
        seconds.append(time.perf_counter() - start)
    engine: Any = upscaler._engine
    prepared = vars(engine.fused).values() if upscaler.family == "eclut" else engine._stack._tables
    arrays = [part for part in prepared if isinstance(part, np.ndarray)]
    return {
        "model": model,
        "scale": scale,
        "median_s": median(seconds[1:]),
        "min_s": min(seconds[1:]),
        "rounds": rounds,
        "file_bytes": path.stat().st_size,
        "bytes": sum(part.nbytes for part in arrays),
    }
