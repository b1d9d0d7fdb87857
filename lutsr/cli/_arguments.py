"""The arguments of ``lutsr`` and of its sub-commands."""

from __future__ import annotations

import argparse
import os
import re
from collections.abc import Sequence
from fractions import Fraction
from typing import NoReturn

from .._modelinfo import DEFAULT_MODEL
from .._version import __version__

DEFAULT_SCALE = 4
SUBCOMMANDS = {
    "models": "list the shipped models",
    "info": "describe a model: tables, halo, checksum, card",
    "warmup": "compile before the first image",
    "compare": "draw nearest, bicubic and lutsr side by side",
    "convert": "turn published tables of other methods into a model file",
}

#: Width and height, one of which may be None; or a factor, such as 5/2.
Size = tuple[int | None, int | None] | Fraction


class Parser(argparse.ArgumentParser):
    """A parser whose errors are one line."""

    def error(self, message: str) -> NoReturn:
        """Print a message and exit with code 2."""
        unknown = message.removeprefix("unrecognized arguments: ")
        if unknown != message and any(map(os.path.exists, unknown.split())):
            message += "; a file whose name begins with - is named behind --"
        self.exit(2, f"{self.prog}: error: {message}; {self.prog} --help lists the options\n")


#: What ``-m`` may be besides names and paths, where there are files.
_BY_FILE = "auto to choose by the kind of file, "


def main_parser() -> argparse.ArgumentParser:
    """Return the parser of the main command."""
    parser = Parser(
        prog="lutsr",
        usage="lutsr INPUT... -o OUTPUT [options]\n"
        "       lutsr --raw WxHxC [options] < frames > larger_frames\n"
        f"       lutsr {{{','.join(SUBCOMMANDS)}}} ... (each has --help)",
        description="Upscale image files with a trained look-up table.",
        epilog="sub-commands: "
        + "; ".join(f"{name}: {what}" for name, what in SUBCOMMANDS.items())
        + ". For a file with such a name use -i, or a path as in ./models.",
        allow_abbrev=False,
    )
    add = parser.add_argument
    add("inputs", nargs="*", metavar="INPUT", help="file, folder, 'glob*.png', or - for stdin")
    add(
        "-i",
        "--input",
        action="append",
        default=[],
        metavar="INPUT",
        help="the same; may be repeated",
    )
    add("-o", "--output", help="file, folder (for several inputs), or - for stdout")
    add("-s", "--scale", type=_scale, help=f"factor (default: {DEFAULT_SCALE})")
    add("--size", type=size, metavar="WxH", help="size instead of a scale; 800x, x600, 250%% too")
    _add_model(parser, _BY_FILE, DEFAULT_MODEL)
    add(
        "-f",
        "--format",
        type=_format,
        help="png, jpg, webp, tif, avif or jxl (default: by the extension)",
    )
    add("-j", "--workers", type=_positive, metavar="N", help="threads (default: all cores)")
    add("--suffix", help="added to names in an output folder (default: _x4 for -s 4)")
    add("--overwrite", action="store_true", help="replace existing outputs; else they are skipped")
    add(
        "--quality",
        type=_quality,
        metavar="N",
        help="1 to 100, or lossless (default: JPEG 95, AVIF 90; WebP and JPEG XL lossless)",
    )
    add("--strip", action="store_true", help="remove all metadata except the colour profile")
    add("--preserve-range", action="store_true", help="take floats of any range, and keep it")
    add("--salvage", action="store_true", help="read damaged files whose pixels are all there")
    add("--raw", type=raw_shape, metavar="WxHxC", help="upscale 8-bit frames from stdin to stdout")
    loudness = parser.add_mutually_exclusive_group()
    loudness.add_argument("-q", "--quiet", action="store_true", help="print errors only")
    loudness.add_argument("-v", "--verbose", action="store_true", help="print a line for each file")
    add("--version", action="version", version=f"lutsr {__version__}")
    return parser


def parse_main(argv: Sequence[str], parser: argparse.ArgumentParser) -> argparse.Namespace:
    """Parse the arguments, and refuse combinations; `inputs` includes those of ``-i``."""
    end = argv.index("--") if "--" in argv else len(argv)
    # argparse would take what follows "--" for options again in its second pass.
    args = parser.parse_intermixed_args(argv[:end])
    args.inputs = args.inputs + args.input + list(argv[end + 1 :])
    if args.raw:
        given = {
            "INPUT": args.inputs, "-o/--output": args.output, "--size": args.size,
            "-f/--format": args.format, "--suffix": args.suffix is not None,
            "--overwrite": args.overwrite, "--strip": args.strip,
            "--preserve-range": args.preserve_range, "--quality": args.quality,
            "--salvage": args.salvage,
        }  # fmt: skip
        if extra := [name for name, value in given.items() if value]:
            parser.error(f"argument --raw: stdin to stdout; leave out {', '.join(extra)}")
        return args
    missing = [
        name for name, value in (("INPUT", args.inputs), ("-o/--output", args.output)) if not value
    ]
    if missing:
        parser.error(f"the following arguments are required: {', '.join(missing)}")
    if args.size and args.scale:
        parser.error("argument --size: not together with -s/--scale")
    if args.suffix and re.search(r"[/\\]", args.suffix):
        parser.error(f"argument --suffix: got {args.suffix!r}, wanted part of a file's name")
    return args


def info_parser() -> argparse.ArgumentParser:
    """Return the parser of ``lutsr info``."""
    parser = _subparser("info")
    parser.add_argument(
        "table", metavar="TABLE", help="name of a shipped model, or path of a .npy file"
    )
    parser.add_argument("-s", "--scale", type=_positive, help="of a shipped model (default: all)")
    return parser


def warmup_parser() -> argparse.ArgumentParser:
    """Return the parser of ``lutsr warmup``."""
    parser = _subparser("warmup")
    _add_model(parser)
    add = parser.add_argument
    add("-s", "--scale", type=_positive, help="of a shipped model (default: all)")
    add("-j", "--workers", type=_positive, metavar="N", help="processes (default: one per core)")
    return parser


def compare_parser() -> argparse.ArgumentParser:
    """Return the parser of ``lutsr compare``."""
    parser = _subparser("compare")
    add = parser.add_argument
    add("image", metavar="IMAGE", help="the image to upscale")
    add("-o", "--output", help="the drawing, a .png (default: IMAGE_compared.png, here)")
    add("--crop", type=_crop, metavar="WxH+X+Y", help="part of IMAGE, in pixels (default: middle)")
    add("--reference", metavar="HR", help="the true large image, to compute PSNR")
    add("-s", "--scale", type=_positive, help=f"factor (default: {DEFAULT_SCALE})")
    _add_model(parser, _BY_FILE, DEFAULT_MODEL)
    add("-j", "--workers", type=_positive, metavar="N", help="threads (default: all cores)")
    add("--overwrite", action="store_true", help="replace an existing drawing")
    return parser


def convert_parser() -> argparse.ArgumentParser:
    """Return the parser of ``lutsr convert``."""
    from .._convert import METHODS

    parser = _subparser("convert")
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.epilog = "SOURCE is\n" + "\n".join(
        f"  for {name:9}{method.source}" for name, method in METHODS.items()
    )
    add = parser.add_argument
    add("source", metavar="SOURCE", help="the authors' file or folder, as released")
    add("--from", dest="method", required=True, choices=METHODS, help="method of the tables")
    add("-o", "--output", required=True, metavar="NAME_x4.npy", help="the model file")
    add("--overwrite", action="store_true", help="replace an existing model file")
    return parser


def plain_parser(name: str) -> argparse.ArgumentParser:
    """Return the parser of a sub-command that takes no arguments."""
    return _subparser(name)


def _subparser(name: str) -> argparse.ArgumentParser:
    what = SUBCOMMANDS[name]
    return Parser(
        prog=f"lutsr {name}", description=f"{what[0].upper()}{what[1:]}.", allow_abbrev=False
    )


def _add_model(parser: argparse.ArgumentParser, what: str = "", default: str = "all") -> None:
    parser.add_argument(
        "-m",
        "-n",
        "--model",
        help=f"name of a shipped model, {what}or path of a .npy file (default: {default})",
    )


def _positive(text: str) -> int:
    if not re.fullmatch(r"[0-9]{1,9}", text) or int(text) < 1:
        raise argparse.ArgumentTypeError(f"got {text!r}, wanted a whole number from 1 up")
    return int(text)


def _quality(text: str) -> int | str:
    if text == "lossless":
        return text
    if not re.fullmatch(r"[0-9]{1,3}", text) or not 1 <= int(text) <= 100:
        raise argparse.ArgumentTypeError(f"got {text!r}, wanted 1 to 100, or lossless")
    return int(text)


def _scale(text: str) -> int:
    number = re.fullmatch(r"([0-9]*\.[0-9]+)|([0-9]{1,5}(?:\.[0-9]+)?)%", text)
    percent = float(number[2] or 100 * float(number[1])) if number else 0.0
    if percent:
        raise argparse.ArgumentTypeError(
            f"got {text!r}, wanted a whole number; for any other factor give --size, as in "
            f"--size {percent:g}%"
        )
    return _positive(text)


def size(text: str) -> Size:
    """Read ``800x600``, ``800x`` or ``x600``: width and height; or ``250%``."""
    if re.fullmatch(r"[0-9]{1,5}(\.[0-9]{1,3})?%", text) and float(text[:-1]):
        return Fraction(text[:-1]) / 100
    match = re.fullmatch(r"([1-9][0-9]{0,8})?x([1-9][0-9]{0,8})?", text)
    if not match or text == "x":
        raise argparse.ArgumentTypeError(f"got {text!r}, wanted 800x600, 800x, x600 or 250%")
    width, height = (int(side) if side else None for side in match.groups())
    return width, height


def raw_shape(text: str) -> tuple[int, int, int]:
    """Read ``1920x1080x3``: width, height and channels."""
    match = re.fullmatch(r"([1-9][0-9]{0,5})x([1-9][0-9]{0,5})x([1-9][0-9]?)", text)
    if not match:
        raise argparse.ArgumentTypeError(
            f"got {text!r}, wanted width, height and channels as in 1920x1080x3"
        )
    width, height, channels = (int(side) for side in match.groups())
    return width, height, channels


def _crop(text: str) -> tuple[int, int, int, int]:
    match = re.fullmatch(r"([1-9][0-9]{0,8})x([1-9][0-9]{0,8})\+([0-9]{1,9})\+([0-9]{1,9})", text)
    if not match:
        raise argparse.ArgumentTypeError(
            f"got {text!r}, wanted width, height and top left corner as in 64x48+100+20"
        )
    width, height, x, y = (int(number) for number in match.groups())
    return width, height, x, y


def _format(text: str) -> str:
    from .imagefile import EXTENSIONS

    ending = "." + text.lower().removeprefix(".")
    if ending not in EXTENSIONS:
        wanted = ", ".join(known[1:] for known in EXTENSIONS)
        raise argparse.ArgumentTypeError(f"got {text!r}, wanted one of {wanted}")
    return ending
