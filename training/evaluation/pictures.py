"""Pictures from a folder: decoded once, degraded exactly, cut into random crops."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
from PIL import Image
from tqdm import tqdm

from training.errors import TrainingError
from training.evaluation.cache import Cache, open_mapped
from training.evaluation.degrade import crop_to_multiple, shrink

SUFFIXES = (".png", ".jpg", ".jpeg", ".webp", ".tif", ".tiff", ".bmp")
COLOUR, GREY = ("RGB", "RGBA"), ("L", "LA")


class UnusableError(TrainingError):
    """A picture to be skipped; says why."""


@dataclass(frozen=True)
class Picture:
    """One picture: uint8 RGB at full size (`hr`) and shrunk by the scale (`lr`)."""

    path: Path
    hr: np.ndarray
    lr: np.ndarray


class MappedPicture(Picture):
    """A picture whose arrays are read-only views of files of a cache, opened when asked for."""

    def __init__(self, path: Path, full: Path, small: Path, scale: int) -> None:
        for name, value in (("path", path), ("full", full), ("small", small), ("scale", scale)):
            object.__setattr__(self, name, value)  # the class is frozen

    def _open(self, file: Path) -> np.ndarray:
        try:
            return open_mapped(file)
        except (OSError, ValueError) as error:
            raise TrainingError(
                f"cannot read {file} of the cache ({error}); start again"
            ) from error

    @property
    def hr(self) -> np.ndarray:
        """The picture at full size."""
        return crop_to_multiple(self._open(self.full), self.scale)

    @property
    def lr(self) -> np.ndarray:
        """The picture shrunk."""
        return self._open(self.small)


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


def look_at(path: Path, *, grey: bool) -> tuple[int, int]:
    """Height and width of a file that its header says is of use.

    Parameters
    ----------
    path : pathlib.Path
        An image file.
    grey : bool
        Whether grey pictures are of use.

    Raises
    ------
    UnusableError
        Saying what is wrong with the file.
    """
    try:
        with Image.open(path) as image:
            if image.mode in COLOUR or (grey and image.mode in GREY):
                return image.height, image.width
            wanted = "8-bit RGB or grey" if grey else "8-bit RGB"
            raise UnusableError(f"mode {image.mode}, wanted {wanted}")
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise UnusableError(f"cannot be decoded ({error})") from error


def read_rgb(path: Path, *, grey: bool = True) -> np.ndarray:
    """Decode 8-bit RGB, or grey, which is stacked, to uint8 (H, W, 3).

    Raises
    ------
    UnusableError
        Saying what is wrong, when the file is broken, transparent or of another kind.
    """
    look_at(path, grey=grey)
    try:
        with Image.open(path) as image:
            # What lies under a transparent pixel is anything at all.
            if image.mode in ("RGBA", "LA") and image.getchannel("A").getextrema()[0] < 255:
                raise UnusableError("has transparent pixels, wanted an opaque picture")
            return np.array(image.convert("RGB"))
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
    """Decode and degrade the pictures of a folder one by one; see `load_pictures`."""
    if scale not in (2, 3, 4):
        raise TrainingError(f"the scale must be 2, 3 or 4, got {scale}")
    paths = find_images(folder)
    store = None if cache is None else Cache(cache)
    side, used, why = min_side * scale, 0, ""
    bar = tqdm(paths, desc=f"reading {Path(folder).name}", unit="image", file=sys.stderr)
    for path in bar:
        try:
            height, width = look_at(path, grey=grey)
            if min(height, width) < side:
                raise UnusableError(f"{width} x {height}, wanted at least {side} x {side}")
            if store is None:
                hr = np.ascontiguousarray(crop_to_multiple(read_rgb(path, grey=grey), scale))
                picture = Picture(path, hr, shrink(hr, scale))
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
    """Decode and degrade every picture of a folder; what cannot be used is named and skipped.

    Parameters
    ----------
    folder : path
        Searched recursively.
    scale : int
        2, 3 or 4.
    min_side : int
        Shortest side, in pixels of the shrunk picture, that is still of use.
    grey : bool
        Use grey pictures too, stacked to RGB, as benchmarks want it; otherwise they are skipped.
    cache : path, optional
        Folder to keep decoded pictures in: each is decoded once and from then on mapped, so that
        only what is looked at takes memory. Without it, all are held in memory.

    Raises
    ------
    TrainingError
        If there is no folder, no image, or no usable image, or the cache cannot be written.
    """
    return list(iter_pictures(folder, scale, min_side, grey=grey, cache=cache))


class CropSampler:
    """Random crops: input with its margin, target without.

    Each crop is one colour channel, mirrored left to right half of the time; the four
    rotations are part of the method, so that mirroring makes all eight orientations. The
    crops of a step depend on the seed and the step alone: resuming needs no state.

    Parameters
    ----------
    pictures : list of Picture
        All at least `crop` on their shrunk sides.
    crop : int
        Side of the input crop, margin included.
    margin : int
        Input pixels on each side that have no target.
    batch : int
        Crops per step.
    seed : int
        Seed of all randomness.
    """

    def __init__(
        self, pictures: list[Picture], crop: int, margin: int, batch: int, seed: int
    ) -> None:
        self.pictures, self.crop, self.margin = pictures, crop, margin
        self.batch, self.seed = batch, seed
        self.scale = pictures[0].hr.shape[0] // pictures[0].lr.shape[0]
        places = np.array([np.prod(np.array(p.lr.shape[:2]) - crop + 1.0) for p in pictures])
        self.chances = places / places.sum()

    def __call__(self, step: int) -> tuple[np.ndarray, np.ndarray]:
        """Cut inputs (B, crop, crop) and targets (B, r * n, r * n), uint8, n the inner side."""
        rng = np.random.default_rng([self.seed, step])
        r, m, inner = self.scale, self.margin, self.crop - 2 * self.margin
        inputs = np.empty((self.batch, self.crop, self.crop), np.uint8)
        targets = np.empty((self.batch, r * inner, r * inner), np.uint8)
        for slot, which in enumerate(rng.choice(len(self.pictures), self.batch, p=self.chances)):
            picture = self.pictures[which]
            y = int(rng.integers(picture.lr.shape[0] - self.crop + 1))
            x = int(rng.integers(picture.lr.shape[1] - self.crop + 1))
            channel, turn = int(rng.integers(3)), (-1 if rng.integers(2) else 1)
            low = picture.lr[y : y + self.crop, x : x + self.crop, channel]
            top, left = r * (y + m), r * (x + m)
            high = picture.hr[top : top + r * inner, left : left + r * inner, channel]
            inputs[slot], targets[slot] = low[:, ::turn], high[:, ::turn]
        return inputs, targets
