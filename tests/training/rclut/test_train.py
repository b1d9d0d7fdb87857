"""Runs of RC-LUT: resumed to the same result, scored as exported, refused options."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("PIL")

import lutsr  # noqa: E402
from training.__main__ import main  # noqa: E402
from training.errors import TrainingError  # noqa: E402
from training.evaluation.methods import model_method  # noqa: E402
from training.evaluation.metrics import psnr_y  # noqa: E402
from training.evaluation.pictures import load_pictures  # noqa: E402
from training.rclut.options import RclutOptions  # noqa: E402
from training.rclut.train import RclutTask, resume, train  # noqa: E402

pytestmark = pytest.mark.usefixtures("no_curves")


@pytest.fixture
def options(pictures, tmp_path):
    return RclutOptions(
        images=str(pictures),
        val=str(pictures),
        out=str(tmp_path / "run"),
        scale=2,
        width=4,
        steps=6,
        batch=2,
        crop=10,
        every=3,
        licences={"pictures": "CC0"},
    )


@pytest.mark.parametrize("tables", ["curves", "lines"])
def test_a_run_stopped_anywhere_gives_the_same_model(options, tables, tmp_path):
    options = replace(options, tables=tables)
    whole = train(options)
    stopped = replace(options, out=str(tmp_path / "stopped"))
    assert train(stopped, stop_at=2) is None  # before the first checkpoint
    assert resume(stopped.out, stop_at=4) is None
    again = resume(stopped.out)
    assert again.read_bytes() == whole.read_bytes()


def test_the_model_is_scored_as_it_is_written(options):
    path = train(options)
    card = json.loads(path.with_suffix(".json").read_text())
    assert card["trained_on"] == [{"name": "pictures", "images": 3, "licence": "CC0"}]
    method = model_method(lutsr.load(path))
    pictures = load_pictures(options.val, 2)
    score = np.mean([psnr_y(method.upscale(p.lr), p.hr, shave=2) for p in pictures])
    assert f",{score:.4f}," in (path.parent / "log.csv").read_text().splitlines()[-1]


def test_training_improves(options):
    first = train(replace(options, steps=1, every=1, out=options.out + "1"))
    path = train(replace(options, steps=25, every=25))
    scores = [float((p.parent / "log.csv").read_text().split(",")[-2]) for p in (first, path)]
    assert scores[1] > scores[0] + 0.1


def test_a_loss_that_is_not_finite_is_told_and_not_saved(options, monkeypatch):
    rate = RclutTask.rate
    monkeypatch.setattr(RclutTask, "rate", lambda self, k: np.nan if k == 2 else rate(self, k))
    options = replace(options, steps=60, every=30)
    # Step 2 spoils the parameters, so step 3 is the first whose loss shows it.
    with pytest.raises(
        TrainingError, match=r"the loss is nan at step 3; .* lower --lr than 0\.001"
    ):
        train(options)
    assert not (Path(options.out) / "checkpoint.pt").exists()
    # Before the losses of 20 steps are read, a checkpoint is due.
    options = replace(options, every=2, out=options.out + "2")
    with pytest.raises(TrainingError, match="the loss is nan at step 3; "):
        train(options)
    run = Path(options.out)
    assert torch.load(run / "checkpoint.pt", weights_only=True)["step"] == 2
    assert len((run / "log.csv").read_text().splitlines()) == 2


def test_wrong_options_are_refused(options):
    with pytest.raises(TrainingError, match="tables must be one of curves, lines, got waves"):
        replace(options, tables="waves")
    with pytest.raises(TrainingError, match="width must be at least 1, got 0"):
        replace(options, width=0)


def test_the_command(pictures, tmp_path, capsys):
    run = ["rclut", "--images", str(pictures), "--out", str(tmp_path / "run"), "--scale", "3"]
    small = ["--width=2", "--steps=1", "--batch=1", "--crop=8", "--tables=lines"]
    assert main([*run, *small, "--cache", str(tmp_path / "cache")]) == 0
    path = capsys.readouterr().out.strip()
    assert path == str(tmp_path / "run" / "rclut_x3.npy")
    assert lutsr.load(path).scale == 3
    assert main(run) == 1
    assert "add --resume" in capsys.readouterr().err
