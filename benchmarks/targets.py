"""The project's performance targets, and whether the saved results meet them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from .records import Times
from .resizing import LARGER, RIVAL

ECLUT, FAST = "lutsr eclut", "lutsr eclut-fast"
PILLOW = "Pillow BICUBIC"
#: Stacks: target and stretch target of the time divided by that of Pillow's bicubic, x4.
STACKS = {
    "lutsr ecnn-small": (0.50, 0.35),
    "lutsr ecnn": (1.40, 1.00),
    "lutsr ecnn-large": (2.60, 1.80),
}
#: With code for AVX2, ratios may be so many times as large.
AVX2_FACTOR = 1.4
#: Stacks: least PSNR-Y and the stretch target, by model, scale and set.
LEAST_DB: dict[tuple[str, int], dict[str, tuple[float, float | None]]] = {
    ("ecnn-small", 4): {"Set5": (30.25, 30.50), "Set14": (27.42, 27.55)},
    ("ecnn", 4): {"Set5": (30.85, 31.05), "Set14": (27.76, 27.90)},
    ("ecnn-large", 4): {"Set5": (31.10, 31.40), "Set14": (27.95, 28.15)},
    ("ecnn", 3): {"Set5": (32.90, None), "Set14": (29.35, None)},
    ("ecnn-large", 3): {"Set5": (33.25, None), "Set14": (29.60, None)},
    ("ecnn", 2): {"Set5": (36.75, None), "Set14": (32.45, None)},
    ("ecnn-large", 2): {"Set5": (37.10, None), "Set14": (32.70, None)},
}
#: Largest standard deviation where the original is flat.
FLAT_NOISE = 1.02
#: Largest ratio of the time of a dtype to that of uint8.
DEPTHS = {"uint16": 5.0, "float32": 6.0}
#: Two workers count as no slower than one up to this ratio of their minimum times. Smaller
#: differences are noise.
NO_SLOWER = 1.05
#: Method, target and stretch target: upper bounds of the time of eclut divided by that of the
#: method, one thread, x4.
RIVALS = (
    ("OpenCV INTER_CUBIC", 6.5, 2.0),
    ("OpenCV INTER_LANCZOS4", 0.45, 0.15),
    ("Pillow BICUBIC", 0.65, 0.20),
    ("torch bicubic, antialias", 1.8, 0.6),
    ("scikit-image rescale, order=3", 1 / 250, 1 / 700),
)


@dataclass(frozen=True)
class Verdict:
    """A target and the measured value."""

    what: str
    value: float
    limit: float
    unit: str = ""
    stretch: float | None = None
    at_least: bool = False
    least: float | None = None  # the value computed from minimum times instead of medians

    @property
    def met(self) -> bool:
        """Whether the value meets the target."""
        return self.value >= self.limit if self.at_least else self.value <= self.limit

    @property
    def margin(self) -> float:
        """By what fraction the value misses the target; negative if it meets the target."""
        ratio = self.limit / self.value if self.at_least else self.value / self.limit
        return ratio - 1 if self.value else -1.0

    def words(self) -> str:
        """Return whether the target is met or missed, and by how much."""
        goal = self.stretch is not None and (
            self.value >= self.stretch if self.at_least else self.value <= self.stretch
        )
        if self.met:
            return f"met{', stretch too' if goal else ''} ({-100 * self.margin:.0f} % to spare)"
        return f"**missed** by {100 * self.margin:.0f} %"


def verdicts(files: dict[str, dict[str, Any]]) -> Iterator[Verdict]:
    """Compare the results with the targets; targets without a measurement are left out."""
    timed = files["compare"]["entries"] if "compare" in files else []
    both = Times(timed), Times(timed, "min_s")
    if "quality" in files:
        yield from _quality(files["quality"]["entries"])
    yield from _stacks(both, "", 1.0)
    if "haswell" in files:
        narrow = files["haswell"]["entries"]
        yield from _stacks((Times(narrow), Times(narrow, "min_s")), ", code for AVX2", AVX2_FACTOR)
    yield from _against_rivals(*both)
    yield from _within_lutsr(*both)
    sizes = files["scaling"]["entries"] if "scaling" in files else []
    yield from _workers(timed, sizes)
    yield from _sizes(sizes)
    for name, judge in _COSTS.items():
        if name in files:
            yield from judge(files[name])


def _quality(entries: list[dict[str, Any]]) -> Iterator[Verdict]:
    found = {(e["method"], e["scale"], e["set"]): e["psnr_y"] for e in entries}
    for (model, scale), sets in LEAST_DB.items():
        for name, (least, stretch) in sets.items():
            value = found.get((f"lutsr {model}", scale, name))
            if value is not None:
                what = f"lutsr {model}: PSNR-Y, {name} x{scale}"
                yield Verdict(what, value, least, "dB", stretch, at_least=True)
    for e in entries:
        if e["method"] in STACKS and e["set"] == "Set14":
            what = f"{e['method']}: flat noise, Set14 x{e['scale']}"
            yield Verdict(what, e["flat_noise"], FLAT_NOISE, "levels")


def _stacks(both: tuple[Times, Times], note: str, factor: float) -> Iterator[Verdict]:
    for name, (limit, stretch) in STACKS.items():
        ratios = [_over(of(name), of(PILLOW)) for of in both]
        if ratios[0]:
            what, goal = f"{name} : {PILLOW}{note}", factor * stretch
            yield Verdict(what, ratios[0], factor * limit, "x", goal, least=ratios[1])


def _against_rivals(times: Times, least: Times) -> Iterator[Verdict]:
    for name, share in ((ECLUT, 1.0), (FAST, 0.5)):
        for rival, limit, stretch in RIVALS:
            ratios = [_over(of(name), of(rival)) for of in (times, least)]
            if ratios[0]:
                what, goal = f"{name} : {rival}", share * stretch
                yield Verdict(what, ratios[0], share * limit, "x", goal, least=ratios[1])


def _within_lutsr(times: Times, least: Times) -> Iterator[Verdict]:
    for name in (*STACKS, ECLUT, FAST):
        ratios = [_over(of(name), of(name, threads=2)) for of in (times, least)]
        if ratios[0]:
            what = f"{name}: speed-up by a second worker"
            yield Verdict(what, ratios[0], 1.8, "x", at_least=True, least=ratios[1])
        for scale in () if name in STACKS else (2, 3):
            # With the same input, output pixels are in proportion to the squares of the scales.
            more = (4 / scale) ** 2
            ratios = [_over(of(name, scale=scale), of(name), more) for of in (times, least)]
            if ratios[0]:
                what = f"{name}: cost per output pixel, x{scale} : x4"
                yield Verdict(what, ratios[0], 2.0, "x", least=ratios[1])
        ratios = [_over(of(name, kind="noise"), of(name)) for of in (times, least)]
        if ratios[0]:
            what = f"{name}: noise : photograph"
            yield Verdict(what, ratios[0], 1.3 if name in STACKS else 2.5, "x", least=ratios[1])


def _over(one: float | None, other: float | None, factor: float = 1.0) -> float | None:
    return factor * one / other if one and other else None


def _workers(entries: list[dict[str, Any]], scaling: list[dict[str, Any]]) -> Iterator[Verdict]:
    """Compare two workers with one for all images and sizes."""
    taken: dict[tuple[Any, ...], dict[int, float]] = {}
    for entry in entries:
        if entry["name"].startswith("lutsr"):
            case = (f"{entry['name']}, x{entry['scale']}, {entry['kind']}", entry["into"])
            taken.setdefault(case, {})[entry["threads"]] = entry["min_s"]
    for entry in scaling:
        height, width = entry["size"]
        case = (f"lutsr {entry['model']}, x4, photo, output {height}x{width}", entry["into"])
        taken.setdefault(case, {})[entry["workers"]] = entry["min_ns"]
    ratios = {case: both[2] / both[1] for case, both in taken.items() if len(both) == 2}
    if ratios:
        worst = max(ratios, key=lambda case: ratios[case])
        what = f"two workers : one, minimum times, worst of {len(ratios)} cases ({worst[0]})"
        yield Verdict(what, ratios[worst], NO_SLOWER, "x")


def _sizes(scaling: list[dict[str, Any]]) -> Iterator[Verdict]:
    """Compare the times per output pixel of images of all sizes with one another."""
    for model in dict.fromkeys(entry["model"] for entry in scaling):
        smallest = 512 * 512 if f"lutsr {model}" in STACKS else 0
        for into in (False, True):
            found = [
                entry["median_ns"]
                for entry in scaling
                if (entry["model"], entry["workers"], entry["into"]) == (model, 1, into)
                and entry["size"][0] * entry["size"][1] >= smallest
            ]
            how = "into a given array" if into else "allocating"
            how += ", from 512x512 on" if smallest else ""
            what = f"lutsr {model}: time per output pixel, slowest size : fastest, {how}"
            yield Verdict(what, max(found) / min(found), 1.2, "x")


def _memory(content: dict[str, Any]) -> Iterator[Verdict]:
    if entries := content["entries"]:
        worst = max(entry["extra_bytes"] / entry["workers"] for entry in entries)
        yield Verdict("extra memory per worker, worst case", worst / 1e6, 8.0, "MB")


def _tables(content: dict[str, Any]) -> Iterator[Verdict]:
    for entry in content["entries"]:
        name = f"lutsr {entry['model']} x{entry['scale']}"
        if f"lutsr {entry['model']}" in STACKS:
            yield Verdict(f"{name}: table file", entry["file_bytes"] / 1e6, 2.0, "MB")
            continue
        yield Verdict(f"{name}: tables loaded and fused", entry["median_s"], 0.3, "s")
        if entry["scale"] == 4:
            yield Verdict(f"{name}: fused tables", entry["bytes"] / 1e6, 60.0, "MB")


def _start(content: dict[str, Any]) -> Iterator[Verdict]:
    yield Verdict("`import lutsr` after numpy", 1e3 * content["import"]["median_s"], 30.0, "ms")
    for entry in content["first_upscale"]:
        name = f"lutsr {entry['model']}"
        filled, empty = (0.7, 8.0) if name in STACKS else (1.0, 12.0)
        what = f"{name}: first `upscale` of a process"
        yield Verdict(f"{what}, filled numba cache", entry["warm_median_s"], filled, "s")
        yield Verdict(f"{what}, empty numba cache", entry["no_cache_s"], empty, "s")
    if warmup := content["warmup"]:
        what = "`lutsr.warmup()` by a process per core, empty numba cache"
        yield Verdict(what, warmup["no_cache_s"], 25, "s")


def _video(content: dict[str, Any]) -> Iterator[Verdict]:
    for entry in content["entries"]:
        if entry["model"] == "ecnn":
            what = "lutsr ecnn: frames per second, x2 of 640 x 360, one worker"
            yield Verdict(what, entry["frames_per_second"], 24.0, "", at_least=True)


def _depths(content: dict[str, Any]) -> Iterator[Verdict]:
    entries = content["entries"]
    medians = {(e["model"], e["dtype"]): e["median_s"] for e in entries}
    minima = {(e["model"], e["dtype"]): e["min_s"] for e in entries}
    for (model, dtype), seconds in medians.items():
        if f"lutsr {model}" in STACKS and dtype in DEPTHS:
            least = minima[model, dtype] / minima[model, "uint8"]
            value = seconds / medians[model, "uint8"]
            yield Verdict(f"lutsr {model}: {dtype} : uint8", value, DEPTHS[dtype], "x", least=least)


def _resizing(content: dict[str, Any]) -> Iterator[Verdict]:
    """Compare enlarging by a factor that no model has with Pillow's."""
    taken = {e["method"]: e for e in content["entries"] if e["growth"] == LARGER}
    one, rival = taken[ECLUT], taken[RIVAL]
    ratios = [one[key] / rival[key] for key in ("median_s", "min_s")]
    yield Verdict(f"{ECLUT}: `resize` x{LARGER} : {RIVAL}", ratios[0], 0.9, "x", least=ratios[1])


def _batch(content: dict[str, Any]) -> Iterator[Verdict]:
    """Compare two workers with one on folders of the largest photographs."""
    entries = content["entries"]
    largest = max(entry["height"] * entry["width"] for entry in entries)
    taken = {(e["format"], e["workers"]): e for e in entries if e["height"] * e["width"] == largest}
    for format in dict.fromkeys(format for format, _ in taken):
        one, two = taken[format, 1], taken[format, 2]
        what = f"a folder of {one['count']} {format} files: speed-up by a second worker"
        ratios = [one[key] / two[key] for key in ("median_s", "min_s")]
        yield Verdict(what, ratios[0], 1.8, "x", at_least=True, least=ratios[1])


_COSTS = {
    "depths": _depths,
    "memory": _memory,
    "tables": _tables,
    "start": _start,
    "video": _video,
    "resizing": _resizing,
    "batch": _batch,
}
