"""Draw every figure, or those that are named."""

from __future__ import annotations

import argparse
from importlib import import_module
from pathlib import Path

FIGURES = ("stack", "receptive_field", "fusion", "table", "limits", "cnn", "exactness")


def main() -> None:
    """Draw."""
    parser = argparse.ArgumentParser(prog="python -m docs.figures", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(FIGURES)}")
    parser.add_argument("--folder", type=Path, default=Path("docs/images"), help="for the pictures")
    args = parser.parse_args()
    unknown = set(args.names) - set(FIGURES)
    if unknown:
        parser.error(f"no figure {', '.join(sorted(unknown))}; there are {', '.join(FIGURES)}")
    for name in args.names or FIGURES:
        for path in import_module(f"docs.figures.{name}").draw(args.folder):
            print(f"wrote {path}")


if __name__ == "__main__":
    main()
