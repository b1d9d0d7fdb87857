"""From the checkpoint of a network to the model file."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from lutsr._modelfile import Model
from training.eclut.grid import table_from_network
from training.eclut.network import SRNet
from training.eclut.options import TrainOptions
from training.export import Origin, write_with_card
from training.record import with_licences
from training.run import load_run

#: Kind of the runs of the network route.
NETWORK = "network of eclut"


def make_model(
    name: str, table: NDArray[np.int8], expand_shift: int, relative: bool = False
) -> Model:
    """Return the model of a table (256, 256, 9, r, r)."""
    parameters = {"expand_shift": expand_shift} | ({"relative": True} if relative else {})
    return Model(name, table.shape[-1], "eclut", parameters, {"lut": table})


def load_network(checkpoint: str | Path) -> tuple[SRNet, TrainOptions, dict[str, Any]]:
    """Load a network from the checkpoint of its run.

    Returns
    -------
    net : SRNet
    options : TrainOptions
        Those of the run.
    state : dict
        The whole checkpoint; see `training.run.Run.save`.
    """
    state = load_run(checkpoint, NETWORK)
    options = TrainOptions(**state["args"])
    net = SRNet(options.scale, options.expand_shift, options.width)
    net.load_state_dict(state["task"]["net"])
    return net, options, state


def export_checkpoint(
    checkpoint: str | Path,
    folder: str | Path,
    *,
    model: str | None = None,
    licences: Mapping[str, str] | None = None,
    metric_folders: Mapping[str, str] | None = None,
) -> Path:
    """Write the model and card of a network's checkpoint; the ``export`` command.

    Parameters
    ----------
    checkpoint : path
        ``checkpoint.pt`` of a run.
    folder : path
        Made if missing.
    model : str, optional
        Name on the card and of the files; the run's own by default.
    licences : mapping, optional
        Licence of each data set that the run was trained on; the run's own by default.
    metric_folders : mapping, optional
        Folder of full-size images of each set whose figures the card gets.

    Returns
    -------
    pathlib.Path
        The model's file.
    """
    net, options, state = load_network(checkpoint)
    trained_on = with_licences(state["data"], {**options.licences, **(licences or {})})
    with torch.no_grad():
        table = table_from_network(net, options.alpha).numpy()
    made = make_model(model or options.model, table, options.expand_shift)
    # The commit is that of the training, not of the export.
    origin = Origin(trained_on, options.command, state["commit"])
    return write_with_card(folder, made, origin, metric_folders)
