"""How kernels are compiled, and how their cache follows the sources."""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import Any

from numba import njit

from .._version import __version__

_PACKAGE = Path(__file__).parents[1]

#: Modules of lutsr that kernels may import besides those of their own folder and of this one.
SHARED = ("_frame/depth.py",)


@lru_cache
def stamp(folder: Path) -> str:
    """Return a digest of all sources that the kernels of a folder can depend on.

    These are all Python files in the folder, all in this folder, `SHARED`, and the version. numba
    itself looks only at the one file that holds the kernel.
    """
    digest = hashlib.sha256(__version__.encode())
    for source in _sources(folder):
        with contextlib.suppress(OSError):  # frozen programs come without sources
            digest.update(source.name.encode() + source.read_bytes())
    return digest.hexdigest()[:16]


def _sources(folder: Path) -> list[Path]:
    own, room = (sorted(each.rglob("*.py")) for each in (folder, _PACKAGE / "_numba"))
    return [*own, *room, *(_PACKAGE / name for name in SHARED)]


def _private_options(called_by_python: bool) -> dict[str, Any]:
    """Return options that make less code, as far as this numba has them: results are the same.

    Reference counting is needed only where arrays are allocated. Kernels allocate nothing, but
    every view of an array would be counted, atomically, several times for each row of cells.

    Wrappers convert the arguments of a caller that is no kernel. They take a third of the time of
    compiling. No kernel is called by C, and only entry points are called by Python.
    """
    wanted = {"_nrt": False, "no_cfunc_wrapper": True, "no_cpython_wrapper": not called_by_python}
    with contextlib.suppress(ImportError):
        from numba.core.cpu import CPUTargetOptions

        return {name: value for name, value in wanted.items() if hasattr(CPUTargetOptions, name)}
    return {}


def _compile(function: Callable[..., Any], called_by_python: bool, **options: Any) -> Any:
    """Compile for running without the GIL, and without what kernels do not need."""
    return njit(nogil=True, **_private_options(called_by_python), **options)(function)


def family_folder(function: Callable[..., Any]) -> Path:
    """Return the folder of a function's family: ``lutsr/_eclut``, or ``training/eclut``.

    The function's module may be in a folder below it, as in ``training.eclut.fit.kernels``.
    """
    below = function.__module__.count(".") - 2
    return Path(function.__code__.co_filename).parents[max(below, 0)]


def entry_point(function: Callable[..., Any]) -> Callable[..., Any]:
    """Compile a function that Python calls, cached on disk where some cache folder is writable.

    The function's name is a key of the cache. Because it contains the stamp, no version of lutsr
    loads code that another one has compiled.
    """
    function.__qualname__ += f"_{stamp(family_folder(function))}"
    compiled: Callable[..., Any] = _compile(function, True)
    if (cache := _cache_of(function)) is not None:
        with contextlib.suppress(Exception):
            compiled._cache = cache  # type: ignore[attr-defined]  # what ``cache=True`` does
    return compiled


def _cache_of(function: Callable[..., Any]) -> Any:
    """Return the cache of a function; None where no folder is writable, or numba's names differ."""
    with contextlib.suppress(Exception):
        from .cache import SafeCache

        return SafeCache(function, self_contained="_nrt" in _private_options(True))
    return None


def is_cached_on_disk() -> bool:
    """Return whether there is a writable folder for what entry points are compiled to."""
    return _cache_of(is_cached_on_disk) is not None


def part(function: Callable[..., Any]) -> Callable[..., Any]:
    """Compile a function that kernels call, as part of them; only entry points are cached.

    A call by Python is not possible, and may end the process.
    """
    compiled: Callable[..., Any] = _compile(function, False)
    return compiled


def inlined_part(function: Callable[..., Any]) -> Callable[..., Any]:
    """Compile as part of the caller: that is faster where it is called at one place."""
    compiled: Callable[..., Any] = _compile(function, False, inline="always")
    return compiled


def reordered_part(function: Callable[..., Any]) -> Callable[..., Any]:
    """Compile as `part` does; sums of floats may be reordered, which lets LLVM vectorise them."""
    compiled: Callable[..., Any] = _compile(function, False, fastmath={"reassoc", "contract"})
    return compiled
