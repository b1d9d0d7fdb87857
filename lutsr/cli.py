"""The command ``lutsr``: enlarge an image file.

Exit codes: 0 done, 1 the file failed, 2 the arguments ask for something impossible,
130 interrupted.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, TextIO

from . import _imagefile
from ._version import __version__

if TYPE_CHECKING:
    from . import Upscaler

DEFAULT_SCALE = 4
JPEG_LIMIT = 65500  # libjpeg's own, on either side of an image


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command.

    Parameters
    ----------
    argv : sequence of str, optional
        Arguments without the program's name. None means those of this process.

    Returns
    -------
    int
        Exit code 0, 1 or 130.

    Raises
    ------
    SystemExit
        With code 2 when the arguments are wrong, with 0 after ``--help`` and ``--version``.
    """
    start = time.perf_counter()
    parser = _parser()
    args = parser.parse_args(argv)
    try:
        import PIL  # noqa: F401
    except ImportError:
        _complain('image files need Pillow, which is not installed: pip install "lutsr[cli]"')
        return 1
    try:
        _check_output(parser, args)
        report = _enlarge(_load(parser, args), args)
    except KeyboardInterrupt:
        _complain("interrupted")
        return 130
    if report is None:
        return 1
    if not args.quiet:
        _say(f"{report}, {time.perf_counter() - start:.2f} s", sys.stdout)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="lutsr",
        description="Enlarge an 8-bit grey or RGB image, PNG or JPEG, with a trained table.",
        epilog="example: lutsr in.png -o out.png -s 4",
        allow_abbrev=False,
    )
    parser.add_argument("input", metavar="INPUT", help="image file, PNG or JPEG")
    parser.add_argument(
        "-o", "--output", required=True, help="where to write; .png, .jpg or .jpeg (quality 95)"
    )
    parser.add_argument(
        "-s",
        "--scale",
        type=int,
        help=f"how many times larger (default: {DEFAULT_SCALE}, or what the table of -m is for)",
    )
    parser.add_argument(
        "-m",
        "--model",
        default="eclut",
        help="name of a shipped model, or path of a .npy table (default: %(default)s)",
    )
    parser.add_argument(
        "--expand-shift", type=int, metavar="N", help="for a .npy table that has no card"
    )
    parser.add_argument(
        "-j", "--workers", type=_positive, metavar="N", help="threads (default: all cores)"
    )
    parser.add_argument("-q", "--quiet", action="store_true", help="no report on success")
    parser.add_argument("--version", action="version", version=f"lutsr {__version__}")
    return parser


def _positive(text: str) -> int:
    try:
        value = int(text)
    except ValueError:
        value = 0
    if value < 1:
        raise argparse.ArgumentTypeError(f"got {text!r}, wanted a whole number from 1 up")
    return value


def _check_output(parser: argparse.ArgumentParser, args: argparse.Namespace) -> None:
    """Refuse an output that could not be written or must not be, before any work is done."""
    output = args.output
    if os.path.splitext(output)[1].lower() not in _imagefile.FORMATS:
        wanted = ", ".join(_imagefile.FORMATS)
        parser.error(f"argument -o/--output: {output!r} must end in one of {wanted}")
    folder = os.path.dirname(os.path.realpath(output))
    if not os.path.isdir(folder):
        parser.error(f"argument -o/--output: there is no folder {folder!r}; create it first")
    if os.path.exists(output):
        if not os.path.isfile(output):  # a device would be replaced by a file of its name
            parser.error(f"argument -o/--output: {output!r} exists and is not a regular file")
        if os.path.exists(args.input) and os.path.samefile(args.input, output):
            parser.error(f"argument -o/--output: {output!r} is the input; choose another name")


def _load(parser: argparse.ArgumentParser, args: argparse.Namespace) -> Upscaler:
    from . import load

    scale = args.scale
    if scale is None and not args.model.endswith(".npy"):
        scale = DEFAULT_SCALE
    try:
        return load(args.model, scale, expand_shift=args.expand_shift)
    except (ValueError, OSError) as error:
        parser.error(str(error))


def _enlarge(upscaler: Upscaler, args: argparse.Namespace) -> str | None:
    """Enlarge one file and return the report of it, or say what is wrong and return None."""
    about = args.input
    try:
        picture = _imagefile.read(args.input)
        height, width = (length * upscaler.scale for length in picture.pixels.shape[:2])
        about = args.output
        if max(height, width) > JPEG_LIMIT and not about.lower().endswith(".png"):
            message = f"a JPEG holds at most {JPEG_LIMIT} pixels a side, not {width}x{height}"
            raise _imagefile.ImageFileError(f"{message}; write a .png")
        axis = None if picture.pixels.ndim == 2 else -1
        pixels = upscaler(picture.pixels, channel_axis=axis, workers=args.workers)
        _imagefile.write(args.output, pixels, picture)
    except _imagefile.ImageFileError as error:
        _complain(f"{about}: {error}")
        return None
    except MemoryError:
        _complain(f"{about}: there is not enough memory; cut the image into parts first")
        return None
    for note in picture.notes:
        _complain(f"{args.input}: note: {note}")
    kind = "grey" if axis is None else "RGB"
    return f"wrote {args.output}: {width}x{height} {kind}, x{upscaler.scale}"


def _complain(text: str) -> None:
    _say(f"lutsr: {text}", sys.stderr)


def _say(text: str, stream: TextIO) -> None:
    """Print a line; a file name that the stream cannot encode is escaped, not an error."""
    encoding = stream.encoding or "utf-8"
    print(text.encode(encoding, "backslashreplace").decode(encoding), file=stream)
