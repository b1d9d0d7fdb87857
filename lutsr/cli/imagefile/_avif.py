"""AVIF, read and written by Pillow; and HEIC, read by it where pillow-heif is installed."""

from __future__ import annotations

import io
import re
from typing import Any, BinaryIO

from numpy.typing import NDArray

from . import _boxes, _pillow
from ._colour import upright
from ._depth import widened
from ._metadata import _exif
from ._picture import ImageFileError, Metadata, Picture

MAX_SIDE = 65535
_QUALITY = 90
# Boxes that hold the pictures and what describes them, and padding.
_READ = {b"ftyp", b"meta", b"mdat", b"moov", b"free", b"skip", b"wide"}
#: What an auxiliary picture is, by the end of its name; alpha is read.
_AUXILIARY = re.compile(rb"auxC\0{4}([\x21-\x7e]+)\0")
_ALPHA = (b":alpha", b"auxid:1")
_KINDS = {"auxid:2": "depth", "depth": "depth", "hdrgainmap": "gain map"}


def is_avif(head: bytes) -> bool:
    """Return whether the first 32 bytes of a file of boxes name the brand of AVIF."""
    brands = head[8 : min(32, int.from_bytes(head[:4]))]
    return b"avif" in brands or b"avis" in brands


def size(file: BinaryIO) -> tuple[int, int, int]:
    """Return width, height and number of frames, from the header."""
    with _opened(file.read()) as image:
        return *image.size, image.n_frames if image.format == "AVIF" else 1


def read(file: BinaryIO) -> Picture:
    """Read an AVIF or HEIC file."""
    picture = Picture([])
    data = file.read()
    with _opened(data) as image:
        heic = image.format != "AVIF"
        orientation = None
        if not heic and (exif := _boxes.exif_of(data)):
            orientation = image.getexif().get(_exif.ORIENTATION, 1)  # that of the file's own boxes
            image.info["exif"] = exif
        _pillow.read_frames(image, picture, lambda _: 0, only_first=heic)
        if heic and image.n_frames > 1:
            picture.note("holds several pictures; only the first, the main one, was upscaled")
        if heic and (depth := image.info.get("bit_depth") or 8) > 8:
            picture.note(f"{depth} bits per pixel became 8")
        if not heic:
            _deepen(data, picture)
        metadata, orientation = _pillow.read_metadata(
            image, image.info.get("icc_profile"), picture.frames[0], picture, orientation
        )
    if metadata.icc is None:
        metadata.colours = _stated_colours(data)
    picture.frames = [upright(frame, orientation) for frame in picture.frames]
    picture.pages = [metadata]
    _note_others(data, picture)
    return picture


def encode(
    file: BinaryIO,
    frames: list[NDArray[Any]],
    metadata: Metadata,
    picture: Picture,
    quality: int | str | None = None,
) -> None:
    """Write an AVIF with colours at full resolution."""
    from PIL import Image

    options = _pillow.options_with_density(metadata)
    if "exif" in options:  # with an orientation, Pillow would encode them anew
        options["exif"] = _exif.without_orientation(options["exif"])
    sampling = "4:0:0" if frames[0].ndim == 2 else "4:4:4"
    options |= {"quality": quality or _QUALITY, "subsampling": sampling}
    if picture.alpha:  # grey with alpha; without it Pillow writes grey
        frames = [
            _pillow.coloured(frame, metadata, options, picture, "an AVIF") for frame in frames
        ]
    images = [Image.fromarray(frame) for frame in frames]
    if picture.animation is not None and len(images) > 1:
        if picture.animation.loop:
            picture.note("an AVIF cannot hold the number of repetitions: it is repeated for ever")
        durations = [round(duration) for duration in picture.animation.durations]
        options |= {"save_all": True, "append_images": images[1:], "duration": durations}
    images[0].save(file, format="AVIF", **options)


def _opened(data: bytes) -> Any:
    if is_avif(data[:32]):
        # Of an AVIF, EXIF data are read here: damaged ones would prevent it from being opened.
        return _pillow.opened(io.BytesIO(_boxes.without_exif(data)), "AVIF")
    try:
        import pillow_heif
    except ImportError:
        raise ImageFileError(
            "is a HEIC file; to read it, install pillow-heif: pip install pillow-heif"
        ) from None
    pillow_heif.register_heif_opener()
    return _pillow.opened(io.BytesIO(data), "HEIF")


def _deepen(data: bytes, picture: Picture) -> None:
    """Read an AVIF of 10 or 12 bits at its own depth; Pillow reads it as one of 8."""
    import imagecodecs

    found = re.search(rb"av1C.{2}(.)", _header(data), re.DOTALL)
    flags = found[1][0] >> 5 & 3 if found else 0
    if not flags & 2:
        return
    if len(picture.frames) > 1:
        raise ImageFileError("is an AVIF animation of more than 8 bits; convert it to 8 bits first")
    pixels = imagecodecs.avif_decode(_boxes.without_exif(data))
    picture.frames = [widened(pixels, 12 if flags & 1 else 10, picture)]


def _header(data: bytes) -> bytes:
    """Return what describes the pictures, without their pixels."""
    return b"".join(data[b.start : b.end] for b in _boxes.boxes(data) if b.name != b"mdat")


def _stated_colours(data: bytes) -> dict[bytes, bytes]:
    """Return the colours that an AVIF or HEIC states by numbers, as a PNG does, unless sRGB."""
    found = re.search(rb"colrnclx(.{4})", _header(data), re.DOTALL)
    if found is None:
        return {}
    primaries, transfer = int.from_bytes(found[1][:2]), int.from_bytes(found[1][2:])
    # Unspecified ones are sRGB; cameras state the curve of television for it.
    if (primaries in (1, 2) and transfer in (1, 2, 6, 13)) or max(primaries, transfer) > 255:
        return {}
    return {b"cICP": bytes((primaries, transfer, 0, 1))}


def _note_others(data: bytes, picture: Picture) -> None:
    """Add notes about what nothing here reads: other boxes and pictures, and what follows."""
    found = list(_boxes.own_boxes(data))
    names = [box.name for box in found if box.name not in _READ]
    if names:
        shown = ", ".join(dict.fromkeys(n.decode("ascii", "backslashreplace") for n in names))
        picture.note(f"its boxes {shown} were left out")
    header = _header(data)
    kinds = []
    for name in _AUXILIARY.findall(header):
        if not name.endswith(_ALPHA):
            kind = name.decode("ascii").rpartition(":")[2]
            kinds.append(next((_KINDS[k] for k in _KINDS if name.endswith(k.encode())), kind))
    kinds += [kind for code, kind in ((b"tmap", "gain map"), (b"thmb", "thumbnail"))
              if code in header]  # fmt: skip
    if kinds:
        picture.note(f"its further pictures ({', '.join(dict.fromkeys(kinds))}) were left out")
    picture.note_rest(data[found[-1].end if found else 0 :])
