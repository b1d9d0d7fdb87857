"""Compiling before the first image, by several processes: numba compiles one kernel at a time."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ._engine import SCALES
from ._frame.arguments import check_workers
from ._loading import is_path, load, models
from ._modelinfo import DEFAULT_MODEL

if TYPE_CHECKING:
    from queue import SimpleQueue
    from subprocess import Popen

    from ._upscaler import Upscaler

__all__ = ["warmup"]

#: More processes would wait for the slowest kernels.
MOST_WORKERS = 4


def warmup(
    model: str | os.PathLike[str] | None = None,
    scale: int | None = None,
    *,
    report: Callable[[str], object] | None = None,
    workers: int | None = None,
) -> None:
    """Compile the kernels of models now rather than at the first call.

    For grey, RGB and RGBA images of 8 bits and for deeper ones. Compiled code is cached on disk
    where a cache folder is writable, so this takes half a minute of one core once and then a few
    seconds.

    Parameters
    ----------
    model : str or path, optional
        Name of a shipped model, or the path of a table with its card beside it. None means all
        shipped models.
    scale : int, optional
        Of a shipped model. None means all scales.
    report : callable, optional
        Called with a line of text before each model, such as `print`.
    workers : int, optional
        Processes that compile, four at most. None means one per core. One model is compiled in this
        process, and so are all where no cache folder is writable or Python is embedded in another
        program.

    Raises
    ------
    ValueError
        If there is no such model or scale, or the file or its card is not valid.
    OSError
        If a file cannot be read.

    Examples
    --------
    >>> import lutsr
    >>> lutsr.warmup("eclut-fast", 2, report=print)
    compiling eclut-fast x2, 1 of 1
    """
    count = check_workers(workers)
    wanted: list[tuple[str | os.PathLike[str], int | None]]
    if model is not None and is_path(model):
        wanted = [(model, scale)]
    else:
        found = [(one.name, one.scale) for one in models() if model in (None, one.name)]
        wanted = [(name, of) for name, of in found if scale in (None, of)]
        if not wanted:
            # Its error says what there is.
            load(DEFAULT_MODEL if model is None else model, scale or SCALES[0])
    tell = report or (lambda line: None)
    count = min(count, len(wanted), MOST_WORKERS)
    names = [(os.fspath(which), of) for which, of in wanted]
    compiled = count > 1 and _can_share() and _compile_in_processes(names, count, tell)
    for number, (which, of_scale) in enumerate(wanted, 1):
        up = load(which, of_scale)
        if not compiled:
            tell(f"compiling {up.name} x{up.scale}, {number} of {len(wanted)}")
        _compile(up)


def _compile(up: Upscaler) -> None:
    for dtype in [np.uint8] if up._engine.eight_bit_only else [np.uint8, np.uint16]:
        for channels in (1, 3, 4):
            image = np.zeros((5, 5, channels), dtype)
            up(image, channel_axis=-1, rgb=channels > 1, alpha=channels == 4)


def _can_share() -> bool:
    """Return whether other processes of this Python can be started, and leave their code here."""
    from ._numba.jit import is_cached_on_disk

    python = Path(sys.executable or "").name.lower().startswith("python")
    return python and not getattr(sys, "frozen", False) and is_cached_on_disk()


def _compile_in_processes(
    wanted: Sequence[tuple[str, int | None]], count: int, tell: Callable[[str], object]
) -> bool:
    """Let processes compile models into the cache; return whether each was given to one.

    What a process fails to do is left undone.
    """
    import json
    from queue import SimpleQueue
    from subprocess import DEVNULL, PIPE, Popen
    from threading import Thread

    # With the same places to import from, whatever this program has changed.
    code = f"import sys; sys.path[:] = {sys.path!r}; from lutsr._warmup import serve; serve()"
    idle: SimpleQueue[Popen[str] | None] = SimpleQueue()
    children: list[Popen[str]] = []
    try:
        for _ in range(count):
            command = [sys.executable, "-c", code]
            try:
                child = Popen(command, stdin=PIPE, stdout=PIPE, stderr=DEVNULL, text=True)
            except OSError:
                return False
            children.append(child)
            idle.put(child)
            Thread(target=_notice, args=(child, idle), daemon=True).start()
        for number, (name, scale) in enumerate(wanted, 1):
            ready = idle.get()
            while ready is None:  # one has failed
                count -= 1
                if not count:
                    return False
                ready = idle.get()
            tell(f"compiling {name} x{scale}, {number} of {len(wanted)}")
            _send(ready, json.dumps([name, scale]) + "\n")
        for child in children:
            _send(child, None)
            child.wait()
        return True
    finally:
        for child in children:
            child.kill()
            child.wait()
            _send(child, None)


def _send(child: Popen[str], line: str | None) -> None:
    """Send a line, or the end, to a process, which may have failed."""
    assert child.stdin is not None
    try:
        if line is None:
            child.stdin.close()
        else:
            child.stdin.write(line)
            child.stdin.flush()
    except OSError:
        pass


def _notice(child: Popen[str], idle: SimpleQueue[Popen[str] | None]) -> None:
    """Tell when a process has compiled a model, and when it has ended."""
    assert child.stdout is not None
    with child.stdout:
        for _ in child.stdout:
            idle.put(child)
    idle.put(None)


def serve() -> None:
    """Compile the models that are named on standard input, a line of JSON each."""
    import json

    for line in sys.stdin:
        model, scale = json.loads(line)
        _compile(load(model, scale))
        print("compiled", flush=True)
