"""The methods in plain NumPy, to be read beside the papers."""

from ._eclut.reference import *  # noqa: F403
from ._eclut.reference import __doc__ as __doc__
