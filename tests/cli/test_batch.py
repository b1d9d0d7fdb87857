"""Several files: folders, messages, the progress bar, and repeated runs."""

import io
import os
import re
import sys

import numpy as np
import pytest
from PIL import Image

from lutsr import cli
from lutsr.cli import imagefile

from .helpers import pixels, twice


@pytest.fixture
def photos(folder, rgb):
    """Make a folder of three images, one of them damaged, and a text file."""
    os.mkdir("photos")
    Image.fromarray(rgb).save("photos/a.png")
    (folder / "photos/b.png").write_bytes((folder / "in.png").read_bytes()[:60])
    Image.fromarray(rgb[..., 0]).save("photos/c.tif")
    (folder / "photos/read me.txt").write_text("no image")
    return folder


def test_bad_file_is_reported_and_the_rest_goes_on(photos, repeat, rgb, capsys):
    assert cli.main(["photos", "-o", "big", *repeat]) == 1
    out, err = capsys.readouterr()
    lines = out.splitlines()
    assert lines[:2] == ["made the folder big", "passed over photos/read me.txt"]
    assert re.fullmatch(r"2 done, 0 skipped, 1 failed, 1 passed over, \d+\.\d\d s", lines[2])
    assert err.startswith("lutsr: photos/b.png: is damaged")
    assert err.count("\n") == 1
    assert sorted(os.listdir("big")) == ["a_x2.png", "c_x2.tif"]
    np.testing.assert_array_equal(pixels("big/a_x2.png"), twice(rgb))
    np.testing.assert_array_equal(pixels("big/c_x2.tif"), twice(rgb[..., 0]))


def test_second_run_does_what_is_left(photos, repeat, rgb, capsys):
    cli.main(["photos", "-o", "big", *repeat])
    Image.fromarray(rgb).save("photos/b.png")
    before = os.stat("big/a_x2.png").st_mtime_ns
    capsys.readouterr()
    assert cli.main(["photos", "-o", "big", *repeat]) == 0
    assert capsys.readouterr().out.splitlines()[1].startswith("1 done, 2 skipped, 0 failed, ")
    assert os.stat("big/a_x2.png").st_mtime_ns == before
    assert cli.main(["photos", "-o", "big", "--overwrite", *repeat]) == 0
    assert capsys.readouterr().out.splitlines()[1].startswith("3 done, 0 skipped, 0 failed, ")


def test_second_run_in_one_folder_says_what_it_left_out(photos, repeat, capsys):
    os.remove("photos/b.png")
    for said in (
        "2 done, 0 skipped, 0 failed, 1 passed over, ",
        "0 done, 2 skipped, 0 failed, 2 left out (outputs of others), 1 passed over, ",
    ):
        assert cli.main(["photos", "-o", "photos", *repeat]) == 0
        assert capsys.readouterr().out.splitlines()[1].startswith(said)


def test_verbose_has_a_line_for_every_file(photos, repeat, capsys):
    os.mkdir("big")
    (photos / "big/c_x2.tif").touch()
    assert cli.main(["photos", "-o", "big", "-v", *repeat]) == 1
    out, _ = capsys.readouterr()
    assert "passed over photos/read me.txt: its name is not that of an image\n" in out
    assert "skipped big/c_x2.tif: it exists; --overwrite replaces it\n" in out
    assert re.search(r"^wrote big/a_x2\.png: 18x12 RGB, x2, \d+\.\d\d s$", out, re.MULTILINE)


def test_what_is_passed_over_is_counted_and_named(photos, repeat, capsys):
    os.mkdir("photos/deep")
    os.symlink("none.png", "photos/broken.png")
    for name in (".hidden", "clip.mp4", "x.PSD"):
        (photos / "photos" / name).touch()
    os.remove("photos/b.png")
    assert cli.main(["photos", "-o", "photos/big", *repeat]) == 0
    out = capsys.readouterr().out
    assert ", 5 passed over, " in out
    named = "photos/broken.png, photos/clip.mp4, photos/deep, photos/read me.txt"
    assert f"\npassed over {named} and 1 more; -v lists them\n" in out
    assert cli.main(["photos", "-o", "photos/big", "-v", *repeat]) == 0
    out, err = capsys.readouterr()
    assert err == ""  # no bar where nothing is left to do
    lines = out.splitlines()
    assert [line for line in lines if line.startswith("passed over")] == [
        "passed over photos/broken.png: it is no file, or a link to none",
        "passed over photos/clip.mp4: its name is not that of an image",
        "passed over photos/deep: it is a folder",
        "passed over photos/read me.txt: its name is not that of an image",
        "passed over photos/x.PSD: its name is not that of an image",
    ]  # neither the hidden file nor the output folder


def test_one_image_among_others(photos, repeat, capsys):
    os.remove("photos/b.png")
    os.remove("photos/c.tif")
    assert cli.main(["photos", "-o", "big", *repeat]) == 0
    _, *lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "passed over photos/read me.txt"
    assert lines[1].startswith("wrote big/a_x2.png: ")


def test_quiet_says_errors_only(photos, repeat, capsys):
    assert cli.main(["photos", "-o", "big", "-q", *repeat]) == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("lutsr: photos/b.png: is damaged")
    assert err.count("\n") == 1


def test_same_output_for_two_inputs_is_refused_before_any_work(photos, usage_error):
    os.mkdir("more")
    os.link("in.png", "more/a.png")
    said = usage_error(["photos", "more", "-o", "big"])
    assert "'photos/a.png' and 'more/a.png' would both become 'big/a_x4.png'" in said
    assert not os.path.exists("big")


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.mark.parametrize(
    ("terminal", "argument", "shown"),
    [(True, None, True), (True, "-q", False), (False, None, False), (False, "-v", True)],
)
def test_progress_bar(photos, repeat, capsys, monkeypatch, terminal, argument, shown):
    stream = Terminal() if terminal else io.StringIO()
    monkeypatch.setattr(sys, "stderr", stream)
    monkeypatch.setattr("tqdm.std.tqdm.monitor_interval", 0)  # no thread after the end of the test
    argv = ["photos", "-o", "big", *repeat] + ([argument] if argument else [])
    assert cli.main(argv) == 1
    said = stream.getvalue()
    assert ("px/s" in said) == shown
    assert "photos/b.png: is damaged" in said
    if shown:
        # Files, pixels per second and time left; failed files count at the end too.
        assert re.search(r"0/3 files:   0%.*/432.*<.*px/s\]", said)
        assert "3/3 files: 100%" in said


def test_one_file_has_no_bar(folder, repeat, monkeypatch):
    monkeypatch.setattr(sys, "stderr", Terminal())
    assert cli.main(["in.png", "-o", "out.png", *repeat]) == 0
    assert sys.stderr.getvalue() == ""


def test_too_little_memory_for_one_of_them(photos, repeat, capsys, monkeypatch):
    def upscale(self, frame, alpha):
        if frame.ndim == 3:
            raise MemoryError
        return twice(frame)

    monkeypatch.setattr("lutsr.cli._upscale.FrameUpscaler.__call__", upscale)
    assert cli.main(["photos", "-o", "big", *repeat]) == 1
    out, err = capsys.readouterr()
    assert "1 done, 0 skipped, 2 failed" in out
    assert "lutsr: big/a_x2.png: there is not enough memory; cut the image into parts" in err
    assert os.listdir("big") == ["c_x2.tif"]


def test_ctrl_c_keeps_what_is_done_and_says_how_much(photos, repeat, capsys, monkeypatch):
    write = imagefile.write

    def interrupt(target, *args, **options):
        if target.endswith("c_x2.tif"):
            raise KeyboardInterrupt
        write(target, *args, **options)

    monkeypatch.setattr(imagefile, "write", interrupt)
    assert cli.main(["photos", "-o", "big", *repeat]) == 130
    said = capsys.readouterr().err.splitlines()[-1]
    assert said == "lutsr: interrupted: 1 done, 1 left; run it again for the rest"
    assert os.listdir("big") == ["a_x2.png"]
    monkeypatch.undo()


def test_folder_that_cannot_be_made(photos, repeat, capsys, monkeypatch):
    def refuse(path):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "mkdir", refuse)
    assert cli.main(["photos", "-o", "big", *repeat]) == 1
    assert capsys.readouterr() == ("", "lutsr: big: cannot be made: Permission denied\n")
