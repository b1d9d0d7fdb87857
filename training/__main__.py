"""``python -m training``: train, fit, export, evaluate and inspect models of lutsr."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from training.cli import PROG, Commands, Parser, command_line
from training.eclut import commands as eclut_commands
from training.ecnn import commands as ecnn_commands
from training.errors import TrainingError
from training.evaluation import commands as evaluation_commands
from training.rclut import commands as rclut_commands

#: Modules that add commands: a new family adds its own here.
MODULES = (eclut_commands, ecnn_commands, rclut_commands, evaluation_commands)

OPTIONAL_PACKAGES = ("torch", "PIL", "skimage", "scipy", "tqdm", "matplotlib")


def build_parser() -> tuple[Parser, Commands]:
    """Return the parser, and the commands that all modules have added to it."""
    parser = Parser(PROG, description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = Commands(parser)
    for module in MODULES:
        module.register(commands)
    parser.epilog = "\n".join(["examples:", *commands.examples.values()])
    return parser, commands


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command; returns the exit code: 0, 1 for a failure, 2 for wrong usage."""
    argv = sys.argv[1:] if argv is None else argv
    parser, _ = build_parser()
    arguments = parser.parse_args(argv)
    arguments.command = command_line(argv)
    try:
        arguments.run(arguments)
    except TrainingError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except ModuleNotFoundError as error:
        package = (error.name or "").partition(".")[0]
        if package not in OPTIONAL_PACKAGES:
            raise
        print(
            f"error: {arguments.name} needs {package}, which is not installed; "
            "pip install --group training brings it (pip 25.1 or later, in the clone)",
            file=sys.stderr,
        )
        return 1
    except KeyboardInterrupt:
        resumable = "resume" in vars(arguments)
        hint = " The same --out with --resume continues it." if resumable else ""
        print(f"error: interrupted.{hint}", file=sys.stderr)
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
