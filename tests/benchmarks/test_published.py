"""The table and figure of published models, from invented results; what is missing has a reason."""

from pathlib import Path

import pytest

pytest.importorskip("PIL")
pytest.importorskip("skimage")
pytest.importorskip("matplotlib")
pytest.importorskip("torch")

import lutsr
from benchmarks import published, published_report

ENTRY = {
    "name": "SR-LUT S",
    "bytes": 1_336_336,
    "published": {"Set5": 29.82, "Set14": 27.01},
    "psnr_y": {"Set5": 29.831, "Set14": 27.107},
    "numpy_s": 0.5,
    "cpu_s": 0.1,
    "one_s": 0.11,
    "two_s": 0.06,
}
RESULTS = {
    "height": 540,
    "width": 960,
    "numpy_size": [135, 240],
    "entries": [ENTRY, {**ENTRY, "name": "lutsr some", "published": {}, "psnr_y": {"Set14": 26}}],
}


def test_the_table_and_the_figure_are_written(tmp_path):
    document, picture = tmp_path / "page.md", tmp_path / "all.png"
    document.write_text(
        f"Before.\n\n{published_report.BEGIN}\nold\n{published_report.END}\nAfter.\n"
    )
    published_report.write(RESULTS, document, picture)
    text = document.read_text()
    row = "| SR-LUT S | 1,336 | 29.82 / 27.01 | 29.83 / 27.11 | 0.100 | 1.83 | 0.50 | 80 |"
    assert row in text
    assert "| lutsr some | 1,336 |  | 26.00 | 0.100 |" in text
    assert text.startswith("Before.")
    assert text.endswith("After.\n")
    assert "old" not in text
    assert picture.read_bytes().startswith(b"\x89PNG")
    published_report.write(RESULTS, document, picture)
    assert document.read_text() == text


def test_a_busy_machine_has_no_column_for_a_second_worker():
    kept = {key: value for key, value in ENTRY.items() if key not in ("one_s", "two_s")}
    found = published_report.table_of({**RESULTS, "entries": [ENTRY, kept]})
    assert "2 workers" not in found
    assert "| 0.100 | 0.50 | 80 |" in found


def test_a_document_without_the_place_is_refused(tmp_path):
    document = tmp_path / "page.md"
    document.write_text("nothing")
    with pytest.raises(SystemExit, match=r"wanted a line <!-- python -m benchmarks\.published"):
        published_report.write(RESULTS, document, tmp_path / "all.png")


def test_shipped_models_take_part_and_missing_tables_are_named(tmp_path):
    found, absent = published.open_all(tmp_path)
    assert set(found) == {f"lutsr {m.name}" for m in lutsr.models() if m.scale == 4}
    assert absent.keys() == published.PUBLISHED.keys()
    assert absent["TinyLUT-S"] == "no tinylut in ../shared/peers"


def test_a_model_is_measured(monkeypatch):
    monkeypatch.setattr(published, "HEIGHT", 24)
    monkeypatch.setattr(published, "WIDTH", 32)
    monkeypatch.setattr(published, "NUMPY_HEIGHT", 6)
    monkeypatch.setattr(published, "NUMPY_WIDTH", 8)
    upscaler = lutsr.load("eclut", 4)
    for second, keys in ((False, {"cpu_s"}), (True, {"cpu_s", "one_s", "two_s"})):
        times = published.time_all({"lutsr eclut": upscaler}, 1, second)["lutsr eclut"]
        assert times.keys() == keys
    entry = published.measure("lutsr eclut", upscaler, ())
    assert entry["bytes"] == 9_437_184
    assert entry["numpy_s"] > 0


def test_the_document_has_the_table():
    page = Path(__file__).parents[2] / "docs" / "published_tables.md"
    text = page.read_text(encoding="utf-8")
    assert text.index(published_report.BEGIN) < text.index(published_report.END)
