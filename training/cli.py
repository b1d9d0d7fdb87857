"""Shared parts of the commands: the parser, how commands are registered, common arguments.

Each family and `training.evaluation` has a module ``commands`` with a function
``register(commands)`` that adds its commands; `training.__main__` lists these modules. They must
be importable without torch and Pillow, so that ``--help`` works without them.
"""

from __future__ import annotations

import argparse
import shlex
from collections.abc import Callable, Sequence
from dataclasses import MISSING, fields
from pathlib import Path
from typing import Any, NoReturn

from lutsr._engine import SCALES
from training.options import DEVICES, RunOptions

PROG = "python -m training"


class Parser(argparse.ArgumentParser):
    """A parser whose error message is one line."""

    def error(self, message: str) -> NoReturn:
        """Exit with 2."""
        self.exit(2, f"error: {message}; see {self.prog} --help\n")


class Commands:
    """The commands of a parser.

    Parameters
    ----------
    parser : Parser
    """

    def __init__(self, parser: Parser) -> None:
        self.examples: dict[str, str] = {}
        self._parsers = parser.add_subparsers(dest="name", required=True, metavar="COMMAND")

    def add(
        self, name: str, text: str, example: str, run: Callable[[argparse.Namespace], None]
    ) -> Parser:
        """Add a command.

        Parameters
        ----------
        name : str
            One word.
        text : str
            What it does, for the help.
        example : str
            Its arguments, for the help.
        run : callable
            Runs it. Besides its own arguments, the namespace has ``command``, the whole command
            line, and ``usage_error``, which exits with a message.

        Returns
        -------
        Parser
            For the command's arguments.
        """
        self.examples[name] = f"  {PROG} {name} {example}"
        command: Parser = self._parsers.add_parser(
            name,
            help=text,
            description=text,
            epilog=f"example:\n{self.examples[name]}",
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        command.set_defaults(run=run, usage_error=command.error)
        return command


def command_line(argv: Sequence[str]) -> str:
    """Return the command line of arguments, quoted for a shell."""
    return f"{PROG} {shlex.join(argv)}"


def named(text: str) -> tuple[str, str]:
    """Parse ``NAME=VALUE``."""
    name, equals, value = text.partition("=")
    if not (name and equals and value):
        raise argparse.ArgumentTypeError(f"wanted NAME=VALUE, got {text!r}")
    return name, value


def positive(kind: Callable[[str], Any], *, zero: bool = False) -> Callable[[str], Any]:
    """Return a type of arguments that are positive and finite numbers, or zero if allowed."""

    def read(text: str) -> Any:
        value = kind(text)
        if not 0 <= value < float("inf") or not (value or zero):
            wanted = "a number from 0 up" if zero else "a positive number"
            raise argparse.ArgumentTypeError(f"wanted {wanted}, got {text}")
        return value

    read.__name__ = kind.__name__  # argparse prints it if the text is not a number
    return read


def file_or_name(text: str) -> str | Path:
    """Return the path of a model file, or a shipped model's name, told apart as by `lutsr.load`."""
    return Path(text) if text.endswith(".npy") else text


def default_of(options: type[RunOptions], name: str) -> Any:
    """Return the default of an option; None if it has none."""
    (found,) = (field for field in fields(options) if field.name == name)
    return None if found.default is MISSING else found.default


def add_option(
    parser: argparse.ArgumentParser,
    options: type[RunOptions],
    name: str,
    kind: Callable[[str], Any],
    text: str,
) -> None:
    """Add the argument of an option, with the option's default."""
    flag, default = f"--{name.replace('_', '-')}", default_of(options, name)
    parser.add_argument(flag, type=kind, default=default, help=f"{text} (%(default)s)")


def add_pairs(
    parser: argparse.ArgumentParser, flag: str, text: str, metavar: str = "SET=TEXT"
) -> None:
    """Add a repeatable argument NAME=VALUE; its value is a list of tuples."""
    parser.add_argument(
        flag, type=named, action="append", default=[], metavar=metavar, help=f"{text}; repeatable"
    )


def add_licences(parser: argparse.ArgumentParser) -> None:
    """Add the licences of data sets."""
    text = "licence of a data set (a sub-folder of --images) for the card"
    add_pairs(parser, "--licence", text)


def add_metrics(parser: argparse.ArgumentParser) -> None:
    """Add the sets whose figures the card gets."""
    add_pairs(parser, "--metrics", "put figures on this folder of images on the card", "SET=FOLDER")


def add_run_arguments(parser: argparse.ArgumentParser, options: type[RunOptions]) -> None:
    """Add the arguments of every run."""
    parser.add_argument("--images", help="folder of images to train on, searched recursively")
    parser.add_argument("--val", help="folder of images to validate on (optional)")
    parser.add_argument("--out", required=True, help="folder of this run")
    parser.add_argument("--resume", action="store_true", help="continue the run in --out")
    parser.add_argument("--scale", type=int, choices=SCALES, default=default_of(options, "scale"))
    add_option(parser, options, "seed", int, "seed of all random numbers")
    add_option(parser, options, "model", str, "name of the model")
    add_licences(parser)
    parser.add_argument(
        "--device",
        choices=DEVICES,
        default=default_of(options, "device"),
        help="auto is CUDA where there is a CUDA device",
    )
    parser.add_argument(
        "--cache",
        metavar="FOLDER",
        help="for decoded pictures (lutsr-training in the user's cache folder)",
    )


def given_options(namespace: argparse.Namespace, options: type[RunOptions]) -> dict[str, Any]:
    """Return the arguments that are options of a run, by name."""
    given = {**vars(namespace), "licences": dict(namespace.licence)}
    return {field.name: given[field.name] for field in fields(options) if field.name in given}


def check_run_arguments(namespace: argparse.Namespace) -> None:
    """Exit with a message if a new run has no images."""
    if not namespace.resume and not namespace.images:
        namespace.usage_error(f"{namespace.name}: --images is required (unless --resume)")
