"""The drawing of ``lutsr compare``: its panels, labels and PSNR."""

import os
import re

import numpy as np
import pytest
import tifffile
from PIL import Image
from skimage.metrics import peak_signal_noise_ratio

import lutsr
from lutsr import cli
from lutsr.cli import _compare

from .helpers import pixels, twice

GAP, LABEL = _compare.GAP, _compare.LABEL


@pytest.fixture
def photo(folder):
    """Write a small image and its true large one, on which the methods differ."""
    rows, columns = np.mgrid[:80, :96]
    wave = 64 + 50 * np.sin(rows / 3) * np.cos(columns / 4)
    truth = np.stack([wave, wave / 2, 120 - wave], axis=-1).round().astype(np.uint8)
    Image.fromarray(truth).save("true.png")
    small = truth.reshape(40, 2, 48, 2, 3).mean((1, 3)).round().astype(np.uint8)
    Image.fromarray(small).save("small.png")
    return small, truth


def panel(drawing, number, height, width):
    left = GAP + number * (max(width, _compare.COLUMN) + GAP)
    return drawing[LABEL : LABEL + height, left : left + width]


def test_panels_are_the_methods_at_the_crop(photo, repeat, capsys):
    small, _ = photo
    argv = ["compare", "small.png", "-o", "out.png", "--crop", "40x30+5+7", *repeat]
    assert cli.main(argv) == 0
    out, err = capsys.readouterr()
    assert re.fullmatch(r"wrote out\.png: \d+x\d+, 40x30\+5\+7 at x2\n", out)
    assert err == ""
    drawing = pixels("out.png")
    window = (slice(14, 74), slice(10, 90))
    bicubic = Image.fromarray(small).resize((96, 80), Image.Resampling.BICUBIC)
    up = lutsr.load(repeat[1])
    images = [twice(small), np.asarray(bicubic), up(small, channel_axis=-1)]
    zoom = 3  # 80 pixels of 256
    for number, image in enumerate(images):
        wanted = image[window].repeat(zoom, 0).repeat(zoom, 1)
        np.testing.assert_array_equal(panel(drawing, number, *wanted.shape[:2]), wanted)
        # There is a label above each.
        assert panel(drawing, number, 1, 100).size
        left = GAP + number * (wanted.shape[1] + GAP)
        assert drawing[:LABEL, left : left + 100].min() < 128


def test_reference_adds_figures_and_a_panel(photo, capsys):
    small, truth = photo
    argv = ["compare", "small.png", "-s", "2", "-o", "out.png", "--reference", "true.png"]
    assert cli.main(argv) == 0
    said = dict(re.findall(r"^(\w+) +([\d.]+) dB$", capsys.readouterr().out, re.MULTILINE))
    assert set(said) == {"nearest", "bicubic", "lutsr"}
    weights = np.array([65.481, 128.553, 24.966]) / 255
    wanted = peak_signal_noise_ratio(
        (truth @ weights)[2:-2, 2:-2], (twice(small) @ weights)[2:-2, 2:-2], data_range=255
    )
    assert float(said["nearest"]) == pytest.approx(wanted, abs=0.006)
    # The small image, 48x40, fits into the default crop of 64x64.
    zoom = 256 // 96
    wanted = truth.repeat(zoom, 0).repeat(zoom, 1)
    np.testing.assert_array_equal(panel(pixels("out.png"), 3, *wanted.shape[:2]), wanted)


def test_reference_may_be_larger_by_less_than_the_scale(photo, repeat):
    _, truth = photo
    Image.fromarray(np.pad(truth, ((0, 1), (0, 1), (0, 0)))).save("true.png")
    argv = ["compare", "small.png", "-o", "out.png", "--reference", "true.png", *repeat]
    assert cli.main(argv) == 0


def test_grey_is_drawn_in_grey(photo, repeat):
    Image.fromarray(photo[0][..., 0]).save("grey.png")
    assert cli.main(["compare", "grey.png", "-o", "out.png", *repeat]) == 0
    assert pixels("out.png").ndim == 2


def test_depth_alpha_and_frames_are_said(folder, repeat, capsys):
    tifffile.imwrite("deep.tif", np.full((2, 8, 8), 100 * 257, np.uint16), photometric="minisblack")
    Image.new("LA", (8, 8), (20, 0)).save("alpha.png")
    for name, said, level in [
        ("deep.tif", ["only the first of its 2 frames", "in 8 bits"], 100),
        ("alpha.png", ["on white, since it has an alpha channel"], 255),
    ]:
        assert cli.main(["compare", name, "-o", "out.png", "--overwrite", *repeat]) == 0
        err = capsys.readouterr().err
        for part in said:
            assert f"lutsr: {name}: note: " in err
            assert part in err
        assert (panel(pixels("out.png"), 0, 16, 16) == level).all()


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (["--crop", "40x30+20+0"], "--crop 40x30+20+0 leaves the image, 48x40"),
        (["--reference", "small.png"], "small.png: is 48x40 RGB; the reference of this image at"),
        (["--reference", "none.png"], "none.png: cannot be opened"),
    ],
)
def test_what_cannot_be_compared(photo, repeat, capsys, more, said):
    assert cli.main(["compare", "small.png", "-o", "out.png", *more, *repeat]) == 1
    assert said in capsys.readouterr().err
    assert not os.path.exists("out.png")


@pytest.mark.parametrize(
    ("argv", "said"),
    [
        ([], "the following arguments are required: IMAGE"),
        (["small.png", "-o", "small.png"], "is the input"),
        (["small.png", "-o", "out.jpg"], "does not suit the output"),
        (["small.png", "-o", "out.png", "--crop", "9x9"], "got '9x9', wanted width, height and"),
        (["small.png", "-o", "none/out.png"], "there is no folder"),
    ],
)
def test_wrong_arguments(photo, usage_error, argv, said):
    assert said in usage_error(["compare", *argv])


def test_existing_drawing_is_skipped(photo, repeat, capsys):
    (open("out.png", "wb")).close()
    assert cli.main(["compare", "small.png", "-o", "out.png", *repeat]) == 0
    assert capsys.readouterr().out.startswith("skipped out.png: it exists")
    assert os.path.getsize("out.png") == 0


def test_drawing_without_a_name(photo, repeat, capsys):
    assert cli.main(["compare", "./small.png", *repeat]) == 0
    assert "wrote small_compared.png: " in capsys.readouterr().out
    assert os.path.exists("small_compared.png")
