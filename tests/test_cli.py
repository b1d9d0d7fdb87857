"""The command: arguments, exit codes, what it says, and the pixels it writes."""

import os
import re
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

import lutsr
from lutsr import cli


@pytest.fixture(scope="module")
def table(tmp_path_factory):
    """Return the path of a table without a card that repeats pixels (grey levels 0..127)."""
    lut = np.zeros((256, 256, 9, 2, 2), np.int8)
    lut[:, :, 4] = np.minimum(np.arange(256), 127)[:, None, None, None]
    path = tmp_path_factory.mktemp("table") / "repeat_x2.npy"
    np.save(path, lut)
    return str(path)


@pytest.fixture(scope="module")
def noisy_table(tmp_path_factory):
    """Return the path of a table whose entries depend on everything."""
    entries = np.random.default_rng(5).integers(-20, 60, (256, 256, 9, 2, 2), np.int8)
    path = tmp_path_factory.mktemp("table") / "noise.x2.npy"
    np.save(path, entries)
    return str(path)


@pytest.fixture
def repeat(table):
    """Arguments that choose the table, and what it makes of pixels."""
    return ["-m", table, "--expand-shift", "2"]


@pytest.fixture
def rgb():
    return np.random.default_rng(4).integers(0, 128, (6, 9, 3), np.uint8)


@pytest.fixture
def folder(tmp_path, rgb, monkeypatch):
    """Be in a folder that holds in.png."""
    Image.fromarray(rgb).save(tmp_path / "in.png")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def pixels(path):
    with Image.open(path) as image:
        return np.asarray(image)


def usage_error(capsys, argv):
    with pytest.raises(SystemExit) as caught:
        cli.main(argv)
    assert caught.value.code == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("usage: lutsr ")
    return err.splitlines()[-1]


def run(*argv, **kwargs):
    command = [sys.executable, "-W", "error", "-m", "lutsr", *argv]
    return subprocess.run(command, capture_output=True, text=True, timeout=300, **kwargs)


# What it does


def test_enlarges_rgb_and_reports(folder, repeat, rgb, capsys):
    assert cli.main(["in.png", "-o", "out.png", "-s", "2", *repeat]) == 0
    out, err = capsys.readouterr()
    assert re.fullmatch(r"wrote out\.png: 18x12 RGB, x2, \d+\.\d\d s\n", out)
    assert err == ""
    np.testing.assert_array_equal(pixels("out.png"), rgb.repeat(2, 0).repeat(2, 1))
    assert sorted(os.listdir()) == ["in.png", "out.png"]


@pytest.mark.parametrize("workers", [[], ["-j", "1"], ["--workers", "3"]])
@pytest.mark.parametrize("grey", [False, True])
def test_pixels_are_those_of_the_library(tmp_path, noisy_table, grey, workers, capsys):
    image = np.random.default_rng(6).integers(0, 256, (40, 31, 3), np.uint8)
    image = image[..., 0] if grey else image
    source, target = str(tmp_path / "in.png"), str(tmp_path / "out.png")
    Image.fromarray(image).save(source)
    argv = [source, "--output", target, "--model", noisy_table, "--expand-shift", "1", *workers]
    assert cli.main(argv) == 0
    assert f"62x80 {'grey' if grey else 'RGB'}, x2, " in capsys.readouterr().out
    up = lutsr.load(noisy_table, expand_shift=1)
    np.testing.assert_array_equal(pixels(target), up(image, channel_axis=None if grey else -1))


def test_jpeg_in_and_out(folder, repeat, capsys):
    Image.new("RGB", (16, 16), (90, 60, 30)).save("in.jpg", quality=95)
    assert cli.main(["in.jpg", "-o", "out.JPEG", *repeat]) == 0
    with Image.open("out.JPEG") as image:
        assert (image.format, image.mode, image.size) == ("JPEG", "RGB", (32, 32))
        assert np.abs(np.asarray(image).astype(int) - (90, 60, 30)).max() <= 3


def test_quiet_says_nothing(folder, repeat, capsys):
    assert cli.main(["in.png", "-o", "out.png", "-q", *repeat]) == 0
    assert capsys.readouterr() == ("", "")
    assert pixels("out.png").shape == (12, 18, 3)


def test_photograph_turned_by_its_camera_comes_out_upright(folder, repeat, rgb):
    tags = Image.Exif()
    tags[0x0112] = 6
    Image.fromarray(rgb).save("in.png", exif=tags)
    assert cli.main(["in.png", "-o", "out.png", *repeat]) == 0
    upright = np.rot90(rgb, -1)
    np.testing.assert_array_equal(pixels("out.png"), upright.repeat(2, 0).repeat(2, 1))


def test_defaults_are_eclut_and_4(folder, table, monkeypatch):
    asked = []

    def load(model, scale, *, expand_shift):
        asked.append((model, scale, expand_shift))
        return lutsr.Upscaler(lutsr._tables.read_table(table, expand_shift=2))

    monkeypatch.setattr(lutsr, "load", load)
    assert cli.main(["in.png", "-o", "out.png"]) == 0
    assert cli.main(["in.png", "-o", "out.png", "-m", "other"]) == 0
    assert cli.main(["in.png", "-o", "out.png", "-m", "t.npy"]) == 0
    assert asked == [("eclut", 4, None), ("other", 4, None), ("t.npy", None, None)]


def test_existing_output_is_replaced(folder, repeat):
    (folder / "out.png").write_bytes(b"old")
    assert cli.main(["in.png", "-o", "out.png", *repeat]) == 0
    assert pixels("out.png").shape == (12, 18, 3)


def test_notes_go_to_stderr(folder, repeat, capsys):
    Image.new("L", (8, 8)).save("odd.jpg", exif=b"Exif\0\0nonsense")
    assert cli.main(["odd.jpg", "-o", "out.png", *repeat]) == 0
    expected = "lutsr: odd.jpg: note: its EXIF data are damaged and were left out\n"
    assert capsys.readouterr().err == expected


def test_version(capsys):
    with pytest.raises(SystemExit) as caught:
        cli.main(["--version"])
    assert caught.value.code == 0
    assert capsys.readouterr().out == f"lutsr {lutsr.__version__}\n"


def test_help_names_every_option(capsys):
    with pytest.raises(SystemExit) as caught:
        cli.main(["--help"])
    assert caught.value.code == 0
    text = capsys.readouterr().out
    for option in ("INPUT", "-o", "-s", "-m", "-j", "-q", "--version", "--expand-shift"):
        assert option in text


# Wrong arguments: exit code 2, before any work


@pytest.mark.parametrize(
    ("argv", "said"),
    [
        ([], "the following arguments are required: INPUT, -o/--output"),
        (["in.png"], "the following arguments are required: -o/--output"),
        (["in.png", "-o", "out.tif"], "'out.tif' must end in one of .png, .jpg, .jpeg"),
        (["in.png", "-o", "out"], "'out' must end in one of .png, .jpg, .jpeg"),
        (["in.png", "-o", "out.png", "-s", "2.5"], "-s/--scale: invalid int value: '2.5'"),
        (["in.png", "-o", "out.png", "-j", "0"], "-j/--workers: got '0', wanted a whole number"),
        (["in.png", "-o", "out.png", "-j", "two"], "-j/--workers: got 'two', wanted a whole"),
        (["in.png", "-o", "out.png", "--out", "b.png"], "unrecognized arguments: --out b.png"),
        (["in.png", "-o", "in.png"], "'in.png' is the input; choose another name"),
        (["in.png", "-o", "./in.png"], "'./in.png' is the input; choose another name"),
        (["in.png", "-o", "none/out.png"], "there is no folder "),
        (["in.png", "-o", "folder.png"], "'folder.png' exists and is not a regular file"),
        (["in.png", "-o", "out.png", "-m", "nosuch"], "model: 'nosuch' is not shipped"),
        (["in.png", "-o", "out.png", "-m", "none.npy"], "none.npy: no such table file"),
        (["in.png", "-o", "out.png", "-m", "bad.npy"], "bad.npy: not a .npy file"),
    ],
)
def test_wrong_arguments(folder, rgb, capsys, argv, said):
    (folder / "folder.png").mkdir()
    (folder / "bad.npy").write_bytes(b"nonsense")
    before = sorted(os.listdir())
    assert said in usage_error(capsys, argv)
    assert sorted(os.listdir()) == before
    np.testing.assert_array_equal(pixels("in.png"), rgb)


@pytest.mark.parametrize("link", [os.symlink, os.link])
def test_output_that_is_the_input_by_another_name(folder, rgb, capsys, link):
    try:
        link("in.png", "other.png")
    except OSError:
        pytest.skip("no such links here")
    assert "is the input" in usage_error(capsys, ["in.png", "-o", "other.png"])
    np.testing.assert_array_equal(pixels("in.png"), rgb)


def test_scale_that_is_not_the_tables(folder, repeat, capsys):
    said = usage_error(capsys, ["in.png", "-o", "out.png", "-s", "4", *repeat])
    assert "scale: got 4" in said


def test_table_without_card_says_which_option_helps(folder, table, capsys):
    said = usage_error(capsys, ["in.png", "-o", "out.png", "-m", table])
    assert "has no card" in said
    assert "expand_shift" in said


# A failed file: exit code 1


@pytest.mark.parametrize(
    ("mode", "name", "said"),
    [
        ("RGBA", "a.png", "has an alpha channel, which lutsr cannot keep yet; convert it to"),
        ("LA", "a.png", "has an alpha channel, which lutsr cannot keep yet; convert it to"),
        ("P", "a.png", "has a palette, which lutsr cannot keep yet; convert it to"),
        ("1", "a.png", "has 1 bit per pixel, which lutsr cannot keep yet; convert it to"),
        ("I;16", "a.png", "has 16 bits per channel, which lutsr cannot keep yet; convert it to"),
        ("CMYK", "a.jpg", "has CMYK colours, which lutsr cannot keep yet; convert it to"),
        ("RGB", "a.tif", "is a TIFF file, not PNG or JPEG; convert it first"),
        (None, "none.png", "cannot be opened: No such file or directory"),
    ],
)
def test_refused_file(folder, repeat, capsys, mode, name, said):
    if mode is not None:
        Image.new(mode, (8, 8)).save(name)
    before = sorted(os.listdir())
    assert cli.main([name, "-o", "out.png", *repeat]) == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith(f"lutsr: {name}: {said}")
    assert err.count("\n") == 1
    assert sorted(os.listdir()) == before


def half_then(error):
    def save(self, file, **options):
        file.write(b"half")
        file.flush()
        raise error

    return save


def test_disk_full_half_way(folder, repeat, capsys, monkeypatch):
    (folder / "out.png").write_bytes(b"old")
    full = OSError(28, "No space left on device")
    monkeypatch.setattr(Image.Image, "save", half_then(full))
    assert cli.main(["in.png", "-o", "out.png", *repeat]) == 1
    expected = ("", "lutsr: out.png: cannot be written: No space left on device\n")
    assert capsys.readouterr() == expected
    assert sorted(os.listdir()) == ["in.png", "out.png"]
    assert (folder / "out.png").read_bytes() == b"old"


def test_ctrl_c_half_way(folder, repeat, capsys, monkeypatch):
    monkeypatch.setattr(Image.Image, "save", half_then(KeyboardInterrupt()))
    assert cli.main(["in.png", "-o", "out.png", *repeat]) == 130
    assert capsys.readouterr() == ("", "lutsr: interrupted\n")
    assert os.listdir() == ["in.png"]


def test_too_little_memory(folder, repeat, capsys, monkeypatch):
    def fail(*_args, **_options):
        raise MemoryError

    monkeypatch.setattr(lutsr.Upscaler, "__call__", fail)
    assert cli.main(["in.png", "-o", "out.png", *repeat]) == 1
    assert "out.png: there is not enough memory" in capsys.readouterr().err
    assert os.listdir() == ["in.png"]


def test_more_than_a_jpeg_can_hold(folder, repeat, capsys, monkeypatch):
    Image.new("L", (40_000, 1)).save("wide.png")
    assert cli.main(["wide.png", "-o", "out.jpg", *repeat]) == 1
    said = "lutsr: out.jpg: a JPEG holds at most 65500 pixels a side, not 80000x2; write a .png\n"
    assert capsys.readouterr().err == said
    assert cli.main(["wide.png", "-o", "out.png", *repeat]) == 0
    assert pixels("out.png").shape == (2, 80_000)


def test_without_pillow(folder, repeat, capsys, monkeypatch):
    monkeypatch.setitem(sys.modules, "PIL", None)
    assert cli.main(["in.png", "-o", "out.png", *repeat]) == 1
    err = capsys.readouterr().err
    assert err.startswith("lutsr: ")
    assert 'pip install "lutsr[cli]"' in err
    assert os.listdir() == ["in.png"]


# As a process of its own


def test_as_a_process(folder, repeat, rgb):
    name = "Größe 大.png"  # more than ASCII, and a space
    done = run("in.png", "-o", name, *repeat, env=os.environ | {"PYTHONIOENCODING": "ascii"})
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith(r"wrote Gr\xf6\xdfe \u5927.png: 18x12 RGB, x2, ")
    np.testing.assert_array_equal(pixels(name), rgb.repeat(2, 0).repeat(2, 1))


def test_exit_codes_of_the_process(folder, repeat):
    assert run("none.png", "-o", "out.png", *repeat).returncode == 1
    assert run("in.png").returncode == 2


def test_import_needs_neither_pillow_nor_numba():
    code = "import sys, lutsr.cli; sys.exit(bool({'PIL', 'numba', 'torch'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], timeout=60).returncode == 0


def test_interrupted_process_leaves_nothing(folder, repeat):
    # The writer waits half-way until the signal comes, so that no timing is guessed.
    code = (
        "import signal, sys\n"
        "from PIL import Image\n"
        "from lutsr.cli import main\n"
        "def save(self, file, **options):\n"
        "    file.write(b'half'); file.flush()\n"
        "    signal.raise_signal(signal.SIGINT)\n"
        "Image.Image.save = save\n"
        "sys.exit(main(sys.argv[1:]))\n"
    )
    command = [sys.executable, "-c", code, "in.png", "-o", "out.png", *repeat]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300)
    assert (done.returncode, done.stderr) == (130, "lutsr: interrupted\n")
    assert os.listdir() == ["in.png"]
