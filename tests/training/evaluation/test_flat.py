import numpy as np
import pytest

Image = pytest.importorskip("PIL.Image")
pytest.importorskip("tqdm")

from training.evaluation.flat import flat_noise_of, luma_of, print_flat_noise  # noqa: E402
from training.evaluation.methods import rival  # noqa: E402
from training.evaluation.metrics import deviation_where_flat  # noqa: E402
from training.evaluation.pictures import load_pictures  # noqa: E402


@pytest.fixture
def folder(tmp_path):
    """Two pictures: noise beside a nearly constant half, and noise alone."""
    rng = np.random.default_rng(0)
    (tmp_path / "hr").mkdir()
    for name, width in (("half", 60), ("noise", 0)):
        picture = rng.integers(0, 256, (64, 120, 3), np.uint8)
        picture[:, :width] = 100 + rng.integers(0, 2, (64, width, 1))
        Image.fromarray(picture).save(tmp_path / "hr" / f"{name}.png")
    return tmp_path / "hr"


def test_noise_is_that_of_the_luma(folder):
    half, noise = load_pictures(folder, 2)
    found = flat_noise_of([rival("bicubic", 2)], half)
    plane = luma_of(half.hr)[..., 0].astype(float)
    assert found["original"] == deviation_where_flat(plane, plane)
    assert 0.4 < found["original"] < 0.6  # that of zeros and ones
    assert found["bicubic"] < found["original"]
    assert np.isnan(flat_noise_of([], noise)["original"])


def test_prints_originals_bicubic_and_models(folder, table_file, capsys):
    # Every entry 14: every pixel becomes 14 * 36 / 4 = 126, whatever the image.
    table = table_file(np.full((256, 256, 9, 2, 2), 14, np.int8))
    print_flat_noise([str(table)], [folder])
    rows = [line.split() for line in capsys.readouterr().out.splitlines()[1:]]
    assert [row[3] for row in rows] == ["original", "bicubic", table.name]
    assert {tuple(row[:2]) for row in rows} == {("x2", "1")}
    assert float(rows[2][2]) == 0 < float(rows[1][2])
