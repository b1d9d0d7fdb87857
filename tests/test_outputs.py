"""Every shipped model gives the same bytes on random images as when its digest was stored.

``python tests/test_outputs.py`` writes the digests anew: only when a table or the method changes.
"""

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import lutsr

DIGESTS = Path(__file__).with_suffix(".json")
IMAGES = 1000
#: Stacks take longer, and compile a kernel for each number of channels: they have fewer of both.
IMAGES_OF_STACKS, CHANNELS_OF_STACKS = 200, (1, 3)
DTYPES = (np.uint8, np.uint16, np.float16, np.float32, np.float64)


def images(count: int) -> Iterator[tuple[np.ndarray[Any, Any], int | None, bool]]:
    """Yield images, their channel axis and whether they have alpha."""
    random = np.random.RandomState(2024)  # its stream is the same in every version of NumPy
    for number in range(count):
        dtype = np.dtype(DTYPES[number % len(DTYPES)])
        height, width = random.randint(1, 24, 2)
        channels = int(random.choice([0, 1, 2, 3, 4, 5, 9]))
        axis = None if channels == 0 else int(random.choice([0, 1, 2]))
        alpha = channels in (2, 4) and bool(random.randint(2))
        levels = random.randint(0, 65536, (height, width, max(channels, 1)))
        kind = random.randint(4)
        if kind == 0:  # a smooth ramp
            levels = (
                levels // 64 + 40 * np.add.outer(np.arange(height), np.arange(width))[..., None]
            )
        elif kind == 1:  # black and white
            levels = np.where(levels < 32768, 0, 65535)
        levels = levels[..., 0] if axis is None else np.moveaxis(levels, -1, axis)
        if dtype == np.uint8:
            levels = levels >> 8
        elif dtype.kind == "f":
            levels = levels / 65535
        yield levels.astype(dtype), axis, alpha


def digest(model: str, scale: int) -> str:
    """Compute the SHA-256 of the results of one table."""
    upscaler = lutsr.load(model, scale)
    found = hashlib.sha256()
    stack = upscaler.family == "chain"
    for image, axis, alpha in images(IMAGES_OF_STACKS if stack else IMAGES):
        channels = 1 if axis is None else image.shape[axis]
        if stack and channels not in CHANNELS_OF_STACKS:
            continue
        rgb = stack and channels == 3
        result = upscaler(image, channel_axis=axis, rgb=rgb, alpha=alpha)
        found.update(f"{result.dtype.name} {result.shape}".encode())
        found.update(np.ascontiguousarray(result).astype(result.dtype.newbyteorder("<")).tobytes())
    return found.hexdigest()


@pytest.mark.parametrize("name", json.loads(DIGESTS.read_text()) if DIGESTS.exists() else [])
def test_results_are_the_stored_ones(name: str) -> None:
    model, scale = name.rsplit(" x", 1)
    assert digest(model, int(scale)) == json.loads(DIGESTS.read_text())[name]


def test_every_shipped_table_has_a_digest() -> None:
    assert set(json.loads(DIGESTS.read_text())) == {f"{m.name} x{m.scale}" for m in lutsr.models()}


if __name__ == "__main__":
    found = {f"{m.name} x{m.scale}": digest(m.name, m.scale) for m in lutsr.models()}
    DIGESTS.write_text(json.dumps(found, indent=1) + "\n")
