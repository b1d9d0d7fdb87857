"""Turn the saved figures into ``benchmarks/RESULTS.md`` and the README's figure.

``python -m benchmarks.report``
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from training.files import write_atomically

from . import figure, records, tables
from .targets import verdicts

FILES = ("compare", "costs", "quality", "groups")


def conditions(content: dict[str, Any]) -> str:
    """Say under what conditions a file of figures was made."""
    load = content["load_at_start"]
    busy = "" if load is None else f", load {load:.2f} at the start"
    return f"`{content['command']}`, {content['date']}{busy}"


def write(files: dict[str, dict[str, Any]]) -> str:
    """Write the report.

    Parameters
    ----------
    files : dict
        What `FILES` hold, by name.
    """
    compare, costs = files["compare"], files["costs"]
    found = list(verdicts(compare, costs))
    met = sum(verdict.met for verdict in found)
    versions = ", ".join(f"{name} {number}" for name, number in compare["versions"].items())
    machines = dict.fromkeys(content["machine"] for content in files.values())
    first = costs["first_upscale"]
    image = f"{compare['width']} x {compare['height']} RGB uint8"
    absent = "".join(f"\n- {name}: {reason}" for name, reason in compare["absent"].items())
    parts = [
        "# Figures",
        "Written by `python -m benchmarks.report` from `benchmarks/results/*.json`; no number is "
        "typed by hand. `python -m benchmarks` measures everything anew.",
        f"- Machine: {'; '.join(machines)}.\n- Versions: {versions}.\n"
        + "\n".join(f"- {conditions(content)}" for content in files.values()),
        f"## Targets: {met} of {len(found)} met",
        f"A {image} photograph, x4, one thread and a new output array for every call unless said; "
        "ratios of medians over rounds in which all contenders take turns (and of the least times, "
        "which a busy machine disturbs less). For `eclut-fast` the "
        "target is half of what `eclut` may take.",
        tables.targets(found),
        "## All contenders, interleaved",
        f"{image} photograph, milliseconds, medians. *Into*: the result is written into an array "
        "that the call is given. Pillow, scikit-image and SR-LUT know one thread only. "
        "scikit-image's result is float64.",
    ]
    for scale in dict.fromkeys(entry["scale"] for entry in compare["entries"]):
        parts += [f"### x{scale}", tables.comparison(compare, scale)]
    if absent:
        parts.append(f"Absent:\n{absent}")
    parts += [
        "## What is in the image",
        f"Milliseconds for {image}: a flat image is the best case for a look-up table, noise the "
        "worst.",
        tables.kinds(compare),
        "## Floors",
        f"Filling an output array of that size ({costs['writing']['bytes'] / 1e6:.1f} MB) once "
        f"takes {tables.milliseconds(costs['writing']['median_s'])} ms; a flat image, above, has "
        "every look-up in the first-level cache. `benchmarks/NOTES.md` explains.",
        "## Time per output pixel by size",
        "Nanoseconds per output pixel of three channels, photograph, x4; model, workers; sizes "
        "interleaved.",
        tables.scaling(costs),
        "## Memory and fused tables",
        "Peak resident memory of a call beyond tables, input and output, in a fresh process each.",
        tables.memory(costs),
        tables.fused(costs),
        "## Cold start",
        tables.table(
            ["what", "median, s", "least, s"],
            [
                [
                    "`import lutsr` after numpy",
                    f"{costs['import']['median_s']:.4f}",
                    f"{costs['import']['min_s']:.4f}",
                ],
                *(
                    [
                        f"first `upscale`, {entry['model']} x4, numba cache {state}",
                        f"{entry[median]:.2f}",
                        f"{entry[least]:.2f}",
                    ]
                    for entry in first
                    for state, median, least in (
                        ("warm", "warm_median_s", "warm_min_s"),
                        ("empty", "no_cache_s", "no_cache_s"),
                    )
                ),
            ],
        ),
        "## Quality",
        "PSNR-Y in dB through the calls that are timed, inputs by MATLAB's bicubic. The FSRCNN "
        "model is the one made for OpenCV's contrib module, not the paper's; SR-LUT's tables are "
        "its authors', run by `lutsr._chain.reference` with their interpolation corrected.",
        tables.quality(files["quality"]["entries"]),
        "## Groups of pytest-benchmark",
        "Medians in milliseconds by size of the output. One benchmark ran after the other here: "
        "for ratios see the interleaved rounds above.",
        tables.groups(files["groups"]["entries"]),
    ]
    return "\n\n".join(parts) + "\n"


def main() -> None:
    """Write both files."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--results", type=Path, default=records.RESULTS)
    parser.add_argument("--report", type=Path, default=Path("benchmarks/RESULTS.md"))
    parser.add_argument("--figure", type=Path, default=Path("docs/images/quality_time.png"))
    args = parser.parse_args()
    files = {name: records.load(args.results / f"{name}.json") for name in FILES}
    write_atomically(args.report, write(files).encode())
    print(f"wrote {args.report}")
    compare = files["compare"]
    points = figure.points(compare, files["quality"])
    figure.draw(points, compare["height"], compare["width"], args.figure)


if __name__ == "__main__":
    main()
