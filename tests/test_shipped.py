"""The shipped models: their cards, their list and their digests."""

import json
import math

import numpy as np

import lutsr
import lutsr_data
from lutsr._modelfile import read_card, read_model, read_shipped

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
