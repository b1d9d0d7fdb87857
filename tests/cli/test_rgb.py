"""The command computes the colours of RGB pictures together, with models that can."""

import io

import numpy as np
import pytest
import tifffile
from PIL import Image

import lutsr
from lutsr import cli
from lutsr.cli.imagefile import LargePicture
from lutsr.cli.imagefile._tiff import _bands, _tiles

from .helpers import pixels, run


@pytest.fixture
def up(stack_table):
    return lutsr.load(stack_table)


@pytest.fixture
def rgba():
    image = np.random.default_rng(2).integers(0, 256, (14, 17, 4), np.uint8)
    image[3:9, 5:12, 3] = 0
    image[:, 12:, 3] = 255
    return image


def test_rgb(folder, stack_table, up, rgb):
    assert cli.main(["in.png", "-o", "out.png", "-m", stack_table]) == 0
    wanted = up(rgb, channel_axis=-1, rgb=True)
    assert not np.array_equal(wanted, up(rgb, channel_axis=-1))
    np.testing.assert_array_equal(pixels("out.png"), wanted)


def test_rgb_with_alpha(folder, stack_table, up, rgba):
    Image.fromarray(rgba).save("in.png")
    assert cli.main(["in.png", "-o", "out.png", "-m", stack_table]) == 0
    wanted = up(rgba, channel_axis=-1, rgb=True, alpha=True)
    np.testing.assert_array_equal(pixels("out.png"), wanted)


@pytest.mark.parametrize("channels", [1, 2])
def test_grey(folder, stack_table, up, rgba, channels):
    grey = rgba[..., -1] if channels == 1 else np.ascontiguousarray(rgba[..., -2:])
    Image.fromarray(grey).save("in.png")
    assert cli.main(["in.png", "-o", "out.png", "-m", stack_table]) == 0
    wanted = up(grey) if channels == 1 else up(grey, channel_axis=-1, alpha=True)
    np.testing.assert_array_equal(pixels("out.png"), wanted)


def test_any_size(folder, stack_table, rgb):
    assert cli.main(["in.png", "-o", "out.png", "-m", stack_table, "--size", "15x10"]) == 0
    wanted = lutsr.resize(rgb, (10, 15), model=stack_table, channel_axis=-1, rgb=True)
    assert not np.array_equal(
        wanted, lutsr.resize(rgb, (10, 15), model=stack_table, channel_axis=-1)
    )
    np.testing.assert_array_equal(pixels("out.png"), wanted)


@pytest.mark.parametrize("channels", [3, 4])
def test_large_tiff_in_bands(folder, stack_table, up, monkeypatch, channels):
    monkeypatch.setattr(_bands, "STREAMED_BYTES", 0)
    monkeypatch.setattr(_tiles, "BLOCK_BYTES", 1)
    read = []
    rows = LargePicture.rows
    monkeypatch.setattr(
        LargePicture, "rows", lambda self, *band: read.append(band) or rows(self, *band)
    )
    image = np.random.default_rng(3).integers(0, 256, (300, 20, channels), np.uint8)
    image[100:200, :9, -1] = 0
    extra = ["unassalpha"] if channels == 4 else None
    tifffile.imwrite("in.tif", image, photometric="rgb", extrasamples=extra, metadata=None)
    assert cli.main(["in.tif", "-o", "out.tif", "-m", stack_table]) == 0
    assert len(read) > 1
    wanted = up(image, channel_axis=-1, rgb=True, alpha=channels == 4)
    np.testing.assert_array_equal(tifffile.imread("out.tif"), wanted)


def test_pipes(folder, stack_table, up, rgb):
    data = (folder / "in.png").read_bytes()
    done = run("-", "-o", "-", "-m", stack_table, input=data, text=False)
    assert done.returncode == 0, done.stderr
    with Image.open(io.BytesIO(done.stdout)) as image:
        np.testing.assert_array_equal(np.asarray(image), up(rgb, channel_axis=-1, rgb=True))


@pytest.mark.parametrize("channels", [3, 4])
def test_raw_frames(stack_table, up, rgba, channels):
    frame = np.ascontiguousarray(rgba[..., :channels])
    argv = ["--raw", f"17x14x{channels}", "-m", stack_table, "-q"]
    done = run(*argv, input=frame.tobytes(), text=False)
    assert (done.returncode, done.stderr) == (0, b"")
    assert done.stdout == up(frame, channel_axis=-1, rgb=channels == 3).tobytes()


def test_compare(folder, stack_table, up, rgb):
    from lutsr.cli._compare import _upscaled

    wanted = up(rgb, channel_axis=-1, rgb=True)
    np.testing.assert_array_equal(_upscaled(rgb, up, 1)["lutsr"], wanted)
    np.testing.assert_array_equal(_upscaled(rgb[..., 0], up, 1)["lutsr"], up(rgb[..., 0]))
