import subprocess
import sys
from pathlib import Path

import pytest

from training.__main__ import OPTIONAL_PACKAGES, build_parser, main

ROOT = Path(__file__).parents[2]
COMMANDS = (
    "train",
    "fit",
    "export",
    "ablation",
    "ecnn",
    "rclut",
    "evaluate",
    "degraded",
    "flat-noise",
    "inspect",
)


def run(*args, code=""):
    """Run `python -m training` in a separate process, after some preparing code."""
    start = f"{code}\nimport runpy, sys\nsys.argv = {['training', *args]!r}\n"
    start += "runpy.run_module('training', run_name='__main__')"
    command = [sys.executable, "-c", start]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


def test_help_shows_the_commands_with_an_example_each():
    done = subprocess.run(
        [sys.executable, "-m", "training", "--help"], cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode == 0
    assert tuple(build_parser()[1].examples) == COMMANDS
    for command in COMMANDS:
        assert f"python -m training {command} " in done.stdout


@pytest.mark.parametrize("command", COMMANDS)
def test_each_command_has_help_with_its_example(command, capsys):
    with pytest.raises(SystemExit) as left:
        main([command, "--help"])
    assert left.value.code == 0
    assert f"example:\n  python -m training {command} " in capsys.readouterr().out


@pytest.mark.parametrize(
    "argv",
    [
        [],
        ["paint"],
        ["train", "--out", "x"],
        ["train", "--images", "x"],
        ["train", "--images", "x", "--out", "y", "--scale", "5"],
        ["train", "--images", "x", "--out", "y", "--expand-shift", "3"],
        ["train", "--images", "x", "--out", "y", "--steps", "0"],
        ["train", "--images", "x", "--out", "y", "--licence", "nameless"],
        ["evaluate", "t.npy"],
        ["evaluate", "--hr", "x"],
        ["evaluate", "--hr", "x", "--scale", "1"],
        ["fit", "--images", "x", "--out", "y", "--scale", "5"],
        ["inspect", "t.npy"],
    ],
)
def test_wrong_usage_exits_2(argv, capsys):
    with pytest.raises(SystemExit) as left:
        main(argv)
    assert left.value.code == 2
    told = capsys.readouterr().err
    assert told.startswith("error: ")
    assert told.count("\n") == 1


@pytest.mark.parametrize("package", ["torch", "PIL", "tqdm", "matplotlib"])
def test_a_missing_package_is_one_line(package):
    hide = f"import sys; sys.modules[{package!r}] = None"
    done = run("train", "--images", "none", "--out", "none", code=hide)
    assert done.returncode == 1
    assert done.stderr == (
        f"error: train needs {package}, which is not installed; "
        "pip install --group training brings it (pip 25.1 or later, in the clone)\n"
    )


def test_import_and_help_need_no_torch():
    code = f"import sys; sys.modules.update(dict.fromkeys({OPTIONAL_PACKAGES}))"
    done = run("--help", code=code)
    assert done.returncode == 0, done.stderr


def test_missing_images_are_one_line(tmp_path, capsys):
    pytest.importorskip("torch")
    pytest.importorskip("PIL")
    pytest.importorskip("tqdm")
    folder = tmp_path / "nowhere"
    assert main(["train", "--images", str(folder), "--out", str(tmp_path / "run")]) == 1
    assert capsys.readouterr().err == f"error: no such folder of images: {folder}\n"
    assert not (tmp_path / "run").exists()


def test_from_pictures_to_figures(pictures, tmp_path, capsys):
    for package in ("torch", "PIL", "tqdm", "skimage", "matplotlib"):
        pytest.importorskip(package)
    run_folder, tables = str(tmp_path / "run"), str(tmp_path / "tables")
    train = f"train --images {pictures} --scale 2 --steps 3 --batch 1 --crop 8 --out {run_folder}"
    train += f" --cache {tmp_path / 'cache'}"
    assert main(train.split()) == 0
    assert main(["export", f"{run_folder}/checkpoint.pt", tables, "--model", "mine"]) == 0
    assert list((tmp_path / "cache").glob("*_x2.npy"))
    evaluate = f"evaluate {tables}/mine_x2.npy --hr {pictures} --rival pillow-lanczos"
    evaluate += f" --csv {tmp_path / 'sub' / 'a.csv'} --plot {tmp_path / 'a.png'}"
    assert main(evaluate.split()) == 0
    assert (tmp_path / "sub" / "a.csv").is_file()
    assert (tmp_path / "a.png").is_file()
    inspect = f"inspect {tables}/mine_x2.npy --out {tmp_path / 'seen'} --images {pictures}"
    assert main(inspect.split()) == 0
    assert len(list((tmp_path / "seen").iterdir())) == 4
    out = capsys.readouterr().out
    assert f"{tables}/mine_x2.npy" in out
    assert "bicubic" in out
    assert "pillow-lanczos" in out
    assert f"{tmp_path / 'seen' / 'pairs.png'}\n" in out
