"""Run a small program in a process of its own, with a time limit: a deadlock is a failure."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

#: Seconds after which a program counts as hanging; the slowest takes a few.
LIMIT = 120

#: Beginning of every program. It has no asserts, because ``python -O`` removes them.
PRELUDE = """
import numpy as np
import lutsr
from lutsr import reference

def picture(seed, shape=(40, 50), dtype=np.uint8):
    rng = np.random.default_rng(seed)
    if np.dtype(dtype).kind == "f":
        return rng.random(shape).astype(dtype)
    return rng.integers(0, np.iinfo(dtype).max, shape, dtype, endpoint=True)

def right(image, big, model="eclut", scale=2):
    up = lutsr.load(model, scale)
    axis = None if image.ndim == 2 else -1
    want = reference.upscale(image, up, channel_axis=axis)
    return big.dtype == want.dtype and np.array_equal(big, want)

def check(*found):
    if not found or not all(found):
        raise SystemExit("wrong integers")
    print("right")
"""


def run_program(
    folder: Path,
    code: str,
    *,
    options: tuple[str, ...] = (),
    environment: dict[str, str | None] | None = None,
    prelude: str = PRELUDE,
) -> subprocess.CompletedProcess[str]:
    """Run a program from a file in a folder.

    Parameters
    ----------
    folder : Path
        Where to write it, and to run it.
    code : str
        What comes after the prelude.
    options : tuple of str
        For Python.
    environment : dict, optional
        Changes to the environment; None takes a variable out.
    prelude : str
        What the program begins with.
    """
    path = folder / "program.py"
    path.write_text(prelude + code, encoding="utf-8")
    changes = environment or {}
    env = {key: value for key, value in (os.environ | changes).items() if value is not None}
    return subprocess.run(
        [sys.executable, *options, str(path)],
        cwd=folder,
        env=env,
        capture_output=True,
        text=True,
        timeout=LIMIT,
        check=False,
    )


def check_right(run: subprocess.CompletedProcess[str]) -> None:
    """Check that a program has found all its results right."""
    assert (run.returncode, run.stdout, run.stderr) == (0, "right\n", "")
