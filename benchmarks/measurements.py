"""The measurements that the report is made of: one command and one file of results each."""

from __future__ import annotations

from .compare import CPUS

#: Parts of ``costs``.
COSTS = ("writing", "start", "video", "memory", "tables", "depths", "resizing", "scaling")

#: What Python is run with, by the name of the file in ``results`` that it writes. What takes
#: longest comes last.
COMMANDS: dict[str, tuple[str, ...]] = {
    "compare": ("-m", "benchmarks.compare"),
    **{cpu: ("-m", "benchmarks.compare", "--cpu", cpu) for cpu in CPUS},
    **{part: ("-m", "benchmarks.costs", part) for part in COSTS},
    "batch": ("-m", "benchmarks.batch"),
    "quality": ("-m", "benchmarks.quality"),
    "resize": ("-m", "benchmarks.resize_quality"),
    "published": ("-m", "benchmarks.published"),
    "groups": ("-m", "benchmarks.groups"),
}


def missing(names: list[str]) -> str:
    """Return the sentence that stands in the report in place of what was not measured."""
    return f"Not measured: `python -m benchmarks {' '.join(names)}`."
