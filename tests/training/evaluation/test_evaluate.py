import csv

import numpy as np
import pytest

pytest.importorskip("PIL")
pytest.importorskip("tqdm")
pytest.importorskip("skimage")
pytest.importorskip("matplotlib")

from training.errors import TrainingError
from training.evaluation.evaluate import MEAN, figures, print_figures, score, set_name
from training.evaluation.methods import model_method, open_model, rival


@pytest.fixture
def flat_table(table_file):
    """Every entry 14: every pixel becomes 14 * 36 / 4 = 126, whatever the image."""
    return table_file(np.full((256, 256, 9, 2, 2), 14, np.int8))


# The bicubic rows that papers print; the x2 and x3 figures from the project's inventory.
@pytest.mark.parametrize(
    ("name", "scale", "wanted"),
    [("Set5", 2, 33.67), ("Set5", 3, 30.40), ("Set5", 4, 28.43), ("Set14", 4, 26.09)],
)
def test_bicubic_scores_as_published(shared, name, scale, wanted):
    found = figures(rival("bicubic", scale), {name: shared / "data" / name / "HR"})
    assert found[name]["psnr_y"] == pytest.approx(wanted, abs=0.006)


def test_figures_go_through_lutsr(flat_table, pictures):
    from training.evaluation.metrics import psnr_y
    from training.evaluation.pictures import load_pictures

    hr = [p.hr for p in load_pictures(pictures, 2)]
    wanted = np.mean([psnr_y(np.full_like(image, 126), image, 2) for image in hr])
    found = figures(model_method(open_model(flat_table)), {"all": pictures})
    assert found["all"]["psnr_y"] == pytest.approx(wanted, abs=1e-4)


def test_prints_a_line_per_set_and_method(flat_table, pictures, capsys):
    print_figures([str(flat_table)], [str(pictures)])
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 3
    assert lines[0].split() == ["set", "scale", "method", "PSNR-Y", "SSIM-Y", "CPSNR"]
    assert lines[1].split()[:3] == ["pictures", "x2", "bicubic"]
    assert lines[2].split()[2] == flat_table.name
    assert float(lines[1].split()[3]) > float(lines[2].split()[3])


def test_agrees_with_scikit_image(pictures):
    from skimage import metrics
    from skimage.color import rgb2ycbcr

    from training.evaluation.degrade import upscale_bicubic
    from training.evaluation.pictures import load_pictures

    rows = score(pictures, [rival("bicubic", 2)])
    for row, picture in zip(rows, load_pictures(pictures, 2), strict=False):
        # rgb2ycbcr is BT.601 in the same limited range, from RGB in [0, 1].
        truth, result = (
            rgb2ycbcr(image)[2:-2, 2:-2, 0]
            for image in (picture.hr, upscale_bicubic(picture.lr, 2))
        )
        psnr = metrics.peak_signal_noise_ratio(truth, result, data_range=255)
        ssim = metrics.structural_similarity(
            truth, result, data_range=255, gaussian_weights=True, sigma=1.5,
            use_sample_covariance=False,
        )  # fmt: skip
        assert row["image"] == picture.path.name
        assert row["psnr_y"] == pytest.approx(psnr, abs=1e-4)
        assert row["ssim_y"] == pytest.approx(ssim, abs=1e-6)
    assert [row["image"] for row in rows] == ["0.png", "1.png", "2.png", MEAN]
    assert rows[3]["psnr_y"] == pytest.approx(np.mean([row["psnr_y"] for row in rows[:3]]))


def test_the_csv_has_a_row_per_image_and_the_printed_means(flat_table, pictures, tmp_path, capsys):
    file = tmp_path / "deep" / "er" / "a.csv"
    print_figures([flat_table], [pictures], rivals=["pillow-bicubic"], csv_file=file)
    printed = capsys.readouterr().out.splitlines()[1:]
    with file.open(newline="") as text:
        rows = list(csv.DictReader(text))
    assert len(rows) == 3 * 4
    assert [row["method"] for row in rows[::4]] == ["bicubic", "pillow-bicubic", flat_table.name]
    for line, row in zip(printed, rows[3::4], strict=True):
        assert row["image"] == MEAN
        assert line.split()[2:4] == [row["method"], f"{float(row['psnr_y']):.2f}"]


def test_the_plot_has_a_bar_per_method_and_set(pictures, tmp_path):
    from PIL import Image

    colours = [(31, 119, 180), (255, 127, 14), (44, 160, 44)]  # the first of tab10
    for rivals in ([], ["pillow-nearest"], ["pillow-nearest", "pillow-bilinear"]):
        file = tmp_path / "a.png"
        print_figures([], [pictures], rivals=rivals, scale=2, plot_file=file)
        pixels = np.asarray(Image.open(file).convert("RGB"))
        seen = [(pixels == colour).all(-1).sum() > 500 for colour in colours]
        assert seen == [number <= len(rivals) for number in range(3)]


def test_what_cannot_be_written_shows_before_the_work(flat_table, pictures, tmp_path):
    (tmp_path / "file").write_text("in the way")
    for kind in ("csv_file", "plot_file"):
        with pytest.raises(TrainingError, match="cannot make folder"):
            print_figures([flat_table], [pictures], **{kind: tmp_path / "file" / "a.png"})
    with pytest.raises(TrainingError, match=r"the plot is a \.png file, got .*a\.svg"):
        print_figures([flat_table], [pictures], plot_file=tmp_path / "a.svg")


def test_grey_images_are_stacked(pictures):
    from PIL import Image

    grey = np.random.default_rng(0).integers(0, 256, (40, 40), np.uint8)
    for old in pictures.iterdir():
        old.unlink()
    Image.fromarray(grey).save(pictures / "a.png")
    bicubic = rival("bicubic", 2)
    found = figures(bicubic, {"all": pictures})
    Image.fromarray(np.dstack([grey] * 3)).save(pictures / "a.png")
    assert figures(bicubic, {"all": pictures}) == found


def test_rivals_alone_need_a_scale(pictures):
    with pytest.raises(TrainingError, match="rivals alone need a scale"):
        print_figures([], [pictures], rivals=["pillow-bicubic"])


def test_tables_of_one_name_are_told_apart(flat_table, pictures, tmp_path, capsys):
    other = tmp_path / "other"
    other.mkdir()
    copy = other / flat_table.name
    copy.write_bytes(flat_table.read_bytes())
    copy.with_suffix(".json").write_bytes(flat_table.with_suffix(".json").read_bytes())
    print_figures([flat_table, copy], [pictures])
    out = capsys.readouterr().out
    assert f" {flat_table} " in out
    assert f" {copy} " in out


def test_sets_are_named_by_their_folder(tmp_path):
    assert set_name(tmp_path / "Set5" / "HR") == "Set5"
    assert set_name(tmp_path / "photos") == "photos"


def test_a_table_that_cannot_be_loaded_is_named(tmp_path, pictures):
    with pytest.raises(TrainingError, match=r"cannot load .*none\.npy"):
        print_figures([tmp_path / "none.npy"], [pictures])


def test_pictures_too_small_for_ssim_are_skipped(flat_table, pictures, capsys):
    from PIL import Image

    Image.fromarray(np.zeros((15, 30, 3), np.uint8)).save(pictures / "tiny.png")
    figures(model_method(open_model(flat_table)), {"all": pictures})
    assert "tiny.png: 30 x 15, wanted at least 16 x 16" in capsys.readouterr().err
