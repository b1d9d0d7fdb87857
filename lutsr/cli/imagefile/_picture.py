"""What passes between the readers, the writers and the command line."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from numpy.typing import NDArray

EXTENSIONS = {
    ".png": "PNG",
    ".jpg": "JPEG",
    ".jpeg": "JPEG",
    ".webp": "WEBP",
    ".tif": "TIFF",
    ".tiff": "TIFF",
}
MAX_PIXELS = 178_956_970  # Pillow's limit against files that claim to be huge, for all formats
MAX_TOTAL = 1 << 30  # of all frames or pages together
_PER_INCH = {"inch": 1.0, "cm": 2.54, "metre": 0.0254}


class ImageFileError(Exception):
    """A file that cannot be read or written faithfully; the text says why and what to do."""


@dataclass(frozen=True)
class Resolution:
    """Pixels per unit as the file has them; without a unit they only say how pixels are shaped."""

    x: float
    y: float
    unit: str | None = "inch"  # or "cm" or "metre"

    def per(self, unit: str) -> tuple[float, float] | None:
        """Return pixels per `unit`, or None where the file says none."""
        if self.unit is None:
            return None
        if self.unit == unit:
            return self.x, self.y
        factor = _PER_INCH[self.unit] / _PER_INCH[unit]
        return self.x * factor, self.y * factor

    def turned(self, orientation: int) -> Resolution:
        """Return it for a picture that was turned upright from this EXIF orientation."""
        return Resolution(self.y, self.x, self.unit) if orientation > 4 else self


@dataclass
class Metadata:
    """What a picture, or a page of one, carries beside its pixels."""

    icc: bytes | None = None
    exif: bytes | None = None  # a TIFF structure, without orientation and thumbnail
    xmp: bytes | None = None
    resolution: Resolution | None = None
    comment: str | None = None  # of a JPEG
    colours: dict[bytes, bytes] = field(default_factory=dict)  # chunks of a PNG
    texts: list[tuple[bytes, bytes]] = field(default_factory=list)  # chunks of a PNG


@dataclass
class Animation:
    """How frames follow each other."""

    durations: list[float]  # in milliseconds
    loop: int  # how often it is shown; 0 is without end
    # A PNG's first image may be for viewers without animation only, and have no time of its own.
    still_first: bool = False


@dataclass
class Picture:
    """The frames of an image file, upright, and what must survive beside them.

    Frames are (H, W) grey, (H, W, 2) grey and alpha, (H, W, 3) RGB or (H, W, 4) RGB and alpha, of
    uint8, uint16 or float32. `alpha` says that the last channel is one, not premultiplied. `notes`
    has a line for each thing that was converted or could not be kept.
    """

    frames: list[NDArray[Any]]
    alpha: bool = False
    notes: list[str] = field(default_factory=list)
    pages: list[Metadata] = field(default_factory=lambda: [Metadata()])
    animation: Animation | None = None

    def metadata(self, frame: int) -> Metadata:
        """Return what belongs to a frame: pages have their own, an animation has one for all."""
        return self.pages[min(frame, len(self.pages) - 1)]

    def note(self, text: str) -> None:
        """Add a line to `notes`, once."""
        if text not in self.notes:
            self.notes.append(text)


def damaged(reason: object = "") -> ImageFileError:
    """Return the error for a file whose content makes no sense."""
    text = " ".join(str(reason).split())
    return ImageFileError(f"is damaged{f' ({text})' if text else ''}; get an intact copy")


def check_pixels(width: int, height: int, frames: int = 1) -> None:
    """Refuse a picture that would not fit into memory, by its header and before its pixels."""
    if width < 1 or height < 1:
        raise damaged(f"its header says {width} x {height} pixels")
    for pixels, limit in ((width * height, MAX_PIXELS), (width * height * frames, MAX_TOTAL)):
        if pixels > limit:
            times = f", {frames} times" if frames > 1 else ""
            raise ImageFileError(
                f"is too large ({width} x {height} pixels{times}; the limit is {limit:,} in all);"
                " cut it into parts first"
            )
