"""Degradations: seeded, aligned, and checked where the user wrote them."""

import re
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("PIL")

from training.degradation.named import MEASURED, NAMED, load_degradation, seeded
from training.degradation.photo import photo
from training.degradation.steps import add_noise, blur, jpeg, pick, reduce
from training.errors import TrainingError
from training.evaluation.degrade import shrink


@pytest.fixture(scope="module")
def ramp():
    """A smooth picture: each pixel's value says where it is."""
    y, x = np.mgrid[:96, :96]
    return np.stack([40 + y * 1.5, 40 + x * 1.5, 20 + x + y], -1).astype(np.uint8)


@pytest.mark.parametrize("name", NAMED)
@pytest.mark.parametrize("scale", [2, 3, 4])
def test_a_degradation_is_seeded_and_keeps_the_geometry(ramp, name, scale):
    found = [NAMED[name](ramp, scale, seeded(3, "a.png")) for _ in range(2)]
    assert found[0].shape == (96 // scale, 96 // scale, 3)
    assert found[0].dtype == np.uint8
    np.testing.assert_array_equal(*found)


@pytest.mark.parametrize("scale", [2, 3, 4])
@pytest.mark.parametrize("kind", ["matlab", "area", "bilinear", "bicubic", "lanczos"])
def test_reductions_do_not_move_the_picture(ramp, kind, scale):
    """Inside, a reduced ramp has the values of the cells' centres."""
    small = reduce(ramp, scale, kind)[4:-4, 4:-4].astype(float)
    cells = ramp.reshape(96 // scale, scale, 96 // scale, scale, 3).mean((1, 3))[4:-4, 4:-4]
    assert abs(small - cells).max() <= 1


def test_the_mixture_does_not_move_the_picture(ramp):
    """On average over many draws; a picked pixel lies half a pixel off, either way."""
    cells = ramp.reshape(24, 4, 24, 4, 3).mean((1, 3))[6:-6, 6:-6, :2]
    rng = np.random.default_rng(0)
    moved = [(photo(ramp, 4, rng)[6:-6, 6:-6, :2] - cells).mean() for _ in range(150)]
    assert abs(np.mean(moved)) < 0.3  # levels; a pixel is 1.5


def test_the_mixture_depends_on_the_generator_alone(ramp):
    one, other = (photo(ramp, 4, np.random.default_rng(seed)) for seed in (1, 2))
    assert (one != other).any()


def test_clean_is_the_reduction_of_papers(ramp):
    np.testing.assert_array_equal(MEASURED["clean"](ramp, 4, seeded(1)), shrink(ramp, 4))


def test_noise_has_the_wanted_size():
    grey = np.full((200, 200, 3), 128, np.uint8)
    for options in ({}, {"signal": 1.0}, {"grey": 1.0}, {"blotches": 0.7}):
        noisy = add_noise(grey, 8, np.random.default_rng(0), **options).astype(float) - 128
        assert 7.6 < noisy.std() < 8.4
        common = np.corrcoef(noisy[..., 0].ravel(), noisy[..., 1].ravel())[0, 1]
        assert (common > 0.99) == (options.get("grey") == 1)
    bright = np.full((200, 200, 3), 200, np.uint8)
    noisy = add_noise(bright, 8, np.random.default_rng(0), signal=1.0)
    assert 9.5 < noisy.std() < 10.5  # 8 * sqrt(200 / 127.5)


def test_grey_noise_is_the_same_in_all_channels():
    grey = np.full((32, 32, 3), 100, np.uint8)
    noisy = MEASURED["noise-10"](grey, 2, seeded(1))
    assert (noisy == noisy[..., :1]).all()
    assert noisy.std() > 8


def test_jpeg_loses_more_at_a_lower_quality(ramp):
    rng = np.random.default_rng(0)
    texture = rng.integers(0, 256, ramp.shape, np.uint8)
    errors = [abs(jpeg(texture, quality).astype(int) - texture).mean() for quality in (95, 75, 30)]
    assert errors == sorted(errors)
    subsampled = jpeg(texture, 95, "4:2:0").astype(int)
    full = jpeg(texture, 95, "4:4:4").astype(int)
    assert abs(full - texture).mean() < abs(subsampled - texture).mean()


def test_pick_and_blur():
    picture = np.arange(64 * 3).reshape(8, 8, 3).astype(np.uint8)
    np.testing.assert_array_equal(pick(picture, 4), picture[2::4, 2::4])
    np.testing.assert_array_equal(pick(picture, 4, 1), picture[1::4, 1::4])
    edge = np.zeros((16, 16, 3), np.uint8)
    edge[:, 8:] = 200
    assert 90 <= blur(edge, 2.0)[8, 7:9].mean() <= 110


def test_a_function_of_the_users_own(tmp_path, ramp):
    file = tmp_path / "scanner.py"
    file.write_text(
        "def degrade(picture, scale, rng):\n"
        "    return picture[::scale, ::scale] // 2\n"
        "def wrong(picture, scale, rng):\n"
        "    return picture / 255\n"
        "number = 3\n"
    )
    own = load_degradation(f"{file}:degrade")
    np.testing.assert_array_equal(own(ramp, 4, seeded(1)), ramp[::4, ::4] // 2)
    with pytest.raises(TrainingError, match=r"wrong returned float64 \(96, 96, 3\).*wanted uint8"):
        load_degradation(f"{file}:wrong")(ramp, 4, seeded(1))
    for name, text in (
        ("number", "has no function 'number'"),
        ("absent", "has no function 'absent'"),
    ):
        with pytest.raises(TrainingError, match=text):
            load_degradation(f"{file}:{name}")
    with pytest.raises(TrainingError, match="no such Python file"):
        load_degradation(f"{tmp_path / 'none.py'}:degrade")
    with pytest.raises(TrainingError, match="wanted one of clean, jpeg-90"):
        load_degradation("jpeg90")
    file.write_text("import nothing_of_this_name\n")
    with pytest.raises(TrainingError, match="ModuleNotFoundError"):
        load_degradation(f"{file}:degrade")


def test_the_example_of_the_readme(tmp_path, ramp):
    text = (Path(__file__).parents[2] / "training" / "README.md").read_text()
    (code,) = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    (tmp_path / "my_scanner.py").write_text(code)
    own = load_degradation(f"{tmp_path / 'my_scanner.py'}:degrade")
    one, other = (own(ramp, 2, seeded(seed)) for seed in (1, 2))
    assert one.shape == (48, 48, 3)
    assert (one != other).any()
