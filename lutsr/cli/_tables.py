"""The sub-commands about tables: ``lutsr models``, ``lutsr info`` and ``lutsr warmup``."""

from __future__ import annotations

import sys
import time
from argparse import Namespace
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from ._report import CommandError, say

if TYPE_CHECKING:
    from .. import Upscaler

MIB = 2**20


def models(args: Namespace) -> int:
    """List the shipped tables."""
    import lutsr

    rows = [("model", "scale", "family", "entries", "size", "PSNR-Y in dB")]
    for model in lutsr.models():
        figures = ", ".join(f"{name} {value:.2f}" for name, value in model.psnr_y.items())
        size, entries = f"{model.nbytes / MIB:.1f} MiB", f"{model.entries:,}"
        rows.append((model.name, f"x{model.scale}", model.family, entries, size, figures))
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        say("  ".join(cells).rstrip(), sys.stdout)
    return 0


def warmup(args: Namespace) -> int:
    """Compile the kernels."""
    import lutsr

    start = time.perf_counter()
    lutsr.warmup()
    say(f"ready after {time.perf_counter() - start:.2f} s", sys.stdout)
    return 0


def info(args: Namespace) -> int:
    """Describe a table, or all tables of a shipped model."""
    import lutsr

    scales: list[int | None] = [args.scale]
    if args.scale is None and not args.table.endswith(".npy"):
        shipped = [model.scale for model in lutsr.models() if model.name == args.table]
        scales = [*shipped] or [4]  # of an unknown model `load` says what there is
    for number, scale in enumerate(scales):
        try:
            upscaler = lutsr.load(args.table, scale)
        except (ValueError, OSError) as error:
            raise CommandError(str(error)) from error
        if number:
            say("", sys.stdout)
        for name, value in _facts(upscaler):
            say(f"{name + ':':17}{value}", sys.stdout)
    return 0


def _facts(upscaler: Upscaler) -> Iterator[tuple[str, str]]:
    from .._upscaler import facts

    tables, card = list(upscaler.tables.values()), upscaler.card
    yield "model", upscaler.name
    yield "scale", f"x{upscaler.scale}"
    yield "family", upscaler.family
    yield from facts(upscaler).items()
    size = f"{sum(table.nbytes for table in tables) / MIB:.1f} MiB"
    if len(tables) == 1:
        yield "entries", f"{' x '.join(map(str, tables[0].shape))} {tables[0].dtype}, {size}"
    else:
        yield "entries", f"{sum(table.size for table in tables)} in {len(tables)} tables, {size}"
    if card is None:
        yield "card", "none"
        return
    # `load` refuses a table whose sha256 is not that of its card.
    yield "sha256", f"{card['sha256']}, checked: it is that of the file"
    shown = {"model", "scale", "family", "parameters", "tables", "sha256", *upscaler.parameters}
    for key, value in card.items():
        if key not in shown:
            yield key, _plain(value)


def _plain(value: Any) -> str:
    """Write a card's value on one line."""
    if isinstance(value, dict):
        nested = any(isinstance(item, dict) for item in value.values())
        return ("; " if nested else ", ").join(f"{k} {_plain(v)}" for k, v in value.items())
    if isinstance(value, list):
        return "; ".join(map(_plain, value))
    return str(value)
