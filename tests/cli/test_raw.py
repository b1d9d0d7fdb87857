"""Raw frames through pipes, and the ffmpeg recipe of docs/video.md in its exact words."""

import contextlib
import os
import re
import shutil
import signal
import subprocess
import sys

import numpy as np
import pytest

import lutsr

from ..conftest import ROOT
from .helpers import LUTSR, run, twice


@pytest.fixture(scope="module")
def frames():
    return np.random.default_rng(8).integers(0, 128, (5, 4, 6, 3), np.uint8)


def raw(shape, table, data, *more):
    argv = ["--raw", shape, "-m", table, *more]
    return run(*argv, input=data, text=False)


def test_frames_come_out_upscaled_in_order(table, frames):
    done = raw("6x4x3", table, frames.tobytes())
    assert done.returncode == 0
    out = np.frombuffer(done.stdout, np.uint8).reshape(5, 8, 12, 3)
    np.testing.assert_array_equal(out, [twice(frame) for frame in frames])
    said = rb"lutsr: 5 frames 6x4 to 12x8, \d+\.\d frames per second\n"
    assert re.fullmatch(said, done.stderr)


@pytest.mark.parametrize("channels", [1, 4])
def test_any_number_of_channels(table, channels):
    frame = np.random.default_rng(9).integers(0, 128, (3, 5, channels), np.uint8)
    done = raw(f"5x3x{channels}", table, frame.tobytes(), "-q", "-j", "1")
    assert (done.returncode, done.stderr) == (0, b"")
    assert done.stdout == twice(frame).tobytes()


def test_stream_that_ends_inside_a_frame(table, frames):
    done = raw("6x4x3", table, frames.tobytes()[:-1])
    assert done.returncode == 1
    assert done.stdout == b"".join(twice(frame).tobytes() for frame in frames[:4])
    said = b"lutsr: stdin: ended inside frame 5, after 71 of its 72 bytes; is --raw WxHxC right?\n"
    assert done.stderr == said


def test_empty_stream(table):
    done = raw("6x4x3", table, b"")
    assert (done.returncode, done.stdout) == (1, b"")
    assert done.stderr == b"lutsr: stdin: ended before the first frame\n"


def start(table, shape="200x200x3"):
    command = [*LUTSR, "--raw", shape, "-m", table]
    pipe = subprocess.PIPE
    return subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, bufsize=0)


def test_reader_that_leaves_early_ends_it_quietly(table):
    process = start(table)
    frame = bytes(200 * 200 * 3)
    process.stdin.write(frame)
    assert len(process.stdout.read(100)) == 100
    process.stdout.close()
    with contextlib.suppress(BrokenPipeError):  # after the process has ended
        for _ in range(50):
            process.stdin.write(frame)
    process.stdin.close()
    assert process.stderr.read() == b""
    assert process.wait(timeout=300) == 1
    process.stderr.close()


@pytest.mark.skipif(os.name == "nt", reason="no SIGINT for one process there")
def test_ctrl_c_between_frames(table):
    process = start(table, "8x8x1")
    process.stdin.write(bytes(64))
    assert len(process.stdout.read(256)) == 256  # it has started
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=300)
    assert (process.returncode, err) == (130, b"lutsr: interrupted\n")


@pytest.mark.parametrize(
    ("argv", "said"),
    [
        (["--raw", "6x4"], "got '6x4', wanted width, height and channels as in 1920x1080x3"),
        (["--raw", "0x4x3"], "got '0x4x3', wanted width"),
        (["in.png", "--raw", "6x4x3"], "stdin to stdout; leave out INPUT"),
        (["--raw", "6x4x3", "-o", "out", "--size", "8x"], "leave out -o/--output, --size"),
        (["--raw", "6x4x3", "--suffix", ""], "leave out --suffix"),
        (["--raw", "6x4x3", "-m", "nosuch"], "model: 'nosuch' is not shipped"),
    ],
)
def test_wrong_arguments(usage_error, monkeypatch, argv, said):
    monkeypatch.setattr(sys.stdin, "isatty", lambda: False, raising=False)
    assert said in usage_error(argv)


def test_terminal_is_refused(usage_error, monkeypatch):
    monkeypatch.setattr(sys.stdin, "isatty", lambda: True, raising=False)
    assert "--raw: stdin is a terminal, wanted a pipe or a file" in usage_error(["--raw", "6x4x3"])


def ffmpeg(*argv):
    done = subprocess.run(["ffmpeg", "-v", "error", *argv], capture_output=True, check=True)
    return np.frombuffer(done.stdout, np.uint8)


def test_recipe_of_the_docs(tmp_path):
    if not shutil.which("ffmpeg"):
        pytest.skip("needs ffmpeg, which is not installed")
    page = (ROOT / "docs/video.md").read_text(encoding="utf-8")
    (recipe,) = re.findall(r"<!-- recipe -->\n```sh\n(.*?)\n```", page, re.DOTALL)
    assert recipe.count("\n") == 1  # two lines
    bt709 = ["-vf", "scale=out_color_matrix=bt709,format=yuv420p", "-colorspace", "bt709"]
    clip = ["-f", "lavfi", "-i", "testsrc=size=320x180:rate=25", "-f", "lavfi", "-i", "sine"]
    ffmpeg(*clip, "-t", "0.4", *bt709, str(tmp_path / "in.mp4"))
    tools = tmp_path / "bin"
    tools.mkdir()
    (tools / "lutsr").write_text(f'#!/bin/sh\nexec "{sys.executable}" -m lutsr "$@"\n')
    (tools / "lutsr").chmod(0o755)
    path = f"{tools}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        ["bash", "-o", "pipefail", "-c", recipe], cwd=tmp_path, env=os.environ | {"PATH": path},
        capture_output=True, text=True, check=False, timeout=300,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert re.fullmatch(r"lutsr: 10 frames 320x180 to 640x360, .* per second\n", done.stderr)
    frames = ["-f", "rawvideo", "-pix_fmt", "rgb24", "-"]
    before = ffmpeg("-i", str(tmp_path / "in.mp4"), *frames).reshape(10, 180, 320, 3)
    after = ffmpeg("-i", str(tmp_path / "out.mp4"), *frames).reshape(10, 360, 640, 3)
    # All frames, in order, with the same colours; the codec changes them by a few levels.
    for small, big in zip(before, after, strict=True):
        wanted = lutsr.upscale(small, 2, channel_axis=-1, rgb=True)
        difference = big.astype(int) - wanted
        assert np.abs(difference.mean((0, 1))).max() < 2
        assert np.abs(difference).mean() < 5
    sound = ["-map", "0:a", "-c", "copy", "-f", "md5", "-"]
    assert bytes(ffmpeg("-i", str(tmp_path / "in.mp4"), *sound)) == bytes(
        ffmpeg("-i", str(tmp_path / "out.mp4"), *sound)
    )
