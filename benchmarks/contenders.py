"""The upscalers that are timed, each by the fastest documented call for a uint8 RGB array.

Every maker does what a program would do once (imports, loading, a wrapper round the same bytes)
and gives back the call to time. The same calls are timed by ``test_upscale.py`` and ``compare``
and measured for quality by ``quality``.
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

from .images import Image

ROOT = Path(__file__).resolve().parents[1]
#: The tables of SR-LUT's authors, ``Model_S_x4_4bit_int8.npy`` and so on.
SR_LUT_TABLES = ROOT.parent / "shared" / "peers" / "sr-lut"
#: Environment variable with the path of FSRCNN's model file, ``FSRCNN_x4.pb``.
FSRCNN_VARIABLE = "LUTSR_FSRCNN"


@dataclass(frozen=True)
class Call:
    """A way to enlarge one image, ready to be timed.

    Attributes
    ----------
    run : callable
        What is timed.
    prepare : callable
        To be called before every `run`, untimed: how many threads a library uses is a setting
        of the whole process, and contenders take turns.
    pixels : callable
        Turns a result of `run` into uint8 (H, W, 3).
    """

    run: Callable[[], Any]
    prepare: Callable[[], object] = lambda: None
    pixels: Callable[[Any], Image] = np.asarray


@dataclass(frozen=True)
class Contender:
    """A method and what it can do.

    Attributes
    ----------
    make : callable
        From image, scale, threads and an output array, or None to allocate, to a `Call`.
    threads : tuple of int
        How many it can be told to use.
    into : bool
        Whether it writes into an array that it is given.
    slow : bool
        Whether a large image takes it a second or more.
    missing : callable
        Says for a scale why it cannot take part, or None.
    """

    make: Callable[[Image, int, int, Image | None], Call]
    threads: tuple[int, ...] = (1,)
    into: bool = False
    slow: bool = False
    missing: Callable[[int], str | None] = lambda scale: None


def _size(image: Image, scale: int) -> tuple[int, int]:
    """Width and height of the result, as OpenCV and Pillow want them."""
    return image.shape[1] * scale, image.shape[0] * scale


def _lutsr(model: str) -> Contender:
    def make(image: Image, scale: int, threads: int, out: Image | None) -> Call:
        import lutsr

        upscaler = lutsr.load(model, scale)
        upscaler(image[:8, :8], channel_axis=-1)  # compiles
        return Call(lambda: upscaler(image, channel_axis=-1, workers=threads, out=out))

    return Contender(make, threads=(1, 2), into=True)


def _opencv(interpolation: str) -> Contender:
    def make(image: Image, scale: int, threads: int, out: Image | None) -> Call:
        import cv2

        size, way = _size(image, scale), getattr(cv2, interpolation)
        return Call(
            lambda: cv2.resize(image, size, dst=out, interpolation=way),
            lambda: cv2.setNumThreads(threads),
        )

    return Contender(make, threads=(1, 2), into=True)


def _pillow(image: Image, scale: int, threads: int, out: Image | None) -> Call:
    """From a Pillow image to a Pillow image; Pillow has no threads of its own."""
    from PIL import Image as PillowImage

    picture, size = PillowImage.fromarray(image), _size(image, scale)
    return Call(lambda: picture.resize(size, PillowImage.Resampling.BICUBIC))


def _torch(image: Image, scale: int, threads: int, out: Image | None) -> Call:
    """uint8 in channels_last, for which torch has a path of its own."""
    import torch

    pixels = torch.from_numpy(image).permute(2, 0, 1)[None]
    size = _size(image, scale)[::-1]
    return Call(
        lambda: torch.nn.functional.interpolate(pixels, size, mode="bicubic", antialias=True),
        lambda: torch.set_num_threads(threads),
        lambda result: result[0].permute(1, 2, 0).numpy(),
    )


def _skimage(image: Image, scale: int, threads: int, out: Image | None) -> Call:
    """Its result is float64 in [0, 1]."""
    from skimage.transform import rescale

    return Call(
        lambda: rescale(image, scale, order=3, channel_axis=-1),
        pixels=lambda big: np.rint(np.clip(big, 0, 1) * 255).astype(np.uint8),
    )


def _sr_lut_file(scale: int) -> Path:
    return SR_LUT_TABLES / f"Model_S_x{scale}_4bit_int8.npy"


def _sr_lut(image: Image, scale: int, threads: int, out: Image | None) -> Call:
    from lutsr._chain import card, published, reference

    model = published.srlut(_sr_lut_file(scale), corrected=True)
    chain = card.read_chain(model.scale, model.parameters, model.tables)
    return Call(
        lambda: [reference.run(image[..., c], chain) for c in range(image.shape[2])],
        pixels=lambda planes: np.stack(planes, axis=-1),
    )


def _sr_lut_missing(scale: int) -> str | None:
    there = _sr_lut_file(scale).is_file()
    return None if there else f"no {_sr_lut_file(scale).name} in ../shared/peers/sr-lut"


def _fsrcnn(image: Image, scale: int, threads: int, out: Image | None) -> Call:
    import cv2

    from . import fsrcnn

    net = fsrcnn.read(Path(os.environ[FSRCNN_VARIABLE]))
    return Call(lambda: fsrcnn.enlarge(image, net, scale), lambda: cv2.setNumThreads(threads))


def _fsrcnn_missing(scale: int) -> str | None:
    path = os.environ.get(FSRCNN_VARIABLE)
    if not path:
        return f"{FSRCNN_VARIABLE} is not set to the path of a model file (FSRCNN_x{scale}.pb)"
    made_for = re.search(r"_x(\d)$", Path(path).stem)
    if made_for and int(made_for[1]) == scale:
        return None
    return f"{FSRCNN_VARIABLE} names {Path(path).name}, and the scale is {scale}"


#: Name in tables -> contender.
CONTENDERS = {
    "lutsr eclut": _lutsr("eclut"),
    "lutsr eclut-fast": _lutsr("eclut-fast"),
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
    "SR-LUT, plain NumPy": Contender(_sr_lut, slow=True, missing=_sr_lut_missing),
    "OpenCV DNN FSRCNN": Contender(_fsrcnn, threads=(1, 2), slow=True, missing=_fsrcnn_missing),
}
