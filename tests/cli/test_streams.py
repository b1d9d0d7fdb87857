"""Images through stdin and stdout; closed pipes and full disks."""

import io
import os
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

from lutsr import cli

from .helpers import LUTSR, pixels, run, twice


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "TIFF"])
def test_stdin_to_stdout_keeps_the_format(folder, repeat, kind):
    Image.open("in.png").save("in.dat", format=kind)
    data = (folder / "in.dat").read_bytes()
    done = run("-", "-o", "-", *repeat, input=data, text=False)
    assert done.returncode == 0
    assert done.stderr.startswith(b"wrote stdout: 18x12 RGB, x2, ")
    with Image.open(io.BytesIO(done.stdout)) as image:
        assert (image.format, image.size) == (kind, (18, 12))


def test_file_to_stdout_in_another_format(folder, repeat, rgb):
    done = run("in.png", "-o", "-", "-f", "tif", "-q", *repeat, text=False)
    assert (done.returncode, done.stderr) == (0, b"")
    with Image.open(io.BytesIO(done.stdout)) as image:
        assert image.format == "TIFF"
        np.testing.assert_array_equal(np.asarray(image), twice(rgb))


def test_stdin_to_a_file_and_to_a_folder(folder, repeat, rgb):
    data = (folder / "in.png").read_bytes()
    for more, name in (["-o", "out.png"], "out.png"), (["-o", "new/", "-f", "png"],
                                                       "new/stdin_x2.png"):  # fmt: skip
        assert run("-", *more, *repeat, input=data, text=False).returncode == 0
        np.testing.assert_array_equal(pixels(name), twice(rgb))


@pytest.mark.parametrize("data", [b"", b"no image", b"\x89PNG\r\n\x1a\n"])
def test_stdin_that_is_no_image(folder, repeat, data):
    done = run("-", "-o", "-", *repeat, input=data, text=False)
    assert (done.returncode, done.stdout) == (1, b"")
    assert done.stderr.startswith(b"lutsr: stdin: is ")
    assert done.stderr.count(b"\n") == 1


def test_terminals_are_refused(folder, usage_error, monkeypatch):
    monkeypatch.setattr(sys.stdin, "isatty", lambda: True, raising=False)
    assert "stdin is a terminal" in usage_error(["-", "-o", "out.png"])
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True, raising=False)
    assert "stdout is a terminal" in usage_error(["in.png", "-o", "-"])


@pytest.mark.parametrize("unbuffered", [{}, {"PYTHONUNBUFFERED": "1"}])
def test_reader_that_leaves_ends_it_quietly(folder, repeat, unbuffered):
    # More than a pipe holds, so that the reader leaves before writing is finished.
    noise = np.random.default_rng(1).integers(0, 128, (200, 200, 3), np.uint8)
    Image.fromarray(noise).save("noise.png")
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONUNBUFFERED"} | unbuffered
    pipe = subprocess.PIPE
    command = [*LUTSR, "noise.png", "-o", "-", *repeat]
    process = subprocess.Popen(command, stdout=pipe, stderr=pipe, bufsize=0, env=environment)
    assert process.stdout.read(4) == b"\x89PNG"
    process.stdout.close()
    assert process.stderr.read() == b""
    assert process.wait(timeout=300) == 1
    process.stderr.close()


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs /dev/full")
@pytest.mark.parametrize(
    ("argv", "said"),
    [
        (["in.png", "-o", "-"], "lutsr: stdout: cannot be written: No space left on device\n"),
        (["in.png", "-o", "out.png"], "lutsr: cannot go on: No space left on device\n"),
        (["--raw", "1x1x1"], "lutsr: cannot go on: No space left on device\n"),
    ],
)
def test_stdout_on_a_full_disk(folder, repeat, argv, said):
    with open("/dev/full", "wb") as full:
        done = subprocess.run(
            [*LUTSR, *argv, *repeat], input="a", stdout=full, stderr=subprocess.PIPE,
            text=True, timeout=300, check=False,
        )  # fmt: skip
    assert (done.returncode, done.stderr) == (1, said)


def test_models_into_head_is_quiet():
    # The reader has closed the pipe before anything is written.
    read, write = os.pipe()
    os.close(read)
    with os.fdopen(write, "wb") as pipe:
        done = subprocess.run(
            [*LUTSR, "models"], stdout=pipe, stderr=subprocess.PIPE, timeout=300, check=False
        )
    assert (done.returncode, done.stderr) == (1, b"")


def test_too_much_for_the_memory_is_said(capsys, monkeypatch, table):
    def refuse(*_):
        raise MemoryError

    monkeypatch.setattr(sys.stdin, "isatty", lambda: False, raising=False)
    monkeypatch.setattr("lutsr.cli._raw.np.empty", refuse)
    assert cli.main(["--raw", "9x9x3", "-m", table]) == 1
    assert capsys.readouterr().err == "lutsr: there is not enough memory\n"


def shell(line, *argv, data=b""):
    """Run the command in a shell, whose line closes some of its standard streams."""
    script = f'exec "$@" {line}'
    return subprocess.run(
        ["sh", "-c", script, "sh", *LUTSR, *argv], input=data, capture_output=True,
        timeout=300, check=False,
    )  # fmt: skip


@pytest.mark.skipif(os.name == "nt", reason="needs a POSIX shell")
@pytest.mark.parametrize("line", [">&-", "<&-", "2>&-", ">&- <&- 2>&-"])
def test_closed_streams_change_nothing(folder, repeat, rgb, line):
    os.mkdir("photos")
    for name in "ab":
        Image.fromarray(rgb).save(f"photos/{name}.png")
    (folder / "photos/c.jpg").write_bytes(b"no image")
    done = shell(line, "photos", "-o", "big", "-v", *repeat)
    assert done.returncode == 1  # c.jpg; neither an error of a stream nor of Python
    assert b"Traceback" not in done.stderr
    assert (b"photos/c.jpg: is not an image" in done.stderr) == ("2>&-" not in line)
    assert (b"wrote big/b_x2.png" in done.stdout) == (line in ("<&-", "2>&-"))
    for name in "ab":
        np.testing.assert_array_equal(pixels(f"big/{name}_x2.png"), twice(rgb))


@pytest.mark.skipif(os.name == "nt", reason="needs a POSIX shell")
@pytest.mark.parametrize(
    ("line", "argv", "said"),
    [
        ("<&-", ["-", "-o", "out.png"], b"argument INPUT: stdin is closed"),
        (">&-", ["in.png", "-o", "-"], b"argument -o/--output: stdout is closed"),
        ("<&-", ["--raw", "1x1x1"], b"argument --raw: stdin is closed"),
        (">&-", ["--raw", "1x1x1"], b"argument --raw: stdout is closed"),
    ],
)
def test_closed_stream_that_is_needed(folder, repeat, line, argv, said):
    done = shell(line, *argv, *repeat)
    assert done.returncode == 2
    assert said in done.stderr
    assert os.listdir() == ["in.png"]


@pytest.mark.skipif(os.name == "nt", reason="needs a POSIX shell")
@pytest.mark.parametrize("argv", [["models"], ["info", "eclut"], ["--help"], ["--version"]])
def test_sub_commands_without_stdout(argv):
    assert shell(">&-", *argv).returncode == 0


@pytest.mark.parametrize("closed", [False, True])
def test_missing_streams_as_in_a_windowed_program(folder, repeat, rgb, monkeypatch, closed):
    for name in ("stdin", "stdout", "stderr"):
        stream = io.StringIO() if closed else None
        if stream is not None:
            stream.close()
        monkeypatch.setattr(sys, name, stream)
    assert cli.main(["in.png", "none.png", "-o", "big/", "-v", *repeat]) == 1
    np.testing.assert_array_equal(pixels("big/in_x2.png"), twice(rgb))
    assert cli.main(["compare", "in.png", "-o", "drawn.png", *repeat]) == 0


def test_replaced_streams(folder, repeat, rgb, monkeypatch):
    class Replaced(io.TextIOWrapper):
        def fileno(self):
            raise io.UnsupportedOperation("fileno")

    data = (folder / "in.png").read_bytes()
    result = io.BytesIO()
    monkeypatch.setattr(sys, "stdin", Replaced(io.BytesIO(data)))
    monkeypatch.setattr(sys, "stdout", Replaced(result))
    assert cli.main(["-", "-o", "-", "-q", *repeat]) == 0
    with Image.open(io.BytesIO(result.getvalue())) as image:
        np.testing.assert_array_equal(np.asarray(image), twice(rgb))


def test_stream_of_text(folder, repeat, usage_error, monkeypatch):
    monkeypatch.setattr(sys, "stdin", io.StringIO("in.png"))
    assert "argument INPUT: stdin is a stream of text" in usage_error(["-", "-o", "a.png", *repeat])
