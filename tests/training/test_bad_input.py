"""Failures give one line and an exit code, and no file is left incomplete."""

import os
import sys

import numpy as np
import pytest

torch = pytest.importorskip("torch")
Image = pytest.importorskip("PIL.Image")
pytest.importorskip("tqdm")
pytest.importorskip("matplotlib")

import lutsr  # noqa: E402
from training.__main__ import main  # noqa: E402
from training.checkpoint import load_checkpoint  # noqa: E402
from training.eclut import quantize  # noqa: E402
from training.eclut.train import resume, train  # noqa: E402
from training.errors import TrainingError  # noqa: E402


@pytest.fixture
def command(pictures, tmp_path):
    """A quick `train` command on a folder of images."""

    def make(images=pictures, **changes):
        options = {"scale": 2, "steps": 4, "every": 2, "batch": 1, "crop": 8} | changes
        texts = ["train", "--images", str(images), "--out", str(tmp_path / "run")]
        texts += ["--cache", str(tmp_path / "cache")]
        return texts + [t for key, value in options.items() for t in (f"--{key}", str(value))]

    return make


def errors(capsys):
    """Lines of an error, without progress bars and skipped pictures."""
    lines = capsys.readouterr().err.replace("\r", "\n").splitlines()
    return [line for line in lines if line.startswith("error")]


def test_no_images(command, tmp_path, capsys):
    (tmp_path / "empty").mkdir()
    assert main(command(tmp_path / "empty")) == 1
    (line,) = errors(capsys)
    assert line.startswith(f"error: no images in {tmp_path / 'empty'} (looked for .png")
    assert not (tmp_path / "run").exists()


def test_one_image_is_enough(command, pictures, tmp_path):
    for name in ("1.png", "2.png"):
        (pictures / name).unlink()
    assert main(command()) == 0
    assert lutsr.load(tmp_path / "run" / "eclut_x2.npy").scale == 2


def test_images_smaller_than_a_crop(command, tmp_path, capsys):
    assert main(command(crop=48)) == 1
    (line,) = errors(capsys)
    assert "all 3 were skipped, the last for: 96 x 96, wanted at least 104 x 104" in line
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize("scale", [1, 5])
def test_a_scale_outside_2_to_4(command, train_options, tmp_path, capsys, scale):
    with pytest.raises(SystemExit) as left:
        main(command(scale=scale))
    assert left.value.code == 2
    (line,) = errors(capsys)
    assert f"invalid choice: {scale}" in line
    with pytest.raises(TrainingError, match=f"scale must be 2, 3 or 4, got {scale}"):
        train_options(scale=scale)
    assert not (tmp_path / "run").exists()


def test_a_loss_that_is_no_number(command, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(quantize, "grey_from_sum", lambda sums: sums * float("nan"))
    assert main(command()) == 1
    (line,) = errors(capsys)
    assert line.startswith("error: the loss is nan at step 0")
    assert [file.name for file in (tmp_path / "run").iterdir()] == ["args.json"]


@pytest.mark.parametrize("full_at", range(1, 10))
def test_a_full_disk_at_any_write(command, tmp_path, capsys, monkeypatch, full_at):
    """The disk is full at the n-th flush: all files are complete, and resuming finishes the run."""
    written, real = [], os.fsync

    def fsync(descriptor):
        written.append(descriptor)
        if len(written) == full_at + 6:  # six are the cache's: three pictures at two sizes
            raise OSError(28, "No space left on device")
        real(descriptor)

    monkeypatch.setattr(os, "fsync", fsync)
    assert main(command()) == 1
    (line,) = errors(capsys)
    assert "No space left on device" in line
    folder = tmp_path / "run"
    assert not [file for file in folder.iterdir() if file.name.startswith(".")]
    if (folder / "checkpoint.pt").exists():
        assert load_checkpoint(folder / "checkpoint.pt")["step"] in (2, 4)
    if (folder / "eclut_x2.npy").exists():
        assert np.load(folder / "eclut_x2.npy").shape == (256 * 256 * 9 * 2 * 2,)
    monkeypatch.undo()
    again = ["train", "--out", str(folder), "--resume", "--cache", str(tmp_path / "cache")]
    if full_at > 1:  # the first write is the run's arguments: without them there is no run
        assert main(again) == 0
        lutsr.load(folder / "eclut_x2.npy")


@pytest.mark.skipif(sys.platform == "win32", reason="needs POSIX limits")
def test_a_checkpoint_that_only_fits_in_part(train_options, tmp_path):
    """The operating system stops a write in the middle of the file."""
    import resource

    train(train_options(), stop_at=2)
    folder = tmp_path / "run"
    before = {file.name: file.read_bytes() for file in folder.iterdir()}
    limit = len(before["checkpoint.pt"]) // 2
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, hard))
    try:
        with pytest.raises(TrainingError, match=r"cannot write .*checkpoint\.pt: .*--resume"):
            resume(folder)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    after = {file.name: file.read_bytes() for file in folder.iterdir()}
    assert set(after) == set(before)
    assert after["checkpoint.pt"] == before["checkpoint.pt"]
    assert resume(folder).is_file()
