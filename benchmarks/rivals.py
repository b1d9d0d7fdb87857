"""The upscalers that are timed, each by the fastest documented call for a uint8 RGB array.

Every maker takes the image and the scale, does what a program would do once (imports, thread
settings, a wrapper round the same bytes) and returns the call to time, which allocates its own
output. All but lutsr with more workers run on one thread.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

Image = NDArray[np.uint8]
Timed = Callable[[], Any]


def lutsr(image: Image, scale: int, workers: int = 1) -> Timed:
    """Return `lutsr.upscale`, compiled and with its table loaded."""
    import lutsr

    lutsr.upscale(image[:2, :2], scale, channel_axis=-1)
    return lambda: lutsr.upscale(image, scale, channel_axis=-1, workers=workers)


def lutsr_two_workers(image: Image, scale: int) -> Timed:
    """Return the same on two threads."""
    return lutsr(image, scale, workers=2)


def opencv_cubic(image: Image, scale: int) -> Timed:
    """Return OpenCV's ``resize`` with ``INTER_CUBIC``."""
    import cv2

    cv2.setNumThreads(1)
    size = (image.shape[1] * scale, image.shape[0] * scale)
    return lambda: cv2.resize(image, size, interpolation=cv2.INTER_CUBIC)


def pillow_bicubic(image: Image, scale: int) -> Timed:
    """Return Pillow's ``resize`` with ``BICUBIC``, from a Pillow image to a Pillow image."""
    from PIL import Image as PillowImage

    picture = PillowImage.fromarray(image)
    size = (image.shape[1] * scale, image.shape[0] * scale)
    return lambda: picture.resize(size, PillowImage.Resampling.BICUBIC)


def skimage_cubic(image: Image, scale: int) -> Timed:
    """Return scikit-image's ``rescale`` with cubic splines; its result is float64."""
    from skimage.transform import rescale

    return lambda: rescale(image, scale, order=3, channel_axis=-1)


#: Name in reports -> (maker, rounds). scikit-image takes seconds a round.
RIVALS: dict[str, tuple[Callable[[Image, int], Timed], int]] = {
    "lutsr, 1 worker": (lutsr, 20),
    "lutsr, 2 workers": (lutsr_two_workers, 20),
    "OpenCV INTER_CUBIC": (opencv_cubic, 20),
    "Pillow BICUBIC": (pillow_bicubic, 20),
    "scikit-image rescale order=3": (skimage_cubic, 2),
}
