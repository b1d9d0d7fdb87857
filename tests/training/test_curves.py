import math

import numpy as np
import pytest

pytest.importorskip("matplotlib")
Image = pytest.importorskip("PIL.Image")

from training.curves import draw_curves  # noqa: E402

TRAIN = [
    {"step": str(s), "loss": f"{100 / s:.4f}", "lr": "0.001", "val_psnr_y": f"{20 + s / 10}"}
    for s in range(1, 30)
]
FIT = [
    {"step": s, "phase": "free" if s < 9 else "limits", "mse": f"{120 - s}", "val_psnr_y": ""}
    for s in range(1, 20)
]


def pixels(path):
    with Image.open(path) as image:
        assert image.format == "PNG"
        return np.asarray(image.convert("RGB")).astype(int)


@pytest.mark.parametrize("rows", [TRAIN, FIT, TRAIN[:1]], ids=["train", "fit", "one row"])
def test_draws_a_run_of_either_kind(rows, tmp_path):
    draw_curves(rows, tmp_path / "curves.png")
    found = pixels(tmp_path / "curves.png")
    assert [file.name for file in tmp_path.iterdir()] == ["curves.png"]
    blue = (found[..., 2] > found[..., 0] + 60).sum()
    assert blue > (5 if len(rows) == 1 else 200)


def test_a_panel_per_column_that_has_values(tmp_path):
    draw_curves(TRAIN, tmp_path / "two.png")
    draw_curves([{**row, "val_psnr_y": ""} for row in TRAIN], tmp_path / "one.png")
    assert pixels(tmp_path / "two.png").shape[0] > 1.5 * pixels(tmp_path / "one.png").shape[0]


def test_the_curve_follows_the_log(tmp_path):
    draw_curves(TRAIN, tmp_path / "a.png")
    draw_curves([{**row, "loss": "3.0"} for row in TRAIN], tmp_path / "b.png")
    assert (pixels(tmp_path / "a.png") != pixels(tmp_path / "b.png")).any()


def test_values_that_are_no_numbers_are_left_out(tmp_path):
    rows = [*TRAIN, {"step": "30", "loss": "nan", "val_psnr_y": str(math.inf)}]
    draw_curves(rows, tmp_path / "a.png")
    draw_curves(TRAIN, tmp_path / "b.png")
    assert (pixels(tmp_path / "a.png") == pixels(tmp_path / "b.png")).all()


def test_no_values_no_picture(tmp_path):
    draw_curves([], tmp_path / "a.png")
    draw_curves([{"step": "1", "loss": ""}], tmp_path / "a.png")
    assert not list(tmp_path.iterdir())
