"""`Run` with a task that only counts: what every family's runs share."""

import json
from dataclasses import dataclass
from functools import partial

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("PIL")
pytest.importorskip("tqdm")
pytest.importorskip("matplotlib")

from training.errors import TrainingError  # noqa: E402
from training.options import RunOptions  # noqa: E402
from training.run import Task, load_run, resume_run, start_run  # noqa: E402


@dataclass(frozen=True, kw_only=True)
class CountOptions(RunOptions):
    model: str = "count"
    every: int = 3
    total: int = 7


class CountTask(Task):
    kind = "count"
    unit = "step"
    log_fields = ("loss",)
    packages = ()

    def __init__(self, options, calls):
        self.total, self.calls = options.total, calls
        self.data = [{"name": "none", "images": 0}]
        self.sum = -1

    def start(self):
        self.sum = 0

    def advance(self, step):
        self.calls.append(step)
        self.sum += step

    def log_row(self, step, saving):
        return {"loss": str(self.sum)} if saving else None

    def summary(self):
        return f"sum {self.sum}"

    def state(self):
        return {"sum": self.sum}

    def load(self, state):
        self.sum = state["sum"]

    def finish(self, run):
        run.note(result=self.sum)
        return run.folder / "model"


def options(tmp_path, **changes):
    return CountOptions(images="none", out=str(tmp_path / "run"), **changes)


def test_a_run_leaves_record_log_checkpoint_and_curves(tmp_path, capsys):
    calls = []
    given = options(tmp_path)
    assert start_run(given, partial(CountTask, calls=calls)) == tmp_path / "run" / "model"
    assert calls == list(range(7))
    names = sorted(path.name for path in (tmp_path / "run").iterdir())
    assert names == ["args.json", "checkpoint.pt", "curves.png", "log.csv"]
    record = json.loads((tmp_path / "run" / "args.json").read_text())
    assert CountOptions(**record["args"]) == given
    assert record["result"] == sum(range(7))
    log = (tmp_path / "run" / "log.csv").read_text().splitlines()
    assert log[0] == "step,loss,seconds"
    assert [line.rsplit(",", 1)[0] for line in log[1:]] == ["3,3", "6,15", "7,21"]
    state = load_run(tmp_path / "run" / "checkpoint.pt", "count")
    assert (state["step"], state["task"]) == (7, {"sum": 21})
    shown = capsys.readouterr()
    assert shown.out == ""
    assert "7/7" in shown.err
    assert "sum 21" in shown.err


@pytest.mark.parametrize(("stop_at", "first"), [(2, 0), (3, 3), (5, 3)])
def test_resumes_at_the_last_checkpoint(tmp_path, stop_at, first):
    calls = []
    make = partial(CountTask, calls=calls)
    assert start_run(options(tmp_path), make, stop_at=stop_at) is None
    calls.clear()
    moved = (tmp_path / "run").rename(tmp_path / "moved")
    assert resume_run(moved, CountOptions, make) == moved / "model"
    assert calls == list(range(first, 7))
    assert json.loads((moved / "args.json").read_text())["result"] == 21


def test_a_run_that_is_done_can_be_finished_again(tmp_path):
    calls = []
    make = partial(CountTask, calls=calls)
    start_run(options(tmp_path), make)
    calls.clear()
    assert resume_run(tmp_path / "run", CountOptions, make) == tmp_path / "run" / "model"
    assert not calls
    with pytest.raises(TrainingError, match="holds a run already: add --resume"):
        start_run(options(tmp_path), make)


def test_runs_of_other_kinds_are_refused(tmp_path):
    make = partial(CountTask, calls=[])
    start_run(options(tmp_path), make, stop_at=3)
    with pytest.raises(TrainingError, match="is the checkpoint of a count, wanted a network"):
        load_run(tmp_path / "run" / "checkpoint.pt", "network")
    path = tmp_path / "run" / "args.json"
    record = json.loads(path.read_text())
    path.write_text(json.dumps({**record, "args": {**record["args"], "colour": 1}}))
    with pytest.raises(TrainingError, match=r"args\.json: not the options of such a run .*colour"):
        resume_run(tmp_path / "run", CountOptions, make)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"scale": 5}, "the scale must be 2, 3 or 4, got 5"),
        ({"device": "tpu"}, "device must be one of auto, cpu, cuda, got tpu"),
        ({"every": 0}, "every must be at least 1, got 0"),
    ],
)
def test_wrong_options_are_named(tmp_path, changes, message):
    with pytest.raises(TrainingError, match=message):
        options(tmp_path, **changes)
