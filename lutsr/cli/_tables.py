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
            upscaler = lutsr.load(args.table, scale, expand_shift=args.expand_shift)
        except (ValueError, OSError) as error:
            raise CommandError(str(error)) from error
        if number:
            say("", sys.stdout)
        for name, value in _facts(upscaler):
            say(f"{name + ':':17}{value}", sys.stdout)
    return 0


def _facts(upscaler: Upscaler) -> Iterator[tuple[str, str]]:
    r, lut, card = upscaler.scale, upscaler.lut, upscaler.card
    yield "model", upscaler.model
    yield "scale", f"x{r}"
    yield "expand_shift", str(upscaler.expand_shift)
    yield "receptive field", receptive_field(r, upscaler.expand_shift)
    yield "entries", f"{' x '.join(map(str, lut.shape))} {lut.dtype}, {lut.nbytes / MIB:.1f} MiB"
    if card is None:
        yield "card", "none"
        return
    # `load` refuses a table whose sha256 is not that of its card.
    yield "sha256", f"{card['sha256']}, checked: it is that of the file"
    for key, value in card.items():
        if key not in ("model", "scale", "expand_shift", "sha256"):
            yield key, _plain(value)


def _plain(value: Any) -> str:
    """Write a card's value on one line."""
    if isinstance(value, dict):
        nested = any(isinstance(item, dict) for item in value.values())
        return ("; " if nested else ", ").join(f"{k} {_plain(v)}" for k, v in value.items())
    if isinstance(value, list):
        return "; ".join(map(_plain, value))
    return str(value)


def receptive_field(scale: int, expand_shift: int) -> str:
    """Say how many input pixels the rotations and taps let one output pixel see."""
    counts = []
    for row in range(scale):
        for column in range(scale):
            steps = [
                ((row - y * expand_shift) // scale, (column - x * expand_shift) // scale)
                for y in (-1, 0, 1)
                for x in (-1, 0, 1)
            ]
            pairs = ((0, 0), (1, 0), (-1, 0), (0, 1), (0, -1))
            counts.append(len({(y + v, x + u) for y, x in steps for v, u in pairs}))
    low, high = min(counts), max(counts)
    return f"{low} input pixels" if low == high else f"{low} to {high} input pixels"
