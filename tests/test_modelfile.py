"""Model files: written files are read back, errors name the file and the field."""

import json
import pickle
import sys
from types import SimpleNamespace

import numpy as np
import pytest

from lutsr import load
from lutsr._eclut.reference import upscale_reference
from lutsr._engine import FAMILIES, open_engine
from lutsr._modelfile import Model, read_model, write_model

from .programs import run_program


@pytest.fixture
def lut(random_lut):
    return random_lut(2)


@pytest.fixture
def free_family(monkeypatch):
    """A family without rules of its own, so that only those of the file format apply."""
    monkeypatch.setitem(FAMILIES, "free", "free_family.engine")
    rules = SimpleNamespace(check_model=lambda model: None)
    monkeypatch.setitem(sys.modules, "free_family.card", rules)


def free_model(**changes):
    fields = {
        "name": "free",
        "scale": 4,
        "family": "free",
        "parameters": {"stages": [{"layers": [{"taps": [[0, -1], [2, 3]], "round": "even"}]}]},
        "tables": {
            "odd": np.arange(-3, 4, dtype=np.int8),
            "codes": np.arange(256, dtype=np.uint8).reshape(4, 8, 8),
            "wide": np.array([[-32768, 1], [256, 32767]], np.int16),
            "wider": np.array([-(2**31), 2**31 - 1], np.int32),
        },
    }
    return Model(**fields | changes)


def edit(path, **changes):
    """Change fields of a card; None deletes one."""
    card_path = path.with_suffix(".json")
    card = json.loads(card_path.read_text(encoding="utf-8")) | changes
    card = {key: value for key, value in card.items() if value is not None}
    card_path.write_text(json.dumps(card), encoding="utf-8")
    return path


def test_format_1_is_read_as_eclut(table_file, lut):
    path = table_file(lut)
    model = read_model(path)
    assert (model.name, model.scale, model.family) == ("mine", 2, "eclut")
    assert model.parameters == {"expand_shift": 2}
    assert list(model.tables) == ["lut"]
    assert np.array_equal(model.tables["lut"], lut)
    assert not model.tables["lut"].flags.writeable
    assert model.card == json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))
    image = np.random.default_rng(0).integers(0, 256, (9, 8), np.uint8)
    want = upscale_reference(image, lut, expand_shift=2)  # the own level is in the table
    assert np.array_equal(load(path)(image), want)


def test_eclut_survives_a_round_trip(table_file, lut, tmp_path):
    old = read_model(table_file(lut, expand_shift=1))
    path = tmp_path / "new.npy"
    write_model(path, old, metrics={"Set5": {"psnr_y": 30.5}}, licence="CC0")
    new = read_model(path, 2)
    assert (new.name, new.scale, new.family) == (old.name, old.scale, old.family)
    assert new.parameters == old.parameters == {"expand_shift": 1}
    assert np.array_equal(new.tables["lut"], lut)
    assert new.digest == old.digest
    assert new.card["format_version"] == 2
    assert (new.card["licence"], new.card["metrics"]) == ("CC0", {"Set5": {"psnr_y": 30.5}})
    assert np.load(path).shape == (lut.size,)
    assert sorted(file.name for file in tmp_path.iterdir()) == [
        "mine_x2.json", "mine_x2.npy", "new.json", "new.npy",
    ]  # fmt: skip


def test_a_chain_survives_a_round_trip(tmp_path):
    look_up = {
        "table": "lut",
        "in": "image",
        "taps": [[[0, 0, 0], [1, 1, 0]]],
        "step": 16,
        "border": "edge",
    }
    layer = {"out": "cells", "look_ups": [look_up], "place": {"cells": 3}}
    stage = {"out": "result", "rotations": 4, "layers": [layer], "divisor": 16, "clamp": (0, 255)}
    lut = np.random.default_rng(0).integers(-128, 128, (1, 17**2, 9), dtype=np.int8)
    old = Model("mine", 3, "chain", {"stages": [stage]}, {"lut": lut})
    write_model(tmp_path / "mine_x3.npy", old)
    new = read_model(tmp_path / "mine_x3.npy", 3)
    assert (new.name, new.scale, new.family, new.digest) == ("mine", 3, "chain", old.digest)
    image = np.random.default_rng(1).integers(0, 256, (5, 7, 1), dtype=np.int32)
    sums = [open_engine(model).sums(image, 1, 0, 5) for model in (old, new)]
    assert np.array_equal(*sums)
    stage["layers"][0]["place"]["cells"] = 2
    wrong = Model("mine", 3, "chain", {"stages": [stage]}, {"lut": lut})
    with pytest.raises(ValueError, match=r"^parameters\.stages\[0\]\."):
        write_model(tmp_path / "wrong.npy", wrong)


def test_tables_of_every_type_survive_a_round_trip(free_family, tmp_path):
    old = free_model()
    write_model(tmp_path / "free.npy", old)
    new = read_model(tmp_path / "free.npy")
    assert new.parameters == old.parameters
    assert list(new.tables) == list(old.tables)
    for name, table in old.tables.items():
        got = new.tables[name]
        assert (got.dtype, got.shape) == (table.dtype, table.shape)
        assert got.dtype.isnative
        assert got.flags.aligned
        assert not got.flags.writeable
        assert np.array_equal(got, table)
    assert new.digest == old.digest
    # int16 256 is stored low byte first, on any machine.
    flat = np.load(tmp_path / "free.npy")
    assert flat[7 + 256 + 4 : 7 + 256 + 6].tolist() == [0, 1]


def test_lists_of_integers_take_one_line_of_a_card(free_family, tmp_path):
    tricky = '[\n  1,\n  2\n]"'
    write_model(tmp_path / "free.npy", free_model(), note=tricky, floats=[1.5, 2])
    text = (tmp_path / "free.json").read_text(encoding="utf-8")
    assert '"shape": [4, 8, 8]' in text
    card = json.loads(text)
    assert (card["note"], card["floats"]) == (tricky, [1.5, 2])
    assert card["parameters"] == free_model().parameters


def test_models_are_fixed_once_made(lut):
    table, parameters = lut.copy(), {"expand_shift": 2, "list": (1, 2)}
    model = Model("mine", 2, "eclut", parameters, {"lut": table})
    digest = model.digest
    table[:] = 0
    parameters["expand_shift"] = 1
    assert np.array_equal(model.tables["lut"], lut)
    assert model.parameters == {"expand_shift": 2, "list": [1, 2]}
    for change in (
        lambda: model.tables["lut"].fill(0),
        lambda: model.tables.update(lut=table),
        lambda: model.parameters.update(expand_shift=1),
        lambda: setattr(model, "scale", 3),
    ):
        with pytest.raises((ValueError, AttributeError)):
            change()
    again = pickle.loads(pickle.dumps(model))  # noqa: S301
    assert again.digest == digest
    assert not again.tables["lut"].flags.writeable
    assert again.card is None


def test_tables_of_any_layout_are_the_same_model():
    table = np.arange(12, dtype=np.int16).reshape(3, 4)
    model = free_model(tables={"a": table})
    for same in (table.T.copy().T, table.astype(">i2"), table[::-1].copy()[::-1]):
        other = free_model(tables={"a": same})
        assert other.digest == model.digest
        assert other.tables["a"].flags.c_contiguous
        assert other.tables["a"].dtype.isnative


def test_the_digest_is_of_what_results_depend_on():
    model = free_model()
    tables = dict(model.tables)
    assert free_model(name="other", card={"a": 1}).digest == model.digest
    assert free_model(tables=dict(reversed(tables.items()))).digest == model.digest
    changed = [
        {"scale": 3},
        {"family": "other"},
        {"parameters": {}},
        {"tables": {**tables, "odd": tables["odd"][::-1]}},
        {"tables": {**tables, "odd": tables["odd"].view(np.uint8)}},
        {"tables": {**tables, "codes": tables["codes"].reshape(8, 4, 8)}},
        {"tables": {("even" if name == "odd" else name): t for name, t in tables.items()}},
    ]
    assert len({free_model(**change).digest for change in changed} | {model.digest}) == 8


@pytest.mark.parametrize(
    "value", [float("nan"), float("inf"), object(), {1, 2}, np.int64(3), b"bytes"]
)
def test_parameters_are_json(value):
    with pytest.raises(ValueError, match="parameters: cannot be written as JSON"):
        free_model(parameters={"a": value})


@pytest.mark.parametrize("dtype", ["float32", "int64", "bool", "object", "uint16"])
def test_types_of_tables_are_few(dtype):
    with pytest.raises(ValueError, match=f"dtype of 'a' is {dtype}, wanted one of int8, uint8"):
        free_model(tables={"a": np.zeros(3, dtype)})


def test_what_cannot_be_read_is_not_written(lut, tmp_path, free_family):
    def refused(model, message, path="bad.npy", **fields):
        with pytest.raises(ValueError, match=message):
            write_model(tmp_path / path, model, **fields)
        assert not list(tmp_path.iterdir())

    eclut = {"family": "eclut", "scale": 2, "parameters": {"expand_shift": 2}}
    refused(free_model(family="none"), "family: got 'none', wanted one of .*'eclut'")
    refused(free_model(), r"wanted a name that ends in \.npy", path="bad.bin")
    refused(free_model(), "got 'scale', which the model itself determines", scale=4)
    refused(free_model(), "metrics of 'a' are", metrics={"a": 3})
    refused(free_model(), "Out of range float", note=float("nan"))
    refused(free_model(tables={}), r"tables is \[\]")
    refused(free_model(tables={"": np.zeros(1, np.int8)}), r"tables\[0\]\.name is ''")
    refused(free_model(tables={"a": np.zeros((2, 0), np.int8)}), r"tables\[0\]\.shape is \[2, 0\]")
    refused(free_model(**eclut, tables={"a": lut}), "tables: got 'a', wanted 'lut' alone")
    refused(free_model(**eclut, tables={"lut": lut[0]}), "tables: 'lut' is int8")
    refused(free_model(**eclut | {"scale": 3}, tables={"lut": lut}), "expand_shift: got 2")
    refused(free_model(**eclut | {"scale": 5}, tables={"lut": lut}), r"scale: got 5, wanted one of")
    refused(free_model(scale=5), r"scale is 5, wanted one of \(2, 3, 4\)")
    for parameters, message in (
        ({"expand_shift": 2, "step": 1}, "parameters: got 'expand_shift', 'step', wanted 'expand_"),
        ({"relative": True}, "parameters: got 'relative', wanted 'expand_shift', and perhaps"),
        ({"expand_shift": 2, "relative": 1}, "relative: got 1, wanted true or false"),
    ):
        refused(free_model(**eclut | {"parameters": parameters}, tables={"lut": lut}), message)


def test_a_failed_write_leaves_the_old_files(tmp_path, free_family, monkeypatch):
    path = tmp_path / "free.npy"
    write_model(path, free_model())
    before = {file: file.read_bytes() for file in tmp_path.iterdir()}

    def full(number):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("lutsr._modelfile.write.os.fsync", full)
    with pytest.raises(OSError, match="No space left"):
        write_model(path, free_model(parameters={}))
    assert {file: file.read_bytes() for file in tmp_path.iterdir()} == before


@pytest.mark.parametrize("shape", [(256, 256, 9, 2, 2), (256, 256, 9, 3, 3), (10,), ()])
def test_a_table_without_a_card_says_how_to_write_one(tmp_path, shape):
    path = tmp_path / "mine_x2.npy"
    np.save(path, np.zeros(shape, np.int8))
    with pytest.raises(
        ValueError, match=r"mine_x2\.npy: has no card; write .*mine_x2\.json"
    ) as got:
        read_model(path)
    fields = ["format_version", "model", "scale", "sha256"]
    if len(shape) == 5:
        fields += ["expand_shift", "shift", "metrics", f'"scale": {shape[-1]}']
    else:
        fields += ["family", "parameters", "tables", "'eclut'"]
    assert not [name for name in fields if name not in str(got.value)]


def test_the_card_that_the_error_asks_for_is_enough(table_file, lut):
    path = edit(table_file(lut), model="any name", metrics={})
    assert read_model(path).name == "any name"


@pytest.mark.parametrize(
    ("array", "message"),
    [
        (np.zeros((256, 256, 9, 2, 2), np.uint8), "dtype is uint8, wanted int8"),
        (np.zeros((256, 256, 9, 2, 2), np.int16), "dtype is int16"),
        (np.zeros((257, 256, 9, 2, 2), np.int8), r"shape is \(257, 256, 9, 2, 2\), and by mine"),
        (np.zeros((256, 256, 9, 2, 3), np.int8), "shape is"),
        (np.zeros((256, 256, 9, 5, 5), np.int8), "shape is"),
        (np.zeros((256, 256, 4, 2, 2), np.int8), "shape is"),
        (np.zeros((256, 256), np.int8), "shape is"),
        (np.zeros(256 * 256 * 36, np.int8), "shape is"),
        (np.int8(3), "shape is"),
        (np.zeros((256, 256, 9, 2, 2), np.int8, order="F"), "entries are in Fortran order"),
    ],
)
def test_refuses_arrays_that_are_no_tables(table_file, lut, array, message):
    path = table_file(lut)
    np.save(path, array)
    with pytest.raises(ValueError, match=r"mine_x2\.npy: " + message):
        read_model(path)


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
        read_model(tmp_path / "bad.npy")


@pytest.mark.parametrize("change", [-1, -100_000, 1])
def test_refuses_a_file_of_the_wrong_length(table_file, lut, change):
    path = table_file(lut)
    content = path.read_bytes()
    path.write_bytes(content[:change] if change < 0 else content + b"\0")
    with pytest.raises(ValueError, match=r"bytes of entries, wanted 2359296"):
        read_model(path)


def test_missing_files_and_directories(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"no\.npy: no such table file"):
        read_model(tmp_path / "no.npy")
    (tmp_path / "folder.npy").mkdir()
    with pytest.raises(FileNotFoundError, match=r"folder\.npy: no such table file"):
        read_model(tmp_path / "folder.npy")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"scale": 4}, r"mine_x2.npy: shape is .*, and by mine_x2.json it is \(256, 256, 9, 4, 4"),
        ({"scale": 5}, r"mine_x2.json: scale is 5, wanted one of \(2, 3, 4\)"),
        ({"sha256": "0" * 64}, "mine_x2.json: sha256 is not that of mine_x2.npy"),
        ({"format_version": 3}, r"format_version is 3, and this lutsr reads \(1, 2\)"),
        ({"format_version": 2}, "family is None, wanted str"),
        ({"format_version": None}, "format_version is None"),
        ({"shift": 3}, "shift is 3"),
        ({"expand_shift": 5}, "mine_x2.json: expand_shift: got 5, wanted 1 or the scale, 2"),
        ({"expand_shift": "2"}, "expand_shift is '2', wanted int"),
        ({"model": 7}, "model is 7, wanted str"),
        ({"metrics": []}, r"metrics is \[\], wanted dict"),
        ({"metrics": None}, "metrics is None, wanted dict"),
    ],
)
def test_refuses_cards_that_disagree(table_file, lut, changes, message):
    with pytest.raises(ValueError, match=message):
        read_model(edit(table_file(lut), **changes))


@pytest.mark.parametrize("content", ["", "{", "[1]", "3", "\x00"])
def test_refuses_cards_that_are_no_cards(table_file, lut, content):
    path = table_file(lut)
    path.with_suffix(".json").write_text(content, encoding="utf-8")
    with pytest.raises(ValueError, match=r"mine_x2\.json: not a card"):
        read_model(path)


def test_a_scale_that_contradicts_the_table(table_file, lut):
    with pytest.raises(ValueError, match=r"scale: got 4, and .* is a table for 2"):
        read_model(table_file(lut), 4)


def test_importing_lutsr_does_not_import_it(tmp_path):
    code = "import sys, lutsr; sys.exit('lutsr._modelfile' in sys.modules or 'json' in sys.modules)"
    assert run_program(tmp_path, code).returncode == 0
