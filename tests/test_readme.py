"""The README's commands and code run as written."""

import os
import re
import shutil
import subprocess

import numpy as np
import pytest

import lutsr

from .conftest import ROOT

README = (ROOT / "README.md").read_text(encoding="utf-8")


def command(marker):
    (line,) = re.findall(rf"<!-- {marker} -->\n```sh\n(.*)\n```", README)
    return line


@pytest.mark.skipif(
    "LUTSR_FIRST_COMMAND" not in os.environ, reason="installs lutsr from a copy: nox -s readme"
)
def test_first_command_upscales_a_real_picture(tmp_path):
    Image = pytest.importorskip("PIL.Image")
    clone = tmp_path / "clone"
    files = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT, check=True, capture_output=True, text=True,
    ).stdout.split()  # fmt: skip
    for name in files:
        if (ROOT / name).is_file():
            (clone / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, clone / name)
    # Nothing of the environment that runs the tests must be used.
    hidden = {"VIRTUAL_ENV", "PYTHONPATH", "PYTHONHOME"}
    run = subprocess.run(
        ["bash", "-c", command("first command")],
        cwd=clone, check=False, capture_output=True, text=True, timeout=600,
        env={key: value for key, value in os.environ.items() if key not in hidden},
    )  # fmt: skip
    assert run.returncode == 0, run.stdout + run.stderr
    assert "wrote sample_x4.png" in run.stdout
    with Image.open(ROOT / "docs/images/sample.png") as image:
        want = lutsr.upscale(np.asarray(image), 4, channel_axis=-1, rgb=True)
    with Image.open(clone / "sample_x4.png") as image:
        assert np.array_equal(np.asarray(image), want)


def test_ci_runs_the_second_command():
    script = (ROOT / ".ci/run").read_text(encoding="utf-8")
    assert "'/<!-- test command -->/,/^```$/p' README.md" in script
    assert 'eval "$command"' in script
    assert command("test command").endswith("-m pytest -n logical --dist worksteal")


def test_nox_installs_what_the_second_command_does():
    wanted = re.findall(r"-e '(\S+)' --group (\w+) ", command("test command"))
    text = (ROOT / "noxfile.py").read_text(encoding="utf-8")
    tests = text[text.index("def tests(") : text.index("def core(")]
    assert re.findall(r'"-e", "(\S+)", \*_group\("(\w+)"\)\)', tests) == wanted != []


def test_time_of_the_second_command_is_that_of_nox():
    (minutes,) = re.findall(r"The tests then take about (\d+) minutes", README)
    contributing = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    assert f"| all tests; the README's test command | {minutes} minutes |" in contributing


def test_workflow_beats_bicubic(capsys):
    skimage = pytest.importorskip("skimage")
    (code,) = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    assert len(code.splitlines()) == 5
    names = {}
    exec(code, names)  # noqa: S102
    printed = float(capsys.readouterr().out)
    bicubic = skimage.util.img_as_ubyte(
        skimage.transform.rescale(names["small"], 4, order=3, channel_axis=-1)
    )
    assert printed > skimage.metrics.peak_signal_noise_ratio(names["original"], bicubic) + 0.5


def test_links_and_pictures_are_absolute_and_exist():
    # A page of the package index shows the README without the repository around it.
    places = {
        "": "https://github.com/lutsr/lutsr/blob/main/",
        "!": "https://raw.githubusercontent.com/lutsr/lutsr/main/",
    }
    links = re.findall(r"(!?)\[[^\]]*\]\(([^)]+)\)", README)
    assert len(links) > 5
    for picture, target in links:
        assert target.startswith(places[picture]), target
        path = target.removeprefix(places[picture]).partition("#")[0]
        assert (ROOT / path).is_file(), target


def test_public_names_are_those_of_the_contract():
    assert set(lutsr.__all__) == {
        "ModelInfo", "Upscaler", "__version__", "convert", "load", "models", "reference", "resize",
        "upscale", "warmup",
    }  # fmt: skip
