"""The only place that names numba's options: how kernels are compiled and cached."""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

from numba import njit

from .._version import __version__
from .cache import SafeCache

#: What compiled code depends on; numba itself looks at the file of the function alone.
SOURCES = (
    "_eclut/borders.py",
    "_eclut/kernels.py",
    "_eclut/layout.py",
    "_eclut/reference.py",
    "_eclut/vectors.py",
    "_eclut/vectors_deep.py",
    "_frame/depth.py",
    "_numba/cache.py",
    "_numba/jit.py",
    "_numba/llvm.py",
    "_version.py",
)


def _stamp() -> str:
    digest = hashlib.sha256(__version__.encode())
    for name in SOURCES:
        with contextlib.suppress(OSError):  # frozen programs come without sources
            digest.update((Path(__file__).parents[1] / name).read_bytes())
    return digest.hexdigest()[:16]


STAMP = _stamp()


def _compile(function: Callable[..., Any]) -> Any:
    """Compile for running without the GIL, and without counting references.

    Counts are for arrays that come and go. Kernels allocate nothing, but every view of an array
    would be counted, atomically, several times for each row of cells.
    """
    return njit(nogil=True, _nrt=False)(function)  # type: ignore[call-overload]


def entry_point(function: Callable[..., Any]) -> Callable[..., Any]:
    """Compile a function that Python calls, cached on disk where some cache folder is writable.

    The cache goes by the function's name: with the stamp in it, no version of lutsr ever meets
    what another one has compiled.
    """
    function.__qualname__ += f"_{STAMP}"
    compiled: Callable[..., Any] = _compile(function)
    with contextlib.suppress(RuntimeError):  # numba found no place for a cache
        # What its own ``cache=True`` does.
        compiled._cache = SafeCache(function)  # type: ignore[attr-defined]
    return compiled


def part(function: Callable[..., Any]) -> Callable[..., Any]:
    """Compile a function that kernels call, as part of them: it has no cache that could be old."""
    compiled: Callable[..., Any] = _compile(function)
    return compiled
