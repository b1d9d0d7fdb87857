"""A teacher's pictures in the targets: all orientations, exact shares, runs, refused teachers."""

from dataclasses import replace

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("PIL")

import lutsr  # noqa: E402
from lutsr._modelfile import read_shipped, write_model  # noqa: E402
from training.ecnn.crops import Planes  # noqa: E402
from training.ecnn.options import EcnnOptions  # noqa: E402
from training.ecnn.teacher import open_teacher, upscale_oriented, with_teacher  # noqa: E402
from training.ecnn.train import EcnnTask  # noqa: E402
from training.errors import TrainingError  # noqa: E402

SCALE = 2


@pytest.fixture(scope="module")
def teacher():
    return lutsr.load("ecnn-small", SCALE)


@pytest.fixture
def image():
    return np.random.default_rng(0).integers(0, 256, (13, 18), dtype=np.uint8)


def test_the_sum_is_over_the_eight_orientations(teacher, image):
    found = upscale_oriented(teacher, image)
    wanted = np.zeros(found.shape, int)
    for mirrored in (False, True):
        for turns in range(4):
            turned = np.rot90(image[:, ::-1] if mirrored else image, turns)
            back = np.rot90(teacher(turned), -turns)
            wanted += back[:, ::-1] if mirrored else back
    assert np.array_equal(found, wanted)
    # The model itself tells orientations apart, so that the mean is of eight pictures.
    assert not np.array_equal(teacher(image.T), teacher(image).T)


def test_the_share_is_that_of_the_teacher(teacher, image):
    hr = np.random.default_rng(1).integers(0, 65281, (26, 36), dtype=np.uint16)
    taught = upscale_oriented(teacher, image).astype(np.int64) * 32
    for share in (0, 0.25, 1):
        [mixed] = with_teacher([Planes(image, hr)], teacher, share)
        assert mixed.hr.dtype == np.uint16
        assert mixed.lr is image
        assert abs(mixed.hr - ((1 - share) * hr + share * taught)).max() <= 0.5


def test_a_run_learns_from_the_teacher(pictures, tmp_path):
    options = EcnnOptions(images=str(pictures), out=str(tmp_path), scale=2, layers=1, crop=16)
    targets = {
        share: EcnnTask(replace(options, teacher="ecnn-small", teacher_share=share)).crops(0)
        for share in (0.0, 1.0)
    }
    plain = EcnnTask(options).crops(0)
    assert np.array_equal(targets[0.0][1], plain[1])
    assert np.array_equal(targets[1.0][0], plain[0])
    assert not np.array_equal(targets[1.0][1], plain[1])


def test_wrong_teachers_are_refused(tmp_path, pictures):
    with pytest.raises(TrainingError, match="cannot load ecnn-huge"):
        open_teacher("ecnn-huge", 2)
    file = tmp_path / "triple.npy"
    write_model(file, read_shipped("ecnn-small", 3), licence="x")
    with pytest.raises(TrainingError, match=r"upscales by 3, and the run by 2: give one of the"):
        open_teacher(str(file), 2)
    options = {"images": str(pictures), "out": str(tmp_path), "teacher": "ecnn-small"}
    with pytest.raises(TrainingError, match="only reduced; leave it out, or leave out degrade"):
        EcnnOptions(**options, degrade="photo")
    with pytest.raises(TrainingError, match=r"teacher_share must be within 0 and 1, got 1\.5"):
        EcnnOptions(**options, teacher_share=1.5)
