"""The models that come with lutsr."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from pathlib import Path

import lutsr_data

from .._engine import SCALES
from .._modelinfo import DEFAULT_MODEL, ModelInfo
from .card import read_card
from .files import cut, listing, short
from .model import Model
from .read import read_model


def shipped_models() -> list[ModelInfo]:
    """Describe every shipped model from its card, in the order of `lutsr.models`.

    Raises
    ------
    FileNotFoundError
        If there is none, or the table file of a card is missing: the package was not installed as
        a whole, as in a zip file or in a program that another one has packed.
    """
    found = []
    paths = lutsr_data.card_paths()
    for path in paths or [lutsr_data.DIRECTORY / "*_x[0-9].json"]:
        table = lutsr_data.table_beside(path)
        if not (paths and table.is_file()):
            raise FileNotFoundError(
                f"model: the table files of lutsr are missing: there is no {table}; "
                "install lutsr into a folder, not a zip file, and pack the data files of "
                "lutsr_data into a frozen program, as by pyinstaller --collect-data lutsr_data"
            )
        state = path.stat()
        info = _describe(path, state.st_size, state.st_mtime_ns, state.st_ino)
        # The caller may change the dictionary.
        found.append(replace(info, psnr_y=dict(info.psnr_y)))
    first = {model.family for model in found if model.name == DEFAULT_MODEL}
    return sorted(
        found,
        key=lambda model: (
            model.family not in first, model.name != DEFAULT_MODEL, model.name, model.scale
        ),
    )  # fmt: skip


@lru_cache(maxsize=256)
def _describe(path: Path, *state: int) -> ModelInfo:
    """Describe a model from its card, which is read anew only if the state of its file changes."""
    card = read_card(path)
    return ModelInfo(
        name=card.model,
        scale=card.scale,
        family=card.family,
        entries=sum(place.size for place in card.places),
        nbytes=sum(place.nbytes for place in card.places),
        psnr_y=card.psnr_y,
    )


def shipped_scales(name: str) -> tuple[int, ...]:
    """Return the scales of the shipped models of a name, smallest first; no card is read.

    A name may be any text: it is looked for among the cards, not on the disk.
    """
    cards = {path.name: path for path in lutsr_data.card_paths()}
    paths = {scale: cards.get(f"{name}_x{scale}.json") for scale in SCALES}
    scales = tuple(
        scale for scale, path in paths.items() if path and lutsr_data.table_beside(path).is_file()
    )
    if not scales:
        raise _not_shipped(name, SCALES[0])
    return scales


def read_shipped(name: str, scale: int) -> Model:
    """Read the shipped model of a name and scale; no other card is read."""
    if scale not in shipped_scales(name):
        raise _not_shipped(name, scale)
    return read_model(lutsr_data.table_path(name, scale))


def _not_shipped(name: str, scale: int) -> ValueError:
    """Return the error for a model that there is not, with what there is."""
    available = shipped_models()
    names = list(dict.fromkeys(info.name for info in available))
    if name not in names:
        return ValueError(
            f"model: {cut(repr(name), 100)} is not shipped; there is {listing(names)}. "
            "For a table of your own pass the path of its .npy file"
        )
    scales = [info.scale for info in available if info.name == name]
    return ValueError(f"scale: got {short(scale)}, and model {name!r} has {listing(scales)}")
