"""Image files, for the command line only: read and written faithfully, or refused with a reason.

`read` and `size` take a file, `write` makes one; `read_large`, `write_large` and `write_resized` do
so in bands for a TIFF that is too large for memory. Pictures, their metadata and `ImageFileError`
are in `_picture`. Each format has a module, or a folder, of its name; modules whose names start
with that belong to it. ``_pillow``, ``_boxes``, ``_colour``, ``_depth`` and the folder
``_metadata`` are common to several formats.

Nothing else in lutsr imports this package. Pillow, tifffile and imagecodecs are imported inside
functions, so that ``lutsr --help`` does not wait for them.
"""

from ._picture import EXTENSIONS, INPUTS, Animation, ImageFileError, Metadata, Picture, Resolution
from ._reading import read, read_large, size
from ._tiff._bands import InputError, LargePicture
from ._writing import LOSSY, check_quality, check_target, write, write_large, write_resized

__all__ = [
    "EXTENSIONS",
    "INPUTS",
    "LOSSY",
    "Animation",
    "ImageFileError",
    "InputError",
    "LargePicture",
    "Metadata",
    "Picture",
    "Resolution",
    "check_quality",
    "check_target",
    "read",
    "read_large",
    "size",
    "write",
    "write_large",
    "write_resized",
]
