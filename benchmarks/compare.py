"""Time all methods on a 540x960 RGB image in one process, in interleaved rounds.

``python -m benchmarks.compare``; with ``--cpu NAME`` the main methods only, at x4, with code for
another processor: ``haswell`` has AVX2 and not AVX-512, as most have, and ``nehalem`` has vectors
of 128 bits, as Arm's are.

The speed of a machine changes over minutes. So every round calls every method once, in a new
random order, and only times of the same rounds are compared. Slow methods are called in some of
the rounds only.
"""

from __future__ import annotations

import argparse
import os
import platform
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np

from . import images, records
from .contenders import CONTENDERS, Call
from .rounds import summary

HEIGHT, WIDTH = 540, 960
SCALES = (4, 3, 2)
ROUNDS, SLOW_ROUNDS = 25, 3
QUICK_ROUNDS = 3
#: The processors of the report besides the machine's own, by LLVM's names.
CPUS = ("haswell", "nehalem")
#: Beginnings of the names of the methods that take part with ``--cpu``. The others' code is not
#: numba's, so that their times are those without the option.
CPU_METHODS = ("lutsr", "OpenCV INTER_CUBIC", "Pillow")


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
        return entry | summary(seconds)


def entries(scale: int) -> Iterator[Entry]:
    """List the entries of a scale: all methods on the photograph, lutsr on all images."""
    for name, contender in CONTENDERS.items():
        if contender.missing(scale):
            continue
        for threads in contender.threads:
            for kind in contender.kinds:
                yield Entry(name, scale, kind, threads, False)
            if contender.into:
                yield Entry(name, scale, "photo", threads, True)


def cpu_entries() -> list[Entry]:
    """List the entries of ``--cpu``."""
    return [
        Entry(name, 4, "photo", 1, False)
        for name, contender in CONTENDERS.items()
        if name.startswith(CPU_METHODS) and not contender.missing(4)
    ]


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
    parser.add_argument("--json", type=Path, help="default: compare.json or NAME.json of results")
    parser.add_argument("--quick", action="store_true", help="only x4, three rounds")
    parser.add_argument("--cpu", metavar="NAME", help="with code for this processor; only x4")
    parser.add_argument("--methods", nargs="+", help="only those named, at x4; needs --json")
    args = parser.parse_args()
    if args.methods and not args.json:
        parser.error("--methods: some times would replace all of them: name a file by --json")
    if unknown := [name for name in args.methods or () if name not in CONTENDERS]:
        parser.error(f"--methods: got {unknown}, wanted names among {', '.join(CONTENDERS)}")
    content = records.header(records.command_line("benchmarks.compare"))
    if args.cpu:
        settings = use_cpu(args.cpu)
        content["note"] = "Code for " + " ".join(f'{k}="{v}"' for k, v in settings.items())
    pictures = {kind: images.make(kind, HEIGHT, WIDTH) for kind in images.KINDS}
    scales = SCALES[:1] if args.quick or args.cpu or args.methods else SCALES
    rounds = (QUICK_ROUNDS, 1) if args.quick else (ROUNDS, SLOW_ROUNDS)
    taking_part = [entry for scale in scales for entry in entries(scale)]
    if args.cpu:
        taking_part = cpu_entries()
    if args.methods:
        taking_part = [entry for entry in taking_part if entry.name in args.methods]
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
    path = args.json or records.RESULTS / f"{args.cpu or 'compare'}.json"
    records.save(path, content | {"entries": [entry.summary() for entry in taking_part]})


def use_cpu(name: str) -> dict[str, str]:
    """Let numba generate code as for another processor, and return the settings for that."""
    if platform.machine() not in ("x86_64", "AMD64"):
        raise SystemExit(f"--cpu: needs an x86-64 processor; this one is {platform.machine()}")
    if "numba" in sys.modules:
        raise RuntimeError("numba has been imported, and has read its settings")
    # Without the empty list numba keeps the instructions that the machine has.
    settings = {"NUMBA_CPU_NAME": name, "NUMBA_CPU_FEATURES": ""}
    os.environ.update(settings)
    return settings


if __name__ == "__main__":
    main()
