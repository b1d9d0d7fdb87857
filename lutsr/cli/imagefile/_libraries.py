"""Warnings that decoders log: libpng's and others', by imagecodecs."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Iterator

# That of libpng about how imagecodecs calls it, for every interlaced PNG.
_HARMLESS = "Interlace handling should be turned on"


@contextlib.contextmanager
def library_warnings() -> Iterator[list[str]]:
    """Collect the warnings that are logged in the block, which would be printed to stderr.

    Yields
    ------
    list of str
        Each text once.
    """
    collector = _Collector()
    logger = logging.getLogger("imagecodecs")
    propagate, logger.propagate = logger.propagate, False
    logger.addHandler(collector)
    try:
        yield collector.texts
    finally:
        logger.removeHandler(collector)
        logger.propagate = propagate


class _Collector(logging.Handler):
    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.texts: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        text = record.getMessage()
        if text not in self.texts and _HARMLESS not in text:
            self.texts.append(text)
