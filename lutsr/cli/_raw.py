"""Raw video frames: read from stdin, upscaled, and written to stdout, until stdin ends."""

from __future__ import annotations

import time
from argparse import Namespace
from concurrent.futures import Future, ThreadPoolExecutor
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from .._modelinfo import DEFAULT_MODEL
from . import _streams
from ._model_choice import AUTO
from ._report import CommandError, UsageError, complain
from ._upscale import load_upscaler


def upscale_frames(args: Namespace) -> int:
    """Upscale the frames of ``--raw``, and return the exit code."""
    source = _streams.binary_input("--raw")
    _streams.check_output("--raw")
    width, height, channels = args.raw
    if args.model == AUTO:
        raise UsageError("argument -m/--model: auto chooses by the kind of file; name a model")
    upscaler = load_upscaler(args.model or DEFAULT_MODEL, args.scale)
    scale = upscaler.scale
    frame = np.empty((height, width, channels), np.uint8)
    # Two buffers: one is computed while the other is written, since a pipe holds less than a frame.
    results = [np.empty((height * scale, width * scale, channels), np.uint8) for _ in range(2)]
    start, count = time.perf_counter(), 0
    writing: Future[None] | None = None
    # Unbuffered: otherwise Python would try to flush data to a closed pipe when the process ends.
    with (
        _streams.binary_output(buffering=0) as target,
        ThreadPoolExecutor(1, "lutsr-writer") as writer,
    ):
        while _fill(frame, source, count):
            result = results[count % 2]
            upscaler(frame, channel_axis=-1, rgb=channels == 3, workers=args.workers, out=result)
            if writing is not None:
                writing.result()
            writing = writer.submit(_write, result, target)
            count += 1
        if writing is not None:
            writing.result()
    if count == 0:
        raise CommandError("stdin: ended before the first frame")
    if not args.quiet:
        seconds = time.perf_counter() - start
        complain(
            f"{count} frames {width}x{height} to {width * scale}x{height * scale}, "
            f"{count / seconds:.1f} frames per second"
        )
    return 0


def _fill(frame: NDArray[np.uint8], source: BinaryIO, number: int) -> bool:
    """Read a frame; return False at the end of the stream."""
    view = frame.reshape(-1).data
    got = 0
    while got < len(view):
        more = source.readinto(view[got:])  # type: ignore[attr-defined]
        if not more:
            break
        got += more
    if 0 < got < len(view):
        raise CommandError(
            f"stdin: ended inside frame {number + 1}, after {got} of its {len(view)} bytes; "
            "is --raw WxHxC right?"
        )
    return got > 0


def _write(frame: NDArray[np.uint8], target: BinaryIO) -> None:
    view = frame.reshape(-1).data
    while view:
        view = view[target.write(view) :]
