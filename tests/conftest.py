"""Fixtures of many tests: random tables, synthetic table files, and the path of ``shared/``."""

from __future__ import annotations

import gc
import hashlib
import json
import os
import signal
from collections.abc import Iterator
from pathlib import Path

import hypothesis
import numpy as np
import pytest

import lutsr
from lutsr._frame import bands, sink

ROOT = Path(__file__).resolve().parents[1]

# derandomize: the same cases on every machine; `--hypothesis-profile=thorough` for the long run.
hypothesis.settings.register_profile("default", deadline=None, derandomize=True, max_examples=60)
hypothesis.settings.register_profile("quick", deadline=None, derandomize=True, max_examples=30)
hypothesis.settings.register_profile("thorough", deadline=None, max_examples=10_000)
hypothesis.settings.load_profile("default")


@pytest.fixture(scope="session", autouse=True)
def compiled_by_all(request: pytest.FixtureRequest) -> None:
    """Let each process of ``-n`` compile other models first, and find the rest in the cache.

    They would otherwise compile the same ones at the same time. Garbage collection is paused: it
    takes a tenth of that time.
    """
    worker = getattr(request.config, "workerinput", None)
    if worker is None or os.environ.get("NUMBA_DISABLE_JIT") == "1":
        return
    models = lutsr.models()
    own = models[int(worker["workerid"].removeprefix("gw")) :: worker["workercount"]]
    gc.disable()
    for model in own + [other for other in models if other not in own]:
        lutsr.warmup(model.name, model.scale)
    gc.enable()


@pytest.fixture(scope="session", autouse=True)
def interrupts() -> Iterator[None]:
    """Let Ctrl-C interrupt the processes that tests start, also where the caller ignores it.

    `nohup`, and shells that start a command in the background, ignore SIGINT, and so would every
    process below it.
    """
    before = signal.getsignal(signal.SIGINT)
    if before is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    if before is signal.SIG_IGN:
        signal.signal(signal.SIGINT, before)


@pytest.fixture(scope="session")
def shared() -> Path:
    """Folder of benchmark images that lies beside the repository, where there is one."""
    path = ROOT.parent / "shared"
    if not path.is_dir():
        pytest.skip("needs ../shared (benchmark images), which is not part of the repository")
    return path


@pytest.fixture(scope="session")
def peers(shared) -> Path:
    """Folder of the tables and results that authors of other methods have published."""
    path = shared / "peers"
    if not (path / "goldens").is_dir():
        pytest.skip("needs ../shared/peers (published tables and results)")
    return path


@pytest.fixture
def table_file(tmp_path):
    """Write a table, by default with a card; return the path of the .npy file."""

    def write(lut, name="mine_x2.npy", card=True, **changes):
        path = tmp_path / name
        np.save(path, lut)
        if card:
            r = lut.shape[-1]
            content = {
                "format_version": 1,
                "model": "mine",
                "scale": r,
                "expand_shift": r,
                "shift": 2,
                "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
                "metrics": {"Set5": {"psnr_y": 30.0, "ssim_y": 0.9}},
            }
            path.with_suffix(".json").write_text(json.dumps(content | changes), encoding="utf-8")
        return path

    return write


@pytest.fixture(scope="session")
def random_lut():
    """Make the same random table for the same arguments, once per session."""
    made = {}

    def make(r, kind="uniform"):
        if (r, kind) not in made:
            rng = np.random.default_rng(r)
            shape = (256, 256, 9, r, r)
            if kind == "uniform":
                lut = rng.integers(-128, 128, shape, dtype=np.int8)
            elif kind == "extremes":
                lut = rng.choice(np.array([-128, 127], np.int8), shape)
            elif kind == "lowest":
                lut = np.full(shape, -128, np.int8)
            elif kind == "highest":
                lut = np.full(shape, 127, np.int8)
            else:  # around the middle grey, so that clipping hides nothing
                lut = rng.integers(4, 25, shape, dtype=np.int8)
            lut.flags.writeable = False
            made[r, kind] = lut
        return made[r, kind]

    return make


@pytest.fixture
def small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let small images be divided between threads, bands and parts."""
    monkeypatch.setattr(bands, "SERIAL_NANOSECONDS", 0)
    monkeypatch.setattr(bands, "BAND_ROWS", 1)
    monkeypatch.setattr(bands, "CHUNK_BYTES", 1)
    monkeypatch.setattr(bands, "CHUNK_HALOS", 0)
    monkeypatch.setattr(sink, "BAND_BYTES", 1)
