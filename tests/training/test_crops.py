from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("PIL")
pytest.importorskip("tqdm")

from training.crops import CropSampler, held
from training.evaluation.pictures import LoadedPicture, load_pictures


def test_crops_lie_on_each_other_and_are_mirrored_half_of_the_time(pictures):
    loaded = load_pictures(pictures, 2)
    sampler = CropSampler(loaded, crop=12, margin=2, batch=40, seed=3)
    inputs, targets = sampler(0)
    assert inputs.shape == (40, 12, 12)
    assert targets.shape == (40, 16, 16)
    mirrored = 0
    for low, high in zip(inputs, targets, strict=True):
        places = [
            (turn, y, x, p, c)
            for p in loaded
            for c in range(3)
            for turn in (1, -1)
            for y, x in _places(p.lr[..., c], low[:, ::turn])
        ]
        assert any(
            np.array_equal(p.hr[2 * y + 4 : 2 * y + 20, 2 * x + 4 : 2 * x + 20, c][:, ::turn], high)
            for turn, y, x, p, c in places
        )
        mirrored += places[0][0] == -1
    assert 8 < mirrored < 32


def _places(plane, crop):
    windows = np.lib.stride_tricks.sliding_window_view(plane, crop.shape)
    return np.argwhere((windows == crop).all(axis=(2, 3)))


def test_crops_depend_on_seed_and_step_alone(pictures):
    loaded = load_pictures(pictures, 2)
    one, two = (CropSampler(loaded, 12, 2, 4, seed=3) for _ in range(2))
    one(0)
    np.testing.assert_array_equal(one(5)[0], two(5)[0])
    assert (one(5)[0] != one(6)[0]).any()
    assert (one(5)[0] != CropSampler(loaded, 12, 2, 4, seed=4)(5)[0]).any()


def picture(side):
    return LoadedPicture(
        Path("some"),
        np.zeros((2 * side, 2 * side, 3), np.uint8),
        np.full((side, side, 3), side, np.uint8),
    )


def test_pictures_have_equal_chances_or_places_have():
    shares = []
    for equal in (False, True):
        sampler = CropSampler([picture(16), picture(40)], 12, 0, 400, seed=3, equal=equal)
        shares.append((sampler(0)[0] == 16).mean())
    assert abs(shares[0] - 5**2 / (5**2 + 29**2)) < 0.03
    assert abs(shares[1] - 1 / 2) < 0.08


def test_held_pictures_give_the_same_crops(pictures):
    loaded = load_pictures(pictures, 2)
    copies = [held(each) for each in loaded]
    assert all(copy.hr[..., 0].flags.c_contiguous for copy in copies)
    for one, other in zip(*(CropSampler(p, 12, 2, 8, 3)(0) for p in (loaded, copies)), strict=True):
        np.testing.assert_array_equal(one, other)
