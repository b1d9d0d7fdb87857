"""The one exception of this package that is meant for the person at the keyboard."""

from __future__ import annotations


class TrainingError(Exception):
    """Something the user can put right; the command line prints it as one line and exits 1."""
