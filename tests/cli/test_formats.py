"""The command with formats, qualities, depths and ranges, from file to file."""

import io

import imagecodecs
import numpy as np
import pytest
import tifffile
from PIL import Image

import lutsr
from lutsr import cli

from .helpers import pixels, run, twice


@pytest.mark.parametrize("ending", ["gif", "bmp"])
def test_formats_that_are_only_read(folder, repeat, rgb, ending):
    image = Image.fromarray(rgb).quantize(200)
    image.save(f"in.{ending}")
    assert cli.main([f"in.{ending}", "-o", "out/", *repeat]) == 0
    np.testing.assert_array_equal(pixels("out/in_x2.png"), twice(np.asarray(image.convert("RGB"))))


def test_jpeg_xl_from_stdin_to_stdout(folder, repeat, rgb):
    data = imagecodecs.jpegxl_encode(rgb, lossless=True)
    done = run("-", "-o", "-", "-q", *repeat, input=data, text=False)
    assert (done.returncode, done.stderr) == (0, b"")
    np.testing.assert_array_equal(imagecodecs.jpegxl_decode(done.stdout), twice(rgb))


@pytest.mark.parametrize(("kind", "own"), [("AVIF", "AVIF"), ("GIF", "PNG"), ("BMP", "PNG")])
def test_stdin_decides_about_stdout(folder, repeat, rgb, kind, own):
    file = io.BytesIO()
    Image.fromarray(rgb).save(file, kind)
    done = run("-", "-o", "-", "-q", *repeat, input=file.getvalue(), text=False)
    assert (done.returncode, done.stderr) == (0, b"")
    with Image.open(io.BytesIO(done.stdout)) as image:
        assert (image.format, image.size) == (own, (18, 12))


@pytest.mark.parametrize("ending", ["jpg", "webp", "avif"])
def test_quality_changes_the_file(folder, repeat, ending):
    noise = np.random.default_rng(2).integers(0, 128, (40, 40, 3), np.uint8)
    Image.fromarray(noise).save("noise.png")
    for quality in ("20", "90"):
        argv = ["noise.png", "-o", f"{quality}.{ending}", "--quality", quality, *repeat]
        assert cli.main(argv) == 0
    sizes = [(folder / f"{quality}.{ending}").stat().st_size for quality in (20, 90)]
    assert sizes[0] < 0.7 * sizes[1]


def test_a_lossy_webp_stays_lossy_unless_asked(folder, repeat, rgb):
    Image.fromarray(rgb).save("in.webp", quality=80)
    for more, lossless in ([], False), (["--quality", "lossless"], True):
        assert cli.main(["in.webp", "-o", "out.webp", "--overwrite", *more, *repeat]) == 0
        assert (b"VP8L" in (folder / "out.webp").read_bytes()[:40]) == lossless


def test_quality_of_a_folder_is_that_of_the_formats_that_have_one(folder, repeat, rgb):
    (folder / "photos").mkdir()
    Image.fromarray(rgb).save("photos/a.png")
    Image.fromarray(rgb).save("photos/b.jpg")
    assert cli.main(["photos", "-o", "big", "--quality", "50", *repeat]) == 0
    np.testing.assert_array_equal(pixels("big/a_x2.png"), twice(rgb))
    Image.fromarray(rgb).save("50.jpg", quality=50)
    with Image.open("big/b_x2.jpg") as image, Image.open("50.jpg") as wanted:
        assert image.quantization == wanted.quantization


@pytest.mark.parametrize("dtype", ["int8", "int16"])
@pytest.mark.parametrize("shape", [(6, 9), (6, 9, 3)])
@pytest.mark.parametrize("size", [[], ["--size", "14x11"]])
def test_signed_integers_keep_their_type(folder, noisy_table, capsys, dtype, shape, size):
    info = np.iinfo(dtype)
    image = np.random.default_rng(1).integers(info.min, info.max, shape, dtype, endpoint=True)
    tifffile.imwrite("in.tif", image, photometric="rgb" if len(shape) == 3 else "minisblack")
    assert cli.main(["in.tif", "-o", "out.tif", "-m", noisy_table, *size]) == 0
    assert "signed" in capsys.readouterr().out
    unsigned = (image.astype(int) - info.min).astype(f"u{dtype}")
    options = {"channel_axis": None if len(shape) == 2 else -1}
    if size:
        wanted = lutsr.resize(unsigned, (11, 14), model=noisy_table, **options)
    else:
        wanted = lutsr.load(noisy_table)(unsigned, **options)
    found = tifffile.imread("out.tif")
    assert found.dtype == dtype
    np.testing.assert_array_equal(found, wanted.astype(int) + info.min)
    assert cli.main(["in.tif", "-o", "out.png", "-m", noisy_table]) == 1
    assert f"samples here, not {dtype}; write a .tif" in capsys.readouterr().err


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_floats_of_any_range_on_request(folder, noisy_table, capsys, dtype):
    image = (np.random.default_rng(1).normal(size=(6, 9)) * 100).astype(dtype)
    tifffile.imwrite("in.tif", image)
    argv = ["in.tif", "-o", "out.tif", "-m", noisy_table]
    assert cli.main(argv) == 1
    assert "give --preserve-range to keep their range" in capsys.readouterr().err
    assert cli.main([*argv, "--preserve-range"]) == 0
    found = tifffile.imread("out.tif")
    assert found.dtype == dtype
    wanted = lutsr.load(noisy_table)(image, preserve_range=True)
    np.testing.assert_array_equal(found, wanted)


def test_float64_stays_float64(folder, noisy_table):
    image = np.random.default_rng(1).random((6, 9))
    tifffile.imwrite("in.tif", image)
    assert cli.main(["in.tif", "-o", "out.tif", "-m", noisy_table]) == 0
    np.testing.assert_array_equal(tifffile.imread("out.tif"), lutsr.load(noisy_table)(image))


@pytest.mark.parametrize("bits", [10, 12, 14])
def test_tiff_of_other_depths_becomes_16_bits(folder, repeat, capsys, bits):
    image = np.random.default_rng(1).integers(0, 2 ** (bits - 1), (6, 9, 3)).astype(np.uint16)
    tifffile.imwrite("in.tif", image, bitspersample=bits, photometric="rgb", metadata=None)
    assert cli.main(["in.tif", "-o", "out.tif", *repeat]) == 0
    assert capsys.readouterr().err == f"lutsr: in.tif: note: {bits} bits per pixel became 16\n"
    scaled = np.rint(image * (65535 / (2**bits - 1))).astype(np.uint16)
    np.testing.assert_array_equal(
        tifffile.imread("out.tif"), lutsr.load(repeat[1])(scaled, channel_axis=-1)
    )


@pytest.mark.parametrize("cut", [1, 12])
def test_salvage(folder, repeat, rgb, capsys, cut):
    data = (folder / "in.png").read_bytes()
    (folder / "cut.png").write_bytes(data[:-cut])
    argv = ["cut.png", "-o", "out.png", *repeat]
    assert cli.main(argv) == 1
    assert "is damaged (it ends too early)" in capsys.readouterr().err
    assert cli.main([*argv, "--salvage"]) == 0
    assert capsys.readouterr().err == (
        "lutsr: cut.png: note: is damaged and was salvaged: its end is missing; all its pixels are"
        " there\n"
    )
    np.testing.assert_array_equal(pixels("out.png"), twice(rgb))
    assert cli.main(["in.png", "-o", "out.png", "--overwrite", "--salvage", *repeat]) == 0
    assert capsys.readouterr().err == ""
