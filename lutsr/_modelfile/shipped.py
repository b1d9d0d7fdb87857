"""The models that come with lutsr."""

from __future__ import annotations

import lutsr_data

from .._modelinfo import ModelInfo
from .card import read_card
from .files import listing, short
from .model import Model
from .read import read_model


def shipped_models() -> list[ModelInfo]:
    """Describe every shipped model from its card, sorted by name and scale."""
    found = []
    for path in lutsr_data.card_paths():
        card = read_card(path)
        found.append(
            ModelInfo(
                name=card.model,
                scale=card.scale,
                family=card.family,
                entries=sum(place.size for place in card.places),
                nbytes=path.with_suffix(".npy").stat().st_size,
                psnr_y=card.psnr_y,
            )
        )
    return sorted(found, key=lambda model: (model.name, model.scale))


def read_shipped(name: str, scale: int) -> Model:
    """Read the shipped model of a name and scale."""
    available = shipped_models()
    names = sorted({info.name for info in available})
    if name not in names:
        raise ValueError(
            f"model: {short(name)} is not shipped; there is {listing(names)}. "
            "For a table of your own pass the path of its .npy file"
        )
    scales = [info.scale for info in available if info.name == name]
    if scale not in scales:
        raise ValueError(f"scale: got {short(scale)}, and model {name!r} has {listing(scales)}")
    return read_model(lutsr_data.table_path(name, scale))
