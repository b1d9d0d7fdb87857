"""Small functions of the command line's tests."""

import subprocess
import sys

import numpy as np
from PIL import Image

LUTSR = (sys.executable, "-W", "error", "-m", "lutsr")


def pixels(path):
    with Image.open(path) as image:
        return np.asarray(image)


def twice(image):
    """Return the result of the table `repeat`."""
    return image.repeat(2, 0).repeat(2, 1)


def run(*argv, **options):
    """Run the command as a process; text unless `text=False`."""
    options = {"text": True, "timeout": 300, "check": False} | options
    return subprocess.run([*LUTSR, *argv], capture_output=True, **options)
