"""Small pictures and runs for the tests of `training`; all of it needs Pillow and torch."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).parents[2]
if str(ROOT) not in sys.path:  # `training` is not installed: it lives beside the tests
    sys.path.insert(0, str(ROOT))


@pytest.fixture(autouse=True, scope="module")
def torch_on_one_thread() -> Iterator[None]:
    """Let the tiny runs compute on one thread.

    Benchmarks of torch, which may run before in the same process, set other numbers.
    """
    try:
        import torch  # noqa: F401
    except ModuleNotFoundError:
        yield  # the tests that need it skip themselves
        return
    from training.device import one_thread

    with one_thread():
        yield


def write_pictures(folder: Path, count: int = 3, side: int = 96) -> Path:
    """Smooth pictures with edges, as PNG; the same for every test."""
    from PIL import Image

    folder.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(7)
    y, x = np.mgrid[:side, :side] / side
    for number in range(count):
        waves = rng.uniform(2, 20, (3, 2))
        bands = [127 + 90 * np.sin(a * x + b * y) + 30 * (x > y) for a, b in waves]
        pixels = np.clip(np.stack(bands, -1), 0, 255).astype(np.uint8)
        Image.fromarray(pixels).save(folder / f"{number}.png")
    return folder


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    pytest.importorskip("PIL")
    return write_pictures(tmp_path / "pictures")


@pytest.fixture
def no_curves(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let runs draw no curves, which takes as long as their few steps."""
    monkeypatch.setattr("training.run.draw_curves", lambda rows, path: None)


@pytest.fixture
def train_options(pictures: Path, tmp_path: Path):
    """Options of a run of a few steps; a function, so that a test may make several."""
    from training.eclut.options import TrainOptions

    def make(**changes) -> TrainOptions:
        options = {
            "images": str(pictures),
            "val": str(pictures),
            "out": str(tmp_path / "run"),
            "scale": 2,
            "expand_shift": 2,
            "width": 8,
            "alpha": 0.25,
            "seed": 1,
            "batch": 2,
            "crop": 8,
            "lr": 1e-3,
            "steps": 6,
            "every": 2,
            "device": "cpu",
            "model": "tiny",
            "command": "python -m training train",
        }
        return TrainOptions(**options | changes)

    return make
