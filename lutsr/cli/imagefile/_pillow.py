"""What the formats that Pillow reads and writes have in common: frames, metadata and options."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from ._colour import fitting, is_grey_profile, to_srgb
from ._depth import widened
from ._metadata import _exif, _xmp
from ._metadata._change import Change
from ._picture import (
    Animation,
    ImageFileError,
    Metadata,
    Picture,
    Resolution,
    check_pixels,
    damaged,
)

if TYPE_CHECKING:
    from PIL import Image


def opened(file: BinaryIO, format: str) -> Image.Image:
    """Open a file by the plugin of a format."""
    from PIL import Image, UnidentifiedImageError

    try:
        return Image.open(file, formats=(format,))
    except Image.DecompressionBombError as error:
        raise ImageFileError(f"is too large ({error}); cut it into parts first") from error
    except UnidentifiedImageError as error:
        raise damaged("its header is invalid") from error


def size(image: Any) -> tuple[int, int, int]:
    """Return width, height and number of frames."""
    return *image.size, getattr(image, "n_frames", 1)


def read_frames(
    image: Any, picture: Picture, plays: Callable[[Any], int], only_first: bool = False
) -> None:
    """Read the frames, and their times if there are several; `plays` returns how often."""
    count = 1 if only_first else getattr(image, "n_frames", 1)
    check_pixels(image.width, image.height, count)
    durations = []
    for index in range(count):
        image.seek(index)
        image.load()
        picture.frames.append(levels(image, picture))
        durations.append(float(image.info.get("duration", 0)))
    picture.frames = _alike(picture.frames)
    picture.alpha = has_alpha(picture.frames[0])
    if count > 1:
        picture.animation = Animation(durations, plays(image))


def has_alpha(frame: NDArray[Any]) -> bool:
    """Return whether the last channel of a frame is alpha."""
    return frame.ndim == 3 and frame.shape[2] in (2, 4)


def levels(image: Any, picture: Picture) -> NDArray[Any]:
    """Return the pixels of a frame as grey or RGB, with or without alpha."""
    if image.mode == "1":
        return widened(np.asarray(image), 1, picture)
    if image.mode == "P" or "transparency" in image.info:
        image = image.convert("RGBA" if image.has_transparency_data else "RGB")
    if image.mode not in ("L", "LA", "RGB", "RGBA"):
        raise ImageFileError(f"has colours of mode {image.mode}; convert it to RGB first")
    return np.array(image)


def read_metadata(
    image: Any,
    icc: bytes | None,
    pixels: NDArray[Any],
    picture: Picture,
    orientation: int | None = None,
) -> tuple[Metadata, int]:
    """Return the metadata that Pillow has found in a file, and its orientation.

    `orientation` is given where the file states it elsewhere than in its EXIF data.
    """
    exif, orientation = _exif.read(image.info.get("exif"), image.size, picture.notes, orientation)
    turned = Change.turned(image.size, orientation)
    xmp = _xmp.read(image.info.get("xmp"), turned, picture.notes)
    icc = fitting(icc, pixels, picture.notes)
    metadata = Metadata(icc=icc, exif=exif, xmp=xmp)
    metadata.resolution = exif_resolution(metadata)
    return metadata, orientation


def exif_resolution(metadata: Metadata) -> Resolution | None:
    """Return the resolution that the EXIF data state."""
    found = _exif.resolution(metadata.exif)
    return Resolution(*found) if found and min(found[:2]) > 0 else None


def options(metadata: Metadata) -> dict[str, Any]:
    """Return the arguments of Pillow's writers for metadata."""
    found = {"icc_profile": metadata.icc, "exif": metadata.exif, "xmp": metadata.xmp}
    return {name: data for name, data in found.items() if data}


def options_with_density(metadata: Metadata) -> dict[str, Any]:
    """Return the arguments for formats whose resolution is that of EXIF."""
    found = options(metadata)
    density = metadata.resolution.per("inch") if metadata.resolution else None
    if density and _exif.resolution(metadata.exif) is None and max(density) < 1 << 17:
        found["exif"] = _exif.with_resolution(metadata.exif, *density)
    return found


def coloured(
    frame: NDArray[Any], metadata: Metadata, options: dict[str, Any], picture: Picture, name: str
) -> NDArray[Any]:
    """Return a frame as RGB, with or without alpha, for a format that has no grey."""
    if frame.ndim == 3 and frame.shape[2] > 2:
        return frame
    grey = frame if frame.ndim == 2 else frame[..., 0]
    if is_grey_profile(metadata.icc):
        picture.note(f"{name} cannot hold grey with its profile: converted to sRGB")
        options.pop("icc_profile", None)
        assert metadata.icc is not None
        colour = to_srgb(grey, metadata.icc, "gray")
    else:
        picture.note(f"{name} cannot hold grey: written as RGB")
        colour = np.repeat(grey[..., np.newaxis], 3, axis=-1)
    return colour if frame.ndim == 2 else np.concatenate((colour, frame[..., 1:]), axis=-1)


def _alike(frames: list[NDArray[Any]]) -> list[NDArray[Any]]:
    """Return frames with the same channels, those of the frame that has most."""
    most = max(frame.shape[2] if frame.ndim == 3 else 1 for frame in frames)
    if most == 2 and any(frame.ndim == 3 and frame.shape[2] == 3 for frame in frames):
        most = 4
    return [_with_channels(frame, most) for frame in frames]


def _with_channels(frame: NDArray[Any], channels: int) -> NDArray[Any]:
    own = frame.shape[2] if frame.ndim == 3 else 1
    if own == channels:
        return frame
    planes = frame.reshape(*frame.shape[:2], own)
    alpha = own in (2, 4)
    colours = planes[..., : own - alpha]
    if channels > 2 and colours.shape[2] == 1:
        colours = np.repeat(colours, 3, axis=2)
    if channels in (2, 4):
        opaque = np.full((*frame.shape[:2], 1), np.iinfo(frame.dtype).max, frame.dtype)
        colours = np.concatenate((colours, planes[..., -1:] if alpha else opaque), axis=2)
    return colours
