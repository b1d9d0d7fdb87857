"""The measurements run the right calls; no time is asserted."""

import json
import os
import subprocess
import sys

import numpy as np
import pytest

from benchmarks import (
    batch,
    cold_start,
    compare,
    costs,
    depths,
    images,
    memory,
    resizing,
    scaling,
    video,
)
from benchmarks.contenders import Call, Contender
from benchmarks.processes import call_fresh, run_code

from ..conftest import ROOT

on_linux = pytest.mark.skipif(bool(memory.missing()), reason=str(memory.missing()))


def test_rounds_are_interleaved(monkeypatch):
    log = []

    def fake(name):
        def make(image, scale, threads, out):
            return Call(lambda: log.append((name, "run")), lambda: log.append((name, "prepare")))

        return make

    contenders = {
        "a": Contender(fake("a")),
        "b": Contender(fake("b")),
        "slow": Contender(fake("slow"), slow=True),
    }
    monkeypatch.setattr(compare, "CONTENDERS", contenders)
    entries = [compare.Entry(name, 4, "photo", 1, False) for name in contenders]
    compare.measure(entries, {"photo": np.zeros((2, 2, 3), np.uint8)}, rounds=6, slow_rounds=2)
    assert [len(entry.seconds) for entry in entries] == [6, 6, 2]
    # Thread settings apply to the whole process, so each call is prepared just before it runs.
    assert [step for _, step in log] == ["prepare", "run"] * (len(log) // 2)
    ran = [name for name, step in log if step == "run"]
    assert ran.count("slow") == 2
    fast = [name for name in ran if name != "slow"]
    rounds = [fast[k : k + 2] for k in range(0, len(fast), 2)]
    assert len(rounds) == 1 + 6  # one to warm up
    assert all(sorted(turn) == ["a", "b"] for turn in rounds)


def test_comparison_saves_everyone(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(compare, "HEIGHT", 24)
    monkeypatch.setattr(compare, "WIDTH", 32)
    path = tmp_path / "compare.json"
    monkeypatch.setattr(sys, "argv", ["compare", "--quick", "--json", str(path)])
    compare.main()
    saved = json.loads(path.read_text(encoding="utf-8"))
    there = {(e["name"], e["threads"], e["into"], e["kind"]) for e in saved["entries"]}
    for model in ("lutsr eclut", "lutsr eclut-fast"):
        for threads in (1, 2):
            assert {(model, threads, into, "photo") for into in (False, True)} <= there
            assert {(model, threads, False, kind) for kind in ("noise", "flat")} <= there
    assert ("OpenCV INTER_CUBIC", 1, True, "photo") in there
    assert all(e["min_s"] <= e["median_s"] for e in saved["entries"])
    named = {e["name"] for e in saved["entries"]} | {key[:-3] for key in saved["absent"]}
    assert named == set(compare.CONTENDERS)


def test_code_for_a_processor_is_asked_for_before_numba_is_imported(monkeypatch):
    taking_part = compare.cpu_entries()
    assert {"lutsr eclut", "Pillow BICUBIC"} <= {entry.name for entry in taking_part}
    assert {(e.scale, e.kind, e.threads) for e in taking_part} == {(4, "photo", 1)}
    monkeypatch.setattr(compare.platform, "machine", lambda: "arm64")
    with pytest.raises(SystemExit, match="needs an x86-64 processor; this one is arm64"):
        compare.use_cpu("haswell")
    monkeypatch.setattr(compare.platform, "machine", lambda: "x86_64")
    monkeypatch.setitem(sys.modules, "numba", compare)
    with pytest.raises(RuntimeError, match="numba has been imported"):
        compare.use_cpu("haswell")
    monkeypatch.delitem(sys.modules, "numba")
    monkeypatch.setattr(compare.os, "environ", {})
    assert compare.use_cpu("nehalem") == {"NUMBA_CPU_NAME": "nehalem", "NUMBA_CPU_FEATURES": ""}
    assert compare.os.environ == {"NUMBA_CPU_NAME": "nehalem", "NUMBA_CPU_FEATURES": ""}


def test_deeper_images_have_values_between_levels():
    photo = images.photograph(8, 9)
    deep, unit, converted = (depths.as_dtype(photo, dtype) for dtype in depths.DTYPES[1:])
    assert (deep.dtype, unit.dtype, converted.dtype) == (np.uint16, np.float32, np.float32)
    assert (deep % 257 != 0).any()
    assert np.abs(deep / 257 - photo).max() <= 1
    assert np.abs(unit * 255 - photo).max() <= 1
    assert (np.rint(converted * np.float64(255 * 16384)) == photo * 16384.0).all()


def test_depths_are_timed_where_the_model_takes_them():
    found = depths.time_depths("eclut-fast", 8, 9, 2)
    assert [entry["dtype"] for entry in found] == [
        "uint8", "uint16", "float32", "float32 of 256 levels"
    ]  # fmt: skip
    assert all(0 < entry["min_s"] <= entry["median_s"] for entry in found)


def test_resize_is_timed_beside_pillow():
    found = resizing.time_resize(["eclut-fast"], 20, 30, 2)
    assert [(entry["method"], entry["growth"]) for entry in found] == [
        ("lutsr eclut-fast", 2.5), ("lutsr, no model", 0.4),
        ("Pillow LANCZOS", 2.5), ("Pillow LANCZOS", 0.4),
    ]  # fmt: skip
    assert all(0 < entry["min_s"] <= entry["median_s"] for entry in found)


def test_quick_suite_runs():
    """The benchmarks run, untimed, with the command that developers use; here the least sizes."""
    command = "-m pytest benchmarks --quick --benchmark-disable -q -p no:cacheprovider -k 256x256"
    done = subprocess.run(
        [sys.executable, *command.split()], cwd=ROOT, check=False, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr


@on_linux
def test_peak_sees_memory_that_was_freed_again():
    size = 40_000_000
    assert memory.peak_of(lambda: None) < 4_000_000
    seen = memory.peak_of(lambda: np.ones(size, np.uint8).sum())
    # The kernel counts pages in batches.
    assert 0.98 * size <= seen < size + 8_000_000


@on_linux
@pytest.mark.parametrize("layout", memory.LAYOUTS)
def test_peak_of_a_call_in_every_layout(layout):
    """The documented bound holds for any size."""
    extra = call_fresh(memory.peak_extra, "eclut", 4, layout, 200, 300, 2)
    assert 0 <= extra <= 2 * 8_000_000


def test_prepared_tables_are_counted():
    found = call_fresh(memory.prepared_tables, "eclut-fast", 2, 1)
    assert found["file_bytes"] >= 256 * 256 * 9 * 4
    assert 2 * 65_536 * 16 <= found["bytes"] <= 60_000_000
    assert found["min_s"] > 0


def test_scaling_covers_sizes_workers_and_outputs():
    found = scaling.time_per_pixel("eclut", [[540, 960], [1080, 960]], rounds=2)
    cases = {(*e["size"], e["workers"], e["into"]) for e in found}
    assert cases == {
        (height, 960, workers, into)
        for height in (540, 1080)
        for workers in (1, 2)
        for into in (False, True)
    }
    assert all(0 < e["min_ns"] <= e["median_ns"] for e in found)


def test_small_images_come_from_all_over_the_photograph():
    crops = scaling.crops(64, 48)
    assert {crop.shape for crop in crops} == {(64, 48, 3)}
    assert len({crop.tobytes() for crop in crops}) == 8 * 20
    spread = np.std([crop.mean() for crop in crops])
    assert spread > 20  # grey levels; one spot would have none
    assert [crop.shape for crop in scaling.crops(700, 1200)] == [(700, 1200, 3)]


def test_import_is_timed_in_a_fresh_process():
    found = cold_start.measure_import(1)
    assert 0 < found["min_s"] == found["median_s"]


def test_first_upscale_finds_no_cache_and_then_its_own(monkeypatch):
    seen = []

    def run(code, image, model, NUMBA_CACHE_DIR):
        assert np.load(image).shape == (20, 30, 3)
        seen.append((model, NUMBA_CACHE_DIR, os.path.exists(NUMBA_CACHE_DIR)))
        os.makedirs(NUMBA_CACHE_DIR, exist_ok=True)  # as the first process does
        return str(float(len(seen)))

    monkeypatch.setattr(cold_start, "run_code", run)
    found = cold_start.measure_first("eclut", 2, 20, 30)
    assert len({folder for _, folder, _ in seen}) == 1
    assert [there for *_, there in seen] == [False, True, True]
    assert (found["no_cache_s"], found["warm_min_s"], found["warm_median_s"]) == (1.0, 2.0, 2.5)


def test_video_is_timed_by_the_command():
    found = video.frame_rate("eclut-fast", 2)
    assert found["frames_per_second"] > 0
    with pytest.raises(RuntimeError, match=r"failed with 2:\n.*is not shipped"):
        video.frame_rate("nope", 1)


def test_folders_are_timed_by_the_command():
    found = batch.measure("PNG", (16, 20), rounds=1, count=2)
    assert [entry["workers"] for entry in found] == [1, 2]
    assert all(entry["min_s"] > 0 for entry in found)


def test_parts_of_costs_are_saved_one_by_one(tmp_path, monkeypatch, capsys):
    command = ["costs", "writing", "tables", "--models", "ecnn-small", "--quick"]
    monkeypatch.setattr(sys, "argv", command)
    with pytest.raises(SystemExit):
        costs.main()
    assert "would replace all of them" in capsys.readouterr().err
    monkeypatch.setattr(sys, "argv", [*command, "--results", str(tmp_path)])
    costs.main()
    assert {path.name for path in tmp_path.iterdir()} == {"writing.json", "tables.json"}
    saved = json.loads((tmp_path / "tables.json").read_text())
    assert saved["command"] == "python -m benchmarks.costs tables"
    assert [(e["model"], e["scale"]) for e in saved["entries"]] == [
        ("ecnn-small", scale) for scale in (4, 3, 2)
    ]


def test_failing_process_shows_why():
    with pytest.raises(RuntimeError, match=r"(?s)failed with 1:.*ZeroDivisionError"):
        run_code("1 / 0")
