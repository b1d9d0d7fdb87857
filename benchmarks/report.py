"""Write ``benchmarks/RESULTS.md``, and the README's tables and figure, from the saved results.

``python -m benchmarks.report``; what has not been measured is named, with the command that does.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from training.files import write_atomically

from . import figure, readme, records, tables
from .compare import CPUS, HEIGHT, WIDTH
from .measurements import COMMANDS, missing
from .targets import verdicts

#: Results by the name of their measurement.
Files = dict[str, dict[str, Any]]


def load_all(folder: Path) -> Files:
    """Read the results that there are.

    Raises
    ------
    SystemExit
        If there are none, or a file is broken.
    """
    paths = {name: folder / f"{name}.json" for name in COMMANDS if name != "published"}
    found = {name: records.load(path) for name, path in paths.items() if path.exists()}
    if not found:
        raise SystemExit(f"{folder}: no results; run `python -m benchmarks` first")
    return found


def write(files: Files, picture: str) -> str:
    """Return the report: the main results first, then details, then the targets.

    Parameters
    ----------
    files : dict
        Contents of the files of results, by the name of the measurement.
    picture : str
        Path of the figure, relative to the report.
    """
    parts = [
        "# Benchmark results",
        *_from(files, ("compare", "quality"), lambda c, q: _main_results(c, q, picture)),
        *_conditions(files),
        "## Times of all methods",
        *_from(files, ("compare",), _times),
        "## Time by image content",
        *_from(files, ("compare",), _kinds),
        "## Code for other processors",
        "Photograph, x4, one thread, milliseconds, interleaved rounds. numba generates code as for "
        "another processor: `haswell` has AVX2 and not AVX-512, `nehalem` has vectors of 128 bits, "
        "as Arm's are.",
    ]
    for cpu in CPUS:
        parts += [f"### {cpu}", *_from(files, (cpu,), _narrow)]
    parts += ["## Quality", *_from(files, ("quality",), _quality)]
    for title, name, text in COSTS:
        parts += [f"## {title}", *([text] if text else []), *_from(files, (name,), _table(name))]
    parts += [
        "## Folders of photographs",
        "Seconds of the command `lutsr FOLDER -o OUTPUT`, x4, start and loading included, with one "
        "worker and with two.",
        *_from(files, ("batch",), lambda found: [tables.batch(found["entries"])]),
        "## Groups of pytest-benchmark",
        "Median milliseconds by output size. These benchmarks ran one after the other; for ratios "
        "see the interleaved rounds above.",
        *_from(files, ("groups",), lambda found: [tables.groups(found["entries"])]),
        *_targets(files),
    ]
    return "\n\n".join(parts) + "\n"


#: Sections of the parts of ``costs``: title, name, and what stands above the table.
COSTS = (
    (
        "Time per output pixel by size",
        "scaling",
        "Nanoseconds per output pixel of three channels, photograph, x4, interleaved rounds. "
        "Columns: model, workers.",
    ),
    (
        "Time of deeper images",
        "depths",
        "x4, one worker, milliseconds. A model without a time is defined on 8-bit images only.",
    ),
    (
        "Sizes that no model has",
        "resizing",
        "`lutsr.resize`, one worker, milliseconds, interleaved rounds. What becomes smaller is "
        "reduced without a model.",
    ),
    ("Video", "video", "Frames per second of `lutsr --raw`, x2 of 640 x 360 RGB, one worker."),
    (
        "Lower bounds",
        "writing",
        "With a flat image, above, all look-ups hit the first-level cache. See "
        "`benchmarks/NOTES.md`.",
    ),
    (
        "Memory",
        "memory",
        "Peak resident memory of a call in a fresh process, without tables, input and output.",
    ),
    (
        "Tables",
        "tables",
        "Prepared are the tables of `eclut`, fused, and those of the `ecnn` models, laid out for "
        "the kernels.",
    ),
    ("Cold start", "start", ""),
)


def _from(files: Files, names: tuple[str, ...], make: Callable[..., list[str]]) -> list[str]:
    """Return the parts that are made from some results, or what to run if they are missing."""
    if lacking := [name for name in names if name not in files]:
        return [missing(lacking)]
    return make(*(files[name] for name in names))


def _table(name: str) -> Callable[[dict[str, Any]], list[str]]:
    return lambda content: [tables.COSTS[name](content)]


def _image(compare: dict[str, Any]) -> str:
    return f"{compare['width']} x {compare['height']} RGB uint8"


def _main_results(compare: dict[str, Any], quality: dict[str, Any], picture: str) -> list[str]:
    return [
        f"x4. Time: milliseconds for a photograph of {_image(compare)}, medians of interleaved "
        "rounds. Quality: PSNR-Y in dB, means over the sets; inputs are reduced with MATLAB's "
        "bicubic.",
        tables.overview(compare, quality["entries"]),
        f"![PSNR-Y on {figure.SET} against time, one labelled point per method]({picture})",
    ]


def _conditions(files: Files) -> list[str]:
    versions = dict.fromkeys(
        ", ".join(f"{name} {v}" for name, v in content["versions"].items())
        for content in files.values()
    )
    machines = dict.fromkeys(content["machine"] for content in files.values())
    commands = "\n".join(f"- {_command(content)}" for content in files.values())
    return [
        "## Conditions",
        "`python -m benchmarks.report` writes this file from `benchmarks/results/*.json`. "
        "`python -m benchmarks` repeats all measurements, or those that are named.",
        f"- Machine: {'; '.join(machines)}.\n- Versions: {'; '.join(versions)}.\n{commands}",
    ]


def _command(content: dict[str, Any]) -> str:
    """Return the command of a results file, its date, the machine's load and a note, if any."""
    load, note = content["load_at_start"], content.get("note")
    busy = "" if load is None else f", load {load:.2f} at the start"
    return f"`{content['command']}`, {content['date']}{busy}{f'. {note}.' if note else ''}"


def _times(compare: dict[str, Any]) -> list[str]:
    parts = [
        f"{_image(compare)} photograph, milliseconds, medians of interleaved rounds. *Into*: the "
        "call writes to a given array instead of allocating its output. Pillow and scikit-image "
        "have one thread only. scikit-image returns float64.",
    ]
    for scale in dict.fromkeys(entry["scale"] for entry in compare["entries"]):
        parts += [f"### x{scale}", tables.comparison(compare, scale)]
    if compare["absent"]:
        absent = (f"- {name}: {reason}" for name, reason in compare["absent"].items())
        parts.append("Not measured:\n\n" + "\n".join(absent))
    return parts


def _kinds(compare: dict[str, Any]) -> list[str]:
    return [
        f"Milliseconds for {_image(compare)}. A flat image is the best case for a look-up table, "
        "noise the worst.",
        tables.kinds(compare),
    ]


def _narrow(found: dict[str, Any]) -> list[str]:
    return [f"{_image(found)}:", tables.narrow(found)]


def _quality(quality: dict[str, Any]) -> list[str]:
    entries = quality["entries"]
    return [
        "PSNR-Y in dB of the calls that are timed. Inputs are reduced with MATLAB's bicubic. The "
        "FSRCNN model is that of OpenCV's contrib module, not the paper's. SR-LUT S, MuLUT, "
        "TinyLUT and ShiftLUT are their authors' tables, run by lutsr. *Channels apart*: each "
        "channel is upscaled by itself; otherwise the `ecnn` models compute the detail of RGB "
        "images once, from the luma (`rgb=True`), as the command does.",
        tables.quality(entries),
        "PSNR over the samples of red, green and blue (CPSNR), in dB:",
        tables.quality(entries, "psnr_rgb"),
        "Flat noise: standard deviation of a result's luma where the original is flat, in levels. "
        "More than in the last line means texture that the original does not have, such as dots.",
        tables.quality(entries + quality["originals"], "flat_noise"),
    ]


def _targets(files: Files) -> list[str]:
    found = list(verdicts(files))
    judged = [name for name in COMMANDS if name not in ("published", "nehalem", "groups", "resize")]
    lacking = [name for name in judged if name not in files]
    return [
        "## Performance targets",
        f"{sum(verdict.met for verdict in found)} of {len(found)} targets are met. "
        f"{WIDTH} x {HEIGHT} RGB uint8 photograph, x4, one thread and an allocated output unless "
        "stated. Ratios of medians over interleaved rounds, and of minimum times, which other load "
        "on the machine disturbs less. The target of `eclut-fast` is half the time of `eclut`'s.",
        *([f"Targets of these are left out. {missing(lacking)}"] if lacking else []),
        tables.targets(found),
    ]


def main() -> None:
    """Write the report and the figure."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--results", type=Path, default=records.RESULTS)
    parser.add_argument("--report", type=Path, default=Path("benchmarks/RESULTS.md"))
    parser.add_argument("--readme", type=Path, default=Path("README.md"), help="has tables, too")
    parser.add_argument("--figure", type=Path, default=Path("docs/images/quality_time.png"))
    args = parser.parse_args()
    files = load_all(args.results)
    picture = Path(os.path.relpath(args.figure, args.report.parent)).as_posix()
    write_atomically(args.report, write(files, picture).encode())
    print(f"wrote {args.report}")
    filled = readme.fill(args.readme.read_text(encoding="utf-8"), files)
    write_atomically(args.readme, filled.encode())
    print(f"wrote the tables of {args.readme}")
    if lacking := [name for name in ("compare", "quality") if name not in files]:
        print(f"left {args.figure} as it is: no results of {', '.join(lacking)}")
        return
    compare = files["compare"]
    points = figure.points(compare, files["quality"])
    figure.draw(points, compare["height"], compare["width"], args.figure)


if __name__ == "__main__":
    main()
