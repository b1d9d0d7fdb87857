"""The list of jobs of a command line: which file is read, and which one is written.

Everything that can be refused without opening an image is refused here, before any work.
"""

from __future__ import annotations

import glob
import os
from dataclasses import dataclass
from typing import NamedTuple

from ._report import UsageError
from .imagefile import EXTENSIONS

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
    """

    jobs: list[Job]
    skipped: list[str]
    left_out: int = 0
    new_folder: str | None = None


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
    sources, several = _expand(inputs)
    several = several or len(sources) > 1
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
    made = {_identity(job.target): job.source for job in jobs}
    kept = [job for job in jobs if made.get(_identity(job.source), job.source) == job.source]
    _refuse_same_output(kept)
    for job in kept:
        _check_target(job, overwrite)
    skipped = [] if overwrite else [job.target for job in kept if _exists(job.target)]
    existing = set(skipped)
    left = [job for job in kept if job.target not in existing]
    return Plan(left, skipped, len(jobs) - len(kept), new_folder)


def _expand(inputs: list[str]) -> tuple[list[str], bool]:
    """Return the input files, each once, and whether a folder or a glob was given."""
    found: dict[str, str] = {}
    several = False
    for name in inputs:
        if os.path.isdir(name):
            names, several = _images_in(name), True
        elif glob.has_magic(name) and not os.path.exists(name):
            names, several = sorted(filter(_is_image, glob.glob(name, recursive=True))), True
            if not names:
                raise UsageError(f"argument INPUT: no image is named like {name!r}")
        else:
            names = [name]
        for path in names:
            found.setdefault(_identity(path), path)
    return list(found.values()), several


def _images_in(folder: str) -> list[str]:
    try:
        names = sorted(os.listdir(folder))
    except OSError as error:
        raise UsageError(f"argument INPUT: {folder!r} cannot be listed: {error.strerror}") from None
    paths = [os.path.join(folder, name) for name in names if not name.startswith(".")]
    if not (images := list(filter(_is_image, paths))):
        wanted = ", ".join(EXTENSIONS)
        raise UsageError(f"argument INPUT: there is no image ({wanted}) in the folder {folder!r}")
    return images


def _is_image(path: str) -> bool:
    return _ending(path) in EXTENSIONS and os.path.isfile(path)


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
        return
    if not os.path.isfile(job.target):  # a device would be replaced by a regular file
        raise UsageError(f"argument -o/--output: {job.target!r} exists and is not a regular file")
    if not overwrite and _exists(job.source) and os.path.samefile(job.source, job.target):
        raise UsageError(
            f"argument -o/--output: {job.target!r} is the input; choose another name,"
            " or replace it with --overwrite"
        )
