"""Compiled code on disk: whatever happens to its files, results are right, without an error."""

import errno
import os
import subprocess
import sys
import types
from pathlib import Path

import numba
import numpy as np
import pytest

from lutsr._numba import cache, jit


def double(x):
    return x + x


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setattr(numba.config, "CACHE_DIR", str(tmp_path))
    return tmp_path


def entry_point():
    """Compile as a new process would: with nothing in memory."""
    return jit.entry_point(types.FunctionType(double.__code__, double.__globals__, "double"))


def hits(function):
    return sum(function.stats.cache_hits.values())


def files(folder, ending):
    return sorted(Path(folder).rglob(f"*.{ending}"))


def test_code_is_cached(folder):
    assert entry_point()(3) == 6
    again = entry_point()
    assert (again(3), again(0.5)) == (6, 1.0)
    assert hits(again) == 1
    third = entry_point()
    assert (third(0.25), third(4)) == (0.5, 8)
    assert hits(third) == 2


def test_loading_imports_nothing_that_only_compiling_needs(folder):
    assert entry_point()(3) == 6
    code = (
        "import sys\n"
        "from tests.numba.test_cache import entry_point, hits\n"
        "again = entry_point()\n"
        "print(again(3), hits(again), 'numba.np.linalg' in sys.modules, again(0.5),"
        " 'numba.np.linalg' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=Path(__file__).parents[2],
        env=os.environ | {"NUMBA_CACHE_DIR": str(folder)},
        capture_output=True,
        text=True,
        check=False,
    )
    # Only the second call compiles.
    assert (done.stdout, done.stderr) == ("6 1 False 1.0 True\n", "")


@pytest.mark.parametrize("ending", ["nbi", "nbc"])
@pytest.mark.parametrize(
    "damage",
    [lambda content: b"", lambda content: content[:-9], lambda content: content[::-1]],
)
def test_torn_files_are_written_anew(folder, ending, damage):
    assert entry_point()(3) == 6
    (path,) = files(folder, ending)
    whole = path.read_bytes()
    path.write_bytes(damage(whole))
    repaired = entry_point()
    assert (repaired(3), hits(repaired)) == (6, 0)
    after = entry_point()
    assert (after(3), hits(after)) == (6, 1)


def test_a_changed_byte_of_code_is_not_run(folder):
    assert entry_point()(3) == 6
    (path,) = files(folder, "nbc")
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    function = entry_point()
    assert (function(3), hits(function)) == (6, 0)


def test_a_full_disk_keeps_nobody_from_computing(folder, monkeypatch):
    def full(self, path):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(cache._SafeFiles, "_open_for_write", full)
    assert entry_point()(3) == 6
    assert files(folder, "*") == []


def test_two_processes_that_save_at_once_keep_their_own_code(folder, monkeypatch):
    first, second = entry_point(), entry_point()
    save_index = cache._SafeFiles._save_index

    def interrupted(self, overloads):
        # The other process reads the index and saves all of its own just before this is written.
        monkeypatch.setattr(cache._SafeFiles, "_save_index", save_index)
        assert second(np.float64(0.5)) == 1.0
        save_index(self, overloads)

    monkeypatch.setattr(cache._SafeFiles, "_save_index", interrupted)
    assert first(3) == 6
    third = entry_point()
    assert (third(3), third(0.5)) == (6, 1.0)


def test_without_a_folder_it_is_compiled_without_a_cache(monkeypatch):
    def nowhere(self, function, self_contained):
        raise RuntimeError("cannot cache function: no locator available")

    monkeypatch.setattr(cache.SafeCache, "__init__", nowhere)
    assert entry_point()(3) == 6
