import json
import math
import os
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("PIL")
pytest.importorskip("matplotlib")

import lutsr  # noqa: E402
from lutsr._modelfile import read_model  # noqa: E402
from training.eclut.export import load_network  # noqa: E402
from training.eclut.fit import objective as objective_module  # noqa: E402
from training.eclut.fit import task as task_module  # noqa: E402
from training.eclut.fit.objective import Objective, dot  # noqa: E402
from training.eclut.fit.passes import Passes  # noqa: E402
from training.eclut.fit.solver import Rounding  # noqa: E402
from training.eclut.fit.task import first_windows, resume  # noqa: E402
from training.eclut.fit.torch_passes import TorchPasses  # noqa: E402
from training.eclut.options import FitOptions  # noqa: E402
from training.eclut.train import train  # noqa: E402
from training.eclut.windows import limits, reach, symmetrise  # noqa: E402
from training.errors import TrainingError  # noqa: E402
from training.evaluation import pictures  # noqa: E402
from training.evaluation.degrade import upscale_bicubic  # noqa: E402
from training.evaluation.metrics import psnr_y  # noqa: E402
from training.evaluation.pictures import load_pictures  # noqa: E402
from training.record import read_log  # noqa: E402

QUICK = {"free": 4, "limits": 2, "rounding": 3, "every": 2, "smoothness": 5.0, "borders": 5}


def options_of(folder, scale=2, expand_shift=None, **changes) -> FitOptions:
    given = {"images": str(folder), "scale": scale, "expand_shift": expand_shift or scale}
    return FitOptions(
        **given | {k: str(v) if isinstance(v, Path) else v for k, v in changes.items()}
    )


def fit(folder, scale=2, expand_shift=None, *, cache=None, stop_at=None, **changes):
    options = options_of(folder, scale, expand_shift, **changes)
    return task_module.fit(options, cache=cache, stop_at=stop_at)


@pytest.fixture(scope="module", autouse=True)
def few_nodes():
    """Coarse features that take no time to set up."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(objective_module, "KNOTS", (0, 8, 64, 255))
        patch.setattr(objective_module, "MEANS", 2)
        yield


@pytest.fixture(scope="module", autouse=True)
def flats_once():
    """Make constant images exact once for each table: several runs end with the same one."""
    real, done = task_module.exact_flats, {}

    def remembered(table, *how):
        key = table.tobytes(), how
        if key not in done:
            done[key] = real(table, *how)
        return done[key].copy()

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(task_module, "exact_flats", remembered)
        yield


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    """One picture of soft-edged discs, 120 x 132."""
    from PIL import Image

    folder = tmp_path_factory.mktemp("discs")
    rng = np.random.default_rng(3)
    y, x = np.mgrid[:132, :120]
    picture = np.full((132, 120, 3), 90.0)
    for _ in range(40):
        top, left, radius = rng.uniform(0, 130), rng.uniform(0, 120), rng.uniform(4, 25)
        inside = np.clip(radius - np.hypot(y - top, x - left), 0, 1)[..., None]
        picture += inside * (rng.uniform(0, 255, 3) - picture)
    Image.fromarray(picture.round().astype(np.uint8)).save(folder / "discs.png")
    return folder


@pytest.fixture(scope="module")
def fitted(folder, tmp_path_factory) -> Path:
    return fit(folder, 2, out=tmp_path_factory.mktemp("fit") / "run", val=folder, **QUICK)


def test_beats_bicubic_and_runs_on_8_bit_tables(fitted, folder):
    from lutsr._eclut.fusion import fuse

    (picture,) = load_pictures(folder, 2)
    result = lutsr.load(fitted)(picture.lr, channel_axis=-1)
    # On the picture that it was fitted to: the test shows that the fit works, not its quality.
    bicubic = psnr_y(upscale_bicubic(picture.lr, 2), picture.hr, shave=4)
    assert psnr_y(result, picture.hr, shave=4) > bicubic + 1
    model = read_model(fitted)
    fused = fuse(model.tables["lut"], **model.parameters)
    assert fused.vertical.dtype == fused.horizontal.dtype == np.int8


def test_record(fitted, folder):
    record = json.loads((fitted.parent / "args.json").read_text())
    assert {"free", "limited", "int8", "table"} == set(record["val_psnr_y"])
    assert record["args"]["smoothness"] == 5
    assert "numba" in record["versions"]
    lines = (fitted.parent / "log.csv").read_text().splitlines()
    assert len(lines) == 1 + 9
    assert lines[0] == "step,phase,mse,val_psnr_y,seconds"
    mse = [float(line.split(",")[2]) for line in lines[1:]]
    assert mse[3] < mse[0]
    assert mse[8] <= mse[6]
    assert (fitted.parent / "curves.png").stat().st_size > 1000
    card = json.loads(fitted.with_suffix(".json").read_text())
    assert (card["scale"], card["parameters"]) == (2, {"expand_shift": 2, "relative": True})
    assert card["trained_on"][0]["images"] == 1
    # The recorded PSNR is that of the library's result.
    (picture,) = load_pictures(folder, 2)
    result = lutsr.load(fitted)(picture.lr, channel_axis=-1)
    noted = record["val_psnr_y"]["table"]
    assert psnr_y(result, picture.hr, shave=4) == pytest.approx(noted, abs=1e-4)


def same_rows(one: Path, other: Path, last: int) -> bool:
    """Return whether two runs have logged the same up to a step, but for the seconds."""
    rows = [read_log(run / "log.csv", last) for run in (one, other)]
    for row in rows[0] + rows[1]:
        del row["seconds"]
    return rows[0] == rows[1] and len(rows[0]) == last


@pytest.mark.usefixtures("no_curves")
def test_resumed_with_a_cache_equals_uninterrupted_without(fitted, folder, tmp_path, monkeypatch):
    names, real = [], pictures.read_rgb
    monkeypatch.setattr(pictures, "read_rgb", lambda p, **o: names.append(p.name) or real(p, **o))
    run, cache = tmp_path / "run", tmp_path / "cache"
    # Killed in the first phase, and again while it rounds.
    assert fit(folder, 2, out=run, val=folder, cache=cache, stop_at=2, **QUICK) is None
    assert resume(run, cache=cache, stop_at=7) is None
    assert not list(run.glob("*.npy"))
    again = resume(run, cache=cache)
    assert again.read_bytes() == fitted.read_bytes()
    assert same_rows(run, fitted.parent, 9)
    assert names == ["discs.png"]  # each picture is decoded once


@pytest.mark.usefixtures("no_curves")
def test_one_pixel_shift(folder, tmp_path):
    path = fit(folder, 2, 1, out=tmp_path, model="fast", **QUICK)
    (picture,) = load_pictures(folder, 2)
    result = lutsr.load(path)(picture.lr, channel_axis=-1)
    bicubic = psnr_y(upscale_bicubic(picture.lr, 2), picture.hr, shave=4)
    assert psnr_y(result, picture.hr, shave=4) > bicubic


#: One iteration, and no table of it.
FIRST = {**QUICK, "free": 2, "every": 1, "stop_at": 1}


@pytest.mark.usefixtures("no_curves")
def test_starts_from_a_table(fitted, folder, tmp_path):
    fit(folder, 2, out=tmp_path / "warm", init=fitted, **FIRST)
    fit(folder, 2, out=tmp_path / "cold", **FIRST)
    warm, cold = ((tmp_path / name / "log.csv").read_text() for name in ("warm", "cold"))
    assert float(warm.split(",")[6]) < float(cold.split(",")[6])
    with pytest.raises(TrainingError, match=r"cannot start from .*table for 2"):
        fit(folder, 3, out=tmp_path / "other", init=fitted, **FIRST)


def first_mse(run: Path) -> float:
    return float((run / "log.csv").read_text().splitlines()[1].split(",")[2])


@pytest.mark.usefixtures("no_curves")
def test_starts_from_a_network(train_options, folder, tmp_path):
    learn = {"steps": 30, "every": 30, "lr": 1e-2, "val": None, "expand_shift": 1}
    table = train(train_options(images=str(folder), **learn))
    network = table.parent / "checkpoint.pt"
    # With a weight of flat places the table's rounding counts more there.
    run = {**FIRST, "flat_weight": 1}
    for name, start in (("network", network), ("table", table)):
        fit(folder, 2, out=tmp_path / name, init=start, **run)
    # The table is the network's, rounded.
    mse = first_mse(tmp_path / "network")
    assert mse == pytest.approx(first_mse(tmp_path / "table"), rel=0.05)
    with pytest.raises(TrainingError, match="its scale is 2, wanted 3"):
        fit(folder, 3, out=tmp_path / "other", init=network, **run)
    # The distance of taps is that of the start, whatever that of the new table is.
    record = json.loads((tmp_path / "network" / "args.json").read_text())["args"]
    for start in (network, table):
        one, two = (
            first_windows(FitOptions(**{**record, "init": str(start), "expand_shift": shift}))
            for shift in (1, 2)
        )
        assert one.any()
        assert torch.equal(one, two)


def test_curves_are_drawn_whenever_it_saves(folder, tmp_path):
    fit(folder, 2, out=tmp_path / "run", stop_at=2, **QUICK)
    assert (tmp_path / "run" / "curves.png").stat().st_size > 1000


@pytest.mark.usefixtures("no_curves")
def test_the_torch_passes_fit_as_well(fitted, folder, tmp_path, monkeypatch):
    def on_cpu(device, pictures, scale, flat_weight):
        return TorchPasses(pictures, scale, device, flat_weight)

    monkeypatch.setattr(task_module, "passes_on", on_cpu)
    fit(folder, 2, out=tmp_path / "run", val=folder, stop_at=8, **QUICK)  # into the last phase
    one, two = (read_log(run / "log.csv", 8) for run in (fitted.parent, tmp_path / "run"))
    scores = [[float(row["val_psnr_y"] or 0) for row in rows] for rows in (one, two)]
    assert scores[1] == pytest.approx(scores[0], abs=0.02)
    assert sum(score > 20 for score in scores[1]) == 4
    assert float(two[0]["mse"]) == pytest.approx(float(one[0]["mse"]), rel=1e-4)


@pytest.mark.usefixtures("no_curves")
def test_a_full_disk_is_told_with_the_way_on(fitted, folder, tmp_path, monkeypatch):
    real, calls = os.fsync, []

    def full(descriptor):
        calls.append(descriptor)
        if len(calls) == 5:  # arguments; log, checkpoint; log, checkpoint
            raise OSError(28, "No space left on device")
        real(descriptor)

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(TrainingError, match=r"checkpoint\.pt: No space left on device; .*--resume"):
        fit(folder, 2, out=tmp_path / "run", val=folder, **QUICK)
    monkeypatch.setattr(os, "fsync", real)
    assert not [file for file in (tmp_path / "run").iterdir() if file.name.startswith(".")]
    assert resume(tmp_path / "run", stop_at=4) is None
    assert same_rows(tmp_path / "run", fitted.parent, 4)


def test_preconditioner_is_symmetric_and_positive(folder):
    (picture,) = load_pictures(folder, 2)
    objective = Objective(Passes([picture], 2), 5.0, reach(2, 2))
    torch.manual_seed(0)
    a, b = (symmetrise(torch.randn(256, 256, 4, 3, 2, 2)) for _ in range(2))
    one, other = objective.precondition(a), objective.precondition(b)
    assert dot(a, other) == pytest.approx(dot(b, one), rel=1e-3, abs=1e-3)
    assert dot(a, one) > 0
    # The gradient is that of the value, which is quadratic: differences are exact for any step.
    gradient = objective.gradient(a)[0]
    step = objective.precondition(gradient)
    rise = objective.gradient(a + step)[1] - objective.gradient(a - step)[1]
    assert rise == pytest.approx(2 * dot(gradient, step), rel=1e-3)


def test_rounding_keeps_the_constraints(folder):
    (picture,) = load_pictures(folder, 2)
    objective = Objective(Passes([picture], 2), 5.0, reach(2, 2))
    torch.manual_seed(0)
    start = symmetrise(20 * torch.randn(256, 256, 4, 3, 2, 2))
    rounding = Rounding.start(objective, start, limits(2, 2))
    before = rounding.value
    rounding.step(1)
    assert rounding.value < before
    assert torch.equal(rounding.windows, rounding.windows.round())
    assert torch.equal(rounding.windows, symmetrise(rounding.windows))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"scale": 5}, "2, 3 or 4"),
        ({"expand_shift": 3}, "expand_shift must be 1 or the scale 2"),
        ({"smoothness": -1.0}, "smoothness must be at least 0, got -1"),
        ({"smoothness": math.nan}, "smoothness must be at least 0, got nan"),
        ({"every": 0}, "every must be at least 1, got 0"),
        ({"device": "cuda"}, "no CUDA device; use --device cpu"),
        ({"licences": {"elsewhere": "CC0"}}, "no data set 'elsewhere'"),
        ({"metrics": {"Set5": "nowhere"}}, "no such folder of images: nowhere"),
    ],
)
def test_errors(folder, tmp_path, changes, message, monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    arguments = {"scale": 2, **QUICK, **changes}
    with pytest.raises(TrainingError, match=message):
        fit(folder, out=tmp_path / "run", **arguments)
    assert not (tmp_path / "run").exists()


def test_will_not_overwrite_and_refuses_a_broken_checkpoint(fitted, folder, tmp_path):
    with pytest.raises(TrainingError, match="holds a run already"):
        fit(folder, 2, out=fitted.parent, **QUICK)
    fit(folder, 2, out=tmp_path, stop_at=1, **QUICK)
    (tmp_path / "checkpoint.pt").write_bytes(b"half a file")
    with pytest.raises(TrainingError, match="is not a checkpoint"):
        resume(tmp_path)


def test_a_fit_is_no_network(folder, tmp_path):
    fit(folder, 2, out=tmp_path, stop_at=2, **QUICK)
    with pytest.raises(TrainingError, match="checkpoint of a fit of eclut, wanted a network"):
        load_network(tmp_path / "checkpoint.pt")


def test_entries_in_whole_levels_make_windows_of_them(folder):
    from training.eclut.ablation import fit_shape, own_levels

    pictures = load_pictures(folder, 2)
    passes = Passes(pictures, 2)
    objective = Objective(passes, 5.0, reach(2, 0))
    exact, quarter, whole = fit_shape(objective, None, 3, 2)
    assert quarter is None
    with_own = whole + own_levels()
    assert torch.equal(with_own, (with_own / 4).round() * 4)
    assert not (whole * (1 - reach(2, 0))).any()
    assert (whole - exact).abs().max() > 1
    assert (whole - exact).abs().mean() < 4


def test_the_ablation_is_a_table(folder, tmp_path, capsys):
    from training.__main__ import main

    small = ["--iterations=2", "--rounds=1", "--scale=2", f"--cache={tmp_path}"]
    assert main(["ablation", "eclut", "--images", str(folder), "--hr", str(folder), *small]) == 0
    rows = [line.split("|")[1:3] for line in capsys.readouterr().out.splitlines()[2:]]
    assert [name.strip() for name, _ in rows] == [
        "eclut",
        "no expanded convolution, not rounded",
        "no expanded convolution, whole levels",
        *(
            f"expand_shift {shift}, {kind}"
            for shift in (1, 2)
            for kind in ("not rounded", "quarter levels", "whole levels")
        ),
    ]
    scores = [float(score) for _, score in rows]
    assert scores[1] < scores[3] < scores[6]
