"""Pictures from a folder: decoded once, degraded exactly, cut into random crops."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image
from tqdm import tqdm

from training.degrade import crop_to_multiple, shrink
from training.errors import TrainingError

SUFFIXES = (".png", ".jpg", ".jpeg", ".webp", ".tif", ".tiff", ".bmp")


@dataclass(frozen=True)
class Picture:
    """One picture: uint8 RGB at full size (`hr`) and shrunk by the scale (`lr`)."""

    path: Path
    hr: np.ndarray
    lr: np.ndarray


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


def read_rgb(path: Path) -> np.ndarray:
    """Decode 8-bit grey or RGB to uint8 (H, W, 3); grey is stacked.

    Raises
    ------
    TrainingError
        Saying what is wrong, when the file is broken or of another kind.
    """
    try:
        with Image.open(path) as image:
            if image.mode not in ("RGB", "L"):
                raise TrainingError(f"mode {image.mode}, wanted 8-bit RGB or grey (L)")
            return np.array(image.convert("RGB"))
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise TrainingError(f"cannot be decoded ({error})") from error


def load_pictures(folder: str | Path, scale: int, min_side: int = 1) -> list[Picture]:
    """Decode and degrade every picture of a folder; what cannot be used is named and skipped.

    Parameters
    ----------
    folder : path
        Searched recursively.
    scale : int
        2, 3 or 4.
    min_side : int
        Shortest side, in pixels of the shrunk picture, that is still of use.

    Raises
    ------
    TrainingError
        If there is no folder, no image, or no usable image.
    """
    pictures = []
    paths = find_images(folder)
    for path in tqdm(paths, desc=f"reading {Path(folder).name}", unit="image", file=sys.stderr):
        try:
            image = read_rgb(path)
            if min(image.shape[:2]) < min_side * scale:
                height, width = image.shape[:2]
                side = min_side * scale
                raise TrainingError(f"{width} x {height}, wanted at least {side} x {side}")
        except TrainingError as error:
            tqdm.write(f"skipped {path}: {error}", file=sys.stderr)
            continue
        hr = np.ascontiguousarray(crop_to_multiple(image, scale))
        pictures.append(Picture(path, hr, shrink(hr, scale)))
    if not pictures:
        raise TrainingError(f"no usable image in {folder}: all {len(paths)} were skipped")
    return pictures


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
