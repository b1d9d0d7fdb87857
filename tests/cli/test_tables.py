"""The sub-commands about models: models, info, warmup."""

import io
import re
import sys

import numpy as np
import pytest

import lutsr
from lutsr import cli
from lutsr._modelfile import Model, write_model


def test_models_lists_every_shipped_table(capsys):
    assert cli.main(["models"]) == 0
    head, *rows = capsys.readouterr().out.splitlines()
    assert head.split()[:4] == ["model", "scale", "family", "entries"]
    assert [tuple(row.split()[:4]) for row in rows] == [
        (model.name, f"x{model.scale}", model.family, f"{model.entries:,}")
        for model in lutsr.models()
    ]
    assert f"Set5 {lutsr.models()[0].psnr_y['Set5']:.2f}" in rows[0]


def test_info_of_a_shipped_table(capsys):
    assert cli.main(["info", "eclut", "-s", "4"]) == 0
    said = capsys.readouterr().out
    card = lutsr.load("eclut", 4).card
    for value in (card["sha256"], card["command"], card["licence"], "9.0 MiB", "x4"):
        assert value in said
    assert re.search(r"^metrics: .*Set5 psnr_y 29\.\d+", said, re.MULTILINE)


def test_info_of_a_model_shows_all_its_scales(capsys):
    assert cli.main(["info", "eclut-fast"]) == 0
    found = re.findall(r"^scale: +x(\d)$", capsys.readouterr().out, re.MULTILINE)
    assert found == ["2", "3", "4"]


def test_info_of_a_file(table_file, random_lut, capsys):
    path = table_file(random_lut(2))
    assert cli.main(["info", str(path)]) == 0
    said = capsys.readouterr().out
    assert "mine" in said
    assert "checked: it is that of the file" in said


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["nosuch"], "'nosuch' is not shipped; there is 'ecnn', 'ecnn-l"),
        (["eclut", "-s", "7"], "scale: got 7"),
        (["none.npy"], "none.npy: no such table file"),
    ],
)
def test_info_of_nothing(capsys, arguments, said):
    assert cli.main(["info", *arguments]) == 1
    assert said in capsys.readouterr().err


def test_info_finds_a_table_that_is_not_its_cards(table_file, random_lut, capsys):
    path = table_file(random_lut(2), sha256="0" * 64)
    assert cli.main(["info", str(path)]) == 1
    assert "sha256 is not that of" in capsys.readouterr().err


def test_info_of_a_table_without_card(tmp_path, random_lut, capsys):
    np.save(tmp_path / "bare.npy", random_lut(2))
    assert cli.main(["info", str(tmp_path / "bare.npy")]) == 1
    assert "has no card" in capsys.readouterr().err


def test_info_of_a_file_shows_what_its_family_knows(table, capsys):
    assert cli.main(["info", table]) == 0
    said = capsys.readouterr().out
    assert re.search(r"^family: +eclut$", said, re.MULTILINE)
    assert re.search(r"^expand_shift: +2$", said, re.MULTILINE)
    assert re.search(r"^receptive field: +21 input pixels$", said, re.MULTILINE)
    assert re.search(r"^halo: +2 input pixels$", said, re.MULTILINE)
    assert re.search(r"^entries: +2,359,296, 2.2 MiB$", said, re.MULTILINE)
    assert re.search(r"^tables: +lut 256 x 256 x 9 x 2 x 2 int8$", said, re.MULTILINE)
    assert re.search(rf"^digest: +{lutsr.load(table).digest}$", said, re.MULTILINE)
    assert "parameters" not in said


@pytest.mark.parametrize(
    ("count", "listed"),
    [
        (1, "t0 1 x 256 x 4 int8"),
        (8, "t0 1 x .*; t7 1 x 256 x 4 int8"),
        (11, "t0 1 x .*; t7 1 x 256 x 4 int8; and 3 more"),
    ],
)
def test_info_of_a_model_with_many_tables(tmp_path, capsys, count, listed):
    tables = {f"t{number}": np.ones((1, 256, 4), np.int8) for number in range(count)}
    look_ups = [
        {"table": name, "in": "image", "taps": [[[0, 0, 0]]], "border": "edge"} for name in tables
    ]
    layers = [{"out": "cells", "look_ups": look_ups, "place": {"cells": 2}}]
    stage = {"out": "result", "rotations": 1, "layers": layers, "clamp": [0, 255]}
    model = Model("many", 2, "chain", {"stages": [stage]}, tables)
    write_model(tmp_path / "many_x2.npy", model)
    assert cli.main(["info", str(tmp_path / "many_x2.npy")]) == 0
    said = capsys.readouterr().out
    assert re.search(rf"^tables: +{listed}$", said, re.MULTILINE)
    assert re.search(rf"^entries: +{count * 1024:,}, 0.0 MiB$", said, re.MULTILINE)
    assert "parameters" not in said


def test_warmup(capsys, monkeypatch):
    called = []

    def warmup(model, scale, report, workers):
        called.append((model, scale, workers))
        report("compiling it")

    monkeypatch.setattr(lutsr, "warmup", warmup)
    assert cli.main(["warmup"]) == 0
    assert cli.main(["warmup", "-n", "eclut", "-s", "2", "-j", "3"]) == 0
    assert called == [(None, None, None), ("eclut", 2, 3)]
    out, err = capsys.readouterr()
    assert re.fullmatch(r"(ready after \d+\.\d\d s\n){2}", out)
    assert err == "lutsr: compiling it\n" * 2


def test_warmup_of_a_file(stack_table, capsys):
    assert cli.main(["warmup", "-m", stack_table]) == 0
    assert capsys.readouterr().err == "lutsr: compiling ecnn x2, 1 of 1\n"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["-m", "nosuch"], "model: 'nosuch' is not shipped"),
        (["-s", "7"], "scale: got 7"),
        (["-m", "none.npy"], "none.npy: no such table file"),
    ],
)
def test_warmup_of_nothing(capsys, arguments, said):
    assert cli.main(["warmup", *arguments]) == 1
    assert said in capsys.readouterr().err


@pytest.mark.parametrize(("encoding", "drawn"), [("utf-8", "[▁-█]"), ("ascii", "[1-8]")])
def test_info_of_a_stack_draws_its_curves(stack_table, monkeypatch, encoding, drawn):
    stdout = io.TextIOWrapper(io.BytesIO(), encoding)
    monkeypatch.setattr(sys, "stdout", stdout)
    assert cli.main(["info", stack_table]) == 0
    said = stdout.buffer.getvalue().decode(encoding)
    pattern = rf"^layer 2: +3 x 3 of 3 channels, .* strongest .*: {drawn}{{16}} .* levels$"
    assert re.search(pattern, said, re.MULTILINE)
    assert re.search(r"^base: +3 x 3 of the image, 256 levels, to 4 pixels; ", said, re.MULTILINE)


@pytest.mark.parametrize("name", ["models", "info", "warmup", "compare"])
def test_every_sub_command_has_help(name, capsys):
    with pytest.raises(SystemExit) as caught:
        cli.main([name, "--help"])
    assert caught.value.code == 0
    assert capsys.readouterr().out.startswith(f"usage: lutsr {name}")
