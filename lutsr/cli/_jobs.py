"""The list of jobs of a command line: which file is read, and which one is written.

Everything that can be refused without opening an image is refused here, before any work.
"""

from __future__ import annotations

import glob
import os
from dataclasses import dataclass, field
from typing import NamedTuple

from ._report import UsageError
from .imagefile import EXTENSIONS, INPUTS

STREAM = "-"


class Job(NamedTuple):
    """One image: its source, its target, and its format, None for that of the image on stdin."""

    source: str
    target: str
    format: str | None

    @property
    def source_name(self) -> str:
        """Name of the input in messages."""
        return "stdin" if self.source == STREAM else self.source

    @property
    def target_name(self) -> str:
        """Name of the output in messages."""
        return "stdout" if self.target == STREAM else self.target


@dataclass
class Plan:
    """The jobs of a run.

    Attributes
    ----------
    jobs : list of Job
        Images to upscale.
    skipped : list of str
        Outputs that exist already.
    left_out : int
        Number of inputs that are outputs of other inputs, as in a second run in the same folder.
    new_folder : str or None
        Output folder to create first.
    passed : list of str
        Files and folders in an input folder, or of the name of a pattern, that are not taken for
        images. Names that begin with a dot do not count.
    """

    jobs: list[Job]
    skipped: list[str]
    left_out: int = 0
    new_folder: str | None = None
    passed: list[str] = field(default_factory=list)


def plan(
    inputs: list[str], output: str, *, ending: str | None, suffix: str, overwrite: bool
) -> Plan:
    """Find the inputs and name their outputs.

    Parameters
    ----------
    inputs : list of str
        Files, folders, globs, or ``-``.
    output : str
        A file, a folder, or ``-``.
    ending : str or None
        Extension of the wanted format, such as ``.png``; None for that of the output or, in a
        folder, of each input.
    suffix : str
        Added to the stem of names in an output folder.
    overwrite : bool
        Whether existing outputs, and inputs, may be replaced.

    Raises
    ------
    UsageError
        If the arguments ask for something impossible.
    """
    sources, several, passed = _expand(inputs)
    try:
        jobs, new_folder = _targets(sources, several or len(sources) > 1, output, ending, suffix)
    except UsageError as error:
        # A name that is not there may be the reason, such as that of a folder, mistyped.
        for source in sources:
            if source != STREAM and not os.path.lexists(source):
                reason = f"argument INPUT: there is no file or folder {source!r}"
                raise UsageError(reason) from error
        raise
    made = {_identity(job.target): job.source for job in jobs}
    kept = [job for job in jobs if made.get(_identity(job.source), job.source) == job.source]
    _refuse_same_output(kept)
    for job in kept:
        _check_target(job, overwrite)
    skipped = [] if overwrite else [job.target for job in kept if _exists(job.target)]
    existing = set(skipped)
    left = [job for job in kept if job.target not in existing]
    passed = [path for path in passed if _identity(path) != _identity(output)]
    return Plan(left, skipped, len(jobs) - len(kept), new_folder, passed)


def _targets(
    sources: list[str], several: bool, output: str, ending: str | None, suffix: str
) -> tuple[list[Job], str | None]:
    """Name the outputs, and return the folder to create, if any."""
    new_folder = None
    if output == STREAM:
        if len(sources) > 1:
            raise UsageError(f"argument -o/--output: stdout takes one image, not {len(sources)}")
        by_content = sources[0] == STREAM and ending is None
        kind = None if by_content else _named(sources[0], "", ending, "").format
        jobs = [Job(sources[0], STREAM, kind)]
    elif _is_folder(output, several):
        new_folder = _check_folder(output)
        jobs = [_named(source, output, ending, suffix) for source in sources]
    else:
        _check_folder_of(output)
        jobs = [Job(sources[0], output, _format_of(output, ending))]
    return jobs, new_folder


def _expand(inputs: list[str]) -> tuple[list[str], bool, list[str]]:
    """Return the input files, each once, whether a folder or a glob was given, and the rest."""
    found: dict[str, str] = {}
    passed: list[str] = []
    several = False
    for name in inputs:
        paths = [name]
        pattern = glob.has_magic(name) and not os.path.exists(name)
        if pattern or os.path.isdir(name):
            several = True
            listed = sorted(glob.glob(name, recursive=True)) if pattern else _listed(name)
            paths = list(filter(_is_image, listed))
            passed += (path for path in listed if not _is_image(path))
            if "**" in name:  # folders are where the files of such a pattern are looked for
                passed = [path for path in passed if not os.path.isdir(path)]
            if not paths:
                raise UsageError(f"argument INPUT: {_none_found(name, pattern)}")
        for path in paths:
            found.setdefault(_identity(path), path)
    others = {_identity(path): path for path in passed}
    return list(found.values()), several, [others[key] for key in others if key not in found]


def _listed(folder: str) -> list[str]:
    try:
        names = sorted(os.listdir(folder))
    except OSError as error:
        raise UsageError(f"argument INPUT: {folder!r} cannot be listed: {error.strerror}") from None
    return [os.path.join(folder, name) for name in names if not name.startswith(".")]


def _none_found(name: str, pattern: bool) -> str:
    if pattern:
        return f"no image is named like {name!r}"
    return f"there is no image ({', '.join((*EXTENSIONS, *INPUTS))}) in the folder {name!r}"


def _is_image(path: str) -> bool:
    return _ending(path) in (*EXTENSIONS, *INPUTS) and os.path.isfile(path)


def _ending(path: str) -> str:
    return os.path.splitext(path)[1].lower()


def _identity(path: str) -> str:
    return path if path == STREAM else os.path.normcase(os.path.realpath(path))


def _is_folder(output: str, several: bool) -> bool:
    if os.path.isdir(output) or output.endswith(("/", os.sep)):
        return True
    if several and (os.path.exists(output) or _ending(output) in EXTENSIONS):
        what = "is a file" if os.path.exists(output) else "is named like a file"
        raise UsageError(
            f"argument -o/--output: {output!r} {what}; several inputs need a folder"
            " (a new one may end in /)"
        )
    return several


def _check_folder(folder: str) -> str | None:
    """Check an output folder, and return it if it is to be created."""
    if os.path.isdir(folder):
        _check_writable(folder)
        return None
    if os.path.exists(folder.rstrip("/" + os.sep)):
        raise UsageError(f"argument -o/--output: {folder!r} is not a folder")
    _check_folder_of(folder.rstrip("/" + os.sep))
    return folder


def _check_folder_of(path: str) -> None:
    folder = os.path.dirname(os.path.realpath(path))
    if not os.path.isdir(folder):
        raise UsageError(f"argument -o/--output: there is no folder {folder!r}; create it first")
    _check_writable(folder)


def _check_writable(folder: str) -> None:
    if not os.access(folder, os.W_OK | os.X_OK):
        raise UsageError(f"argument -o/--output: no permission to write in folder {folder!r}")


def _format_of(output: str, ending: str | None) -> str:
    own = EXTENSIONS.get(_ending(output))
    if ending is None and own is None:
        wanted = ", ".join(EXTENSIONS)
        raise UsageError(
            f"argument -o/--output: {output!r} must end in one of {wanted}, or in / for a folder;"
            " or give -f"
        )
    asked = EXTENSIONS[ending] if ending else own
    if own not in (None, asked):
        raise UsageError(f"argument -f/--format: {ending} does not suit the output {output!r}")
    return str(asked)


def _named(source: str, folder: str, ending: str | None, suffix: str) -> Job:
    stem, own = os.path.splitext(os.path.basename(source))
    if source == STREAM:
        stem, own = "stdin", ""
    own = INPUTS.get(own.lower(), own)
    if ending is None and own.lower() not in EXTENSIONS:
        name = "stdin" if source == STREAM else repr(source)
        raise UsageError(
            f"argument INPUT: the name {name} has no known extension; give a format with -f"
        )
    own = ending or own
    return Job(source, os.path.join(folder, f"{stem}{suffix}{own}"), EXTENSIONS[own.lower()])


def _exists(path: str) -> bool:
    return path != STREAM and os.path.exists(path)


def _refuse_same_output(jobs: list[Job]) -> None:
    first: dict[str, Job] = {}
    for job in jobs:
        other = first.setdefault(_identity(job.target), job)
        if other is not job:
            raise UsageError(
                f"argument INPUT: {other.source!r} and {job.source!r} would both become"
                f" {job.target!r}; write them into two folders"
            )


def _check_target(job: Job, overwrite: bool) -> None:
    if not _exists(job.target):
        if job.target != STREAM and os.path.islink(job.target):
            # `cp` does not write through such a link either.
            raise UsageError(
                f"argument -o/--output: {job.target!r} is a link to a file that does not exist;"
                " remove it, or name the file"
            )
        return
    if not os.path.isfile(job.target):  # a device would be replaced by a regular file
        raise UsageError(f"argument -o/--output: {job.target!r} exists and is not a regular file")
    if not overwrite and _exists(job.source) and os.path.samefile(job.source, job.target):
        raise UsageError(
            f"argument -o/--output: {job.target!r} is the input; choose another name,"
            " or replace it with --overwrite"
        )
