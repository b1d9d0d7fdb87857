"""Pictures of a folder: decoded, shrunk, in memory or mapped from a cache."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from tqdm import tqdm

from lutsr._engine import SCALES
from training.errors import TrainingError
from training.evaluation.cache import Cache, open_mapped
from training.evaluation.degrade import crop_to_multiple, shrink

SUFFIXES = (".png", ".jpg", ".jpeg", ".webp", ".tif", ".tiff", ".bmp")
COLOUR, GREY = ("RGB", "RGBA"), ("L", "LA")


class UnusableError(TrainingError):
    """The reason why a picture is skipped."""


class Picture(Protocol):
    """A picture: uint8 RGB at full size, and shrunk by the scale."""

    @property
    def path(self) -> Path:
        """Its file."""
        ...

    @property
    def hr(self) -> NDArray[np.uint8]:
        """The picture at full size, (r * h, r * w, 3)."""
        ...

    @property
    def lr(self) -> NDArray[np.uint8]:
        """The picture shrunk, (h, w, 3)."""
        ...


@dataclass(frozen=True)
class LoadedPicture:
    """A picture in memory."""

    path: Path
    hr: NDArray[np.uint8]
    lr: NDArray[np.uint8]


@dataclass(frozen=True)
class MappedPicture:
    """A picture whose arrays are read-only views of files of a cache, opened on each access.

    Attributes
    ----------
    path : pathlib.Path
    full, small : pathlib.Path
        Files of the cache.
    scale : int
    """

    path: Path
    full: Path
    small: Path
    scale: int

    @property
    def hr(self) -> NDArray[np.uint8]:
        """The picture at full size, (r * h, r * w, 3)."""
        return crop_to_multiple(_open(self.full), self.scale)

    @property
    def lr(self) -> NDArray[np.uint8]:
        """The picture shrunk, (h, w, 3)."""
        return _open(self.small)


def _open(file: Path) -> NDArray[np.uint8]:
    try:
        return open_mapped(file)
    except (OSError, ValueError) as error:
        raise TrainingError(f"cannot read {file} of the cache ({error}); start again") from error


def find_images(folder: str | Path) -> list[Path]:
    """Image files below a folder, in a fixed order.

    Raises
    ------
    TrainingError
        If the folder does not exist or holds no image.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise TrainingError(f"no such folder of images: {folder}")
    paths = sorted(p for p in folder.rglob("*") if p.suffix.lower() in SUFFIXES and p.is_file())
    if not paths:
        raise TrainingError(f"no images in {folder} (looked for {', '.join(SUFFIXES)})")
    return paths


def read_size(path: Path, *, grey: bool) -> tuple[int, int]:
    """Read height and width from the header of a file, and check that it can be used.

    Parameters
    ----------
    path : pathlib.Path
        An image file.
    grey : bool
        Whether grey pictures can be used.

    Raises
    ------
    UnusableError
        If it cannot; the message is the reason.
    """
    try:
        with Image.open(path) as image:
            if image.mode in COLOUR or (grey and image.mode in GREY):
                return image.height, image.width
            wanted = "8-bit RGB or grey" if grey else "8-bit RGB"
            raise UnusableError(f"mode {image.mode}, wanted {wanted}")
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise UnusableError(f"cannot be decoded ({error})") from error


def read_rgb(path: Path, *, grey: bool = True) -> NDArray[np.uint8]:
    """Decode 8-bit RGB, or grey, which is stacked, to uint8 (H, W, 3).

    Raises
    ------
    UnusableError
        If the file is broken, transparent or of another kind; the message is the reason.
    """
    read_size(path, grey=grey)
    try:
        with Image.open(path) as image:
            # The colour of a transparent pixel may be anything.
            if image.mode in ("RGBA", "LA") and np.asarray(image.getchannel("A")).min() < 255:
                raise UnusableError("has transparent pixels, wanted an opaque picture")
            return np.array(image.convert("RGB"), np.uint8)
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise UnusableError(f"cannot be decoded ({error})") from error


def iter_pictures(
    folder: str | Path,
    scale: int,
    min_side: int = 1,
    *,
    grey: bool = False,
    cache: str | Path | None = None,
) -> Iterator[Picture]:
    """Decode and shrink the pictures of a folder one by one; see `load_pictures`."""
    if scale not in SCALES:
        raise TrainingError(f"the scale must be 2, 3 or 4, got {scale}")
    paths = find_images(folder)
    store = None if cache is None else Cache(cache)
    side, used, why = min_side * scale, 0, ""
    for path in tqdm(paths, desc=f"reading {Path(folder).name}", unit="image", file=sys.stderr):
        picture: Picture
        try:
            height, width = read_size(path, grey=grey)
            if height < side or width < side:
                raise UnusableError(f"{width} x {height}, wanted at least {side} x {side}")
            if store is None:
                hr = np.ascontiguousarray(crop_to_multiple(read_rgb(path, grey=grey), scale))
                picture = LoadedPicture(path, hr, shrink(hr, scale))
            else:
                files = store.add(path, (height, width), scale, partial(read_rgb, grey=grey))
                picture = MappedPicture(path, *files, scale)
        except UnusableError as error:
            why = str(error)
            tqdm.write(f"skipped {path}: {why}", file=sys.stderr)
            continue
        yield picture
        used += 1
    if not used:
        raise TrainingError(
            f"no usable image in {folder}: all {len(paths)} were skipped, the last for: {why}"
        )


def load_pictures(
    folder: str | Path,
    scale: int,
    min_side: int = 1,
    *,
    grey: bool = False,
    cache: str | Path | None = None,
) -> list[Picture]:
    """Decode and shrink every picture of a folder; what cannot be used is reported and skipped.

    Parameters
    ----------
    folder : path
        Searched recursively.
    scale : int
        2, 3 or 4.
    min_side : int
        Shortest side, in pixels of the shrunk picture, that can be used.
    grey : bool
        Whether to use grey pictures, stacked to RGB, as benchmarks do; else they are skipped.
    cache : path, optional
        Folder of decoded pictures: each picture is decoded once and then mapped, so that only the
        parts in use take memory. Without it, all are held in memory.

    Raises
    ------
    TrainingError
        If there is no folder, no image, or no usable image, or the cache cannot be written.
    """
    return list(iter_pictures(folder, scale, min_side, grey=grey, cache=cache))
