"""Inspecting a model of any family: its figures as text, and pictures of its tables."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import Any

from training.errors import TrainingError
from training.evaluation.methods import open_model

#: Modules whose function `inspect_model` knows the models of a family.
INSPECTORS = {"eclut": "training.eclut.inspect", "chain": "training.ecnn.inspect"}


def inspect_table(
    table: str | Path,
    out: str | Path,
    *,
    images: str | Path | None = None,
    scale: int | None = None,
) -> list[Path]:
    """Print the figures of a model and draw its tables; the ``inspect`` command.

    Parameters
    ----------
    table : path or str
        A model file or the name of a shipped model.
    out : path
        Folder for the pictures.
    images : path, optional
        Folder of full-size images, which are shrunk, and in which is counted what is looked up.
    scale : int, optional
        For a shipped model.

    Returns
    -------
    list of pathlib.Path
        The pictures.
    """
    upscaler = open_model(table, scale)
    if upscaler.family not in INSPECTORS:
        known = " or ".join(INSPECTORS)
        raise TrainingError(
            f"cannot inspect {table}: its family is {upscaler.family}, wanted {known}"
        )
    module: Any = import_module(INSPECTORS[upscaler.family])
    drawn: list[Path] = module.inspect_model(upscaler, Path(out), images)
    return drawn
