"""The run of a fit: its phases, its log, its result."""

from __future__ import annotations

import math
from functools import cached_property, partial
from pathlib import Path
from typing import Any

import torch

from training.device import pick_device
from training.eclut.constants import ENTRIES_PER_LEVEL, LEVELS, MARGIN, WINDOW
from training.eclut.export import load_network, make_model
from training.eclut.fit.objective import Objective
from training.eclut.fit.passes import mean_psnr_y
from training.eclut.fit.solver import Descent, Rounding
from training.eclut.fit.torch_passes import passes_on
from training.eclut.flats import exact_flats
from training.eclut.grid import table_from_network
from training.eclut.options import FitOptions
from training.eclut.split import better_borders
from training.eclut.windows import (
    is_relative,
    limits,
    reach,
    symmetrise,
    table_from_windows,
    windows_from_table,
)
from training.errors import TrainingError
from training.evaluation.methods import open_model
from training.evaluation.pictures import find_images, load_pictures
from training.export import Origin, write_with_card
from training.record import data_sets, with_licences
from training.run import Run, Task, resume_run, start_run

#: Iterations between restarts of the second phase.
RESTART = 8


def first_windows(options: FitOptions) -> torch.Tensor:
    """Return the windows to start from: of a model, of a network, or of repeated pixels.

    Raises
    ------
    TrainingError
        If the model or checkpoint cannot be used.
    """
    start, scale = options.init, options.scale
    if not start:
        return torch.zeros(LEVELS, LEVELS, *WINDOW, scale, scale)
    if start.endswith(".npy"):
        try:
            upscaler = open_model(Path(start), scale)
        except TrainingError as error:
            raise TrainingError(f"cannot start from {start}: {error}") from error
        if upscaler.family != "eclut":
            raise TrainingError(
                f"cannot start from {start}: its family is {upscaler.family}, wanted eclut"
            )
        table, shift = upscaler.tables["lut"], upscaler.parameters["expand_shift"]
        relative = upscaler.parameters.get("relative", False)
    else:
        net, trained, _ = load_network(start)
        if trained.scale != scale:
            raise TrainingError(
                f"cannot start from {start}: its scale is {trained.scale}, wanted {scale}"
            )
        table = table_from_network(net, trained.alpha, rounding=False).numpy()
        shift, relative = trained.expand_shift, False
    return windows_from_table(table, shift, relative) * reach(scale, options.expand_shift)


class FitTask(Task):
    """A fit; see `training.run.Task`.

    Parameters
    ----------
    options : FitOptions
    cache : path, optional
        Folder of decoded pictures, which are then read from it in every iteration; without it,
        all are held in memory.
    """

    kind = "fit of eclut"
    unit = "it"
    log_fields = ("phase", "mse", "val_psnr_y")
    packages = ("numba",)

    def __init__(self, options: FitOptions, cache: str | Path | None = None) -> None:
        self.options = options
        self.total = options.free + options.limits + options.rounding
        self.device = pick_device(options.device)
        scale, least = options.scale, 2 * MARGIN + 1
        self.pictures = load_pictures(options.images, scale, min_side=least, cache=cache)
        self.data = data_sets(self.pictures, options.images)
        with_licences(self.data, options.licences)  # a wrong name is reported before the work
        for folder in options.metrics.values():
            find_images(folder)  # a wrong folder, too
        val = options.val
        self.val_pictures = load_pictures(val, scale, min_side=least, cache=cache) if val else []
        self.passes = passes_on(self.device, self.pictures, scale, options.weight_of_flats)
        low, high = limits(scale, options.expand_shift)
        self.limits = low.to(self.device), high.to(self.device)
        #: PSNR-Y on the validation pictures at the end of each phase.
        self.val: dict[str, float] = {}

    @cached_property
    def objective(self) -> Objective:
        """The objective: made when the solver needs it, because its setup takes seconds."""
        mask = reach(self.options.scale, self.options.expand_shift)
        return Objective(self.passes, self.options.smoothness, mask)

    def start(self) -> None:
        """Set the solver to the first windows."""
        windows = symmetrise(first_windows(self.options)).to(self.device)
        self.solver: Descent | Rounding = Descent(self.objective, windows)

    def phase(self, step: int) -> str:
        """Return the phase of an iteration."""
        if step < self.options.free:
            return "free"
        return "limits" if step < self.options.free + self.options.limits else "rounding"

    def advance(self, step: int) -> None:
        """Do one iteration of the phase that it belongs to."""
        self.current = self.phase(step)
        if self.current == "rounding":
            self.rounding().step(self.options.seed + step)
        else:
            self._descend(step)
        if not math.isfinite(self.solver.value):
            raise TrainingError(
                f"the objective is {self.solver.value} at iteration {step}; the last "
                f"checkpoint is intact. Try a higher --smoothness than {self.options.smoothness}"
            )

    def _descend(self, step: int) -> None:
        descent = self.solver
        assert isinstance(descent, Descent)
        since = step - self.options.free
        if step == 0:
            descent.restart()
        elif since >= 0 and since % RESTART == 0:
            if since == 0:
                self.note_quality("free", descent.windows)
            descent.restart(self.limits)
        descent.step()

    def rounding(self) -> Rounding:
        """Return the solver on integers, changing over to it at the first call."""
        if not isinstance(self.solver, Rounding):
            windows = self.solver.windows.clamp(*self.limits)
            self.note_quality("limited", windows)
            self.solver = Rounding.start(self.objective, windows, self.limits)
        return self.solver

    def note_quality(self, name: str, windows: torch.Tensor) -> None:
        """Remember the PSNR-Y at the end of a phase, if there are validation pictures."""
        if self.val_pictures:
            self.val[name] = round(mean_psnr_y(windows.cpu(), self.val_pictures), 4)

    def mse(self) -> float:
        """Return the mean squared error in grey levels, weights and smoothness included."""
        return 2 * self.solver.value / self.passes.values / ENTRIES_PER_LEVEL**2

    def log_row(self, step: int, saving: bool) -> dict[str, str]:
        """Return phase and error; before a checkpoint the validation PSNR-Y, too."""
        row = {"phase": self.current, "mse": f"{self.mse():.4f}"}
        if saving and self.val_pictures:
            score = mean_psnr_y(self.solver.windows.cpu(), self.val_pictures)
            row["val_psnr_y"] = f"{score:.4f}"
        return row

    def summary(self) -> str:
        """Return phase and error."""
        return f"{self.current}, {self.mse():.3f}"

    def state(self) -> dict[str, Any]:
        """Return the solver's state, and the figures of past phases."""
        whole = isinstance(self.solver, Rounding)
        return {"rounding": whole, "solver": self.solver.state(), "val": self.val}

    def load(self, state: dict[str, Any]) -> None:
        """Continue from a `state`."""
        self.val = state["val"]
        values: dict[str, Any] = {
            name: value.to(self.device) if isinstance(value, torch.Tensor) else value
            for name, value in state["solver"].items()
        }
        if state["rounding"]:
            self.solver = Rounding(self.objective, self.limits, **values)
        else:
            self.solver = Descent(self.objective, **values)

    def finish(self, run: Run) -> Path:
        """Make the table of the windows, improve it, and write it."""
        options, shift = self.options, self.options.expand_shift
        relative = is_relative(options.scale, shift)
        windows = self.rounding().windows
        self.note_quality("int8", windows)
        table = better_borders(
            table_from_windows(windows.cpu(), shift),
            shift,
            self.pictures,
            steps=options.borders,
            relative=relative,
            seed=options.seed,
            device=self.device,
        )
        table = exact_flats(table, shift, relative)
        self.note_quality("table", windows_from_table(table, shift, relative))
        run.note(val_psnr_y=self.val, seconds=round(run.seconds, 1))
        origin = Origin(with_licences(self.data, options.licences), options.command, run.commit)
        model = make_model(options.model, table, shift, relative)
        return write_with_card(run.folder, model, origin, options.metrics)


def fit(
    options: FitOptions, *, cache: str | Path | None = None, stop_at: int | None = None
) -> Path | None:
    """Fit a table; the ``fit`` command.

    `cache` is passed to the task, `stop_at` to `training.run.start_run`, whose result is returned.
    """
    return start_run(options, partial(FitTask, cache=cache), stop_at=stop_at)


def resume(
    folder: str | Path, *, cache: str | Path | None = None, stop_at: int | None = None
) -> Path | None:
    """Continue the fit in a folder; see `fit`."""
    return resume_run(folder, FitOptions, partial(FitTask, cache=cache), stop_at=stop_at)
