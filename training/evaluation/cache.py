"""Decoded pictures on disk, memory-mapped: each is decoded once for all runs.

A picture has .npy files, one at full size and one per scale, named by a digest of the picture's
path, size and modification time. Each is written under another name and renamed when complete:
no index is needed, a killed process loses at most the picture that it was writing, and two
processes at the same time only do the work twice. Files that no run has used for `KEPT` seconds
are deleted. The whole folder may be deleted whenever no run is active.
"""

from __future__ import annotations

import hashlib
import io
import os
import re
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from training.errors import TrainingError
from training.evaluation.degrade import shrink
from training.files import make_folder, write_atomically

#: Part of every digest; to be increased when decoding or shrinking changes.
VERSION = 1
#: Files mapped at the same time: each has a descriptor, and some systems allow only 256.
OPEN_FILES = 100
#: Age, in seconds, from which on an unfinished file is one of a killed process.
STALE = 3600.0
#: Seconds without use after which a file is deleted: 30 days.
KEPT = 30 * 24 * 3600.0
#: Names of files, and of unfinished ones; files of other names are never deleted.
_FILE = re.compile(r"[0-9a-f]{32}(_x[234])?\.npy")
_UNFINISHED = re.compile(r"\.lutsr-[0-9a-f]{16}\.part")


def user_cache() -> Path:
    """Return the default folder for decoded pictures."""
    if sys.platform == "win32" and "LOCALAPPDATA" in os.environ:
        base = Path(os.environ["LOCALAPPDATA"])
    elif sys.platform == "darwin":
        base = Path.home() / "Library" / "Caches"
    else:
        base = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return base / "lutsr-training"


@lru_cache(maxsize=OPEN_FILES)
def open_mapped(path: Path) -> NDArray[np.uint8]:
    """Map a file, read-only."""
    return np.asarray(np.load(path, mmap_mode="r", allow_pickle=False))


class Cache:
    """A folder of decoded pictures.

    Parameters
    ----------
    folder : path
        Made if missing.
    """

    def __init__(self, folder: str | Path) -> None:
        self.folder = Path(folder)
        make_folder(self.folder)
        self._sweep()

    def _sweep(self) -> None:
        """Delete unfinished files of killed processes, and files that no run uses any more."""
        for file in self.folder.iterdir():
            if _FILE.fullmatch(file.name):
                limit = KEPT
            elif _UNFINISHED.fullmatch(file.name):
                limit = STALE
            else:
                continue
            try:
                if time.time() - file.stat().st_mtime > limit:
                    file.unlink()
            except OSError:
                pass  # another process has deleted it, or another user owns it

    def files(self, path: Path, scale: int) -> tuple[Path, Path]:
        """Return the files of a picture: at full size, and shrunk."""
        stat = path.stat()
        text = f"{VERSION}\0{path.resolve()}\0{stat.st_size}\0{stat.st_mtime_ns}"
        digest = hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()[:32]
        return self.folder / f"{digest}.npy", self.folder / f"{digest}_x{scale}.npy"

    def _provide(
        self, file: Path, shape: tuple[int, ...], make: Callable[[], NDArray[np.uint8]]
    ) -> None:
        """Write a file unless there is one of that shape."""
        try:
            found = open_mapped(file)
            if found.dtype == np.uint8 and found.shape == shape:
                with suppress(OSError):  # the folder may belong to another user
                    os.utime(file)  # used now: see `KEPT`
                return
        except (OSError, ValueError, EOFError):
            pass  # missing or damaged
        buffer = io.BytesIO()
        np.save(buffer, np.ascontiguousarray(make()), allow_pickle=False)
        try:
            write_atomically(file, buffer.getbuffer())
        except TrainingError as error:
            raise TrainingError(f"{error}; --cache FOLDER says where else") from error
        open_mapped.cache_clear()

    def add(
        self,
        path: Path,
        size: tuple[int, int],
        scale: int,
        read: Callable[[Path], NDArray[np.uint8]],
    ) -> tuple[Path, Path]:
        """Decode and shrink a picture, unless its files exist.

        Parameters
        ----------
        path : pathlib.Path
            The picture.
        size : tuple of int
            Its height and width.
        scale : int
            2, 3 or 4.
        read : callable
            Decodes the picture to uint8 RGB; called only if needed.

        Returns
        -------
        tuple of pathlib.Path
            Files for `open_mapped`: at full size (sides not cropped), and shrunk.
        """
        full, small = self.files(path, scale)
        height, width = size
        self._provide(full, (height, width, 3), lambda: read(path))
        shape = (height // scale, width // scale, 3)
        self._provide(small, shape, lambda: shrink(open_mapped(full), scale))
        return full, small
