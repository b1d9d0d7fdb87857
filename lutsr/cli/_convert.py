"""``lutsr convert``: other authors' published tables become a model file."""

from __future__ import annotations

import sys
from argparse import Namespace

from ._report import CommandError, say


def convert(args: Namespace) -> int:
    """Write the model file and its card."""
    from .._convert import convert as write

    try:
        write(args.source, args.output, method=args.method, overwrite=args.overwrite)
    except FileExistsError as error:
        raise CommandError(f"{args.output}: it exists; --overwrite replaces it") from error
    except (ValueError, OSError) as error:
        raise CommandError(str(error)) from error
    say(f"wrote {args.output}", sys.stdout)
    return 0
