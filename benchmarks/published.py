"""Run the shipped models and other authors' published tables, x4, beside plain NumPy.

``python -m benchmarks.published``

Measures quality, time on one and two workers, and the time of `lutsr.reference`, and writes the
table of ``docs/published_tables.md`` and its figure. Tables are read from ``../shared/peers``; what
is not there is left out, with the reason. Shipped models take part by themselves.

Times of one worker and of NumPy are processor times, which other load on the machine disturbs
less. The speed-up by a second worker is a ratio of least times by the clock; it is measured only on
a machine that does nothing else.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import lutsr
from training.evaluation.evaluate import MEAN, score
from training.evaluation.methods import model_method

from . import images, published_report, records
from .compare import HEIGHT, WIDTH
from .places import PEERS
from .quality import SETS

SCALE = 4
#: Load above which a second worker is not measured.
BUSY = 1.0
#: What NumPy is timed on: the middle of the image, about 1/64 of it.
NUMPY_HEIGHT, NUMPY_WIDTH = HEIGHT // 8, WIDTH // 8


@dataclass(frozen=True)
class Published:
    """Published tables.

    Attributes
    ----------
    method : str
        As `lutsr.convert` takes it.
    source : str
        Their file or folder in `PEERS`.
    figures : dict
        PSNR-Y that their authors state, by set.
    """

    method: str
    source: str
    figures: dict[str, float]


def _figures(set5: float, set14: float) -> dict[str, float]:
    return {"Set5": set5, "Set14": set14}


#: Published tables, by the name of their row.
PUBLISHED = {
    "SR-LUT V": Published("sr-lut", "sr-lut/Model_V_x4_0bit_int8.npy", {}),
    "SR-LUT F": Published("sr-lut", "sr-lut/Model_F_x4_4bit_int8.npy", {}),
    "SR-LUT S": Published("sr-lut", "sr-lut/Model_S_x4_4bit_int8.npy", _figures(29.82, 27.01)),
    "MuLUT sdy-x2": Published("mulut", "mulut", _figures(30.60, 27.60)),
    "TinyLUT-S": Published("tinylut", "tinylut", _figures(30.22, 27.33)),
    "ShiftLUT s0": Published("shiftlut", "shiftlut/s0", _figures(30.50, 27.54)),
    "ShiftLUT s1": Published("shiftlut", "shiftlut/s1", _figures(30.77, 27.74)),
    "ShiftLUT s7": Published("shiftlut", "shiftlut/s7", _figures(31.33, 28.11)),
}


def open_all(peers: Path) -> tuple[dict[str, lutsr.Upscaler], dict[str, str]]:
    """Open shipped models and published tables.

    Returns
    -------
    upscalers : dict
        By the name of the row; names of shipped models begin with "lutsr".
    absent : dict
        Reason, by the name of the row.
    """
    shipped = [model.name for model in lutsr.models() if model.scale == SCALE]
    found = {f"lutsr {name}": lutsr.load(name, SCALE) for name in shipped}
    absent = {}
    with tempfile.TemporaryDirectory() as folder:
        for name, about in PUBLISHED.items():
            if not (peers / about.source).exists():
                absent[name] = f"no {about.source} in ../shared/peers"
                continue
            target = Path(folder, f"{len(found)}_x{SCALE}.npy")
            lutsr.convert(peers / about.source, target, method=about.method)
            found[name] = lutsr.load(target)
    return found, absent


def measure(name: str, upscaler: lutsr.Upscaler, folders: tuple[Path, ...]) -> dict[str, Any]:
    """Measure size, quality and the time of NumPy; return an entry of the results."""
    entry: dict[str, Any] = {
        "name": name,
        "bytes": sum(table.nbytes for table in upscaler.tables.values()),
        "published": PUBLISHED[name].figures if name in PUBLISHED else {},
        "psnr_y": {},
    }
    for folder in folders:
        rows = score(folder, [model_method(upscaler, name)])
        (mean,) = (row for row in rows if row["image"] == MEAN)
        entry["psnr_y"][mean["set"]] = mean["psnr_y"]
    image = images.photograph(HEIGHT, WIDTH)
    top, left = (HEIGHT - NUMPY_HEIGHT) // 2, (WIDTH - NUMPY_WIDTH) // 2
    part = image[top : top + NUMPY_HEIGHT, left : left + NUMPY_WIDTH]
    entry["numpy_s"] = _taken(
        time.process_time,
        lambda: lutsr.reference.upscale(part, upscaler, channel_axis=-1, rgb=True),
    )
    print(f"{name:20} {entry['psnr_y']} NumPy {entry['numpy_s']:.2f} s", flush=True)
    return entry


def _taken(clock: Callable[[], float], run: Callable[[], Any]) -> float:
    start = clock()
    run()
    return clock() - start


def time_all(
    upscalers: dict[str, lutsr.Upscaler], rounds: int, second_worker: bool
) -> dict[str, dict[str, float]]:
    """Time models on the image of ``compare``, in interleaved rounds.

    Returns
    -------
    dict of dict
        Least seconds, by name: processor time of one worker; with a second one, also the times by
        the clock of one and of two.
    """
    image = images.photograph(HEIGHT, WIDTH)
    clocks = {"cpu_s": (1, time.process_time)}
    if second_worker:
        clocks |= {"one_s": (1, time.perf_counter), "two_s": (2, time.perf_counter)}
    least: dict[str, dict[str, float]] = {name: {} for name in upscalers}
    for turn in range(-1, rounds):
        for name, upscaler in upscalers.items():
            for key, (workers, clock) in clocks.items():
                run = partial(upscaler, image, channel_axis=-1, rgb=True, workers=workers)
                seconds = _taken(clock, run)
                if turn >= 0:
                    least[name][key] = min(seconds, least[name].get(key, seconds))
    return least


def main() -> None:
    """Measure, save, and write the table and the figure."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", type=Path, default=records.RESULTS / "published.json")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--peers", type=Path, default=PEERS, help="folder of published tables")
    parser.add_argument("--hr", type=Path, nargs="+", default=SETS, help="folders of HR images")
    parser.add_argument("--document", type=Path, default=Path("docs/published_tables.md"))
    parser.add_argument("--figure", type=Path, default=Path("docs/images/published.png"))
    parser.add_argument("--saved", action="store_true", help="only write what was measured before")
    args = parser.parse_args()
    if not args.saved:
        content = records.header(records.command_line("benchmarks.published"))
        upscalers, absent = open_all(args.peers)
        load = content["load_at_start"] or 0.0
        if load > BUSY:
            absent["2 workers"] = f"the load was {load:.1f}, wanted at most {BUSY:.1f}"
        folders = tuple(folder for folder in args.hr if folder.is_dir())
        absent |= {str(path): "no such folder" for path in args.hr if path not in folders}
        for name, reason in absent.items():
            print(f"{name} is left out: {reason}")
        times = time_all(upscalers, args.rounds, load <= BUSY)
        entries = [measure(name, each, folders) | times[name] for name, each in upscalers.items()]
        sizes = {"height": HEIGHT, "width": WIDTH, "numpy_size": [NUMPY_HEIGHT, NUMPY_WIDTH]}
        records.save(args.json, content | sizes | {"absent": absent, "entries": entries})
    published_report.write(records.load(args.json), args.document, args.figure)


if __name__ == "__main__":
    main()
