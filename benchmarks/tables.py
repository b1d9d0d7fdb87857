"""The tables of ``benchmarks/RESULTS.md``, each from one of the saved files."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from math import isnan
from typing import Any

from .contenders import CONTENDERS
from .records import Times
from .resizing import RIVAL
from .targets import Verdict


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a Markdown table; all columns but the first are right-aligned."""
    lines = [head, ["---", *["---:"] * (len(head) - 1)], *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def milliseconds(seconds: float | None) -> str:
    """Format a time in milliseconds with about three digits; empty if it was not measured."""
    if seconds is None:
        return ""
    ms = 1e3 * seconds
    return f"{ms:,.0f}" if ms >= 100 else f"{ms:.1f}" if ms >= 10 else f"{ms:.2f}"


def ratio(value: float, unit: str = "x") -> str:
    """Format a value with its unit; small ratios as 1/n."""
    if unit == "x" and value < 0.05:
        return f"1/{1 / value:.0f}"
    return f"{value:.2f} {unit}"


def targets(found: Iterable[Verdict]) -> str:
    """Return the table of measured values, targets and verdicts."""
    rows = []
    for verdict in found:
        sign = "at least" if verdict.at_least else "at most"
        least = "" if verdict.least is None else ratio(verdict.least, verdict.unit)
        goal = "" if verdict.stretch is None else ratio(verdict.stretch, verdict.unit)
        rows.append(
            [
                verdict.what,
                ratio(verdict.value, verdict.unit),
                least,
                f"{sign} {ratio(verdict.limit, verdict.unit)}",
                goal,
                verdict.words(),
            ]
        )
    return table(["what", "median", "minimum", "target", "stretch target", "verdict"], rows)


def overview(compare: dict[str, Any], entries: list[dict[str, Any]]) -> str:
    """Return the table of times and PSNR-Y of all methods at x4."""
    times = Times(compare["entries"])
    psnr = {(e["method"], e["set"]): e["psnr_y"] for e in entries if e["scale"] == 4}
    sets = list(dict.fromkeys(name for _, name in psnr))
    rows = []
    for name in CONTENDERS:
        one = times(name)
        if one is None:
            continue
        values = (psnr.get((name, each)) for each in sets)
        rows.append(
            [
                name,
                milliseconds(one),
                milliseconds(times(name, threads=2)),
                *("" if value is None else f"{value:.2f}" for value in values),
            ]
        )
    return table(["method", "1 thread, ms", "2 threads, ms", *(f"{s}, dB" for s in sets)], rows)


def comparison(compare: dict[str, Any], scale: int) -> str:
    """Return the table of the interleaved comparison at a scale."""
    times, least = Times(compare["entries"]), Times(compare["entries"], "min_s")
    cubic = times("OpenCV INTER_CUBIC", scale=scale)
    pillow = times("Pillow BICUBIC", scale=scale)
    pixels = compare["height"] * compare["width"] * scale**2
    rows = []
    for name in CONTENDERS:
        one = times(name, scale=scale)
        if one is None:
            continue
        rows.append(
            [
                name,
                milliseconds(one),
                milliseconds(least(name, scale=scale)),
                milliseconds(times(name, scale=scale, into=True)),
                milliseconds(times(name, scale=scale, threads=2)),
                milliseconds(times(name, scale=scale, threads=2, into=True)),
                f"{1e9 * one / pixels:,.2f}",
                f"{one / cubic:,.2f}" if cubic else "",
                f"{one / pillow:,.2f}" if pillow else "",
            ]
        )
    head = ["method", "1 thread", "minimum", "1, into", "2 threads", "2, into"]
    return table([*head, "ns per pixel", "/ INTER_CUBIC", "/ Pillow BICUBIC"], rows)


def kinds(compare: dict[str, Any]) -> str:
    """Return the table of lutsr's times by image content."""
    times = Times(compare["entries"])
    cases = {(e["name"], e["scale"], e["threads"]) for e in compare["entries"]}
    rows = [
        [f"{name}, x{scale}, {threads} worker{'s' if threads > 1 else ''}"]
        + [
            milliseconds(times(name, scale=scale, kind=kind, threads=threads))
            for kind in ("flat", "photo", "noise")
        ]
        for name, scale, threads in sorted(cases, key=lambda case: (case[0], -case[1], case[2]))
        if times(name, scale=scale, kind="noise", threads=threads)
    ]
    return table(["method", "flat", "photograph", "noise"], rows)


def narrow(found: dict[str, Any]) -> str:
    """Return the table of times with code for another processor."""
    times, least = Times(found["entries"]), Times(found["entries"], "min_s")
    pillow, cubic = times("Pillow BICUBIC"), times("OpenCV INTER_CUBIC")
    rows = []
    for name in CONTENDERS:
        one = times(name)
        if one is not None:
            shares = [f"{one / other:,.2f}" if other else "" for other in (pillow, cubic)]
            rows.append([name, milliseconds(one), milliseconds(least(name)), *shares])
    columns = ["method", "1 thread", "minimum", "/ Pillow BICUBIC", "/ OpenCV INTER_CUBIC"]
    return table(columns, rows)


def depths(content: dict[str, Any]) -> str:
    """Return the table of times of deeper images."""
    entries = content["entries"]
    taken = {(e["model"], e["dtype"]): e["median_s"] for e in entries}
    dtypes = list(dict.fromkeys(e["dtype"] for e in entries))
    rows = []
    for model in dict.fromkeys(e["model"] for e in entries):
        found = [taken.get((model, dtype)) for dtype in dtypes]
        cells = [milliseconds(seconds) for seconds in found]
        cells += [f"{s / taken[model, 'uint8']:.2f}" if s else "" for s in found[1:]]
        rows.append([model, *cells])
    return table(["model", *dtypes, *(f"{dtype} / uint8" for dtype in dtypes[1:])], rows)


def resizing(content: dict[str, Any]) -> str:
    """Return the table of times of `lutsr.resize`."""
    entries = content["entries"]
    rows = []
    for growth in dict.fromkeys(e["growth"] for e in entries):
        of = {e["method"]: e for e in entries if e["growth"] == growth}
        for method, e in of.items():
            shares = [f"{e[key] / of[RIVAL][key]:.2f}" for key in ("median_s", "min_s")]
            rows.append([f"x{growth:g}", method, milliseconds(e["median_s"]), *shares])
    return table(["scale", "method", "median", f"/ {RIVAL}", "of minima"], rows)


def scaling(content: dict[str, Any]) -> str:
    """Return the table of times per output pixel by size."""
    entries = content["entries"]
    cases = dict.fromkeys((e["model"], e["workers"], e["into"]) for e in entries)
    head = ["output", *(f"{m}, {w}{', into' if i else ''}" for m, w, i in cases)]
    rows = []
    for size in dict.fromkeys(tuple(entry["size"]) for entry in entries):
        by_case = {
            (e["model"], e["workers"], e["into"]): e["median_ns"]
            for e in entries
            if tuple(e["size"]) == size
        }
        rows.append([f"{size[0]} x {size[1]}", *(f"{by_case[case]:.2f}" for case in cases)])
    return table(head, rows)


def video(content: dict[str, Any]) -> str:
    """Return the table of frame rates."""
    rows = [[entry["model"], f"{entry['frames_per_second']:.0f}"] for entry in content["entries"]]
    return table(["model", "frames per second"], rows)


def writing(content: dict[str, Any]) -> str:
    """Return the sentence about the time to write the output."""
    return (
        f"Filling an output array of that size ({content['bytes'] / 1e6:.1f} MB) once takes "
        f"{milliseconds(content['median_s'])} ms."
    )


def memory(content: dict[str, Any]) -> str:
    """Return the table of peak memory."""
    if content["missing"]:
        return f"Not measured: {content['missing']}."
    rows = [
        [
            f"{e['model']}, {e['layout']}, {e['width']} x {e['height']} x{e['scale']}",
            str(e["workers"]),
            f"{e['extra_bytes'] / 1e6:.2f}",
            f"{e['extra_bytes'] / 1e6 / e['workers']:.2f}",
        ]
        for e in content["entries"]
    ]
    return table(["case", "workers", "MB", "MB per worker"], rows)


def prepared(content: dict[str, Any]) -> str:
    """Return the table of load times and sizes of tables, in files and prepared."""
    rows = [
        [
            f"{e['model']} x{e['scale']}",
            f"{e['file_bytes'] / 1e6:.2f}",
            f"{1e3 * e['median_s']:.0f}",
            f"{e['bytes'] / 1e6:.1f}",
        ]
        for e in content["entries"]
    ]
    return table(["tables", "file, MB", "load and prepare, ms", "prepared, MB"], rows)


def cold_start(content: dict[str, Any]) -> str:
    """Return the table of the times of fresh processes."""
    rows = [
        [
            "`import lutsr` after numpy",
            f"{content['import']['median_s']:.4f}",
            f"{content['import']['min_s']:.4f}",
        ]
    ]
    for entry in content["first_upscale"]:
        for state, median, least in (
            ("filled", "warm_median_s", "warm_min_s"),
            ("empty", "no_cache_s", "no_cache_s"),
        ):
            what = f"first `upscale`, {entry['model']} x4, numba cache {state}"
            rows.append([what, f"{entry[median]:.2f}", f"{entry[least]:.2f}"])
    if warmup := content["warmup"]:
        what = "`lutsr.warmup()` by a process per core, numba cache"
        filled = warmup["warm_median_s"], warmup["warm_min_s"]
        rows.append([f"{what} filled", *(f"{seconds:.2f}" for seconds in filled)])
        rows.append([f"{what} empty", f"{warmup['no_cache_s']:.2f}", ""])
    return table(["what", "median, s", "minimum, s"], rows)


def quality(entries: list[dict[str, Any]], key: str = "psnr_y") -> str:
    """Return the table of PSNR-Y, or of another figure, by set and scale."""
    columns = list(dict.fromkeys((e["scale"], e["set"]) for e in entries))
    by_case = {(e["method"], e["scale"], e["set"]): e[key] for e in entries if not isnan(e[key])}
    rows = [
        [name, *(f"{by_case[name, *c]:.2f}" if (name, *c) in by_case else "" for c in columns)]
        for name in dict.fromkeys(e["method"] for e in entries)
    ]
    return table(["method", *(f"{name} x{scale}" for scale, name in columns)], rows)


def groups(entries: list[dict[str, Any]]) -> str:
    """Return the medians of all groups: a table per scale and kind, a column per size."""
    parts = []
    for scale, kind in dict.fromkeys((e["scale"], e["kind"]) for e in entries):
        here = [e for e in entries if (e["scale"], e["kind"]) == (scale, kind)]
        sizes = list(dict.fromkeys(tuple(e["size"]) for e in here))
        cases = dict.fromkeys((e["name"], e["threads"]) for e in here)
        by_case = {(e["name"], e["threads"], tuple(e["size"])): e["median_s"] for e in here}
        rows = [
            [f"{name}, {threads}", *(milliseconds(by_case.get((name, threads, s))) for s in sizes)]
            for name, threads in cases
        ]
        head = ["method, threads", *(f"{height} x {width}" for height, width in sizes)]
        parts.append(f"x{scale}, {kind}, ms:\n\n{table(head, rows)}")
    return "\n\n".join(parts)


def batch(entries: list[dict[str, Any]]) -> str:
    """Return the table of times of folders of photographs."""
    by_case: dict[tuple[Any, ...], dict[int, dict[str, Any]]] = {}
    for e in entries:
        case = e["count"], e["width"], e["height"], e["format"]
        by_case.setdefault(case, {})[e["workers"]] = e
    rows = []
    for (count, width, height, format), of in by_case.items():
        cells = [f"{of[workers][key]:.2f}" for key in ("median_s", "min_s") for workers in of]
        shares = [f"{of[1][key] / of[2][key]:.2f}" for key in ("median_s", "min_s")]
        rows.append([f"{count} of {width} x {height}, {format}", *cells, *shares])
    head = ["pictures", "-j 1, s", "-j 2, s", "minimum, -j 1", "-j 2", "ratio", "of minima"]
    return table(head, rows)


#: What the parts of ``costs`` are shown as.
COSTS = {
    "writing": writing,
    "start": cold_start,
    "video": video,
    "memory": memory,
    "tables": prepared,
    "depths": depths,
    "resizing": resizing,
    "scaling": scaling,
}
