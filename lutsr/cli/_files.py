"""One image: read it, upscale its frames, write it."""

from __future__ import annotations

import contextlib
import io
import math
import threading
from argparse import Namespace
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from typing import Any, BinaryIO, NamedTuple

from numpy.typing import NDArray

from .._frame.bands import available_workers
from .._frame.ranges import from_unit
from . import _streams, imagefile
from ._jobs import STREAM, Job
from ._large import Resized
from ._model_choice import is_coarse_jpeg
from ._report import CommandError
from ._upscale import FrameUpscaler

# Readers collect warnings and messages of libraries, which all threads of the process share.
_READING = threading.Lock()


def count_pixels(job: Job, upscale: FrameUpscaler) -> tuple[int, int]:
    """Return the numbers of input and output pixels, or 0 if they are not known in advance."""
    if job.source == STREAM:
        return 0, 0
    try:
        with _READING:
            width, height, frames = imagefile.size(job.source)
    except imagefile.ImageFileError:
        return 0, 0
    return height * width * frames, math.prod(upscale.shape((height, width))) * frames


class Written(NamedTuple):
    """What has become of an image.

    Attributes
    ----------
    report : str
        What was written.
    notes : list of str
        What was converted or left out.
    coarse : bool
        Whether the image was a JPEG of low quality.
    """

    report: str
    notes: list[str]
    coarse: bool


def upscale_file(
    job: Job, upscale: FrameUpscaler, args: Namespace, advance: Callable[[float], Any]
) -> Written:
    """Upscale one image.

    Parameters
    ----------
    job : Job
    upscale : FrameUpscaler
    args : Namespace
    advance : callable
        Called with the number of output pixels computed since the last call.

    Returns
    -------
    Written

    Raises
    ------
    CommandError
        If reading, upscaling or writing fails; the text names the file.
    """
    about = job.source_name
    try:
        with contextlib.ExitStack() as stack:
            with _READING:
                large = stack.enter_context(_open_large(job, upscale, args))
                if large is None:
                    stack.close()
            if large is not None:
                about = job.target_name
                frame = _upscale_large(job, large, upscale, args, advance)
                return Written(_report(job, [frame], upscale), large.picture.notes, False)
        with _READING:
            picture, kind = _read(job, args)
        about, upscale = job.target_name, upscale.suiting(picture)
        shapes = [
            (upscale.shape(frame.shape) + frame.shape[2:], frame.dtype) for frame in picture.frames
        ]
        imagefile.check_target(kind, shapes, picture)
        imagefile.check_quality(kind, args.quality, picture.frames[0].dtype)
        advance(0)
        frames = []
        for frame in picture.frames:
            frames.append(upscale(frame, picture.alpha))
            advance(frames[-1].shape[0] * frames[-1].shape[1])
        with _opened(job.target) as target:
            imagefile.write(
                target,
                frames,
                picture,
                format=kind,
                strip=args.strip,
                quality=args.quality,
            )
    except MemoryError as error:
        message = "there is not enough memory; cut the image into parts first"
        raise CommandError(f"{about}: {message}") from error
    except (imagefile.ImageFileError, ValueError) as error:
        if isinstance(error.__cause__, BrokenPipeError):
            raise error.__cause__ from None
        if isinstance(error, imagefile.InputError):
            about = job.source_name
        raise CommandError(f"{about}: {error}") from error
    return Written(_report(job, frames, upscale), picture.notes, is_coarse_jpeg(picture))


def _open_large(
    job: Job, upscale: FrameUpscaler, args: Namespace
) -> AbstractContextManager[imagefile.LargePicture | None]:
    """Open the input of a job if it is to be upscaled in bands."""
    files = STREAM not in (job.source, job.target)
    if not files or args.salvage or job.format != "TIFF":
        return contextlib.nullcontext()
    return imagefile.read_large(job.source, upscale.shape, args.preserve_range)


def _upscale_large(
    job: Job,
    large: imagefile.LargePicture,
    upscale: FrameUpscaler,
    args: Namespace,
    advance: Callable[[float], Any],
) -> Any:
    """Upscale an image in bands, and return an array of the result's shape and type."""
    alpha = large.picture.alpha
    span = large.scale_into_unit() if args.preserve_range else None

    def restored(result: NDArray[Any]) -> NDArray[Any]:
        if span is not None:
            from_unit(result, span)
        return result

    workers = upscale.workers or available_workers()
    if args.size is not None:
        resized = Resized(large, upscale, workers)
        return imagefile.write_resized(
            job.target,
            large,
            resized.lengths,
            lambda start, stop: restored(resized(start, stop)),
            advance,
            workers=workers,
            strip=args.strip,
        )
    return imagefile.write_large(
        job.target,
        large,
        upscale.scale,
        lambda part: restored(upscale(part, alpha)),
        advance,
        halo=upscale.halo(alpha),
        workers=workers,
        strip=args.strip,
    )


def _read(job: Job, args: Namespace) -> tuple[imagefile.Picture, str]:
    """Read an image, and return it with the format of its output."""
    if job.source != STREAM:
        picture = imagefile.read(job.source, **_how(args))
        return picture, str(job.format)
    data = _streams.binary_input("INPUT").read()
    picture = imagefile.read(io.BytesIO(data), **_how(args))
    return picture, job.format or picture.format


def _how(args: Namespace) -> dict[str, bool]:
    """Return the options of reading."""
    return {"any_range": args.preserve_range, "salvage": args.salvage}


@contextlib.contextmanager
def _opened(target: str) -> Iterator[str | BinaryIO]:
    """Yield a target for `imagefile.write`: a path, or stdout as a file."""
    if target != STREAM:
        yield target
        return
    try:
        with _streams.binary_output() as file:
            yield file
    except BrokenPipeError:
        raise
    except OSError as error:
        raise CommandError(f"stdout: cannot be written: {error.strerror or error}") from error


def _report(job: Job, frames: list[Any], upscale: FrameUpscaler) -> str:
    """Return what was written: name, size, kind, depth and number of frames, and the scale."""
    height, width = frames[0].shape[:2]
    channels = frames[0].shape[2] if frames[0].ndim == 3 else 1
    kind = {1: "grey", 2: "grey with alpha", 3: "RGB", 4: "RGB with alpha"}[channels]
    dtype = frames[0].dtype
    bits = f" {8 * dtype.itemsize} bit" if dtype != "uint8" else ""
    depth = {"f": " float", "i": f"{bits} signed"}.get(dtype.kind, bits)
    count = f", {len(frames)} frames" if len(frames) > 1 else ""
    return f"wrote {job.target_name}: {width}x{height} {kind}{depth}{count}{upscale.report}"
