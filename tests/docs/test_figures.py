"""The figures agree with the code, and the saved ones are up to date."""

import csv
import subprocess
import sys

import numpy as np
import pytest

import lutsr
from lutsr._modelinfo import DEFAULT_MODEL
from lutsr._stack.reference import luma

from ..conftest import ROOT

Image = pytest.importorskip("PIL.Image")
pytest.importorskip("matplotlib")
pytest.importorskip("skimage")

from docs.figures import exactness, fusion, limits, receptive_field, stack, table  # noqa: E402

IMAGES = ROOT / "docs" / "images"


def saved(script):
    with script.FIGURES.open(encoding="utf-8", newline="") as file:
        return list(csv.reader(file))


def size(path):
    with Image.open(path) as picture:
        return picture.size


def test_how_it_works_names_the_numbers_of_pixels_that_the_figure_counts():
    counts = [int(marked.sum()) for _, marked, _ in receptive_field.cases()]
    assert counts == [2, 12, 5, 21, 5, 12]
    text = (ROOT / "docs" / "how_it_works.md").read_text(encoding="utf-8")
    assert "from 2 pixels to 12" in text
    assert "Twelve pixels become\n21" in text


@pytest.mark.parametrize("expand_shift", [3, 1])
def test_fused_windows_of_all_pairs_add_up_to_the_reference(random_lut, expand_shift):
    lut, r, s = random_lut(3), 3, expand_shift
    image = np.random.default_rng(0).integers(0, 256, (7, 8), dtype=np.uint8)
    H, W = image.shape
    total = np.zeros(((H + 4) * r, (W + 4) * r), np.int32)  # two cells around the image
    for (i, j), p in np.ndenumerate(image):
        top, left = (i + 2) * r - s, (j + 2) * r - s
        for window, down, right in zip(("above", "beside"), (1, 0), (0, 1), strict=True):
            if i + down < H and j + right < W:
                q = image[i + down, j + right]
                drawn = fusion.fuse(lut, p, q, s)[window == "beside"]
                total[top : top + drawn.shape[0], left : left + drawn.shape[1]] += drawn
    inside = slice(4 * r, -4 * r)  # not affected by borders: two cells inside
    want = receptive_field.sums(image, lut, s, range(4))
    assert np.array_equal(total[inside, inside], want[2 * r : -2 * r, 2 * r : -2 * r])


def test_a_flat_pair_adds_almost_nothing():
    """Contributions of flat pairs are small and cancel, as the text under the figure says."""
    up = lutsr.load(table.MODEL, table.SCALE)
    vertical = table.detail(up.tables["lut"], 128, 128, **up.parameters)
    cells = vertical.reshape(4, 4, 3, 4).sum(axis=(0, 2))  # the sum in one cell
    assert np.abs(cells + np.rot90(cells)).max() <= 1
    assert 0 < np.abs(vertical).max() <= 0.5
    edge = table.detail(up.tables["lut"], 80, 190, **up.parameters)
    assert np.abs(edge).max() > 20


@pytest.mark.parametrize("script", [receptive_field, fusion, table, stack])
def test_scripts_draw_the_pictures_that_are_saved(script, tmp_path):
    paths = script.draw(tmp_path)
    assert paths
    for path in paths:
        assert size(path) == size(IMAGES / path.name)


def test_colours_of_the_picture_have_nearly_one_luma():
    red, green = (luma(np.array([[colour]])) for colour in (limits.RED, limits.GREEN))
    assert abs(int(red[0, 0]) - int(green[0, 0])) <= 1
    colours = limits.colours()
    assert all((colours == colour).all(-1).any() for colour in (limits.RED, limits.GREEN))


def test_maps_are_those_of_the_model():
    grey, found = stack.maps(DEFAULT_MODEL)
    tables = stack.stack_of(DEFAULT_MODEL)
    assert len(found) == 1 + len(tables.body)
    assert {one.shape for one in found} == {(*grey.shape, tables.channels)}
    assert all(one.min() >= 0 and one.max() < tables.levels for one in found)


def test_limits_draws_its_pictures_and_its_table(tmp_path, monkeypatch):
    monkeypatch.setattr(limits, "FIGURES", tmp_path / "limits.csv")
    few = [case for case in limits.CASES if len(case[1]) == 1]
    monkeypatch.setattr(limits, "CASES", few)
    *pictures, figures = limits.draw(tmp_path)
    wanted = [row[0] for row in limits.PICTURES] + list(limits.OWN)
    assert {path.name for path in pictures} == {f"{name}.png" for name in wanted}
    for path in pictures:
        assert size(path) == size(IMAGES / path.name)
    assert len(figures.read_text(encoding="utf-8").splitlines()) == 1 + len(few)


def test_the_table_of_limits_is_up_to_date(monkeypatch):
    rows = {row[0]: row for row in saved(limits)}
    assert list(rows)[1:] == [label for label, *_ in limits.CASES]
    # Without JPEG and noise, whose last digits are those of other libraries' versions.
    steady = [case for case in limits.CASES if case[2] in (limits.clean, limits.averaged)]
    monkeypatch.setattr(limits, "CASES", steady)
    for label, *figures in limits.measure()[1:]:
        assert np.allclose([float(x) for x in figures], [float(x) for x in rows[label][1:]],
                           atol=0.011), label  # fmt: skip


def test_the_table_of_grey_levels_is_up_to_date(monkeypatch):
    rows = {row[0]: row for row in saved(exactness)}
    assert set(rows) == {"table", *(f"{m.name} x{m.scale}" for m in lutsr.models())}
    (only,) = (m for m in lutsr.models() if (m.name, m.scale) == (DEFAULT_MODEL, 4))
    monkeypatch.setattr(lutsr, "models", lambda: [only])
    (row,) = exactness.measure()[1:]
    assert row == rows[f"{DEFAULT_MODEL} x4"]


def test_the_network_s_picture_is_left_alone_without_its_model(tmp_path, monkeypatch, capsys):
    pytest.importorskip("cv2")
    from benchmarks.contenders import FSRCNN_VARIABLE
    from docs.figures import cnn

    monkeypatch.delenv(FSRCNN_VARIABLE, raising=False)
    assert cnn.draw(tmp_path) == []
    assert FSRCNN_VARIABLE in capsys.readouterr().out
    assert saved(cnn)[0] == ["photograph", "reduced by", "bicubic, dB", "lutsr, dB", "FSRCNN, dB"]


def test_the_command_draws_what_it_is_told(tmp_path):
    command = [sys.executable, "-m", "docs.figures", "receptive_field", "--folder", str(tmp_path)]
    run = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)
    assert run.stdout.split() == ["wrote", str(tmp_path / "receptive_field.png")]
    command[3] = "nothing"
    run = subprocess.run(command, cwd=ROOT, check=False, capture_output=True, text=True)
    assert run.returncode == 2
    assert "no figure nothing" in run.stderr
