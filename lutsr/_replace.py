"""Writing of files: complete or not at all, in place of the old one and with its mode."""

from __future__ import annotations

import contextlib
import os
import secrets
import stat
from collections.abc import Iterator
from typing import BinaryIO


@contextlib.contextmanager
def replacing(path: str | os.PathLike[str]) -> Iterator[BinaryIO]:
    """Open a file under a temporary name in the folder of a path, and rename it when complete.

    A symbolic link stays one: the file that it names is replaced. The new file gets the mode of
    the old one and, where that is permitted, its owner; before anything is written, because the
    content may be private. If the block raises, the temporary file is removed.
    """
    target = os.path.realpath(path)
    temporary = os.path.join(os.path.dirname(target), f".lutsr-{secrets.token_hex(8)}.part")
    try:
        with open(temporary, "x+b") as file:
            _take_mode(temporary, target)
            yield file
        os.replace(temporary, target)
    finally:  # after Ctrl-C too; once it is renamed there is no such file
        with contextlib.suppress(OSError):
            os.unlink(temporary)


def _take_mode(path: str, other: str) -> None:
    """Give a file the mode and the owner of another one, if that exists."""
    try:
        old = os.stat(other)
    except OSError:
        return
    if not stat.S_ISREG(old.st_mode):
        return
    if hasattr(os, "chown"):  # not on Windows; first, because it takes bits from the mode
        with contextlib.suppress(OSError):
            os.chown(path, old.st_uid, old.st_gid)
    with contextlib.suppress(OSError):
        os.chmod(path, stat.S_IMODE(old.st_mode))
