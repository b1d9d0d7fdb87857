"""What the command says, and how it stops: shared by all of its parts."""

from __future__ import annotations

import importlib.util
import sys
from typing import TextIO


class UsageError(Exception):
    """The arguments ask for something impossible: exit code 2, before any work."""


class CommandError(Exception):
    """What was asked for cannot be done: exit code 1. The text says why."""


def complain(text: str) -> None:
    """Print a line on stderr, under the program's name."""
    say(f"lutsr: {text}", sys.stderr)


def say(text: str, stream: TextIO) -> None:
    """Print a line; a file name that the stream cannot encode is escaped, not an error."""
    encoding = stream.encoding or "utf-8"
    print(text.encode(encoding, "backslashreplace").decode(encoding), file=stream, flush=True)


def need(*modules: str) -> None:
    """Fail with the command that installs them when libraries for image files are missing."""
    missing = [name for name in modules if importlib.util.find_spec(name) is None]
    if missing:
        names = " and ".join(missing)
        raise CommandError(f'not installed, and needed for this: {names}; pip install "lutsr[cli]"')
