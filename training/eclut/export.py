"""From a network to the table file and its card, as `lutsr` ships and loads them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import torch

from lutsr._modelfile import Model, write_model
from training.checkpoint import load_checkpoint, make_folder
from training.eclut.grid import table_from_network
from training.eclut.network import SRNet
from training.errors import TrainingError
from training.record import commit as current_commit

LICENCE = "BSD-3-Clause"


def network_of(state: dict[str, Any], device: str | torch.device = "cpu") -> SRNet:
    """Rebuild the network of a checkpoint."""
    args = state["args"]
    net = SRNet(args["scale"], args["expand_shift"], args["width"]).to(device)
    net.load_state_dict(state["net"])
    return net


def with_licences(data: list[dict[str, Any]], licences: dict[str, str]) -> list[dict[str, Any]]:
    """Name the licence of each data set of a run, "unknown" where none is given.

    Raises
    ------
    TrainingError
        If a licence is for a data set that the run does not have.
    """
    names = [entry["name"] for entry in data]
    for name in licences:
        if name not in names:
            raise TrainingError(f"no data set {name!r} in this run; it has {', '.join(names)}")
    return [{**entry, "licence": licences.get(entry["name"], "unknown")} for entry in data]


def write_table(
    folder: str | Path,
    table: np.ndarray,
    *,
    model: str,
    expand_shift: int,
    trained_on: list[dict[str, Any]],
    command: str,
    commit: str,
    metrics: dict[str, dict[str, float]] | None = None,
) -> Path:
    """Write `<model>_x<r>.npy` and then its card.

    Parameters
    ----------
    folder : path
        Made if missing.
    table : numpy.ndarray
        int8, (256, 256, 9, r, r).
    model, expand_shift, trained_on, command, commit, metrics
        For the card; `trained_on` lists ``{"name", "images", "licence"}``.

    Returns
    -------
    pathlib.Path
        The table's file.
    """
    scale = table.shape[-1]
    found = Model(model, scale, "eclut", {"expand_shift": expand_shift}, {"lut": table})
    make_folder(folder)
    path = Path(folder) / f"{model}_x{scale}.npy"
    try:
        write_model(
            path,
            found,
            trained_on=trained_on,
            command=command,
            commit=commit,
            metrics=metrics or {},
            licence=LICENCE,
        )
    except OSError as error:
        raise TrainingError(f"cannot write {path}: {error.strerror or error}") from error
    return path


def export_checkpoint(
    checkpoint: str | Path,
    folder: str | Path,
    *,
    model: str | None = None,
    licences: dict[str, str] | None = None,
    metric_folders: dict[str, str] | None = None,
) -> Path:
    """Write the table and card of a checkpoint; the ``export`` command.

    Parameters
    ----------
    checkpoint : path
        ``checkpoint.pt`` of a run.
    folder : path
        Where table and card go.
    model : str, optional
        Name on the card and of the files; the run's own by default.
    licences : dict, optional
        Licence of each data set the run was trained on; the run's own by default.
    metric_folders : dict, optional
        Name and folder of HR images of each set to put figures of on the card.
    """
    state = load_checkpoint(checkpoint)
    args = state["args"]
    trained_on = with_licences(state["data"], {**args["licences"], **(licences or {})})
    with torch.no_grad():
        table = table_from_network(network_of(state), args["alpha"]).numpy()
    common = {
        "model": model or args["model"],
        "expand_shift": args["expand_shift"],
        "trained_on": trained_on,
        "command": args["command"],
        # What trained it, not what wrote it, where the run knows.
        "commit": state.get("commit") or current_commit(),
    }
    path = write_table(folder, table, **common)
    if metric_folders:
        # Imported here: it needs scikit-image, which plain export does without.
        from training.evaluation.evaluate import figures

        metrics = {name: figures(path, [hr])[0] for name, hr in metric_folders.items()}
        path = write_table(folder, table, **common, metrics=metrics)
    return path
