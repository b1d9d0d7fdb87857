"""GIF, BMP, AVIF and HEIC, read by Pillow; and AVIF, written by it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from . import _gif_blocks
from ._colour import upright
from ._depth import widened
from ._jpeg_webp import coloured, exif_resolution, read_metadata, with_density
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

AVIF_MAX_SIDE = 65535
_AVIF_QUALITY = 90
#: Bytes at the beginning of a file of boxes that hold what describes its pictures.
_HEADER = 1 << 20
_METRES_PER_INCH = 0.0254
#: Kind of an embedded or linked colour profile, in the longest header of a BMP.
_BMP_PROFILES = (b"DEBM", b"KNIL")


def size(file: BinaryIO) -> tuple[int, int, int]:
    """Return width, height and number of frames, from the header."""
    with _open(file) as image:
        return *image.size, getattr(image, "n_frames", 1)


def read(file: BinaryIO) -> Picture:
    """Read a GIF, BMP, AVIF or HEIC file."""
    picture = Picture([])
    with _open(file) as image:
        if image.format == "GIF":
            file.seek(0)
            if not _gif_blocks.is_whole(file.read()):
                raise damaged("it ends too early")
            image.seek(0)
        count = getattr(image, "n_frames", 1)
        check_pixels(image.width, image.height, count)
        frames, durations = [], []
        for index in range(1 if image.format == "HEIF" else count):
            image.seek(index)
            image.load()
            frames.append(_levels(image, picture))
            durations.append(float(image.info.get("duration", 0)))
        if image.format == "HEIF" and count > 1:
            picture.note("holds several pictures; only the first, the main one, was upscaled")
        if image.format == "AVIF":
            frames = _deeper(file, frames, picture)
        frames = _alike(frames)
        picture.alpha = frames[0].ndim == 3 and frames[0].shape[2] in (2, 4)
        metadata, orientation = read_metadata(
            image, image.info.get("icc_profile"), frames[0], picture
        )
        if image.format == "BMP":
            _read_bmp(file, image, metadata, picture)
        else:
            metadata.resolution = exif_resolution(metadata)
        if image.format == "GIF" and (comment := image.info.get("comment")):
            metadata.comments = [comment]
        if image.format in ("AVIF", "HEIF") and metadata.icc is None:
            metadata.colours = _stated_colours(file)
        if len(frames) > 1:
            picture.animation = Animation(durations, _plays(image))
    picture.frames = [upright(frame, orientation) for frame in frames]
    picture.pages = [metadata]
    return picture


def encode_avif(
    file: BinaryIO,
    frames: list[NDArray[Any]],
    metadata: Metadata,
    picture: Picture,
    quality: int | str | None = None,
) -> None:
    """Write an AVIF with colours at full resolution."""
    from PIL import Image

    options = with_density(metadata)
    sampling = "4:0:0" if frames[0].ndim == 2 else "4:4:4"
    options |= {"quality": quality or _AVIF_QUALITY, "subsampling": sampling}
    if picture.alpha:  # grey with alpha; without it Pillow writes grey
        frames = [coloured(frame, metadata, options, picture, "an AVIF") for frame in frames]
    images = [Image.fromarray(frame) for frame in frames]
    if picture.animation is not None and len(images) > 1:
        if picture.animation.loop:
            picture.note("an AVIF cannot hold the number of repetitions: it is repeated for ever")
        durations = [round(duration) for duration in picture.animation.durations]
        options |= {"save_all": True, "append_images": images[1:], "duration": durations}
    images[0].save(file, format="AVIF", **options)


def _open(file: BinaryIO) -> Image.Image:
    from PIL import Image, UnidentifiedImageError

    head = file.read(32)
    file.seek(0)
    if head[4:8] == b"ftyp" and not is_avif(head):
        _need_heif()
    try:
        return Image.open(file, formats=("GIF", "BMP", "AVIF", "HEIF"))
    except Image.DecompressionBombError as error:
        raise ImageFileError(f"is too large ({error}); cut it into parts first") from error
    except UnidentifiedImageError as error:
        raise damaged("its header is invalid") from error


def is_avif(head: bytes) -> bool:
    """Return whether the first 32 bytes of a file of boxes name the brand of AVIF."""
    brands = head[8 : min(32, int.from_bytes(head[:4]))]
    return b"avif" in brands or b"avis" in brands


def _need_heif() -> None:
    """Let Pillow read HEIC files, or raise the error that says what to install."""
    try:
        import pillow_heif
    except ImportError:
        raise ImageFileError(
            "is a HEIC file; to read it, install pillow-heif: pip install pillow-heif"
        ) from None
    pillow_heif.register_heif_opener()


def _levels(image: Any, picture: Picture) -> NDArray[Any]:
    """Return the pixels of a frame as grey or RGB, with or without alpha."""
    if image.mode == "1":
        return widened(np.asarray(image), 1, picture)
    if image.mode == "P" or "transparency" in image.info:
        image = image.convert("RGBA" if image.has_transparency_data else "RGB")
    depth = image.info.get("bit_depth") or 8
    if depth > 8:  # of a HEIC
        picture.note(f"{depth} bits per pixel became 8")
    if image.mode not in ("L", "LA", "RGB", "RGBA"):
        raise ImageFileError(f"has colours of mode {image.mode}; convert it to RGB first")
    return np.array(image)


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


def _deeper(file: BinaryIO, frames: list[NDArray[Any]], picture: Picture) -> list[NDArray[Any]]:
    """Return the frames of an AVIF at its own depth; Pillow reads 10 and 12 bits as 8."""
    import imagecodecs

    file.seek(0)
    data = file.read()
    # The configuration of the first picture: bits that state 10 or 12 bits per sample.
    found = re.search(rb"av1C.{2}(.)", data[:_HEADER], re.DOTALL)
    flags = found[1][0] >> 5 & 3 if found else 0
    if not flags & 2:
        return frames
    if len(frames) > 1:
        raise ImageFileError("is an AVIF animation of more than 8 bits; convert it to 8 bits first")
    pixels = imagecodecs.avif_decode(data)
    return [widened(pixels, 12 if flags & 1 else 10, picture)]


def _stated_colours(file: BinaryIO) -> dict[bytes, bytes]:
    """Return the colours that an AVIF or HEIC states by numbers, as a PNG does, unless sRGB."""
    file.seek(0)
    found = re.search(rb"colrnclx(.{4})", file.read(_HEADER), re.DOTALL)
    if found is None:
        return {}
    primaries, transfer = int.from_bytes(found[1][:2]), int.from_bytes(found[1][2:])
    # Unspecified ones are sRGB; cameras state the curve of television for it.
    if (primaries in (1, 2) and transfer in (1, 2, 6, 13)) or max(primaries, transfer) > 255:
        return {}
    return {b"cICP": bytes((primaries, transfer, 0, 1))}


def _plays(image: Any) -> int:
    """Return how often an animation is shown; 0 is without end."""
    if image.format != "GIF":
        return 0
    repeats = image.info.get("loop")  # after the first time; without it a GIF is shown once
    return 1 if repeats is None else int(repeats) and int(repeats) + 1


def _read_bmp(file: BinaryIO, image: Any, metadata: Metadata, picture: Picture) -> None:
    file.seek(14)
    header = file.read(124)
    if header[56:60] in _BMP_PROFILES and int.from_bytes(header[:4], "little") >= 124:
        picture.note("the colour profile of a BMP cannot be read and was left out")
    if dpi := image.info.get("dpi"):
        x, y = (value / _METRES_PER_INCH for value in dpi)
        if min(x, y) > 0:
            metadata.resolution = Resolution(round(x), round(y), "metre")
