import numpy as np
import pytest

pytest.importorskip("PIL")
pytest.importorskip("tqdm")
pytest.importorskip("skimage")

from training.errors import TrainingError
from training.evaluate import figures, print_figures, set_name


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
    found = figures(None, [shared / "data" / name / "HR"], scale=scale)[0]
    assert found["psnr_y"] == pytest.approx(wanted, abs=0.006)


def test_figures_go_through_lutsr(flat_table, pictures):
    from training.data import load_pictures
    from training.metrics import psnr_y

    hr = [p.hr for p in load_pictures(pictures, 2)]
    wanted = np.mean([psnr_y(np.full_like(image, 126), image, 2) for image in hr])
    assert figures(flat_table, [pictures])[0]["psnr_y"] == pytest.approx(wanted, abs=1e-4)


def test_prints_a_line_per_set_and_method(flat_table, pictures, capsys):
    print_figures([str(flat_table)], [str(pictures)])
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 3
    assert lines[0].split() == ["set", "scale", "method", "PSNR-Y", "SSIM-Y"]
    assert lines[1].split()[:3] == ["pictures", "x2", "bicubic"]
    assert lines[2].split()[2] == flat_table.name
    assert float(lines[1].split()[3]) > float(lines[2].split()[3])


def test_sets_are_named_by_their_folder(tmp_path):
    assert set_name(tmp_path / "Set5" / "HR") == "Set5"
    assert set_name(tmp_path / "photos") == "photos"


def test_a_table_that_cannot_be_loaded_is_named(tmp_path, pictures):
    with pytest.raises(TrainingError, match=r"cannot load .*none\.npy"):
        figures(tmp_path / "none.npy", [pictures])


def test_bicubic_needs_a_scale(pictures):
    with pytest.raises(ValueError, match="scale must be given"):
        figures(None, [pictures])


def test_pictures_too_small_for_ssim_are_skipped(flat_table, pictures, capsys):
    from PIL import Image

    Image.fromarray(np.zeros((15, 30, 3), np.uint8)).save(pictures / "tiny.png")
    figures(flat_table, [pictures])
    assert "tiny.png: 30 x 15, wanted at least 16 x 16" in capsys.readouterr().err
