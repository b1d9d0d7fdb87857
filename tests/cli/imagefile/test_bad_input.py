"""Invalid files: a clear message for each, within limits of memory, and never a wrong picture."""

import contextlib
import io
import struct
import tracemalloc
import zlib

import hypothesis
import imagecodecs
import numpy as np
import pytest
import tifffile
from hypothesis import strategies as st
from PIL import Image

from lutsr.cli import imagefile
from lutsr.cli.imagefile import ImageFileError, Picture, read, size

from .helpers import READ, chunk, made, noise, parse, png, refusal, saved, tiff

KINDS = ["PNG", "JPEG", "WEBP", "TIFF"]
FRAMES = [noise((32, 32, 3), seed=seed) for seed in range(3)]


def some_files():
    """Return files of all kinds, with metadata and several frames."""
    exif = Image.Exif()
    exif[0x0112] = 6
    exif[0x8769] = {0xA002: 32, 0xA434: "Lens"}
    source = Picture([], animation=imagefile.Animation([10.0] * 3, 0))
    files = {kind: saved(FRAMES[0], kind, exif=exif.tobytes(), dpi=(300, 300)) for kind in KINDS}
    files |= {f"{kind} frames": made(FRAMES, kind, source) for kind in ("PNG", "WEBP", "TIFF")}
    files["PNG 16"] = made(noise((16, 16, 4), "uint16"), "PNG")
    files["TIFF pages"] = tiff(
        [frame[..., 0] for frame in FRAMES], compression="lzw", rowsperstrip=5
    )
    files["TIFF tiles"] = tiff(FRAMES[0], tile=(16, 16), photometric="rgb", byteorder=">")
    files["TIFF floats"] = tiff(noise((9, 9), "float32"), bigtiff=True)
    files["TIFF JPEG"] = tiff(
        noise((64, 64, 3)), photometric="rgb", compression="jpeg", rowsperstrip=16
    )
    deep = noise((24, 40, 3), "uint16")
    files["JPEG 12"] = imagecodecs.jpeg8_encode(deep >> 4, bitspersample=12)
    files["JPEG lossless"] = imagecodecs.ljpeg_encode(deep[..., 0])
    files["JPEG-LS"] = imagecodecs.jpegls_encode(deep)
    files["GIF"] = saved(Image.fromarray(FRAMES[0]).quantize(16), "GIF")
    files["BMP"] = saved(FRAMES[0], "BMP")
    files["AVIF"] = saved(FRAMES[0], "AVIF")
    files["AVIF frames"] = made(FRAMES, "AVIF", source)
    files["JXL"] = made(FRAMES[0], "JXL")
    files["JPEG CMYK"] = saved(Image.new("CMYK", (20, 20), (9, 8, 7, 6)), "JPEG")
    return files


FILES = some_files()


def tried(source):
    """Return the picture, or the message of the refusal; any other exception fails the test."""
    try:
        return parse(source)
    except ImageFileError as error:
        return str(error)


@pytest.mark.parametrize("name", FILES)
def test_the_files_are_good_before_they_are_made_bad(name):
    assert parse(FILES[name]).frames


@pytest.mark.parametrize("name", FILES)
def test_truncated_files_are_refused_wherever_they_end(name):
    data = FILES[name]
    whole = parse(data).frames
    last = len(data) - 1
    for end in sorted(
        {1, 2, 5, 8, 11, 20, 40, *(last * k // 12 for k in range(1, 12)), last - 8, last - 4}
    ):
        picture = tried(data[:end])
        if isinstance(picture, str):
            assert "damaged" in picture or "not an image that lutsr reads" in picture
            continue
        # What is missing are chunks or tags that do not concern the pixels.
        assert end > len(data) * 0.8
        assert len(picture.frames) == len(whole)
        for frame, other in zip(picture.frames, whole, strict=True):
            np.testing.assert_array_equal(frame, other)


@pytest.mark.parametrize("name", FILES)
def test_size_of_a_truncated_file_is_right_or_refused(name, tmp_path):
    path = tmp_path / "a"
    path.write_bytes(FILES[name])
    whole = size(str(path))
    for end in range(1, len(FILES[name]), len(FILES[name]) // 15):
        path.write_bytes(FILES[name][:end])
        with contextlib.suppress(ImageFileError):
            assert size(str(path)) == whole


def test_empty_file(tmp_path):
    (tmp_path / "a.png").write_bytes(b"")
    assert refusal(tmp_path / "a.png") == "is empty; get an intact copy"
    with pytest.raises(ImageFileError, match="is empty"):
        size(str(tmp_path / "a.png"))


@pytest.mark.parametrize(
    "content", [b"not an image", "Text mit Umläuten: äöü\n".encode() * 99, bytes(5000), b"\xff\xd8"]
)
def test_what_is_no_image(content):
    assert refusal(content) == f"is not an image that lutsr reads: {READ}"


@pytest.mark.parametrize(
    "head",
    [
        b"\x89PNG\r\n\x1a\n",
        b"\xff\xd8\xff",
        b"II*\0",
        b"MM\0*",
        b"II+\0",
        b"RIFF\0\0\0\0WEBP",
        b"GIF89a",
        b"BM",
        b"\xff\x0a",
        b"\0\0\0\x0cJXL \r\n\x87\n",
        b"\0\0\0\x1cftypavif",
    ],
)
@pytest.mark.parametrize(
    "rest", [b"", b"\0", b"and then something else" * 9, bytes(3000), b"\xff" * 3000]
)
def test_a_first_word_is_not_an_image(head, rest):
    assert refusal(head + rest).startswith("is damaged")


def test_missing_file_folder_and_strange_name(tmp_path):
    assert refusal(tmp_path / "none.png") == "cannot be opened: No such file or directory"
    assert refusal(tmp_path).startswith("cannot be opened: ")
    with pytest.raises(ImageFileError, match="cannot be opened"):
        read("a\0b.png")


def test_unreadable_file(tmp_path, monkeypatch):
    path = tmp_path / "a.png"
    path.write_bytes(FILES["PNG"])

    def refuse(*_args, **_options):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("builtins.open", refuse)  # to root nothing is unreadable
    with pytest.raises(ImageFileError, match="cannot be opened: Permission denied"):
        read(str(path))


def test_error_while_reading(tmp_path, monkeypatch):
    def fail(_file):
        raise OSError(5, "Input/output error")

    path = tmp_path / "a.png"
    path.write_bytes(FILES["PNG"])
    monkeypatch.setattr(imagefile._png, "read", fail)
    assert refusal(path) == "cannot be read: Input/output error"


def huge(kind, side=50_000):
    """Return a file whose header claims a huge picture, with almost no data."""
    if kind == "PNG":
        return png(8, 2, b"", width=side, height=side)
    if kind == "PNG frames":
        control = struct.pack(">IIIIIHHBB", 0, side, side, 0, 0, 1, 1, 0, 0)
        return png(
            8, 2, b"", chunk(b"acTL", bytes(8)), chunk(b"fcTL", control), width=side, height=side
        )
    if kind == "JPEG":
        data = bytearray(FILES["JPEG"])
        place = data.index(b"\xff\xc0") + 5
        data[place : place + 4] = struct.pack(">HH", side, side)
        return bytes(data)
    if kind == "WEBP":
        canvas = (side - 1).to_bytes(3, "little") * 2
        body = b"WEBPVP8X" + struct.pack("<I", 10) + b"\2\0\0\0" + canvas
        return b"RIFF" + struct.pack("<I", len(body)) + body
    data = bytearray(tiff(FRAMES[0][..., 0]))
    for tag in (b"\0\1", b"\1\1", b"\x16\1"):  # width, length, rows in a strip
        place = next(
            p
            for p in range(8, len(data), 2)
            if data[p : p + 2] == tag and data[p + 2 : p + 4] in (b"\3\0", b"\4\0")
        )
        data[place + 2 : place + 12] = struct.pack("<HII", 4, 1, side)
    return bytes(data)


@pytest.mark.parametrize("kind", ["PNG", "PNG frames", "JPEG", "WEBP", "TIFF"])
def test_huge_header_without_pixels_is_refused_without_room_for_them(kind):
    data = huge(kind)
    tracemalloc.start()
    try:
        said = refusal(data)
        assert tracemalloc.get_traced_memory()[1] < 10_000_000
    finally:
        tracemalloc.stop()
    assert said.startswith("is too large (")
    assert said.endswith("; cut it into parts first")
    assert kind == "JPEG" or "50000 x 50000 pixels" in said  # our message, before any library's


@pytest.mark.parametrize("name", [b"IHDR", b"IDAT"])
def test_huge_lengths_inside_a_file_make_no_room_for_them(tmp_path, name):
    data = png(8, 0, bytes(4))
    place = data.index(name)
    path = tmp_path / "a.png"  # a real file, whose read() allocates the requested length
    path.write_bytes(data[: place - 4] + b"\x7f\xff\xff\xf0" + data[place:])
    tracemalloc.start()
    try:
        assert refusal(path) == "is damaged (it ends too early); get an intact copy"
        assert tracemalloc.get_traced_memory()[1] < 10_000_000
    finally:
        tracemalloc.stop()


def test_many_large_frames_are_too_large(monkeypatch):
    monkeypatch.setattr(imagefile._picture, "MAX_TOTAL", 2048)
    for name in ("PNG frames", "WEBP frames", "TIFF frames"):
        assert refusal(FILES[name]).startswith("is too large (32 x 32 pixels, 3 times;")


def test_large_image_below_the_limit_brings_no_warning(monkeypatch):
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 32 * 32 * 2 // 3)
    for kind in KINDS:
        assert parse(FILES[kind]).notes == []


def test_messages_do_not_name_the_file(tmp_path):
    # The command line adds the name.
    for index, data in enumerate(FILES.values()):
        path = tmp_path / f"name{index}.png"
        path.write_bytes(data[: len(data) // 2])
        said = refusal(path)
        assert "name" not in said
        assert "\n" not in said


@hypothesis.given(st.data())
def test_changed_bytes_bring_a_picture_or_a_refusal(data):
    content = bytearray(FILES[data.draw(st.sampled_from(sorted(FILES)))])
    for _ in range(data.draw(st.integers(1, 6))):
        # Headers and tags are at the beginning of most files.
        near = data.draw(st.booleans())
        place = data.draw(st.integers(0, min(len(content), 400 if near else len(content)) - 1))
        content[place] = data.draw(
            st.sampled_from([0, 1, 2, 3, 4, 8, 127, 128, 255]) | st.integers(0, 255)
        )
    if data.draw(st.booleans()):
        cut = data.draw(st.integers(0, len(content)))
        content = content[:cut] + content[cut + data.draw(st.integers(0, 40)) :]
    picture = tried(bytes(content))
    if isinstance(picture, Picture) and len(picture.frames) == 1:
        # A picture that was read can be written, whatever its metadata.
        again = parse(made(picture.frames, "TIFF", picture))
        np.testing.assert_array_equal(again.frames[0], picture.frames[0])


@hypothesis.given(
    st.sampled_from(
        [
            "IHDR",
            "PLTE",
            "tRNS",
            "pHYs",
            "iCCP",
            "eXIf",
            "iTXt",
            "zTXt",
            "tEXt",
            "cICP",
            "acTL",
            "fcTL",
            "fdAT",
        ]
    ),
    st.binary(max_size=40),
)
def test_chunks_of_any_content_bring_a_picture_or_a_refusal(name, content):
    # The checksums are correct, so the contents are parsed.
    picture = tried(png(8, 2, bytes(12), chunk(name.encode(), content)))
    if isinstance(picture, Picture) and not picture.alpha:
        for kind in KINDS:
            made(picture.frames, kind, picture)


@hypothesis.given(st.binary(max_size=200))
def test_exif_of_any_content_is_kept_true_or_left_out(content):
    for head in (b"II*\0\x08\0\0\0", b"MM\0*\0\0\0\x08", b""):
        picture = parse(png(8, 2, bytes(12), chunk(b"eXIf", head + content)))
        for kind in KINDS:
            made(picture.frames, kind, picture)


def test_zip_bomb_in_a_text():
    bomb = zlib.compress(bytes(200_000_000))
    data = png(
        8,
        2,
        bytes(12),
        chunk(b"iCCP", b"x\0\0" + bomb),
        chunk(b"iTXt", b"XML:com.adobe.xmp\0\1\0\0\0" + bomb),
    )
    picture = parse(data)
    assert picture.pages[0].xmp is None
    assert picture.pages[0].icc is None
    assert len(picture.notes) == 2


def test_pages_that_overlap_are_read_as_they_are():
    # Two pages may share pixels; the file is small and valid.
    data = tiff([FRAMES[0][..., 0], FRAMES[0][..., 0]])
    with tifffile.TiffFile(file := io.BytesIO(data), mode="r+") as tif:
        first = tif.pages[0].tags["StripOffsets"].value
        tif.pages[1].tags["StripOffsets"].overwrite(first)
    frames = parse(file.getvalue()).frames
    np.testing.assert_array_equal(frames[0], frames[1])


XMP_PARTS = [
    '<r:Description GPano:FullPanoWidthPixels="{}" tiff:ImageWidth="{}">',
    "</r:Description>",
    '<mwg-rs:Area stArea:x="{}" stArea:y="{}" stArea:w="{}" stArea:unit="pixel"/>',
    '<a stDim:w="{}" stDim:h="{}"/>',
    "<exif:SubjectArea><r:Seq><r:li>{}</r:li><r:li>{}</r:li></r:Seq></exif:SubjectArea>",
    "<Container:Directory>{}</Container:Directory>",
    "<exif:FocalPlaneXResolution>{}</exif:FocalPlaneXResolution>",
    "<!-- {} -->",
]
NUMBERS = st.sampled_from(
    ["1", "-7", "2.5", "1/3", "1/0", "1e999999999", "²", "9" * 6000, "", "nan"]
)


@hypothesis.given(st.lists(st.sampled_from(XMP_PARTS), max_size=6), st.data())
def test_xmp_of_any_content_is_made_true_or_left_out(parts, data):
    text = "".join(parts)
    numbers = [data.draw(NUMBERS) for _ in range(text.count("{}"))]
    root = data.draw(st.sampled_from(["x:xmpmeta", "Container:Directory"]))
    xmp = f"<{root}>{text.format(*numbers)}</{root}>".encode()
    exif = Image.Exif()
    exif[0x0112] = data.draw(st.sampled_from([1, 6]))
    picture = parse(saved(np.zeros((2, 3, 3), np.uint8), "WEBP", xmp=xmp, exif=exif))
    for kind in KINDS:
        made([frame.repeat(2, 0) for frame in picture.frames], kind, picture)


@hypothesis.given(NUMBERS, st.integers(0, 6))
def test_descriptions_of_any_content_are_made_true_or_left_out(number, form):
    ome = '<OME><Image><Pixels SizeX="3" SizeY="2" PhysicalSizeX="{}"/><ROI/></Image></OME>'
    texts = [
        ome, "ImageJ=1\nxorigin={}\nyorigin={}\n", '{{"shape": [2, 3], "PhysicalSizeX": "{}"}}',
        '{{"shape": {}}}', '{{"shape": null, "a": {}}}', "MPP = {}", "shape=({})",
    ]  # fmt: skip
    text = texts[form].format(number, number).encode()
    picture = parse(tiff(np.zeros((2, 3), np.uint8), description=text))
    made([frame.repeat(2, 0) for frame in picture.frames], "TIFF", picture)
