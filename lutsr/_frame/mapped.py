"""Memory-mapped arrays: releasing their pages, so that little of them stays in memory."""

from __future__ import annotations

import mmap
from typing import Any

import numpy as np
from numpy.typing import NDArray


def is_mapped(array: NDArray[Any]) -> bool:
    """Return whether an array is a `numpy.memmap` of a shared file, or a view of one."""
    return _mapping(array) is not None


def let_go(array: NDArray[Any]) -> None:
    """Release the pages of a mapped file from this process; no data is lost.

    What was written stays in the page cache of the system until it is on disk, but no longer
    counts as memory of this process.
    """
    mapping = _mapping(array)
    if mapping is not None and hasattr(mapping, "madvise"):  # not on Windows
        mapping.madvise(mmap.MADV_DONTNEED)


def _mapping(array: NDArray[Any]) -> mmap.mmap | None:
    owner: Any = array
    while isinstance(owner, np.ndarray):
        # Releasing pages of a private mapping (mode "c") would lose the changes made there.
        if isinstance(owner, np.memmap) and owner.mode in ("r", "r+", "w+"):
            mapping = getattr(owner, "_mmap", None)
            return mapping if isinstance(mapping, mmap.mmap) else None
        owner = owner.base
    return None
