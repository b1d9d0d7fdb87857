"""What the package needs, and the checks of `nox -s package`, which builds it."""

import tomllib

import pytest

from .check_distributions import broken_targets
from .conftest import ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def test_runtime_needs_numpy_and_numba_only():
    project = PROJECT["project"]
    assert sorted(need.split(">")[0] for need in project["dependencies"]) == ["numba", "numpy"]
    assert project["scripts"] == {"lutsr": "lutsr.cli:main"}
    # An extra is for what is in the wheel. What a clone needs beyond it is a dependency group.
    assert set(project["optional-dependencies"]) == {"cli", "dask", "napari"}
    groups = PROJECT["dependency-groups"]
    assert set(groups) == {"training", "test", "docs", "bench", "package", "dev"}
    assert "torch==2.13.0" in groups["training"]


@pytest.mark.parametrize(
    ("page", "broken"),
    [
        ('<a href="https://x/y">a</a><img src="https://x/y.png"/><a href="mailto:a@b">c</a>', []),
        ('<h2 id="here">a</h2><a href="#here">b</a>', []),
        ('<a href="#there">b</a>', ["#there"]),
        ('<a href="docs/cli.md">a</a><img src="docs/a.png">', ["docs/cli.md", "docs/a.png"]),
        ('<a href="/docs">a</a><a href="http://x">b</a><a href>c</a>', ["/docs", "http://x", ""]),
    ],
)
def test_links_that_lead_nowhere_are_found(page, broken):
    assert broken_targets(page) == broken
