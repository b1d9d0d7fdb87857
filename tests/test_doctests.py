"""The examples in the docstrings run, and every public function has one."""

import doctest
import importlib
import inspect
import pkgutil

import pytest

import lutsr

pytest.importorskip("skimage.data")  # the examples use its images

MODULES = [
    "lutsr",
    *(info.name for info in pkgutil.iter_modules(lutsr.__path__, "lutsr.") if not info.ispkg),
]


@pytest.mark.parametrize("name", [name for name in MODULES if name != "lutsr.__main__"])
def test_examples_run(name):
    if name == "lutsr.dask":
        pytest.importorskip("dask.array")
    assert doctest.testmod(importlib.import_module(name)).failed == 0


@pytest.mark.parametrize("name", [n for n in lutsr.__all__ if callable(getattr(lutsr, n))])
def test_public_names_have_an_example(name):
    public = getattr(lutsr, name)
    own_call = inspect.isclass(public) and "__call__" in vars(public)
    assert ">>> " in inspect.getdoc(public.__call__ if own_call else public)
