"""Image super-resolution by trained look-up tables.

>>> import lutsr, skimage
>>> big = lutsr.upscale(skimage.data.astronaut(), 4, channel_axis=-1, rgb=True)
>>> big.shape, big.dtype
((2048, 2048, 3), dtype('uint8'))

Public names: `upscale`, `resize`, `load`, `Upscaler`, `models`, `ModelInfo`, `warmup`, `convert`,
and the plain NumPy reference implementation in `lutsr.reference`.
"""

from . import reference
from ._convert import convert
from ._loading import load, models
from ._modelinfo import ModelInfo
from ._resize import resize
from ._upscale import upscale
from ._upscaler import Upscaler
from ._version import __version__
from ._warmup import warmup

__all__ = [
    "ModelInfo",
    "Upscaler",
    "__version__",
    "convert",
    "load",
    "models",
    "reference",
    "resize",
    "upscale",
    "warmup",
]
