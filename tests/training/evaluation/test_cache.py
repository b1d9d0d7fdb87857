import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

Image = pytest.importorskip("PIL.Image")
pytest.importorskip("tqdm")

from training.crops import CropSampler  # noqa: E402
from training.errors import TrainingError  # noqa: E402
from training.evaluation import cache as cache_module  # noqa: E402
from training.evaluation import pictures as data_module  # noqa: E402
from training.evaluation.cache import Cache, open_mapped, user_cache  # noqa: E402
from training.evaluation.pictures import load_pictures  # noqa: E402

ROOT = Path(__file__).parents[3]


@pytest.fixture
def decoded(monkeypatch):
    """Names of the pictures that have been decoded, in order."""
    names, real = [], data_module.read_rgb

    def noting(path, **options):
        names.append(path.name)
        return real(path, **options)

    monkeypatch.setattr(data_module, "read_rgb", noting)
    return names


@pytest.mark.parametrize("scale", [2, 3, 4])
def test_holds_what_memory_would(tmp_path, scale):
    folder = tmp_path / "pictures"
    folder.mkdir()
    pixels = np.random.default_rng(0).integers(0, 256, (31, 33, 3), np.uint8)
    Image.fromarray(pixels).save(folder / "odd.png")
    (plain,) = load_pictures(folder, scale)
    (mapped,) = load_pictures(folder, scale, cache=tmp_path / "cache")
    assert mapped.path == plain.path
    np.testing.assert_array_equal(mapped.hr, plain.hr)
    np.testing.assert_array_equal(mapped.lr, plain.lr)
    assert not mapped.hr.flags.writeable
    base = mapped.lr
    while not isinstance(base, np.memmap):  # a copy would be in memory
        base = base.base


def test_decodes_each_picture_once_for_all_scales(pictures, tmp_path, decoded):
    for scale in (2, 4, 2):
        load_pictures(pictures, scale, cache=tmp_path / "cache")
    assert decoded == ["0.png", "1.png", "2.png"]
    assert len(list((tmp_path / "cache").glob("*_x4.npy"))) == 3


def test_a_changed_picture_is_decoded_again(pictures, tmp_path, decoded):
    load_pictures(pictures, 2, cache=tmp_path / "cache")
    Image.new("RGB", (96, 96), "red").save(pictures / "1.png")
    loaded = load_pictures(pictures, 2, cache=tmp_path / "cache")
    assert decoded == ["0.png", "1.png", "2.png", "1.png"]
    assert (loaded[1].hr == [255, 0, 0]).all()


def test_a_spoilt_file_is_made_again(pictures, tmp_path, decoded):
    before = load_pictures(pictures, 2, cache=tmp_path / "cache")[0].hr.copy()
    full, small = Cache(tmp_path / "cache").files(pictures / "0.png", 2)
    for spoilt in (full.read_bytes()[:-1], b"", b"nonsense"):
        open_mapped.cache_clear()
        full.unlink()
        full.write_bytes(spoilt)
        np.testing.assert_array_equal(
            load_pictures(pictures, 2, cache=tmp_path / "cache")[0].hr, before
        )
    assert decoded.count("0.png") == 4
    assert small.is_file()


def test_what_is_skipped_is_skipped_again(pictures, tmp_path, capsys):
    Image.new("L", (96, 96)).save(pictures / "grey.png")
    (pictures / "broken.png").write_bytes((pictures / "0.png").read_bytes()[:300])
    # An evaluation has cached the grey picture; training still refuses it.
    assert len(load_pictures(pictures, 2, grey=True, cache=tmp_path / "cache")) == 4
    capsys.readouterr()
    assert len(load_pictures(pictures, 2, cache=tmp_path / "cache")) == 3
    told = capsys.readouterr().err
    assert "grey.png: mode L" in told
    assert "broken.png: cannot be decoded" in told


def test_crops_come_from_more_files_than_may_be_open(pictures, tmp_path, monkeypatch):
    from functools import lru_cache

    few = lru_cache(maxsize=1)(open_mapped.__wrapped__)
    monkeypatch.setattr(cache_module, "open_mapped", few)
    monkeypatch.setattr(data_module, "open_mapped", few)
    mapped = load_pictures(pictures, 2, cache=tmp_path / "cache")
    plain = load_pictures(pictures, 2)
    for step in range(3):
        ours, wanted = (CropSampler(p, 12, 2, 8, seed=3)(step) for p in (mapped, plain))
        np.testing.assert_array_equal(ours[0], wanted[0])
        np.testing.assert_array_equal(ours[1], wanted[1])


def test_a_deleted_cache_is_one_line(pictures, tmp_path):
    (mapped, *_) = load_pictures(pictures, 2, cache=tmp_path / "cache")
    for file in (tmp_path / "cache").iterdir():
        file.unlink()
    open_mapped.cache_clear()
    with pytest.raises(TrainingError, match=r"cannot read .*npy of the cache .*start again"):
        mapped.hr  # noqa: B018


def test_a_full_disk_is_told_with_the_way_out(pictures, tmp_path, monkeypatch):
    def full(*args):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(TrainingError, match="No space left on device; --cache FOLDER says where"):
        load_pictures(pictures, 2, cache=tmp_path / "cache")
    assert not list((tmp_path / "cache").iterdir())


BUILD = """
import sys
from training.evaluation.pictures import load_pictures  # noqa: E402
if sys.argv[3] == "killed":
    import os, signal
    real, calls = os.replace, []
    def replace(*names):
        calls.append(names)
        if len(calls) == 4:
            os.kill(os.getpid(), signal.SIGKILL)
        real(*names)
    os.replace = replace
loaded = load_pictures(sys.argv[1], 2, cache=sys.argv[2])
print(sum(int(p.hr.sum()) + int(p.lr.sum()) for p in loaded))
"""


def start(pictures, folder, how):
    command = [sys.executable, "-W", "error", "-c", BUILD, str(pictures), str(folder), how]
    return subprocess.Popen(
        command, cwd=ROOT, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )


@pytest.mark.skipif(sys.platform == "win32", reason="kills as POSIX does")
def test_killed_half_way_and_then_built_by_two_at_once(pictures, tmp_path):
    folder = tmp_path / "cache"
    killed = start(pictures, folder, "killed")
    killed.communicate(timeout=60)
    assert killed.returncode < 0
    whole = [np.load(file).shape for file in folder.glob("[!.]*.npy")]
    assert len(whole) == 3  # and one unfinished, under another name
    assert len(list(folder.glob(".*"))) == 1
    both = [start(pictures, folder, "whole") for _ in range(2)]
    wanted = sum(int(p.hr.sum()) + int(p.lr.sum()) for p in load_pictures(pictures, 2))
    for process in both:
        out, err = process.communicate(timeout=60)
        assert process.returncode == 0, err
        assert int(out) == wanted
    assert len(list(folder.glob("[!.]*.npy"))) == 6


def age(file, seconds):
    then = time.time() - seconds
    os.utime(file, (then, then))


def test_what_a_killed_process_left_is_swept_in_time(pictures, tmp_path, monkeypatch):
    def kill(*names):
        raise KeyboardInterrupt

    # As after a crash, when the clean-up was not reached.
    monkeypatch.setattr(os, "replace", kill)
    monkeypatch.setattr(os, "unlink", lambda path: None)
    for _ in range(2):
        with pytest.raises(KeyboardInterrupt):
            load_pictures(pictures, 2, cache=tmp_path / "cache")
    monkeypatch.undo()
    old, new = (tmp_path / "cache").iterdir()
    age(old, 7200)
    Cache(tmp_path / "cache")
    assert list((tmp_path / "cache").iterdir()) == [new]


def test_what_no_run_asks_for_is_deleted_and_nothing_else(pictures, tmp_path):
    folder = tmp_path / "cache"
    load_pictures(pictures, 2, cache=folder)
    (folder / "mine.npy").write_text("not of the cache")
    months = 60 * 24 * 3600
    for file in folder.iterdir():
        age(file, months)
    (pictures / "1.png").unlink()
    # Every file is old: those of pictures that are still there are made again, and are new.
    load_pictures(pictures, 2, cache=folder)
    assert len(list(folder.iterdir())) == 4 + 1
    assert (folder / "mine.npy").is_file()


def test_a_run_keeps_what_it_asks_for(pictures, tmp_path, decoded):
    folder = tmp_path / "cache"
    load_pictures(pictures, 2, cache=folder)
    for file in folder.iterdir():
        age(file, 20 * 24 * 3600)
    load_pictures(pictures, 2, cache=folder)
    for file in folder.iterdir():
        age(file, time.time() - file.stat().st_mtime + 20 * 24 * 3600)  # 20 days later
    load_pictures(pictures, 2, cache=folder)
    assert decoded == ["0.png", "1.png", "2.png"]


def test_the_user_says_where_caches_go(monkeypatch, tmp_path):
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert user_cache() == tmp_path / "lutsr-training"
    monkeypatch.delenv("XDG_CACHE_HOME")
    assert user_cache() == Path.home() / ".cache" / "lutsr-training"
