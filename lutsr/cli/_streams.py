"""The standard streams. Each may be closed, be missing as in a windowed program, or be replaced."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterator
from typing import Any, BinaryIO, TextIO

from ._report import UsageError


def occupy() -> None:
    """Open the null device in place of closed standard streams.

    Otherwise the next file that is opened, such as the output, gets the number of a closed stream,
    and messages that a C library prints to stderr are written into it.
    """
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            with contextlib.suppress(OSError):
                os.open(os.devnull, os.O_RDWR)  # takes the lowest free number


def is_open(stream: TextIO | None) -> bool:
    """Return whether a standard stream can be used."""
    return stream is not None and not getattr(stream, "closed", False)


def is_terminal(stream: TextIO | None) -> bool:
    """Return whether a standard stream is a terminal."""
    return stream is not None and is_open(stream) and stream.isatty()


def binary_input(argument: str) -> BinaryIO:
    """Return stdin as a file of bytes; errors are about `argument`."""
    if not is_open(sys.stdin):
        raise UsageError(f"argument {argument}: stdin is closed, wanted a pipe or a file")
    if is_terminal(sys.stdin):
        raise UsageError(f"argument {argument}: stdin is a terminal, wanted a pipe or a file")
    return _bytes_of(sys.stdin, argument, "stdin")


def check_output(argument: str) -> None:
    """Check that stdout can take an image; errors are about `argument`."""
    if not is_open(sys.stdout):
        raise UsageError(f"argument {argument}: stdout is closed, wanted a pipe or a file")
    if is_terminal(sys.stdout):
        raise UsageError(f"argument {argument}: stdout is a terminal, wanted a pipe or a file")
    _bytes_of(sys.stdout, argument, "stdout")


@contextlib.contextmanager
def binary_output(**options: Any) -> Iterator[BinaryIO]:
    """Open stdout as a file of its own, with options of `open`.

    sys.stdout may be unbuffered, which can write in part.
    """
    try:
        number = sys.stdout.fileno()
    except (OSError, AttributeError):  # it was replaced by an object of Python
        yield sys.stdout.buffer
        return
    with open(number, "wb", closefd=False, **options) as file:
        yield file


def forget_output() -> None:
    """Redirect stdout to the null device, so that Python's last flush does not fail again."""
    with contextlib.suppress(OSError, AttributeError), open(os.devnull, "wb") as nothing:
        os.dup2(nothing.fileno(), sys.stdout.fileno())


def _bytes_of(stream: TextIO, argument: str, name: str) -> BinaryIO:
    try:
        return stream.buffer
    except AttributeError:
        raise UsageError(f"argument {argument}: {name} is a stream of text; name a file") from None
