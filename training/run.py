"""A run: what all trainings share. Folder, options, log, checkpoints, resuming, the loop.

A family implements `Task`: what is trained, and one step of it. `Run` calls the steps and writes
to the run's folder:

- ``args.json``: options, data sets, commit and versions;
- ``log.csv`` and ``curves.png``: a row per logged step, and the same as curves;
- ``checkpoint.pt``: all that is needed to continue.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, Protocol, TypeVar

from tqdm import tqdm

from training.checkpoint import load_checkpoint, save_checkpoint
from training.curves import draw_curves
from training.errors import TrainingError
from training.files import make_folder
from training.options import RunOptions
from training.record import commit, read_json, read_log, versions, write_json, write_log

RECORD, LOG, CHECKPOINT, CURVES = "args.json", "log.csv", "checkpoint.pt", "curves.png"
_KEYS = ("kind", "step", "seconds", "commit", "args", "data", "task")

O = TypeVar("O", bound=RunOptions)  # noqa: E741


class Task(Protocol):
    """The part of a run that depends on what is trained.

    A task reads its data when it is made. Then either `start` or `load` is called, and then
    `advance` for each step.

    Attributes
    ----------
    kind : str
        Name of this kind of task; a checkpoint of another kind is refused.
    unit : str
        What the progress bar counts.
    log_fields : sequence of str
        Columns of the log besides ``step``, which is the first, and ``seconds``, the last.
    packages : sequence of str
        Libraries, besides those of every run, whose versions are recorded.
    total : int
        Number of steps.
    data : list of dict
        Name and number of images of each data set.
    """

    kind: str
    unit: str
    log_fields: Sequence[str]
    packages: Sequence[str]
    total: int
    data: list[dict[str, Any]]

    def start(self) -> None:
        """Prepare the first step of a new run."""
        ...

    def advance(self, step: int) -> None:
        """Do one step; `step` counts those before it.

        Raises
        ------
        TrainingError
            If the loss is not finite.
        """
        ...

    def log_row(self, step: int, saving: bool) -> Mapping[str, str] | None:
        """Return the values of `log_fields` after `step` steps, or None for no row.

        Parameters
        ----------
        step : int
        saving : bool
            Whether a checkpoint follows. Only then a task validates.
        """
        ...

    def summary(self) -> str:
        """Return a few words for the progress bar."""
        ...

    def state(self) -> dict[str, Any]:
        """Return what `load` needs: tensors and plain values."""
        ...

    def load(self, state: dict[str, Any]) -> None:
        """Continue from a `state`."""
        ...

    def finish(self, run: Run) -> Path:
        """Write the model, at the end of the run, and return its file."""
        ...


class Run:
    """A run and its folder.

    Parameters
    ----------
    options : RunOptions
    task : Task
    """

    def __init__(self, options: RunOptions, task: Task) -> None:
        self.options, self.task = options, task
        self.folder = Path(options.out)
        self.step, self.seconds, self.commit = 0, 0.0, commit()
        self.log: list[dict[str, Any]] = []

    def start(self) -> None:
        """Begin a new run: write its record."""
        self.task.start()
        make_folder(self.folder)
        record = {
            "args": asdict(self.options),
            "data": self.task.data,
            "commit": self.commit,
            "versions": versions(*self.task.packages),
        }
        write_json(self.folder / RECORD, record)

    def load(self) -> None:
        """Continue from the last checkpoint; begin anew where there is none yet."""
        path = self.folder / CHECKPOINT
        if not path.exists():
            return self.start()
        state = load_run(path, self.task.kind)
        self.task.load(state["task"])
        self.step, self.seconds, self.commit = state["step"], state["seconds"], state["commit"]
        self.log = read_log(self.folder / LOG, self.step)
        return None

    def save(self) -> None:
        """Write the log, the checkpoint and the curves, each atomically."""
        state = {
            "kind": self.task.kind,
            "step": self.step,
            "seconds": self.seconds,
            "commit": self.commit,
            "args": asdict(self.options),
            "data": self.task.data,
            "task": self.task.state(),
        }
        try:
            write_log(self.folder / LOG, self.log, ("step", *self.task.log_fields, "seconds"))
            save_checkpoint(self.folder / CHECKPOINT, state)
            draw_curves(self.log, self.folder / CURVES)
        except TrainingError as error:
            raise TrainingError(
                f"{error}; every file in {self.folder} is complete: fix that, then --resume"
            ) from error

    def note(self, **values: Any) -> None:
        """Add values to the record."""
        path = self.folder / RECORD
        write_json(path, {**read_json(path), **values})

    def loop(self, stop_at: int | None = None) -> Path | None:
        """Do the remaining steps and finish, with progress and the time left on stderr.

        Parameters
        ----------
        stop_at : int, optional
            Return after this step, as if the process were killed there (for tests).

        Returns
        -------
        pathlib.Path or None
            The model's file; None when stopped.
        """
        task, every = self.task, self.options.every
        started = time.monotonic() - self.seconds
        bar = tqdm(
            total=task.total, initial=self.step, desc=task.kind, unit=task.unit, file=sys.stderr
        )
        with bar:
            while self.step < task.total:
                task.advance(self.step)
                self.step += 1
                bar.set_postfix_str(task.summary(), refresh=False)
                bar.update()
                saving = self.step % every == 0 or self.step == task.total
                row = task.log_row(self.step, saving)
                self.seconds = time.monotonic() - started
                if row is not None:
                    self.log.append({"step": self.step, **row, "seconds": f"{self.seconds:.1f}"})
                if saving:
                    self.save()
                if self.step == stop_at:
                    break
        return task.finish(self) if self.step == task.total else None


def load_run(path: str | Path, kind: str) -> dict[str, Any]:
    """Load the checkpoint of a run, with tensors on the CPU.

    Raises
    ------
    TrainingError
        If it is not one of this kind of task.
    """
    state = load_checkpoint(path, keys=_KEYS)
    if state["kind"] != kind:
        raise TrainingError(f"{path} is the checkpoint of a {state['kind']}, wanted a {kind}")
    return state


def start_run(
    options: O, make_task: Callable[[O], Task], *, stop_at: int | None = None
) -> Path | None:
    """Begin a run and carry it out; see `Run.loop`.

    Parameters
    ----------
    options : RunOptions
    make_task : callable
        Makes the task of the options; the folder is made after it.
    stop_at : int, optional
        Return after this step, as if the process were killed there (for tests).

    Returns
    -------
    pathlib.Path or None
        The model's file; None when stopped.

    Raises
    ------
    TrainingError
        If the folder holds a run already.
    """
    if (Path(options.out) / CHECKPOINT).exists():
        raise TrainingError(
            f"{options.out} holds a run already: add --resume, or choose another --out"
        )
    run = Run(options, make_task(options))
    run.start()
    return run.loop(stop_at)


def resume_run(
    folder: str | Path,
    kind: type[O],
    make_task: Callable[[O], Task],
    *,
    stop_at: int | None = None,
) -> Path | None:
    """Continue the run in a folder, with its own options; see `Run.loop`.

    Parameters
    ----------
    folder : path
        It may have been moved since.
    kind : type
        Class of the options.
    make_task : callable
    stop_at : int, optional

    Raises
    ------
    TrainingError
        If there is no run in the folder, or one with other options.
    """
    path = Path(folder) / RECORD
    recorded = {**read_json(path)["args"], "out": str(folder)}
    try:
        options = kind(**recorded)
    except TypeError as error:
        raise TrainingError(f"{path}: not the options of such a run ({error})") from error
    run = Run(options, make_task(options))
    run.load()
    return run.loop(stop_at)
