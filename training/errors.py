"""The exception of this package for errors that the user can fix."""

from __future__ import annotations


class TrainingError(Exception):
    """An error that the user can fix; the command line prints it as one line and exits with 1."""
