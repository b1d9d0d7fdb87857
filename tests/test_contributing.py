"""The files for contributors agree with the project that they describe."""

import re
import tomllib

import pytest

import lutsr
from lutsr._engine import FAMILIES

from .conftest import ROOT

PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
PROJECT = PYPROJECT["project"]
SESSIONS = set(
    re.findall(r"^def ([a-z]\w*)\(session", (ROOT / "noxfile.py").read_text("utf-8"), re.M)
)


def text(name):
    return (ROOT / name).read_text(encoding="utf-8")


def test_sessions_are_those_of_nox():
    assert {"lint", "types", "core", "lowest", "tests", "docs"} <= SESSIONS
    named = set(re.findall(r"nox -s (\w+)", text("CONTRIBUTING.md")))
    assert named == SESSIONS - {"bench"}
    workflow = text(".github/workflows/ci.yml")
    (matrix,) = re.findall(r"session: \[(.*)\]", workflow)
    assert {*matrix.split(", "), *re.findall(r"nox -s (\w+)", workflow)} == SESSIONS - {"bench"}
    assert set(re.findall(r"(?<=-s )(\w[\w ]*)", text(".ci/run"))) == {
        "lint", "types docs", "lowest readme napari package smoke",
    }  # fmt: skip


def test_versions_are_the_same_everywhere():
    (ruff,) = (need for need in PYPROJECT["dependency-groups"]["test"] if "ruff" in need)
    assert f"rev: v{ruff.removeprefix('ruff==')}\n" in text(".pre-commit-config.yaml")
    pythons = re.findall(r"Python :: (3\.\d+)", "\n".join(PROJECT["classifiers"]))
    (matrix,) = re.findall(r"python: \[(.*)\]", text(".github/workflows/ci.yml"))
    assert re.findall(r"[\d.]+", matrix) == pythons
    assert PROJECT["requires-python"] == f">={pythons[0]}"
    assert f"\nversion: {lutsr.__version__}\n" in text("CITATION.cff")
    assert f"\nlicense: {PROJECT['license']}\n" in text("CITATION.cff")


@pytest.mark.parametrize("name", ["CONTRIBUTING.md", "SECURITY.md"])
def test_files_that_are_named_exist(name):
    named = re.findall(r"`([\w./]+(?:/|\.py|\.md))`|\]\(([^)#:]+)\)", text(name))
    paths = {path for pair in named for path in pair if "/" in path or path.isupper()}
    paths -= {"lutsr/_yours/", "tests/yours/", "training/yours/"}
    assert len(paths) > (3 if name == "CONTRIBUTING.md" else 0)
    assert not [path for path in sorted(paths) if not (ROOT / path).exists()]


def test_a_family_is_a_folder_and_a_line():
    for family, module in FAMILIES.items():
        folder = ROOT / "lutsr" / f"_{family}"
        assert module == f"lutsr._{family}.engine"
        assert {"engine.py", "card.py", "reference.py"} <= {path.name for path in folder.iterdir()}
