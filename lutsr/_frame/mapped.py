"""Arrays that lie in files: how to pass through them without keeping them in memory."""

from __future__ import annotations

import mmap
from typing import Any

import numpy as np
from numpy.typing import NDArray


def is_mapped(array: NDArray[Any]) -> bool:
    """Say whether an array is a `numpy.memmap` of a shared file, or a view of one."""
    return _mapping(array) is not None


def let_go(array: NDArray[Any]) -> None:
    """Let the system take back the memory of a mapped file's pages; nothing of them is lost.

    What was written stays in the system's cache, on its way to the disk, but no longer counts as
    this process's.
    """
    mapping = _mapping(array)
    if mapping is not None and hasattr(mapping, "madvise"):  # not on Windows
        mapping.madvise(mmap.MADV_DONTNEED)


def _mapping(array: NDArray[Any]) -> mmap.mmap | None:
    owner: Any = array
    while isinstance(owner, np.ndarray):
        # Changes to a private mapping (mode "c") live in these very pages: it does not count.
        if isinstance(owner, np.memmap) and owner.mode in ("r", "r+", "w+"):
            mapping = getattr(owner, "_mmap", None)
            return mapping if isinstance(mapping, mmap.mmap) else None
        owner = owner.base
    return None
