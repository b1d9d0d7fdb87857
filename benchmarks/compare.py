"""Time all methods on a 540x960 RGB image in one process, in interleaved rounds.

``python -m benchmarks.compare``

The speed of a machine changes over minutes. So every round calls every method once, in a new
random order, and only times of the same rounds are compared. Slow methods are called in some of
the rounds only.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np

from . import images, records
from .contenders import CONTENDERS, Call

HEIGHT, WIDTH = 540, 960
SCALES = (4, 3, 2)
ROUNDS, SLOW_ROUNDS = 25, 3
QUICK_ROUNDS = 3


@dataclass
class Entry:
    """One method on one image, and its times in seconds, one per round."""

    name: str
    scale: int
    kind: str
    threads: int
    into: bool
    seconds: list[float] = field(default_factory=list, repr=False)

    def call(self, image: images.Image) -> Call:
        """Return the call to time."""
        height, width, channels = image.shape
        shape = (height * self.scale, width * self.scale, channels)
        out = np.zeros(shape, np.uint8) if self.into else None
        return CONTENDERS[self.name].make(image, self.scale, self.threads, out)

    def summary(self) -> dict[str, Any]:
        """Return what is saved in the results."""
        entry = asdict(self)
        seconds = entry.pop("seconds")
        return entry | {
            "median_s": median(seconds),
            "min_s": min(seconds),
            "rounds": len(seconds),
        }


def entries(scale: int) -> Iterator[Entry]:
    """List the entries of a scale: all methods on the photograph, lutsr on all images."""
    for name, contender in CONTENDERS.items():
        if contender.missing(scale):
            continue
        for threads in contender.threads:
            for into in (False, True) if contender.into else (False,):
                yield Entry(name, scale, "photo", threads, into)
            if name.startswith("lutsr"):
                for kind in images.KINDS[1:]:
                    yield Entry(name, scale, kind, threads, False)


def measure(
    taking_part: list[Entry], pictures: dict[str, images.Image], rounds: int, slow_rounds: int
) -> None:
    """Time the entries, interleaved.

    Parameters
    ----------
    taking_part : list of Entry
        Their `seconds` are filled in.
    pictures : dict
        Images by kind.
    rounds, slow_rounds : int
        Number of rounds, and of those in which slow methods run. Only fast ones have a warm-up.
    """
    calls = [entry.call(pictures[entry.kind]) for entry in taking_part]
    slow = [CONTENDERS[entry.name].slow for entry in taking_part]
    rng = np.random.default_rng(0)
    slow_turns = {rounds * k // slow_rounds for k in range(slow_rounds)}
    for turn in range(-1, rounds):
        for k in rng.permutation(len(calls)):
            if slow[k] and turn not in slow_turns:
                continue
            calls[k].prepare()
            start = time.perf_counter()
            calls[k].run()
            taken = time.perf_counter() - start
            if turn >= 0:
                taking_part[k].seconds.append(taken)


def main() -> None:
    """Run the measurement and save it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", type=Path, default=records.RESULTS / "compare.json")
    parser.add_argument("--quick", action="store_true", help="only x4, three rounds")
    args = parser.parse_args()
    content = records.header(records.command_line("benchmarks.compare"))
    pictures = {kind: images.make(kind, HEIGHT, WIDTH) for kind in images.KINDS}
    scales = SCALES[:1] if args.quick else SCALES
    rounds = (QUICK_ROUNDS, 1) if args.quick else (ROUNDS, SLOW_ROUNDS)
    taking_part = [entry for scale in scales for entry in entries(scale)]
    measure(taking_part, pictures, *rounds)
    for entry in taking_part:
        print(
            f"x{entry.scale} {entry.kind:5} {entry.name:30} {entry.threads} "
            f"{'into' if entry.into else 'new ':4} {1e3 * median(entry.seconds):10.2f} ms"
        )
    absent = {
        f"{name} x{scale}": reason
        for scale in scales
        for name, contender in CONTENDERS.items()
        if (reason := contender.missing(scale))
    }
    content |= {"height": HEIGHT, "width": WIDTH, "absent": absent}
    records.save(args.json, content | {"entries": [entry.summary() for entry in taking_part]})


if __name__ == "__main__":
    main()
