import pytest

pytest.importorskip("torch")

from training.errors import TrainingError
from training.record import commit, read_json, read_log, versions, write_json, write_log

FIELDS = ("step", "loss", "lr", "val_psnr_y", "seconds")


def test_log_comes_back_up_to_a_step(tmp_path):
    path = tmp_path / "log.csv"
    assert read_log(path, 10) == []
    rows = [{"step": s, "loss": "1.5", "lr": "0.1", "seconds": "2"} for s in (5, 10, 15)]
    write_log(path, rows, FIELDS)
    kept = read_log(path, 10)
    assert [row["step"] for row in kept] == ["5", "10"]
    assert kept[0]["val_psnr_y"] == ""
    write_log(path, kept, FIELDS)
    assert read_log(path, 99) == kept


def test_json_comes_back(tmp_path):
    write_json(tmp_path / "a.json", {"x": [1, "ü"]})
    assert read_json(tmp_path / "a.json") == {"x": [1, "ü"]}
    (tmp_path / "b.json").write_text("{")
    for name in ("b.json", "none.json"):
        with pytest.raises(TrainingError, match=f"cannot read .*{name}"):
            read_json(tmp_path / name)


def test_commit_and_versions_are_named(monkeypatch):
    assert commit()
    assert all(versions("numba").values())
    assert set(versions()) == {"python", "numpy", "pillow", "torch"}
    monkeypatch.setenv("PATH", "")
    assert commit() == "unknown"
