"""One file: arguments, exit codes, messages, and the pixels that are written."""

import os
import re
import subprocess
import sys

import numpy as np
import pytest
import tifffile
from PIL import Image

import lutsr
from lutsr import cli

from .helpers import pixels, run, twice
from .imagefile.helpers import chunk, png


def test_upscales_rgb_and_reports(folder, repeat, rgb, capsys):
    assert cli.main(["in.png", "-o", "out.png", "-s", "2", *repeat]) == 0
    out, err = capsys.readouterr()
    assert re.fullmatch(r"wrote out\.png: 18x12 RGB, x2, \d+\.\d\d s\n", out)
    assert err == ""
    np.testing.assert_array_equal(pixels("out.png"), twice(rgb))
    assert sorted(os.listdir()) == ["in.png", "out.png"]


@pytest.mark.parametrize("workers", [[], ["-j", "1"], ["--workers", "3"]])
@pytest.mark.parametrize("grey", [False, True])
def test_pixels_are_those_of_the_library(tmp_path, noisy_table, grey, workers, capsys):
    image = np.random.default_rng(6).integers(0, 256, (40, 31, 3), np.uint8)
    image = image[..., 0] if grey else image
    source, target = str(tmp_path / "in.png"), str(tmp_path / "out.png")
    Image.fromarray(image).save(source)
    argv = [source, "--output", target, "--model", noisy_table, *workers]
    assert cli.main(argv) == 0
    assert f"62x80 {'grey' if grey else 'RGB'}, x2, " in capsys.readouterr().out
    up = lutsr.load(noisy_table)
    np.testing.assert_array_equal(pixels(target), up(image, channel_axis=None if grey else -1))


@pytest.mark.parametrize("dtype", ["uint16", "float32"])
def test_depth_is_kept(folder, repeat, capsys, dtype):
    levels = np.random.default_rng(7).integers(0, 127 * 257, (6, 9, 3))
    image = (levels if dtype == "uint16" else levels / 65535).astype(dtype)
    tifffile.imwrite("deep.tif", image, photometric="rgb")
    assert cli.main(["deep.tif", "-o", "out.tif", "--model", repeat[1]]) == 0
    assert ("18x12 RGB 16 bit" if dtype == "uint16" else "RGB float") in capsys.readouterr().out
    up = lutsr.load(repeat[1])
    found = tifffile.imread("out.tif")
    assert found.dtype == dtype
    np.testing.assert_array_equal(found, up(image, channel_axis=-1))


def test_alpha_is_the_librarys(folder, capsys):
    image = np.random.default_rng(3).integers(0, 256, (7, 8, 4), np.uint8)
    image[2:5, 2:5, 3] = 0
    Image.fromarray(image).save("alpha.png")
    assert cli.main(["alpha.png", "-o", "out.png", "-s", "2"]) == 0
    assert "16x14 RGB with alpha, x2" in capsys.readouterr().out
    wanted = lutsr.upscale(image, 2, channel_axis=-1, rgb=True, alpha=True)
    np.testing.assert_array_equal(pixels("out.png"), wanted)


def test_all_frames_are_upscaled(folder, repeat, capsys):
    frames = np.random.default_rng(2).integers(0, 128, (3, 6, 9), np.uint8)
    tifffile.imwrite("pages.tif", frames, photometric="minisblack")
    assert cli.main(["pages.tif", "-o", "out.tif", *repeat]) == 0
    assert "18x12 grey, 3 frames, x2" in capsys.readouterr().out
    np.testing.assert_array_equal(tifffile.imread("out.tif"), [twice(frame) for frame in frames])


@pytest.mark.parametrize(
    ("size", "shape"), [("30x25", (25, 30)), ("45x", (30, 45)), ("x4", (4, 6)), ("1x", (1, 1))]
)
def test_size_is_met_and_is_that_of_the_library(folder, rgb, capsys, size, shape):
    assert cli.main(["in.png", "-o", "out.png", "--size", size]) == 0
    assert re.match(rf"wrote out.png: {shape[1]}x{shape[0]} RGB, \d", capsys.readouterr().out)
    wanted = lutsr.resize(rgb, shape, channel_axis=-1, rgb=True)
    np.testing.assert_array_equal(pixels("out.png"), wanted)


def test_jpeg_in_and_out(folder, repeat, capsys):
    Image.new("RGB", (16, 16), (90, 60, 30)).save("in.jpg", quality=95)
    assert cli.main(["in.jpg", "-o", "out.JPEG", *repeat]) == 0
    with Image.open("out.JPEG") as image:
        assert (image.format, image.mode, image.size) == ("JPEG", "RGB", (32, 32))
        assert np.abs(np.asarray(image).astype(int) - (90, 60, 30)).max() <= 3


def test_extension_and_format_decide_what_is_written(folder, repeat):
    for name, more, kind in [("a.webp", [], "WEBP"), ("b.tif", [], "TIFF"),
                             ("c.dat", ["-f", "JPG"], "JPEG")]:  # fmt: skip
        assert cli.main(["in.png", "-o", name, *more, *repeat]) == 0
        with Image.open(name) as image:
            assert image.format == kind


def test_content_decides_what_is_read(folder, repeat, rgb):
    os.rename("in.png", "in.jpg")
    assert cli.main(["in.jpg", "-o", "out.png", *repeat]) == 0
    np.testing.assert_array_equal(pixels("out.png"), twice(rgb))


def test_input_option_reaches_files_named_like_sub_commands(folder, repeat, rgb):
    for name in ("models", "compare"):
        os.link("in.png", name)
        assert cli.main(["-i", name, "-o", f"{name}.png", *repeat]) == 0
        np.testing.assert_array_equal(pixels(f"{name}.png"), twice(rgb))
    assert cli.main(["./models", "-o", "out.png", *repeat]) == 0


@pytest.mark.parametrize(
    "argv",
    [
        ["-o", "out.png", "--", "-odd.png"],
        ["-o", "out.png", "--overwrite", "--", "-odd.png"],
        ["-o", "new/", "-s", "2", "--suffix", "", "--", "-odd.png", "in.png"],
        ["in.png", "-o", "new/", "--", "-odd.png"],
    ],
)
def test_names_after_two_dashes_are_files(folder, repeat, rgb, argv):
    Image.fromarray(rgb[::-1]).save("-odd.png")
    at = argv.index("--")
    assert cli.main([*argv[:at], *repeat, *argv[at:]]) == 0
    found = next(p for p in ("out.png", "new/-odd.png", "new/-odd_x2.png") if os.path.exists(p))
    np.testing.assert_array_equal(pixels(found), twice(rgb[::-1]))


@pytest.mark.parametrize("name", ["models", "--help", "-s"])
def test_two_dashes_end_options_and_sub_commands(folder, repeat, rgb, name):
    os.rename("in.png", name)
    assert cli.main(["-o", "out.png", *repeat, "--", name]) == 0
    assert pixels("out.png").shape == (12, 18, 3)


def test_quiet_says_nothing(folder, repeat, capsys):
    assert cli.main(["in.png", "-o", "out.png", "-q", *repeat]) == 0
    assert capsys.readouterr() == ("", "")
    assert pixels("out.png").shape == (12, 18, 3)


def test_photograph_turned_by_its_camera_comes_out_upright(folder, repeat, rgb):
    tags = Image.Exif()
    tags[0x0112] = 6
    Image.fromarray(rgb).save("in.png", exif=tags)
    assert cli.main(["in.png", "-o", "out.png", *repeat]) == 0
    np.testing.assert_array_equal(pixels("out.png"), twice(np.rot90(rgb, -1)))


def test_strip_keeps_the_profile_only(folder, repeat, rgb):
    from PIL import ImageCms

    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    Image.fromarray(rgb).save("in.png", icc_profile=profile, dpi=(300, 300))
    for more, kept in ([], {"icc_profile", "dpi"}), (["--strip"], {"icc_profile"}):
        assert cli.main(["in.png", "-o", "out.png", "--overwrite", *more, *repeat]) == 0
        with Image.open("out.png") as image:
            assert set(image.info) == kept
            assert image.info["icc_profile"] == profile


def test_defaults_are_the_librarys_and_4(folder, table, monkeypatch):
    asked, repeats = [], lutsr.load(table)

    def load(model, scale):
        asked.append((model, scale))
        return repeats

    monkeypatch.setattr(lutsr, "load", load)
    for more in [], ["-m", "other"], ["-m", "t.npy"]:
        assert cli.main(["in.png", "-o", "out.png", "--overwrite", *more]) == 0
    assert asked == [("ecnn", 4), ("other", 4), ("t.npy", None)]


def test_existing_output_is_skipped_with_a_word_unless_told(folder, repeat, capsys):
    (folder / "out.png").write_bytes(b"old")
    assert cli.main(["in.png", "-o", "out.png", *repeat]) == 0
    said = "skipped out.png: it exists; --overwrite replaces it\n"
    assert capsys.readouterr() == (said, "")
    assert (folder / "out.png").read_bytes() == b"old"
    assert cli.main(["in.png", "-o", "out.png", "--overwrite", *repeat]) == 0
    assert pixels("out.png").shape == (12, 18, 3)


def test_input_is_replaced_when_told(folder, repeat, rgb):
    assert cli.main(["in.png", "-o", "in.png", "--overwrite", *repeat]) == 0
    np.testing.assert_array_equal(pixels("in.png"), twice(rgb))
    assert os.listdir() == ["in.png"]


def test_notes_go_to_stderr_and_quiet_leaves_them_out(folder, repeat, capsys):
    Image.new("L", (8, 8)).save("odd.jpg", exif=b"Exif\0\0nonsense")
    assert cli.main(["odd.jpg", "-o", "out.png", *repeat]) == 0
    expected = "lutsr: odd.jpg: note: its EXIF data are damaged and were left out\n"
    assert capsys.readouterr().err == expected
    assert cli.main(["odd.jpg", "-o", "out.png", "--overwrite", "-q", *repeat]) == 0
    assert capsys.readouterr().err == ""


@pytest.mark.skipif(os.name == "nt", reason="needs POSIX modes")
@pytest.mark.parametrize("mode", [0o600, 0o640, 0o444, 0o755])
def test_overwriting_keeps_the_mode(folder, repeat, rgb, mode):
    (folder / "out.png").write_bytes(b"old")
    os.chmod("out.png", mode)
    os.symlink("out.png", "link.png")
    for name in ("out.png", "link.png"):
        assert cli.main(["in.png", "-o", name, "--overwrite", *repeat]) == 0
        assert os.stat("out.png").st_mode & 0o7777 == mode
        np.testing.assert_array_equal(pixels("out.png"), twice(rgb))
    assert os.readlink("link.png") == "out.png"


@pytest.mark.skipif(os.name == "nt", reason="needs POSIX modes")
def test_a_private_result_is_private_from_its_first_byte(folder, repeat, monkeypatch):
    from lutsr.cli.imagefile import _writing

    (folder / "out.png").touch(0o600)
    encode, modes = _writing._png.encode, []

    def look(*args):
        (part,) = folder.glob(".lutsr-*.part")
        modes.append(part.stat().st_mode & 0o7777)
        return encode(*args)

    monkeypatch.setattr(_writing._png, "encode", look)
    assert cli.main(["in.png", "-o", "out.png", "--overwrite", *repeat]) == 0
    assert modes == [0o600]


@pytest.mark.skipif(os.name == "nt", reason="needs a umask")
def test_new_files_follow_the_umask(folder, repeat):
    old = os.umask(0o027)
    try:
        assert cli.main(["in.png", "-o", "out.png", *repeat]) == 0
    finally:
        os.umask(old)
    assert os.stat("out.png").st_mode & 0o7777 == 0o640


@pytest.mark.parametrize("quiet", [False, True])
@pytest.mark.parametrize(
    ("colour_type", "row", "more", "note"),
    [
        (6, 16, [(b"tRNS", b"\0\0")], "tRNS: invalid with alpha channel"),
        (0, 4, [(b"PLTE", b"\0\0\0")], "PLTE: ignored in grayscale PNG"),
        (3, 4, [(b"PLTE", b"\0\0\0"), (b"tRNS", bytes(9))], "tRNS: invalid"),
    ],
)
def test_warnings_of_libpng_become_notes(
    folder, repeat, capfd, quiet, colour_type, row, more, note
):
    data = png(8, colour_type, bytes(row), *(chunk(*each) for each in more))
    (folder / "odd.png").write_bytes(data)
    assert cli.main(["odd.png", "-o", "out.png", *repeat, *["-q"] * quiet]) == 0
    said = f"lutsr: odd.png: note: PNG warning: {note}\n"
    assert capfd.readouterr().err == ("" if quiet else said)


def test_version(capsys):
    with pytest.raises(SystemExit) as caught:
        cli.main(["--version"])
    assert caught.value.code == 0
    assert capsys.readouterr().out == f"lutsr {lutsr.__version__}\n"


OPTIONS = (
    "-i", "--input", "-o", "--output", "-s", "--scale", "--size", "-m", "--model", "-f",
    "--format", "-j", "--workers", "--suffix", "--overwrite", "--strip", "--raw",
    "--preserve-range", "--quality", "--salvage", "-q", "--quiet", "-v", "--verbose", "--version",
)  # fmt: skip


def test_help_names_every_option(capsys):
    with pytest.raises(SystemExit) as caught:
        cli.main(["--help"])
    assert caught.value.code == 0
    text = capsys.readouterr().out
    for word in ("INPUT", "models", "info", "warmup", "compare", *OPTIONS):
        assert re.search(rf"(?<![\w-]){re.escape(word)}(?![\w-])", text), word


# Wrong arguments: exit code 2, before any work


@pytest.mark.parametrize(
    ("argv", "said"),
    [
        ([], "the following arguments are required: INPUT, -o/--output"),
        (["in.png"], "the following arguments are required: -o/--output"),
        (["-o", "out.png"], "the following arguments are required: INPUT"),
        (["in.png", "-o", "out.gif"], "'out.gif' must end in one of .png, .jpg, .jpeg, .jpe, "),
        (["in.png", "-o", "out"], "'out' must end in one of .png, .jpg, .jpeg"),
        (["in.png", "-o", "out.png", "-s", "2.5"], "number; for any other factor give --size, as "),
        (["in.png", "-o", "out.png", "-s", "2.5"], "as in --size 250%"),
        (["in.png", "-o", "out.png", "-s", "0"], "-s/--scale: got '0', wanted a whole number"),
        (["in.png", "-o", "out.png", "-s", "200%"], "number; for any other factor give --size, "),
        (["in.png", "-o", "out.png", "-s", "250.5%"], "as in --size 250.5%"),
        (["in.png", "-o", "out.png", "-s", "0.0"], "-s/--scale: got '0.0', wanted a whole number"),
        (["in.png", "-o", "out.png", "--size", "0%"], "--size: got '0%', wanted 800x600, 800x"),
        (["in.png", "-o", "out.png", "-s", "5"], "any other factor give --size, as in --size 500%"),
        (["in.png", "-o", "out.png", "-j", "0"], "-j/--workers: got '0', wanted a whole number"),
        (["in.png", "-o", "out.png", "-j", "two"], "-j/--workers: got 'two', wanted a whole"),
        (["in.png", "-o", "out.png", "--out", "b.png"], "unrecognized arguments: --out"),
        (["-x.png", "-o", "out.png"], "a file whose name begins with - is named behind --"),
        (["in.png", "-o", "out.png", "--size", "x"], "--size: got 'x', wanted 800x600, 800x"),
        (["in.png", "-o", "out.png", "--size", "0x9"], "--size: got '0x9', wanted 800x600, 800x"),
        (["in.png", "-o", "out.png", "--size", "9x9", "-s", "2"], "not together with -s/--scale"),
        (["in.png", "-o", "out.png", "-f", "gif"], "-f/--format: got 'gif', wanted one of png, "),
        (["in.png", "-o", "out.png", "-f", "jpg"], "does not suit the output 'out.png'"),
        (["in.png", "-o", "out.png", "--quality", "90"], "--quality: PNG and TIFF are always los"),
        (["in.png", "-o", "out.jpg", "--quality", "0"], "--quality: got '0', wanted 1 to 100, or"),
        (["in.png", "-o", "out.jpg", "--quality", "lossless"], "a JPEG is never lossless here"),
        (["in.png", "-o", "out.png", "-q", "-v"], "not allowed with argument -q/--quiet"),
        (["in.png", "-o", "new/", "--suffix", "a/b"], "--suffix: got 'a/b', wanted part of a"),
        (["in.png", "-o", "in.png"], "'in.png' is the input; choose another name"),
        (["in.png", "-o", "./in.png"], "'./in.png' is the input; choose another name"),
        (["in.png", "-o", "none/out.png"], "there is no folder "),
        (["in.png", "-o", "in.png/out.png"], "there is no folder "),
        (["in.png", "folder.png", "-o", "out.png"], "there is no image (.png, .jpg"),
        (["in.png", "-o", "out.png", "-m", "nosuch"], "model: 'nosuch' is not shipped"),
        (["in.png", "-o", "out.png", "-m", "none.npy"], "none.npy: no such table file"),
        (["in.png", "-o", "out.png", "-m", "bad.npy"], "bad.npy: not a .npy file"),
        (["in.png", "-o", "out.png", "-m", "bad.npy", "--size", "9x9"], "not a .npy file"),
    ],
)
def test_wrong_arguments(folder, rgb, usage_error, argv, said):
    (folder / "folder.png").mkdir()
    (folder / "bad.npy").write_bytes(b"nonsense")
    (folder / "-x.png").write_bytes(b"")
    before = sorted(os.listdir())
    assert said in usage_error(argv)
    assert sorted(os.listdir()) == before
    np.testing.assert_array_equal(pixels("in.png"), rgb)


def test_scale_that_is_not_the_tables(folder, repeat, usage_error):
    assert "scale: got 4" in usage_error(["in.png", "-o", "out.png", "-s", "4", *repeat])


def test_table_without_card_says_how_to_write_one(folder, random_lut, usage_error):
    np.save("bare.npy", random_lut(2))
    said = usage_error(["in.png", "-o", "out.png", "-m", "bare.npy"])
    assert "bare.npy: has no card; write bare.json" in said


@pytest.mark.parametrize("module", ["PIL", "tifffile", "imagecodecs", "tqdm"])
def test_without_the_libraries_for_files(folder, repeat, capsys, monkeypatch, module):
    monkeypatch.setitem(sys.modules, module, None)
    assert cli.main(["in.png", "-o", "out.png", *repeat]) == 1
    err = capsys.readouterr().err
    assert err == f'lutsr: not installed, and needed for this: {module}; pip install "lutsr[cli]"\n'
    assert os.listdir() == ["in.png"]


# In a separate process


def test_as_a_process_with_a_name_of_many_letters(folder, repeat, rgb):
    source, target = "Süß 小.png", "Größe 大.png"  # more than ASCII, and a space
    os.rename("in.png", source)
    done = run(source, "-o", target, *repeat, env=os.environ | {"PYTHONIOENCODING": "ascii"})
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith(r"wrote Gr\xf6\xdfe \u5927.png: 18x12 RGB, x2, ")
    np.testing.assert_array_equal(pixels(target), twice(rgb))


def test_exit_codes_of_the_process(folder, repeat):
    assert run("none.png", "-o", "out.png", *repeat).returncode == 1
    assert run("in.png").returncode == 2


@pytest.mark.parametrize("argument", ["--version", "--help"])
def test_quick_answers_load_nothing_heavy(argument):
    code = (
        "import sys, lutsr.cli\n"
        f"try: lutsr.cli.main([{argument!r}])\n"
        "except SystemExit: pass\n"
        "heavy = {'PIL', 'numba', 'torch', 'tqdm', 'tifffile', 'imagecodecs'}\n"
        "sys.exit(bool(heavy & set(sys.modules)))\n"
    )
    command = [sys.executable, "-c", code]
    assert subprocess.run(command, timeout=60, stdout=subprocess.DEVNULL).returncode == 0


@pytest.mark.parametrize(
    ("percent", "size"), [("200%", (18, 12)), ("150%", (14, 9)), ("50%", (4, 3)), ("1%", (1, 1))]
)
def test_size_in_percent(folder, table, percent, size):
    assert cli.main(["in.png", "-o", "new/", "--size", percent, "-n", table, "-q"]) == 0
    assert pixels(f"new/in_{percent[:-1]}pct.png").shape == (size[1], size[0], 3)
