"""Opening files that may be hostile, and showing what is in them."""

from __future__ import annotations

import stat
from collections.abc import Iterable
from pathlib import Path
from typing import Any, BinaryIO

_KINDS = {stat.S_IFDIR: "folder", stat.S_IFIFO: "pipe", stat.S_IFSOCK: "socket"}


def open_file(path: Path, what: str) -> BinaryIO:
    """Open a regular file for reading; a pipe or a device may block, or never end."""
    kind = stat.S_IFMT(path.stat().st_mode) if path.exists() else None
    if kind != stat.S_IFREG:
        found = "" if kind is None else f" (it is a {_KINDS.get(kind, 'device')})"
        raise FileNotFoundError(f"{path}: no such {what} file{found}")
    return path.open("rb")


def short(value: Any) -> str:
    """Return the `repr` of a value from a file, cut to 200 characters."""
    try:
        return cut(repr(value))
    except (ValueError, RecursionError):  # an integer of more than 4300 digits
        return f"{type(value).__name__} too large to show"


def cut(text: str, most: int = 200) -> str:
    """Cut a text to so many characters."""
    return text if len(text) <= most else f"{text[:most]}..."


def listing(items: Iterable[Any]) -> str:
    """Join the `repr` of items with commas."""
    return ", ".join(repr(item) for item in items) or "none"
