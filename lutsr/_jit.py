"""The only place that names numba's options: how ``lutsr._kernels`` is compiled and cached."""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

from numba import njit

from ._cache import SafeCache
from ._version import __version__

#: What compiled code depends on; numba itself looks at the file of the function alone.
SOURCES = (
    "_borders.py",
    "_cache.py",
    "_deep_vectors.py",
    "_depth.py",
    "_jit.py",
    "_kernels.py",
    "_layout.py",
    "_llvm.py",
    "_vectors.py",
    "_version.py",
    "reference.py",
)


def _stamp() -> str:
    digest = hashlib.sha256(__version__.encode())
    for name in SOURCES:
        with contextlib.suppress(OSError):  # frozen programs come without sources
            digest.update((Path(__file__).parent / name).read_bytes())
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
