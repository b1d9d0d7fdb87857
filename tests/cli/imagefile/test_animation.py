"""Animations: every frame, its time and number of repetitions, or a refusal."""

import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from lutsr.cli.imagefile import Animation, ImageFileError, Picture, check_target, size

from .helpers import chunk, made, noise, parse, pillow, refusal, saved

SHAPES = [(6, 5), (6, 5, 2), (6, 5, 3), (6, 5, 4)]


def frames_of(shape, count=3):
    return [noise(shape, seed=seed) for seed in range(count)]


def shapes(frames):
    return [(frame.shape, frame.dtype) for frame in frames]


def apng(colour_type, depth, parts, *before, still_first=False, width=3, height=2):
    """Make an animated PNG by hand; a part is (w, h, x, y, dispose, blend, rows)."""
    header = struct.pack(">IIBBBBB", width, height, depth, colour_type, 0, 0, 0)
    body = [chunk(b"IHDR", header), *before]
    body.append(chunk(b"acTL", struct.pack(">II", len(parts) - still_first, 7)))
    number = 0
    for index, (*box, dispose, blend, rows) in enumerate(parts):
        if index or not still_first:
            control = struct.pack(">IIIIIHHBB", number, *box, 1, 30, dispose, blend)
            body.append(chunk(b"fcTL", control))
            number += 1
        data = zlib.compress(b"".join(b"\0" + row for row in rows))
        if index:
            body.append(chunk(b"fdAT", struct.pack(">I", number) + data))
            number += 1
        else:
            body.append(chunk(b"IDAT", data))
    return b"\x89PNG\r\n\x1a\n" + b"".join(body) + chunk(b"IEND", b"")


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("kind", ["PNG", "WEBP", "TIFF"])
def test_all_frames_times_and_rounds_survive(kind, shape, tmp_path):
    frames = frames_of(shape)
    if shape[-1] in (2, 4):
        for frame in frames:  # WebP does not keep colour under full transparency in animations
            frame[..., -1] |= 1
    source = Picture(frames, animation=Animation([40.0, 250.0, 1000.0], 5))
    data = made(frames, kind, source)
    picture = parse(data)
    assert len(picture.frames) == 3
    for frame, again in zip(frames, picture.frames, strict=True):
        if kind == "WEBP" and frame.shape[2:] in ((), (2,)):
            again = again[..., 0] if frame.ndim == 2 else again[..., [0, 3]]
        np.testing.assert_array_equal(again, frame)
    if kind == "TIFF":
        assert source.notes == ["a TIFF cannot hold the times of the frames"]
        assert picture.animation is None
    else:
        assert picture.animation.durations == pytest.approx([40, 250, 1000])
        assert picture.animation.loop == 5
        image = pillow(data)
        assert (image.n_frames, image.info["loop"]) == (3, 5)
    (tmp_path / "a").write_bytes(data)
    assert size(str(tmp_path / "a")) == (5, 6, 3)


@pytest.mark.parametrize("kind", ["PNG", "WEBP"])
def test_frames_that_repeat_are_shown_as_long(kind):
    frame, other = noise((6, 5, 3)), noise((6, 5, 3), seed=2)
    source = Picture([], animation=Animation([100.0, 200.0, 300.0], 0))
    animation = parse(made([frame, frame, other], kind, source)).animation
    assert sum(animation.durations) == pytest.approx(600)
    assert animation.durations[-1] == pytest.approx(300)


def test_times_that_are_no_whole_milliseconds():
    source = Picture([], animation=Animation([1000 / 30, 1000 / 24], 0))
    again = parse(made(frames_of((6, 5), 2), "PNG", source)).animation
    assert again.durations == pytest.approx([1000 / 30, 1000 / 24], rel=1e-6)


def test_palette_that_is_disposed_of_to_the_background():
    # Expected frames made by hand: Pillow uses the first colour as the background.
    palette = chunk(b"PLTE", bytes([10, 10, 10, 200, 0, 0])) + chunk(b"tRNS", b"\xff\xff")
    whole = (3, 2, 0, 0, 0, 0, [b"\1\1\1"] * 2)
    two, one = (2, 1, 0, 0, 1, 0, [b"\0\0"]), (1, 1, 2, 1, 0, 1, [b"\0"])
    picture = parse(apng(3, 8, [whole, two, one], palette))
    red, dark, clear = [200, 0, 0, 255], [10, 10, 10, 255], [0, 0, 0, 0]
    assert [frame.tolist() for frame in picture.frames] == [
        [[red, red, red], [red, red, red]],
        [[dark, dark, red], [red, red, red]],
        [[clear, clear, red], [red, red, dark]],
    ]
    assert picture.animation.durations == pytest.approx([1000 / 30] * 3)
    assert picture.animation.loop == 7


def test_16_bit_animation_is_read_and_written_as_pages_only():
    whole = (3, 2, 0, 0, 0, 0, [b"\1\2" * 3] * 2)
    picture = parse(apng(0, 16, [whole, (1, 1, 0, 0, 0, 0, [b"\xff\xfe"])]))
    assert picture.frames[0].dtype == np.uint16
    assert picture.frames[0].tolist() == [[258] * 3] * 2
    assert picture.frames[1].tolist() == [[65534, 258, 258], [258] * 3]
    with pytest.raises(ImageFileError, match="16 bits cannot be written"):
        check_target("PNG", shapes(picture.frames), picture)
    check_target("TIFF", shapes(picture.frames), picture)


def test_still_image_before_an_animation_stays_apart():
    parts = [(3, 2, 0, 0, 0, 0, [bytes([k]) * 3] * 2) for k in (1, 2, 3)]
    picture = parse(apng(0, 8, parts, still_first=True))
    assert picture.animation.still_first
    assert [frame[0, 0] for frame in picture.frames] == [1, 2, 3]
    again = parse(made(picture.frames, "PNG", picture))
    assert again.animation == picture.animation
    assert [frame[0, 0] for frame in again.frames] == [1, 2, 3]
    webp = parse(made(picture.frames, "WEBP", picture))
    assert [frame[0, 0, 0] for frame in webp.frames] == [2, 3]
    assert (
        "a WebP cannot hold the still image before an animation: it was left out" in picture.notes
    )


def test_one_frame_is_no_animation():
    picture = parse(apng(0, 8, [(3, 2, 0, 0, 0, 0, [b"\1\2\3"] * 2)]))
    assert picture.animation is None
    assert picture.frames[0].tolist() == [[1, 2, 3]] * 2
    check_target("JPEG", shapes(picture.frames), picture)


def test_number_of_frames_must_be_true():
    data = apng(0, 8, [(3, 2, 0, 0, 0, 0, [b"\1\2\3"] * 2)] * 2)
    control = chunk(b"acTL", struct.pack(">II", 2, 7))
    for claimed in (1, 3, 1 << 31):
        lying = data.replace(control, chunk(b"acTL", struct.pack(">II", claimed, 7)))
        assert refusal(lying).startswith(f"is damaged (it states {claimed} frames and has 2)")


def test_an_animation_does_not_become_a_jpeg():
    picture = Picture(frames_of((6, 5)), animation=Animation([1.0] * 3, 0))
    with pytest.raises(ImageFileError, match=r"a JPEG cannot hold 3 frames; write a \.tif, \.png"):
        check_target("JPEG", shapes(picture.frames), picture)


def test_metadata_of_an_animation():
    images = [Image.fromarray(frame) for frame in frames_of((6, 5, 3))]
    exif = Image.Exif()
    exif[0x0112] = 6
    exif[0x010F] = "Maker"
    data = saved(
        images[0], "WEBP", save_all=True, append_images=images[1:], lossless=True, exif=exif
    )
    picture = parse(data)
    assert [frame.shape for frame in picture.frames] == [(5, 6, 3)] * 3
    np.testing.assert_array_equal(picture.frames[2], np.rot90(np.asarray(images[2]), -1))
    for kind in ("PNG", "WEBP"):
        assert pillow(made(picture.frames, kind, picture)).getexif()[0x010F] == "Maker"
