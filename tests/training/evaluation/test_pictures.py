import numpy as np
import pytest

Image = pytest.importorskip("PIL.Image")
pytest.importorskip("tqdm")

from training.errors import TrainingError  # noqa: E402
from training.evaluation.degrade import shrink  # noqa: E402
from training.evaluation.pictures import find_images, load_pictures  # noqa: E402


def test_searches_recursively_and_by_suffix(tmp_path):
    (tmp_path / "deep" / "er").mkdir(parents=True)
    pixels = Image.fromarray(np.zeros((8, 8, 3), np.uint8))
    for name in ("a.PNG", "deep/b.jpg", "deep/er/c.webp", "deep/d.tif", "e.bmp"):
        pixels.save(tmp_path / name)
    (tmp_path / "notes.txt").write_text("no image")
    names = [p.name for p in find_images(tmp_path)]
    assert names == ["a.PNG", "b.jpg", "d.tif", "c.webp", "e.bmp"]
    assert len(load_pictures(tmp_path, 2)) == 5


def test_no_folder_and_no_images_are_told_apart(tmp_path):
    with pytest.raises(TrainingError, match=r"no such folder of images: .*nowhere"):
        find_images(tmp_path / "nowhere")
    with pytest.raises(TrainingError, match="no images in"):
        find_images(tmp_path)


def test_what_cannot_be_used_is_named_and_skipped(tmp_path, capsys):
    rng = np.random.default_rng(0)
    good = rng.integers(0, 256, (20, 21, 3), np.uint8)
    Image.fromarray(good).save(tmp_path / "good.png")
    Image.fromarray(good[:10]).save(tmp_path / "tiny.png")
    Image.fromarray(good).convert("CMYK").save(tmp_path / "cmyk.tif")
    Image.fromarray(good.astype(np.uint16)[..., 0]).save(tmp_path / "deep.png")
    Image.fromarray(good[..., 0]).save(tmp_path / "grey.png")
    Image.fromarray(good).convert("P").save(tmp_path / "palette.png")
    alpha = np.full((20, 21, 1), 255, np.uint8)
    alpha[3, 3] = 254
    Image.fromarray(np.dstack([good, alpha])).save(tmp_path / "glass.png")
    (tmp_path / "broken.png").write_bytes((tmp_path / "good.png").read_bytes()[:200])
    (tmp_path / "text.jpg").write_text("not a picture")
    loaded = load_pictures(tmp_path, 4, min_side=5)
    assert [p.path.name for p in loaded] == ["good.png"]
    np.testing.assert_array_equal(loaded[0].hr, good[:, :20])
    np.testing.assert_array_equal(loaded[0].lr, shrink(good, 4))
    told = capsys.readouterr().err
    assert "tiny.png: 21 x 10, wanted at least 20 x 20" in told
    assert "cmyk.tif: mode CMYK, wanted 8-bit RGB" in told
    assert "deep.png: mode I;16" in told
    assert "grey.png: mode L, wanted 8-bit RGB" in told
    assert "palette.png: mode P" in told
    assert "glass.png: has transparent pixels" in told
    assert "broken.png: cannot be decoded" in told
    assert "text.jpg: cannot be decoded" in told


def test_nothing_usable_is_an_error(tmp_path):
    Image.fromarray(np.zeros((4, 4, 3), np.uint8)).save(tmp_path / "a.png")
    with pytest.raises(
        TrainingError, match=r"all 1 were skipped, the last for: 4 x 4, wanted at least 8 x 8"
    ):
        load_pictures(tmp_path, 4, min_side=2)


def test_opaque_alpha_is_no_obstacle(tmp_path):
    image = np.random.default_rng(0).integers(0, 256, (8, 8, 4), np.uint8)
    image[..., 3] = 255
    Image.fromarray(image).save(tmp_path / "a.png")
    np.testing.assert_array_equal(load_pictures(tmp_path, 2)[0].hr, image[..., :3])


def test_a_scale_that_is_none_is_named(pictures):
    with pytest.raises(TrainingError, match="scale must be 2, 3 or 4, got 5"):
        load_pictures(pictures, 5)


def test_grey_is_stacked_where_it_is_wanted(tmp_path):
    grey = np.random.default_rng(0).integers(0, 256, (8, 8), np.uint8)
    Image.fromarray(grey).save(tmp_path / "a.png")
    hr = load_pictures(tmp_path, 2, grey=True)[0].hr
    np.testing.assert_array_equal(hr, np.dstack([grey] * 3))
