"""Writing a model: always in format 2, whatever its family."""

from __future__ import annotations

import hashlib
import io
import json
import os
import re
from pathlib import Path
from typing import Any

import numpy as np

from .._replace import replacing
from .card import parse_card
from .families import check_model
from .files import listing
from .model import Model, little_endian


def write_model(path: str | os.PathLike[str], model: Model, **card_fields: Any) -> None:
    """Write a table file and its card, each atomically.

    Parameters
    ----------
    path : path
        The ``.npy`` file; the card gets the same name, ending in ``.json``. Existing files are
        replaced.
    model : Model
        Its tables are written in their order. Its `card` is not used.
    **card_fields
        Further fields of the card, such as ``metrics``, ``trained_on``, ``command``, ``commit``
        and ``licence``.

    Raises
    ------
    ValueError
        If the model is not valid by the rules of its family, or its card would not be.
    OSError
        If a file cannot be written; the old one is then still there.
    """
    path = Path(path)
    if path.suffix != ".npy":
        raise ValueError(f"path: got {str(path)!r}, wanted a name that ends in .npy")
    check_model(model)
    parts, places, offset = [], [], 0
    for name, table in model.tables.items():
        places.append(
            {
                "name": name,
                "offset": offset,
                "shape": list(table.shape),
                "dtype": table.dtype.name,
            }
        )
        parts.append(little_endian(table).tobytes())
        offset += table.nbytes
    buffer = io.BytesIO()
    np.save(buffer, np.frombuffer(b"".join(parts), np.int8), allow_pickle=False)
    content = buffer.getvalue()
    card = {
        "format_version": 2,
        "family": model.family,
        "model": model.name,
        "scale": model.scale,
        "parameters": dict(model.parameters),
        "tables": places,
        "sha256": hashlib.sha256(content).hexdigest(),
    }
    if twice := sorted(card.keys() & card_fields.keys()):
        raise ValueError(f"card_fields: got {listing(twice)}, which the model itself determines")
    text = _card_text(card | card_fields)
    parse_card(text.encode())  # what is written can be read
    replace_file(path, content)
    # After the tables, so that no card describes a file that does not exist yet.
    replace_file(path.with_suffix(".json"), text.encode())


def _card_text(card: dict[str, Any]) -> str:
    """Write a card as indented JSON, each list of integers on one line."""
    text = json.dumps(card, indent=2, allow_nan=False)
    # A line break within brackets is never inside a JSON string.
    lists = re.compile(r"\[\n\s*(-?\d+(?:,\n\s*-?\d+)*)\n\s*\]")
    return lists.sub(lambda found: f"[{' '.join(found[1].split())}]", text) + "\n"


def replace_file(path: Path, content: bytes | memoryview) -> None:
    """Write a file under another name in its folder, flush it to the disk, then rename it."""
    with replacing(path) as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
