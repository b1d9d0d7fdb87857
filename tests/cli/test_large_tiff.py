"""Large TIFFs (small ones with a lowered limit) in bands give the same result."""

import errno
import os

import numpy as np
import pytest
import tifffile

import lutsr
from lutsr import cli
from lutsr._modelfile import Model, write_model
from lutsr.cli import _large
from lutsr.cli.imagefile import LargePicture, _picture
from lutsr.cli.imagefile._tiff import _bands, _pages, _tiles

from ..programs import run_program
from .helpers import twice


@pytest.fixture
def noisy(noisy_table):
    return ["-m", noisy_table]


@pytest.fixture
def low_limit(monkeypatch):
    """Upscale every TIFF in bands, and in several blocks each; return the bands that are read."""
    monkeypatch.setattr(_bands, "STREAMED_BYTES", 0)
    monkeypatch.setattr(_tiles, "BLOCK_BYTES", 1)
    read = []
    rows = LargePicture.rows
    monkeypatch.setattr(
        LargePicture, "rows", lambda self, *band: read.append(band) or rows(self, *band)
    )
    return read


def make(path, shape, dtype="uint8", **options):
    """Write random pixels, a quarter of them transparent if there is alpha."""
    rng = np.random.default_rng(8)
    pixels = rng.random(shape, np.float32)
    if dtype != "float32":
        pixels = (pixels * np.iinfo(dtype).max).astype(dtype)
    channels = shape[2] if len(shape) == 3 else 1
    if channels in (2, 4):
        pixels[..., -1][rng.random(shape[:2]) < 0.9] = 0
        pixels[:20, :90, -1] = 0
        options["extrasamples"] = ["unassalpha"]
    kind = "rgb" if channels > 2 else "minisblack"
    tifffile.imwrite(path, pixels, photometric=kind, metadata=None, **options)
    return pixels


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_floats_of_any_range(folder, noisy, low_limit, dtype):
    image = (np.random.default_rng(3).random((150, 290)) * 3000 - 200).astype(dtype)
    tifffile.imwrite("in.tif", image, metadata=None, compression="zlib", rowsperstrip=11)
    assert cli.main(["in.tif", "-o", "out.tif", "--preserve-range", *noisy]) == 0
    assert low_limit == [(0, 150), (0, 130), (126, 150)]  # the first for the range
    wanted = lutsr.load(noisy[1])(image, preserve_range=True)
    np.testing.assert_array_equal(tifffile.imread("out.tif"), wanted)
    command = ["in.tif", "-o", "size.tif", "--preserve-range", "--size", "333x180", *noisy]
    assert cli.main(command) == 0
    assert low_limit[3:] == [(0, 150), (0, 150)]
    wanted = lutsr.resize(image, (180, 333), model=noisy[1], preserve_range=True)
    np.testing.assert_array_equal(tifffile.imread("size.tif"), wanted)


def test_floats_of_any_range_that_cannot_be_scaled(folder, noisy, low_limit, capsys):
    tifffile.imwrite("nan.tif", np.full((9, 9), np.nan, "float32"), metadata=None)
    alpha = np.full((9, 9, 4), 7, "float32")
    options = {"photometric": "rgb", "extrasamples": ["unassalpha"], "metadata": None}
    tifffile.imwrite("alpha.tif", alpha, **options)
    for name, said in (("nan", "has NaN or infinite"), ("alpha", "has alpha, and floats beyond")):
        assert cli.main([f"{name}.tif", "-o", "out.tif", "--preserve-range", *noisy]) == 1
        assert capsys.readouterr().err.startswith(f"lutsr: {name}.tif: {said}")
    assert not os.path.exists("out.tif")


@pytest.mark.parametrize("channels", [1, 2, 3, 4])
@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float32"])
def test_same_as_the_normal_path(folder, noisy, capsys, request, channels, dtype):
    shape = (150, 290) if channels == 1 else (150, 290, channels)
    options = {"compression": "zlib", "rowsperstrip": 11} if channels % 2 else {"tile": (32, 64)}
    make("in.tif", shape, dtype, planarconfig="contig" if channels > 1 else None, **options)
    assert cli.main(["in.tif", "-o", "normal.tif", *noisy]) == 0
    wanted = capsys.readouterr()
    bands = request.getfixturevalue("low_limit")
    assert cli.main(["in.tif", "-o", "bands.tif", *noisy, "-j", "2"]) == 0
    got = capsys.readouterr()
    assert len(bands) == 2
    np.testing.assert_array_equal(
        tifffile.imread("bands.tif"), tifffile.imread("normal.tif"), strict=True
    )
    said = got.out.replace("bands.tif", "normal.tif")
    assert said.rpartition(",")[0] == wanted.out.rpartition(",")[0]
    assert got.err == wanted.err


@pytest.fixture(scope="module")
def far(tmp_path_factory):
    """Return the path of a model whose output depends on pixels nine rows and columns away."""
    levels = np.random.default_rng(1).integers(-20, 20, (2, 256, 4), np.int8)
    taps = [[[-9, 4, 0]], [[9, -9, 0]]]
    look_up = {"table": "levels", "in": "image", "taps": taps, "border": "reflect"}
    layer = {
        "out": "cells", "look_ups": [look_up], "place": {"cells": 2}, "add": [{"in": "image"}],
        "clamp": [0, 255],
    }  # fmt: skip
    stage = {"out": "result", "rotations": 1, "layers": [layer], "clamp": [0, 255]}
    path = tmp_path_factory.mktemp("model") / "far_x2.npy"
    write_model(path, Model("far", 2, "chain", {"stages": [stage]}, {"levels": levels}))
    return str(path)


@pytest.mark.parametrize("channels", [3, 4])
def test_no_seams_with_a_model_of_a_large_halo(folder, far, request, channels):
    assert lutsr.load(far).halo == 9
    make("in.tif", (300, 290, channels), planarconfig="contig")
    assert cli.main(["in.tif", "-o", "normal.tif", "-m", far]) == 0
    bands = request.getfixturevalue("low_limit")
    assert cli.main(["in.tif", "-o", "bands.tif", "-m", far]) == 0
    assert len(bands) == 3
    np.testing.assert_array_equal(
        tifffile.imread("bands.tif"), tifffile.imread("normal.tif"), strict=True
    )


@pytest.mark.parametrize("shape", [(1, 700), (700, 1), (86, 87), (171, 172)])
def test_scale_that_does_not_divide_a_tile(folder, request, shape):
    make("in.tif", shape)
    assert cli.main(["in.tif", "-o", "normal.tif", "-s", "3"]) == 0
    bands = request.getfixturevalue("low_limit")
    assert cli.main(["in.tif", "-o", "bands.tif", "-s", "3"]) == 0
    assert bands
    np.testing.assert_array_equal(tifffile.imread("bands.tif"), tifffile.imread("normal.tif"))


def test_limit_on_pixels_is_for_what_is_held_whole(
    folder, repeat, rgb, low_limit, monkeypatch, capsys
):
    monkeypatch.setattr(_picture, "MAX_PIXELS", 50)
    tifffile.imwrite("in.tif", rgb)
    assert cli.main(["in.tif", "-o", "out.tif", *repeat]) == 0
    np.testing.assert_array_equal(tifffile.imread("out.tif"), twice(rgb))
    assert cli.main(["in.tif", "-o", "out.png", *repeat]) == 1
    assert capsys.readouterr().err.startswith("lutsr: in.tif: is too large (9 x 6 pixels; the lim")


@pytest.mark.parametrize(
    ("what", "channels", "dtype", "size"),
    [("grey", 1, "uint8", "301x290"), ("grey", 1, "int16", "41x33"), ("RGB", 3, "uint8", "500%"),
     ("RGB", 3, "float32", "31x260"), ("RGB", 3, "uint8", "70x60"),
     ("alpha", 4, "uint16", "90x77"), ("alpha", 2, "uint8", "30x"),
     ("opaque", 4, "uint8", "150%")],
)  # fmt: skip
def test_same_size_as_the_normal_path(
    folder, stack_table, request, monkeypatch, what, channels, dtype, size
):
    shape = (60, 70) if channels == 1 else (60, 70, channels)
    pixels = make("in.tif", shape, dtype, planarconfig="contig" if channels > 1 else None)
    if what == "opaque":
        pixels[..., -1] = 255
        tifffile.imwrite("in.tif", pixels, photometric="rgb", extrasamples=["unassalpha"])
    options = ["--size", size, "-m", stack_table, "-j", "2"]
    assert cli.main(["in.tif", "-o", "normal.tif", *options]) == 0
    bands = request.getfixturevalue("low_limit")
    monkeypatch.setattr(_large, "READ_BYTES", 9 * pixels[0].nbytes)
    assert cli.main(["in.tif", "-o", "bands.tif", *options]) == 0
    assert len(bands) > 6
    assert all(stop - start < 40 for start, stop in bands)
    normal, bands = tifffile.imread("normal.tif"), tifffile.imread("bands.tif")
    np.testing.assert_array_equal(bands, normal, strict=True)


#: Prints by how many MiB the command increases the peak of resident memory.
PROGRAM = """
import resource
from lutsr import cli
from lutsr.cli.imagefile._tiff import _bands

def peak(*argv):
    assert cli.main([*argv, "-m", "eclut-fast", "-j", "1"]) == 0
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10

_bands.STREAMED_BYTES = 0
before = peak("small.tif", "-o", "small_out.tif", "--size", "1000x")
larger = peak("in.tif", "-o", "larger.tif", "--size", "11000x")
smaller = peak("in.tif", "-o", "smaller.tif", "--size", "500x")
print(larger - before, smaller - before)
"""


def test_a_size_takes_little_memory(folder):
    # 81 MB, and 121 MB of result. Half of the rows would be more than is allowed.
    row = np.tile(np.arange(0, 250, dtype=np.uint8), 36)
    tifffile.imwrite("in.tif", np.broadcast_to(row, (9000, 9000)), photometric="minisblack")
    tifffile.imwrite("small.tif", np.broadcast_to(row[:700], (300, 700)), photometric="minisblack")
    run = run_program(folder, PROGRAM, prelude="")
    assert run.returncode == 0, run.stderr
    growth = [int(word) for word in run.stdout.splitlines()[-1].split()]
    assert max(growth) < 64
    assert tifffile.imread("smaller.tif").shape == (500, 500)


@pytest.mark.parametrize("more", [["out.png", "-s", "2"], ["out.png", "--size", "20x14"]])
def test_other_jobs_are_done_whole(folder, rgb, low_limit, more):
    tifffile.imwrite("in.tif", rgb)
    assert cli.main(["in.tif", "-o", *more]) == 0
    assert low_limit == []


def test_pipes_are_done_whole(folder, repeat, rgb, low_limit, capfdbinary):
    tifffile.imwrite("in.tif", rgb)
    assert cli.main(["in.tif", "-o", "-", *repeat]) == 0
    assert low_limit == []
    assert capfdbinary.readouterr().out[:2] == b"II"


def test_strip_and_notes(folder, repeat, rgb, low_limit, capsys):
    tifffile.imwrite(
        "in.tif", rgb, description="a view", extratags=[(65000, 3, 1, 7, True)], metadata=None
    )
    assert cli.main(["in.tif", "-o", "out.tif", *repeat]) == 0
    assert capsys.readouterr().err == "lutsr: in.tif: note: its tags 65000 were left out\n"
    with tifffile.TiffFile("out.tif") as tif:
        assert tif.pages[0].description == "a view"
    assert cli.main(["in.tif", "-o", "bare.tif", "--strip", *repeat]) == 0
    with tifffile.TiffFile("bare.tif") as tif:
        assert tif.pages[0].description == ""


def test_bad_input_is_named_and_leaves_nothing(folder, repeat, low_limit, capsys):
    pixels = np.ones((300, 4), np.float32)
    pixels[-1] = 2
    tifffile.imwrite("in.tif", pixels)
    (folder / "out.tif").write_text("an old one")
    assert cli.main(["in.tif", "-o", "out.tif", "--overwrite", *repeat]) == 1
    said = capsys.readouterr()
    assert said.err == (
        "lutsr: in.tif: has values within [1, 2], wanted [0, 1]; give --preserve-range to keep"
        " their range, or scale them first\n"
    )
    assert said.out == ""
    assert len(low_limit) == 3
    assert (folder / "out.tif").read_text() == "an old one"
    assert sorted(os.listdir()) == ["in.png", "in.tif", "out.tif"]


def test_full_disk_names_the_output_and_leaves_nothing(
    folder, repeat, rgb, low_limit, monkeypatch, capsys
):
    def full(*args):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(_tiles, "encode", full)
    tifffile.imwrite("in.tif", rgb)
    assert cli.main(["in.tif", "-o", "out.tif", *repeat]) == 1
    assert capsys.readouterr().err == "lutsr: out.tif: cannot be written: No space left on device\n"
    assert sorted(os.listdir()) == ["in.png", "in.tif"]


def test_progress_goes_on_with_the_bands(folder, repeat, low_limit, monkeypatch):
    make("a.tif", (300, 4))
    make("b.tif", (10, 4))
    seen = []
    monkeypatch.setattr("tqdm.tqdm.update", lambda self, n=1: seen.append(n))
    assert cli.main(["a.tif", "b.tif", "-o", "big", "-v", "-j", "1", *repeat]) == 0
    assert [n for n in seen if n] == [256 * 8, 256 * 8, 88 * 8, 20 * 8]


def test_whole_picture_is_never_decoded(folder, repeat, low_limit, monkeypatch):
    def fail(*args):
        raise AssertionError("was decoded as a whole")

    monkeypatch.setattr(_pages, "_pixels", fail)
    monkeypatch.setattr(tifffile.TiffPage, "asarray", fail)
    make("in.tif", (300, 40), compression="zlib", rowsperstrip=16)
    assert cli.main(["in.tif", "-o", "out.tif", *repeat]) == 0
    assert len(low_limit) == 3
