"""The commands of eclut: ``train``, ``fit``, ``export``, ``ablation``."""

from __future__ import annotations

import argparse
import os
from typing import Any

from lutsr._engine import SCALES
from training.cli import (
    Commands,
    add_licences,
    add_metrics,
    add_option,
    add_run_arguments,
    check_run_arguments,
    file_or_name,
    given_options,
    positive,
)
from training.eclut.options import FLAT_WEIGHT, EclutOptions, FitOptions, TrainOptions
from training.evaluation.cache import user_cache

COUNT, COUNT_OR_NONE = positive(int), positive(int, zero=True)


def register(commands: Commands) -> None:
    """Add the commands."""
    _add_train(commands)
    _add_fit(commands)
    _add_export(commands)
    _add_ablation(commands)


def _add_train(commands: Commands) -> None:
    parser = commands.add(
        "train",
        "train a network on a folder of images and write its table (eclut)",
        "--images photos/ --val more_photos/ --scale 4 --out runs/mine",
        run_train,
    )
    add_run_arguments(parser, TrainOptions)
    _add_expand_shift(parser)
    add_option(parser, TrainOptions, "steps", COUNT, "training steps")
    add_option(parser, TrainOptions, "batch", COUNT, "crops per step")
    add_option(parser, TrainOptions, "crop", COUNT, "side of a crop, in input pixels")
    add_option(parser, TrainOptions, "lr", positive(float), "highest learning rate")
    add_option(parser, TrainOptions, "every", COUNT, "steps between checkpoints")


def _add_fit(commands: Commands) -> None:
    parser = commands.add(
        "fit",
        "fit a table to a folder of images by least squares: no network, minutes (eclut)",
        "--images photos/ --val more_photos/ --scale 4 --out runs/fitted",
        run_fit,
    )
    add_run_arguments(parser, FitOptions)
    _add_expand_shift(parser)
    parser.add_argument("--init", help="a model (.npy) or a network's checkpoint to start from")
    add_option(parser, FitOptions, "free", COUNT, "iterations without limits")
    add_option(parser, FitOptions, "limits", COUNT_OR_NONE, "iterations within int8")
    add_option(parser, FitOptions, "rounding", COUNT_OR_NONE, "rounds on integers")
    add_option(
        parser,
        FitOptions,
        "smoothness",
        positive(float, zero=True),
        "weight of differences between neighbouring pairs",
    )
    parser.add_argument(
        "--flat-weight",
        type=positive(float),
        help=f"weight of places where a picture is flat, at least 1 ({FLAT_WEIGHT:g}; 1 with "
        "--expand-shift 1)",
    )
    add_option(parser, FitOptions, "borders", COUNT_OR_NONE, "steps for the borders")
    add_option(parser, FitOptions, "every", COUNT, "iterations between checkpoints")
    add_metrics(parser)


def _add_export(commands: Commands) -> None:
    parser = commands.add(
        "export",
        "write the int8 table and its card from a network's checkpoint (eclut)",
        "runs/mine/checkpoint.pt tables/ --model mine",
        run_export,
    )
    parser.add_argument("checkpoint", help="checkpoint.pt of a run")
    parser.add_argument("folder", help="folder for table and card")
    parser.add_argument("--model", help="name of the model (the run's own)")
    add_licences(parser)
    add_metrics(parser)


def _add_ablation(commands: Commands) -> None:
    parser = commands.add(
        "ablation",
        "fit tables without parts of the method and print what each part is worth (eclut)",
        "--images photos/ --hr Set5/HR Set14/HR --scale 4",
        run_ablation,
    )
    parser.add_argument("table", nargs="*", type=file_or_name, help="models to measure, too")
    parser.add_argument("--images", required=True, help="folder of images to fit")
    parser.add_argument("--hr", nargs="+", required=True, help="folders of full-size images")
    parser.add_argument("--scale", type=int, choices=SCALES, default=4)
    parser.add_argument("--iterations", type=COUNT, default=10, help="of each fit (%(default)s)")
    parser.add_argument("--rounds", type=COUNT, default=4, help="of rounding (%(default)s)")
    parser.add_argument("--cache", metavar="FOLDER", help="for decoded pictures")


def _add_expand_shift(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--expand-shift",
        type=int,
        help="output pixels that a tap moves its map by: 1, or the scale (default)",
    )


def _options(arguments: argparse.Namespace, kind: type[EclutOptions]) -> Any:
    """Return the options of a new run."""
    shift, scale = arguments.expand_shift or arguments.scale, arguments.scale
    if shift not in (1, scale):
        arguments.usage_error(
            f"{arguments.name}: --expand-shift must be 1 or the scale {scale}, got {shift}"
        )
    return kind(**{**given_options(arguments, kind), "expand_shift": shift})


def run_train(arguments: argparse.Namespace) -> None:
    """Run ``train``."""
    check_run_arguments(arguments)
    options = None if arguments.resume else _options(arguments, TrainOptions)
    from training.eclut.train import resume, train

    cache = arguments.cache or user_cache()
    print(resume(arguments.out, cache=cache) if options is None else train(options, cache=cache))


def run_fit(arguments: argparse.Namespace) -> None:
    """Run ``fit``."""
    check_run_arguments(arguments)
    arguments.metrics = dict(arguments.metrics)
    options = None if arguments.resume else _options(arguments, FitOptions)
    # A fit allocates and frees large tensors all the time. With huge pages it takes 10 % less CPU
    # time; torch asks Linux for them if this is set before it is imported.
    os.environ.setdefault("THP_MEM_ALLOC_ENABLE", "1")
    from training.eclut.fit.task import fit, resume

    cache = arguments.cache or user_cache()
    print(resume(arguments.out, cache=cache) if options is None else fit(options, cache=cache))


def run_export(arguments: argparse.Namespace) -> None:
    """Run ``export``."""
    from training.eclut.export import export_checkpoint

    table = export_checkpoint(
        arguments.checkpoint,
        arguments.folder,
        model=arguments.model,
        licences=dict(arguments.licence),
        metric_folders=dict(arguments.metrics),
    )
    print(table)


def run_ablation(arguments: argparse.Namespace) -> None:
    """Run ``ablation``."""
    from training.eclut.ablation import print_ablation

    print_ablation(
        arguments.images,
        arguments.hr,
        scale=arguments.scale,
        models=arguments.table,
        iterations=arguments.iterations,
        rounds=arguments.rounds,
        cache=arguments.cache or user_cache(),
    )
