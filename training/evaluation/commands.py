"""The commands ``evaluate``, ``flat-noise``, ``degraded`` and ``inspect``, for every family."""

from __future__ import annotations

import argparse

from lutsr._engine import SCALES
from training.cli import Commands, file_or_name


def register(commands: Commands) -> None:
    """Add the commands."""
    _add_evaluate(commands)
    _add_degraded(commands)
    _add_flat_noise(commands)
    _add_inspect(commands)


def _add_methods(parser: argparse.ArgumentParser) -> None:
    """Add what is compared, and on which images."""
    parser.add_argument(
        "table", nargs="*", type=file_or_name, help="a .npy file or the name of a shipped model"
    )
    parser.add_argument("--hr", nargs="+", required=True, help="folders of full-size images")
    parser.add_argument(
        "--scale", type=int, choices=SCALES, help="for a shipped model, or rivals alone"
    )
    parser.add_argument(
        "--rival",
        action="append",
        default=[],
        metavar="NAME",
        help="another method besides bicubic (MATLAB's); repeatable: pillow-bicubic, "
        "pillow-lanczos, opencv-cubic, opencv-lanczos4, skimage-cubic and others",
    )


def _add_evaluate(commands: Commands) -> None:
    parser = commands.add(
        "evaluate",
        "compare models and rivals: PSNR-Y and SSIM on folders of images",
        "tables/mine_x4.npy --hr Set5/HR Set14/HR --rival pillow-lanczos",
        run_evaluate,
    )
    _add_methods(parser)
    parser.add_argument("--csv", metavar="FILE", help="write a row per image to this file")
    parser.add_argument("--plot", metavar="FILE.png", help="draw the means as bars, to this file")


def _add_flat_noise(commands: Commands) -> None:
    parser = commands.add(
        "flat-noise",
        "measure dots: the noise of models where the original is flat, on luma",
        "eclut --scale 4 --hr kodak/ Set14/HR",
        run_flat_noise,
    )
    parser.add_argument(
        "table", nargs="+", type=file_or_name, help="a .npy file or the name of a shipped model"
    )
    parser.add_argument("--hr", nargs="+", required=True, help="folders of full-size images")
    parser.add_argument("--scale", type=int, choices=SCALES, help="for a shipped model")


def _add_degraded(commands: Commands) -> None:
    parser = commands.add(
        "degraded",
        "compare models and rivals on degraded images: JPEG, noise, picked pixels",
        "ecnn ecnn-photo --scale 4 --hr kodak/",
        run_degraded,
    )
    _add_methods(parser)
    parser.add_argument(
        "--degrade",
        action="append",
        default=[],
        metavar="NAME",
        help="one of clean, jpeg-90, jpeg-75, jpeg-50, jpeg-30, noise-5, noise-10, picked, photo, "
        "or a function of a Python file, such as my_scanner.py:degrade; repeatable (all but photo)",
    )


def _add_inspect(commands: Commands) -> None:
    parser = commands.add(
        "inspect",
        "print the figures of a model and draw what its tables have learnt",
        "tables/mine_x4.npy --out pictures/ --images photos/",
        run_inspect,
    )
    parser.add_argument(
        "table", type=file_or_name, help="a .npy file or the name of a shipped model"
    )
    parser.add_argument("--out", required=True, help="folder for the pictures")
    parser.add_argument("--images", help="folder of images to count look-ups in (optional)")
    parser.add_argument("--scale", type=int, choices=SCALES, help="for a shipped model")


def _check_methods(arguments: argparse.Namespace) -> None:
    """Exit with a message if there is nothing that has a scale."""
    if not (arguments.table or arguments.scale):
        arguments.usage_error(f"{arguments.name}: wanted a table, or --scale for rivals alone")


def run_evaluate(arguments: argparse.Namespace) -> None:
    """Run ``evaluate``."""
    _check_methods(arguments)
    from training.evaluation.evaluate import print_figures

    print_figures(
        arguments.table,
        arguments.hr,
        rivals=arguments.rival,
        scale=arguments.scale,
        csv_file=arguments.csv,
        plot_file=arguments.plot,
    )


def run_flat_noise(arguments: argparse.Namespace) -> None:
    """Run ``flat-noise``."""
    from training.evaluation.flat import print_flat_noise

    print_flat_noise(arguments.table, arguments.hr, arguments.scale)


def run_degraded(arguments: argparse.Namespace) -> None:
    """Run ``degraded``."""
    _check_methods(arguments)
    from training.evaluation.degraded import print_gains

    print_gains(
        arguments.table,
        arguments.hr,
        rivals=arguments.rival,
        scale=arguments.scale,
        degradations=arguments.degrade,
    )


def run_inspect(arguments: argparse.Namespace) -> None:
    """Run ``inspect``."""
    from training.evaluation.inspect import inspect_table

    drawn = inspect_table(
        arguments.table, arguments.out, images=arguments.images, scale=arguments.scale
    )
    print(*drawn, sep="\n")
