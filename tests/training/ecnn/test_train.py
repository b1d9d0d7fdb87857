"""Runs of ECNN: resumed to the same result, with tables in the loop, refused options."""

import json
import re
from dataclasses import replace

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("PIL")

from torch.utils._python_dispatch import TorchDispatchMode  # noqa: E402
from torch.utils._pytree import tree_leaves  # noqa: E402

import lutsr  # noqa: E402
from training.__main__ import main  # noqa: E402
from training.checkpoint import load_checkpoint  # noqa: E402
from training.degradation.named import NAMED  # noqa: E402
from training.ecnn import plain, steps  # noqa: E402
from training.ecnn.crops import LumaCrops, luma, planes_of  # noqa: E402
from training.ecnn.degraded import DegradedCrops  # noqa: E402
from training.ecnn.options import EcnnOptions  # noqa: E402
from training.ecnn.train import EcnnTask, resume, train  # noqa: E402
from training.errors import TrainingError  # noqa: E402
from training.evaluation.pictures import load_pictures  # noqa: E402

pytestmark = pytest.mark.usefixtures("no_curves")


@pytest.fixture
def options(pictures, tmp_path):
    return EcnnOptions(
        images=str(pictures),
        val=str(pictures),
        out=str(tmp_path / "run"),
        scale=2,
        channels=4,
        layers=1,
        window=3,
        steps=12,
        batch=2,
        crop=16,
        every=4,
        round_at=0.4,
        excess_at=0.4,
        tables_at=0.7,
        licences={"pictures": "CC0"},
    )


def test_a_run_stopped_anywhere_gives_the_same_model(options, tmp_path):
    whole = train(options)
    stopped = replace(options, out=str(tmp_path / "stopped"))
    for step in (3, 5, 9):  # before, between and after checkpoints, and in all three phases
        make = train if step == 3 else resume
        assert make(stopped if step == 3 else stopped.out, stop_at=step) is None
    again = resume(stopped.out)
    assert again.read_bytes() == whole.read_bytes()
    last = [load_checkpoint(path.parent / "checkpoint.pt")["task"] for path in (whole, again)]
    assert last[0]["loss"] == last[1]["loss"]
    logs = [(path.parent / "log.csv").read_text().splitlines() for path in (whole, again)]
    assert [line.rsplit(",", 1)[0] for line in logs[0]] == [
        line.rsplit(",", 1)[0] for line in logs[1]
    ]


def test_the_model_is_scored_as_it_is_written(options):
    path = train(options)
    card = json.loads(path.with_suffix(".json").read_text())
    assert card["family"] == "chain"
    assert card["trained_on"] == [{"name": "pictures", "images": 3, "licence": "CC0"}]
    upscaler = lutsr.load(path)
    scores = []
    for picture in load_pictures(options.val, 2):
        planes = planes_of(picture)
        error = (upscaler(planes.lr) - planes.hr / 256)[2:-2, 2:-2] * 219 / 255
        scores.append(10 * np.log10(255**2 / np.mean(error**2)))
    last = (path.parent / "log.csv").read_text().splitlines()[-1]
    assert f",{np.mean(scores):.4f}," in last


def test_training_improves(options):
    options = replace(options, steps=150, every=150, lr=0.01)
    first = train(replace(options, steps=1, every=1, out=options.out + "1"))
    path = train(options)
    scores = [float((p.parent / "log.csv").read_text().split(",")[-2]) for p in (first, path)]
    assert scores[1] > scores[0] + 0.5


def test_a_run_can_start_from_another(options):
    train(options)
    checkpoint = options.out + "/checkpoint.pt"
    other = replace(options, out=options.out + "3", scale=3, init=checkpoint, steps=1, every=1)
    train(replace(other, lr=0))
    found = [load_checkpoint(f"{folder}/checkpoint.pt")["task"]["network"] for folder in
             (options.out, other.out)]  # fmt: skip
    assert torch.equal(found[0]["hidden.0"], found[1]["hidden.0"])
    assert len(found[1]["last"]) == 9


def test_crops_have_all_orientations_and_fit_their_targets(options):
    planes = [planes_of(picture) for picture in load_pictures(options.images, 2)]
    crops = LumaCrops(planes, 12, 2, 4, seed=5)
    inputs, targets = crops(0)
    assert (inputs.shape, targets.shape) == ((4, 12, 12), (4, 8, 8, 4))
    assert all(np.array_equal(a, b) for a, b in zip(crops(0), (inputs, targets), strict=True))
    assert not np.array_equal(crops(1)[0], inputs)
    # Cells of the target have nearly the mean of the pixel that they become.
    inner = inputs[:, 2:-2, 2:-2].astype(float)
    assert abs(targets.mean(-1) / 256 - inner).mean() < 2


def test_degraded_crops_fit_their_targets_and_their_base_their_colours(options):
    pictures = load_pictures(options.images, 2)
    plain = DegradedCrops(pictures, NAMED["clean"], 16, 2, 4, seed=5)
    inputs, targets = plain(0)
    expected = LumaCrops([planes_of(picture) for picture in pictures], 16, 2, 4, seed=5)(0)
    assert np.array_equal(targets, expected[1])
    # At a crop's border the reduction lacks pixels that are cut off 8 input pixels away.
    assert np.array_equal(inputs, expected[0])

    mixed = DegradedCrops(pictures, NAMED["photo"], 16, 2, 4, seed=5)
    one, other = mixed(3), mixed(3)
    assert all(np.array_equal(a, b) for a, b in zip(one, other, strict=True))
    assert not np.array_equal(one[0], plain(3)[0])
    noisy = DegradedCrops(pictures, NAMED["noise-10"], 16, 2, 4, seed=5)
    bases = [crops.colour_base(3) for crops in (plain, noisy)]
    for base in bases:
        assert base.shape == (4, 9)
        assert abs(base.sum(1)).max() < 1e-5
    own = [1 + base[:, 4].mean() for base in bases]
    assert own[1] < 0.6 * own[0]  # noise makes it average


def test_a_degraded_run_says_so_and_keeps_its_base(options):
    options = replace(options, degrade="photo", steps=2, every=1)
    path = train(options)
    card = json.loads(path.with_suffix(".json").read_text())
    assert card["degradation"]["name"] == "photo"
    assert card["degradation"]["seed"] == options.seed
    assert re.fullmatch(r"libjpeg(-turbo)? [0-9].*", card["degradation"]["jpeg_encoder"])
    crops = DegradedCrops(load_pictures(options.images, 2), NAMED["photo"], 16, 3, 2, options.seed)
    kept = load_checkpoint(f"{options.out}/checkpoint.pt")["task"]["network"]["base"]
    assert np.array_equal(kept.numpy(), crops.colour_base(3))


def test_other_processes_make_the_same_crops(options):
    whole = train(replace(options, degrade="photo", steps=5))
    helped = replace(options, degrade="photo", steps=5, out=options.out + "2", workers=2)
    assert train(helped, stop_at=4) is None
    assert resume(helped.out).read_bytes() == whole.read_bytes()


def test_a_run_can_start_from_a_shipped_model(options):
    options = replace(options, init="ecnn-small_x4", channels=8, layers=4, window=5, crop=24)
    train(replace(options, steps=1, every=1, lr=0))
    found = load_checkpoint(f"{options.out}/checkpoint.pt")["task"]["network"]
    assert found["hidden.0"].abs().max() > 0.2
    with pytest.raises(TrainingError, match="cannot start from eclut_x4"):
        train(replace(options, init="eclut_x4", out=options.out + "2"))


class OnDevice(TorchDispatchMode):
    """Refuses what a recorded step of a GPU may not do: to read a value, or to copy one there."""

    def __torch_dispatch__(self, function, types, args=(), kwargs=None):
        devices = {x.device.type for x in tree_leaves((args, kwargs)) if torch.is_tensor(x)}
        assert devices <= {"meta"}, f"{function} of {devices}"
        assert function is not torch.ops.aten._local_scalar_dense.default
        return function(*args, **(kwargs or {}))


@pytest.mark.parametrize("rounded", [False, True])
def test_a_step_stays_on_its_device(options, monkeypatch, rounded):
    """`meta` has no values; like CUDA it is neither read nor mixed with the CPU unnoticed."""
    monkeypatch.setattr(steps, "operations", lambda device: plain)
    task = EcnnTask(replace(options, batch=2))
    task.network.to("meta")
    image, wanted = (torch.from_numpy(each).to("meta") for each in task.crops(0))
    muon = torch.optim.Muon(task.network.matrices())
    with OnDevice():
        loss = task.optimization.gradients(image, wanted.int(), rounded, True)
        muon.step()
    assert loss.device.type == "meta"
    assert all(one.grad is not None for one in task.network.parameters())


def test_luma_is_the_librarys():
    image = np.array([[[255, 255, 255], [255, 0, 0], [0, 255, 0], [0, 0, 255]]], np.uint8)
    assert ((luma(image) + 128) >> 8).tolist() == [[255, 77, 149, 29]]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"window": 4}, "window must be odd, got 4"),
        ({"units": 12}, r"units must be one of \(8, 16, 32, 64\), got 12"),
        ({"last_units": 4}, r"last_units must be one of \(8, 16, 32, 64\), got 4"),
        ({"workers": 2}, "workers are for degraded inputs"),
        ({"tables_at": 0.1}, "tables_at must not be below round_at, 0.4, got 0.1"),
        ({"round_at": 1.5}, "round_at must be within 0 and 1, got 1.5"),
        ({"crop": 6}, "crop must be more than 6, got 6"),
        ({"channels": 0}, "channels must be at least 1, got 0"),
    ],
)
def test_wrong_options_are_refused(options, changes, message):
    with pytest.raises(TrainingError, match=message):
        replace(options, **changes)


def test_the_command(pictures, tmp_path, capsys):
    run = ["ecnn", "--images", str(pictures), "--out", str(tmp_path / "run"), "--scale", "3"]
    small = ["--channels=2", "--layers=0", "--window=3", "--steps=2", "--batch=1", "--crop=8"]
    assert main([*run, *small, "--cache", str(tmp_path / "cache")]) == 0
    path = capsys.readouterr().out.strip()
    assert path == str(tmp_path / "run" / "ecnn_x3.npy")
    assert lutsr.load(path).scale == 3
    assert main(run) == 1
    assert "add --resume" in capsys.readouterr().err
