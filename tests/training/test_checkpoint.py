import os

import pytest

torch = pytest.importorskip("torch")

from training.checkpoint import load_checkpoint, save_checkpoint  # noqa: E402
from training.errors import TrainingError  # noqa: E402
from training.files import make_folder, write_atomically  # noqa: E402

STATE = {"net": {"w": torch.ones(2)}, "step": 3, "args": {}, "data": []}


def test_comes_back_as_it_was(tmp_path):
    save_checkpoint(tmp_path / "c.pt", STATE)
    found = load_checkpoint(tmp_path / "c.pt")
    assert found["step"] == 3
    assert torch.equal(found["net"]["w"], torch.ones(2))
    assert os.listdir(tmp_path) == ["c.pt"]


@pytest.mark.parametrize("failing", ["fsync", "replace"])
def test_a_failed_write_leaves_the_old_file_and_no_other(tmp_path, monkeypatch, failing):
    path = tmp_path / "file"
    path.write_bytes(b"old")

    def full(*args):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, failing, full)
    with pytest.raises(TrainingError, match=r"cannot write .*file: No space left"):
        write_atomically(path, b"new")
    assert path.read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["file"]


def test_bad_checkpoints_are_named(tmp_path):
    with pytest.raises(TrainingError, match="no such checkpoint"):
        load_checkpoint(tmp_path / "none.pt")
    (tmp_path / "text.pt").write_text("hello")
    with pytest.raises(TrainingError, match="is not a checkpoint"):
        load_checkpoint(tmp_path / "text.pt")
    torch.save({"net": {}}, tmp_path / "other.pt")
    with pytest.raises(TrainingError, match="lacks step: not such"):
        load_checkpoint(tmp_path / "other.pt")
    with pytest.raises(TrainingError, match="lacks args, data: not such"):
        load_checkpoint(tmp_path / "other.pt", keys=("data", "net", "args"))
    torch.save([1], tmp_path / "list.pt")
    with pytest.raises(TrainingError, match=r"list\.pt is not a checkpoint"):
        load_checkpoint(tmp_path / "list.pt")


def test_a_folder_that_cannot_be_made_is_named(tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(TrainingError, match=r"cannot make folder .*file/deeper"):
        make_folder(tmp_path / "file" / "deeper")
    make_folder(tmp_path / "new" / "deeper")
    assert (tmp_path / "new" / "deeper").is_dir()
