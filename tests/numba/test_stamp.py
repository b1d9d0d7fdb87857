"""The stamp in the names of cached code covers everything that the code depends on."""

import ast
import re
import shutil
from importlib import import_module
from pathlib import Path

import pytest

import lutsr
from lutsr._numba import jit

PACKAGE = Path(lutsr.__file__).parent

#: Modules with functions that are cached, and so the folders whose content stamps the cache.
KERNELS = [
    path
    for path in sorted(PACKAGE.rglob("*.py"))
    if re.search(r"^@entry_point\b", path.read_text(encoding="utf-8"), re.M)
]


def family(kernels):
    """Return the folder whose content stamps the kernels of a module."""
    return PACKAGE / kernels.relative_to(PACKAGE).parts[0]


def imported(path):
    """List the files of lutsr that a module imports when it is loaded."""
    found = []
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if not isinstance(node, ast.ImportFrom) or not node.level:
            continue
        base = path.parents[node.level - 1].joinpath(*(node.module or "").split("."))
        names = [base.with_suffix(".py"), *(base / f"{each.name}.py" for each in node.names)]
        found += [name for name in names if name.is_file()]
        if base.is_dir():
            found.append(base / "__init__.py")
    return found


def test_there_are_kernels():
    assert "_eclut" in {path.parent.name for path in KERNELS}


@pytest.mark.parametrize(
    "kernels", KERNELS, ids=lambda path: "-".join(path.relative_to(PACKAGE).parts[:-1])
)
def test_kernels_import_nothing_that_the_stamp_does_not_cover(kernels):
    found, todo = set(), [kernels]
    while todo:
        path = todo.pop()
        if path not in found:
            found.add(path)
            todo += imported(path)
    assert PACKAGE / "_numba" / "jit.py" in found
    # The version is part of every stamp by its value.
    covered = {*jit._sources(family(kernels)), PACKAGE / "_version.py"}
    assert sorted(found - covered) == []


def test_imports_are_found(tmp_path):
    package = tmp_path / "package"
    for name in ("a/__init__.py", "a/b.py", "a/c.py", "d/e.py", "f.py"):
        (package / name).parent.mkdir(exist_ok=True, parents=True)
        (package / name).touch()
    (package / "a/b.py").write_text("from .c import x\nfrom ..d import e\nfrom ..f import y\n")
    assert imported(package / "a/b.py") == [
        package / "a/c.py",
        package / "d/e.py",
        package / "d/__init__.py",
        package / "f.py",
    ]


def copy_sources(folder, monkeypatch):
    """Copy what stamps the kernels of eclut, and let the stamp be computed from the copies."""
    copies = []
    for source in jit._sources(PACKAGE / "_eclut"):
        copy = folder / source.relative_to(PACKAGE)
        copy.parent.mkdir(exist_ok=True)
        shutil.copy(source, copy)
        copies.append(copy)
    monkeypatch.setattr(jit, "_PACKAGE", folder)
    return copies


@pytest.fixture
def stamp():
    """Compute a stamp anew at each call."""
    return jit.stamp.__wrapped__


def test_the_stamp_depends_on_every_source(tmp_path, monkeypatch, stamp):
    before = stamp(PACKAGE / "_eclut")
    copies = copy_sources(tmp_path, monkeypatch)
    assert {"kernels.py", "vectors.py", "llvm.py", "depth.py"} <= {each.name for each in copies}
    assert stamp(tmp_path / "_eclut") == before
    for copy in copies:
        content = copy.read_bytes()
        copy.write_bytes(content + b"#")
        assert stamp(tmp_path / "_eclut") != before, copy
        copy.write_bytes(content)
    assert stamp(tmp_path / "_eclut") == before


def test_the_stamp_depends_on_the_version_and_on_new_files(tmp_path, monkeypatch, stamp):
    copy_sources(tmp_path, monkeypatch)
    before = stamp(tmp_path / "_eclut")
    (tmp_path / "_eclut" / "new.py").touch()
    with_new = stamp(tmp_path / "_eclut")
    monkeypatch.setattr(jit, "__version__", "another")
    assert len({before, with_new, stamp(tmp_path / "_eclut")}) == 3


def test_one_family_does_not_stamp_another(tmp_path, monkeypatch, stamp):
    copy_sources(tmp_path, monkeypatch)
    before = stamp(tmp_path / "_eclut")
    (tmp_path / "_other").mkdir()
    (tmp_path / "_other" / "kernels.py").touch()
    assert stamp(tmp_path / "_eclut") == before != stamp(tmp_path / "_other")


@pytest.mark.parametrize(
    "kernels", KERNELS, ids=lambda path: "-".join(path.relative_to(PACKAGE).parts[:-1])
)
def test_cached_functions_carry_the_stamp_in_their_names(kernels):
    name = ".".join(kernels.relative_to(PACKAGE.parent).with_suffix("").parts)
    names = [
        function.py_func.__qualname__
        for function in vars(import_module(name)).values()
        if getattr(getattr(function, "_cache", None), "cache_path", None) is not None
    ]
    assert names
    assert all(each.endswith(jit.stamp(family(kernels))) for each in names)
