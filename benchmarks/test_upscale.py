"""Time of one enlargement x4 of a 540x960 RGB photograph, lutsr beside its rivals.

``pytest benchmarks --benchmark-only``
"""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from pytest_benchmark.fixture import BenchmarkFixture

from .rivals import RIVALS

SCALE = 4


@pytest.mark.benchmark(group="x4, 540x960 RGB photograph")
@pytest.mark.parametrize("name", RIVALS)
def test_upscale(benchmark: BenchmarkFixture, image: NDArray[np.uint8], name: str) -> None:
    maker, rounds = RIVALS[name]
    timed = maker(image, SCALE)
    result = benchmark.pedantic(timed, rounds=rounds, warmup_rounds=min(2, rounds // 5))
    height, width, channels = image.shape
    assert np.asarray(result).shape == (height * SCALE, width * SCALE, channels)
