"""Frames per second of ``lutsr --raw``, x2 of 640 x 360 RGB, with one worker."""

from __future__ import annotations

import re
import subprocess
import sys
from typing import Any

from . import images
from .places import ROOT
from .processes import environment

WIDTH, HEIGHT, SCALE = 640, 360, 2


def frame_rate(model: str, frames: int) -> dict[str, Any]:
    """Upscale raw frames of a photograph by the command, and return the rate that it prints.

    The output is discarded. The rate includes loading the model's compiled code.
    """
    command = ["-m", "lutsr", "--raw", f"{WIDTH}x{HEIGHT}x3", "-s", str(SCALE), "-m", model]
    done = subprocess.run(
        [sys.executable, *command, "-j", "1"],
        cwd=ROOT,
        env=environment(),
        input=images.photograph(HEIGHT, WIDTH).tobytes() * frames,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        check=False,
    )
    said = done.stderr.decode()
    rate = re.search(r"([\d.]+) frames per second", said)
    if done.returncode or not rate:
        raise RuntimeError(f"lutsr --raw failed with {done.returncode}:\n{said}")
    return {"model": model, "frames": frames, "frames_per_second": float(rate[1])}
