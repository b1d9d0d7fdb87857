import numpy as np
import pytest

Image = pytest.importorskip("PIL.Image")
pytest.importorskip("tqdm")
pytest.importorskip("matplotlib")
pytest.importorskip("skimage")

from lutsr._eclut.reference import upscale_reference  # noqa: E402
from training.eclut.inspect import (  # noqa: E402
    count_look_ups,
    flat_response,
    saturation,
)
from training.eclut.plots import tap_responses  # noqa: E402
from training.errors import TrainingError  # noqa: E402
from training.evaluation.inspect import inspect_table  # noqa: E402
from training.evaluation.pictures import load_pictures  # noqa: E402

SHAPE = (256, 256, 9, 2, 2)


def level_table():
    """Make a table that returns constant images inside, by taps 4 and 1 within int8."""
    lut = np.zeros(SHAPE, np.int8)
    level = np.arange(256)
    lut[:, :, 4] = (level // 2)[:, None, None, None]
    lut[:, :, 1] = (level - level // 2)[:, None, None, None].clip(max=127)
    return lut


def test_responses_are_means_over_the_cell():
    lut = np.random.default_rng(0).integers(-128, 128, SHAPE, dtype=np.int8)
    found = tap_responses(lut)
    assert found.shape == (256, 256, 9)
    assert found[3, 200, 7] == lut[3, 200, 7].astype(int).sum() / 4


def test_saturation_counts_both_ends():
    lut = np.zeros(SHAPE, np.int8)
    lut[5, 6, 2, 0, 1] = -128
    lut[5, 6, 2, 1, 1] = lut[5, 6, 3, 0, 0] = 127
    lut[9, 9, 8, 0, 0] = -127
    by_tap, by_pair = saturation(lut)
    assert by_tap.shape == (9, 2)
    assert by_tap[2].tolist() == [1 / 65536 / 4, 1 / 65536 / 4]
    assert by_tap[3].tolist() == [0, 1 / 65536 / 4]
    assert by_pair[5, 6] == 3 / 36
    assert np.count_nonzero(by_tap) == 3
    assert np.count_nonzero(by_pair) == 1


def test_flat_images_are_what_they_become():
    lut = level_table()

    def upscale(image):
        planes = [upscale_reference(image[..., c], lut, expand_shift=2) for c in range(256)]
        return np.stack(planes, axis=-1)

    inside, border = flat_response(upscale, 2)
    np.testing.assert_array_equal(inside[:254], np.arange(254)[:, None] * np.ones(3))
    assert inside[255].tolist() == [254, 254, 254]  # 127 and 127
    assert border.shape == (256, 3)
    # Only the mean of all four rotations is constant: at the border a part of one is missing.
    wrong = upscale_reference(np.full((9, 9), 100, np.uint8), lut, expand_shift=2)
    assert border[100].tolist()[1:] == [wrong.min(), wrong.max()]


def test_counts_are_those_of_all_four_rotations(pictures):
    wanted = np.zeros((256, 256), int)
    for picture in load_pictures(pictures, 2):
        for turns in range(4):
            turned = np.rot90(picture.lr, turns)
            np.add.at(wanted, (turned[:-1], turned[1:]), 1)
    np.testing.assert_array_equal(count_look_ups(pictures, 2), wanted)


def test_leaves_pictures_and_a_summary(table_file, pictures, tmp_path, capsys):
    lut = level_table()
    lut[0, 255, 7] = -128
    drawn = inspect_table(table_file(lut), tmp_path / "out", images=pictures)
    assert [path.name for path in drawn] == ["taps.png", "saturation.png", "flat.png", "pairs.png"]
    for path in drawn:
        with Image.open(path) as image:
            assert min(image.size) > 400
            assert len(np.unique(np.asarray(image.convert("L")))) > 20
    out = capsys.readouterr().out
    assert "mine x2, expand_shift 2: 2359296 entries" in out
    assert "entries from -128 to 127" in out
    at_lowest, at_highest = 100 * 4 / lut.size, 100 * (lut == 127).mean()
    assert f"saturated: {at_lowest:.2f} % at -128, {at_highest:.2f} % at 127; most in tap" in out
    assert "flat images inside: 255 of 256 levels exact" in out
    assert "worst 1 at level 255 (becomes 254 to 254)" in out
    assert "flat images at the border:" in out
    assert f"pairs in {pictures}: " in out


def test_without_images_no_pairs_are_counted(table_file, tmp_path):
    drawn = inspect_table(table_file(level_table()), tmp_path / "out")
    assert len(drawn) == len(list((tmp_path / "out").iterdir())) == 3


def test_a_table_that_cannot_be_loaded_makes_no_folder(tmp_path):
    with pytest.raises(TrainingError, match=r"cannot load .*none\.npy"):
        inspect_table(tmp_path / "none.npy", tmp_path / "out")
    assert not (tmp_path / "out").exists()
