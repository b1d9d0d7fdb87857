"""The cache of compiled training code follows the sources, as that of the library does."""

import ast
from importlib import import_module
from pathlib import Path

import pytest

pytest.importorskip("torch")

from lutsr._numba import jit

ROOT = Path(__file__).parents[2]

#: Modules with functions that are cached, and the folder whose content stamps the cache.
KERNELS = {
    "training.ecnn.kernels": "training/ecnn",
    "training.eclut.fit.kernels": "training/eclut",
    "training.rclut.kernels": "training/rclut",
}


@pytest.mark.parametrize(("name", "folder"), KERNELS.items())
def test_cached_functions_carry_the_stamp_of_their_family(name, folder):
    names = [
        function.py_func.__qualname__
        for function in vars(import_module(name)).values()
        if getattr(getattr(function, "_cache", None), "cache_path", None) is not None
    ]
    assert names
    assert all(each.endswith(jit.stamp(ROOT / folder)) for each in names)


@pytest.mark.parametrize(("name", "folder"), KERNELS.items())
def test_kernels_directly_import_only_what_the_stamp_covers(name, folder):
    covered = [folder.replace("/", "."), "lutsr._numba"]
    tree = ast.parse((ROOT / f"{name.replace('.', '/')}.py").read_text(encoding="utf-8"))
    found = [node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
    ours = [module for module in found if module.startswith(("training", "lutsr"))]
    assert ours
    assert all(module.startswith(tuple(covered)) for module in ours)
