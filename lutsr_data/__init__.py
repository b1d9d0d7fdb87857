"""The trained models that come with lutsr, and the paths of their files.

The repository has tables as ``.npy`` files. A wheel has the same tables packed.
"""

from __future__ import annotations

from pathlib import Path

DIRECTORY = Path(__file__).parent


def table_path(model: str, scale: int) -> Path:
    """Return the path of the table file of a model and scale, whether or not it exists."""
    return table_beside(DIRECTORY / f"{model}_x{scale}.json")


def table_beside(card: Path) -> Path:
    """Return the path of the table file of a card, whether or not it exists."""
    plain, packed = card.with_suffix(".npy"), card.with_suffix(".packed")
    return packed if packed.is_file() and not plain.is_file() else plain


def card_paths() -> list[Path]:
    """Return the paths of all cards, sorted by name."""
    return sorted(DIRECTORY.glob("*_x[0-9].json"))
