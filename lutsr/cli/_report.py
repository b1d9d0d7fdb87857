"""Messages and errors of the command."""

from __future__ import annotations

import importlib.util
import sys
from typing import TextIO


class UsageError(Exception):
    """The arguments ask for something impossible: exit code 2, before any work."""


class CommandError(Exception):
    """A failure during the work: exit code 1. The text states the reason."""


def complain(text: str) -> None:
    """Print a line on stderr, after the program's name."""
    say(f"lutsr: {text}", sys.stderr)


def say(text: str, stream: TextIO | None) -> None:
    """Print a line; characters that the stream cannot encode are escaped.

    A stream that is missing or closed takes nothing.
    """
    if stream is None or getattr(stream, "closed", False):
        return
    encoding = stream.encoding or "utf-8"
    print(text.encode(encoding, "backslashreplace").decode(encoding), file=stream, flush=True)


def need(*modules: str) -> None:
    """Raise an error with the command to install them if modules are missing."""
    missing = [name for name in modules if importlib.util.find_spec(name) is None]
    if missing:
        names = " and ".join(missing)
        raise CommandError(f'not installed, and needed for this: {names}; pip install "lutsr[cli]"')
