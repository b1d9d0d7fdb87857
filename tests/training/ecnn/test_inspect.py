"""What ``inspect`` prints and draws of a stack."""

import numpy as np
import pytest

Image = pytest.importorskip("PIL.Image")
pytest.importorskip("tqdm")
pytest.importorskip("matplotlib")
pytest.importorskip("skimage")

from lutsr._chain.card import read_chain  # noqa: E402
from lutsr._modelfile import write_model  # noqa: E402
from training.ecnn import inspect  # noqa: E402
from training.ecnn.inspect import count_levels  # noqa: E402
from training.errors import TrainingError  # noqa: E402
from training.evaluation.inspect import inspect_table  # noqa: E402

from ...chain.models import pair  # noqa: E402
from ...stack.models import stack  # noqa: E402


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "stack_x2.npy"
    write_model(path, stack(4, 1, 3, 2, levels=8))
    return path


def test_leaves_pictures_and_a_summary(path, pictures, tmp_path, capsys):
    drawn = inspect_table(path, tmp_path / "out", images=pictures)
    assert [one.name for one in drawn] == ["curves.png", "strengths.png", "usage.png"]
    for one in drawn:
        with Image.open(one) as image:
            assert min(image.size) > 400
            assert len(np.unique(np.asarray(image.convert("L")))) > 20
    out = capsys.readouterr().out
    assert "stack x2: " in out
    assert "table layer0: int8 from -128 to 127, " in out
    assert "layer 2: 144 curves, mean strength " in out
    assert "base: 36 curves, " in out
    assert "maps 2: " in out


def test_without_images_no_levels_are_counted(path, tmp_path):
    inspect_table(path, tmp_path / "out")
    names = {one.name for one in (tmp_path / "out").iterdir()}
    assert names == {"curves.png", "strengths.png"}


def test_levels_are_counted_as_the_reference_computes_them(monkeypatch):
    monkeypatch.setattr(inspect, "LARGEST_SIDE", 4)
    model = stack(2, 0, 3, 2, levels=8)
    chain = read_chain(2, model.parameters, model.tables)
    plane = np.random.default_rng(0).integers(0, 256, (6, 9), np.int32)
    (counts,) = count_levels(chain, [plane, plane])
    part = np.pad(plane[1:5, 2:6], 1, mode="reflect")
    layer = model.parameters["stages"][0]["layers"][0]
    wanted = np.zeros((2, 8), int)
    for y in range(4):
        for x in range(4):
            look_ups = [
                model.tables["layer0"][3 * dy + dx, part[y + dy, x + dx]].astype(int)
                for dy in range(3)
                for dx in range(3)
            ]
            levels = (np.sum(look_ups, axis=0) + layer["bias"] + 2) // 4
            wanted[[0, 1], np.clip(levels, 0, 7)] += 2
    assert np.array_equal(counts, wanted)


def test_other_chains_are_refused(tmp_path):
    write_model(tmp_path / "pair_x2.npy", pair())
    with pytest.raises(TrainingError, match="cannot inspect pair: it is a chain of another kind"):
        inspect_table(tmp_path / "pair_x2.npy", tmp_path / "out")
    assert not (tmp_path / "out").exists()
