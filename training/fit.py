"""Fit a whole table to pictures by least squares: minutes, no network, no GPU.

Before the clip the result is linear in the table, so the best table is the solution of a
sparse least-squares problem. A run has three phases, all counted in iterations:

1. ``free``: conjugate gradients without limits;
2. ``limits``: the same, restarted every few iterations with the values that press against
   the limits of int8 held there;
3. ``rounding``: rounds of changes by one, on whole numbers.

At the end values move between entries where only borders show it: see `training.split`.
"""

from __future__ import annotations

import math
import sys
import time
from pathlib import Path
from typing import Any

import numba
import numpy as np
import torch
from tqdm import tqdm

from training.checkpoint import make_folder, save_checkpoint
from training.data import load_pictures
from training.errors import TrainingError
from training.export import with_licences, write_table
from training.fit_data import MARGIN, Passes, mean_psnr_y, planes_of
from training.fit_solver import Descent, Objective, Rounding
from training.record import commit, read_json, read_log, versions, write_json, write_log
from training.split import STEPS, better_borders
from training.train import count_data
from training.windows import (
    LEVELS,
    WINDOW,
    limits,
    reach,
    symmetrise,
    table_from_windows,
    windows_from_table,
)

FREE, LIMITS, ROUNDING = 3, 24, 8
SMOOTHNESS = 30.0
#: Iterations between restarts of the second phase.
RESTART = 8
LOG_FIELDS = ("step", "phase", "mse", "val_psnr_y", "seconds")
STATE = {"step", "phase", "solver", "unrounded", "seconds", "commit", "val"}


class Run:
    """One fit and its folder.

    Parameters
    ----------
    args : dict
        The arguments of `fit`, `resume` and `stop_at` left out.
    """

    def __init__(self, args: dict[str, Any]) -> None:
        self.args, self.folder = args, Path(args["out"])
        self.scale, self.shift = args["scale"], args["expand_shift"]
        self.limits = limits(self.scale, self.shift)
        self.step, self.seconds, self.commit = 0, 0.0, commit()
        self.log: list[dict[str, Any]] = []
        self.val: dict[str, float] = {}
        self.solver: Descent | Rounding | None = None
        self.unrounded = torch.zeros(0)

    def load_data(self) -> None:
        """Read the pictures; everything of a run that takes memory."""
        pictures = load_pictures(self.args["images"], self.scale, min_side=2 * MARGIN + 1)
        self.data = count_data(pictures, Path(self.args["images"]))
        with_licences(self.data, self.args["licences"])  # a misspelt name shows now, not at the end
        planes = []
        while pictures:  # so that no picture is in memory twice for long
            planes += planes_of(pictures.pop(0))
        self.passes = Passes(planes, self.scale)
        val = self.args["val"]
        self.val_pictures = load_pictures(val, self.scale, min_side=2 * MARGIN + 1) if val else []

    def first_windows(self) -> torch.Tensor:
        """Windows to start from: those of a table or network, or repeated pixels."""
        start = self.args["init"]
        if not start:
            return torch.zeros(LEVELS, LEVELS, *WINDOW, self.scale, self.scale)
        try:
            if str(start).endswith(".npy"):
                table = np.load(start, allow_pickle=False)
            else:
                from training.checkpoint import load_checkpoint
                from training.export import network_of
                from training.grid import table_from_network

                state = load_checkpoint(start)
                alpha = state["args"]["alpha"]
                table = table_from_network(network_of(state), alpha, rounding=False).numpy()
        except (OSError, ValueError) as error:
            raise TrainingError(f"cannot start from {start}: {error}") from error
        wanted = (LEVELS, LEVELS, 9, self.scale, self.scale)
        if table.shape != wanted:
            raise TrainingError(f"{start} has shape {table.shape}, wanted {wanted}")
        return windows_from_table(table, self.shift) * reach(self.scale, self.shift)

    @property
    def total(self) -> int:
        """Iterations of all phases."""
        return sum(self.args[phase] for phase in ("free", "limits", "rounding"))

    def phase(self) -> str:
        """Name the phase of the next iteration."""
        if self.step < self.args["free"]:
            return "free"
        return "limits" if self.step < self.args["free"] + self.args["limits"] else "rounding"

    def score(self, windows: torch.Tensor) -> float | None:
        """PSNR-Y on the validation pictures, where there are any."""
        return mean_psnr_y(windows, self.val_pictures) if self.val_pictures else None

    def note_val(self, name: str, windows: torch.Tensor) -> None:
        """Remember the PSNR-Y at the end of a phase."""
        score = self.score(windows)
        if score is not None:
            self.val[name] = round(score, 4)

    def round(self) -> None:
        """Go over to whole numbers."""
        self.unrounded = self.solver.windows.clamp(*self.limits)
        self.note_val("limited", self.unrounded)
        self.solver = Rounding(self.objective, self.unrounded, *self.limits)

    def iterate(self) -> None:
        """One iteration of whatever phase it is."""
        phase, since = self.phase(), self.step - self.args["free"]
        if phase == "rounding":
            if not isinstance(self.solver, Rounding):
                self.round()
            self.solver.step(self.args["seed"] + self.step)
        else:
            if self.step == 0:
                self.solver.restart()
            elif phase == "limits" and since % RESTART == 0:
                if since == 0:
                    self.note_val("free", self.solver.windows)
                self.solver.restart(*self.limits)
            self.solver.step()
        if not math.isfinite(self.solver.value):
            raise TrainingError(
                f"the objective is {self.solver.value} at iteration {self.step}; the last "
                f"checkpoint is intact. Try a higher --smoothness than {self.args['smoothness']}"
            )
        self.step += 1

    def save(self) -> None:
        """Write the log and the checkpoint, each atomically."""
        write_log(self.folder / "log.csv", self.log, LOG_FIELDS)
        kind = "rounding" if isinstance(self.solver, Rounding) else "descent"
        state = {name: getattr(self, name) for name in STATE - {"phase", "solver"}}
        save_checkpoint(
            self.folder / "fit.pt", {**state, "phase": kind, "solver": self.solver.state()}
        )

    def resume(self) -> None:
        """Continue where the last checkpoint stands."""
        path = self.folder / "fit.pt"
        try:
            state = torch.load(path, weights_only=True)
        except Exception as error:  # torch raises half a dozen kinds for a file not its own
            raise TrainingError(f"{path} is not the checkpoint of a fit ({error})") from error
        if not isinstance(state, dict) or set(state) != STATE:
            raise TrainingError(f"{path} is not the checkpoint of a fit")
        for name in STATE - {"phase", "solver"}:
            setattr(self, name, state[name])
        if state["phase"] == "rounding":
            self.solver = Rounding.__new__(Rounding)
            self.solver.objective = self.objective
            self.solver.low, self.solver.high = self.limits
        self.solver.load(state["solver"])
        self.log = read_log(self.folder / "log.csv", self.step)

    def run(self, stop_at: int | None = None) -> None:
        """Run to the end, or stop after an iteration as if killed there (for tests)."""
        started = time.monotonic() - self.seconds
        bar = tqdm(total=self.total, initial=self.step, desc="fitting", unit="it", file=sys.stderr)
        every = self.args["every"]
        with bar:
            while self.step < self.total:
                phase = self.phase()
                self.iterate()
                mse = 2 * self.solver.value / self.passes.values / 16
                row = {"step": self.step, "phase": phase, "mse": f"{mse:.4f}"}
                bar.set_postfix_str(f"{phase}, {mse:.3f}", refresh=False)
                bar.update()
                saving = self.step % every == 0 or self.step == self.total
                if saving and self.val_pictures:
                    row["val_psnr_y"] = f"{self.score(self.solver.windows):.4f}"
                self.seconds = time.monotonic() - started
                self.log.append({**row, "seconds": f"{self.seconds:.1f}"})
                if saving:
                    self.save()
                if self.step == stop_at:
                    return

    def finish(self) -> Path:
        """Write the table and its card."""
        windows = self.solver.windows
        self.note_val("int8", windows)
        # Here, because it needs matplotlib, which nothing before does.
        from training.curves import draw_curves

        draw_curves(self.log, self.folder / "curves.png")
        record = read_json(self.folder / "args.json")
        record["val_psnr_y"] = self.val
        record["seconds"] = round(self.seconds, 1)
        write_json(self.folder / "args.json", record)
        common = {
            "model": self.args["model"],
            "expand_shift": self.shift,
            "trained_on": with_licences(self.data, self.args["licences"]),
            "command": self.args["command"],
            "commit": self.commit,
        }
        table = table_from_windows(windows, self.shift)
        steps = self.args["borders"]
        if steps:  # read again: a fit keeps its pictures in another form
            pictures = load_pictures(self.args["images"], self.scale, min_side=2 * MARGIN + 1)
            table = better_borders(table, self.shift, pictures, steps=steps, seed=self.args["seed"])
        path = write_table(self.folder, table, **common)
        if self.args["metrics"]:
            # Here, because it needs scikit-image, which the fit itself does without.
            from training.evaluate import figures

            metrics = {
                name: figures(path, [folder], expand_shift=self.shift)[0]
                for name, folder in self.args["metrics"].items()
            }
            path = write_table(self.folder, table, **common, metrics=metrics)
        return path


def fit(
    images: str | Path | None = None,
    scale: int = 4,
    expand_shift: int | None = None,
    *,
    out: str | Path,
    val: str | Path | None = None,
    init: str | Path | None = None,
    free: int = FREE,
    limits: int = LIMITS,
    rounding: int = ROUNDING,
    smoothness: float = SMOOTHNESS,
    borders: int = STEPS,
    every: int = 4,
    seed: int = 1,
    model: str = "eclut",
    licences: dict[str, str] | None = None,
    metrics: dict[str, str] | None = None,
    command: str = "training.fit.fit",
    resume: bool = False,
    stop_at: int | None = None,
) -> Path | None:
    """Fit a table, or continue a fit; the ``fit`` command.

    Parameters
    ----------
    images : path
        Folder of images to fit to, searched recursively.
    scale : int
        2, 3 or 4.
    expand_shift : int, optional
        1, or the scale (default).
    out : path
        Folder of this run.
    val : path, optional
        Folder of images for the PSNR-Y in the log; nothing depends on it.
    init : path, optional
        A table (.npy) or the checkpoint of a network to start from.
    free, limits, rounding : int
        Iterations of the three phases; `free` is at least 1.
    smoothness : float
        Weight of the differences between neighbouring pairs, in occurrences of a pair.
    borders : int
        Steps of `training.split.better_borders` at the end.
    every : int
        Iterations per checkpoint and validation.
    seed : int
        Seed of the rounding.
    model : str
        Name of the table.
    licences : dict, optional
        Licence of each data set (sub-folder of `images`), for the card.
    metrics : dict, optional
        Name and folder of HR images of each set to put figures of on the card.
    command : str
        For the card.
    resume : bool
        Continue the run in `out`: all other arguments are the run's own.
    stop_at : int, optional
        Leave after this iteration without another word, as a kill would.

    Returns
    -------
    pathlib.Path or None
        The finished table; None when stopped.
    """
    folder = Path(out)
    if resume:
        # The folder may have been moved since: its own name is not taken from the record.
        args = {**read_json(folder / "args.json")["args"], "out": str(folder)}
    else:
        if images is None:
            raise TrainingError("a fit needs a folder of images")
        if scale not in (2, 3, 4):
            raise TrainingError(f"the scale must be 2, 3 or 4, got {scale}")
        if expand_shift not in (None, 1, scale):
            raise TrainingError(f"expand_shift must be 1 or the scale {scale}, got {expand_shift}")
        least = {"free": (free, 1), "limits": (limits, 0), "rounding": (rounding, 0)}
        least |= {"every": (every, 1), "smoothness": (smoothness, 0)}
        for name, (value, low) in least.items():
            if not low <= value < math.inf:
                raise TrainingError(f"{name} must be at least {low}, got {value}")
        if (folder / "fit.pt").exists():
            raise TrainingError(
                f"{folder} holds a fit already: resume it, or choose another folder"
            )
        args = {
            "images": str(images), "val": str(val) if val else None, "out": str(folder),
            "init": str(init) if init else None, "scale": scale,
            "expand_shift": expand_shift or scale, "free": free, "limits": limits,
            "rounding": rounding, "smoothness": smoothness, "borders": borders,
            "every": every, "seed": seed, "model": model, "command": command,
            "licences": licences or {}, "metrics": metrics or {},
        }  # fmt: skip
    run = Run(args)
    run.load_data()
    make_folder(folder)
    run.objective = Objective(run.passes, args["smoothness"], reach(run.scale, run.shift))
    run.solver = Descent(run.objective, symmetrise(run.first_windows()))
    if resume and (folder / "fit.pt").exists():
        run.resume()
    else:
        record = {
            "args": args, "data": run.data, "commit": run.commit,
            "versions": {**versions(), "numba": numba.__version__},
        }  # fmt: skip
        write_json(folder / "args.json", record)
    run.run(stop_at)
    if run.step < run.total:
        return None
    if not isinstance(run.solver, Rounding):
        run.round()
    return run.finish()
