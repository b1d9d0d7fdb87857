"""The command of ECNN: ``ecnn``."""

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
from training.ecnn.options import EcnnOptions
from training.evaluation.cache import user_cache

COUNT, COUNT_OR_NONE = positive(int), positive(int, zero=True)
AMOUNT = positive(float, zero=True)

#: Name, type and help of the options that only ECNN has.
OPTIONS = (
    ("channels", COUNT, "channels of hidden maps"),
    ("layers", COUNT_OR_NONE, "hidden layers"),
    ("window", COUNT, "side of the first layer's window"),
    ("kinks", COUNT_OR_NONE, "kinks of the functions of a hidden channel"),
    ("knots", COUNT, "linear pieces of the functions of the image"),
    ("units", COUNT, "units of an entry of a hidden layer in a level of the maps"),
    ("last_units", COUNT, "units of an entry of the last layer in a grey level"),
    ("steps", COUNT, "training steps"),
    ("batch", COUNT, "crops per step"),
    ("crop", COUNT, "side of a crop, in input pixels"),
    ("lr", positive(float), "highest learning rate of Muon"),
    ("offset", positive(float), "added to a crop's squared error before its logarithm"),
    ("round_at", AMOUNT, "fraction of the run after which hidden maps are rounded"),
    ("tables_at", AMOUNT, "fraction after which the result is that of int8 tables"),
    ("excess", AMOUNT, "weight of the penalty on entries beyond int8"),
    ("excess_at", AMOUNT, "fraction after which there is a penalty"),
    ("teacher_share", AMOUNT, "share of the teacher in the targets, 0 to 1"),
    ("workers", COUNT_OR_NONE, "processes that degrade the crops of coming steps"),
    ("every", COUNT, "steps between checkpoints"),
)


def register(commands: Commands) -> None:
    """Add the command."""
    parser = commands.add(
        "ecnn",
        "train a stack of small look-up layers and write its tables (ecnn)",
        "--images photos/ --val more_photos/ --scale 4 --out runs/ecnn_x4",
        run_ecnn,
    )
    add_run_arguments(parser, EcnnOptions)
    parser.add_argument(
        "--init",
        help="start from this: a checkpoint of this command (.pt), its model file (.npy), or a "
        "shipped model, such as ecnn_x4",
    )
    parser.add_argument(
        "--teacher",
        metavar="MODEL",
        help="mix the pictures of this model into the targets, each the mean over all eight "
        "orientations: a model file (.npy), or a shipped model, such as ecnn-large",
    )
    parser.add_argument(
        "--degrade",
        metavar="NAME",
        help="degrade the inputs: photo (JPEG, noise, unknown reduction), or a function of a "
        "Python file, such as my_scanner.py:degrade",
    )
    for name, kind, text in OPTIONS:
        add_option(parser, EcnnOptions, name, kind, text)


def run_ecnn(arguments: argparse.Namespace) -> None:
    """Run ``ecnn``."""
    check_run_arguments(arguments)
    options = None if arguments.resume else EcnnOptions(**given_options(arguments, EcnnOptions))
    from training.ecnn.train import resume, train

    cache = arguments.cache or user_cache()
    print(resume(arguments.out, cache=cache) if options is None else train(options, cache=cache))
