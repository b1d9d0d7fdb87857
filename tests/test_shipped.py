"""The shipped models: their cards, their list and their digests."""

import json
import math
import os
import shutil
from pathlib import Path

import numpy as np
import pytest

import lutsr
import lutsr_data
from lutsr._modelfile import read_card, read_model, read_shipped, shipped

#: The folder of the shipped models.
SOURCE = lutsr_data.DIRECTORY

SHIPPED = {
    # Digests of the shipped models: of all that their results depend on.
    ("eclut", 2): "52c37d01a6eb0208b300a9861d743de4fde963541cc722e777e6e71f82f00dec",
}


def test_shipped_models_match_their_cards():
    cards = lutsr_data.card_paths()
    assert cards
    for path in cards:
        card = read_card(path)
        assert path.stem == f"{card.model}_x{card.scale}"
        model = read_model(path.with_suffix(".npy"))  # checks the sha256
        assert (model.name, model.scale, model.family) == (card.model, card.scale, card.family)
        for key in ("trained_on", "command", "commit", "licence"):
            assert card.fields[key], f"{path.name}: {key} is empty"
        assert all(data["licence"] for data in card.fields["trained_on"])
        assert "Set5" in card.psnr_y


def test_every_table_has_a_card():
    tables = {path.stem for path in lutsr_data.DIRECTORY.glob("*.npy")}
    assert tables == {path.stem for path in lutsr_data.card_paths()}


def test_digests_do_not_depend_on_the_version_of_lutsr():
    for (name, scale), digest in SHIPPED.items():
        assert read_shipped(name, scale).digest == digest


def test_models_lists_what_the_cards_say():
    for model in lutsr.models():
        path = lutsr_data.table_path(model.name, model.scale)
        card = json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))
        stored = np.load(path, mmap_mode="r")
        assert model.nbytes == stored.nbytes
        assert model.psnr_y["Set5"] == card["metrics"]["Set5"]["psnr_y"]
        assert model.family == card.get("family", "eclut")
        tables = card.get("tables", [{"shape": stored.shape}])
        assert model.entries == sum(math.prod(table["shape"]) for table in tables)


@pytest.fixture
def cards(tmp_path, monkeypatch):
    """Have two cards shipped; return their folder and a list of the cards that are read."""
    for scale in (2, 3):
        for suffix in (".json", ".npy"):
            shutil.copy(SOURCE / f"ecnn_x{scale}{suffix}", tmp_path)
    read = []

    def count(path):
        read.append(Path(path).name)
        return read_card(path)

    monkeypatch.setattr(shipped, "read_card", count)
    monkeypatch.setattr(lutsr_data, "DIRECTORY", tmp_path)
    return tmp_path, read


def listed():
    return [(model.name, model.scale, model.psnr_y["Set5"]) for model in lutsr.models()]


def change(card, psnr_y):
    """Write a card anew, with another figure of as many characters."""
    fields = json.loads(card.read_text(encoding="utf-8"))
    fields["metrics"]["Set5"]["psnr_y"] = psnr_y
    card.write_text(json.dumps(fields), encoding="utf-8")


def test_cards_are_read_once(cards):
    _, read = cards
    first = lutsr.models()
    assert sorted(read) == ["ecnn_x2.json", "ecnn_x3.json"]
    assert lutsr.models() == first
    assert len(read) == 2


def test_what_a_caller_does_to_a_list_is_seen_by_nobody_else(cards):
    before = listed()
    models = lutsr.models()
    models[0].psnr_y["Set5"] = 99.0
    models.clear()
    assert listed() == before


def test_a_card_that_is_added_or_removed_is_noticed(cards):
    folder, read = cards
    two = listed()
    for suffix in (".json", ".npy"):
        shutil.copy(SOURCE / f"ecnn_x4{suffix}", folder)
    three = listed()
    assert [scale for _, scale, _ in three] == [2, 3, 4]
    assert len(read) == 3
    (folder / "ecnn_x4.json").unlink()
    assert listed() == two
    (folder / "ecnn_x3.npy").unlink()
    with pytest.raises(FileNotFoundError, match=r"ecnn_x3\.npy"):
        lutsr.models()


def test_a_card_that_is_written_anew_is_noticed(cards):
    folder, read = cards
    card = folder / "ecnn_x2.json"
    for number, psnr_y in enumerate((11.25, 22.25, 33.5)):
        change(card, psnr_y)
        # A clock that has ticked between the writes, however coarse it is.
        os.utime(card, ns=(0, 10**18 + number))
        assert listed()[0] == ("ecnn", 2, psnr_y)
    assert read.count("ecnn_x3.json") == 1


def test_a_card_that_replaces_another_of_the_same_size_and_time_is_noticed(cards):
    folder, _ = cards
    card, other = folder / "ecnn_x2.json", folder / "other.json"
    other.write_bytes(card.read_bytes())
    for path, psnr_y in ((card, 11.25), (other, 22.25)):
        change(path, psnr_y)
        os.utime(path, ns=(0, 10**18))
    assert card.stat().st_size == other.stat().st_size
    assert listed()[0] == ("ecnn", 2, 11.25)
    other.replace(card)
    assert listed()[0] == ("ecnn", 2, 22.25)


def test_a_wrong_card_is_refused_at_every_call(cards):
    folder, _ = cards
    lutsr.models()
    (folder / "ecnn_x2.json").write_text("{}", encoding="utf-8")
    for _ in range(2):
        with pytest.raises(ValueError, match=r"ecnn_x2\.json: format_version"):
            lutsr.models()
