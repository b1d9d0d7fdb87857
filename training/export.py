"""Writing a trained model and its card, for every family."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import lutsr
from lutsr._modelfile import Model, write_model
from training.errors import TrainingError
from training.files import make_folder

LICENCE = "BSD-3-Clause"


@dataclass(frozen=True)
class Origin:
    """How a model was made, for its card.

    Attributes
    ----------
    trained_on : sequence of dict
        ``{"name", "images", "licence"}`` of each data set.
    command : str
        Command line of the run.
    commit : str
        Commit of the code that trained it.
    degradation : dict, optional
        ``{"name", "seed", "jpeg_encoder"}`` of the degradation of its inputs.
    """

    trained_on: Sequence[Mapping[str, Any]]
    command: str
    commit: str
    degradation: Mapping[str, Any] | None = None


def measure(model: Model, folders: Mapping[str, str]) -> dict[str, dict[str, float]]:
    """Return the figures of a model in memory on sets of full-size images, for its card."""
    if not folders:
        return {}
    # Imported here: it needs scikit-image, which training itself does not.
    from training.evaluation.evaluate import figures
    from training.evaluation.methods import model_method

    return figures(model_method(lutsr.Upscaler(model)), folders)


def write_with_card(
    folder: str | Path,
    model: Model,
    origin: Origin,
    metric_folders: Mapping[str, str] | None = None,
) -> Path:
    """Measure a model and write it, as ``<name>_x<scale>.npy`` and its card.

    Parameters
    ----------
    folder : path
        Made if missing.
    model : Model
    origin : Origin
    metric_folders : mapping, optional
        Folder of full-size images of each set whose figures the card gets.

    Returns
    -------
    pathlib.Path
        The model's file.

    Raises
    ------
    TrainingError
        If a file cannot be written.
    """
    metrics = measure(model, metric_folders or {})
    more = {} if origin.degradation is None else {"degradation": dict(origin.degradation)}
    make_folder(folder)
    path = Path(folder) / f"{model.name}_x{model.scale}.npy"
    try:
        write_model(
            path,
            model,
            trained_on=[dict(entry) for entry in origin.trained_on],
            command=origin.command,
            commit=origin.commit,
            metrics=metrics,
            licence=LICENCE,
            **more,
        )
    except OSError as error:
        raise TrainingError(f"cannot write {path}: {error.strerror or error}") from error
    return path
