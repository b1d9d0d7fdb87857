import sys

import numpy as np
import pytest

import lutsr
from training.errors import TrainingError
from training.evaluation.degrade import upscale_bicubic
from training.evaluation.methods import RIVALS, model_method, rival

from ...stack.models import stack

NEEDS = {"pillow": "PIL.Image", "opencv": "cv2", "skimage": "skimage.transform"}


def some_image(shape=(9, 12, 3)):
    y, x, c = np.mgrid[: shape[0], : shape[1], : shape[2]]
    return (20 * y + 3 * x + 10 * c).astype(np.uint8)


@pytest.mark.parametrize("scale", [2, 3, 4])
@pytest.mark.parametrize("name", RIVALS)
def test_every_rival_upscales_in_place(name, scale):
    pytest.importorskip(NEEDS.get(name.partition("-")[0], "numpy"))
    image = some_image()
    method = rival(name, scale)
    assert (method.name, method.scale) == (name, scale)
    big = method.upscale(image)
    assert big.dtype == np.uint8
    assert big.shape == (9 * scale, 12 * scale, 3)
    # Nothing is shifted, turned or swapped: the mean of each cell is near its pixel.
    cells = big.reshape(9, scale, 12, scale, 3).mean(axis=(1, 3))
    assert np.abs(cells - image)[2:-2, 2:-2].max() < 2


def test_names_stand_for_what_they_say():
    image_module, cv2 = pytest.importorskip("PIL.Image"), pytest.importorskip("cv2")
    image = np.random.default_rng(0).integers(0, 256, (8, 9, 3), np.uint8)
    np.testing.assert_array_equal(rival("bicubic", 3).upscale(image), upscale_bicubic(image, 3))
    lanczos = image_module.fromarray(image).resize((27, 24), image_module.Resampling.LANCZOS)
    np.testing.assert_array_equal(rival("pillow-lanczos", 3).upscale(image), np.asarray(lanczos))
    lanczos4 = cv2.resize(image, (27, 24), interpolation=cv2.INTER_LANCZOS4)
    np.testing.assert_array_equal(rival("opencv-lanczos4", 3).upscale(image), lanczos4)


def test_a_model_upscales_colours_jointly_where_it_can():
    image = np.random.default_rng(0).integers(0, 256, (8, 9, 3), np.uint8)
    up = lutsr.Upscaler(stack(channels=8, scale=2))
    method = model_method(up)
    assert (method.name, method.scale) == (up.name, 2)
    jointly = up(image, channel_axis=-1, rgb=True)
    np.testing.assert_array_equal(method.upscale(image), jointly)
    assert (jointly != up(image, channel_axis=-1)).any()
    alone = lutsr.load("eclut", 2)
    np.testing.assert_array_equal(model_method(alone).upscale(image), alone(image, channel_axis=-1))


def test_an_unknown_rival_is_told_the_known():
    with pytest.raises(
        TrainingError, match=r"no rival 'opencv-magic'; there is bicubic, .*lanczos4"
    ):
        rival("opencv-magic", 2)


@pytest.mark.parametrize(
    ("name", "package", "distribution"),
    [
        ("opencv-cubic", "cv2", "opencv-python-headless"),
        ("pillow-bicubic", "PIL.Image", "pillow"),
        ("skimage-cubic", "skimage.transform", "scikit-image"),
    ],
)
def test_a_missing_package_is_named(name, package, distribution, monkeypatch):
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(TrainingError, match=f"rival {name} needs .*pip install {distribution}"):
        rival(name, 2)
