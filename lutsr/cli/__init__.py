"""The command ``lutsr``: upscale image files, or raw video frames.

Exit codes: 0 success, 1 something failed, 2 the arguments ask for something impossible,
130 interrupted. Modules are imported when they are needed, so that ``--help`` and ``--version``
take little time.
"""

from __future__ import annotations

import sys
from argparse import ArgumentParser
from collections.abc import Sequence

from . import _arguments, _streams
from ._report import CommandError, UsageError, complain

__all__ = ["main"]


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
    _streams.occupy()
    argv = list(sys.argv[1:] if argv is None else argv)
    name = argv[0] if argv and argv[0] in _arguments.SUBCOMMANDS else None
    try:
        parser = _arguments.main_parser() if name is None else _parser_of(name)
        try:
            if name is None:
                return _main_command(argv, parser)
            return _subcommand(name, argv[1:], parser)
        except UsageError as error:
            parser.error(str(error))
    except CommandError as error:
        complain(str(error))
        return 1
    except KeyboardInterrupt as error:
        complain(f"interrupted: {error}" if error.args else "interrupted")
        return 130
    except MemoryError:
        complain("there is not enough memory")
        return 1
    except BrokenPipeError:  # the reader closed the pipe
        _streams.forget_output()
        return 1
    except OSError as error:  # not of a file of the user, for instance stdout on a full disk
        _streams.forget_output()
        complain(f"cannot go on: {error.strerror or error}")
        return 1


def _main_command(argv: list[str], parser: ArgumentParser) -> int:
    args = _arguments.parse_main(argv, parser)
    if args.raw:
        from ._raw import upscale_frames

        return upscale_frames(args)
    from ._batch import upscale_files

    return upscale_files(args)


def _parser_of(name: str) -> ArgumentParser:
    makers = {
        "info": _arguments.info_parser,
        "warmup": _arguments.warmup_parser,
        "compare": _arguments.compare_parser,
        "convert": _arguments.convert_parser,
    }
    return makers[name]() if name in makers else _arguments.plain_parser(name)


def _subcommand(name: str, argv: list[str], parser: ArgumentParser) -> int:
    args = parser.parse_args(argv)
    if name == "compare":
        from ._compare import compare

        return compare(args)
    if name == "convert":
        from ._convert import convert

        return convert(args)
    from . import _tables

    return {"models": _tables.models, "info": _tables.info, "warmup": _tables.warmup}[name](args)
