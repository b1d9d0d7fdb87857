"""Writing: complete or not at all, and only what the format can hold."""

import errno
import io
import os

import numpy as np
import pytest

from lutsr.cli import imagefile
from lutsr.cli.imagefile import ImageFileError, Picture, check_target, read, write
from lutsr.cli.imagefile._tiff import _pages

from .helpers import noise, parse, smooth

KINDS = {"PNG": "png", "JPEG": "jpg", "WEBP": "webp", "TIFF": "tif"}


@pytest.fixture
def frame():
    return noise((40, 30, 3))


def put(path, frame, kind="PNG"):
    write(str(path), [frame], Picture([frame]), format=kind)


@pytest.mark.parametrize(
    ("kind", "shape", "dtype", "said"),
    [
        (
            "JPEG",
            (4, 4),
            "uint16",
            "a JPEG is written with uint8 samples here, not uint16; write a .png or .tif",
        ),
        (
            "WEBP",
            (4, 4, 3),
            "uint16",
            "a WebP is written with uint8 samples here, not uint16; write a .png or .tif",
        ),
        (
            "PNG",
            (4, 4),
            "float32",
            "a PNG is written with uint8 or uint16 samples here, not float32; write a .tif",
        ),
        (
            "JPEG",
            (4, 4, 3),
            "float32",
            "a JPEG is written with uint8 samples here, not float32; write a .tif",
        ),
        (
            "TIFF",
            (4, 4),
            "int32",
            "a TIFF is written with uint8 or uint16 or int8 or int16 or float32 or float64 samples"
            " here, not int32; write a .tif",
        ),
        ("JPEG", (4, 4, 2), "uint8", "a JPEG cannot hold alpha; write a .png, .webp or .tif"),
        ("JPEG", (4, 4, 4), "uint8", "a JPEG cannot hold alpha; write a .png, .webp or .tif"),
        (
            "JPEG",
            (4, 65501),
            "uint8",
            "a JPEG holds at most 65500 pixels a side, not 65501x4; write a .png or .tif",
        ),
        (
            "WEBP",
            (16384, 4, 3),
            "uint8",
            "a WebP holds at most 16383 pixels a side, not 4x16384; write a .png or .tif",
        ),
        (
            "PNG",
            (1, 1_000_001),
            "uint8",
            "a PNG holds at most 1000000 pixels a side, not 1000001x1; write a .tif",
        ),
    ],
)
def test_what_a_format_cannot_hold_is_refused_before_the_work(kind, shape, dtype, said):
    with pytest.raises(ImageFileError) as caught:
        check_target(kind, [(shape, dtype)], Picture([]))
    assert str(caught.value) == said


@pytest.mark.parametrize(("kind", "side"), [("JPEG", 65500), ("WEBP", 16383), ("PNG", 1_000_000)])
def test_limits_are_those_of_the_libraries(kind, side):
    frame = np.zeros((1, side, 3), np.uint8)
    file = io.BytesIO()
    write(file, [frame], Picture([frame]), format=kind)
    assert parse(file.getvalue()).frames[0].shape == frame.shape


def test_writing_refuses_by_itself(frame, tmp_path):
    with pytest.raises(ImageFileError, match="a JPEG cannot hold alpha"):
        put(tmp_path / "a.jpg", noise((4, 4, 4)), "JPEG")
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", ["plain", "with spaces", "ünï cødé 图片"])
def test_names_with_spaces_and_other_letters(tmp_path, frame, kind, name):
    path = tmp_path / f"{name}.{KINDS[kind]}"
    put(path, frame, kind)
    assert os.listdir(tmp_path) == [path.name]
    assert read(str(path)).frames[0].shape == frame.shape


class Broken:
    """A stream that takes some bytes and then fails."""

    def __init__(self, file, error, room):
        self.file, self.error, self.room = file, error, room

    def __getattr__(self, name):
        return getattr(self.file, name)

    def write(self, data):
        self.room -= len(data)
        if self.room < 0:
            raise self.error
        return self.file.write(data)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("error", "raised"),
    [
        (OSError(errno.ENOSPC, "No space left on device"), ImageFileError),
        (ValueError("something is too long"), ImageFileError),
        (KeyboardInterrupt(), KeyboardInterrupt),
        (MemoryError(), MemoryError),
    ],
)
def test_failure_half_way_leaves_the_old_file_and_nothing_else(
    tmp_path, monkeypatch, frame, kind, error, raised
):
    target = tmp_path / f"out.{KINDS[kind]}"
    target.write_bytes(b"old")
    part = _pages if kind == "TIFF" else getattr(imagefile, f"_{kind.lower()}")

    def half(first, *_others):
        if kind != "PNG":
            first.write(b"half")
            first.flush()
        assert len(os.listdir(tmp_path)) == 2  # it is on the disk when the failure comes
        raise error

    monkeypatch.setattr(part, "encode", half)
    with pytest.raises(raised) as caught:
        put(target, frame, kind)
    assert os.listdir(tmp_path) == [target.name]
    assert target.read_bytes() == b"old"
    if raised is ImageFileError:
        assert str(caught.value) == f"cannot be written: {getattr(error, 'strerror', error)}"


@pytest.mark.parametrize("kind", KINDS)
def test_full_disk(tmp_path, kind):
    # A limit on the size of files fails like a full disk: a write returns an error.
    resource = pytest.importorskip("resource", reason="limits of POSIX")
    frame = noise((200, 200, 3))
    target = tmp_path / f"out.{KINDS[kind]}"
    target.write_bytes(b"old")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (5000, hard))
    try:
        with pytest.raises(ImageFileError, match="cannot be written: File too large"):
            put(target, frame, kind)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert os.listdir(tmp_path) == [target.name]
    assert target.read_bytes() == b"old"


def test_folder_that_is_not_there(tmp_path, frame):
    with pytest.raises(ImageFileError, match="cannot be written: No such file or directory"):
        put(tmp_path / "none" / "a.png", frame)


def test_unwritable_folder(tmp_path, frame, monkeypatch):
    def refuse(*_args, **_options):
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr("builtins.open", refuse)  # to root nothing is unwritable
    with pytest.raises(ImageFileError) as caught:
        put(tmp_path / "a.png", frame)
    assert str(caught.value) == "cannot be written: Permission denied"


def test_link_keeps_pointing_at_its_file(tmp_path, frame):
    real = tmp_path / "folder" / "real.png"
    real.parent.mkdir()
    real.write_bytes(b"old")
    link = tmp_path / "link.png"
    try:
        link.symlink_to(real)
    except OSError:
        pytest.skip("no symbolic links here")
    put(link, frame)
    assert link.is_symlink()
    np.testing.assert_array_equal(read(str(real)).frames[0], frame)


@pytest.mark.skipif(os.name != "posix", reason="permissions of POSIX")
@pytest.mark.parametrize("kind", KINDS)
def test_output_has_ordinary_permissions(tmp_path, frame, kind):
    put(tmp_path / "a", frame, kind)
    (tmp_path / "plain").write_bytes(b"")
    assert (tmp_path / "a").stat().st_mode == (tmp_path / "plain").stat().st_mode


class Stream(io.RawIOBase):
    """A stream that can only be written forwards, as stdout is."""

    def __init__(self):
        self.data = b""

    def writable(self):
        return True

    def write(self, data):
        self.data += bytes(data)
        return len(data)


@pytest.mark.parametrize("kind", KINDS)
def test_streams_that_cannot_seek(kind):
    frame = smooth((20, 20, 3))
    stream = Stream()
    write(stream, [frame], Picture([frame]), format=kind)
    assert np.abs(parse(stream.data).frames[0].astype(int) - frame).max() <= 6


def test_closed_pipe(frame):
    stream = Broken(io.BytesIO(), BrokenPipeError(errno.EPIPE, "Broken pipe"), 100)
    with pytest.raises(ImageFileError, match="cannot be written: Broken pipe"):
        write(stream, [frame], Picture([frame]), format="PNG")


def test_frames_that_are_not_contiguous(frame):
    for kind in ("PNG", "WEBP", "TIFF"):
        file = io.BytesIO()
        write(file, [frame[::-2, ::-1]], Picture([]), format=kind)
        np.testing.assert_array_equal(parse(file.getvalue()).frames[0], frame[::-2, ::-1])


def test_input_is_not_written_to(frame):
    frame.flags.writeable = False
    for kind in KINDS:
        put_to = io.BytesIO()
        write(put_to, [frame], Picture([frame]), format=kind)
