"""Image super-resolution by a trained look-up table.

>>> import numpy as np
>>> import lutsr
>>> lutsr.upscale(np.zeros((20, 30), np.uint8), 4).shape
(80, 120)

Public names: `upscale`, `load`, `Upscaler`, `models`, `warmup`, and the plain NumPy reference
implementation in `lutsr.reference`.
"""

from . import reference
from ._upscaler import Upscaler, load, models, upscale, warmup
from ._version import __version__

__all__ = ["Upscaler", "__version__", "load", "models", "reference", "upscale", "warmup"]
