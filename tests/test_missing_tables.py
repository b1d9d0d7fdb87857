"""Programs that lutsr was not installed into as a whole: what is missing is named."""

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

import lutsr
import lutsr_data

SAID = "model: the table files of lutsr are missing: there is no "


@pytest.fixture(scope="module")
def archive(tmp_path_factory):
    """Return a zip file with the code of lutsr and its cards and tables, as zipapp makes it."""
    path = tmp_path_factory.mktemp("zip") / "program.zip"
    with zipfile.ZipFile(path, "w") as file:
        for package in (lutsr, lutsr_data):
            folder = Path(package.__file__).parent
            for source in (*folder.rglob("*.py"), *folder.glob("eclut_x2.*")):
                file.write(source, source.relative_to(folder.parent).as_posix())
    return path


@pytest.mark.parametrize(
    ("argv", "code"),
    [(["in.png", "-o", "out.png"], 2), (["models"], 1), (["warmup"], 1), (["info", "eclut"], 1)],
)
def test_from_a_zip_file(archive, argv, code, tmp_path):
    program = (
        f"import sys; sys.path.insert(0, {str(archive)!r}); import lutsr.cli as c; c.main({argv})"
    )
    program = program.replace("c.main", "sys.exit(c.main") + ")"
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True,
        timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == code
    assert SAID + str(archive / "lutsr_data") in done.stderr
    assert "install lutsr into a folder, not a zip file" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("left", [[], ["eclut_x2.json"], ["eclut_x2.json", "eclut_x4.json"]])
def test_frozen_without_data_files(tmp_path, monkeypatch, left):
    for name in left:
        (tmp_path / name).write_bytes((lutsr_data.DIRECTORY / name).read_bytes())
    monkeypatch.setattr(lutsr_data, "DIRECTORY", tmp_path)
    for call in (lutsr.models, lambda: lutsr.resize([[0.5]], (3, 3)), lutsr.warmup):
        with pytest.raises(FileNotFoundError) as caught:
            call()
        name = left[0].replace("json", "npy") if left else "*_x[0-9].npy"
        assert str(caught.value).startswith(f"{SAID}{tmp_path / name}; install")
        assert "--collect-data lutsr_data" in str(caught.value)
