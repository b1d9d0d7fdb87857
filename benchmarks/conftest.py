"""The suite's option, its images, and the description of the machine in saved files."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any

import pytest

from . import images, records


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--quick", action="store_true", help="benchmarks: small images and few rounds")


def pytest_benchmark_update_machine_info(config: pytest.Config, machine_info: Any) -> None:
    """Replace the plugin's record, which contains the host name, by that of `records`."""
    machine_info.clear()
    machine_info.update(records.header("pytest benchmarks --benchmark-only"))


def pytest_benchmark_update_commit_info(config: pytest.Config, commit_info: Any) -> None:
    commit_info.clear()


@pytest.fixture(scope="session")
def picture() -> Callable[[str, int, int], images.Image]:
    """Return the function that makes images, with a cache of the last ones."""
    return lru_cache(maxsize=4)(images.make)
