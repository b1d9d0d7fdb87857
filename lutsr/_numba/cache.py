"""Numba's cache of compiled code, safe against truncated files, full disks and races.

In numba's own cache, a file that a crash has truncated raises an error in every later run, a full
disk makes the first call fail, and two processes that compile one function for different types at
the same time may store the code of one under the name of the other. Here a function is compiled
again, whatever is wrong with its files.

This module uses private names of numba. Where a version of numba lacks one of them, or means
something else by it, nothing is cached.
"""

from __future__ import annotations

import contextlib
import hashlib
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

from numba.core.caching import FunctionCache, IndexDataCacheFile


class SafeCache(FunctionCache):
    """The cache of one function.

    Parameters
    ----------
    function : callable
    self_contained : bool
        Whether the compiled code calls nothing of numba's runtime.

    Raises
    ------
    RuntimeError
        If there is no folder for it.
    """

    def __init__(self, function: Callable[..., Any], self_contained: bool) -> None:
        super().__init__(function)
        file = self._cache_file
        self._cache_file = _SafeFiles(self.cache_path, self._impl.filename_base, file._source_stamp)
        self._self_contained = self_contained

    def load_overload(self, *arguments: Any) -> Any:
        """Load compiled code; return None where there is none, or none that can be loaded.

        numba's own method first starts the runtime, and imports all that compiling could need, even
        SciPy. That takes longer than ``import numba``, and code that is self-contained needs none
        of it. If something is compiled later, numba does so then.
        """
        with contextlib.suppress(Exception):
            load = self._load_overload if self._self_contained else super().load_overload
            return load(*arguments)
        return None

    def save_overload(self, *arguments: Any) -> None:
        """Save compiled code, if there is room for it and a way to save it."""
        with contextlib.suppress(Exception):
            super().save_overload(*arguments)


class _SafeFiles(IndexDataCacheFile):
    """An index, and files of code named by the checksum of what is in them."""

    def save(self, key: Any, data: Any) -> None:
        content = self._dump(data)
        name = self._data_name(_number(content))
        with self._open_for_write(self._data_path(name)) as file:
            file.write(content)
        overloads = self._load_index()  # another process may have added to it meanwhile
        overloads[key] = name
        self._save_index(overloads)

    def _load_index(self) -> dict[Any, str]:
        try:
            return dict(super()._load_index())
        except Exception:  # truncated: unpickling may raise anything
            return {}

    def _load_data(self, name: str) -> Any:
        content = Path(self._data_path(name)).read_bytes()
        if name != self._data_name(_number(content)):
            raise OSError(f"{name}: torn")  # handled by numba like a missing file
        return pickle.loads(content)  # noqa: S301  (as numba does; whoever writes here runs code)


def _number(content: bytes) -> int:
    return int.from_bytes(hashlib.sha256(content).digest()[:8], "big")
