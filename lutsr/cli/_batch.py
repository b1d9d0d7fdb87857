"""Upscale files, several at a time, and report the progress in the order of the files."""

from __future__ import annotations

import os
import sys
import threading
import time
from argparse import Namespace
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple, TextIO

from .._frame.bands import available_workers
from . import _streams, imagefile
from ._files import Written, count_pixels, upscale_file
from ._jobs import STREAM, Job, Plan, plan
from ._model_choice import AUTO, GOOD_QUALITY, PHOTO_MODEL
from ._report import CommandError, UsageError, need, say
from ._threads import Threads
from ._upscale import FrameUpscaler

if TYPE_CHECKING:
    from tqdm import tqdm


#: Memory in bytes that the files in progress may take, if there are several of them.
MOST_BYTES = 1 << 30

#: Approximate memory that a file takes for each pixel of its output, or of its input if that has
#: more, by the format of the output. Measured: 5 bytes for RGB of 8 bits as PNG, 8 as JPEG, 17 as
#: JPEG XL, 33 as WebP and 44 as AVIF; 12 for RGB of 16 bits as PNG; 18 for floats with alpha.
PIXEL_BYTES = {"AVIF": 48, "JXL": 20, "TIFF": 20, "WEBP": 36}
OTHER_PIXEL_BYTES = 12

#: Number of files that are passed over and named without ``-v``.
MOST_NAMED = 4


def upscale_files(args: Namespace) -> int:
    """Upscale the files of a command line, and return the exit code."""
    need("PIL", "tifffile", "imagecodecs", "tqdm")
    upscale = FrameUpscaler(args)
    suffix = upscale.suffix if args.suffix is None else args.suffix
    todo = plan(
        args.inputs, args.output, ending=args.format, suffix=suffix, overwrite=args.overwrite
    )
    _check_quality(args.quality, {job.format for job in todo.jobs if job.format is not None})
    for job in todo.jobs:
        if job.source == STREAM:
            _streams.binary_input("INPUT")
        if job.target == STREAM:
            _streams.check_output("-o/--output")
    return _Batch(args, upscale, todo).run()


def _check_quality(quality: int | str | None, formats: set[str]) -> None:
    """Refuse a quality that an output cannot have; those that are always lossless ignore it."""
    if quality is None or not formats:
        return
    if formats.isdisjoint(imagefile.LOSSY):
        raise UsageError("argument --quality: PNG and TIFF are always lossless; leave it out")
    try:
        for format in formats:
            imagefile.check_quality(format, quality)
    except imagefile.ImageFileError as error:
        raise UsageError(f"argument --quality: {error}") from error


class _Outcome(NamedTuple):
    """A job that is done or has failed, and how many pixels its bar still has to advance."""

    job: Job
    written: Written | None
    error: str | None
    seconds: float
    rest: float


class _Batch:
    """A run: its jobs, its progress bar and its reports."""

    def __init__(self, args: Namespace, upscale: FrameUpscaler, todo: Plan) -> None:
        self.args = args
        self.upscale = upscale
        self.todo = todo
        self.several = len(todo.jobs) + len(todo.skipped) + todo.left_out > 1
        self.each = args.verbose or not self.several  # whether each file is reported
        to_stdout = any(job.target == STREAM for job in todo.jobs)
        self.stream = sys.stderr if to_stdout else sys.stdout
        self.done = self.failed = self.coarse = 0
        self.bar: tqdm[Any]
        self.lock = threading.Lock()  # of the bar

    def run(self) -> int:
        """Do all jobs, and return the exit code."""
        start = time.perf_counter()
        jobs, skipped = self.todo.jobs, self.todo.skipped
        if self.todo.new_folder is not None:
            self._make_folder(self.todo.new_folder)
        self._report_passed(self.todo.passed)
        for target in skipped if self.each else ():
            self._report(f"skipped {target}: it exists; --overwrite replaces it")
        shown = (
            self.several
            and bool(jobs)
            and not self.args.quiet
            and _streams.is_open(sys.stderr)
            and (self.args.verbose or _streams.is_terminal(sys.stderr))
        )
        expected = [count_pixels(job, self.upscale)[1] if shown else 0 for job in jobs]
        with self._progress(sum(expected), shown) as bar:
            self.bar = bar
            try:
                self._run_jobs(expected)
            except KeyboardInterrupt:
                left = len(jobs) - self.done - self.failed
                text = f"{self.done} done, {left} left; run it again for the rest"
                raise KeyboardInterrupt(*([text] if self.several else [])) from None
        if self.coarse and self.args.model is None and not self.args.quiet:
            self._print(f"lutsr: note: {_coarse(self.coarse, len(jobs))}", sys.stderr)
        if self.several:
            summary = f"{self.done} done, {len(skipped)} skipped, {self.failed} failed"
            if self.todo.left_out:
                summary += f", {self.todo.left_out} left out (outputs of others)"
            if self.todo.passed:
                summary += f", {len(self.todo.passed)} passed over"
            self._report(f"{summary}, {time.perf_counter() - start:.2f} s")
        return 1 if self.failed else 0

    def _report_passed(self, paths: list[str]) -> None:
        """Name what is passed over: the first ones, or all and why if a line each is wanted."""
        if self.args.verbose:
            for path in paths:
                self._report(f"passed over {path}: {_reason(path)}")
        elif paths:
            named = ", ".join(paths[:MOST_NAMED])
            rest = len(paths) - MOST_NAMED
            more = f" and {rest} more; -v lists them" if rest > 0 else ""
            self._report(f"passed over {named}{more}")

    def _make_folder(self, folder: str) -> None:
        try:
            os.mkdir(folder)
        except OSError as error:
            raise CommandError(f"{folder}: cannot be made: {error.strerror}") from error
        self._report(f"made the folder {folder}")

    def _progress(self, pixels: int, shown: bool) -> tqdm[Any]:
        """Return the progress bar, in output pixels."""
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

    def _run_jobs(self, expected: list[int]) -> None:
        """Do all jobs and report them in order; `expected` are their numbers of output pixels."""
        jobs = self.todo.jobs
        workers = self.args.workers or available_workers()
        threads = min(workers, len(jobs))
        if threads == 1 or any(STREAM in job[:2] for job in jobs):  # stdin cannot be interrupted
            for job, pixels in zip(jobs, expected, strict=True):
                self._tell(self._attempt(job, pixels, self.upscale, lambda: None))
            return

        def work(number: int, check: Callable[[], None]) -> _Outcome:
            # As threads run out of jobs, the last jobs may use the cores that become free.
            at_once = 1 if costs[number] >= MOST_BYTES else min(threads, len(jobs) - number)
            upscale = self.upscale.with_workers(workers // at_once)
            return self._attempt(jobs[number], expected[number], upscale, check)

        def cost(number: int) -> int:
            each = PIXEL_BYTES.get(jobs[number].format or "", OTHER_PIXEL_BYTES)
            costs[number] = each * max(count_pixels(jobs[number], self.upscale))
            return costs[number]

        costs: dict[int, int] = {}
        pool = Threads(work, cost, len(jobs), threads, MOST_BYTES)
        try:
            for outcome in pool.results():
                self._tell(outcome)
        except BaseException:
            for outcome in pool.stop():
                self._tell(outcome)
            raise

    def _attempt(
        self, job: Job, pixels: int, upscale: FrameUpscaler, check: Callable[[], None]
    ) -> _Outcome:
        """Do a job, and return what to report; it is called from several threads."""
        start, counted = time.perf_counter(), 0.0

        def advance(computed: float) -> None:
            nonlocal counted
            check()
            counted += computed
            with self.lock:
                self.bar.update(computed)

        error, written = None, None
        try:
            written = upscale_file(job, upscale, self.args, advance)
        except CommandError as reason:
            error = str(reason)
        rest = max(0, pixels - counted)
        return _Outcome(job, written, error, time.perf_counter() - start, rest)

    def _tell(self, outcome: _Outcome) -> None:
        """Report a job."""
        written = outcome.written
        if written is None:
            self.failed += 1
            self._print(f"lutsr: {outcome.error}", sys.stderr)
        else:
            self.done += 1
            self.coarse += written.coarse
            for note in () if self.args.quiet else written.notes:
                self._print(f"lutsr: {outcome.job.source_name}: note: {note}", sys.stderr)
            if self.each:
                self._report(f"{written.report}, {outcome.seconds:.2f} s")
        with self.lock:
            self.bar.update(outcome.rest)
            self.bar.set_description_str(self._count())

    def _report(self, text: str) -> None:
        if not self.args.quiet:
            self._print(text, self.stream)

    def _print(self, text: str, stream: TextIO | None) -> None:
        """Print a line without damaging the progress bar."""
        from tqdm import tqdm

        with tqdm.external_write_mode(file=stream):
            say(text, stream)


def _coarse(count: int, jobs: int) -> str:
    """Return the advice about JPEGs of low quality, which the default model does not suit."""
    what = "a JPEG" if jobs == 1 else f"{count} of {jobs} files are JPEGs"
    return (
        f"{what} of quality under {GOOD_QUALITY}; -m {PHOTO_MODEL} does not enlarge the traces of"
        f" compression, and -m {AUTO} chooses it for such files"
    )


def _reason(path: str) -> str:
    """Return why a file or folder is not taken for an image."""
    if os.path.isdir(path):
        return "it is a folder"
    if not os.path.isfile(path):
        return "it is no file, or a link to none"
    return "its name is not that of an image"
