"""The report contains the saved results, the main ones first, and compares them with targets."""

import re
import sys

import pytest
from PIL import Image

from benchmarks import conftest, figure, records, report, targets
from benchmarks.__main__ import chosen
from benchmarks.groups import condense
from benchmarks.measurements import COMMANDS
from benchmarks.readme import TABLES, fill


def verdict_of(figures, start):
    found = targets.verdicts(figures)
    return next(verdict for verdict in found if verdict.what.startswith(start))


def test_ratio_within_target_is_met(figures):
    verdict = verdict_of(figures, "lutsr eclut : OpenCV INTER_CUBIC")
    assert verdict.value == pytest.approx(4.0)
    assert verdict.met
    assert verdict.words() == "met (38 % to spare)"
    assert verdict.least == pytest.approx(4.0)


def test_stretch_target_is_reported(figures):
    figures["compare"]["entries"][0]["median_s"] = 0.020
    assert "stretch too" in verdict_of(figures, "lutsr eclut : OpenCV INTER_CUBIC").words()


def test_missed_by_how_much(figures):
    # 0.8 of Pillow's time, where 0.65 was wanted.
    assert verdict_of(figures, "lutsr eclut : Pillow").words() == "**missed** by 23 %"


def test_fast_model_has_half_the_time(figures):
    both = [verdict_of(figures, f"{name} : Pillow") for name in ("lutsr eclut", "lutsr eclut-fast")]
    assert both[1].limit == both[0].limit / 2
    assert both[1].stretch == both[0].stretch / 2


def test_stacks_are_compared_with_pillow_also_in_code_for_avx2(figures):
    verdict = verdict_of(figures, "lutsr ecnn : Pillow BICUBIC")
    assert (verdict.value, verdict.limit) == (pytest.approx(0.9), 1.4)
    assert verdict.words() == "met, stretch too (36 % to spare)"
    narrow = verdict_of(figures, "lutsr ecnn : Pillow BICUBIC, code for AVX2")
    assert (narrow.value, narrow.limit) == (pytest.approx(1.5), pytest.approx(1.96))


def test_quality_has_a_floor_and_a_goal_above_it(figures):
    verdict = verdict_of(figures, "lutsr ecnn: PSNR-Y, Set14 x4")
    assert (verdict.value, verdict.limit) == (28.0, 27.76)
    assert "stretch too" in verdict.words()


def test_deeper_images_are_compared_with_uint8(figures):
    assert verdict_of(figures, "lutsr ecnn: uint16 : uint8").met
    assert verdict_of(figures, "lutsr ecnn: float32 : uint8").words() == "**missed** by 33 %"


def test_resize_is_compared_with_lanczos_where_it_enlarges(figures):
    verdict = verdict_of(figures, "lutsr eclut: `resize` x2.5 : Pillow LANCZOS")
    assert (verdict.value, verdict.limit) == (pytest.approx(0.8), 0.9)


def test_speed_up_is_wanted_at_least(figures):
    assert verdict_of(figures, "lutsr eclut: speed-up").met
    for entry in figures["compare"]["entries"]:
        if entry["threads"] == 2:
            entry["median_s"] *= 2
    verdict = verdict_of(figures, "lutsr eclut: speed-up")
    assert verdict.value == pytest.approx(1.0)
    assert verdict.words() == "**missed** by 80 %"


def test_cost_per_pixel_counts_the_smaller_output(figures):
    # A quarter of the time for a quarter of the pixels.
    assert verdict_of(figures, "lutsr eclut: cost per output pixel, x2").value == pytest.approx(1.0)


def test_worst_case_of_two_workers_is_named(figures):
    figures["scaling"]["entries"][-1]["min_ns"] = 11.0
    verdict = verdict_of(figures, "two workers : one")
    assert verdict.value == pytest.approx(2.0)
    assert "output 10000x10000" in verdict.what
    assert not verdict.met


def test_memory_is_per_worker_and_in_megabytes(figures):
    assert verdict_of(figures, "extra memory").value == pytest.approx(1.5)


def test_what_was_not_timed_is_not_judged(figures):
    found = list(targets.verdicts(figures))
    assert not [verdict for verdict in found if "torch" in verdict.what]


def test_report_and_figure_are_written(saved, tmp_path, monkeypatch, capsys):
    text, picture = tmp_path / "RESULTS.md", tmp_path / "figure.png"
    readme = tmp_path / "README.md"
    places = "".join(f"<!-- table: {name} -->\nold\n<!-- end of table -->\n" for name in TABLES)
    readme.write_text(f"before\n{places}after\n", encoding="utf-8")
    arguments = ["--results", saved, "--report", text, "--figure", picture, "--readme", readme]
    monkeypatch.setattr(sys, "argv", ["report", *map(str, arguments)])
    report.main()
    written = text.read_text(encoding="utf-8")
    for part in (
        "1 core, imaginary",
        "load 0.25 at the start. Made by hand.",
        "| lutsr eclut | 40.0 | 40.0 |  | 20.0 |",
        "| lutsr ecnn | 75.0 | 75.0 | 1.50 |",
        "| ecnn | 45.0 | 180 | 360 | 4.00 | 8.00 |",
        "| ecnn | 37 |",
        "| x2.5 | lutsr eclut | 36.0 | 0.80 | 0.80 |",
        "| lutsr ecnn | 0.80 | 0.80 |",
        "| original |  | 1.01 |",
        "| ecnn x4 | 0.92 | 120 | 29.0 |",
        "| lutsr ecnn, channels apart | 29.60 | 26.60 |",
        "`lutsr.warmup()` by a process per core, numba cache empty | 30.00 |",
        "| OpenCV INTER_CUBIC | 10.0 | 10.0 | 9.00 |",
        "scikit-image rescale, order=3 | 1/300 | 1/300 | at most 1/250 | 1/700 | met",
        "SR-LUT S x4: no tables here",
        "| eclut, planar, 960 x 540 x4 | 2 | 3.00 | 1.50 |",
        "(24.9 MB) once takes 1.23 ms",
        "13.50",
        "| lutsr eclut, 1 | 0.79 |",
        "| lutsr eclut | 30.10 | 27.10 |",
        "| lutsr eclut | 40.0 | 20.0 | 30.10 | 27.10 |",
        "](figure.png)",
    ):
        assert part in written
    # Results first, the targets last.
    heads = re.findall(r"^## (.*)$", written, re.MULTILINE)
    assert heads[0] == "Conditions"
    assert written.index("| lutsr eclut | 40.0 | 20.0 | 30.10 |") < written.index("## Conditions")
    assert heads[-1] == "Performance targets"
    with Image.open(picture) as image:
        assert image.width >= 1000
    filled = readme.read_text(encoding="utf-8")
    assert re.search(r"\| `ecnn` \| 31\.00 / 28\.00 \|  \|  \| 45\.0 \| [\d.]+ \|", filled)
    assert "| x2.5 | `lutsr.resize` | 33.50 | 30.20 |" in filled
    assert filled.startswith("before\n")
    assert filled.endswith("after\n")
    assert "old" not in filled
    assert not [path for path in tmp_path.iterdir() if path.name.startswith(".")]


def test_readme_without_a_place_for_a_table_is_refused(figures):
    with pytest.raises(ValueError, match="has 0 places '<!-- table: models -->'"):
        fill("no table here", figures)


def test_points_are_what_has_both_figures(figures):
    found = figure.points(figures["compare"], figures["quality"])
    assert found == [
        ("lutsr ecnn", pytest.approx(45), 28.0),
        ("lutsr ecnn, 2 workers", pytest.approx(22.5), 28.0),
        ("lutsr eclut", pytest.approx(40), 27.1),
        ("lutsr eclut, 2 workers", pytest.approx(20), 27.1),
        ("OpenCV INTER_CUBIC", pytest.approx(10), 26.2),
    ]


def test_folders_of_the_largest_photographs_are_judged(figures):
    verdict = verdict_of(figures, "a folder of 20 PNG files")
    assert (verdict.value, verdict.met) == (pytest.approx(1.9), True)


@pytest.mark.parametrize("name", sorted({*COMMANDS} - {"published", "resize"}))
def test_what_is_missing_is_named_and_the_rest_is_written(figures, name):
    whole = report.write(figures, "figure.png")
    assert "Not measured" not in whole.replace("Not measured:\n", "")
    del figures[name]
    left = report.write(figures, "figure.png")
    assert re.search(rf"Not measured: `python -m benchmarks( \w+)* {name}( \w+)*`\.", left)
    heads = re.compile("^##? .*", re.MULTILINE)
    assert heads.findall(left) == heads.findall(whole)


def test_only_some_results(saved, tmp_path, monkeypatch, capsys):
    for path in saved.iterdir():
        if path.stem != "video":
            path.unlink()
    monkeypatch.chdir(tmp_path)
    (tmp_path / "README.md").write_text(
        "".join(f"<!-- table: {name} -->\nold\n<!-- end of table -->\n" for name in TABLES)
    )
    monkeypatch.setattr(sys, "argv", ["report", "--results", str(saved), "--report", "out.md"])
    report.main()
    assert "| ecnn | 37 |" in (tmp_path / "out.md").read_text()
    assert (tmp_path / "README.md").read_text().count("old") == len(TABLES)
    assert "left table 'models' as it is: no results of compare, quality" in capsys.readouterr().out
    (saved / "video.json").unlink()
    with pytest.raises(SystemExit, match="no results; run `python -m benchmarks` first"):
        report.main()


def test_measurements_are_chosen_by_name_and_by_what_is_missing(tmp_path, monkeypatch):
    monkeypatch.setattr(records, "RESULTS", tmp_path)
    (tmp_path / "video.json").touch()
    assert chosen([], False) == list(COMMANDS)
    assert chosen(["video", "batch"], False) == ["video", "batch"]
    assert chosen(["video", "batch"], True) == ["batch"]
    assert set(COMMANDS) - set(chosen([], True)) == {"video"}


def test_broken_file_is_named(tmp_path):
    path = tmp_path / "compare.json"
    path.write_text("{", encoding="utf-8")
    with pytest.raises(SystemExit, match=r"compare\.json: not a results file"):
        records.load(path)


def test_machine_is_described_and_not_named():
    assert " core" in records.machine()
    # pytest-benchmark by itself would record the host's name and more.
    noted = {"node": "a-host"}
    conftest.pytest_benchmark_update_machine_info(None, noted)
    assert set(noted) == {"command", "date", "machine", "load_at_start", "versions"}


def test_groups_keep_what_the_report_reads():
    stats = {"median": 2.0, "min": 1.0, "rounds": 3, "mean": 2.1}
    info = {"name": "lutsr eclut", "scale": 4, "size": [8, 8], "kind": "flat", "threads": 1}
    saved = {"machine_info": {"machine": "m"}, "benchmarks": [{"extra_info": info, "stats": stats}]}
    kept = condense(saved)
    assert kept["machine"] == "m"
    assert kept["entries"] == [{**info, "median_s": 2.0, "min_s": 1.0, "rounds": 3}]
