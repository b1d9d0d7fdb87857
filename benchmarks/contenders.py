"""The methods that are timed, each with the fastest documented call for a uint8 RGB array.

Each `Contender` does what a program does once (imports, loading, wrapping the same memory) and
returns the call to time. ``test_upscale.py`` and ``compare`` time these calls, and ``quality``
measures the quality of their results.

`training.evaluation.methods` has calls of the same packages for evaluating quality. They are not
used here, because their purpose differs: they take and return arrays and convert inside the call,
and they run with the package's defaults. A timed call must not include conversions, and needs the
number of threads and the output array.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from . import images
from .converted import TABLES, missing_tables, model_file
from .images import Image

#: The shipped models, in the order of the report's tables.
MODELS = ("ecnn-small", "ecnn", "ecnn-large", "eclut", "eclut-fast")
#: Those that compute the detail of RGB images once, from the luma.
JOINT = MODELS[:3]
#: Environment variable for the path of FSRCNN's model file, ``FSRCNN_x4.pb``.
FSRCNN_VARIABLE = "LUTSR_FSRCNN"


@dataclass(frozen=True)
class Call:
    """One call of a method on one image, ready to be timed.

    Attributes
    ----------
    run : callable
        The call to time.
    prepare : callable
        Called before every `run`, untimed. It sets the number of threads, which in some libraries
        is a setting of the whole process.
    pixels : callable
        Converts the result of `run` to uint8 (H, W, 3).
    """

    run: Callable[[], Any]
    prepare: Callable[[], object] = lambda: None
    pixels: Callable[[Any], Image] = np.asarray


@dataclass(frozen=True)
class Contender:
    """A method and its options.

    Attributes
    ----------
    make : callable
        Returns a `Call` for an image, a scale, a number of threads and an output array. With None
        for the last, the call allocates its output.
    threads : tuple of int
        Numbers of threads that it can be set to.
    into : bool
        Whether it can write to a given array.
    slow : bool
        Whether a large image takes a second or more.
    kinds : tuple of str
        Images that it is timed on. The time of other methods than look-up tables does not depend
        on the content.
    missing : callable
        Returns the reason why the method cannot run at a scale, or None.
    """

    make: Callable[[Image, int, int, Image | None], Call]
    threads: tuple[int, ...] = (1,)
    into: bool = False
    slow: bool = False
    kinds: tuple[str, ...] = ("photo",)
    missing: Callable[[int], str | None] = lambda scale: None


def _size(image: Image, scale: int) -> tuple[int, int]:
    """Return width and height of the result, in the order of OpenCV and Pillow."""
    return image.shape[1] * scale, image.shape[0] * scale


def _call(upscaler: Any, image: Image, rgb: bool, threads: int, out: Image | None) -> Call:
    upscaler(image[:8, :8], channel_axis=-1, rgb=rgb)  # compiles
    return Call(lambda: upscaler(image, channel_axis=-1, rgb=rgb, workers=threads, out=out))


def _lutsr(model: str) -> Contender:
    """Upscale RGB as the command does: the detail of the luma for all channels, where possible."""

    def make(image: Image, scale: int, threads: int, out: Image | None) -> Call:
        import lutsr

        return _call(lutsr.load(model, scale), image, True, threads, out)

    return Contender(make, (1, 2), into=True, kinds=images.KINDS, missing=_not_shipped(model))


def _channels_apart(model: str) -> Contender:
    def make(image: Image, scale: int, threads: int, out: Image | None) -> Call:
        import lutsr

        return _call(lutsr.load(model, scale), image, False, threads, out)

    return Contender(make, (1, 2), missing=_not_shipped(model))


def _not_shipped(model: str) -> Callable[[int], str | None]:
    def missing(scale: int) -> str | None:
        import lutsr_data

        there = lutsr_data.table_path(model, scale).is_file()
        return None if there else f"there is no model {model} x{scale} in lutsr_data"

    return missing


def _published(method: str) -> Contender:
    """Run the tables that a method's authors have published by the kernels of lutsr."""

    def make(image: Image, scale: int, threads: int, out: Image | None) -> Call:
        import lutsr

        return _call(lutsr.load(model_file(method, scale)), image, False, threads, out)

    return Contender(make, (1, 2), missing=lambda scale: missing_tables(method, scale))


def _opencv(interpolation: str) -> Contender:
    def make(image: Image, scale: int, threads: int, out: Image | None) -> Call:
        import cv2

        size, flag = _size(image, scale), getattr(cv2, interpolation)
        return Call(
            lambda: cv2.resize(image, size, dst=out, interpolation=flag),
            lambda: cv2.setNumThreads(threads),
        )

    return Contender(make, threads=(1, 2), into=True)


def _pillow(image: Image, scale: int, threads: int, out: Image | None) -> Call:
    """Resize a Pillow image to a Pillow image. Pillow has no threads of its own."""
    from PIL import Image as PillowImage

    picture, size = PillowImage.fromarray(image), _size(image, scale)
    return Call(lambda: picture.resize(size, PillowImage.Resampling.BICUBIC))


def _torch(image: Image, scale: int, threads: int, out: Image | None) -> Call:
    """Resize uint8 in channels_last order, for which torch has a separate code path."""
    import torch

    pixels = torch.from_numpy(image).permute(2, 0, 1)[None]
    size = _size(image, scale)[::-1]
    return Call(
        lambda: torch.nn.functional.interpolate(pixels, size, mode="bicubic", antialias=True),
        lambda: torch.set_num_threads(threads),
        lambda result: result[0].permute(1, 2, 0).numpy(),
    )


def _skimage(image: Image, scale: int, threads: int, out: Image | None) -> Call:
    """Resize to float64 in [0, 1], which is what scikit-image returns."""
    from skimage.transform import rescale

    return Call(
        lambda: rescale(image, scale, order=3, channel_axis=-1),
        pixels=lambda big: np.rint(np.clip(big, 0, 1) * 255).astype(np.uint8),
    )


def _fsrcnn(image: Image, scale: int, threads: int, out: Image | None) -> Call:
    import cv2

    from . import fsrcnn

    net = fsrcnn.read(Path(os.environ[FSRCNN_VARIABLE]))
    return Call(lambda: fsrcnn.upscale(image, net, scale), lambda: cv2.setNumThreads(threads))


def _fsrcnn_missing(scale: int) -> str | None:
    path = os.environ.get(FSRCNN_VARIABLE)
    if not path:
        return f"{FSRCNN_VARIABLE} is not set to the path of a model file (FSRCNN_x{scale}.pb)"
    model_scale = re.search(r"_x(\d)$", Path(path).stem)
    if model_scale and int(model_scale[1]) == scale:
        return None
    return f"{FSRCNN_VARIABLE} names {Path(path).name}, and the scale is {scale}"


#: All methods by name, in the order of the report's tables.
CONTENDERS = {
    **{f"lutsr {model}": _lutsr(model) for model in MODELS},
    **{f"lutsr {model}, channels apart": _channels_apart(model) for model in JOINT},
    "OpenCV INTER_NEAREST": _opencv("INTER_NEAREST"),
    "OpenCV INTER_CUBIC": _opencv("INTER_CUBIC"),
    "OpenCV INTER_LANCZOS4": _opencv("INTER_LANCZOS4"),
    "Pillow BICUBIC": Contender(_pillow),
    "torch bicubic, antialias": Contender(
        _torch,
        threads=(1, 2),
        missing=lambda scale: None if find_spec("torch") else "torch is not installed",
    ),
    "scikit-image rescale, order=3": Contender(_skimage, slow=True),
    **{name: _published(name) for name in TABLES},
    "OpenCV DNN FSRCNN": Contender(_fsrcnn, threads=(1, 2), slow=True, missing=_fsrcnn_missing),
}
