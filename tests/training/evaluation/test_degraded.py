"""The table of gains on degraded pictures."""

import numpy as np
import pytest

pytest.importorskip("PIL")
pytest.importorskip("skimage")

from training.__main__ import main
from training.degradation.named import MEASURED
from training.evaluation.degraded import score
from training.evaluation.flat import luma_of
from training.evaluation.methods import Method, rival


def test_a_perfect_method_gains_and_noise_costs(pictures):
    scale = 2
    bicubic = rival("bicubic", scale)
    darker = Method("darker", scale, lambda image: bicubic.upscale(image) // 2)
    found = {
        name: score(pictures, [bicubic, darker], MEASURED[name], grey=True)
        for name in ("clean", "noise-10")
    }
    assert found["clean"]["bicubic"][0] > found["clean"]["darker"][0] + 10
    assert found["clean"]["bicubic"][0] > found["noise-10"]["bicubic"][0] + 3
    again = score(pictures, [bicubic, darker], MEASURED["noise-10"], grey=True)
    np.testing.assert_array_equal(list(again.values()), list(found["noise-10"].values()))


def test_grey_is_luma():
    image = np.array([[[255, 255, 255], [255, 0, 0], [0, 255, 0], [0, 0, 255]]], np.uint8)
    assert luma_of(image)[0].tolist() == [[255] * 3, [77] * 3, [149] * 3, [29] * 3]


def test_the_command(pictures, capsys):
    call = ["degraded", "--hr", str(pictures), "--scale", "3", "--rival", "pillow-lanczos"]
    assert main([*call, "--degrade", "clean", "--degrade", "jpeg-30"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == ["pictures,", "input", "clean", "jpeg-30"] * 2
    assert lines[0].startswith("pictures, x3, luma: PSNR of bicubic")
    assert lines[4].startswith("pictures, x3, RGB: PSNR of bicubic")
    assert float(lines[2].split()[2]) < float(lines[2].split()[1])
    assert main([*call, "--degrade", "wrong"]) == 1
    assert "no degradation 'wrong'" in capsys.readouterr().err
