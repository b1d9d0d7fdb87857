"""Run a measurement in a fresh process, where nothing is imported, compiled or allocated."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from typing import Any

from .places import ROOT


def environment(**changes: str) -> dict[str, str]:
    """Return the environment of a measuring process.

    Modules are compiled once and then read, as where lutsr is installed, also if the variable that
    forbids it is set here.
    """
    there = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
    return there | changes


def run_code(code: str, *arguments: str, **changes: str) -> str:
    """Run Python code in a fresh process, in the repository's root, and return its output."""
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments],
        cwd=ROOT,
        env=environment(**changes),
        check=False,
        capture_output=True,
        text=True,
    )
    if done.returncode:
        raise RuntimeError(f"a measuring process failed with {done.returncode}:\n{done.stderr}")
    return done.stdout


def call_fresh(function: Callable[..., Any], *arguments: Any) -> Any:
    """Call a module's function in a fresh process. Arguments and result must fit into JSON."""
    code = (
        "import json, sys\n"
        f"from {function.__module__} import {function.__name__} as function\n"
        "print(json.dumps(function(*json.loads(sys.argv[1]))))"
    )
    return json.loads(run_code(code, json.dumps(arguments)))
