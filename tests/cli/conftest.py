"""Fixtures of the command line's tests: simple models, and a working folder."""

import re

import numpy as np
import pytest
from PIL import Image

from lutsr._modelfile import write_model

from ..chain.models import ecnn
from ..models import write_eclut


@pytest.fixture(scope="session")
def table(tmp_path_factory):
    """Return the path of a table that repeats pixels (grey levels 0..127)."""
    lut = np.zeros((256, 256, 9, 2, 2), np.int8)
    lut[:, :, 4] = np.minimum(np.arange(256), 127)[:, None, None, None]
    path = tmp_path_factory.mktemp("table") / "repeat_x2.npy"
    write_eclut(path, lut, 2)
    return str(path)


@pytest.fixture(scope="session")
def noisy_table(tmp_path_factory):
    """Return the path of a table of random entries."""
    entries = np.random.default_rng(5).integers(-20, 60, (256, 256, 9, 2, 2), np.int8)
    path = tmp_path_factory.mktemp("table") / "noise.x2.npy"
    write_eclut(path, entries, 2)
    return str(path)


@pytest.fixture(scope="session")
def stack_table(tmp_path_factory):
    """Return the path of a model that computes RGB images together."""
    path = tmp_path_factory.mktemp("table") / "stack_x2.npy"
    write_model(path, ecnn())
    return str(path)


@pytest.fixture
def repeat(table):
    """Arguments that choose the table that repeats pixels."""
    return ["-m", table]


@pytest.fixture
def rgb():
    return np.random.default_rng(4).integers(0, 128, (6, 9, 3), np.uint8)


@pytest.fixture
def folder(tmp_path, rgb, monkeypatch):
    """Change to a folder that contains in.png."""
    Image.fromarray(rgb).save(tmp_path / "in.png")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def usage_error(capsys):
    """Run the command with arguments that it must refuse, and return its last line."""
    from lutsr import cli

    def run(argv):
        with pytest.raises(SystemExit) as caught:
            cli.main(argv)
        assert caught.value.code == 2
        out, err = capsys.readouterr()
        assert out == ""
        assert re.fullmatch(r"lutsr( \w+)?: error: .*\n", err)  # one line
        return err

    return run
