"""What the benchmarks share."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from .images import photograph


@pytest.fixture(scope="session")
def image(request: pytest.FixtureRequest) -> NDArray[np.uint8]:
    """Return 540x960 RGB; a small part of it where nothing is timed (``--benchmark-disable``)."""
    quick = request.config.getoption("benchmark_disable")
    return photograph(54, 96) if quick else photograph()
