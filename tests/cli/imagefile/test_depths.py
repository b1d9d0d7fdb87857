"""Depths, types and ranges of the samples of a TIFF, and CMYK with alpha."""

import io

import numpy as np
import pytest

from lutsr.cli import imagefile

from .helpers import made, noise, parse, refusal, tiff


@pytest.mark.parametrize("dtype", ["float16", "float32"])
@pytest.mark.parametrize(
    ("values", "said"),
    [
        ((0.5, np.nan), "has NaN or infinite values; replace them by numbers first"),
        ((-np.inf, 0.5), "has NaN or infinite values; replace them by numbers first"),
        ((-100, 250), "has values within [-100, 250], wanted [0, 1]; give --preserve-range to"),
        ((0, 1.125), "has values within [0, 1.125], wanted [0, 1]; give --preserve-range to"),
    ],
)
def test_floats_are_refused_for_the_right_reason(dtype, values, said):
    data = tiff(np.array([values] * 2, dtype), photometric="minisblack")
    assert refusal(data).startswith(said)
    if np.isfinite(values).all():
        frame = imagefile.read(io.BytesIO(data), any_range=True).frames[0]
        np.testing.assert_array_equal(frame, np.array([values] * 2, np.float32))


def test_floats_outside_by_rounding_are_taken():
    pixels = np.array([[-5e-7, 1 + 5e-7]], np.float32)
    np.testing.assert_array_equal(parse(tiff(pixels)).frames[0], pixels)


@pytest.mark.parametrize(
    ("bits", "channels"),
    [(1, ()), *((n, c) for n in (2, 3, 4, 5, 6, 7, 10, 12, 14) for c in ((), (3,), (4,)))],
)
def test_any_depth_spans_the_full_range(bits, channels):
    pixels = noise((9, 7, *channels), "uint16") >> (16 - bits)
    stored = pixels if bits > 8 else pixels.astype(bool if bits == 1 else np.uint8)
    options = {} if bits == 1 else {"bitspersample": bits}
    if channels == (4,):
        options["extrasamples"] = ["unassalpha"]
    kind = "rgb" if channels else "minisblack"
    picture = parse(tiff(stored, photometric=kind, **options))
    top = 255 if bits <= 8 else 65535
    np.testing.assert_array_equal(picture.frames[0], np.rint(pixels * (top / (2**bits - 1))))
    named = {1: "1 bit per pixel became 8"} | dict.fromkeys((2, 4))
    default = f"{bits} bits per pixel became {8 if bits < 8 else 16}"
    note = named.get(bits, default)
    assert picture.notes == ([note] if note else [])


@pytest.mark.parametrize("dtype", ["int8", "int16", "float64"])
@pytest.mark.parametrize("photometric", ["minisblack", "miniswhite"])
def test_signed_and_double_samples(dtype, photometric):
    pixels = noise((9, 7), "float32").astype(dtype)
    if dtype != "float64":
        pixels = noise((9, 7), "uint16").astype(dtype)
    frame = parse(tiff(pixels, photometric=photometric)).frames[0]
    assert frame.dtype == dtype
    wanted = pixels if photometric == "minisblack" else (1 if dtype == "float64" else -1) - pixels
    np.testing.assert_array_equal(frame, wanted)
    if dtype != "float64":
        np.testing.assert_array_equal(parse(made(frame, "TIFF")).frames[0], frame)


@pytest.mark.parametrize("extra", ["unassalpha", "assocalpha"])
@pytest.mark.parametrize("dtype", ["uint8", "uint16"])
def test_cmyk_with_alpha(extra, dtype):
    pixels = noise((9, 7, 5), dtype)
    top = np.iinfo(dtype).max
    if extra == "assocalpha":
        pixels[..., :4] = pixels[..., :4] * (pixels[..., 4:] / top)
    picture = parse(tiff(pixels, photometric="separated", extrasamples=[extra]))
    (frame,) = picture.frames
    assert (picture.alpha, frame.shape, frame.dtype) == (True, (9, 7, 4), dtype)
    np.testing.assert_array_equal(frame[..., 3], pixels[..., 4])
    ink = pixels[..., :4].astype(float)
    if extra == "assocalpha":
        ink = np.rint(np.minimum(ink * (top / np.maximum(pixels[..., 4:], 1)), top))
    light = (top - ink[..., :3]) * (top - ink[..., 3:]) / top
    assert np.abs(frame[..., :3] - light).max() <= 1
    assert "CMYK colours were converted" in picture.notes[-1]


@pytest.mark.parametrize("dtype", ["int8", "int16"])
def test_signed_samples_with_alpha_are_refused(dtype):
    data = tiff(np.zeros((4, 4, 4), dtype), photometric="rgb", extrasamples=["unassalpha"])
    assert refusal(data).startswith(f"has {dtype} samples that are not plain grey or RGB")
