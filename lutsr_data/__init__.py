"""Trained tables, and nothing but where they are."""

from __future__ import annotations

from pathlib import Path

DIRECTORY = Path(__file__).parent


def table_path(model: str, scale: int) -> Path:
    """Say where the table of a model and scale is, whether or not it exists."""
    return DIRECTORY / f"{model}_x{scale}.npy"


def card_paths() -> list[Path]:
    """List the cards of the shipped tables, sorted by name."""
    return sorted(DIRECTORY.glob("*_x[0-9].json"))
