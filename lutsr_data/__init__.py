"""The trained models that come with lutsr, and the paths of their files."""

from __future__ import annotations

from pathlib import Path

DIRECTORY = Path(__file__).parent


def table_path(model: str, scale: int) -> Path:
    """Return the path of the table file of a model and scale, whether or not it exists."""
    return DIRECTORY / f"{model}_x{scale}.npy"


def card_paths() -> list[Path]:
    """Return the paths of all cards, sorted by name."""
    return sorted(DIRECTORY.glob("*_x[0-9].json"))
