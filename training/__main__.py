"""``python -m training``: train, fit, export, evaluate and inspect look-up tables."""

from __future__ import annotations

import argparse
import os
import shlex
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

from training.eclut.fit.options import DEVICES, FitOptions
from training.errors import TrainingError

PROG = "python -m training"
EXAMPLES = f"""examples:
  {PROG} train --images photos/ --val more_photos/ --scale 4 --out runs/mine
  {PROG} fit --images photos/ --val more_photos/ --scale 4 --out runs/fitted
  {PROG} export runs/mine/checkpoint.pt tables/ --model mine
  {PROG} evaluate tables/mine_x4.npy --hr Set5/HR Set14/HR --rival pillow-lanczos
  {PROG} inspect tables/mine_x4.npy --out pictures/ --images photos/
"""
COMMANDS = ("train", "fit", "export", "evaluate", "inspect")
FIT = FitOptions()
OPTIONAL_PACKAGES = ("torch", "PIL", "skimage", "tqdm", "matplotlib")


class _Parser(argparse.ArgumentParser):
    """A parser whose complaint is one line."""

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"error: {message}; see {self.prog} --help\n")


def _named(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not (name and equals and value):
        raise argparse.ArgumentTypeError(f"wanted NAME=VALUE, got {text!r}")
    return name, value


def _positive(kind: type, *, zero: bool = False) -> type:
    def read(text: str):
        value = kind(text)
        if not 0 <= value < float("inf") or not (value or zero):
            wanted = "a number from 0 up" if zero else "a positive number"
            raise argparse.ArgumentTypeError(f"wanted {wanted}, got {text}")
        return value

    read.__name__ = kind.__name__  # argparse prints it when the text is no number at all
    return read


def build_parser() -> argparse.ArgumentParser:
    """Make the parser of all commands."""
    raw = argparse.RawDescriptionHelpFormatter
    whole, real = _positive(int), _positive(float)
    parser = _Parser(PROG, description=__doc__, epilog=EXAMPLES, formatter_class=raw)
    commands = parser.add_subparsers(dest="name", required=True, metavar="COMMAND")

    example = dict(zip(COMMANDS, EXAMPLES.splitlines()[1:], strict=True))

    def add(name: str, text: str) -> argparse.ArgumentParser:
        epilog = f"example:\n{example[name]}"
        return commands.add_parser(
            name, help=text, description=text, epilog=epilog, formatter_class=raw
        )

    licence_help = "licence of a data set (a sub-folder of --images) for the card; repeatable"
    licence = {"type": _named, "action": "append", "default": [], "metavar": "SET=TEXT"}

    def add_run(command: argparse.ArgumentParser) -> None:
        """Add what every run takes."""
        command.add_argument("--out", required=True, help="folder of this run")
        command.add_argument(
            "--resume", action="store_true", help="continue the run in --out as it was"
        )
        command.add_argument("--scale", type=int, choices=(2, 3, 4), default=4)
        command.add_argument(
            "--expand-shift",
            type=int,
            help="pixels a tap moves its map by: 1, or the scale (default)",
        )
        command.add_argument("--seed", type=int, default=1, help="seed of everything (%(default)s)")
        command.add_argument("--model", default="eclut", help="name of the table (%(default)s)")
        command.add_argument("--licence", help=licence_help, **licence)
        command.add_argument(
            "--device", choices=DEVICES, default="auto", help="auto is CUDA where there is one"
        )
        command.add_argument(
            "--cache",
            metavar="FOLDER",
            help="for decoded pictures (lutsr-training in the user's cache)",
        )

    train = add("train", "train a network on a folder of images and write its table")
    train.add_argument("--images", help="folder of images to train on, searched recursively")
    train.add_argument("--val", help="folder of images to validate on (optional)")
    add_run(train)
    train.add_argument("--steps", type=whole, default=6500, help="training steps (%(default)s)")
    train.add_argument("--batch", type=whole, default=16, help="crops per step (%(default)s)")
    train.add_argument("--crop", type=whole, default=48, help="input side of a crop (%(default)s)")
    train.add_argument("--lr", type=real, default=5e-3, help="highest learning rate (%(default)s)")
    train.add_argument(
        "--every", type=whole, default=500, help="steps per checkpoint (%(default)s)"
    )

    fit = add("fit", "fit a table to a folder of images by least squares: no network, minutes")
    fit.add_argument("--images", help="folder of images to fit to, searched recursively")
    fit.add_argument("--val", help="folder of images for the PSNR in the log (optional)")
    add_run(fit)
    fit.add_argument("--init", help="a table (.npy) or a network's checkpoint to start from")
    or_none = _positive(int, zero=True)
    fit.add_argument(
        "--free", type=whole, default=FIT.free, help="iterations without limits (%(default)s)"
    )
    fit.add_argument(
        "--limits", type=or_none, default=FIT.limits, help="iterations within int8 (%(default)s)"
    )
    fit.add_argument(
        "--rounding",
        type=or_none,
        default=FIT.rounding,
        help="rounds on whole numbers (%(default)s)",
    )
    fit.add_argument(
        "--smoothness",
        type=_positive(float, zero=True),
        default=FIT.smoothness,
        help="weight of differences between neighbouring pairs (%(default)s)",
    )
    fit.add_argument(
        "--borders", type=or_none, default=FIT.borders, help="steps spent on borders (%(default)s)"
    )
    fit.add_argument(
        "--every", type=whole, default=FIT.every, help="iterations per checkpoint (%(default)s)"
    )
    metrics_help = "put figures on this folder of HR images on the card; repeatable"
    metrics = {**licence, "metavar": "SET=FOLDER"}
    fit.add_argument("--metrics", help=metrics_help, **metrics)

    export = add("export", "write the int8 table and its card from a checkpoint")
    export.add_argument("checkpoint", help="checkpoint.pt of a run")
    export.add_argument("folder", help="where table and card go")
    export.add_argument("--model", help="name of the table (the run's own)")
    export.add_argument("--licence", help="licence of a data set of the run; repeatable", **licence)
    export.add_argument("--metrics", help=metrics_help, **metrics)

    evaluate = add("evaluate", "compare tables and rivals: PSNR-Y and SSIM on folders of images")
    evaluate.add_argument("table", nargs="*", help="a .npy file or the name of a shipped model")
    evaluate.add_argument("--hr", nargs="+", required=True, help="folders of full-size images")
    evaluate.add_argument(
        "--scale", type=int, choices=(2, 3, 4), help="for a shipped model, or rivals alone"
    )
    evaluate.add_argument(
        "--rival",
        action="append",
        default=[],
        metavar="NAME",
        help="another method beside bicubic (MATLAB's); repeatable: pillow-bicubic, "
        "pillow-lanczos, opencv-cubic, opencv-lanczos4, skimage-cubic and others",
    )
    evaluate.add_argument("--csv", metavar="FILE", help="write a row per image here")
    evaluate.add_argument("--plot", metavar="FILE.png", help="draw the means here, as bars")

    inspect = add("inspect", "print and draw what a table has learnt")
    inspect.add_argument("table", help="a .npy file or the name of a shipped model")
    inspect.add_argument("--out", required=True, help="folder for the pictures")
    inspect.add_argument("--images", help="folder of images to count pairs in (optional)")
    inspect.add_argument("--scale", type=int, choices=(2, 3, 4), help="for a shipped model")
    return parser


def run_train(options: argparse.Namespace, argv: Sequence[str]) -> None:
    """Hand the ``train`` command to `training.eclut.train`."""
    from training.eclut.quantize import ALPHA
    from training.eclut.train import train
    from training.evaluation.cache import user_cache

    apart = ("name", "resume", "cache")  # the rest decides the result, and is recorded
    args = {key: value for key, value in vars(options).items() if key not in apart}
    args["expand_shift"] = args["expand_shift"] or args["scale"]
    args["licences"] = dict(args.pop("licence"))
    args |= {"width": 64, "alpha": ALPHA, "command": f"{PROG} {shlex.join(argv)}"}
    table = train(args, resume=options.resume, cache=options.cache or user_cache())
    print(table)


def run_fit(options: argparse.Namespace, argv: Sequence[str]) -> None:
    """Hand the ``fit`` command to `training.eclut.fit.fit`."""
    # A fit makes and drops large tensors all the time: with huge pages (torch asks Linux for them
    # when told so before it is imported) that takes a tenth less of the CPU.
    os.environ.setdefault("THP_MEM_ALLOC_ENABLE", "1")
    from training.eclut.fit.fit import fit
    from training.evaluation.cache import user_cache

    given = {key: value for key, value in vars(options).items() if key not in ("name", "licence")}
    given["metrics"] = dict(options.metrics)
    given["cache"] = options.cache or user_cache()
    command = f"{PROG} {shlex.join(argv)}"
    print(fit(**given, licences=dict(options.licence), command=command))


def run_export(options: argparse.Namespace, argv: Sequence[str]) -> None:
    """Hand the ``export`` command to `training.eclut.export`."""
    from training.eclut.export import export_checkpoint

    table = export_checkpoint(
        options.checkpoint,
        options.folder,
        model=options.model,
        licences=dict(options.licence),
        metric_folders=dict(options.metrics),
    )
    print(table)


def run_evaluate(options: argparse.Namespace, argv: Sequence[str]) -> None:
    """Hand the ``evaluate`` command to `training.evaluation.evaluate`."""
    from training.evaluation.evaluate import print_figures

    print_figures(
        [_table(text) for text in options.table],
        options.hr,
        rivals=options.rival,
        scale=options.scale,
        csv_file=options.csv,
        plot_file=options.plot,
    )


def run_inspect(options: argparse.Namespace, argv: Sequence[str]) -> None:
    """Hand the ``inspect`` command to `training.eclut.inspect`."""
    from training.eclut.inspect import inspect_table

    drawn = inspect_table(
        _table(options.table),
        options.out,
        images=options.images,
        scale=options.scale,
    )
    print(*drawn, sep="\n")


def _table(text: str) -> str | Path:
    """Tell files from shipped names, as `lutsr.load` does: a Path is always a file."""
    return Path(text) if text.endswith(".npy") else text


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command; returns the exit code: 0, 1 for a failure, 2 for wrong usage."""
    argv = sys.argv[1:] if argv is None else argv
    parser = build_parser()
    options = parser.parse_args(argv)
    if options.name in ("train", "fit"):
        if not options.resume and not options.images:
            parser.error(f"{options.name}: --images is required (unless --resume)")
        if options.expand_shift not in (None, 1, options.scale):
            parser.error(
                f"{options.name}: --expand-shift must be 1 or the scale {options.scale}, "
                f"got {options.expand_shift}"
            )
    if options.name == "evaluate" and not (options.table or options.scale):
        parser.error("evaluate: wanted a table, or --scale for rivals alone")
    run = (run_train, run_fit, run_export, run_evaluate, run_inspect)
    command = dict(zip(COMMANDS, run, strict=True))[options.name]
    try:
        command(options, argv)
    except TrainingError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except ModuleNotFoundError as error:
        package = (error.name or "").partition(".")[0]
        if package not in OPTIONAL_PACKAGES:
            raise
        print(
            f"error: {options.name} needs {package}, which is not installed; "
            "pip install 'lutsr[training]' brings it",
            file=sys.stderr,
        )
        return 1
    except KeyboardInterrupt:
        again = (
            " The same --out with --resume continues it."
            if options.name in ("train", "fit")
            else ""
        )
        print(f"error: interrupted.{again}", file=sys.stderr)
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
