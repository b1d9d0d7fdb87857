"""Pictures and their metadata, as readers return and writers take them; and common checks."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from numpy.typing import NDArray

from ..._frame.ranges import TOLERANCE

if TYPE_CHECKING:
    from ._metadata._ifd import Tag

EXTENSIONS = {
    ".png": "PNG",
    ".jpg": "JPEG",
    ".jpeg": "JPEG",
    ".jpe": "JPEG",
    ".jfif": "JPEG",
    ".webp": "WEBP",
    ".tif": "TIFF",
    ".tiff": "TIFF",
    ".avif": "AVIF",
    ".jxl": "JXL",
}
#: Extensions of formats that are only read, with that of their results.
INPUTS = {".gif": ".png", ".bmp": ".png", ".dib": ".png"}
INPUTS |= {".heic": ".png", ".heif": ".png", ".hif": ".png"}
#: The formats that are read, for messages.
READ = "PNG, JPEG, WebP, TIFF, AVIF, JPEG XL, GIF, BMP or HEIC"
#: Most pixels of a frame, for all formats: Pillow's limit against headers that claim huge sizes.
MAX_PIXELS = 178_956_970
#: Most pixels of all frames or pages together.
MAX_TOTAL = 1 << 30
_PER_INCH = {"inch": 1.0, "cm": 2.54, "metre": 0.0254}


class ImageFileError(Exception):
    """A file that cannot be read or written faithfully; the text says why and what to do."""


@dataclass(frozen=True)
class Resolution:
    """Pixels per unit as the file states them; without a unit only their ratio has a meaning."""

    x: float
    y: float
    unit: str | None = "inch"  # or "cm" or "metre"
    physical: bool = False  # whether it is that of the scene, not of a print

    def per(self, unit: str) -> tuple[float, float] | None:
        """Return pixels per `unit`, or None if the file states no unit."""
        if self.unit is None:
            return None
        if self.unit == unit:
            return self.x, self.y
        factor = _PER_INCH[self.unit] / _PER_INCH[unit]
        return self.x * factor, self.y * factor

    def turned(self, orientation: int) -> Resolution:
        """Return the resolution of a picture turned upright from this EXIF orientation."""
        return replace(self, x=self.y, y=self.x) if orientation > 4 else self

    def enlarged(self, x: float, y: float) -> Resolution:
        """Return the resolution of a picture enlarged by two factors; a print becomes larger."""
        return replace(self, x=self.x * x, y=self.y * y) if self.physical else self


@dataclass
class Metadata:
    """Metadata of a picture, or of one of its pages."""

    size: tuple[int, int] | None = None  # width and height of what they describe
    icc: bytes | None = None
    exif: bytes | None = None  # a TIFF structure, without orientation and thumbnail
    xmp: bytes | None = None
    resolution: Resolution | None = None
    comments: list[bytes] = field(default_factory=list)  # of a JPEG
    colours: dict[bytes, bytes] = field(default_factory=dict)  # chunks of a PNG
    texts: list[tuple[bytes, bytes]] = field(default_factory=list)  # chunks of a PNG
    tags: dict[int, Tag] = field(default_factory=dict)  # of a TIFF, that no other format has


@dataclass
class Animation:
    """Times of frames."""

    durations: list[float]  # in milliseconds
    loop: int  # number of repetitions; 0 is without end
    # Whether the first frame is a still image, shown only by viewers that do not show animations.
    still_first: bool = False


@dataclass
class Picture:
    """The frames of an image file, turned upright, and their metadata.

    Frames are (H, W) grey, (H, W, 2) grey and alpha, (H, W, 3) RGB or (H, W, 4) RGB and alpha, of
    uint8, uint16 or float32. With `alpha` the last channel is alpha, and colours are not
    premultiplied. `notes` has a line for everything that was converted or could not be kept.
    """

    frames: list[NDArray[Any]]
    alpha: bool = False
    notes: list[str] = field(default_factory=list)
    pages: list[Metadata] = field(default_factory=lambda: [Metadata()])
    animation: Animation | None = None
    format: str = "PNG"  # of the result where none is asked for: that of the file, if written
    lossy: bool = False  # whether it comes from a format that can be lossless and was not
    source: str = ""  # format of the file
    quality: int | None = None  # of a JPEG of 8 bits, 1 to 100, by its quantisation table

    def metadata(self, frame: int) -> Metadata:
        """Return the metadata of a frame; those of an animation belong to all frames."""
        return self.pages[min(frame, len(self.pages) - 1)]

    def note(self, text: str) -> None:
        """Add a line to `notes`, once."""
        if text not in self.notes:
            self.notes.append(text)

    def note_rest(self, data: bytes) -> None:
        """Add a note about the bytes behind the end of the image, unless they are padding."""
        if data.strip(b"\0"):
            what = " (a video)" if data[4:8] == b"ftyp" else ""
            self.note(f"{len(data):,} bytes behind its end{what} were left out")


def damaged(reason: object = "") -> ImageFileError:
    """Return the error for a file with invalid content."""
    text = " ".join(str(reason).split())
    return ImageFileError(f"is damaged{f' ({text})' if text else ''}; get an intact copy")


def check_pixels(width: int, height: int, frames: int = 1) -> None:
    """Refuse a picture that is too large for memory, before its pixels are decoded."""
    if width < 1 or height < 1:
        raise damaged(f"its header states {width} x {height} pixels")
    for pixels, limit in ((width * height, MAX_PIXELS), (width * height * frames, MAX_TOTAL)):
        if pixels > limit:
            times = f", {frames} times" if frames > 1 else ""
            raise ImageFileError(
                f"is too large ({width} x {height} pixels{times}; the limit is {limit:,} in all);"
                " cut it into parts first"
            )


def check_range(pixels: NDArray[Any], any_range: bool = False) -> None:
    """Refuse floats that are not finite and, unless any range is allowed, beyond [0, 1]."""
    if pixels.dtype.kind != "f":
        return
    low, high = float(pixels.min()), float(pixels.max())  # NaN if there is one
    if not (math.isfinite(low) and math.isfinite(high)):
        raise ImageFileError("has NaN or infinite values; replace them by numbers first")
    if not (any_range or (low >= -TOLERANCE and high <= 1 + TOLERANCE)):
        raise ImageFileError(
            f"has values within [{low:.9g}, {high:.9g}], wanted [0, 1]; give --preserve-range to"
            " keep their range, or scale them first"
        )
