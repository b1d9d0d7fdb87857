"""Numba's options and private names stay in ``lutsr._numba``, and may be missing from numba."""

import re
import sys
import types
from pathlib import Path

import numba
import pytest
from numba.core import caching, cpu
from numba.core.codegen import JITCPUCodegen

import lutsr
from lutsr._numba import cache, jit, llvm

from ..programs import check_right, run_program

PACKAGE = Path(lutsr.__file__).parent


def holders(pattern):
    """List the folders and files of lutsr in which a pattern occurs."""
    code = re.compile(pattern, re.M)
    return {
        path.relative_to(PACKAGE).as_posix()
        for path in PACKAGE.rglob("*.py")
        if code.search(path.read_text(encoding="utf-8"))
    }


def test_one_module_compiles():
    compiling = r"^\s*@.*jit|\b(njit|vectorize|guvectorize|overload)\("
    assert holders(compiling) == {"_numba/jit.py"}


@pytest.mark.parametrize(
    "name",
    [
        r"numba\.core",
        "cgutils",
        "_nrt",
        r"no_c\w+_wrapper",
        "nogil",
        "fastmath",
        "magic_tuple",
        "IndexDataCacheFile",
    ],
)
def test_private_names_stay_in_one_folder(name):
    assert {path.split("/")[0] for path in holders(name)} == {"_numba"}


@pytest.mark.parametrize("folder", ["training", "benchmarks"])
def test_no_private_names_outside_the_library(folder):
    found = [
        path
        for path in (PACKAGE.parent / folder).rglob("*.py")
        if re.search(r"numba\.core|cgutils", path.read_text(encoding="utf-8"))
    ]
    assert found == []


def test_kernels_are_in_folders_of_families():
    found = holders(r"^@(entry_point|part|reordered_part|intrinsic)\b")
    assert "_eclut/kernels.py" in found
    # The content of `_numba` is part of every stamp.
    assert not [path for path in found if not re.match(r"_(?!frame)\w+/", path)]


def double(x):
    return x + x


@pytest.fixture
def compile_anew(tmp_path, monkeypatch):
    """Compile a function as a new process would: with nothing in memory."""
    monkeypatch.setattr(numba.config, "CACHE_DIR", str(tmp_path))
    return lambda: jit.entry_point(
        types.FunctionType(double.__code__, double.__globals__, "double")
    )


def uncached(compile_anew):
    """Compile and call a function twice; return whether both were right and nothing was loaded."""
    first = compile_anew()
    results = [first(3), first(0.5)]
    again = compile_anew()
    results.append(again(3))
    return results == [6, 1.0, 6] and not again.stats.cache_hits


def test_the_cache_works_where_nothing_is_broken(compile_anew):
    assert not uncached(compile_anew)


@pytest.mark.parametrize("name", ["FunctionCache", "IndexDataCacheFile"])
def test_a_missing_class_means_no_cache(monkeypatch, compile_anew, name):
    monkeypatch.delitem(sys.modules, "lutsr._numba.cache")
    monkeypatch.delattr("lutsr._numba.cache")
    monkeypatch.delattr(caching, name)
    assert uncached(compile_anew)


@pytest.mark.parametrize(
    "name", ["_dump", "_data_name", "_data_path", "_open_for_write", "_load_index", "_save_index"]
)
def test_a_missing_method_of_the_files_means_no_cache(monkeypatch, compile_anew, name):
    monkeypatch.delattr(caching.IndexDataCacheFile, name)
    assert uncached(compile_anew)


@pytest.mark.parametrize("name", ["__init__", "_index_key", "_load_overload", "save_overload"])
def test_changed_signatures_mean_no_cache(monkeypatch, compile_anew, name):
    def changed(self, one, two, three, four):
        raise AssertionError("nobody calls this with five arguments")

    monkeypatch.setattr(caching.Cache, name, changed)
    assert uncached(compile_anew)


def test_a_dispatcher_that_passes_more_arguments_means_no_cache(monkeypatch, compile_anew):
    load, save = cache.SafeCache.load_overload, cache.SafeCache.save_overload
    monkeypatch.setattr(cache.SafeCache, "load_overload", lambda self, *rest: load(self, *rest, 1))
    monkeypatch.setattr(cache.SafeCache, "save_overload", lambda self, *rest: save(self, *rest, 1))
    assert uncached(compile_anew)


OPTIONS = {"_nrt": False, "no_cfunc_wrapper": True, "no_cpython_wrapper": False}


@pytest.mark.parametrize("missing", [[], *([name] for name in OPTIONS), list(OPTIONS)])
def test_an_unknown_option_is_not_passed(monkeypatch, compile_anew, missing):
    for name in missing:
        (owner,) = (kind for kind in cpu.CPUTargetOptions.__mro__ if name in vars(kind))
        monkeypatch.delattr(owner, name)
    wanted = {name: value for name, value in OPTIONS.items() if name not in missing}
    assert jit._private_options(True) == wanted
    assert compile_anew()(3) == 6
    again = compile_anew()
    assert (again(3), sum(again.stats.cache_hits.values())) == (6, 1)


def test_no_private_option_is_passed_where_nobody_knows_them(monkeypatch):
    monkeypatch.delattr(cpu, "CPUTargetOptions")
    assert jit._private_options(True) == {}


class Context:
    """The context that numba passes to a code generator, perhaps without the target."""

    def __init__(self, *target):
        self.target = target

    def codegen(self):
        return types.SimpleNamespace(magic_tuple=lambda: self.target)


@pytest.mark.parametrize("context", [None, Context(), Context("x86_64"), Context(1, 2, 3, 4)])
def test_an_unknown_target_is_any_cpu(context):
    assert not llvm.on_x86(context)
    assert llvm.cpu_features(context) == set()


def test_the_target_is_known():
    context = Context("x86_64-unknown-linux-gnu", "skylake", "+avx2,-avx512bw,+bmi")
    assert llvm.on_x86(context)
    assert llvm.cpu_features(context) == {"avx2", "bmi"}
    assert len(JITCPUCodegen("test").magic_tuple()) == 3


def test_results_are_right_where_every_private_name_is_gone(tmp_path):
    code = """
from numba.core import caching, codegen, cpu
del caching.IndexDataCacheFile
options = ("_nrt", "no_cfunc_wrapper")  # numba itself needs the third one
gone = [*((name, cpu.CPUTargetOptions) for name in options), ("magic_tuple", codegen.JITCPUCodegen)]
for name, child in gone:
    (owner,) = (kind for kind in child.__mro__ if name in vars(kind))
    delattr(owner, name)
images = [picture(0), picture(1, (30, 20, 3)), picture(2, dtype=np.uint16)]
up = lutsr.load("eclut", 2)
found = [
    right(image, up(image, channel_axis=-1 if image.ndim == 3 else None))
    for image in images
]
from lutsr._eclut import kernels
check(type(kernels.upscale_band._cache).__name__ == "NullCache", *found)
"""
    environment = {"NUMBA_CACHE_DIR": str(tmp_path / "cache")}
    check_right(run_program(tmp_path, code, environment=environment))
    assert not (tmp_path / "cache").exists()
