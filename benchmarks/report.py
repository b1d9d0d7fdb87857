"""Write ``benchmarks/RESULTS.md``, and the README's tables and figure, from the saved results.

``python -m benchmarks.report``
"""

from __future__ import annotations

import argparse
import os
from pathlib import Path
from typing import Any

from training.files import write_atomically

from . import figure, readme, records, tables
from .compare import CPUS
from .targets import verdicts

FILES = ("compare", *CPUS, "costs", "quality", "resize", "groups")


def write(files: dict[str, dict[str, Any]], picture: str) -> str:
    """Return the report: the main results first, then details, then the targets.

    Parameters
    ----------
    files : dict
        Contents of `FILES`, by name.
    picture : str
        Path of the figure, relative to the report.
    """
    compare, costs, quality = files["compare"], files["costs"], files["quality"]["entries"]
    parts = [
        "# Benchmark results",
        *_main_results(compare, quality, picture),
        *_conditions(files),
        *_times(compare),
        "## Code for other processors",
        f"{_image(compare)} photograph, x4, one thread, milliseconds, interleaved rounds. numba "
        "generates code as for another processor: `haswell` has AVX2 and not AVX-512, `nehalem` "
        "has vectors of 128 bits, as Arm's are.",
        *(part for cpu in CPUS for part in (f"### {cpu}", tables.narrow(files[cpu]))),
        "## Quality",
        "PSNR-Y in dB of the calls that are timed. Inputs are reduced with MATLAB's bicubic. The "
        "FSRCNN model is that of OpenCV's contrib module, not the paper's. SR-LUT S, MuLUT, "
        "TinyLUT and ShiftLUT are their authors' tables, run by lutsr. *Channels apart*: each "
        "channel is upscaled by itself; otherwise the `ecnn` models compute the detail of RGB "
        "images once, from the luma (`rgb=True`), as the command does.",
        tables.quality(quality),
        "PSNR over the samples of red, green and blue (CPSNR), in dB:",
        tables.quality(quality, "psnr_rgb"),
        "Flat noise: standard deviation of a result's luma where the original is flat, in levels. "
        "More than in the last line means texture that the original does not have, such as dots.",
        tables.quality(quality + files["quality"]["originals"], "flat_noise"),
        *_costs(costs),
        "## Groups of pytest-benchmark",
        "Median milliseconds by output size. These benchmarks ran one after the other; for ratios "
        "see the interleaved rounds above.",
        tables.groups(files["groups"]["entries"]),
        *_targets(files),
    ]
    return "\n\n".join(parts) + "\n"


def _image(compare: dict[str, Any]) -> str:
    return f"{compare['width']} x {compare['height']} RGB uint8"


def _main_results(
    compare: dict[str, Any], quality: list[dict[str, Any]], picture: str
) -> list[str]:
    return [
        f"x4. Time: milliseconds for a photograph of {_image(compare)}, medians of interleaved "
        "rounds. Quality: PSNR-Y in dB, means over the sets; inputs are reduced with MATLAB's "
        "bicubic.",
        tables.overview(compare, quality),
        f"![PSNR-Y on {figure.SET} against time, one labelled point per method]({picture})",
    ]


def _conditions(files: dict[str, dict[str, Any]]) -> list[str]:
    versions = ", ".join(f"{name} {v}" for name, v in files["compare"]["versions"].items())
    machines = "; ".join(dict.fromkeys(content["machine"] for content in files.values()))
    commands = "\n".join(f"- {_command(content)}" for content in files.values())
    return [
        "## Conditions",
        "`python -m benchmarks.report` writes this file from `benchmarks/results/*.json`. "
        "`python -m benchmarks` repeats all measurements.",
        f"- Machine: {machines}.\n- Versions: {versions}.\n{commands}",
    ]


def _command(content: dict[str, Any]) -> str:
    """Return the command of a results file, its date, the machine's load and a note, if any."""
    load, note = content["load_at_start"], content.get("note")
    busy = "" if load is None else f", load {load:.2f} at the start"
    return f"`{content['command']}`, {content['date']}{busy}{f'. {note}.' if note else ''}"


def _times(compare: dict[str, Any]) -> list[str]:
    parts = [
        "## Times of all methods",
        f"{_image(compare)} photograph, milliseconds, medians of interleaved rounds. *Into*: the "
        "call writes to a given array instead of allocating its output. Pillow and scikit-image "
        "have one thread only. scikit-image returns float64.",
    ]
    for scale in dict.fromkeys(entry["scale"] for entry in compare["entries"]):
        parts += [f"### x{scale}", tables.comparison(compare, scale)]
    if compare["absent"]:
        absent = (f"- {name}: {reason}" for name, reason in compare["absent"].items())
        parts.append("Not measured:\n\n" + "\n".join(absent))
    return [
        *parts,
        "## Time by image content",
        f"Milliseconds for {_image(compare)}. A flat image is the best case for a look-up table, "
        "noise the worst.",
        tables.kinds(compare),
    ]


def _costs(costs: dict[str, Any]) -> list[str]:
    writing = costs["writing"]
    return [
        "## Time per output pixel by size",
        "Nanoseconds per output pixel of three channels, photograph, x4, interleaved rounds. "
        "Columns: model, workers.",
        tables.scaling(costs),
        "## Time of deeper images",
        "x4, one worker, milliseconds. A model without a time is defined on 8-bit images only.",
        tables.depths(costs["depths"]),
        "## Video",
        "Frames per second of `lutsr --raw`, x2 of 640 x 360 RGB, one worker.",
        tables.video(costs["video"]),
        "## Lower bounds",
        f"Filling an output array of that size ({writing['bytes'] / 1e6:.1f} MB) once takes "
        f"{tables.milliseconds(writing['median_s'])} ms. With a flat image, above, all look-ups "
        "hit the first-level cache. See `benchmarks/NOTES.md`.",
        "## Memory and tables",
        "Peak resident memory of a call in a fresh process, without tables, input and output.",
        tables.memory(costs),
        "Prepared are the tables of `eclut`, fused, and those of the `ecnn` models, laid out for "
        "the kernels.",
        tables.prepared(costs),
        "## Cold start",
        tables.cold_start(costs),
    ]


def _targets(files: dict[str, dict[str, Any]]) -> list[str]:
    found, compare = list(verdicts(files)), files["compare"]
    return [
        "## Performance targets",
        f"{sum(verdict.met for verdict in found)} of {len(found)} targets are met. "
        f"{_image(compare)} photograph, x4, one thread and an allocated output unless stated. "
        "Ratios of medians over interleaved rounds, and of minimum times, which other load on the "
        "machine disturbs less. The target of `eclut-fast` is half the time of `eclut`'s.",
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
    files = {name: records.load(args.results / f"{name}.json") for name in FILES}
    picture = Path(os.path.relpath(args.figure, args.report.parent)).as_posix()
    write_atomically(args.report, write(files, picture).encode())
    print(f"wrote {args.report}")
    filled = readme.fill(args.readme.read_text(encoding="utf-8"), files)
    write_atomically(args.readme, filled.encode())
    print(f"wrote the tables of {args.readme}")
    compare = files["compare"]
    points = figure.points(compare, files["quality"])
    figure.draw(points, compare["height"], compare["width"], args.figure)


if __name__ == "__main__":
    main()
