"""Reading tables: what is good is read, what is bad is refused with file and reason."""

import json

import numpy as np
import pytest

import lutsr
import lutsr_data
from lutsr._modelfile.table import read_card, read_table


@pytest.fixture
def lut(random_lut):
    return random_lut(2)


def test_reads_a_table_with_its_card(table_file, lut):
    table = read_table(table_file(lut))
    assert (table.model, table.scale, table.expand_shift) == ("mine", 2, 2)
    assert np.array_equal(table.lut, lut)
    assert not table.lut.flags.writeable


def test_a_table_without_a_card_needs_expand_shift(table_file, lut):
    path = table_file(lut, card=False)
    with pytest.raises(ValueError, match=r"expand_shift: .*mine_x2\.npy has no card"):
        lutsr.load(path)
    up = lutsr.load(path, expand_shift=1)
    assert (up.model, up.scale, up.expand_shift, up.card) == ("mine_x2", 2, 1, None)


@pytest.mark.parametrize(
    ("array", "message"),
    [
        (np.zeros((256, 256, 9, 2, 2), np.uint8), "dtype is uint8, wanted int8"),
        (np.zeros((256, 256, 9, 2, 2), np.int16), "dtype is int16"),
        (np.zeros((257, 256, 9, 2, 2), np.int8), r"shape is \(257, 256, 9, 2, 2\)"),
        (np.zeros((256, 256, 9, 2, 3), np.int8), "shape is"),
        (np.zeros((256, 256, 9, 5, 5), np.int8), "shape is"),
        (np.zeros((256, 256, 4, 2, 2), np.int8), "shape is"),
        (np.zeros((256, 256), np.int8), "shape is"),
        (np.int8(3), "shape is"),
        (np.zeros((256, 256, 9, 2, 2), np.int8, order="F"), "entries are in Fortran order"),
    ],
)
def test_refuses_arrays_that_are_no_tables(tmp_path, array, message):
    np.save(tmp_path / "bad.npy", array)
    with pytest.raises(ValueError, match=r"bad\.npy: " + message):
        lutsr.load(tmp_path / "bad.npy", expand_shift=2)


def test_refuses_pickled_objects(tmp_path):
    np.save(tmp_path / "bad.npy", np.array([{}], object), allow_pickle=True)
    with pytest.raises(ValueError, match=r"bad\.npy: dtype is object, wanted int8"):
        lutsr.load(tmp_path / "bad.npy", expand_shift=2)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"hello, I am a table",
        b"\x93NUMPY",
        b"\x93NUMPY\x01\x00",
        b"\x93NUMPY\x09\x00\x04\x00{}\n\n",
        b"\x93NUMPY\x01\x00\x10\x00{'descr': '|i1', ",
        b"\x93NUMPY\x01\x00\x0a\x00not a dict",
    ],
)
def test_refuses_files_that_are_no_npy(tmp_path, content):
    (tmp_path / "bad.npy").write_bytes(content)
    with pytest.raises(ValueError, match=r"bad\.npy: not a \.npy file"):
        lutsr.load(tmp_path / "bad.npy", expand_shift=2)


@pytest.mark.parametrize("change", [-1, -100_000, 1])
def test_refuses_a_file_of_the_wrong_length(table_file, lut, change):
    path = table_file(lut, card=False)
    content = path.read_bytes()
    path.write_bytes(content[:change] if change < 0 else content + b"\0")
    with pytest.raises(ValueError, match=r"bytes of entries, wanted 2359296"):
        lutsr.load(path, expand_shift=2)


def test_a_header_that_claims_terabytes_asks_for_no_memory(tmp_path):
    header = b"{'descr': '|i1', 'fortran_order': False, 'shape': (9000000, 9000000), }"
    header += b" " * (118 - len(header) - 1) + b"\n"
    (tmp_path / "bad.npy").write_bytes(b"\x93NUMPY\x01\x00\x76\x00" + header)
    with pytest.raises(ValueError, match=r"shape is \(9000000, 9000000\)"):
        lutsr.load(tmp_path / "bad.npy", expand_shift=2)


def test_missing_files_and_directories(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"no\.npy: no such table file"):
        lutsr.load(tmp_path / "no.npy", expand_shift=2)
    (tmp_path / "folder.npy").mkdir()
    with pytest.raises(FileNotFoundError, match=r"folder\.npy: no such table file"):
        lutsr.load(tmp_path / "folder.npy", expand_shift=2)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"scale": 4}, "scale is 4, and the table is for 2"),
        ({"sha256": "0" * 64}, "sha256 is not that of mine_x2.npy"),
        ({"format_version": 2}, "format_version is 2"),
        ({"format_version": None}, "format_version is None"),
        ({"shift": 3}, "shift is 3"),
        ({"expand_shift": 5}, "expand_shift: got 5, wanted 1 or the scale, 2"),
        ({"expand_shift": "2"}, "expand_shift is '2', wanted int"),
        ({"model": 7}, "model is 7, wanted str"),
        ({"metrics": []}, r"metrics is \[\], wanted dict"),
    ],
)
def test_refuses_cards_that_disagree(table_file, lut, changes, message):
    with pytest.raises(ValueError, match=message):
        lutsr.load(table_file(lut, **changes))


@pytest.mark.parametrize("content", ["", "{", "[1]", "3", "\x00"])
def test_refuses_cards_that_are_no_cards(table_file, lut, content):
    path = table_file(lut)
    path.with_suffix(".json").write_text(content, encoding="utf-8")
    with pytest.raises(ValueError, match=r"mine_x2\.json: not a card"):
        lutsr.load(path)


def test_arguments_that_contradict_the_table(table_file, lut):
    path = table_file(lut)
    with pytest.raises(ValueError, match=r"scale: got 4, and .* is a table for 2"):
        lutsr.load(path, 4)
    with pytest.raises(ValueError, match=r"expand_shift: got 1, and .* says 2"):
        lutsr.load(path, expand_shift=1)


def test_shipped_tables_match_their_cards():
    cards = lutsr_data.card_paths()
    assert cards
    for path in cards:
        card = read_card(path)
        assert path.stem == f"{card['model']}_x{card['scale']}"
        table = read_table(path.with_suffix(".npy"))  # checks the sha256
        assert (table.model, table.scale) == (card["model"], card["scale"])
        for key in ("trained_on", "command", "commit", "licence"):
            assert card[key], f"{path.name}: {key} is empty"
        assert all(data["licence"] for data in card["trained_on"])
        assert "Set5" in card["metrics"]


def test_every_table_has_a_card():
    tables = {path.stem for path in lutsr_data.DIRECTORY.glob("*.npy")}
    assert tables == {path.stem for path in lutsr_data.card_paths()}


def test_models_lists_what_the_cards_say():
    for model in lutsr.models():
        path = lutsr_data.table_path(model.name, model.scale)
        card = json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))
        assert model.nbytes == path.stat().st_size
        assert model.psnr_y["Set5"] == card["metrics"]["Set5"]["psnr_y"]
        assert model.expand_shift == card["expand_shift"]
