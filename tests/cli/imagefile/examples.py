"""Examples of what files contain, for the table in docs/cli.md.

``example_rows`` has an example for each cell; `happens` says what the table must call it.
"""

from __future__ import annotations

import io
import struct
from collections.abc import Callable
from typing import Any, NamedTuple
from xml.etree import ElementTree

import imagecodecs
import numpy as np
import tifffile
from PIL import Image, ImageCms, PngImagePlugin

from lutsr.cli.imagefile import Animation, ImageFileError, Picture

from .helpers import EXIF_IFD, chunk, made, noise, parse, pillow, saved, smooth, tiff

SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
PANO = "http://ns.google.com/photos/1.0/panorama/"
RGB = smooth((8, 12, 3))


class Example(NamedTuple):
    """A file, and how to look at the part of it that the row is about.

    Attributes
    ----------
    data : bytes
    look : callable
        Returns that part of a file, by another library.
    after : object
        What `look` must return of the output; None for what is the same in input and output.
    note : str
        What the notes must contain.
    """

    data: bytes
    look: Callable[[bytes], Any] = lambda data: None
    after: Any = None
    note: str = ""


def happens(example: Example, format: str) -> str:
    """Return what the table must say of an example that is upscaled x2 into a format."""
    try:
        picture = parse(example.data)
        frames = [frame.repeat(2, 0).repeat(2, 1) for frame in picture.frames]
        out = made(frames, format, picture)
    except ImageFileError:
        return "refused"
    if picture.notes:
        assert any(example.note in note for note in picture.notes), picture.notes
        assert example.note
        return "noted"
    before, after = example.look(example.data), example.look(out)
    assert after == (before if example.after is None else example.after)
    return "kept" if after == before else "changed"


def kind(data: bytes) -> tuple[Any, ...]:
    """Return channels, type and number of frames."""
    picture = parse(data)
    frame = picture.frames[0]
    return frame.shape[2:], frame.dtype.name, len(picture.frames)


def stored(format: str, pixels: Any, **options: Any) -> bytes:
    """Return a file; TIFFs are written by tifffile."""
    if format == "TIFF" and isinstance(pixels, np.ndarray):
        channels = pixels.shape[2] if pixels.ndim == 3 else 1
        options = {"photometric": "rgb" if channels > 2 else "minisblack"} | options
        if channels in (2, 4):
            options = {"extrasamples": ["unassalpha"], "planarconfig": "contig"} | options
        return tiff(pixels, **options)
    if format == "JXL":
        return jxl(pixels, **options)
    lossless = {"lossless": True} if format == "WEBP" else {}
    return saved(pixels, format, **lossless, **options)


def jxl(pixels: Any, **boxes: bytes) -> bytes:
    """Return a JPEG XL in a container; `exif`, `xmp` and others are the contents of boxes."""
    names = {"exif": b"Exif", "xmp": b"xml "}
    parts = [(b"JXL ", b"\r\n\x87\n"), (b"ftyp", b"jxl \0\0\0\0jxl ")]
    parts.append((b"jxlc", imagecodecs.jpegxl_encode(np.asarray(pixels), lossless=True)))
    for key, content in boxes.items():
        parts.append((names.get(key, key.encode()), bytes(4 * (key == "exif")) + content))
    return b"".join(struct.pack(">I4s", len(part) + 8, name) + part for name, part in parts)


def opened(data: bytes) -> Image.Image:
    """Open a file by Pillow, which cannot read JPEG XL: its boxes are found here."""
    if data[4:8] != b"JXL ":
        return pillow(data)
    image, place = Image.fromarray(imagecodecs.jpegxl_decode(data)), 0
    while place < len(data):
        length, name = struct.unpack_from(">I4s", data, place)
        content = data[place + 8 : place + length]
        if name in (b"Exif", b"xml "):
            image.info["exif" if name == b"Exif" else "xmp"] = content[4 * (name == b"Exif") :]
        place += length
    return image


def exif(tags: dict[int, Any], inner: dict[int, Any] | None = None) -> Image.Exif:
    made = Image.Exif()
    for code, value in tags.items():
        made[code] = value
    if inner:
        made[EXIF_IFD] = inner
    loaded = Image.Exif()
    loaded.load(made.tobytes())
    return loaded


def with_exif(format: str, tags: dict[int, Any], inner: dict[int, Any] | None = None) -> bytes:
    block = exif(tags, inner)
    if format == "JXL":
        return jxl(RGB, exif=block.tobytes().removeprefix(b"Exif\0\0"))
    return saved(RGB, format, exif=block if format == "TIFF" else block.tobytes())


def tag(code: int, group: int | None = None) -> Callable[[bytes], Any]:
    def look(data: bytes) -> Any:
        found = opened(data).getexif()
        return (found.get_ifd(group) if group else found).get(code)

    return look


def with_xmp(format: str, attributes: str) -> bytes:
    xmp = (
        f'<x:xmpmeta xmlns:x="adobe:ns:meta/"><r:RDF xmlns:r="http://www.w3.org/1999/02/22-rdf-'
        f'syntax-ns#" xmlns:GPano="{PANO}" xmlns:c="http://ns.google.com/photos/1.0/camera/" '
        f'xmlns:dc="http://purl.org/dc/elements/1.1/"><r:Description {attributes}/></r:RDF>'
        "</x:xmpmeta>"
    ).encode()
    if format == "PNG":
        data = saved(RGB, "PNG")
        return data[:33] + chunk(b"iTXt", b"XML:com.adobe.xmp" + bytes(5) + xmp) + data[33:]
    if format == "TIFF":
        return stored("TIFF", RGB, extratags=[(700, 1, len(xmp), xmp, True)])
    return jxl(RGB, xmp=xmp) if format == "JXL" else saved(RGB, format, xmp=xmp)


def xmp_of(data: bytes, name: str) -> str | None:
    image = opened(data)
    image.load()
    found = image.info.get("xmp") or image.info.get("XML:com.adobe.xmp")
    if image.format == "TIFF":
        found = tifffile.TiffFile(io.BytesIO(data)).pages[0].tags[700].value
    (element,) = ElementTree.fromstring(found).iter(f"{{{RDF}}}Description")
    return element.get(name)


RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"


def segment(marker: int, data: bytes) -> bytes:
    return b"\xff" + bytes([marker]) + struct.pack(">H", len(data) + 2) + data


def jpeg(*segments: bytes) -> bytes:
    data = saved(RGB, "JPEG")
    return data[:20] + b"".join(segments) + data[20:]


def png(*chunks: bytes) -> bytes:
    data = saved(RGB, "PNG")
    return data[:33] + b"".join(chunks) + data[33:]


def webp(*chunks: tuple[bytes, bytes]) -> bytes:
    data = saved(RGB, "WEBP", lossless=True, exif=exif({0x010F: "Maker"}).tobytes())
    body = data[8:] + b"".join(
        name + struct.pack("<I", len(part)) + part + bytes(len(part) % 2) for name, part in chunks
    )
    return data[:4] + struct.pack("<I", len(body)) + body


def animated(format: str) -> bytes:
    frames = [noise((8, 12, 3), seed=seed) for seed in range(3)]
    return made(frames, format, Picture(frames, animation=Animation([40.0, 80.0, 120.0], 5)))


def times(data: bytes) -> tuple[Any, ...]:
    with pillow(data) as image:
        found = []
        for index in range(getattr(image, "n_frames", 1)):
            image.seek(index)
            image.load()
            found.append(image.info.get("duration"))
        return found, image.info.get("loop")


def with_sub_directory(size: int) -> bytes:
    file = io.BytesIO()
    with tifffile.TiffWriter(file) as out:
        out.write(noise((16, 16)), subifds=1, metadata=None)
        out.write(noise((size, size)), metadata=None)
    return file.getvalue()


def with_auxiliary_picture() -> bytes:
    name = b"urn:com:apple:photo:2020:aux:hdrgainmap\0"
    parts = struct.pack(">I4s4s", len(name) + 12, b"auxC", bytes(4)) + name
    return saved(RGB, "AVIF") + struct.pack(">I4s", len(parts) + 8, b"skip") + parts


def scale(data: bytes) -> Any:
    with tifffile.TiffFile(io.BytesIO(data)) as tif:
        return tif.imagej_metadata["unit"], tif.pages[0].tags[282].value


def geo(data: bytes) -> Any:
    with tifffile.TiffFile(io.BytesIO(data)) as tif:
        return tif.pages[0].tags[33550].value


def axes(data: bytes) -> Any:
    with tifffile.TiffFile(io.BytesIO(data)) as tif:
        return tif.series[0].axes


def tiff_of_axes() -> bytes:
    file = io.BytesIO()
    tifffile.imwrite(file, noise((3, 8, 6)), photometric="minisblack", metadata={"axes": "TYX"})
    return file.getvalue()


def stack() -> bytes:
    file = io.BytesIO()
    options = {"imagej": True, "resolution": (5, 5), "metadata": {"unit": "um"}}
    tifffile.imwrite(file, noise((8, 6)), **options)
    return file.getvalue()


def text() -> bytes:
    info = PngImagePlugin.PngInfo()
    info.add_text("Author", "me")
    return saved(RGB, "PNG", pnginfo=info)


def palette(format: str) -> bytes:
    return saved(Image.fromarray(RGB).convert("P", palette=Image.Palette.ADAPTIVE), format)


def mode(data: bytes) -> str:
    return pillow(data).mode


def comments(data: bytes) -> list[bytes]:
    image = pillow(data)
    image.load()
    if image.format == "PNG":
        return [value.encode() for value in image.text.values()]
    return [found for name, found in image.applist if name == "COM"]


def chunk_of(name: bytes) -> Callable[[bytes], bool]:
    return lambda data: name in data


def damaged(format: str) -> bytes:
    data = jxl(noise((40, 60, 3))) if format == "JXL" else saved(noise((40, 60, 3)), format)
    return data[: len(data) // 2]


def resolution(data: bytes) -> Any:
    image = opened(data)
    image.load()
    tags = image.getexif()
    found = image.info.get("dpi") or (tags.get(0x011A), tags.get(0x011B))
    return tuple(round(float(value)) for value in found)


def printed(format: str) -> bytes:
    if format in ("WEBP", "AVIF", "JXL"):
        return with_exif(format, {0x011A: 300.0, 0x011B: 150.0, 0x0128: 2})
    return saved(RGB, format, dpi=(300, 150))


def with_pointer(code: int, kind: int = 2, items: int = 9) -> bytes:
    """Return a TIFF with a tag whose offset is beyond its end."""
    data = stored("TIFF", RGB, extratags=[(65000, 4, 1, 99999, True)])
    return data.replace(struct.pack("<HHI", 65000, 4, 1), struct.pack("<HHI", code, kind, items))


def with_block(format: str, block: bytes) -> bytes:
    if format == "TIFF":
        data = stored("TIFF", RGB, extratags=[(65000, 4, 1, 9999, True)])
        group, other = (struct.pack("<HH", code, 4) for code in (0x8825, 65000))
        return data.replace(other, group)
    if format == "JPEG":
        return saved(RGB, "JPEG", exif=b"Exif\0\0" + block)
    if format == "JXL":
        return jxl(RGB, exif=block)
    return png(chunk(b"eXIf", block)) if format == "PNG" else saved(RGB, format, exif=block)


def others(format: str) -> bytes:
    more = {
        "JPEG": lambda: jpeg(segment(0xE1, b"FLIR\0")),
        "PNG": lambda: png(chunk(b"prVt", b"x")),
    }
    more |= {"WEBP": lambda: webp((b"none", b"x"))}
    more |= {"TIFF": lambda: stored("TIFF", RGB, extratags=[(65000, 3, 1, 1, True)])}
    more |= {"JXL": lambda: jxl(RGB, jumb=b"x")}
    more |= {"AVIF": lambda: saved(RGB, "AVIF") + struct.pack(">I4s", 12, b"uuid") + bytes(4)}
    return more[format]()
