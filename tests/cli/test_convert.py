"""``lutsr convert``, and authors' results from two commands."""

import numpy as np
import pytest

from lutsr import cli

from ..chain.authors import write_mulut, write_srlut
from .helpers import pixels

#: Method, its files, and a picture with the result of its authors' program.
PUBLISHED = [
    ("sr-lut", "sr-lut/Model_S_x4_4bit_int8.npy", 4, "sr-lut/LR_x4/bird.png",
     "sr-lut/output_S_x4_4bit/bird.png"),
    ("sr-lut", "sr-lut/Model_S_x2_4bit_int8.npy", 2, None, "goldens/srlut_S_x2_bird.png"),
    ("sr-lut", "sr-lut/Model_F_x4_4bit_int8.npy", 4, "sr-lut/LR_x4/bird.png",
     "goldens/srlut_F_x4_authorsLR_bird.png"),
    ("sr-lut", "sr-lut/Model_V_x4_0bit_int8.npy", 4, "sr-lut/LR_x4/bird.png",
     "goldens/srlut_V_x4_authorsLR_bird.png"),
    ("mulut", "mulut", 4, None, "goldens/mulut_bird.png"),
    ("tinylut", "tinylut", 4, None, "goldens/tinylut_s_bird.png"),
    ("shiftlut", "shiftlut/s0", 4, None, "goldens/shiftlut_s0_bird.png"),
    ("shiftlut", "shiftlut/s1", 4, None, "goldens/shiftlut_s1_bird.png"),
    ("shiftlut", "shiftlut/s7", 4, None, "goldens/shiftlut_s7_bird.png"),
]  # fmt: skip


@pytest.mark.parametrize(("method", "source", "scale", "picture", "result"), PUBLISHED)
def test_two_commands_give_the_authors_picture(
    shared,
    peers,
    tmp_path,
    method,
    source,
    scale,
    picture,
    result,
):
    small = shared / f"data/Set5/LR_bicubic/X{scale}/birdx{scale}.png"
    if picture is not None:
        small = peers / picture
    if not small.is_file():
        pytest.skip("needs ../shared/data/Set5")
    model, big = str(tmp_path / f"model_x{scale}.npy"), str(tmp_path / "big.png")
    assert cli.main(["convert", "--from", method, str(peers / source), "-o", model]) == 0
    assert cli.main([str(small), "-o", big, "-m", model, "-s", str(scale)]) == 0
    assert np.count_nonzero(pixels(big) != pixels(peers / result)) == 0


def test_existing_files_are_replaced_only_if_told(tmp_path, capsys):
    arguments = ["convert", "--from", "sr-lut", str(write_srlut(tmp_path)), "-o"]
    arguments.append(str(tmp_path / "mine_x2.npy"))
    assert cli.main(arguments) == 0
    assert capsys.readouterr().out == f"wrote {arguments[-1]}\n"
    assert cli.main(arguments) == 1
    assert "it exists; --overwrite replaces it" in capsys.readouterr().err
    (tmp_path / "mine_x2.npy").chmod(0o600)
    assert cli.main([*arguments, "--overwrite"]) == 0
    assert (tmp_path / "mine_x2.npy").stat().st_mode & 0o777 == 0o600


def test_wrong_files_are_named(tmp_path, capsys):
    source, target = str(write_mulut(tmp_path)), str(tmp_path / "mine_x4.npy")
    assert cli.main(["convert", "--from", "tinylut", source, "-o", target]) == 1
    assert "Model_V_L1_Depth_x4_H6.npy" in capsys.readouterr().err


@pytest.mark.parametrize("arguments", [["a.npy", "-o", "b.npy"], ["--from", "mulut", "a"]])
def test_missing_arguments(arguments, capsys):
    with pytest.raises(SystemExit) as end:
        cli.main(["convert", *arguments])
    assert end.value.code == 2
    assert "required" in capsys.readouterr().err
