"""What must pass, by ``nox``: the same sessions for contributors and for continuous integration.

``nox`` runs the default sessions, ``nox -s NAME`` one of them, ``nox -l`` lists all. What follows
``--`` goes to pytest, as in ``nox -s tests -- tests/frame -x``.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import nox

nox.needs_version = ">=2025.2.9"
nox.options.sessions = [
    "lint",
    "types",
    "tests",
    "lowest",
    "docs",
    "readme",
    "napari",
    "package",
    "smoke",
]
nox.options.reuse_existing_virtualenvs = True
nox.options.error_on_missing_interpreters = True

PYPROJECT = nox.project.load_toml("pyproject.toml")
PROJECT = PYPROJECT["project"]


def _group(name: str) -> list[str]:
    """Return the requirements of a dependency group."""
    return list(nox.project.dependency_groups(PYPROJECT, name))


#: Where the session ``package`` puts the distributions, in nox's folder for what sessions share.
DISTRIBUTIONS = "dist"

#: One process of tests for each core. `tests/conftest.py` lets them share what they compile.
PARALLEL = ["-n", "logical", "--dist", "worksteal"]

#: Tests of the folders with an engine.
FAMILIES = [
    f"tests/{path.parent.name.lstrip('_')}"
    for path in sorted(Path(__file__).parent.glob("lutsr/_*/engine.py"))
]

#: Tests that need only what a user of the library installs, pytest and hypothesis.
CORE = [
    *FAMILIES,
    "tests/frame",
    "tests/numba",
    "tests/reduce",
    "tests/test_contract.py",
    "tests/test_depth_api.py",
    "tests/test_modelfile.py",
    "tests/test_outputs.py",
    "tests/test_shipped.py",
    "tests/test_upscale.py",
]


def _wanted(*names: str) -> list[str]:
    """Return the requirements of these packages, from the dependencies and the group ``test``."""
    listed = [*PROJECT["dependencies"], *_group("test")]
    wanted = [need for need in listed if need.split(">")[0].split("=")[0] in names]
    if len(wanted) != len(names):
        raise ValueError(f"pyproject.toml: wanted requirements of {names}, got {wanted}")
    return wanted


def _lowest(need: str) -> str:
    """Turn ``name>=1.2`` into ``name==1.2.*``."""
    name, _, version = need.partition(">=")
    return f"{name}=={version}.*"


@nox.session
def lint(session: nox.Session) -> None:
    """Check style and format."""
    session.install(*_wanted("ruff"))
    session.run("ruff", "check", ".")
    session.run("ruff", "format", "--check", ".")


@nox.session
def types(session: nox.Session) -> None:
    """Check types."""
    session.install("-e", ".[cli,dask]", *_group("test"), *_group("training"))
    session.run("mypy")


@nox.session
def tests(session: nox.Session) -> None:
    """Run all tests, as the README's test command does."""
    session.install("-e", ".[cli,dask]", *_group("dev"))
    session.run("python", "-m", "pytest", *(session.posargs or PARALLEL))


@nox.session(default=False)
def core(session: nox.Session) -> None:
    """Test the library itself, without torch and the other rivals and tools."""
    session.install("-e", ".", *_wanted("pytest", "hypothesis"))
    _run_core(session)


@nox.session(python="3.11")
def lowest(session: nox.Session) -> None:
    """Test the library itself with the lowest supported versions of what it needs."""
    needs = [*PROJECT["dependencies"], *_wanted("pytest", "hypothesis")]
    session.install("-e", ".", *map(_lowest, needs))
    _run_core(session)


def _run_core(session: nox.Session) -> None:
    options = ["--hypothesis-profile=quick", "-p", "no:cacheprovider"]
    session.run("python", "-m", "pytest", *options, *(session.posargs or CORE))


@nox.session
def docs(session: nox.Session) -> None:
    """Build the documentation; warnings are errors. Then look at its layout in a browser."""
    session.install("-e", ".[dask]", *_group("docs"), *_wanted("pytest", "hypothesis"))
    session.run("python", "-m", "sphinx", "-W", "-q", "-b", "html", "docs", "docs/_build")
    session.run("python", "-m", "pytest", "tests/docs/test_layout.py")


@nox.session
def readme(session: nox.Session) -> None:
    """Run the README's first command in a copy of this folder, as a newcomer would."""
    session.install("-e", ".[cli]", *_wanted("pytest", "hypothesis"))
    path = "tests/test_readme.py::test_first_command_upscales_a_real_picture"
    session.run("python", "-m", "pytest", path, env={"LUTSR_FIRST_COMMAND": "1"})


@nox.session
def napari(session: nox.Session) -> None:
    """Test the plugin: npe2 reads its manifest as napari does, without its graphical parts."""
    session.install("-e", ".[dask]", "npe2", *_wanted("pytest", "hypothesis"))
    # npe2 brings a plugin for pytest, whose warnings would be errors.
    session.run("python", "-m", "pytest", "-p", "no:npe2", "tests/test_napari.py")


@nox.session
def package(session: nox.Session) -> None:
    """Build the distributions; check them, their metadata and the README's page."""
    session.install(*_group("package"), *_wanted("numpy"))
    folder = session.cache_dir / DISTRIBUTIONS
    shutil.rmtree(folder, ignore_errors=True)
    session.run("python", "-m", "build", "--outdir", str(folder), ".", silent=True)
    session.run("python", "-m", "twine", "check", "--strict", *map(str, folder.iterdir()))
    session.run("python", "tests/check_distributions.py", str(folder))


@nox.session(requires=["package"], venv_backend="none")
def smoke(session: nox.Session) -> None:
    """Install the wheel into fresh environments of each Python that is found, and use it."""
    (wheel,) = (session.cache_dir / DISTRIBUTIONS).glob("*.whl")
    tested = 0
    for version in nox.project.python_versions(PYPROJECT):
        interpreter = _interpreter(version)
        if interpreter is None:
            session.warn(f"Python {version} is not on this machine: not tested with it")
            continue
        folder = Path(session.create_tmp()) / version
        session.run(interpreter, "-m", "venv", "--clear", str(folder), external=True)
        python = str(folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python"))
        session.run(
            python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check",
            f"{wheel}[cli]", external=True,
        )  # fmt: skip
        session.run(python, "-I", "-W", "error", "tests/smoke.py", external=True)
        tested += 1
    if not tested:
        session.error("none of the supported versions of Python is on this machine")


def _interpreter(version: str) -> str | None:
    """Return an interpreter of this version that runs, from the path or pyenv's folder."""
    pyenv = Path(os.environ.get("PYENV_ROOT", "~/.pyenv")).expanduser()
    installed = sorted(pyenv.glob(f"versions/{version}.*/bin/python"))
    for found in (shutil.which(f"python{version}"), *map(str, installed)):
        # pyenv puts names on the path that only say that another version is active.
        if found and subprocess.run([found, "-c", ""], capture_output=True).returncode == 0:
            return found
    return None


@nox.session(default=False)
def bench(session: nox.Session) -> None:
    """Time the library beside its rivals; what follows ``--`` goes to ``python -m benchmarks``."""
    session.install("-e", ".", *_group("bench"))
    session.run("python", "-m", "benchmarks", *session.posargs)
