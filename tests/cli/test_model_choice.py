"""Which model suits a file: the advice for JPEGs, and ``-m auto``."""

import io
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

import lutsr
from lutsr.cli import imagefile, main
from lutsr.cli._model_choice import PHOTO_MODEL, model_for
from lutsr.cli.imagefile import _jpeg_quality

from .helpers import pixels


@pytest.fixture(scope="module")
def photo():
    y, x = np.mgrid[:20, :24]
    bands = [127 + 90 * np.sin(x / 3 + k) * np.cos(y / 4) for k in range(3)]
    return Image.fromarray(np.stack(bands, -1).astype(np.uint8))


def saved(photo, **options):
    file = io.BytesIO()
    photo.save(file, **options)
    file.seek(0)
    return file


@pytest.mark.parametrize("quality", [1, 10, 30, 49, 50, 75, 89, 90, 95, 99])
def test_the_quality_is_that_of_the_encoder(photo, quality):
    assert imagefile.read(saved(photo, format="JPEG", quality=quality)).quality == quality


def test_the_quality_of_other_tables_is_that_of_equal_steps(photo):
    coarse = imagefile.read(saved(photo, format="JPEG", qtables=[[40] * 64, [60] * 64]))
    fine = imagefile.read(saved(photo, format="JPEG", qtables=[[2] * 64, [3] * 64]))
    assert 60 <= coarse.quality <= 75
    assert fine.quality >= 96
    assert _jpeg_quality.quality({}) is None


@pytest.mark.parametrize(
    ("options", "chosen"),
    [
        ({"format": "PNG"}, "ecnn"),
        ({"format": "TIFF"}, "ecnn"),
        ({"format": "BMP"}, "ecnn"),
        ({"format": "WEBP", "lossless": True}, "ecnn"),
        ({"format": "JPEG", "quality": 90}, "ecnn"),
        ({"format": "JPEG", "quality": 89}, PHOTO_MODEL),
        ({"format": "WEBP", "quality": 95}, PHOTO_MODEL),
        ({"format": "AVIF", "quality": 80}, PHOTO_MODEL),
        ({"format": "GIF"}, PHOTO_MODEL),
    ],
)
def test_the_model_for_a_file(photo, options, chosen):
    assert model_for(imagefile.read(saved(photo, **options))) == chosen


def test_auto_uses_the_model_that_it_names(photo, tmp_path, capsys):
    photo.save(tmp_path / "a.png")
    photo.save(tmp_path / "b.jpg", quality=70)
    source, target = str(tmp_path), str(tmp_path / "large")
    assert main([source, "-o", target, "-s", "2", "-m", "auto", "-f", "png", "-v"]) == 0
    out = capsys.readouterr()
    assert "a_x2.png: 48x40 RGB, x2, ecnn," in out.out
    assert "b_x2.png: 48x40 RGB, x2, ecnn-photo," in out.out
    assert "quality" not in out.err
    for name, model in (("a.png", "ecnn"), ("b.jpg", "ecnn-photo")):
        wanted = lutsr.upscale(pixels(tmp_path / name), 2, model=model, channel_axis=-1, rgb=True)
        found = pixels(tmp_path / "large" / f"{name[0]}_x2.png")
        np.testing.assert_array_equal(found, wanted)
    sized = str(tmp_path / "c.png")
    assert main([f"{source}/b.jpg", "-o", sized, "--size", "60x50", "-m", "auto"]) == 0
    wanted = lutsr.resize(
        pixels(tmp_path / "b.jpg"), (50, 60), model="ecnn-photo", channel_axis=-1, rgb=True
    )
    np.testing.assert_array_equal(pixels(sized), wanted)
    assert "60x50 RGB, ecnn-photo" in capsys.readouterr().out


def test_one_line_of_advice_for_jpegs(photo, tmp_path, capsys):
    photo.save(tmp_path / "a.jpg", quality=75)
    call = [str(tmp_path / "a.jpg"), "-s", "2", "-o"]
    assert main([*call, str(tmp_path / "b.png")]) == 0
    assert capsys.readouterr().err == (
        "lutsr: note: a JPEG of quality under 90; -m ecnn-photo does not enlarge the traces of"
        " compression, and -m auto chooses it for such files\n"
    )
    assert main([*call, str(tmp_path / "c.png"), "-m", "ecnn"]) == 0
    assert main([*call, str(tmp_path / "d.png"), "-q"]) == 0
    photo.save(tmp_path / "a.jpg", quality=92)
    assert main([*call, str(tmp_path / "e.png")]) == 0
    assert capsys.readouterr().err == ""


def test_one_line_of_advice_for_a_folder(photo, tmp_path, capsys):
    (tmp_path / "in").mkdir()
    for number in range(3):
        photo.save(tmp_path / "in" / f"{number}.jpg", quality=60)
    photo.save(tmp_path / "in" / "3.png")
    assert main([str(tmp_path / "in"), "-o", str(tmp_path / "out"), "-s", "2"]) == 0
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("lutsr: note: 3 of 4 files are JPEGs of quality under 90; -m ecnn-photo")


def test_auto_needs_a_file(capsys):
    with pytest.raises(SystemExit):
        main(["--raw", "4x4x3", "-m", "auto"])
    assert "auto chooses by the kind of file; name a model" in capsys.readouterr().err


def test_compare_chooses_too(photo, tmp_path):
    photo.save(tmp_path / "a.jpg", quality=50)
    drawn = []
    for model in ("auto", "ecnn-photo", "ecnn"):
        target = tmp_path / f"{model}.png"
        assert main(["compare", str(tmp_path / "a.jpg"), "-m", model, "-o", str(target)]) == 0
        drawn.append(pixels(target))
    np.testing.assert_array_equal(drawn[0], drawn[1])
    assert (drawn[1] != drawn[2]).any()


@pytest.mark.parametrize("name", ["ecnn-small", "nope"])
def test_garbage_is_collected_again_after_a_model_is_loaded(name):
    code = (
        "import contextlib, gc, sys\n"
        "from lutsr.cli._report import UsageError\n"
        "from lutsr.cli._upscale import load_upscaler\n"
        "with contextlib.suppress(UsageError):\n"
        f"    load_upscaler({name!r}, 2)\n"
        "print('numba' in sys.modules, gc.isenabled(), gc.get_freeze_count() > 0)"
    )
    found = subprocess.check_output([sys.executable, "-c", code], text=True)
    assert found == f"{name != 'nope'} True True\n"
