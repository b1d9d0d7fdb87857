"""The command of RC-LUT: ``rclut``."""

from __future__ import annotations

import argparse

from training.cli import (
    Commands,
    add_option,
    add_run_arguments,
    check_run_arguments,
    given_options,
    positive,
)
from training.evaluation.cache import user_cache
from training.rclut.options import TABLES, RclutOptions

COUNT = positive(int)

#: Name, type and help of the options that only RC-LUT has.
OPTIONS = (
    ("width", COUNT, "channels of hidden layers"),
    ("steps", COUNT, "training steps"),
    ("batch", COUNT, "crops per step"),
    ("crop", COUNT, "side of a crop, in input pixels"),
    ("lr", positive(float), "highest learning rate"),
    ("every", COUNT, "steps between checkpoints"),
)


def register(commands: Commands) -> None:
    """Add the command."""
    parser = commands.add(
        "rclut",
        "train the network of RC-LUT and write its tables (a chain)",
        "--images photos/ --val more_photos/ --scale 4 --out runs/rclut_x4",
        run_rclut,
    )
    add_run_arguments(parser, RclutOptions)
    parser.add_argument(
        "--tables",
        choices=TABLES,
        default=RclutOptions.tables,
        help="tables of windows with an activation, or lines as in the released code (%(default)s)",
    )
    for name, kind, text in OPTIONS:
        add_option(parser, RclutOptions, name, kind, text)


def run_rclut(arguments: argparse.Namespace) -> None:
    """Run ``rclut``."""
    check_run_arguments(arguments)
    options = None if arguments.resume else RclutOptions(**given_options(arguments, RclutOptions))
    from training.rclut.train import resume, train

    cache = arguments.cache or user_cache()
    print(resume(arguments.out, cache=cache) if options is None else train(options, cache=cache))
