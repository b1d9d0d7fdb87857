"""Decoded pictures on disk, memory-mapped: each is decoded once, whoever trains on it.

A picture becomes two .npy files, one at full size and one per scale, named by a digest of the
picture's path, size and time of change. Each is written beside its place and moved there when
complete, so a file that is there is whole: no index is needed, a killed process loses at most
the picture it was at, and two processes at once do no harm but double work. Files that no run
has asked for in `KEPT` seconds are deleted; all of the folder may be whenever nobody trains.
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

from training.errors import TrainingError
from training.evaluation.degrade import shrink
from training.files import make_folder, write_atomically

#: Part of every name; to be raised when decoding or shrinking changes.
VERSION = 1
#: Files mapped at a time: each keeps a descriptor, of which some systems give only 256.
OPEN_FILES = 100
#: Seconds after which an unfinished file is that of a killed process.
STALE = 3600.0
#: Seconds after which a file that no run has asked for is deleted: 30 days.
KEPT = 30 * 24 * 3600.0
#: What this module calls a file, and an unfinished one: no other file is ever deleted.
_FILE = re.compile(r"[0-9a-f]{32}(_x[234])?\.npy")
_UNFINISHED = re.compile(rf"\.{_FILE.pattern}\..+")


def user_cache() -> Path:
    """Folder for decoded pictures where ``--cache`` does not say another."""
    if sys.platform == "win32" and "LOCALAPPDATA" in os.environ:
        base = Path(os.environ["LOCALAPPDATA"])
    elif sys.platform == "darwin":
        base = Path.home() / "Library" / "Caches"
    else:
        base = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return base / "lutsr-training"


@lru_cache(maxsize=OPEN_FILES)
def open_mapped(path: Path) -> np.ndarray:
    """Map a file, read-only; what is read of it comes from the disk when it is read."""
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
        """Delete what killed processes left, and what no run has asked for in a long time."""
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
                pass  # another process was quicker, or it is not ours: either way no harm

    def files(self, path: Path, scale: int) -> tuple[Path, Path]:
        """Name the files of a picture: at full size, and shrunk."""
        stat = path.stat()
        text = f"{VERSION}\0{path.resolve()}\0{stat.st_size}\0{stat.st_mtime_ns}"
        digest = hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()[:32]
        return self.folder / f"{digest}.npy", self.folder / f"{digest}_x{scale}.npy"

    def _get(self, file: Path, shape: tuple[int, ...], make: Callable[[], np.ndarray]) -> None:
        """Make a file unless it is there with that shape."""
        try:
            found = open_mapped(file)
            if found.dtype == np.uint8 and found.shape == shape:
                with suppress(OSError):  # a folder that others own serves as well
                    os.utime(file)  # asked for now: see `KEPT`
                return
        except (OSError, ValueError, EOFError):
            pass  # missing, or spoilt by something that is not us
        buffer = io.BytesIO()
        np.save(buffer, np.ascontiguousarray(make()), allow_pickle=False)
        try:
            write_atomically(file, buffer.getbuffer())
        except TrainingError as error:
            raise TrainingError(f"{error}; --cache FOLDER says where else") from error
        open_mapped.cache_clear()

    def add(
        self, path: Path, size: tuple[int, int], scale: int, read: Callable[[Path], np.ndarray]
    ) -> tuple[Path, Path]:
        """Decode and shrink a picture unless that has been done.

        Parameters
        ----------
        path : pathlib.Path
            The picture.
        size : tuple of int
            Its height and width.
        scale : int
            2, 3 or 4.
        read : callable
            Decodes the picture to uint8 RGB; only called when it is needed.

        Returns
        -------
        tuple of pathlib.Path
            Files to be opened with `open_mapped`: at full size (sides not cropped) and shrunk.
        """
        full, small = self.files(path, scale)
        height, width = size
        self._get(full, (height, width, 3), lambda: read(path))
        shape = (height // scale, width // scale, 3)
        self._get(small, shape, lambda: shrink(open_mapped(full), scale))
        return full, small
