"""The wheel as a user gets it: its content, its requirements, and that it works by itself."""

import os
import subprocess
import sys
import tomllib
import venv
import zipfile

import pytest

import lutsr

from .conftest import ROOT


@pytest.fixture(scope="session")
def wheel(tmp_path_factory):
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "-w", folder, ROOT]
    subprocess.run(command, check=True)
    (path,) = folder.glob("lutsr-*.whl")
    return path


def test_wheel_holds_the_library_and_its_tables_only(wheel):
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
    assert {name.split("/")[0].split("-")[0] for name in names} == {"lutsr", "lutsr_data"}
    assert {"lutsr/py.typed", "lutsr_data/ecnn_x4.npy", "lutsr_data/ecnn_x4.json"} <= set(names)
    assert "lutsr/napari.yaml" in names
    assert not [name for name in names if name.endswith((".nbi", ".nbc", ".pyc"))]


def test_runtime_needs_numpy_and_numba_only():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert sorted(need.split(">")[0] for need in project["dependencies"]) == ["numba", "numpy"]
    extras = project["optional-dependencies"]
    assert set(extras) == {"cli", "dask", "napari", "training", "test", "docs", "bench"}
    assert "torch==2.13.0" in extras["training"]
    assert project["scripts"] == {"lutsr": "lutsr.cli:main"}


def test_wheel_in_a_fresh_environment(wheel, tmp_path):
    home = tmp_path / "env"
    venv.create(home, with_pip=True)
    python = home / ("Scripts" if os.name == "nt" else "bin") / "python"
    install = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", wheel]
    subprocess.run(install, check=True)
    code = f"""
import importlib.util, sys
for name in ("torch", "PIL", "skimage"):
    assert importlib.util.find_spec(name) is None, name
import numpy as np
import lutsr, lutsr.reference
assert lutsr.__version__ == {lutsr.__version__!r}
assert "numba" not in sys.modules
image = np.random.default_rng(0).integers(0, 256, (20, 30, 3), dtype=np.uint8)
big = lutsr.upscale(image, 4, channel_axis=-1)
up = lutsr.load(scale=4)
want = lutsr.reference.upscale(image, up, channel_axis=-1)
assert np.array_equal(big, want)
"""
    subprocess.run([python, "-W", "error", "-c", code], check=True, cwd=tmp_path)
    # The command line needs Pillow, and the message says how to install it.
    run = subprocess.run(
        [python, "-m", "lutsr", "in.png", "-o", "out.png"],
        check=False,
        capture_output=True,
        text=True,
        cwd=tmp_path,
    )
    assert run.returncode == 1
    assert 'pip install "lutsr[cli]"' in run.stderr
