"""``python -m lutsr``, the same as the command ``lutsr``."""

import sys

from .cli import main

if __name__ == "__main__":
    sys.exit(main())
