"""Failures with files: a clear message for each, no file lost, none half-written."""

import os
import struct
import subprocess
import sys
import zlib

import numpy as np
import pytest
import tifffile
from PIL import Image

from lutsr import cli

from .helpers import pixels

READ = "PNG, JPEG, WebP, TIFF, AVIF, JPEG XL, GIF, BMP or HEIC"
ENDINGS = [".png", ".jpg", ".webp", ".tif"]


def fails(argv, capsys):
    """Run a command that must fail and change no file; return its one line."""
    before = {name: os.stat(name).st_mtime_ns for name in os.listdir()}
    assert cli.main(argv) == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert err.count("\n") == 1
    assert {name: os.stat(name).st_mtime_ns for name in os.listdir()} == before
    return err.removesuffix("\n")


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
@pytest.mark.parametrize("ending", ENDINGS)
def test_truncated_file(folder, repeat, capsys, ending, share):
    noise = np.random.default_rng(1).integers(0, 128, (40, 40, 3), np.uint8)
    Image.fromarray(noise).save(f"whole{ending}")
    data = (folder / f"whole{ending}").read_bytes()
    (folder / f"cut{ending}").write_bytes(data[: int(len(data) * share)])
    said = fails([f"cut{ending}", "-o", "out.png", *repeat], capsys)
    assert said.startswith(f"lutsr: cut{ending}: is damaged")


@pytest.mark.parametrize("ending", ENDINGS)
def test_zero_bytes(folder, repeat, capsys, ending):
    (folder / f"none{ending}").touch()
    said = fails([f"none{ending}", "-o", "out.png", *repeat], capsys)
    assert said == f"lutsr: none{ending}: is empty; get an intact copy"


def test_not_an_image(folder, repeat, capsys):
    (folder / "text.png").write_text("Dear diary, this is not a picture at all.")
    said = fails(["text.png", "-o", "out.png", *repeat], capsys)
    assert said == f"lutsr: text.png: is not an image that lutsr reads: {READ}"


def test_format_that_is_not_read(folder, repeat, capsys):
    Image.new("L", (4, 4)).save("a.ppm")
    said = fails(["a.ppm", "-o", "out.png", *repeat], capsys)
    assert said == f"lutsr: a.ppm: is a PPM file, not {READ}; convert it first"


def test_header_that_claims_50_000_pixels_a_side(folder, repeat, capsys):
    header = struct.pack(">IIBBBBB", 50_000, 50_000, 8, 2, 0, 0, 0)
    chunk = b"IHDR" + header
    data = b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + chunk
    (folder / "huge.png").write_bytes(data + struct.pack(">I", zlib.crc32(chunk)))
    said = fails(["huge.png", "-o", "out.png", *repeat], capsys)
    assert "lutsr: huge.png: is too large (50000 x 50000 pixels" in said
    assert "cut it into parts first" in said


def test_missing_file(folder, repeat, capsys):
    said = fails(["none.png", "-o", "out.png", *repeat], capsys)
    assert said == "lutsr: none.png: cannot be opened: No such file or directory"


def test_unreadable_file(folder, repeat, capsys):
    os.symlink("loop.png", "loop.png")  # unreadable for an administrator too
    os.rename("in.png", "other.png")
    before = sorted(os.listdir())
    assert cli.main(["loop.png", "-o", "out.png", *repeat]) == 1
    assert capsys.readouterr().err.startswith("lutsr: loop.png: cannot be opened: ")
    assert sorted(os.listdir()) == before


@pytest.mark.parametrize(
    ("name", "image", "output", "said"),
    [
        ("rgba.png", np.zeros((4, 4, 4), np.uint8), "a.jpg", "a JPEG cannot hold alpha; write a"),
        (
            "deep.tif",
            np.zeros((4, 4), np.uint16),
            "a.jpg",
            "is written with uint8 samples here, not uint16",
        ),
        (
            "deep.tif",
            np.zeros((4, 4), np.uint16),
            "a.webp",
            "is written with uint8 samples here, not uint16",
        ),
        ("float.tif", np.zeros((4, 4), np.float32), "a.png", "not float32; write a .tif"),
        ("pages.tif", np.zeros((2, 4, 4), np.uint8), "a.jpg", "cannot hold 2 pages; write a .tif"),
        ("wide.png", np.zeros((1, 40_000), np.uint8), "a.jpg", "at most 65500 pixels a side"),
        ("wide.png", np.zeros((1, 9_000), np.uint8), "a.webp", "at most 16383 pixels a side"),
    ],
)
def test_what_the_output_could_not_hold(folder, repeat, capsys, name, image, output, said):
    if name.endswith(".tif"):
        tifffile.imwrite(name, image, photometric="minisblack")
    else:
        Image.fromarray(image).save(name)
    complaint = fails([name, "-o", output, *repeat], capsys)
    assert complaint.startswith(f"lutsr: {output}: ")
    assert said in complaint


def test_floats_outside_the_range(folder, repeat, capsys):
    tifffile.imwrite("float.tif", np.full((4, 4), 7, np.float32))
    said = fails(["float.tif", "-o", "out.tif", *repeat], capsys)
    assert said.startswith("lutsr: float.tif: ")


@pytest.mark.skipif(not os.path.isdir("/proc/self"), reason="needs a folder nobody can write in")
def test_folder_that_takes_no_files(folder, repeat, capsys):
    said = fails(["in.png", "-o", "/proc/out.png", *repeat], capsys)
    assert said.startswith("lutsr: /proc/out.png: cannot be written: ")


# The encoder stops after a part of the file has been written.
INTERRUPTED = """
import io, os, signal, sys
from lutsr import cli
from lutsr.cli.imagefile import _writing
real = _writing.write_file
def half(path, encode):
    def stop(file):
        file.write(b"half"); file.flush()
        {action}
    real(path, stop)
_writing.write_file = half
sys.exit(cli.main(sys.argv[1:]))
"""


@pytest.mark.parametrize("old", [None, b"old"])
@pytest.mark.parametrize(
    ("action", "code", "said"),
    [
        ("signal.raise_signal(signal.SIGINT)", 130, "lutsr: interrupted\n"),
        ("raise OSError(28, 'No space left on device')", 1,
         "lutsr: out.png: cannot be written: No space left on device\n"),
    ],
)  # fmt: skip
def test_stopped_half_way(folder, repeat, action, code, said, old):
    if old is not None:
        (folder / "out.png").write_bytes(old)
    before = sorted(os.listdir())
    script = INTERRUPTED.format(action=action)
    argv = [sys.executable, "-c", script, "in.png", "-o", "out.png", "--overwrite", *repeat]
    done = subprocess.run(argv, capture_output=True, text=True, timeout=300, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (code, "", said)
    assert sorted(os.listdir()) == before
    if old is not None:
        assert (folder / "out.png").read_bytes() == old


def test_rests_of_a_killed_run_are_no_input(folder, repeat, rgb, capsys):
    os.mkdir("photos")
    os.rename("in.png", "photos/a.png")
    (folder / "photos/.lutsr-0011223344556677.part").write_bytes(b"half")
    assert cli.main(["photos", "-o", "photos", *repeat]) == 0
    assert sorted(os.listdir("photos"))[1:] == ["a.png", "a_x2.png"]
    assert pixels("photos/a_x2.png").shape == (12, 18, 3)


@pytest.mark.skipif(os.name == "nt", reason="signals of POSIX")
def test_tests_do_not_depend_on_what_their_caller_does_with_ctrl_c():
    case = f"{__file__}::test_stopped_half_way"
    options = "-q -p no:cacheprovider -k 'signal and None'"
    command = f"trap '' INT; exec {sys.executable} -m pytest {options} '{case}'"
    done = subprocess.run(["sh", "-c", command], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
    assert "1 passed" in done.stdout
