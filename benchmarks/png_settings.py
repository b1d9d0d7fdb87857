"""Measure size and time of PNG files by setting of the encoder.

``python -m benchmarks.png_settings``, from the repository's root. Each picture is upscaled four
times with ``eclut``. Times are the processor's, the best of five.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import imagecodecs
import numpy as np
import skimage
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

import lutsr
from lutsr.cli.imagefile._png import encode_still

Pixels = NDArray[Any]

_PNG = imagecodecs.PNG


def _by(**options: Any) -> Callable[[Pixels], bytes]:
    return lambda pixels: bytes(imagecodecs.png_encode(pixels, **options))


def _libdeflate(pixels: Pixels) -> bytes:
    """Compress differences from the row above, which is the content of a PNG without its frame."""
    rows = pixels.astype(pixels.dtype.newbyteorder(">")).reshape(len(pixels), -1).view(np.uint8)
    filtered = np.full((len(rows), rows.shape[1] + 1), 2, np.uint8)
    filtered[0, 1:] = rows[0]
    np.subtract(rows[1:], rows[:-1], out=filtered[1:, 1:])
    return bytes(imagecodecs.deflate_encode(filtered.tobytes(), level=1))


SETTINGS = {
    "level 1": _by(level=1),
    "level 3": _by(level=3),
    "level 6": _by(level=6),
    "level 1, Paeth": _by(level=1, filter=_PNG.FILTER.PAETH),
    "run lengths, Paeth": _by(level=1, strategy=_PNG.STRATEGY.RLE, filter=_PNG.FILTER.PAETH),
    "Huffman, Paeth": _by(level=1, strategy=_PNG.STRATEGY.HUFFMAN_ONLY, filter=_PNG.FILTER.PAETH),
    "libdeflate 1, rows": _libdeflate,
    "chosen by samples": encode_still,
}


def pictures() -> dict[str, Pixels]:
    """Return small pictures of several kinds."""
    page = Image.new("RGB", (400, 300), "white")
    draw = ImageDraw.Draw(page)
    for line in range(18):
        text = f"The quick brown fox jumps over {line} lazy dogs"
        draw.text((8, 4 + 16 * line), text, (20, 20, 20 + 8 * line), ImageFont.load_default(12))
    draw.rectangle((300, 100, 390, 200), fill=(40, 90, 200))
    photo = skimage.data.astronaut()[:300, :400]
    return {
        "photograph": photo,
        "photograph, 16 bits": skimage.util.img_as_uint(photo),
        "grey photograph": skimage.data.camera()[:300, :400],
        "scanned page": skimage.data.page(),
        "drawn text": np.asarray(page),
        "one colour": np.full_like(photo, 200),
    }


def main() -> None:
    """Print a table."""
    print("| picture | " + " | ".join(SETTINGS) + " |")
    print("|---" * (len(SETTINGS) + 1) + "|")
    for name, small in pictures().items():
        axis = None if small.ndim == 2 else -1
        big = lutsr.upscale(np.ascontiguousarray(small), 4, channel_axis=axis)
        cells = []
        for encode in SETTINGS.values():
            times = []
            for _ in range(5):
                start = time.process_time()
                size = len(encode(big))
                times.append(time.process_time() - start)
            cells.append(f"{size / 1000:,.0f} kB, {min(times) * 1000:.0f} ms")
        print(f"| {name} | " + " | ".join(cells) + " |")


if __name__ == "__main__":
    main()
