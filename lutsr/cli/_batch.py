"""Enlarge files, one after the other, and keep the user informed."""

from __future__ import annotations

import contextlib
import io
import os
import sys
import time
from argparse import Namespace
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any, BinaryIO, TextIO

from .._frame.bands import available_workers
from . import imagefile
from ._enlarger import Enlarger
from ._jobs import STREAM, Job, Plan, plan
from ._report import CommandError, UsageError, need, say

if TYPE_CHECKING:
    from tqdm import tqdm

# How the formats begin, for output that has no name to go by; `imagefile.read` checks the rest.
_HEADS = {
    b"\x89PNG": "PNG",
    b"\xff\xd8\xff": "JPEG",
    b"RIFF": "WEBP",
    b"II": "TIFF",
    b"MM": "TIFF",
}


def enlarge_files(args: Namespace) -> int:
    """Do what the arguments ask for, and return the exit code."""
    need("PIL", "tifffile", "imagecodecs", "tqdm")
    enlarger = Enlarger(args)
    suffix = enlarger.suffix if args.suffix is None else args.suffix
    todo = plan(
        args.inputs, args.output, ending=args.format, suffix=suffix, overwrite=args.overwrite
    )
    for job in todo.jobs:
        if job.source == STREAM and sys.stdin.isatty():
            raise UsageError("argument INPUT: stdin is a terminal; send an image through a pipe")
        if job.target == STREAM and sys.stdout.isatty():
            raise UsageError("argument -o/--output: stdout is a terminal; send it to a file")
    return _Batch(args, enlarger, todo).run()


class _Batch:
    """A run: its jobs, its progress bar, and what it has to say."""

    def __init__(self, args: Namespace, enlarger: Enlarger, todo: Plan) -> None:
        self.args = args
        self.enlarger = enlarger
        self.todo = todo
        self.several = len(todo.jobs) + len(todo.skipped) + todo.left_out > 1
        self.each = args.verbose or not self.several  # whether every file gets a line
        to_stdout = any(job.target == STREAM for job in todo.jobs)
        self.stream = sys.stderr if to_stdout else sys.stdout
        self.done = self.failed = 0

    def run(self) -> int:
        start = time.perf_counter()
        jobs, skipped = self.todo.jobs, self.todo.skipped
        if self.todo.new_folder is not None:
            self._make_folder(self.todo.new_folder)
        for target in skipped if self.each else ():
            self._tell(f"skipped {target}: it exists; --overwrite replaces it")
        shown = self.several and not self.args.quiet and (self.args.verbose or _is_terminal())
        expected = [self._pixels(job) if shown else 0 for job in jobs]
        with self._progress(sum(expected), shown) as bar:
            try:
                for job, pixels in zip(jobs, expected, strict=True):
                    self._attempt(job, pixels, bar)
            except KeyboardInterrupt:
                left = len(jobs) - self.done - self.failed
                said = f"{self.done} done, {left} left; run it again for the rest"
                raise KeyboardInterrupt(*([said] if self.several else [])) from None
        if self.several:
            summary = f"{self.done} done, {len(skipped)} skipped, {self.failed} failed"
            if self.todo.left_out:
                summary += f", {self.todo.left_out} left out (outputs of others)"
            self._tell(f"{summary}, {time.perf_counter() - start:.2f} s")
        return 1 if self.failed else 0

    def _make_folder(self, folder: str) -> None:
        try:
            os.mkdir(folder)
        except OSError as error:
            raise CommandError(f"{folder}: cannot be made: {error.strerror}") from error
        self._tell(f"made the folder {folder}")

    def _progress(self, pixels: int, shown: bool) -> tqdm[Any]:
        from tqdm import tqdm

        return tqdm(
            total=pixels,
            desc=self._count(),
            unit="px",
            unit_scale=True,
            leave=False,
            disable=not shown,
            file=sys.stderr,
        )

    def _count(self) -> str:
        return f"{self.done + self.failed}/{len(self.todo.jobs)} files"

    def _pixels(self, job: Job) -> int:
        """Say how many pixels a job will make, or 0 where that is not known ahead."""
        if job.source == STREAM:
            return 0
        try:
            width, height, frames = imagefile.size(job.source)
        except imagefile.ImageFileError:
            return 0
        height, width = self.enlarger.shape((height, width))
        return height * width * frames

    def _attempt(self, job: Job, pixels: int, bar: tqdm[Any]) -> None:
        """Do a job; when it fails, say why and go on."""
        start, before = time.perf_counter(), bar.n
        try:
            report, notes = self._enlarge(job, bar.update)
        except CommandError as error:
            self.failed += 1
            self._print(f"lutsr: {error}", sys.stderr)
        else:
            self.done += 1
            for note in () if self.args.quiet else notes:
                self._print(f"lutsr: {job.source_name}: note: {note}", sys.stderr)
            if self.each:
                self._tell(f"{report}, {time.perf_counter() - start:.2f} s")
        bar.update(max(0, pixels - (bar.n - before)))
        bar.set_description_str(self._count())

    def _enlarge(self, job: Job, advance: Callable[[float], Any]) -> tuple[str, list[str]]:
        """Enlarge one image and return the report and notes of it."""
        about = job.source_name
        try:
            with self._large(job) as large:
                if large is not None:
                    about = job.target_name
                    return self._enlarge_large(job, large, advance), large.picture.notes
            picture, kind = _read(job)
            about = job.target_name
            shapes = [
                (self.enlarger.shape(frame.shape) + frame.shape[2:], frame.dtype)
                for frame in picture.frames
            ]
            imagefile.check_target(kind, shapes, picture)
            frames = []
            for frame in picture.frames:
                frames.append(self.enlarger(frame, picture.alpha))
                advance(frames[-1].shape[0] * frames[-1].shape[1])
            with _opened(job.target) as target:
                imagefile.write(target, frames, picture, format=kind, strip=self.args.strip)
        except MemoryError as error:
            message = "there is not enough memory; cut the image into parts first"
            raise CommandError(f"{about}: {message}") from error
        except (imagefile.ImageFileError, ValueError) as error:
            if isinstance(error.__cause__, BrokenPipeError):
                raise error.__cause__ from None
            if isinstance(error, imagefile.InputError):
                about = job.source_name
            raise CommandError(f"{about}: {error}") from error
        return f"wrote {about}: {_describe(frames)}{self.enlarger.report}", picture.notes

    def _large(self, job: Job) -> AbstractContextManager[imagefile.LargePicture | None]:
        """Open the input of a job that is to be done in bands."""
        files = STREAM not in (job.source, job.target)
        if not files or job.format != "TIFF" or self.args.size is not None:
            return contextlib.nullcontext()
        return imagefile.read_large(job.source, self.enlarger.shape((1, 1))[0])

    def _enlarge_large(
        self, job: Job, large: imagefile.LargePicture, advance: Callable[[float], Any]
    ) -> str:
        """Enlarge an image in bands and return the report of it."""
        alpha = large.picture.alpha
        frame = imagefile.write_large(
            job.target,
            large,
            self.enlarger.shape((1, 1))[0],
            lambda part: self.enlarger(part, alpha),
            advance,
            halo=self.enlarger.halo(alpha),
            workers=self.args.workers or available_workers(),
            strip=self.args.strip,
        )
        return f"wrote {job.target_name}: {_describe([frame])}{self.enlarger.report}"

    def _tell(self, text: str) -> None:
        if not self.args.quiet:
            self._print(text, self.stream)

    def _print(self, text: str, stream: TextIO) -> None:
        """Print a line clear of the progress bar."""
        from tqdm import tqdm

        with tqdm.external_write_mode(file=stream):
            say(text, stream)


def _is_terminal() -> bool:
    return sys.stderr.isatty()


def _read(job: Job) -> tuple[imagefile.Picture, str]:
    """Read an image, and say what to write it as."""
    if job.source != STREAM:
        return imagefile.read(job.source), str(job.format)
    data = sys.stdin.buffer.read()
    picture = imagefile.read(io.BytesIO(data))
    own = next(name for head, name in _HEADS.items() if data.startswith(head))
    return picture, job.format or own


@contextlib.contextmanager
def _opened(target: str) -> Iterator[str | BinaryIO]:
    if target != STREAM:
        yield target
        return
    try:  # a file of its own, since stdout may be one that writes less than it was given
        with open(sys.stdout.fileno(), "wb", closefd=False) as file:
            yield file
    except BrokenPipeError:
        raise
    except OSError as error:
        raise CommandError(f"stdout: cannot be written: {error.strerror or error}") from error


def _describe(frames: list[Any]) -> str:
    """Say size, kind and depth of what was written."""
    height, width = frames[0].shape[:2]
    channels = frames[0].shape[2] if frames[0].ndim == 3 else 1
    kind = {1: "grey", 2: "grey with alpha", 3: "RGB", 4: "RGB with alpha"}[channels]
    depth = {"uint8": "", "uint16": " 16 bit"}.get(frames[0].dtype.name, " float")
    count = f", {len(frames)} frames" if len(frames) > 1 else ""
    return f"{width}x{height} {kind}{depth}{count}"
