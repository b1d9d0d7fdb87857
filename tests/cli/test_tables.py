"""The sub-commands about tables: models, info, warmup."""

import re

import numpy as np
import pytest

import lutsr
from lutsr import cli
from lutsr._eclut.reference import upscale_reference
from lutsr.cli import _tables


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
        (["nosuch"], "'nosuch' is not shipped; there is 'eclut'"),
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


def test_info_of_a_table_without_card(table, capsys):
    assert cli.main(["info", table]) == 1
    assert "has no card" in capsys.readouterr().err
    assert cli.main(["info", table, "--expand-shift", "2"]) == 0
    assert re.search(r"^card: +none$", capsys.readouterr().out, re.MULTILINE)


@pytest.mark.parametrize(("scale", "shift"), [(2, 2), (2, 1), (3, 1), (4, 1), (4, 4)])
def test_receptive_field_is_the_one_that_pixels_have(random_lut, scale, shift):
    # Count the outputs of one cell that each input pixel can change, in the middle of an image.
    lut, size = random_lut(scale, "middle"), 7
    base = np.random.default_rng(scale).integers(0, 256, (size, size), np.uint8)
    cell = (slice(3 * scale, 4 * scale),) * 2
    before = upscale_reference(base, lut, expand_shift=shift)[cell]
    seen = np.zeros((scale, scale), int)
    for row in range(size):
        for column in range(size):
            changed = np.zeros((scale, scale), bool)
            for step in (1, 60, 128, 200):
                image = base.copy()
                image[row, column] = (int(image[row, column]) + step) % 256
                changed |= upscale_reference(image, lut, expand_shift=shift)[cell] != before
            seen += changed
    low, high = seen.min(), seen.max()
    expected = f"{low} input pixels" if low == high else f"{low} to {high} input pixels"
    assert _tables.receptive_field(scale, shift) == expected


def test_warmup(capsys, monkeypatch):
    called = []
    monkeypatch.setattr(lutsr, "warmup", lambda: called.append(True))
    assert cli.main(["warmup"]) == 0
    assert called == [True]
    assert re.fullmatch(r"ready after \d+\.\d\d s\n", capsys.readouterr().out)


@pytest.mark.parametrize("name", ["models", "info", "warmup", "compare"])
def test_every_sub_command_has_help(name, capsys):
    with pytest.raises(SystemExit) as caught:
        cli.main([name, "--help"])
    assert caught.value.code == 0
    assert capsys.readouterr().out.startswith(f"usage: lutsr {name}")
