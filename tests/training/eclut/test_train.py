import csv
import json
import math
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("PIL")
pytest.importorskip("tqdm")
pytest.importorskip("matplotlib")

from training import device as device_module  # noqa: E402
from training.checkpoint import load_checkpoint  # noqa: E402
from training.eclut import quantize  # noqa: E402
from training.eclut.train import learning_rate, resume, train  # noqa: E402
from training.errors import TrainingError  # noqa: E402


def rows(folder):
    with (Path(folder) / "log.csv").open(newline="") as file:
        return [{k: v for k, v in row.items() if k != "seconds"} for row in csv.DictReader(file)]


@pytest.mark.usefixtures("no_curves")
def test_a_killed_run_continues_to_the_same_result(train_options, tmp_path):
    whole, killed = (train_options(out=str(tmp_path / name)) for name in ("whole", "killed"))
    table = train(whole)
    assert train(killed, stop_at=1) is None  # before the first checkpoint
    for stop_at in (4, 5):  # after the second one, and just behind it
        assert resume(killed.out, stop_at=stop_at) is None
    assert not list((tmp_path / "killed").glob("*.npy"))
    resumed = resume(killed.out)
    assert table.read_bytes() == resumed.read_bytes()
    one, two = (load_checkpoint(tmp_path / n / "checkpoint.pt") for n in ("whole", "killed"))
    one, two = one["task"], two["task"]
    assert all(torch.equal(one["net"][name], two["net"][name]) for name in one["net"])
    assert one["loss"] == two["loss"]
    assert rows(tmp_path / "whole") == rows(tmp_path / "killed")


def test_a_run_leaves_a_record(train_options, tmp_path):
    options = train_options(licences={"pictures": "CC0"})
    table = train(options)
    folder = tmp_path / "run"
    wanted = ["args.json", "checkpoint.pt", "curves.png", "log.csv", "tiny_x2.json", "tiny_x2.npy"]
    assert sorted(p.name for p in folder.iterdir()) == wanted
    record = json.loads((folder / "args.json").read_text())
    assert record["args"] == asdict(options)
    assert set(record["versions"]) == {"python", "numpy", "pillow", "torch"}
    assert record["data"] == [{"name": "pictures", "images": 3}]
    log = rows(folder)
    assert [row["step"] for row in log] == ["2", "4", "6"]
    assert all(10 < float(row["val_psnr_y"]) < 100 or float(row["val_psnr_y"]) > 0 for row in log)
    card = json.loads(table.with_suffix(".json").read_text())
    assert card["trained_on"] == [{"name": "pictures", "images": 3, "licence": "CC0"}]


@pytest.mark.usefixtures("no_curves")
def test_a_cache_changes_nothing_but_the_place(train_options, tmp_path):
    plain, cached = (train_options(out=str(tmp_path / name)) for name in ("plain", "cached"))
    one, two = train(plain), train(cached, cache=tmp_path / "cache")
    assert one.read_bytes() == two.read_bytes()
    assert rows(tmp_path / "plain") == rows(tmp_path / "cached")
    assert len(list((tmp_path / "cache").iterdir())) == 6


@pytest.mark.usefixtures("no_curves")
def test_training_learns(train_options, tmp_path):
    table = train(train_options(steps=75, every=75, batch=4, lr=1e-2, width=16))
    assert float(rows(tmp_path / "run")[-1]["val_psnr_y"]) > 20
    assert np.load(table).any()


@pytest.mark.usefixtures("no_curves")
def test_progress_goes_to_stderr_with_the_loss(train_options, capsys):
    train(train_options(val=None))
    told = capsys.readouterr()
    assert told.out == ""
    assert "loss" in told.err
    assert "6/6" in told.err


@pytest.mark.usefixtures("no_curves")
def test_a_folder_with_a_run_is_not_overwritten(train_options):
    train(train_options(), stop_at=3)
    with pytest.raises(TrainingError, match="holds a run already: add --resume"):
        train(train_options())


def test_resume_needs_a_run(train_options, tmp_path):
    with pytest.raises(TrainingError, match=r"cannot read .*args.json"):
        resume(tmp_path / "nothing")


@pytest.mark.usefixtures("no_curves")
def test_a_loss_that_is_no_number_stops_the_run(train_options, tmp_path, monkeypatch):
    train(train_options(), stop_at=2)
    before = (tmp_path / "run" / "checkpoint.pt").read_bytes()
    nan = torch.tensor(math.nan, requires_grad=True)
    monkeypatch.setattr(quantize, "grey_from_sum", lambda sums: sums * nan)
    with pytest.raises(TrainingError, match="the loss is nan at step 2"):
        resume(tmp_path / "run")
    assert (tmp_path / "run" / "checkpoint.pt").read_bytes() == before


def test_learning_rate_rises_then_falls():
    rates = [learning_rate(step, 1000, 1.0) for step in range(1000)]
    assert rates[0] < 0.02
    assert max(rates) > 0.95
    assert rates[-1] < 0.01
    assert rates[110:] == sorted(rates[110:], reverse=True)


def test_cuda_that_is_not_there_is_named(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert device_module.pick_device("auto") == torch.device("cpu")
    with pytest.raises(TrainingError, match="no CUDA device; use --device cpu"):
        device_module.pick_device("cuda")


def test_a_misspelt_licence_shows_before_training(train_options, tmp_path):
    with pytest.raises(TrainingError, match=r"no data set 'pictrues' in this run; it has pictures"):
        train(train_options(licences={"pictrues": "CC0"}))
    assert not (tmp_path / "run").exists()
