"""Time one call of each method, in groups by scale, size, image content and threads.

Sizes are those of the output, from 256 x 256 to a hundred megapixels. Methods whose time depends on
the image's content run on noise and flat images at one size. The slowest ones run at the smallest
size only, and in ``benchmarks.compare``.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from . import images
from .contenders import CONTENDERS

SCALES = (4, 3, 2)
SIZES = ((256, 256), (1024, 1024), (2160, 3840), (10_000, 10_000))
QUICK_SIZES = SIZES[:2]
#: The size at which methods run on noise and flat images.
USUAL = (2160, 3840)
#: Output pixels of all rounds of a benchmark together, and bounds of the number of rounds.
PIXELS, FEWEST, MOST = 60_000_000, 2, 30


def takes_part(name: str, size: tuple[int, int], kind: str) -> bool:
    """Return whether a method is timed at a size on a kind of image."""
    if CONTENDERS[name].slow:
        return size == SIZES[0] and kind == "photo"
    return kind == "photo" or (kind in CONTENDERS[name].kinds and size == USUAL)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    quick = metafunc.config.getoption("quick")
    cases = [
        pytest.param(
            *(name, scale, size, kind, threads),
            id=f"{name}, x{scale}, {size[0]}x{size[1]}, {kind}, {threads}",
            marks=pytest.mark.skipif(reason is not None, reason=reason or ""),
        )
        for size in (QUICK_SIZES if quick else SIZES)
        for scale in SCALES
        for kind in images.KINDS
        for name, contender in CONTENDERS.items()
        if takes_part(name, size, kind)
        for threads in contender.threads
        for reason in [contender.missing(scale)]
    ]
    metafunc.parametrize(("name", "scale", "size", "kind", "threads"), cases)


def test_upscale(
    benchmark: BenchmarkFixture,
    picture: Callable[[str, int, int], images.Image],
    request: pytest.FixtureRequest,
    name: str,
    scale: int,
    size: tuple[int, int],
    kind: str,
    threads: int,
) -> None:
    height, width = size[0] // scale, size[1] // scale
    call = CONTENDERS[name].make(picture(kind, height, width), scale, threads, None)
    benchmark.group = f"x{scale}, {size[0]}x{size[1]}, {kind}, {threads} thread(s)"
    benchmark.extra_info.update(name=name, scale=scale, size=size, kind=kind, threads=threads)
    rounds = min(max(PIXELS // (size[0] * size[1]), FEWEST), MOST)
    if request.config.getoption("quick"):
        rounds = min(rounds, 5)
    result = benchmark.pedantic(call.run, setup=call.prepare, rounds=rounds, warmup_rounds=1)
    assert call.pixels(result).shape == (height * scale, width * scale, 3)
