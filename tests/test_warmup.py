"""Compiling before the first image, in this process and in others."""

import subprocess
import sys

import pytest

import lutsr
from lutsr import _warmup

from .contract import upscaler


def test_warmup_leaves_out_depths_that_a_model_refuses(monkeypatch):
    up = upscaler("chain of two stages")
    assert up._engine.eight_bit_only
    monkeypatch.setattr(_warmup, "models", lambda: [up])
    monkeypatch.setattr(_warmup, "load", lambda name, scale: up)
    said = []
    lutsr.warmup(report=said.append)
    assert said == [f"compiling {up.name} x2, 1 of 1"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("nosuch",), "model: 'nosuch' is not shipped"),
        ((None, 7), "scale: got 7, and model 'ecnn' has"),
        (("eclut-fast", 9), "scale: got 9, and model 'eclut-fast' has"),
    ],
)
def test_warmup_of_models_that_are_not_there(arguments, message):
    with pytest.raises(ValueError, match=message):
        lutsr.warmup(*arguments)


def test_other_processes_fill_the_cache_and_one_that_fails_is_left_out(tmp_path, monkeypatch):
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path))
    said = []
    wanted = [("nosuch", 2), ("ecnn-small", 2)]
    assert _warmup._compile_in_processes(wanted, 2, said.append)
    assert said == ["compiling nosuch x2, 1 of 2", "compiling ecnn-small x2, 2 of 2"]
    names = [path.name.split(".")[1].rpartition("_")[0] for path in tmp_path.rglob("*.nbc")]
    assert sorted(names) == ["fill_band", "fill_deep_band"]


def test_processes_that_cannot_work_are_no_error(monkeypatch):
    for executable in ("/nowhere/python", "/bin/false"):
        monkeypatch.setattr(sys, "executable", executable)
        assert not _warmup._compile_in_processes([("ecnn-small", 2)] * 5, 2, print)
    # Then this process tells what it compiles.
    monkeypatch.setattr(_warmup, "_can_share", lambda: True)
    monkeypatch.setattr(_warmup, "_compile", lambda up: None)
    said = []
    lutsr.warmup("ecnn-small", workers=2, report=said.append)
    assert said[-3:] == [f"compiling ecnn-small x{scale}, {scale - 1} of 3" for scale in (2, 3, 4)]


def test_processes_end_with_an_interrupted_call(monkeypatch):
    started = []
    popen = subprocess.Popen

    def start(*arguments, **options):
        started.append(popen(*arguments, **options))
        return started[-1]

    def interrupt(line):
        raise KeyboardInterrupt

    monkeypatch.setattr(subprocess, "Popen", start)
    with pytest.raises(KeyboardInterrupt):
        _warmup._compile_in_processes([("ecnn-small", 2)] * 2, 2, interrupt)
    assert len(started) == 2
    assert all(child.returncode is not None for child in started)


def test_only_a_python_that_keeps_its_code_is_started(monkeypatch):
    assert _warmup._can_share()
    monkeypatch.setattr(sys, "executable", "/usr/bin/blender")
    assert not _warmup._can_share()
    monkeypatch.setattr(sys, "executable", "")
    assert not _warmup._can_share()
    monkeypatch.setattr(sys, "executable", "/usr/bin/python3.13")
    assert _warmup._can_share()
    monkeypatch.setattr("lutsr._numba.jit.is_cached_on_disk", lambda: False)
    assert not _warmup._can_share()


def test_all_models_are_shared_and_one_is_not(monkeypatch):
    shared = []
    monkeypatch.setattr(
        _warmup, "_compile_in_processes", lambda *given: shared.append(given) or True
    )
    monkeypatch.setattr(_warmup, "_compile", lambda up: None)
    said = []
    lutsr.warmup("ecnn", workers=2, report=said.append)
    lutsr.warmup("ecnn", workers=64)
    assert [(wanted, count) for wanted, count, _ in shared] == [
        ([("ecnn", 2), ("ecnn", 3), ("ecnn", 4)], 2),
        ([("ecnn", 2), ("ecnn", 3), ("ecnn", 4)], 3),
    ]
    assert said == []  # the others' processes tell
    lutsr.warmup("ecnn", workers=1, report=said.append)
    lutsr.warmup("ecnn", 2, report=said.append)
    assert len(shared) == 2
    assert said[-1] == "compiling ecnn x2, 1 of 1"
    with pytest.raises(ValueError, match="workers: got 0"):
        lutsr.warmup(workers=0)
