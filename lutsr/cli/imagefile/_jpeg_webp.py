"""JPEG and WebP, written by Pillow and read by it, except for the JPEGs of `_jpeg_kinds`."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from . import _jpeg_kinds, _jpeg_segments, _webp_chunks
from ._colour import fitting, from_cmyk, is_grey_profile, to_srgb, upright
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

JPEG_MAX_SIDE, WEBP_MAX_SIDE = 65500, 16383
_JPEG_SEGMENT = 65533 - len(b"http://ns.adobe.com/xap/1.0/\0")
_JPEG_QUALITY, _WEBP_QUALITY = 95, 90
# Lossless. Pillow's default method takes six times as long and saves a tenth of the bytes.
_WEBP = {"lossless": True, "exact": True, "quality": 20, "method": 2}


def size(file: BinaryIO) -> tuple[int, int, int]:
    """Return width, height and number of frames, from the header."""
    unusual = _jpeg_kinds.examine(file)
    with _open(unusual.disguised() if unusual else file) as image:
        frames = getattr(image, "n_frames", 1) if image.format == "WEBP" else 1
        return *image.size, frames


def read(file: BinaryIO) -> Picture:
    """Read a JPEG or WebP file."""
    picture = Picture([])
    unusual = _jpeg_kinds.examine(file)
    with _open(unusual.disguised() if unusual else file) as image:
        if image.format == "WEBP":
            picture.lossy = _is_lossy_webp(file)
            return _read_webp(image, file, picture)
        if unusual is None:
            image.load()
        icc = image.info.get("icc_profile")
        if icc is None and "icc_profile" in image.info:
            picture.note("its colour profile is damaged and was left out")
        pixels = np.asarray(image) if unusual is None else unusual.decode(picture)
        if image.mode == "CMYK":
            pixels, icc = from_cmyk(pixels, icc, picture.notes), None
        elif image.mode not in ("L", "RGB"):
            raise damaged(f"its colours are {image.mode}")
        metadata, orientation = read_metadata(image, icc, pixels, picture)
        metadata.resolution = _jpeg_resolution(image, metadata, orientation)
        metadata.comments = _jpeg_segments.comments(image)
        if "photoshop" in image.info:
            picture.note("its Photoshop and IPTC data were left out")
        _jpeg_segments.note_others(image, file, picture)
    picture.frames, picture.pages = [upright(pixels, orientation)], [metadata]
    return picture


def encode_jpeg(
    file: BinaryIO,
    pixels: NDArray[Any],
    metadata: Metadata,
    picture: Picture,
    quality: int | str | None = None,
) -> None:
    """Write a JPEG with colours at full resolution."""
    from PIL import Image

    options = _options(metadata)
    if "exif" in options:
        options["exif"] = b"Exif\0\0" + options["exif"]
    for key, name in (("exif", "EXIF"), ("xmp", "XMP")):
        if len(options.get(key, b"")) > _JPEG_SEGMENT:
            del options[key]
            picture.note(f"a JPEG cannot hold {name} data as long as these; they were left out")
    density = metadata.resolution.per("inch") if metadata.resolution else None
    if density and all(0.5 <= value < 65535 for value in density):
        options["dpi"] = density
    options["extra"] = _jpeg_segments.encoded_comments(metadata.comments, picture)
    options |= {"quality": quality or _JPEG_QUALITY, "subsampling": 0}
    Image.fromarray(pixels).save(file, format="JPEG", **options)


def encode_webp(
    file: BinaryIO,
    frames: list[NDArray[Any]],
    metadata: Metadata,
    picture: Picture,
    quality: int | str | None = None,
) -> None:
    """Write a WebP. The format has no grey; it is written as RGB."""
    from PIL import Image

    animation = picture.animation
    options = with_density(metadata)
    if quality == "lossless" or (quality is None and not picture.lossy):
        options |= _WEBP
    else:
        options |= {"quality": quality or _WEBP_QUALITY, "method": 4}
    durations = animation.durations if animation is not None else []
    if animation is not None and animation.still_first and len(frames) > 1:
        picture.note("a WebP cannot hold the still image before an animation: it was left out")
        frames, durations = frames[1:], durations[1:]
    images = [Image.fromarray(coloured(frame, metadata, options, picture)) for frame in frames]
    if animation is not None and len(images) > 1:
        options |= {"save_all": True, "append_images": images[1:]}
        options |= {"duration": durations, "loop": animation.loop}
    images[0].save(file, format="WEBP", **options)


def with_density(metadata: Metadata) -> dict[str, Any]:
    """Return the arguments of Pillow's writers, for formats whose resolution is that of EXIF."""
    options = _options(metadata)
    density = metadata.resolution.per("inch") if metadata.resolution else None
    if density and _exif.resolution(metadata.exif) is None and max(density) < 1 << 17:
        options["exif"] = _exif.with_resolution(options.get("exif"), *density)
    return options


def _open(file: BinaryIO) -> Image.Image:
    from PIL import Image, UnidentifiedImageError

    head = file.read(30)
    file.seek(0)
    if head[12:16] == b"VP8X" and len(head) == 30:  # before Pillow allocates memory
        width, height = (1 + int.from_bytes(head[i : i + 3], "little") for i in (24, 27))
        check_pixels(width, height)
    try:
        return Image.open(file, formats=("JPEG", "WEBP"))
    except Image.DecompressionBombError as error:
        raise ImageFileError(f"is too large ({error}); cut it into parts first") from error
    except UnidentifiedImageError as error:
        raise damaged("its header is invalid") from error


def _is_lossy_webp(file: BinaryIO) -> bool:
    """Return whether a frame of a WebP is coded with loss."""
    place = file.tell()
    at, end = 12, file.seek(0, os.SEEK_END)
    lossy = False
    while at + 8 <= end and not lossy:
        file.seek(at)
        head = file.read(28)
        lossy = head.startswith(b"VP8 ")
        if head.startswith(b"ANMF"):  # a frame, of chunks of its own
            at += 24
        else:
            length = int.from_bytes(head[4:8], "little")
            at += 8 + length + length % 2
    file.seek(place)
    return lossy


def _read_webp(image: Any, file: BinaryIO, picture: Picture) -> Picture:
    count = image.n_frames
    check_pixels(image.width, image.height, count)
    frames, durations = [], []
    for index in range(count):
        image.seek(index)
        image.load()
        frames.append(np.asarray(image))
        durations.append(float(image.info.get("duration", 0)))
    metadata, orientation = read_metadata(image, image.info.get("icc_profile"), frames[0], picture)
    metadata.resolution = exif_resolution(metadata)
    picture.frames = [upright(frame, orientation) for frame in frames]
    picture.alpha = frames[0].shape[2] == 4
    picture.pages = [metadata]
    if count > 1:
        picture.animation = Animation(durations, image.info.get("loop", 0))
    _webp_chunks.note_others(file, picture)
    return picture


def read_metadata(
    image: Any, icc: bytes | None, pixels: NDArray[Any], picture: Picture
) -> tuple[Metadata, int]:
    """Return the metadata that Pillow has found in a file, and its orientation."""
    exif, orientation = _exif.read(image.info.get("exif"), image.size, picture.notes)
    turned = Change.turned(image.size, orientation)
    xmp = _xmp.read(image.info.get("xmp"), turned, picture.notes)
    return Metadata(icc=fitting(icc, pixels, picture.notes), exif=exif, xmp=xmp), orientation


def _jpeg_resolution(image: Any, metadata: Metadata, orientation: int) -> Resolution | None:
    if "jfif_density" not in image.info:
        return exif_resolution(metadata)
    x, y = image.info["jfif_density"]
    if not (x and y):
        return None
    unit = {1: "inch", 2: "cm"}.get(image.info.get("jfif_unit"))
    if unit is None:  # equal values only state that pixels are square
        return Resolution(x, y, None).turned(orientation) if x != y else exif_resolution(metadata)
    return Resolution(x, y, unit).turned(orientation)


def exif_resolution(metadata: Metadata) -> Resolution | None:
    """Return the resolution that the EXIF data state."""
    found = _exif.resolution(metadata.exif)
    return Resolution(*found) if found and min(found[:2]) > 0 else None


def _options(metadata: Metadata) -> dict[str, Any]:
    options: dict[str, Any] = {}
    if metadata.icc:
        options["icc_profile"] = metadata.icc
    if metadata.exif:
        options["exif"] = metadata.exif
    if metadata.xmp:
        options["xmp"] = metadata.xmp
    return options


def coloured(
    frame: NDArray[Any],
    metadata: Metadata,
    options: dict[str, Any],
    picture: Picture,
    name: str = "a WebP",
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
