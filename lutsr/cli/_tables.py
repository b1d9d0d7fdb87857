"""The sub-commands about models: ``lutsr models``, ``lutsr info`` and ``lutsr warmup``."""

from __future__ import annotations

import sys
import time
from argparse import Namespace
from collections.abc import Iterator, Mapping
from itertools import islice
from typing import TYPE_CHECKING, Any

from numpy.typing import NDArray

from ._report import CommandError, complain, say

if TYPE_CHECKING:
    from .. import Upscaler

MIB = 2**20

#: Most tables that ``lutsr info`` lists.
MOST_TABLES = 8


def models(args: Namespace) -> int:
    """List the shipped models."""
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
    """Compile the kernels of one model, or of all that are shipped."""
    import lutsr

    start = time.perf_counter()
    try:
        lutsr.warmup(args.model, args.scale, report=complain, workers=args.workers)
    except (ValueError, OSError) as error:
        raise CommandError(str(error)) from error
    say(f"ready after {time.perf_counter() - start:.2f} s", sys.stdout)
    return 0


def info(args: Namespace) -> int:
    """Describe a model file, or all scales of a shipped model."""
    import lutsr

    scales: list[int | None] = [args.scale]
    if args.scale is None and not args.table.endswith(".npy"):
        shipped = [model.scale for model in lutsr.models() if model.name == args.table]
        scales = [*shipped] or [4]  # `load` reports what there is
    for number, scale in enumerate(scales):
        try:
            upscaler = lutsr.load(args.table, scale)
        except (ValueError, OSError) as error:
            raise CommandError(str(error)) from error
        if number:
            say("", sys.stdout)
        for name, value in _facts(upscaler):
            say(f"{name + ':':17}{_drawable(value)}", sys.stdout)
    return 0


def _drawable(text: str) -> str:
    """Replace the blocks of sketched curves by digits where stdout cannot print them."""
    from .._stack.curves import BLOCKS

    try:
        text.encode(getattr(sys.stdout, "encoding", None) or "utf-8")  # stdout may be missing
    except UnicodeEncodeError:
        return text.translate({ord(block): str(height) for height, block in enumerate(BLOCKS, 1)})
    return text


def _facts(upscaler: Upscaler) -> Iterator[tuple[str, str]]:
    from .._upscaler import facts

    tables, card = upscaler.tables, upscaler.card
    entries = sum(table.size for table in tables.values())
    size = sum(table.nbytes for table in tables.values()) / MIB
    yield "model", upscaler.name
    yield "scale", f"x{upscaler.scale}"
    yield "family", upscaler.family
    yield from facts(upscaler).items()
    yield "halo", f"{upscaler.halo} input pixels"
    yield "entries", f"{entries:,}, {size:.1f} MiB"
    yield "tables", _shapes(tables)
    yield "digest", upscaler.digest
    if card is None:
        yield "card", "none"
        return
    # `load` refuses a table whose sha256 is not that of its card.
    yield "sha256", f"{card['sha256']}, checked: it is that of the file"
    shown = {"model", "scale", "family", "parameters", "tables", "sha256", *upscaler.parameters}
    for key, value in card.items():
        if key not in shown:
            yield key, _plain(value)


def _shapes(tables: Mapping[str, NDArray[Any]]) -> str:
    """List names, shapes and types of the first tables on one line."""
    first = [
        f"{name} {' x '.join(map(str, table.shape))} {table.dtype}"
        for name, table in islice(tables.items(), MOST_TABLES)
    ]
    left = len(tables) - len(first)
    return "; ".join(first) + (f"; and {left} more" if left else "")


def _plain(value: Any) -> str:
    """Write a card's value on one line."""
    if isinstance(value, dict):
        nested = any(isinstance(item, dict) for item in value.values())
        return ("; " if nested else ", ").join(f"{k} {_plain(v)}" for k, v in value.items())
    if isinstance(value, list):
        return "; ".join(map(_plain, value))
    return str(value)
