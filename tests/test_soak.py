"""The soak and fuzz scripts run, for a few files and images."""

import subprocess
import sys

import pytest

from .conftest import ROOT

pytestmark = pytest.mark.skipif(
    not sys.platform.startswith("linux"), reason="the scripts read /proc"
)


def run(*command):
    return subprocess.run(
        [sys.executable, *command], cwd=ROOT, capture_output=True, text=True, timeout=300
    )


def test_soak():
    done = run("tests/soak.py", "--images", "60", "--every", "3")
    assert (done.returncode, done.stderr) == (0, ""), done.stdout
    assert "20 compared with the reference, 0 wrong" in done.stdout


def test_fuzz(tmp_path):
    done = run("tests/fuzz_modelfiles.py", "--files", "300", "--folder", str(tmp_path))
    assert (done.returncode, done.stderr) == (0, ""), done.stdout
    assert done.stdout.splitlines()[-1].startswith("300 files, slowest ")
    assert list(tmp_path.iterdir()) == []
