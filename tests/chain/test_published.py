"""Published tables give what their authors' programs give, to the last bit."""

from __future__ import annotations

import numpy as np
import pytest

from lutsr._chain import published, published_stacks
from lutsr._chain.card import read_chain

SET5 = ["baby", "bird", "butterfly", "head", "woman"]
TWO = ["bird", "butterfly"]


def set5(shared, scale):
    folder = shared / "data" / "Set5" / "LR_bicubic" / f"X{scale}"
    if not folder.is_dir():
        pytest.skip("needs ../shared/data/Set5")
    return [folder / f"{name}x{scale}.png" for name in TWO]


@pytest.mark.parametrize(("corrected", "differing"), [(False, 0), (True, 34_716)])
def test_srlut_s_gives_the_released_pictures(peers, count_differing, corrected, differing):
    folder = peers / "sr-lut"
    model = published.srlut(folder / "Model_S_x4_4bit_int8.npy", corrected=corrected)
    inputs = [folder / "LR_x4" / f"{name}.png" for name in SET5]
    results = [folder / "output_S_x4_4bit" / f"{name}.png" for name in SET5]
    assert count_differing(model, inputs, results) == differing


@pytest.mark.parametrize(("pattern", "bits"), [("F", 4), ("V", 0)])
def test_srlut_f_and_v(peers, count_differing, pattern, bits):
    folder = peers / "sr-lut"
    model = published.srlut(folder / f"Model_{pattern}_x4_{bits}bit_int8.npy")
    inputs = [folder / "LR_x4" / f"{name}.png" for name in TWO]
    results = [peers / "goldens" / f"srlut_{pattern}_x4_authorsLR_{name}.png" for name in TWO]
    assert count_differing(model, inputs, results) == 0


def test_srlut_s_x2(shared, peers, count_differing):
    model = published.srlut(peers / "sr-lut" / "Model_S_x2_4bit_int8.npy")
    results = [peers / "goldens" / f"srlut_S_x2_{name}.png" for name in TWO]
    assert count_differing(model, set5(shared, 2), results) == 0


def test_srlut_of_6_bits(peers):
    model = published.srlut(peers / "sr-lut" / "Model_S_x4_6bit_int8.npy")
    (stage,) = model.parameters["stages"]
    assert stage["divisor"] == stage["layers"][0]["look_ups"][0]["step"] == 64


def test_mulut(shared, peers, count_differing):
    model = published_stacks.mulut(peers / "mulut")
    results = [peers / "goldens" / f"mulut_{name}.png" for name in TWO]
    assert count_differing(model, set5(shared, 4), results) == 0


def test_tinylut_s(shared, peers, count_differing):
    model = published_stacks.tinylut(peers / "tinylut")
    results = [peers / "goldens" / f"tinylut_s_{name}.png" for name in TWO]
    assert count_differing(model, set5(shared, 4), results) == 0


@pytest.mark.parametrize(("size", "halo"), [("s0", 3), ("s1", 4), ("s7", 15)])
def test_shiftlut(shared, peers, count_differing, size, halo):
    model = published_stacks.shiftlut(peers / "shiftlut" / size)
    assert read_chain(4, model.parameters, model.tables).halo == halo
    # One picture: seven blocks take seconds.
    results = [peers / "goldens" / f"shiftlut_{size}_bird.png"]
    assert count_differing(model, set5(shared, 4)[:1], results) == 0


def test_another_table_is_refused(tmp_path):
    path = tmp_path / "Model_S_x4_4bit_int8.npy"
    np.save(path, np.zeros((17**4, 1, 4, 3), np.int8))
    with pytest.raises(ValueError, match=r"shape \(83521, 1, 4, 3\), wanted int8 of shape"):
        published.srlut(path)
