"""`lutsr.convert`: authors' files become a model file; other files are refused by name."""

from __future__ import annotations

import json
import shutil
import zipfile

import numpy as np
import pytest

import lutsr
from lutsr.reference import upscale as reference

from .authors import (
    MULUT_KEYS,
    WRITERS,
    mulut_path,
    random_table,
    write_layer,
    write_mulut,
    write_shiftlut,
    write_tinylut,
)


@pytest.mark.parametrize("method", WRITERS)
def test_files_become_a_model(tmp_path, method):
    target = tmp_path / ("mine_x2.npy" if method == "sr-lut" else "mine_x4.npy")
    lutsr.convert(WRITERS[method](tmp_path), target, method=method)
    up = lutsr.load(target)
    assert (up.name, up.family) == ("mine", "chain")
    assert up.card["source"].startswith("https://github.com/")
    image = np.random.default_rng(0).integers(0, 256, (9, 8), np.uint8)
    assert np.array_equal(up(image), reference(image, up))


def test_an_existing_file_stays(tmp_path):
    source = WRITERS["sr-lut"](tmp_path)
    target = tmp_path / "mine_x2.npy"
    lutsr.convert(source, target, method="sr-lut")
    target.unlink()  # the card is still there
    with pytest.raises(FileExistsError, match=r"mine_x2\.json exists"):
        lutsr.convert(source, target, method="sr-lut")
    lutsr.convert(source, target, method="sr-lut", overwrite=True)
    assert lutsr.load(target).scale == 2


@pytest.mark.parametrize(
    ("target", "method", "message"),
    [
        ("mine_x4.npy", "sr-lut", r"got 'mine_x4\.npy', and the tables are x2; wanted mine_x2"),
        ("mine.npz", "sr-lut", r"target: got '.*mine\.npz', wanted a name such as"),
        ("mine_x2.npy", "srlut", r"method: got 'srlut', wanted one of 'sr-lut', 'mulut'"),
    ],
)
def test_wrong_arguments(tmp_path, target, method, message):
    source = WRITERS["sr-lut"](tmp_path)
    before = sorted(tmp_path.iterdir())
    with pytest.raises(ValueError, match=message):
        lutsr.convert(source, tmp_path / target, method=method)
    assert sorted(tmp_path.iterdir()) == before


def refused(source, method, error=ValueError):
    """Convert, which must fail; return the message."""
    with pytest.raises(error) as caught:
        lutsr.convert(source, source / "out_x4.npy", method=method)
    assert not (source / "out_x4.npy").exists()
    return str(caught.value)


def test_srlut_wants_a_file(tmp_path):
    assert "it is a folder" in refused(tmp_path, "sr-lut", FileNotFoundError)


@pytest.mark.parametrize("method", ["mulut", "tinylut", "shiftlut"])
def test_the_others_want_a_folder(tmp_path, method):
    message = refused(tmp_path, method, FileNotFoundError)
    assert "missing, wanted" in message
    with pytest.raises(FileNotFoundError, match="no such folder, wanted one with"):
        lutsr.convert(tmp_path / "none", tmp_path / "out_x4.npy", method=method)


@pytest.mark.parametrize("kind", ["cut", "text", "pickle", "npz", "huge"])
def test_no_npy_file(tmp_path, kind):
    path = mulut_path(write_mulut(tmp_path), "s1_d")
    if kind == "cut":
        path.write_bytes(path.read_bytes()[:-1])
    elif kind == "text":
        path.write_text("not an array")
    elif kind == "pickle":
        np.save(path, np.array([{}]), allow_pickle=True)
    elif kind == "npz":
        with path.open("wb") as file:
            np.savez(file, table=np.zeros(3))
    else:
        with path.open("ab") as file:
            file.truncate(1 << 27)
    message = refused(tmp_path, "mulut")
    assert str(path) in message
    assert "wanted" in message or "not a .npy file" in message


def test_mulut_stage_1_for_stage_2(tmp_path):
    write_mulut(tmp_path)
    shutil.copy(mulut_path(tmp_path, "s1_s"), mulut_path(tmp_path, "s2_s"))
    message = refused(tmp_path, "mulut")
    assert "s2_s.npy: got int8 of shape (83521, 1), wanted int8 of shape (83521, 16)" in message


def test_mulut_one_table_twice(tmp_path):
    write_mulut(tmp_path)
    shutil.copy(mulut_path(tmp_path, "s2_d"), mulut_path(tmp_path, "s2_y"))
    assert "s2_y.npy: got the same entries as s2_d" in refused(tmp_path, "mulut")


def test_mulut_published_tables_swapped(tmp_path, peers):
    for key in MULUT_KEYS:
        other = {"s1_d": "s1_y", "s1_y": "s1_d"}.get(key, key)
        shutil.copy(mulut_path(peers / "mulut", other), mulut_path(tmp_path, key))
    assert "s1_d.npy: got the published table s1_y, wanted s1_d" in refused(tmp_path, "mulut")


def test_tinylut_without_its_clip_vectors(tmp_path):
    (write_tinylut(tmp_path) / "clip.npz").unlink()
    assert "clip.npz missing" in refused(tmp_path, "tinylut", FileNotFoundError)


@pytest.mark.parametrize(
    ("vector", "message"),
    [
        (np.ones(15, np.float32), "hl1: got float32 of shape (15,), wanted 16 floats"),
        (np.ones(16, np.int64), "hl1: got int64 of shape (16,), wanted 16 floats"),
        (np.full(16, np.nan), "hl1: wanted finite factors"),
        (np.full(16, 2.0), "Model_V_L1_Point_x4_L2.npy: got int8 of shape (64, 16, 1, 1), wanted"),
    ],
)
def test_tinylut_with_other_clip_vectors(tmp_path, vector, message):
    vectors = dict.fromkeys(["hh1", "hl1", "hh2", "hl2"], np.ones(16, np.float32))
    np.savez(write_tinylut(tmp_path) / "clip.npz", **vectors | {"hl1": vector})
    assert message in refused(tmp_path, "tinylut")


def test_tinylut_with_a_damaged_archive(tmp_path):
    path = write_tinylut(tmp_path) / "clip.npz"
    path.write_bytes(path.read_bytes()[:300])
    assert "clip.npz: not an .npz file" in refused(tmp_path, "tinylut")
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("hh1.npy", bytes(1 << 27))
    assert "clip.npz: not an .npz file" in refused(tmp_path, "tinylut")


def test_tinylut_high_bits_for_low_bits(tmp_path):
    write_tinylut(tmp_path)
    shutil.copy(tmp_path / "Model_V_L1_Depth_x4_L2.npy", tmp_path / "Model_V_L1_Depth_x4_H6.npy")
    assert "got int8 of shape (36, 16, 1, 1), wanted" in refused(tmp_path, "tinylut")


@pytest.mark.parametrize(
    ("count", "levels", "step", "message"),
    [
        (16, 64, 4, "got 256 tables and 256 steps, wanted 144"),
        (3, 64, 4, "got 48 tables and 48 steps, wanted 144"),
        (9, 4, 1, "i0o0: got int8 of shape (4,), wanted 64 whole numbers, by its step 1"),
        (9, 64, 3, "got {'in': 0, 'out': 0, 'step': 3}"),
    ],
)
def test_shiftlut_another_layer(tmp_path, count, levels, step, message):
    write_layer(write_shiftlut(tmp_path), "DW0_MSB", count, levels, step)
    assert f"DW0_MSB.npz: not the tables of a layer of ShiftLUT: {message}" in refused(
        tmp_path, "shiftlut"
    )


def test_shiftlut_steps_of_another_layer(tmp_path):
    write_shiftlut(tmp_path)
    shutil.copy(tmp_path / "PW0_MSB.json", tmp_path / "UP_MSB.json")
    message = refused(tmp_path, "shiftlut")
    assert "i0o0: got int8 of shape (64,), wanted 33 whole numbers, by its step 2" in message


def test_shiftlut_other_numbers(tmp_path):
    write_shiftlut(tmp_path)
    with np.load(tmp_path / "UP_MSB.npz") as file:
        arrays = dict(file)
    for odd in (np.full(64, 0.5, np.float32), np.full(64, np.nan, np.float32)):
        np.savez(tmp_path / "UP_MSB.npz", **arrays | {"i3o2": odd})
        assert "i3o2: got float32 of shape (64,)" in refused(tmp_path, "shiftlut")
    (tmp_path / "UP_MSB.json").write_text(json.dumps({"LUTs": 3}))
    assert "UP_MSB.npz: not the tables" in refused(tmp_path, "shiftlut")
    np.save(tmp_path / "offset.npy", random_table((1, 2, 15)))
    assert "offset.npy: got int8 of shape (1, 2, 15), wanted" in refused(tmp_path, "shiftlut")
