"""Fit a whole table to pictures by least squares: minutes, no network, no GPU needed.

Before the clip the result is linear in the table, so the best table is the solution of a
sparse least-squares problem. A run has three phases, all counted in iterations:

1. ``free``: conjugate gradients without limits;
2. ``limits``: the same, restarted every few iterations with the values that press against
   the limits of int8 held there;
3. ``rounding``: rounds of changes by one, on whole numbers.

At the end values move between entries where only borders show it (`training.eclut.split`), and the
entries of equal pairs are put right for constant images (`training.eclut.flats`).
Every phase goes over all pictures once an iteration: on a CPU with compiled passes, on CUDA with
those of `training.eclut.fit.torch_passes`.
"""

from __future__ import annotations

import math
import sys
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numba
import torch
from tqdm import tqdm

import lutsr
from training.checkpoint import load_checkpoint, make_folder, resumable, save_checkpoint
from training.curves import draw_curves
from training.eclut.export import network_of, with_licences, write_table
from training.eclut.fit.data import MARGIN, mean_psnr_y
from training.eclut.fit.options import FitOptions
from training.eclut.fit.solver import Descent, Objective, Rounding
from training.eclut.fit.torch_passes import passes_on
from training.eclut.flats import exact_flats
from training.eclut.grid import table_from_network
from training.eclut.split import better_borders
from training.eclut.train import count_data, pick_device
from training.eclut.windows import (
    LEVELS,
    WINDOW,
    limits,
    reach,
    symmetrise,
    table_from_windows,
    windows_from_table,
)
from training.errors import TrainingError
from training.evaluation.pictures import load_pictures
from training.record import commit, read_json, read_log, versions, write_json, write_log

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
        self.device = pick_device(args["device"])
        self.limits = tuple(end.to(self.device) for end in limits(self.scale, self.shift))
        self.step, self.seconds, self.commit = 0, 0.0, commit()
        self.log: list[dict[str, Any]] = []
        self.val: dict[str, float] = {}
        self.solver: Descent | Rounding | None = None
        self.unrounded = torch.zeros(0)

    def load_data(self, cache: str | Path | None = None) -> None:
        """Read the pictures, or map those that a cache folder has."""
        side, val = 2 * MARGIN + 1, self.args["val"]
        self.pictures = load_pictures(self.args["images"], self.scale, side, cache=cache)
        self.data = count_data(self.pictures, Path(self.args["images"]))
        with_licences(self.data, self.args["licences"])  # a misspelt name shows now, not at the end
        self.passes = passes_on(self.device, self.pictures, self.scale)
        self.val_pictures = load_pictures(val, self.scale, side, cache=cache) if val else []

    def first_windows(self) -> torch.Tensor:
        """Windows to start from: those of a table or network, or repeated pixels."""
        start = self.args["init"]
        if not start:
            return torch.zeros(LEVELS, LEVELS, *WINDOW, self.scale, self.scale)
        if start.endswith(".npy"):
            try:
                upscaler = lutsr.load(Path(start), self.scale)
            except (OSError, ValueError) as error:
                raise TrainingError(f"cannot start from {start}: {error}") from error
            table, shift = upscaler.tables["lut"], upscaler.parameters["expand_shift"]
        else:
            state = load_checkpoint(start)
            alpha, shift = state["args"]["alpha"], state["args"]["expand_shift"]
            if state["args"]["scale"] != self.scale:
                raise TrainingError(
                    f"cannot start from {start}: its scale is {state['args']['scale']}, "
                    f"wanted {self.scale}"
                )
            table = table_from_network(network_of(state), alpha, rounding=False).numpy()
        return windows_from_table(table, shift) * reach(self.scale, self.shift)

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
        return mean_psnr_y(windows.cpu(), self.val_pictures) if self.val_pictures else None

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
        """Write the log, the checkpoint and the curves, each atomically."""
        kind = "rounding" if isinstance(self.solver, Rounding) else "descent"
        state = {name: getattr(self, name) for name in STATE - {"phase", "solver"}}
        state |= {"phase": kind, "solver": self.solver.state()}
        with resumable(self.folder):
            write_log(self.folder / "log.csv", self.log, LOG_FIELDS)
            save_checkpoint(self.folder / "fit.pt", state)
            draw_curves(self.log, self.folder / "curves.png")

    def resume(self) -> None:
        """Continue where the last checkpoint stands."""
        path = self.folder / "fit.pt"
        try:
            state = torch.load(path, map_location=self.device, weights_only=True)
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
        else:
            self.solver = Descent(self.objective, torch.zeros(()))
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
        table = better_borders(
            table_from_windows(windows.cpu(), self.shift), self.shift, self.pictures,
            steps=self.args["borders"], seed=self.args["seed"], device=self.device,
        )  # fmt: skip
        table = exact_flats(table, self.shift)
        self.note_val("table", windows_from_table(table, self.shift).to(windows.device))
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
        path = write_table(self.folder, table, **common)
        if self.args["metrics"]:
            # Here, because it needs scikit-image, which the fit itself does without.
            from training.evaluation.evaluate import figures

            metrics = {
                name: figures(path, [folder])[0] for name, folder in self.args["metrics"].items()
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
    model: str = "eclut",
    licences: dict[str, str] | None = None,
    metrics: dict[str, str] | None = None,
    command: str = "training.eclut.fit.fit.fit",
    cache: str | Path | None = None,
    resume: bool = False,
    stop_at: int | None = None,
    **options: Any,
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
    model : str
        Name of the table.
    licences : dict, optional
        Licence of each data set (sub-folder of `images`), for the card.
    metrics : dict, optional
        Name and folder of HR images of each set to put figures of on the card.
    command : str
        For the card.
    cache : path, optional
        Folder to keep decoded pictures in, and to read them from in every iteration; all are held
        in memory without it. The result does not depend on it.
    resume : bool
        Continue the run in `out`: all other arguments but `cache` are the run's own.
    stop_at : int, optional
        Leave after this iteration without another word, as a kill would.
    **options
        See `training.eclut.fit.options.FitOptions`.

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
        if (folder / "fit.pt").exists():
            raise TrainingError(
                f"{folder} holds a fit already: resume it, or choose another folder"
            )
        args = {
            "images": str(images), "val": str(val) if val else None, "out": str(folder),
            "init": str(init) if init else None, "scale": scale,
            "expand_shift": expand_shift or scale, **asdict(FitOptions(**options)),
            "model": model, "command": command,
            "licences": licences or {}, "metrics": metrics or {},
        }  # fmt: skip
    run = Run(args)
    run.load_data(cache)
    make_folder(folder)
    run.objective = Objective(run.passes, args["smoothness"], reach(run.scale, run.shift))
    if resume and (folder / "fit.pt").exists():
        run.resume()
    else:
        run.solver = Descent(run.objective, symmetrise(run.first_windows()).to(run.device))
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
